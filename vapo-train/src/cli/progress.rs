//! A bar for work whose length is known.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// A bar on the standard error stream if that is a terminal, and nothing elsewhere.
pub(super) fn bar(count: usize, unit: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(count as u64);
    match ProgressStyle::with_template(&format!("{{bar:30}} {{pos}}/{{len}} {unit}  {{per_sec}}  {{eta}} left")) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
