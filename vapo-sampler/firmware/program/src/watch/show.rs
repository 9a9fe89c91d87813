//! Verdicts for people.

use super::Judged;
use crate::board::{Board, Refusal};
use crate::output::Output;
use crate::print::Print;
use vapo_request::Watch;
use vapo_sampler::anomaly::Verdict;

impl<O: Output> Board<'_, O> {
    /// Watches what `sensor` reads, until it returns false. `sensor` sets a reading, a raw number a channel. Shows every verdict as a
    /// line, and hands it to `display`, for a board that has one.
    ///
    /// # Errors
    /// Why it cannot be watched.
    pub fn watch(
        &mut self,
        watch: &Watch<'_>,
        mut sensor: impl FnMut(&mut [f32]) -> bool,
        mut display: impl FnMut(Verdict),
    ) -> Result<(), Refusal> {
        let judge = &mut |print: &mut Print<'_, O>, judged: Judged| {
            line(print, &judged);
            display(judged.verdict);
        };
        self.judge(watch, &mut sensor, judge).map(|_| ())
    }
}

fn line<O: Output>(print: &mut Print<'_, O>, judged: &Judged) {
    print.text("reading ").number(judged.reading.into()).text(", energy ").decimal(judged.verdict.energy);
    print.text(", ").decimal(judged.nanoseconds as f32 / 1e6).text(" ms");
    match (judged.learned, judged.threshold) {
        (true, Some(threshold)) => _ = print.text(", learned; threshold ").decimal(threshold),
        (true, None) => _ = print.text(", learned"),
        (false, _) if judged.verdict.anomalous => _ = print.text(", anomaly"),
        (false, _) => {}
    }
    if let Some(explanation) = judged.explanation {
        print.text(": readings ").number(explanation.from as u64).text(" to ").number(explanation.to as u64);
        print.text(" of channel ").number(explanation.channel as u64).text(" are expected higher by ");
        print.decimal(explanation.change);
    }
    print.text("\n");
}
