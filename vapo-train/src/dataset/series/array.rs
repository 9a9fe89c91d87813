//! A series in an array of NumPy: `.npy`, or `.npz` with its labels beside it.
//!
//! | axes | what |
//! |---|---|
//! | (T) | T readings of one channel |
//! | (T, C) | T readings of C channels |
//! | (N, W, C) | N cases of W readings of C channels |
//!
//! An array of labels, `y`, `labels` or the one that `--labels` names, has a value a reading, or an integer class a case.
//! Names with the words train, valid and test say splits.

use crate::dataset::Split;
use crate::dataset::series::SeriesOptions;
use crate::dataset::series::error::{MOST_CASES, SeriesError, listed};
use crate::dataset::series::recording::{Contents, Recording};
use crate::dataset::series::split::split_of;
use crate::dataset::series::table::value::finite;
use crate::dataset::series::ts::numbered;
use crate::files::array::{Archive, Array, Class, Element, Header, order};
use std::io::{self, Read};
use std::path::Path;
use vapo_format::architecture::MAX_SCALINGS;

/// What a split holds; of no split what is to be cut.
pub(super) type OfSplit = (Option<Split>, Contents);

/// Numbers out of an array, row-major, and its axes.
struct Numbers {
    name: String,
    axes: Vec<usize>,
    values: Vec<f64>,
    /// Whether they are integers or truths.
    whole: bool,
}

/// The series in a `.npy` file.
///
/// # Errors
/// The outer: what the system says. The inner: what is wrong with the array, or with what is asked of it.
pub(super) fn read_file(
    path: &Path,
    name: &str,
    options: &SeriesOptions,
) -> io::Result<Result<Vec<OfSplit>, SeriesError>> {
    let array = Array::of_file(name, path)?;
    let contents = array.map_err(SeriesError::from).and_then(|array| {
        let numbers = numbers(name, array)?;
        Ok(vec![(None, contents(name, numbers, None, options)?)])
    });
    Ok(contents)
}

/// The series in a `.npz` file.
///
/// # Errors
/// As [`read_file`].
pub(super) fn read_archive(
    path: &Path,
    name: &str,
    options: &SeriesOptions,
) -> io::Result<Result<Vec<OfSplit>, SeriesError>> {
    Ok(Archive::of_file(path)?
        .map_err(SeriesError::from)
        .and_then(|mut archive| of_archive(&mut archive, name, options)))
}

fn of_archive<R: Read + io::Seek>(
    archive: &mut Archive<R>,
    file: &str,
    options: &SeriesOptions,
) -> Result<Vec<OfSplit>, SeriesError> {
    let mut names = archive.names();
    names.sort();
    let (labels, mut series): (Vec<String>, Vec<String>) =
        names.iter().cloned().partition(|name| is_label(name) || options.labels.as_ref() == Some(name));
    let refused = |expected| SeriesError::Array {
        array: file.to_owned(),
        expected,
        found: if names.is_empty() { "no array".to_owned() } else { listed(&names) },
    };
    let mut splits = Vec::new();
    for name in &series {
        splits.push(split_of(name)?);
    }
    if splits.iter().any(Option::is_some) {
        let mut keep = splits.iter().map(Option::is_some);
        series.retain(|_| keep.next().unwrap_or_default());
        splits.retain(Option::is_some);
    } else if series.len() > 1 {
        let usual = ["x", "X", "data", "series", "readings", "values", "arr_0"];
        series.retain(|name| usual.contains(&name.as_str()));
    }
    if series.is_empty() || (splits.iter().all(Option::is_none) && series.len() != 1) {
        return Err(refused("one array of readings, named x or data, or one a split, named x_train and x_test"));
    }
    let mut contents = Vec::new();
    for (name, split) in series.iter().zip(splits) {
        if contents.iter().any(|(other, _)| split.is_some() && *other == split) {
            return Err(refused("one array of readings a split"));
        }
        let of_split = |label: &&String| split_of(label).is_ok_and(|other| other == split);
        let chosen = options.labels.as_ref().filter(|label| labels.contains(label));
        let label = chosen.or_else(|| labels.iter().find(of_split));
        let readings = numbers(name, archive.array(name)?)?;
        let label = label.map(|label| numbers(label, archive.array(label)?)).transpose()?;
        contents.push((split, self::contents(file, readings, label, options)?));
    }
    Ok(contents)
}

/// Whether a name says that an array labels another.
fn is_label(name: &str) -> bool {
    let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).map(str::to_lowercase);
    words.any(|word| matches!(word.as_str(), "y" | "label" | "labels" | "class" | "classes" | "anomaly" | "target"))
}

fn numbers(name: &str, array: Array<impl Read>) -> Result<Numbers, SeriesError> {
    let Header { element, description, shape, fortran, .. } = array.header.clone();
    let refused = |found| SeriesError::Array { array: name.to_owned(), expected: "an array of numbers", found };
    let element = element.filter(|element: &Element| element.is_number()).ok_or_else(|| refused(description))?;
    let bytes = array.values(element)?;
    let mut values: Vec<f64> = element.numbers(&bytes).collect();
    if fortran {
        values = order::row_major(&values, &shape);
    }
    let axes: Option<Vec<usize>> = shape.iter().map(|&axis| usize::try_from(axis).ok()).collect();
    let axes = axes.ok_or_else(|| refused(format!("axes {shape:?}")))?;
    Ok(Numbers { name: name.to_owned(), axes, values, whole: element.class != Class::Float })
}

