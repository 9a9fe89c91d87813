//! From files to windows.

use crate::dataset::series::error::{SeriesError, listed};
use crate::dataset::series::place::{Place, corrupt, file_name, read};
use crate::dataset::series::recording::{Contents, Recording};
use crate::dataset::series::segment::{Segment, part};
use crate::dataset::series::windows::{Windows, length, shape};
use crate::dataset::series::{Series, SeriesOptions, scaling, times};
use crate::dataset::{Dataset, DatasetError, Samples, Source, Split};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use vapo_format::Scaling;

/// Classes that labels can count.
const MOST_CLASSES: usize = 256;
/// Rates that differ by no more are one.
const SAME_RATE: f64 = 0.1;

/// One split of the series at `path`, scaled as given, or as training learns it. None if nothing is there.
///
/// # Errors
/// A file cannot be read, is damaged, or holds something else than is asked for: see [`SeriesError`].
pub(in crate::dataset) fn load(
    split: Split,
    path: &Path,
    options: &SeriesOptions,
    scaling: Option<&[Scaling]>,
) -> Result<Option<Dataset>, DatasetError> {
    let Some(mut files) = Files::read(path, options)? else { return Ok(None) };
    let refused = |cause| corrupt(path, cause);
    let segments = files.segments(split, options).map_err(refused)?;
    if let Some(scaling) = scaling {
        let notes = strange(files.channels(), &segments, scaling);
        files.notes.extend(notes);
    }
    let channels = files.channels();
    let scaling = match scaling {
        Some(scaling) => {
            let (expected, found) = (scaling.len(), channels.len());
            if expected != found {
                return Err(refused(SeriesError::Scalings { expected, found, names: listed(channels) }));
            }
            scaling.to_vec()
        }
        None if split == Split::Train => learn(channels, &segments).map_err(refused)?,
        None => learn(channels, &files.segments(Split::Train, options).map_err(refused)?).map_err(refused)?,
    };
    files.dataset(split, options, segments, scaling).map(Some).map_err(refused)
}

/// What the files at a path hold, uncut: all readings, with those that are missing.
///
/// # Errors
/// Nothing is there, or as [`crate::dataset::Dataset::open`].
pub fn recordings(path: &Path, options: &SeriesOptions) -> Result<Vec<Recording>, DatasetError> {
    let absent = || DatasetError::Read { path: path.to_owned(), cause: std::io::ErrorKind::NotFound.into() };
    let files = Files::read(path, options)?.ok_or_else(absent)?;
    Ok(files.all.into_iter().flat_map(|file| file.contents.recordings).collect())
}

/// Readings that a model would hardly have seen, at the median of a channel, in units of its spread.
const STRANGE: f32 = 8.0;

/// Says which channels read far from what a model has seen: they may stand in another order than in its training.
fn strange(channels: &[String], segments: &[Segment], scaling: &[Scaling]) -> Vec<String> {
    let count = channels.len();
    let median = |channel: usize| {
        let readings = segments.iter().flat_map(|segment| segment.readings.iter().skip(channel).step_by(count));
        let mut readings: Vec<f32> = readings.copied().filter(|reading| reading.is_finite()).collect();
        readings.sort_by(f32::total_cmp);
        readings.get(readings.len() / 2).copied()
    };
    let told = channels.iter().zip(scaling).enumerate().filter_map(|(channel, (name, scaling))| {
        let found = median(channel).filter(|median| scaling.value(*median).abs() > STRANGE)?;
        Some(format!(
            "series: channel {name} reads {found} in the middle, the model has seen {} give or take {}: are the channels in the order \
             of its training? --columns names them in order",
            scaling.offset, scaling.scale
        ))
    });
    // Where a model has another number of channels, that is said instead.
    if channels.len() == scaling.len() { told.collect() } else { Vec::new() }
}

fn learn(channels: &[String], segments: &[Segment]) -> Result<Vec<Scaling>, SeriesError> {
    scaling::learn(channels, segments.iter().map(|segment| segment.readings.as_slice()))
}

/// What a file holds, or one of its arrays.
struct OfFile {
    path: PathBuf,
    /// None where it is to be cut.
    split: Option<Split>,
    contents: Contents,
}

/// All files of a place.
struct Files {
    all: Vec<OfFile>,
    /// Names of classes, as labels count them.
    classes: Vec<String>,
    notes: Vec<String>,
}

