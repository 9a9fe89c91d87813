//! The folder of one training.

use crate::files::atomic::{Existing, begin, finish, part_prefix};
use crate::files::bounded;
use crate::files::temporary::PART;
use crate::quantise::Precision;
use crate::run::{Lock, Metrics, MetricsLog, RunError, access};
use serde::{Serialize, de::DeserializeOwned};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What the training was asked to do. Its presence makes a folder a run.
pub const CONFIG: &str = "config.json";
/// A line for each logged step: [`crate::run::Metrics`].
pub const METRICS: &str = "metrics.jsonl";
/// The state to go on from: [`crate::run::checkpoint::Checkpoint`].
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// The loss over the steps: [`crate::export::picture::loss_curve`].
pub const LOSS: &str = "loss.png";
/// Samples of the float model.
pub const SAMPLES: &str = "samples.png";
/// Samples of the integer model: what a device draws.
pub const SAMPLES_INTEGER: &str = "samples-integer.png";
/// The model of integer arithmetic, to be flashed.
pub const MODEL: &str = "model.vapo";
/// What integer arithmetic changed, and what the model takes of each board.
pub const REPORT: &str = "model.json";
/// The model of float arithmetic: the weights that the integer model was made of.
pub const fn model_of(weights: Precision) -> &'static str {
    match weights {
        Precision::Int8 => "model-int8.vapo",
        Precision::Int6 => "model-int6.vapo",
        Precision::Int4 => "model-int4.vapo",
    }
}
/// The ends of a teacher's ways, in runs of `--reflow`: (N, H, W, C) in 16-bit floats, little-endian.
pub const PAIRS: &str = "pairs.f16";
/// The model with float weights: as it was when weights came to rest where the model file holds them, to compare with.
pub const MODEL_FLOAT32: &str = "model-float32.vapo";

/// Bytes of a configuration at most.
pub(crate) const MAX_CONFIG: u64 = 1 << 20;

/// What earlier versions left, and this one does not: samples of the int8 model.
pub const FORMER: &str = "samples-int8.png";

/// The files of a run beside its configuration.
const FILES: [&str; 13] = [
    METRICS,
    PAIRS,
    CHECKPOINT,
    LOSS,
    SAMPLES,
    SAMPLES_INTEGER,
    MODEL,
    REPORT,
    model_of(Precision::Int8),
    model_of(Precision::Int6),
    model_of(Precision::Int4),
    MODEL_FLOAT32,
    FORMER,
];

/// The folder of a run: `config.json` is there. All that is written into it goes through here, and only while it is locked.
#[derive(Clone, Debug)]
pub struct RunFolder<'l> {
    lock: &'l Lock,
}

impl<'l> RunFolder<'l> {
    /// Starts a run in a locked folder, and writes its configuration. With `force`, a run that is there gives way: its
    /// files are removed, whatever else lies in the folder stays.
    ///
    /// # Errors
    /// [`RunError::Exists`] for a run without `force`, [`RunError::Lost`], [`RunError::Access`] where the system refuses.
    pub fn create(lock: &'l Lock, config: &impl Serialize, force: bool) -> Result<Self, RunError> {
        lock.check_held()?;
        Self::refuse_existing(lock, force)?;
        let folder = RunFolder { lock };
        folder.remove_parts();
        // The new configuration is on the disk, as a file without a name of its own, before anything of the old run goes.
        let path = folder.file(CONFIG);
        let mut file = begin(&path).map_err(access(&path))?;
        file.write_all(&text_of(config, &path)?).map_err(access(&path))?;
        lock.check_held()?;
        for name in FILES {
            remove(&folder.file(name))?;
        }
        finish(file, &path, Existing::Replaced).map_err(access(&path))?;
        Ok(folder)
    }

    /// Refuses a folder that holds a run already, unless that is to give way.
    ///
    /// # Errors
    /// [`RunError::Exists`].
    pub fn refuse_existing(lock: &Lock, force: bool) -> Result<(), RunError> {
        let path = lock.folder();
        // A file of a run's name may be anybody's: without its configuration too, it is not overwritten unasked.
        if !force && FILES.into_iter().chain([CONFIG]).any(|name| path.join(name).exists()) {
            return Err(RunError::Exists { path: path.to_owned() });
        }
        Ok(())
    }

    /// Opens the run in a locked folder, to resume it.
    ///
    /// # Errors
    /// [`RunError::Absent`] where there is none.
    pub fn open(lock: &'l Lock) -> Result<Self, RunError> {
        let folder = RunFolder { lock };
        if !folder.file(CONFIG).is_file() {
            return Err(RunError::Absent { path: lock.folder().to_owned() });
        }
        folder.remove_parts();
        Ok(folder)
    }

