//! Why a series cannot be read.

use crate::dataset::Split;
use crate::files::array::ArrayFileError;
use vapo_format::architecture::MAX_SCALINGS;

/// Most cases of a file: each takes memory of its own, however short it is.
pub(super) const MOST_CASES: usize = 1 << 22;
/// Names that are listed one by one.
const LISTED: usize = 16;

/// Names for people, of which there may be many.
pub(super) fn listed(names: &[String]) -> String {
    let mut told = names[..names.len().min(LISTED)].join(", ");
    if names.len() > LISTED {
        told += &format!(" and {} more", names.len() - LISTED);
    }
    told
}

/// What is wrong with a series, or with what is asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// Text in another encoding than UTF-8.
    #[error("expected text in UTF-8, found {found}: save it as \"CSV UTF-8\"")]
    Encoding {
        /// What it is in.
        found: &'static str,
    },
    /// There is no reading.
    #[error("expected at least one reading, found none")]
    Empty,
    /// A line of another number of fields than the first.
    #[error(
        "line {line}: expected {expected} fields as in the first line, found {found}: is the line cut off, or a quote not closed?"
    )]
    Fields {
        /// The line, from 1.
        line: u64,
        /// Fields of the first line.
        expected: usize,
        /// Fields of this.
        found: usize,
    },
    /// Text that is no number.
    #[error("line {line}, column {column}: expected a number, found {found:?}: {advice}")]
    Number {
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// The text.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// Text that is no time.
    #[error(
        "line {line}, column {column}: expected the time of a reading, a number of seconds or a date as \
         2024-05-01T12:00:00, found {found:?}: correct it, or take the column out"
    )]
    Time {
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// The text.
        found: String,
    },
    /// Time goes back.
    #[error(
        "line {line}, column {column}: expected a time not before {before}, found {found}: sort the lines by time, or make a file of each recording"
    )]
    Backwards {
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// The time of the line before.
        before: String,
        /// The time of this.
        found: String,
    },
    /// No channel is left.
    #[error("expected a column of numbers, found none: its columns are {found}")]
    NoChannel {
        /// Every column, with what it is.
        found: String,
    },
    /// A column was asked for that is not there.
    #[error("--{option} {wanted}: expected one of its columns, {found}")]
    NoColumn {
        /// The option that asks for it.
        option: &'static str,
        /// The name.
        wanted: String,
        /// Every column.
        found: String,
    },
    /// A column was asked for that cannot be a channel.
    #[error("--columns {wanted}: expected a channel, found {found}: leave it out")]
    NotAChannel {
        /// The name.
        wanted: String,
        /// What the column is.
        found: &'static str,
    },
    /// A label that says nothing.
    #[error(
        "line {line}, column {column}: expected 0 or normal for a normal reading, or another number, true or anomaly, found {found:?}"
    )]
    Label {
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// The text.
        found: String,
    },
    /// More channels than have a scaling each.
    #[error("expected 1 to {MAX_SCALINGS} channels, found {found}: {advice}")]
    Channels {
        /// Their number.
        found: usize,
        /// What to do.
        advice: &'static str,
    },
    /// A channel that has no scaling.
    #[error(
        "channel {channel}: expected readings that differ, found {found}: leave it out, by naming the others with --columns"
    )]
    Channel {
        /// Its name.
        channel: String,
        /// What its readings are.
        found: String,
    },
    /// Other channels than another file has.
    #[error(
        "expected the channels {expected} as in {other}, found {found}: name those that all files have with --columns"
    )]
    Unlike {
        /// The channels of the other.
        expected: String,
        /// The other file.
        other: String,
        /// The channels of this.
        found: String,
    },
    /// Other channels than a model has.
    #[error(
        "expected {expected} channels, as the model or the run has, found {found}: {names}: name its channels with --columns"
    )]
    Scalings {
        /// Those of the model.
        expected: usize,
        /// Those of the series.
        found: usize,
        /// Their names.
        names: String,
    },
    /// A line of a `.ts` file that is not understood.
    #[error("line {line}: expected {expected}, found {found}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Cases of several lengths.
    #[error(
        "expected cases of one length, found {least} to {greatest} readings: give --window with at most {greatest}, and \
         shorter cases are left out; or the file that has them at equal length"
    )]
    Lengths {
        /// The shortest.
        least: usize,
        /// The longest.
        greatest: usize,
    },
    /// An option that says something about other files.
    #[error("{option}: {advice}")]
    Option {
        /// The option.
        option: String,
        /// Why it cannot be followed.
        advice: String,
    },
    /// Too few readings for a window.
    #[error(
        "expected at least {window} readings that follow one another, a window, found {longest} in its {split} part: give a smaller --window"
    )]
    Short {
        /// Readings of a window.
        window: usize,
        /// Readings of the longest part.
        longest: usize,
        /// The part.
        split: &'static str,
    },
    /// No window is clean.
    #[error(
        "no window of {window} readings is left in its {split} part: {left_out}: give a smaller --window, or fill the gaps"
    )]
    Gaps {
        /// Readings of a window.
        window: usize,
        /// The part.
        split: &'static str,
        /// What was left out.
        left_out: String,
    },
    /// Files of several kinds in a folder.
    #[error("expected the files of one kind, found {found}: name one file with --data-dir, or move the others")]
    Kinds {
        /// A file of each.
        found: String,
    },
    /// A name that says two splits.
    #[error("its name holds words of several splits: rename it, so that it says one of train, valid and test")]
    Words,
    /// A split that no file is of.
    #[error("there is no {} split: {advice}", split.name())]
    NoSplit {
        /// The split.
        split: Split,
        /// What to do.
        advice: String,
    },
    /// More cases than are taken.
    #[error("expected at most {MOST_CASES} cases, found more: give some of them")]
    Cases,
    /// A file of too few cases to be cut.
    #[error("of {found} cases none is in its {} part: give more, or a folder with a file for each split", split.name())]
    FewCases {
        /// The split.
        split: Split,
        /// All cases.
        found: usize,
    },
    /// Recordings at several rates.
    #[error(
        "expected readings at one rate, found {one} and {other} a second: resample them, or give files of one rate"
    )]
    Rates {
        /// A rate.
        one: f64,
        /// Another.
        other: f64,
    },
    /// An array that holds no series.
    #[error("{array}: expected {expected}, found {found}")]
    Array {
        /// Its name.
        array: String,
        /// What is read.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A file of arrays that is damaged.
    #[error(transparent)]
    File(#[from] ArrayFileError),
}
