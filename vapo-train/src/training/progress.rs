//! What a person sees while it trains: a bar on a terminal, a line now and then elsewhere.

use super::Trainer;
use crate::run::Metrics;
use crate::run::config::{Budget, Config};
use crate::terminal::redraws;
use console::Term;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::time::{Duration, Instant};

/// What is told how a training goes. Nothing of the training depends on it.
pub trait Watch {
    /// A line of metrics was written, after `seconds` of this session.
    fn logged(&mut self, metrics: &Metrics, budget: Budget, seconds: f64);

    /// A step was made.
    fn stepped(&mut self, config: &Config, trainer: &Trainer<'_>);

    /// No step is made any more.
    fn finished(&mut self);
}

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
    /// A bar if the standard error stream is a terminal that can draw one.
    pub fn new() -> Self {
        let bar = redraws(&Term::stderr()).then(|| {
            let bar = ProgressBar::new(PARTS);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Progress { bar, last_line: None }
    }
}

impl Watch for Progress {
    fn logged(&mut self, metrics: &Metrics, budget: Budget, seconds: f64) {
        let line = told(metrics, budget, seconds);
        match &self.bar {
            Some(bar) => {
                bar.set_position((budget.progress(metrics.step, metrics.seconds) * PARTS as f64) as u64);
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

    fn stepped(&mut self, _: &Config, _: &Trainer<'_>) {}

    /// Leaves the last state on the screen.
    fn finished(&mut self) {
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

/// A line of metrics for people, with the time left by `budget` after `seconds` of this session.
pub(crate) fn told(metrics: &Metrics, budget: Budget, seconds: f64) -> String {
    let progress = budget.progress(metrics.step, metrics.seconds);
    let left = match budget {
        Budget::Minutes(minutes) => 60.0 * minutes - metrics.seconds,
        Budget::Steps(_) => metrics.seconds.max(seconds) * (1.0 - progress) / progress.max(1e-9),
    };
    format!(
        "step {:6}  loss {:8.4}  {:6.0} images/s  {} left",
        metrics.step,
        metrics.loss,
        metrics.images_per_s,
        clock(left)
    )
}

/// Minutes and seconds.
pub(crate) fn clock(seconds: f64) -> String {
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
