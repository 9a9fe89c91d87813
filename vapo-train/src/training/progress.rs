//! What a person sees while it trains: a bar on a terminal, a line now and then elsewhere.

use crate::run::Metrics;
use crate::run::config::Budget;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Parts of the bar.
const PARTS: u64 = 1000;

/// A bar or lines on the standard error stream.
pub struct Progress {
    bar: Option<ProgressBar>,
    last_line: Option<Instant>,
}

impl Progress {
    /// A bar if the standard error stream is a terminal.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(PARTS);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Progress { bar, last_line: None }
    }

    /// Shows a line of metrics, with the time left by `budget` after `seconds` of this session.
    pub fn show(&mut self, metrics: &Metrics, budget: Budget, seconds: f64) {
        let progress = budget.progress(metrics.step, metrics.seconds);
        let left = match budget {
            Budget::Minutes(minutes) => 60.0 * minutes - metrics.seconds,
            Budget::Steps(_) => metrics.seconds.max(seconds) * (1.0 - progress) / progress.max(1e-9),
        };
        let line = format!(
            "step {:6}  loss {:8.4}  {:6.0} images/s  {} left",
            metrics.step,
            metrics.loss,
            metrics.images_per_s,
            clock(left)
        );
        match &self.bar {
            Some(bar) => {
                bar.set_position((progress * PARTS as f64) as u64);
                bar.set_message(line);
            }
            None if self.last_line.is_none_or(|last| last.elapsed() >= LINE_EVERY) => {
                // Whoever read this may have gone: training goes on.
                let _ = writeln!(std::io::stderr(), "{line}");
                self.last_line = Some(Instant::now());
            }
            None => {}
        }
    }

    /// Leaves the last state on the screen.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Progress::new()
    }
}

/// Minutes and seconds.
fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_round_to_seconds() {
        let shown = [(0.4, "0:00"), (59.6, "1:00"), (125.0, "2:05"), (3725.0, "62:05"), (-1.0, "0:00")];
        for (seconds, expected) in shown {
            assert_eq!(clock(seconds), expected);
        }
    }
}
