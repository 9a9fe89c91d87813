//! How a series becomes samples.

use crate::dataset::{Series, Split};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// Readings of a window where none is chosen.
pub const WINDOW: u16 = 64;
/// Readings from the start of a window to that of the next where none is chosen: to train, every window there is.
pub const TRAINED_STRIDE: u32 = 1;
/// Likewise to choose and to test.
pub const STRIDE: u32 = 8;

/// How a series is read, and cut into windows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesOptions {
    /// Readings of a window; if none, a whole case where a file holds cases, else [`WINDOW`].
    pub window: Option<u16>,
    /// Readings from the start of a window to that of the next; if none, [`TRAINED_STRIDE`] to train, else [`STRIDE`].
    pub stride: Option<NonZeroU32>,
    /// The channels, by the names of their columns, or by their numbers from 1 where columns have no names; if empty, all
    /// columns of numbers.
    pub columns: Vec<String>,
    /// The column that says which readings are anomalies, or the array.
    pub labels: Option<String>,
    /// The class that is normal, where a file holds cases of classes.
    pub normal: Option<String>,
    /// Readings a second; if none, as the timestamps say.
    pub rate: Option<f64>,
}

impl SeriesOptions {
    /// These, with the window that a series has.
    pub fn of(self, series: &Series) -> Self {
        SeriesOptions { window: u16::try_from(series.window()).ok(), ..self }
    }

    /// Readings from the start of a window of a split to that of the next.
    pub fn stride(&self, split: Split) -> usize {
        let usual = if split == Split::Train { TRAINED_STRIDE } else { STRIDE };
        self.stride.map_or(usual, NonZeroU32::get) as usize
    }
}
