//! Sampling on a board, for people and for tests.

use crate::clock::{Clock, Stopwatch};
use crate::output::Output;
use crate::print::Print;
use crate::request::{Request, pattern};
use crate::{art, stack};
use core::hint::black_box;
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use vapo_format::{Error, Model, Shape};
use vapo_sampler::{Known, Noise, Plan, Sampler};

/// Time at which a sample's energy is reported: near the data, where the energy of the linear homotopy is still finite.
pub const ENERGY_TIME: f32 = 0.9;

/// Checksum of a drift's bytes, each element little-endian.
const CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);

/// What a board lends the program.
#[derive(Debug)]
pub struct Board<'a, O> {
    /// Takes the text.
    pub output: O,
    /// Times the steps.
    pub clock: Clock,
    /// The model's file.
    pub model: &'a [u8],
    /// Where everything lies in the arena, as the build script planned it for the model.
    pub plan: &'a Plan,
    /// Memory for a sample and for the sampler's arena, in this order: as many elements as `model.rs` says.
    pub memory: &'a mut [f32],
}

/// Why there is no sample.
pub type Refusal = &'static str;

impl<O: Output> Board<'_, O> {
    /// Shows a sample for each of `seeds`: the image, its energy, the mean time of a step and the stack's depth. Then
    /// hands the image to `display`, for a board that has one.
    ///
    /// # Errors
    /// Why there is no sample.
    pub fn show(
        &mut self,
        seeds: impl Iterator<Item = u64>,
        mut display: impl FnMut(&[f32], Shape),
    ) -> Result<(), Refusal> {
        let model = parse(self.model)?;
        let shape = model.signal();
        for seed in seeds {
            let request = Request { seed, ..Request::default() };
            let mut total = 0;
            let Sampled { image, energy, .. } = sample(&model, self.plan, request, self.memory, self.clock, |watch, _| {
                total += watch.nanoseconds();
                watch.restart();
            })?;
            let mut print = Print(&mut self.output);
            art::draw(&mut print, image, shape);
            let step = total as f32 / (1e6 * f32::from(request.steps));
            print.text("seed ").number(seed).text(", energy ").decimal(energy).text(", ").decimal(step);
            print.text(" ms a step, ").number(stack::high_water() as u64).text(" bytes of stack\n\n");
            display(image, shape);
        }
        Ok(())
    }

    /// Computes one sample and prints every bit of it, a line each for: every step's time, checksum of the drift and
    /// nanoseconds; the sample; its energy; where the model has a threshold, whether the sample is an anomaly, 0 or 1; the
    /// nanoseconds of all steps; bytes of stack and of arena. Floats are printed as the eight hexadecimal digits of their
    /// bits, big end first.
    ///
    /// # Errors
    /// Why there is no sample.
    pub fn answer(&mut self, request: Request) -> Result<(), Refusal> {
        let model = parse(self.model)?;
        let mut print = Print(&mut self.output);
        let mut total = 0;
        let Sampled { image, energy, anomaly } = sample(&model, self.plan, request, self.memory, self.clock, |watch, step| {
            let nanoseconds = watch.nanoseconds();
            total += nanoseconds;
            if let Some((time, drift)) = step {
                print.text("step ").hex(time.to_bits()).text(" ").hex(checksum(drift));
                print.text(" ").number(nanoseconds).text("\n");
            }
            watch.restart();
        })?;
        print.text("sample ");
        for value in image {
            print.hex(value.to_bits());
        }
        print.text("\nenergy ").hex(energy.to_bits());
        if let Some(anomaly) = anomaly {
            print.text(if anomaly { "\nanomaly 1" } else { "\nanomaly 0" });
        }
        print.text("\nnanoseconds ").number(total);
        print.text("\nstack ").number(stack::high_water() as u64);
        print.text("\narena ").number(size_of_val(self.memory) as u64).text("\n");
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Result<Model<'_>, Refusal> {
    // The compiler knows the model's bytes and could check them itself. What counts is what the flash holds by now.
    Model::parse(black_box(bytes)).map_err(|error| match error {
        Error::Version { .. } => "the image's model is of another version of the format: write it with this trainer",
        _ => "the image's model is damaged: flash it again",
    })
}

/// A sample and what the model says of it.
struct Sampled<'a> {
    image: &'a [f32],
    energy: f32,
    /// None for a model without a threshold.
    anomaly: Option<bool>,
}

/// Computes a sample in `memory` and its energy. `observe` is told the time and the drift of each step when the drift is
/// known, and nothing at the end; the stopwatch started at the beginning, and never stops by itself.
fn sample<'a>(
    model: &Model<'_>,
    plan: &Plan,
    request: Request,
    memory: &'a mut [f32],
    clock: Clock,
    mut observe: impl FnMut(&mut Stopwatch, Option<(f32, &[f32])>),
) -> Result<Sampled<'a>, Refusal> {
    const ARENA: Refusal = "the image was built for another model: build it again";
    let shape = model.signal();
    let (image, arena) = memory.split_at_mut_checked(shape.elements()).ok_or(ARENA)?;
    let mut sampler = Sampler::new(model, plan, request.solver, arena).map_err(|_| ARENA)?;
    let schedule = request.schedule().map_err(|_| "a schedule has at least 1 step and an exponent near 1")?;
    let temperature = request.temperature.unwrap_or(request.solver.usual_temperature());
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(request.seed));

    // Sampling is restoring an image of which nothing is known, so that one integration serves both.
    let end = usize::from(request.known).saturating_mul(usize::from(shape.width) * usize::from(shape.channels));
    let known = Known::new(&noise, |index| (index < end).then(|| pattern(index)));
    noise.fill(image);
    let mut watch = clock.stopwatch();
    sampler
        .integrate_known(schedule, temperature, &mut noise, &known, image, |step, drift| {
            observe(&mut watch, Some((step.start, drift)));
        })
        .map_err(|_| "a temperature is at least 0")?;
    observe(&mut watch, None);
    let energy = sampler.potential().energy(image, ENERGY_TIME);
    let energy = energy.ok().flatten().unwrap_or(f32::NAN);
    let anomaly = sampler.verdict(image).ok().flatten().map(|verdict| verdict.anomalous);
    Ok(Sampled { image, energy, anomaly })
}

fn checksum(values: &[f32]) -> u32 {
    let mut digest = CRC.digest();
    for value in values {
        digest.update(&value.to_le_bytes());
    }
    digest.finalize()
}