impl Files {
    /// Reads everything at a path.
    fn read(path: &Path, options: &SeriesOptions) -> Result<Option<Self>, DatasetError> {
        let Some(Place { files, left_out }) = Place::find(path)? else { return Ok(None) };
        let (mut all, mut notes): (Vec<OfFile>, Vec<String>) = (Vec::new(), Vec::new());
        if !left_out.is_empty() {
            notes.push(format!("series: passed over {left_out} in {}", path.display()));
        }
        for (path, of_name) in files {
            for (of_array, contents) in read(&path, options)? {
                for note in &contents.notes {
                    notes.push(format!("series: {}: {note}", file_name(&path)));
                }
                all.push(OfFile { path: path.clone(), split: of_name.or(of_array), contents });
            }
        }
        for file in &all {
            file.expect_like(&all[0]).map_err(|cause| corrupt(&file.path, cause))?;
        }
        let named = all.iter().flat_map(|file| &file.contents.recordings).filter_map(|it| it.class.clone());
        let mut classes: Vec<String> = named.collect::<BTreeSet<String>>().into_iter().collect();
        classes.sort_by(|one, other| {
            let numbers = one.parse::<f64>().ok().zip(other.parse::<f64>().ok());
            numbers.map_or_else(|| one.cmp(other), |(one, other)| one.total_cmp(&other))
        });
        let files = Files { all, classes, notes };
        files.expect_options(options).map_err(|cause| corrupt(path, cause))?;
        Ok(Some(files))
    }

    /// Refuses options that say something about other files.
    fn expect_options(&self, options: &SeriesOptions) -> Result<(), SeriesError> {
        let refused = |option: &str, value: &str, advice: String| {
            Err(SeriesError::Option { option: format!("--{option} {value}"), advice })
        };
        match &options.normal {
            Some(normal) if self.classes.is_empty() => {
                let advice = "expected cases of classes, as .ts files have them; give --labels COLUMN for a series";
                refused("normal", normal, advice.to_owned())
            }
            Some(normal) if !self.classes.contains(normal) => {
                refused("normal", normal, format!("expected one of its classes, {}", listed(&self.classes)))
            }
            _ => Ok(()),
        }
    }

    fn channels(&self) -> &[String] {
        self.all.first().and_then(|file| file.contents.recordings.first()).map_or(&[], |recording| &recording.channels)
    }

    /// The parts of a split. To train on, of cases, those of the normal class alone.
    fn segments(&self, split: Split, options: &SeriesOptions) -> Result<Vec<Segment>, SeriesError> {
        let mut segments = Vec::new();
        for file in &self.all {
            let recordings = &file.contents.recordings;
            match (file.split, file.contents.cases) {
                (Some(other), _) if other != split => {}
                (Some(_), _) => segments.extend(recordings.iter().map(|it| self.cut(it, 0..it.len(), options))),
                (None, false) => {
                    segments.extend(recordings.iter().map(|it| self.cut(it, part(split, it.len()), options)))
                }
                (None, true) => {
                    segments.extend(cases(recordings, split).map(|it| self.cut(it, 0..it.len(), options)));
                }
            }
        }
        if segments.is_empty() && self.all.iter().all(|file| file.split.is_none()) {
            let found = self.all.iter().map(|file| file.contents.recordings.len()).sum();
            return Err(SeriesError::FewCases { split, found });
        }
        if segments.is_empty() {
            let words = "no file has the word in its name, and others say their splits: add one";
            let advice = match split {
                Split::Valid => format!("{words} with VALID in its name, or give another split"),
                _ => format!("{words} with {} in its name", split.name().to_uppercase()),
            };
            return Err(SeriesError::NoSplit { split, advice });
        }
        if let Some(normal) = options.normal.as_ref().filter(|_| split == Split::Train) {
            let class = self.class(Some(normal));
            segments.retain(|segment| segment.class == class);
            if segments.is_empty() {
                let advice = format!("expected a case of this class in the {} part, found none", split.name());
                return Err(SeriesError::Option { option: format!("--normal {normal}"), advice });
            }
        }
        Ok(segments)
    }

