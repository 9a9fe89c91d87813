//! Verdicts for a host that compares every bit.

use super::Judged;
use crate::board::{Board, Refusal};
use crate::input::HostFile;
use crate::output::Output;
use crate::print::Print;
use crate::stack;
use vapo_request::{Refused, Watch};

/// What is asked for, the readings' file opened.
pub(crate) struct Opened {
    watch: Watch<'static>,
    file: HostFile,
}

impl<O: Output> Board<'_, O> {
    /// The request in `arguments`, as [`Watch::parse`] reads it, with its file.
    ///
    /// # Errors
    /// What was expected. A line before that names the argument that is refused.
    pub(crate) fn watched(&mut self, arguments: &[u8]) -> Result<Opened, Refusal> {
        let refused = |print: &mut Print<'_, O>, Refused { found, expected }: Refused<'_>| {
            print.text("found ").bytes(found).text("\n");
            expected
        };
        let mut print = Print(&mut self.output);
        let watch = Watch::parse(arguments).map_err(|error| refused(&mut print, error))?;
        if watch.explain && !cfg!(feature = "explain") {
            return Err("the image cannot explain: build it with --features explain");
        }
        let expected = "expected readings= with the path of a file that the host can read, of less than 256 bytes";
        let file = HostFile::open(watch.readings);
        let file = file.ok_or_else(|| refused(&mut print, Refused { found: watch.readings, expected }))?;
        Ok(Opened { watch: Watch { readings: &[], ..watch }, file })
    }

    /// Watches a file of readings and prints every bit of what is found. A line each has: every window that the threshold is learned
    /// from, with the number of its last reading, its energy and nanoseconds; the threshold, when it is learned; every
    /// other window, with 1 for an anomaly and 0 for none; after an anomaly that is explained, its channel, first reading,
    /// the reading after the last, change and share; at the end gaps, bytes of stack and of arena. Floats are printed as the eight
    /// hexadecimal digits of their bits, big end first.
    ///
    /// # Errors
    /// Why it cannot be watched, or not to its end.
    pub(crate) fn answer_watch(&mut self, Opened { watch, mut file }: Opened) -> Result<(), Refusal> {
        let mut next = |reading: &mut [f32]| file.next(reading);
        let gaps = self.judge(&watch, &mut next, &mut |print, judged| line(print, &judged))?;
        if !file.ended() {
            return Err("the file of readings ends within a reading: expected a float of 32 bits a channel");
        }
        let arena = size_of_val(self.memory);
        let mut print = Print(&mut self.output);
        print.text("gaps ").number(gaps.into());
        print.text("\nstack ").number(stack::high_water() as u64);
        print.text("\narena ").number(arena as u64).text("\n");
        Ok(())
    }
}

fn line<O: Output>(print: &mut Print<'_, O>, judged: &Judged) {
    print.text(if judged.learned { "learned " } else { "verdict " }).number(judged.reading.into());
    print.text(" ").hex(judged.verdict.energy.to_bits());
    if !judged.learned {
        print.text(if judged.verdict.anomalous { " 1" } else { " 0" });
    }
    print.text(" ").number(judged.nanoseconds).text("\n");
    if let (true, Some(threshold)) = (judged.learned, judged.threshold) {
        print.text("threshold ").hex(threshold.to_bits()).text("\n");
    }
    if let Some(explanation) = judged.explanation {
        print.text("explanation ").number(explanation.channel as u64).text(" ").number(explanation.from as u64);
        print.text(" ").number(explanation.to as u64).text(" ").hex(explanation.change.to_bits());
        print.text(" ").hex(explanation.share.to_bits()).text("\n");
    }
}