    /// Removes what a killed process left half-written: nobody else writes here. What cannot be removed does no harm.
    fn remove_parts(&self) {
        let entries = fs::read_dir(self.path()).into_iter().flatten().flatten();
        let left = entries.filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let begun = |file: &str| name.starts_with(&part_prefix(Path::new(file)));
            name.ends_with(PART) && FILES.into_iter().chain([CONFIG]).any(begun)
        });
        left.for_each(|entry| {
            let _ = fs::remove_file(entry.path());
        });
    }

    /// Writes a file, one of this module's constants, whole or not at all.
    ///
    /// # Errors
    /// [`RunError::Lost`] for a folder that is not the locked one any more, [`RunError::Access`] where the system refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let path = self.file(name);
        self.lock.check_held()?;
        let mut file = begin(&path).map_err(access(&path))?;
        file.write_all(bytes).map_err(access(&path))?;
        // Many bytes take a while.
        self.lock.check_held()?;
        finish(file, &path, Existing::Replaced).map_err(access(&path))
    }

    /// Removes a file, one of this module's constants, if it is there.
    ///
    /// # Errors
    /// As [`RunFolder::write`].
    pub fn remove(&self, name: &str) -> Result<(), RunError> {
        self.lock.check_held()?;
        remove(&self.file(name))
    }

    /// The log as it was at a step: see [`MetricsLog::resume`].
    ///
    /// # Errors
    /// As [`MetricsLog::resume`], and [`RunError::Lost`].
    pub fn resume_log(&self, step: u64) -> Result<MetricsLog, RunError> {
        self.lock.check_held()?;
        MetricsLog::resume(&self.file(METRICS), step)
    }

    /// Adds a line to the log.
    ///
    /// # Errors
    /// As [`MetricsLog::write`], and [`RunError::Lost`].
    pub fn log(&self, log: &mut MetricsLog, metrics: &Metrics) -> Result<(), RunError> {
        self.lock.check_held()?;
        log.write(metrics)
    }

    /// Writes the configuration anew: the old one stands until the new one is whole.
    ///
    /// # Errors
    /// As [`RunFolder::write`].
    pub fn configure(&self, config: &impl Serialize) -> Result<(), RunError> {
        self.write(CONFIG, &text_of(config, &self.file(CONFIG))?)
    }

    /// The configuration of the run.
    ///
    /// # Errors
    /// [`RunError::Access`], or [`RunError::Json`] where the file is not such a configuration.
    pub fn config<C: DeserializeOwned>(&self) -> Result<C, RunError> {
        let path = self.file(CONFIG);
        let bytes = bounded::read_file(&path, MAX_CONFIG).map_err(access(&path))?;
        serde_json::from_slice(&bytes).map_err(|cause| RunError::Json { line: cause.line(), path, cause })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.lock.folder()
    }

    /// Path of a file in it, one of this module's constants.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

/// The text of a configuration, to be written to a path.
fn text_of(config: &impl Serialize, path: &Path) -> Result<Vec<u8>, RunError> {
    let mut text = serde_json::to_vec_pretty(config).map_err(io::Error::from).map_err(access(path))?;
    text.push(b'\n');
    Ok(text)
}

