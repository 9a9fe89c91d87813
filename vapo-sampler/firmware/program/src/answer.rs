//! Samples for a host that compares every bit.

use crate::board::{Board, Refusal, parse};
use crate::clock::Stopwatch;
use crate::output::Output;
use crate::print::Print;
use crate::sample::{energy, sample};
use crate::stack;
use vapo_format::model::checksum;
use vapo_request::{Refused, Request};
use vapo_sampler::{Sampler, Solver};

impl<O: Output> Board<'_, O> {
    /// Computes the one sample of a request, given as [`Request::parse`] reads it with a `usual` solver, and prints every bit of it. A line each
    /// has: every step's time, checksum of the drift and nanoseconds; the sample; its energy; where the model has a
    /// threshold, whether the sample is an anomaly, 0 or 1; the nanoseconds of all steps; bytes of stack and of arena.
    /// Floats are printed as the eight hexadecimal digits of their bits, big end first.
    ///
    /// # Errors
    /// Why there is no sample. A line before that names an argument that is refused.
    pub fn answer(&mut self, usual: Solver, arguments: &[u8]) -> Result<(), Refusal> {
        let model = parse(self.model, self.structure)?;
        let shape = model.signal();
        let mut print = Print(&mut self.output);
        let request = match Request::parse(arguments, usual, shape) {
            Ok(request) => request,
            Err(Refused { found, expected }) => {
                print.text("found ").bytes(found).text("\n");
                return Err(expected);
            }
        };
        let arena = size_of_val(self.memory);
        let mut total = 0;
        let known = |index| request.known_value(shape, index);
        let observe = |watch: &mut Stopwatch, step: Option<(f32, &[f32])>| {
            let nanoseconds = watch.nanoseconds();
            total += nanoseconds;
            if let Some((time, drift)) = step {
                let drift = checksum(drift.iter().map(|value| value.to_le_bytes()));
                print.text("step ").hex(time.to_bits()).text(" ").hex(drift);
                print.text(" ").number(nanoseconds).text("\n");
            }
            watch.restart();
        };
        let judge =
            |sampler: &mut Sampler<'_>, image: &[f32]| (energy(sampler, image), sampler.verdict(image).ok().flatten());
        let (image, (energy, verdict)) =
            sample((&model, self.plan), request, self.memory, self.clock, known, observe, judge)?;
        print.text("sample ");
        for value in image {
            print.hex(value.to_bits());
        }
        print.text("\nenergy ").hex(energy.to_bits());
        if let Some(verdict) = verdict {
            print.text(if verdict.anomalous { "\nanomaly 1" } else { "\nanomaly 0" });
        }
        print.text("\nnanoseconds ").number(total);
        print.text("\nstack ").number(stack::high_water() as u64);
        print.text("\narena ").number(arena as u64).text("\n");
        Ok(())
    }
}
