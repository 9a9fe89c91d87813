//! Series: readings of sensors, and the windows of them that a potential learns.
//!
//! | module | concept |
//! |---|---|
//! | [`options`] | how a series is read, and cut into windows |
//! | `place` | the files, and the split that each is of |
//! | `split` | the split that a name says |
//! | `table` | readings in lines of text |
//! | `ts` | cases in the format of the archives of UCR, UEA and aeon |
//! | `array` | readings or cases in arrays of NumPy |
//! | [`recording`] | what a file holds |
//! | `times` | timestamps, sampling rate, gaps |
//! | [`segment`] | parts that windows lie in |
//! | `load` | from files to windows |
//! | `windows` | where windows start, and which are left out |
//! | `scaling` | from raw readings to values of unit spread |
//! | [`error`] | why a series cannot be read |

mod array;
pub mod error;
mod load;
pub mod options;
mod place;
pub mod recording;
mod scaling;
pub mod segment;
mod split;
mod table;
#[cfg(test)]
mod tests;
mod times;
mod ts;
mod windows;

pub use error::SeriesError;
pub use options::SeriesOptions;
pub use recording::Recording;
pub use segment::Segment;
pub use table::rewrite::rewrite;

pub(super) use load::load;
pub use load::recordings;

use crate::files::digest::hexadecimal;
use sha2::{Digest, Sha256};
use std::num::NonZeroUsize;
use vapo_format::Scaling;

/// A series, and the windows of it that no reading is missing in: at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    channels: Vec<String>,
    segments: Vec<Segment>,
    /// Readings of a window.
    window: usize,
    stride: usize,
    starts: Vec<Start>,
    count: NonZeroUsize,
    rate: Option<f64>,
    scaling: Vec<Scaling>,
}

/// Where a window starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Index of its segment.
    pub segment: usize,
    /// Readings of the segment that come before.
    pub reading: usize,
}

impl Series {
    /// Number of windows.
    pub fn windows(&self) -> NonZeroUsize {
        self.count
    }

    /// Where each window starts: segment by segment, in the order of time.
    pub fn starts(&self) -> &[Start] {
        &self.starts
    }

    /// The parts that windows lie in, with all their readings.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Names of the channels: of columns, or numbers from 1.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// Readings of a window.
    pub fn window(&self) -> usize {
        self.window
    }

    /// Readings from the start of a window to that of the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Readings a second, where that is known.
    pub fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// How raw readings become values: one scaling for all channels, or one each.
    pub fn scaling(&self) -> &[Scaling] {
        &self.scaling
    }

    /// The raw readings (W, C) of a window.
    ///
    /// # Panics
    /// There is no such window.
    pub fn raw(&self, window: usize) -> &[f32] {
        let Start { segment, reading } = self.starts[window];
        let channels = self.channels.len();
        &self.segments[segment].readings[reading * channels..][..self.window * channels]
    }

    /// Whether a window holds an anomaly, where that is known.
    ///
    /// # Panics
    /// There is no such window.
    pub fn is_anomalous(&self, window: usize) -> Option<bool> {
        let Start { segment, reading } = self.starts[window];
        let anomalous = self.segments[segment].anomalous.as_ref()?;
        Some(anomalous[reading..][..self.window].contains(&true))
    }

    /// Adds the windows of `indices` to `data`, scaled.
    pub(super) fn extend(&self, indices: &[usize], data: &mut Vec<f32>) {
        for &index in indices {
            let scalings = self.scaling.iter().cycle();
            data.extend(self.raw(index).iter().zip(scalings).map(|(raw, scaling)| scaling.value(*raw)));
        }
    }

    /// The digest of the fingerprint: all readings of the split in their order as 32-bit floats, where windows start, and
    /// their extent. Scaling and labels are not in it.
    pub(super) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut number = |number: usize| hash.update((number as u64).to_le_bytes());
        [self.channels.len(), self.window, self.segments.len()].into_iter().for_each(&mut number);
        for Start { segment, reading } in &self.starts {
            [*segment, *reading].into_iter().for_each(&mut number);
        }
        for segment in &self.segments {
            hash.update((segment.readings.len() as u64).to_le_bytes());
            for reading in &segment.readings {
                // What is missing has one pattern of bits.
                let reading = if reading.is_nan() { f32::NAN } else { *reading };
                hash.update(reading.to_le_bytes());
            }
        }
        hexadecimal(&hash.finalize())
    }

    /// Bytes that it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let of = |segment: &Segment| {
            let times = segment.times.as_ref().map_or(0, |times| size_of_val(times.as_slice()));
            size_of_val(segment.readings.as_slice()) + times + segment.anomalous.as_ref().map_or(0, Vec::len)
        };
        self.segments.iter().map(of).sum::<usize>() + size_of_val(self.starts.as_slice())
    }
}