fn remove(path: &Path) -> Result<(), RunError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(access(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::lock::LOCK;
    use serde_json::{Value, json};
    use tempfile::TempDir;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_run_holds_its_configuration() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("runs/first");
        let lock = Lock::make(&path).unwrap();
        let run = RunFolder::create(&lock, &json!({"seed": 3}), false).unwrap();
        assert_eq!(names(&path), [LOCK, CONFIG]);
        assert_eq!(RunFolder::open(&lock).unwrap().config::<Value>().unwrap(), json!({"seed": 3}));
        assert_eq!(run.file(MODEL), path.join("model.vapo"));
        drop(lock);
        assert_eq!(names(&path), [CONFIG]);
    }

    #[test]
    fn an_earlier_run_stays_where_the_new_one_cannot_be_written() {
        /// Settings that are no text.
        struct Unwritable;
        impl Serialize for Unwritable {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("no text"))
            }
        }
        let root = TempDir::new().unwrap();
        let lock = Lock::make(root.path()).unwrap();
        let run = RunFolder::create(&lock, &json!({"seed": 3}), false).unwrap();
        run.write(MODEL, b"theirs").unwrap();
        let before = names(root.path());
        assert!(matches!(RunFolder::create(&lock, &Unwritable, true), Err(RunError::Access { .. })));
        assert_eq!(names(root.path()), before);
        assert_eq!(fs::read(run.file(MODEL)).unwrap(), b"theirs");
        assert_eq!(RunFolder::open(&lock).unwrap().config::<Value>().unwrap(), json!({"seed": 3}));
        RunFolder::create(&lock, &json!({"seed": 4}), true).unwrap();
        assert_eq!(names(root.path()), [LOCK, CONFIG]);
    }

    #[test]
    fn a_run_is_not_overwritten_unasked() {
        let root = TempDir::new().unwrap();
        let lock = Lock::make(root.path()).unwrap();
        RunFolder::create(&lock, &json!({"seed": 3}), false).unwrap();
        let refused = RunFolder::create(&lock, &json!({"seed": 4}), false).unwrap_err();
        assert!(matches!(refused, RunError::Exists { .. }) && refused.to_string().contains("--force"));
        assert_eq!(RunFolder::open(&lock).unwrap().config::<Value>().unwrap(), json!({"seed": 3}));
    }

    #[test]
    fn a_model_without_a_run_is_not_overwritten_unasked() {
        let root = TempDir::new().unwrap();
        fs::write(root.path().join(MODEL), b"theirs").unwrap();
        let lock = Lock::make(root.path()).unwrap();
        let refused = RunFolder::create(&lock, &json!({"seed": 4}), false).unwrap_err();
        assert!(matches!(refused, RunError::Exists { .. }));
        drop(lock);
        assert_eq!(names(root.path()), [MODEL]);
    }

    #[test]
    fn force_replaces_the_run_and_nothing_else() {
        let root = TempDir::new().unwrap();
        let lock = Lock::make(root.path()).unwrap();
        let run = RunFolder::create(&lock, &json!({"seed": 3}), false).unwrap();
        for old in FILES {
            fs::write(run.file(old), b"old").unwrap();
        }
        let foreign = ["notes.md", "samples-best.png", "model.vapo.old", "metrics.json", ".model.abc.part"];
        foreign.iter().for_each(|name| fs::write(run.file(name), b"theirs").unwrap());
        fs::create_dir(run.file("folder")).unwrap();
        fs::write(run.file(".model.vapo.abc.part"), b"half").unwrap();
        RunFolder::create(&lock, &json!({"seed": 4}), true).unwrap();
        let mut expected = [&foreign[..], &[CONFIG, "folder", LOCK]].concat();
        expected.sort_unstable();
        assert_eq!(names(root.path()), expected);
        assert_eq!(run.config::<Value>().unwrap(), json!({"seed": 4}));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_into_a_folder_that_took_the_place_of_the_locked_one() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("run");
        let lock = Lock::make(&path).unwrap();
        let run = RunFolder::create(&lock, &json!({"seed": 3}), false).unwrap();
        let mut log = run.resume_log(0).unwrap();
        fs::remove_dir_all(&path).unwrap();
        let second = Lock::make(&path).unwrap();
        RunFolder::create(&second, &json!({"seed": 4}), false).unwrap();
        let line = Metrics { step: 1, loss: 0.5, lr: 0.1, grad_norm: 1.0, images_per_s: 1.0, seconds: 1.0 };
        let written = [
            run.write(CHECKPOINT, b"old"),
            run.configure(&json!({"seed": 3})),
            run.resume_log(0).map(|_| ()),
            run.log(&mut log, &line),
            RunFolder::create(&lock, &json!({"seed": 3}), true).map(|_| ()),
        ];
        for refused in written {
            assert!(matches!(refused, Err(RunError::Lost { .. })), "{refused:?}");
        }
        assert_eq!(names(&path), [LOCK, CONFIG]);
        assert_eq!(RunFolder::open(&second).unwrap().config::<Value>().unwrap(), json!({"seed": 4}));
    }

    #[test]
    fn what_is_no_run_is_not_opened() {
        let root = TempDir::new().unwrap();
        let lock = Lock::make(root.path()).unwrap();
        let refused = RunFolder::open(&lock).unwrap_err();
        assert!(matches!(refused, RunError::Absent { .. }) && refused.to_string().contains("config.json"));
        fs::write(root.path().join(CONFIG), "{\n\"seed\": }").unwrap();
        let refused = RunFolder::open(&lock).unwrap().config::<Value>().unwrap_err();
        assert!(matches!(refused, RunError::Json { line: 2, .. }), "{refused}");
    }
}
