//! Samples for people.

use crate::board::{Board, Refusal, parse};
use crate::clock::Stopwatch;
use crate::output::Output;
use crate::print::Print;
use crate::sample::{Judged, sample};
use crate::{art, stack};
use vapo_format::Shape;
use vapo_request::Request;

impl<O: Output> Board<'_, O> {
    /// Shows the samples of requests: the image, its energy, the mean time of a step and the stack's depth. Then
    /// hands the image to `display`, for a board that has one.
    ///
    /// # Errors
    /// Why there is no sample.
    #[inline(never)] // as answering
    pub fn show(
        &mut self,
        requests: impl Iterator<Item = Request>,
        mut display: impl FnMut(&[f32], Shape),
    ) -> Result<(), Refusal> {
        let model = parse(self.model, self.structure)?;
        let shape = model.signal();
        for request in requests {
            let mut total = 0;
            let mut observe = |watch: &mut Stopwatch, _: Option<(f32, &[f32])>| {
                total += watch.nanoseconds();
                watch.restart();
            };
            let (image, Judged { energy, .. }) =
                sample((&model, self.plan), request, self.memory, self.clock, &mut observe)?;
            let mut print = Print(&mut self.output);
            art::draw(&mut print, image, shape);
            let step = total as f32 / (1e6 * f32::from(request.steps));
            print.text("seed ").number(request.seed);
            if let Some(class) = request.condition.class {
                print.text(", class ").number(class.into());
            }
            print.text(", energy ").decimal(energy).text(", ").decimal(step);
            print.text(" ms a step, ").number(stack::high_water() as u64).text(" bytes of stack\n\n");
            display(image, shape);
        }
        Ok(())
    }
}
