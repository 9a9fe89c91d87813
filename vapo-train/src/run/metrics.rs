//! `metrics.jsonl`: a line of JSON for each logged step.

use crate::files::{bounded, write_atomically};
use crate::run::{RunError, access};
use serde::{Deserialize, Deserializer, Serialize};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is known of a training step once it is done. JSON has no word for a number that is not finite: it is
/// written as `null` and read as not a number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The step, from 1.
    pub step: u64,
    /// The objective's value over the batch.
    #[serde(deserialize_with = "number")]
    pub loss: f32,
    /// Learning rate.
    #[serde(deserialize_with = "number")]
    pub lr: f32,
    /// Euclidean norm of the gradient over all parameters, before clipping.
    #[serde(deserialize_with = "number")]
    pub grad_norm: f32,
    /// Images a second since the last logged step.
    #[serde(deserialize_with = "number")]
    pub images_per_s: f32,
    /// Seconds of training so far, those before a resumption included.
    pub seconds: f64,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f32::NAN))
}

/// Every step logged in the file at `path`, in the order of the file.
///
/// # Errors
/// The file cannot be read, or a line is not one of [`Metrics`]. A last line without its end is left out: the run was
/// stopped while it wrote.
pub fn read_metrics(path: &Path) -> Result<Vec<Metrics>, RunError> {
    let bytes = bounded::read_file(path, MAX_FILE).map_err(access(path))?;
    lines(&bytes).enumerate().map(|(index, line)| parse(path, index, line)).collect()
}

/// The finished lines of a file, each with its line feed.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"))
}

fn parse(path: &Path, index: usize, line: &[u8]) -> Result<Metrics, RunError> {
    serde_json::from_slice(line).map_err(|cause| RunError::Json { path: path.to_owned(), line: index + 1, cause })
}

/// Bytes of a file at most: years of steps.
const MAX_FILE: u64 = 1 << 30;

/// Appends to the file. Every line is handed to the system at once and whole.
#[derive(Debug)]
pub struct MetricsLog {
    path: PathBuf,
    file: File,
}

impl MetricsLog {
    /// An empty log at `path`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path) -> Result<Self, RunError> {
        let file = File::create(path).map_err(access(path))?;
        Ok(MetricsLog { path: path.to_owned(), file })
    }

    /// The log at `path` as it was when the checkpoint of `step` was written: later lines are dropped, for the
    /// resumed run will write them again. A log that is not there yet starts empty.
    ///
    /// # Errors
    /// The file cannot be read or written, or a line is not one of [`Metrics`].
    pub fn resume(path: &Path, step: u64) -> Result<Self, RunError> {
        let bytes = match bounded::read_file(path, MAX_FILE) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Vec::new(),
            bytes => bytes.map_err(access(path))?,
        };
        let mut kept = Vec::with_capacity(bytes.len());
        for (index, line) in lines(&bytes).enumerate() {
            if parse(path, index, line)?.step <= step {
                kept.extend_from_slice(line);
            }
        }
        write_atomically(path, &kept).map_err(access(path))?;
        let file = File::options().append(true).open(path).map_err(access(path))?;
        Ok(MetricsLog { path: path.to_owned(), file })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, metrics: &Metrics) -> Result<(), RunError> {
        let mut line = serde_json::to_vec(metrics).map_err(io::Error::from).map_err(access(&self.path))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(access(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn at(step: u64) -> Metrics {
        Metrics { step, loss: 0.1 * step as f32, lr: 2e-3, grad_norm: 1.5, images_per_s: 812.5, seconds: 0.25 }
    }

    fn logged(folder: &TempDir, steps: impl IntoIterator<Item = u64>) -> PathBuf {
        let path = folder.path().join("metrics.jsonl");
        let mut log = MetricsLog::create(&path).unwrap();
        steps.into_iter().for_each(|step| log.write(&at(step)).unwrap());
        path
    }

    #[test]
    fn a_line_is_this_json() {
        let folder = TempDir::new().unwrap();
        let path = logged(&folder, [5]);
        let expected = r#"{"step":5,"loss":0.5,"lr":0.002,"grad_norm":1.5,"images_per_s":812.5,"seconds":0.25}"#;
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{expected}\n"));
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = TempDir::new().unwrap();
        assert_eq!(read_metrics(&logged(&folder, 1..50)).unwrap(), (1..50).map(at).collect::<Vec<_>>());
    }

    #[test]
    fn a_loss_that_is_not_finite_is_null() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("metrics.jsonl");
        MetricsLog::create(&path).unwrap().write(&Metrics { loss: f32::INFINITY, ..at(1) }).unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains(r#""loss":null"#));
        assert!(read_metrics(&path).unwrap()[0].loss.is_nan());
    }

    #[test]
    fn a_resumed_log_equals_one_never_interrupted() {
        let folder = TempDir::new().unwrap();
        let whole = fs::read(logged(&folder, 1..=30)).unwrap();
        // Stopped at 25, in the middle of a line, with a checkpoint of step 20.
        let path = logged(&folder, 1..=25);
        let mut torn = fs::read(&path).unwrap();
        torn.truncate(torn.len() - 7);
        fs::write(&path, torn).unwrap();
        assert_eq!(read_metrics(&path).unwrap().len(), 24);
        let mut log = MetricsLog::resume(&path, 20).unwrap();
        (21..=30).for_each(|step| log.write(&at(step)).unwrap());
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn a_log_that_is_not_there_starts_empty() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("metrics.jsonl");
        MetricsLog::resume(&path, 5).unwrap().write(&at(6)).unwrap();
        assert_eq!(read_metrics(&path).unwrap(), [at(6)]);
    }

    #[test]
    fn a_damaged_line_is_named() {
        let folder = TempDir::new().unwrap();
        let path = logged(&folder, 1..=3);
        let text = fs::read_to_string(&path).unwrap().replace("\"step\":2", "\"stop\":2");
        fs::write(&path, text).unwrap();
        for refused in [read_metrics(&path).unwrap_err(), MetricsLog::resume(&path, 3).unwrap_err()] {
            assert!(refused.to_string().contains("metrics.jsonl, line 2: missing field `step`"), "{refused}");
        }
    }
}
