//! What a file of a series holds.

/// Readings that follow one another: all of a file, or one case of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The file's name; with the number of the case, where it holds several.
    pub name: String,
    /// Names of the channels: of columns, or numbers from 1.
    pub channels: Vec<String>,
    /// Raw readings (T, C), one after the other; not a number where a value is missing.
    pub readings: Vec<f32>,
    /// When each was taken, in seconds, where that is known.
    pub times: Option<Vec<f64>>,
    /// Which are anomalies, where that is known.
    pub anomalous: Option<Vec<bool>>,
    /// The class of a case.
    pub class: Option<String>,
}

impl Recording {
    /// Number of readings.
    pub fn len(&self) -> usize {
        self.readings.len() / self.channels.len().max(1)
    }

    /// Whether there is no reading.
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty()
    }
}

/// All that a file holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Contents {
    pub(super) recordings: Vec<Recording>,
    /// Whether recordings are cases, each a sample of a class or of none, and not one long series.
    pub(super) cases: bool,
    /// What a person should know of how it was read.
    pub(super) notes: Vec<String>,
}
