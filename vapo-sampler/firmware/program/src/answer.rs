//! Samples for a host that compares every bit.

use crate::board::{Board, Refusal, parse};
use crate::clock::Stopwatch;
use crate::output::Output;
use crate::print::Print;
use crate::sample::{Judged, sample};
use crate::stack;
use vapo_format::model::checksum;
use vapo_request::{Refused, Request};
use vapo_sampler::Solver;

impl<O: Output> Board<'_, O> {
    /// The request in `arguments`, as [`Request::parse`] reads it with a `usual` solver.
    ///
    /// # Errors
    /// What was expected. A line before that names the argument that is refused.
    pub fn request(&mut self, usual: Solver, arguments: &[u8]) -> Result<Request, Refusal> {
        Request::parse(arguments, usual, self.structure.signal, self.structure.classes).map_err(
            |Refused { found, expected }| {
                Print(&mut self.output).text("found ").bytes(found).text("\n");
                expected
            },
        )
    }

    /// Computes the one sample of a request, and prints every bit of it. A line each
    /// has: every step's time, checksum of the drift and nanoseconds; the sample; its energy; where the model has a
    /// threshold, whether the sample is an anomaly, 0 or 1; where it has a classifier, the sample's class by its energies; the nanoseconds of all steps; bytes of stack and of arena.
    /// Floats are printed as the eight hexadecimal digits of their bits, big end first.
    ///
    /// # Errors
    /// Why there is no sample.
    #[inline(never)] // what showing keeps on the stack is not there
    pub fn answer(&mut self, request: Request) -> Result<(), Refusal> {
        let model = parse(self.model, self.structure)?;
        let mut print = Print(&mut self.output);
        let arena = size_of_val(self.memory);
        let mut total = 0;
        let mut observe = |watch: &mut Stopwatch, step: Option<(f32, &[f32])>| {
            let nanoseconds = watch.nanoseconds();
            total += nanoseconds;
            if let Some((time, drift)) = step {
                let drift = checksum(drift.iter().map(|value| value.to_le_bytes()));
                print.text("step ").hex(time.to_bits()).text(" ").hex(drift);
                print.text(" ").number(nanoseconds).text("\n");
            }
            watch.restart();
        };
        let (image, Judged { energy, anomalous, class }) =
            sample((&model, self.plan), request, self.memory, self.clock, &mut observe)?;
        print.text("sample ");
        for value in image {
            print.hex(value.to_bits());
        }
        print.text("\nenergy ").hex(energy.to_bits());
        if let Some(anomalous) = anomalous {
            print.text(if anomalous { "\nanomaly 1" } else { "\nanomaly 0" });
        }
        if let Some(class) = class {
            print.text("\nclass ").number(class.into());
        }
        print.text("\nnanoseconds ").number(total);
        print.text("\nstack ").number(stack::high_water() as u64);
        print.text("\narena ").number(arena as u64).text("\n");
        Ok(())
    }
}
