//! Counts the instructions of every step of a sample: a layer, or sixteen elements that are drawn or moved. The longest is how long
//! others wait where they run between steps.
//!
//! From this folder, for a Cortex-M4, a Cortex-M33, a Cortex-M0 and a core of RV32IMC:
//!
//! ```text
//! ../cargo run --release --bin steps --features steps,dsp
//! ../cargo run --release --bin steps --features steps,dsp --target thumbv8m.main-none-eabihf
//! ../cargo run --release --bin steps --features steps,armv6m --target thumbv6m-none-eabi
//! ../cargo run --release --bin steps --features steps --target riscv32imc-unknown-none-elf
//! ```

#![no_std]
#![no_main]

#[path = "../clock.rs"]
mod clock;

use clock::INSTRUCTIONS;
#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;
use vapo_format::Model;
use vapo_program::{Aligned, Clock, Print, halt, semihosting};
use vapo_sampler::solver::GROUP;
use vapo_sampler::{Noise, PlanFor, Progress, Sampler, Schedule, Solver};

static DIGITS: Aligned<[u8; include_bytes!("../../../models/digits.vapo").len()]> =
    Aligned(*include_bytes!("../../../models/digits.vapo"));
static FASHION: Aligned<[u8; include_bytes!("../../../models/fashion.vapo").len()]> =
    Aligned(*include_bytes!("../../../models/fashion.vapo"));

/// Elements of the larger model's sample, and of its arena.
const SAMPLE: usize = 28 * 28;
const ARENA: usize = 10_000;

static mut IMAGE: [f32; SAMPLE] = [0.0; SAMPLE];
static mut MEMORY: [f32; ARENA] = [0.0; ARENA];

#[entry]
fn main() -> ! {
    // SAFETY: nothing else names them, and this function runs once.
    let (image, memory) = unsafe { (&mut *(&raw mut IMAGE), &mut *(&raw mut MEMORY)) };
    let clock = clock::start();
    let mut output = semihosting::Stdout::open();
    let mut print = Print(&mut output);
    print.text("model: steps a sample; instructions of all, of a sample in one call, of the longest step of the prior, of a layer, of the solver\n");
    for (name, file) in [("digits", &DIGITS.0[..]), ("fashion", &FASHION.0[..])] {
        let Some(counted) = count(clock, file, image, memory) else { halt() };
        print.text(name).text(": ").number(counted.steps.into());
        for instructions in [counted.all, counted.one_call, counted.prior, counted.layer, counted.solver] {
            print.text(" ").number(instructions.into());
        }
        print.text("\n");
    }
    semihosting::exit(true)
}

#[derive(Default)]
struct Counted {
    steps: u32,
    all: u32,
    one_call: u32,
    prior: u32,
    layer: u32,
    solver: u32,
}

/// Of ten steps of the default solver; none where the memory is too small, or one call draws another sample.
fn count(clock: Clock, file: &[u8], image: &mut [f32], memory: &mut [f32]) -> Option<Counted> {
    let model = Model::parse(file).ok()?;
    let plan = PlanFor::<64>::new(&model).ok()?;
    let image = image.get_mut(..model.signal().elements())?;
    let mut sampler = Sampler::new(&model, &plan, Solver::Etd2, memory).ok()?;
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
    let schedule = Schedule::usual(10).ok()?;
    let since = |start: u32| (clock.ticks)().wrapping_sub(start) * INSTRUCTIONS;

    let mut counted = Counted::default();
    let begun = (clock.ticks)();
    let mut sampling = sampler.start(schedule, Solver::Etd2.usual_temperature(), &mut noise, image).ok()?;
    // Sixteen elements a call: of the prior, and of each evaluation after its layers.
    let (layers, groups) = (2 * plan.steps().len() as u32 - 1, model.signal().elements().div_ceil(GROUP) as u32);
    loop {
        let start = (clock.ticks)();
        let progress = sampling.step().ok()?;
        let instructions = since(start);
        let place = counted.steps.checked_sub(groups).map(|after| after % (layers + groups));
        let longest = match place {
            None => &mut counted.prior,
            Some(place) if place < layers => &mut counted.layer,
            Some(_) => &mut counted.solver,
        };
        counted.steps += 1;
        *longest = instructions.max(*longest);
        if progress == Progress::Done {
            break;
        }
    }
    counted.all = since(begun);
    let bits = |image: &[f32]| image.iter().fold(0, |sum: u32, value| sum.rotate_left(5) ^ value.to_bits());
    let found = bits(image);
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
    let begun = (clock.ticks)();
    sampler.sample(schedule, Solver::Etd2.usual_temperature(), &mut noise, image).ok()?;
    counted.one_call = since(begun);
    (bits(image) == found).then_some(counted)
}
