//! A bar for work whose length is known; elsewhere than on a terminal, a line now and then.

use super::{note, team};
use crate::terminal::redraws;
use crate::training::progress::clock;
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// What is shown on the standard error stream.
pub(super) struct Progress {
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    unit: String,
    begun: Instant,
    last_line: Mutex<Instant>,
}

/// For so many of a unit, in the plural.
pub(super) fn bar(count: usize, unit: &str) -> Progress {
    let seen = team::speaks() && redraws(&Term::stderr());
    let bar = ProgressBar::hidden();
    bar.set_length(count as u64);
    if let Ok(style) =
        ProgressStyle::with_template(&format!("{{bar:30}} {{pos}}/{{len}} {unit}  {{per_sec}}  {{eta}} left"))
    {
        bar.set_style(style);
    }
    // Once all is said that is to be seen.
    if seen {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    Progress { bar, unit: unit.to_owned(), begun: Instant::now(), last_line: Mutex::new(Instant::now()) }
}

impl Progress {
    /// So many more are done.
    pub(super) fn inc(&self, more: u64) {
        self.bar.inc(more);
        if self.bar.is_hidden()
            && let Some(line) = self.line(LINE_EVERY)
        {
            note(&line);
        }
    }

    /// The line that is due after so long.
    fn line(&self, every: Duration) -> Option<String> {
        let mut last_line = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        if last_line.elapsed() < every {
            return None;
        }
        *last_line = Instant::now();
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
        let left = self.begun.elapsed().as_secs_f64() * all.saturating_sub(done) as f64 / done.max(1) as f64;
        Some(format!("{done} of {all} {}, {} left", self.unit, clock(left)))
    }

    /// It is over: the bar goes.
    pub(super) fn finish_and_clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// What ends early, by an error, leaves no bar behind either.
impl Drop for Progress {
    fn drop(&mut self) {
        self.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_done_when_it_is_due() {
        let progress = bar(20, "samples");
        [3, 4].into_iter().for_each(|more| progress.inc(more));
        assert_eq!(progress.line(Duration::from_secs(3600)), None);
        assert_eq!(progress.line(Duration::ZERO).as_deref(), Some("7 of 20 samples, 0:00 left"));
    }
}