    fn cut(&self, recording: &Recording, part: std::ops::Range<usize>, options: &SeriesOptions) -> Segment {
        let anomalous = options.normal.as_ref().map(|normal| recording.class.as_ref() != Some(normal));
        Segment::cut(recording, part, self.class(recording.class.as_ref()), anomalous)
    }

    /// The index of a class, where labels can count them.
    fn class(&self, name: Option<&String>) -> Option<u8> {
        if self.classes.len() > MOST_CLASSES {
            return None;
        }
        u8::try_from(self.classes.iter().position(|class| Some(class) == name)?).ok()
    }

    /// Windows of the segments.
    fn dataset(
        self,
        split: Split,
        options: &SeriesOptions,
        segments: Vec<Segment>,
        scaling: Vec<Scaling>,
    ) -> Result<Dataset, SeriesError> {
        let (channels, cases) = (self.channels().to_vec(), self.all.iter().any(|file| file.contents.cases));
        let window = length(&segments, channels.len(), cases, options, split)?;
        let shape = shape(window, channels.len())?;
        let rate = options.rate.map_or_else(|| self.rate(), |rate| Ok(Some(rate)))?;
        let stride = options.stride(split);
        let windows = Windows::of(&segments, channels.len(), window, stride);
        let (mut notes, what) = (self.notes.clone(), if cases { "case" } else { "part" });
        let told = windows.notes(window, split, rate, segments.len(), what);
        notes.extend(told.into_iter().map(|told| format!("series: {told}")));
        let count = NonZeroUsize::new(windows.starts.len()).ok_or_else(|| SeriesError::Gaps {
            window,
            split: split.name(),
            left_out: windows.left_out().unwrap_or_default(),
        })?;

        let fault = (self.classes.len() > MOST_CLASSES)
            .then(|| format!("expected at most {MOST_CLASSES} classes, found {}", self.classes.len()));
        notes.extend(fault.iter().map(|cause| format!("series: the windows are taken without classes; {cause}")));
        let labels: Option<Vec<u8>> = windows.starts.iter().map(|start| segments[start.segment].class).collect();
        let series = Series { channels, segments, window, stride, starts: windows.starts, count, rate, scaling };
        if split == Split::Train {
            notes.extend(series.anomalies_in_training().map(|told| format!("series: {told}")));
        }
        let mut dataset = Dataset::of(Source::Series.name(), shape, Samples::Series(series), notes);
        dataset.class_names = labels.as_ref().map(|_| self.classes);
        dataset.labels = labels;
        dataset.label_fault = fault;
        Ok(dataset)
    }

    /// Readings a second, as timestamps say.
    fn rate(&self) -> Result<Option<f64>, SeriesError> {
        let times = self.all.iter().flat_map(|file| &file.contents.recordings).filter_map(|it| it.times.as_deref());
        let mut rates = times.filter_map(times::step).map(|step| 1.0 / step.mean);
        let Some(one) = rates.next() else { return Ok(None) };
        match rates.find(|other| (other / one - 1.0).abs() > SAME_RATE) {
            Some(other) => Err(SeriesError::Rates { one, other }),
            None => Ok(Some(one)),
        }
    }
}

impl OfFile {
    /// Refuses other channels than the first file has, and cases beside series.
    fn expect_like(&self, first: &OfFile) -> Result<(), SeriesError> {
        let of = |file: &OfFile| file.contents.recordings.first().map(|it| it.channels.clone()).unwrap_or_default();
        let (expected, found) = (of(first), of(self));
        if found == expected && self.contents.cases == first.contents.cases {
            return Ok(());
        }
        let (expected, found) = (listed(&expected), listed(&found));
        Err(SeriesError::Unlike { expected, other: file_name(&first.path), found })
    }
}

/// The cases of a split: of each class as many parts as of a series, in the order of the file.
fn cases(recordings: &[Recording], split: Split) -> impl Iterator<Item = &Recording> {
    let mut counts: BTreeMap<Option<&String>, usize> = BTreeMap::new();
    recordings.iter().for_each(|recording| *counts.entry(recording.class.as_ref()).or_default() += 1);
    let mut seen: BTreeMap<Option<&String>, usize> = BTreeMap::new();
    recordings.iter().filter(move |recording| {
        let class = recording.class.as_ref();
        let before = seen.entry(class).or_default();
        *before += 1;
        part(split, counts[&class]).contains(&(*before - 1))
    })
}
