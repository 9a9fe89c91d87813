//! What a person sees while images are prepared: a bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A bar or lines on the standard error stream.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    count: usize,
    last_line: Instant,
}

impl Progress {
    /// For this many images.
    pub(super) fn new(count: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(count as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} images prepared, {eta} left") {
                bar.set_style(style);
            }
            bar
        });
        Progress { bar, count, last_line: Instant::now() }
    }

    /// So many are done.
    pub(super) fn show(&mut self, done: usize) {
        match &self.bar {
            Some(bar) => bar.set_position(done as u64),
            None if self.last_line.elapsed() >= LINE_EVERY => {
                // Whoever read this may have gone: the work goes on.
                let _ = writeln!(std::io::stderr(), "{done} of {} images prepared", self.count);
                self.last_line = Instant::now();
            }
            None => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
