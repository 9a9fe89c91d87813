//! Series: readings over time, a panel a channel. Where a column of pixels stands for many readings, it reaches from the least to
//! the greatest of them, so that a lone spike stays visible.
//!
//! | module | concept |
//! |---|---|
//! | [`mod@scored`] | a series with its score, a threshold and what is labelled |
//! | [`mod@samples`] | windows side by side |
//! | [`mod@restored`] | a series before and after its gaps are filled |
//! | `panel` | one curve's place, its scales and its numbers |
//! | `stack` | panels below each other, over the same readings |

mod panel;
pub mod restored;
pub mod samples;
pub mod scored;
mod stack;

pub use restored::{Restored, restored};
pub use samples::{Samples, refuse_samples, samples};
pub use scored::{Scored, scored};

/// Readings of one channel, in raw units.
#[derive(Clone, Copy, Debug)]
pub struct Channel<'c> {
    /// What a person knows it by.
    pub name: &'c str,
    /// One a reading; not a number where it is missing.
    pub readings: &'c [f32],
}