/// What an array's readings and labels are, for the options.
fn contents(
    file: &str,
    readings: Numbers,
    labels: Option<Numbers>,
    options: &SeriesOptions,
) -> Result<Contents, SeriesError> {
    let Numbers { name, axes, values, .. } = readings;
    if values.is_empty() {
        return Err(SeriesError::Empty);
    }
    let (cases, length, all) = match *axes.as_slice() {
        [length] => (None, length, 1),
        [length, all] => (None, length, all),
        [cases, length, all] => (Some(cases), length, all),
        _ => {
            let expected = "readings (T) or (T, C), or cases (N, W, C)";
            return Err(SeriesError::Array { array: name, expected, found: format!("axes {axes:?}") });
        }
    };
    let column = match (&options.labels, &labels) {
        (Some(wanted), None) => Some(column_of_labels(wanted, &axes)?),
        _ => None,
    };
    let chosen = channels(all, column, options, &axes)?;
    if let Some(labels) = &labels {
        labels.expect(cases.unwrap_or(length))?;
    }
    let of_part = |part: &[f64]| -> Vec<f32> {
        part.chunks_exact(all).flat_map(|reading| chosen.iter().map(|&channel| finite(reading[channel]))).collect()
    };
    let recording = |name: String, part: &[f64]| Recording {
        name,
        channels: chosen.iter().map(|channel| (channel + 1).to_string()).collect(),
        readings: of_part(part),
        times: None,
        anomalous: None,
        class: None,
    };
    let Some(cases) = cases else {
        let is_anomaly = |value: &f64| *value != 0.0;
        let of_column = column.map(|column| values.iter().skip(column).step_by(all).map(is_anomaly).collect());
        let anomalous = labels.map(|labels| labels.values.iter().map(is_anomaly).collect()).or(of_column);
        let recordings = vec![Recording { anomalous, ..recording(file.to_owned(), &values) }];
        return Ok(Contents { recordings, cases: false, notes: vec![] });
    };
    if cases > MOST_CASES {
        return Err(SeriesError::Cases);
    }
    if let Some(labels) = labels.as_ref().filter(|labels| !labels.whole) {
        let (array, expected) = (labels.name.clone(), "integers, a class for each case");
        return Err(SeriesError::Array { array, expected, found: "floats: save y.astype(int)".to_owned() });
    }
    let class = |index: usize| labels.as_ref().map(|labels| labels.values[index].to_string());
    let case = |(index, part): (usize, &[f64])| Recording {
        class: class(index),
        ..recording(format!("{file}, case {}", index + 1), part)
    };
    let recordings = values.chunks_exact(length * all).enumerate().map(case).collect();
    Ok(Contents { recordings, cases: true, notes: vec![] })
}

impl Numbers {
    /// Refuses other than one a reading, or one a case.
    fn expect(&self, expected: usize) -> Result<(), SeriesError> {
        if self.values.len() == expected {
            return Ok(());
        }
        Err(SeriesError::Array {
            array: self.name.clone(),
            expected: "a label for each reading, or a class for each case",
            found: format!("{} for {expected}", self.values.len()),
        })
    }
}

/// The column of an array of readings that holds labels, from 0.
fn column_of_labels(wanted: &str, axes: &[usize]) -> Result<usize, SeriesError> {
    let option = format!("--labels {wanted}");
    let [_, all] = *axes else {
        let advice = "expected the name of an array of labels, or the number of a column of an array (T, C)".to_owned();
        return Err(SeriesError::Option { option, advice });
    };
    let number = wanted.parse::<usize>().ok().filter(|number| (1..=all).contains(number));
    number.map(|number| number - 1).ok_or_else(|| SeriesError::NoColumn {
        option: "labels",
        wanted: wanted.to_owned(),
        found: format!("1 to {all}"),
    })
}

/// The channels that are asked for, from 0; if none is, all but the column of labels.
fn channels(
    all: usize,
    labels: Option<usize>,
    options: &SeriesOptions,
    axes: &[usize],
) -> Result<Vec<usize>, SeriesError> {
    if options.columns.is_empty() {
        let found = all - usize::from(labels.is_some());
        return match found {
            0 => Err(SeriesError::Channels { found, advice: "the only column holds the labels" }),
            1..=MAX_SCALINGS => Ok((0..all).filter(|index| Some(*index) != labels).collect()),
            _ => Err(SeriesError::Channels { found, advice: advice_on_many(axes) }),
        };
    }
    let chosen = numbered(all, &options.columns)?;
    match labels.filter(|labels| chosen.contains(labels)) {
        Some(wanted) => Err(SeriesError::NotAChannel { wanted: (wanted + 1).to_string(), found: "the labels" }),
        None => Ok(chosen),
    }
}

/// What to do with more channels than there may be.
fn advice_on_many(axes: &[usize]) -> &'static str {
    match axes {
        [length, all] if length <= all => "save x.T if the channels come first",
        _ => "choose some by number with --columns; if each row is a case of one channel, save x[:, :, None]",
    }
}
