//! One task draws a digit and lets the others run after every layer; another beats. The sample is the one that `Sampler::sample`
//! draws, and the heart keeps its beat.
//!
//! ```text
//! ../cargo run --release                  # a layer at a time
//! ../cargo run --release -- layers=1000   # a whole drift at a time: beats come late
//! ../cargo run --release -- layers=0      # all at once: the heart stands still
//! ```
//!
//! It prints the beats while the digit was drawn, how long that took and the longest time between two beats, in microseconds, how many
//! times the others could run, and the bits of the digit. The emulator takes a nanosecond for an instruction.

#![no_std]
#![no_main]

mod time;

use core::sync::atomic::{AtomicU32, Ordering};
use embassy_executor::Spawner;
use embassy_futures::yield_now;
use embassy_time::{Duration, Instant, Ticker, Timer};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use static_cell::StaticCell;
use vapo_format::Model;
use vapo_program::semihosting::{Stdout, command_line, exit};
use vapo_program::{Aligned, Print, halt};
use vapo_sampler::{Error, Noise, PlanFor, Progress, Sampler, Sampling, Schedule, Solver};

static MODEL: Aligned<[u8; include_bytes!("../../models/digits.vapo").len()]> =
    Aligned(*include_bytes!("../../models/digits.vapo"));

/// Nodes that there is room for.
const NODES: usize = 64;
/// f32 elements of the sampler's arena: `Plan::elements_with` says how many.
const ARENA: usize = 1112;

/// What the documentation says that a sample on its way takes beside the arena.
const _: () = assert!(size_of::<Sampling<'_, '_, Xoshiro128PlusPlus>>() <= 100);

/// Time from one beat to the next.
const BEAT: Duration = Duration::from_micros(200);
static BEATS: AtomicU32 = AtomicU32::new(0);
/// The longest time between two beats, in microseconds.
static LONGEST: AtomicU32 = AtomicU32::new(0);

/// A lamp, a watchdog, a radio: whatever has to run in time.
#[embassy_executor::task]
async fn heart() {
    let mut ticker = Ticker::every(BEAT);
    let mut last = Instant::now();
    loop {
        ticker.next().await;
        let now = Instant::now();
        let since = (now - last).as_micros() as u32;
        last = now;
        BEATS.store(BEATS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        LONGEST.store(LONGEST.load(Ordering::Relaxed).max(since), Ordering::Relaxed);
    }
}

/// What draws digits. To plan takes longer than to draw: it is done before anything else runs.
fn sampler() -> Result<Sampler<'static>, Error> {
    static PARSED: StaticCell<Model<'static>> = StaticCell::new();
    static PLAN: StaticCell<PlanFor<NODES>> = StaticCell::new();
    static MEMORY: StaticCell<[f32; ARENA]> = StaticCell::new();
    let Ok(model) = Model::parse(&MODEL.0) else { halt() };
    let model = PARSED.init(model);
    let plan = PLAN.init(PlanFor::new(model)?);
    Sampler::new(model, plan, Solver::Etd2, MEMORY.init([0.0; ARENA]))
}

/// Draws a digit. Between two calls of `advance`, whatever is due runs. Returns how many times that was.
async fn draw(sampler: &mut Sampler<'static>, layers: u32, image: &mut [f32; 64]) -> Result<u32, Error> {
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
    let Ok(schedule) = Schedule::usual(10) else { halt() };

    let mut sampling = sampler.start(schedule, Solver::Etd2.usual_temperature(), &mut noise, image)?;
    if layers == 0 {
        return sampling.finish(|_, _| ()).map(|()| 0);
    }
    let mut yields = 0;
    while let Progress::Working { .. } = sampling.advance(layers, |_, _| ())? {
        yield_now().await;
        yields += 1;
    }
    Ok(yields)
}

/// `layers=N` of the command line: layers between two yields, one if not said otherwise; with 0 there are none.
fn layers() -> u32 {
    let mut buffer = [0; 64];
    let line = command_line(&mut buffer).and_then(|line| core::str::from_utf8(line).ok());
    let argument = line.and_then(|line| line.split(' ').find_map(|word| word.strip_prefix("layers=")));
    argument.and_then(|number| number.parse().ok()).unwrap_or(1)
}

#[cfg(feature = "defmt")]
fn report(error: Error) {
    use defmt_semihosting as _;
    defmt::error!("no digit: {}", error);
}

/// Without defmt, and without the texts of errors, which take flash.
#[cfg(not(feature = "defmt"))]
fn report(_: Error) {
    Print(&mut Stdout::open()).text("error no digit: the arena or the plan is too small for the model\n");
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let layers = layers();
    match show(spawner, layers).await {
        Ok(()) => exit(true),
        Err(error) => {
            report(error);
            exit(false)
        }
    }
}

async fn show(spawner: Spawner, layers: u32) -> Result<(), Error> {
    let mut sampler = sampler()?;
    let Some(core) = cortex_m::Peripherals::take() else { halt() };
    time::start(core.SYST);
    let Ok(heart) = heart() else { halt() };
    spawner.spawn(heart);
    // Until it has begun.
    Timer::after(BEAT).await;

    let mut image = [0.0; 64];
    let (begun, before) = (Instant::now(), BEATS.load(Ordering::Relaxed));
    let yields = draw(&mut sampler, layers, &mut image).await?;
    let elapsed = begun.elapsed().as_micros();
    let (beats, longest) = (BEATS.load(Ordering::Relaxed) - before, LONGEST.load(Ordering::Relaxed));

    let mut output = Stdout::open();
    let mut print = Print(&mut output);
    for (name, number) in [("beats ", beats.into()), ("elapsed ", elapsed), ("longest ", longest.into())] {
        print.text(name).number(number).text("\n");
    }
    print.text("yields ").number(yields.into()).text("\nsample ");
    for value in image {
        print.hex(value.to_bits());
    }
    print.text("\n");
    Ok(())
}
