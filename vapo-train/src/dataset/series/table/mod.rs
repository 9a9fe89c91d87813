//! A series in a table: text with a reading in each line, of columns separated by commas, semicolons or tabs.
//!
//! | module | concept |
//! |---|---|
//! | [`value`] | what the text of a field says |
//! | `columns` | what each column is: time, label, channel, or nothing that is read |
//! | [`rewrite`] | the same table with values where some were missing |

mod columns;
pub(super) mod rewrite;
#[cfg(test)]
mod tests;
pub(super) mod value;

use crate::dataset::series::error::SeriesError;
use crate::dataset::series::recording::{Contents, Recording};
use crate::dataset::series::{SeriesOptions, times};
use columns::{Columns, Time};
use csv::{ByteRecord, Reader, ReaderBuilder};
use std::io::{self, BufReader, Read};
use value::{Value, is_date};
use vapo_format::architecture::MAX_SCALINGS;

/// Lines that show what columns are.
const SHOWN: usize = 256;
/// Bytes that show what separates columns.
const BEGINNING: u64 = 1 << 16;
/// What may separate columns: the first of those that the first line has most often.
const SEPARATORS: [u8; 3] = [b';', b'\t', b','];
/// What text in UTF-8 may begin with.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The series in a table.
///
/// # Errors
/// The outer: what the system says. The inner: what is wrong with the table, or with what is asked of it.
pub(super) fn read(
    name: &str,
    reader: impl Read,
    options: &SeriesOptions,
) -> io::Result<Result<Contents, SeriesError>> {
    let read = || Table::open(reader, options)?.readings(name);
    settled(read())
}

/// What the system says apart from what is wrong with the table.
fn settled<T>(result: Result<T, Fault>) -> io::Result<Result<T, SeriesError>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Fault::Access(cause)) => Err(cause),
        Err(Fault::Contents(cause)) => Ok(Err(cause)),
    }
}

/// Why there is no series.
enum Fault {
    Access(io::Error),
    Contents(SeriesError),
}

impl From<SeriesError> for Fault {
    fn from(cause: SeriesError) -> Self {
        Fault::Contents(cause)
    }
}

impl From<io::Error> for Fault {
    fn from(cause: io::Error) -> Self {
        Fault::Access(cause)
    }
}

impl From<csv::Error> for Fault {
    fn from(cause: csv::Error) -> Self {
        Fault::Access(cause.into())
    }
}

/// The encoding of text that is not in UTF-8, as far as its first bytes show it.
fn encoding(start: &[u8]) -> Option<&'static str> {
    match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        _ if start.contains(&0) => Some("bytes of 0, which no text has"),
        _ => None,
    }
}

/// What separates the columns of the first line.
fn separator(start: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [0; SEPARATORS.len()];
    let first = start.split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| !line.is_empty());
    for byte in first.unwrap_or_default() {
        quoted ^= *byte == b'"';
        if let Some(index) = SEPARATORS.iter().position(|separator| !quoted && separator == byte) {
            counts[index] += 1;
        }
    }
    let most = counts.into_iter().max().unwrap_or_default();
    let found = SEPARATORS.into_iter().zip(counts).find(|(_, count)| most > 0 && *count == most);
    found.map_or(b',', |(separator, _)| separator)
}

/// A table whose first lines were read.
struct Table<R> {
    reader: Reader<R>,
    /// What separates columns.
    separator: u8,
    /// The line of names, where there is one.
    header: Option<ByteRecord>,
    columns: Columns,
    /// Fields of a line.
    fields: usize,
    /// Lines of readings that were read to see what columns are.
    shown: Vec<ByteRecord>,
}

impl<'r> Table<Box<dyn Read + 'r>> {
    fn open(reader: impl Read + 'r, options: &SeriesOptions) -> Result<Self, Fault> {
        let mut reader = BufReader::new(reader);
        let mut start = Vec::new();
        (&mut reader).take(BEGINNING).read_to_end(&mut start)?;
        if let Some(found) = encoding(&start) {
            return Err(SeriesError::Encoding { found }.into());
        }
        start.drain(..if start.starts_with(MARK) { MARK.len() } else { 0 });
        let separator = separator(&start);
        let text: Box<dyn Read + 'r> = Box::new(io::Cursor::new(start).chain(reader));
        let table = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text);
        Table::begin(table, separator, options)
    }
}

impl<R: Read> Table<R> {
    fn begin(mut reader: Reader<R>, separator: u8, options: &SeriesOptions) -> Result<Self, Fault> {
        let mut shown = Vec::new();
        let mut record = ByteRecord::new();
        while shown.len() <= SHOWN && reader.read_byte_record(&mut record)? {
            shown.push(record.clone());
        }
        let first = shown.first().ok_or(SeriesError::Empty)?;
        let (fields, has_names) = (first.len(), has_names(first, shown.get(1)));
        let header = has_names.then(|| shown.remove(0));
        let names = match &header {
            Some(header) => names(header),
            None => (1..=fields).map(|number| number.to_string()).collect(),
        };
        if shown.is_empty() {
            return Err(SeriesError::Empty.into());
        }
        let lines: Vec<Vec<&[u8]>> = shown.iter().map(|record| record.iter().collect()).collect();
        let columns = Columns::choose(names, has_names, &lines, options)?;
        let found = columns.channels.len();
        if found > MAX_SCALINGS {
            let advice = "choose some with --columns; if each line is a case and not a reading, give a .ts file";
            return Err(SeriesError::Channels { found, advice }.into());
        }
        Ok(Table { reader, separator, header, columns, fields, shown })
    }

    /// All readings.
    fn readings(mut self, name: &str) -> Result<Contents, Fault> {
        let mut lines = Lines::new(&self.columns, self.fields);
        for record in &self.shown {
            lines.add(record)?;
        }
        let mut record = ByteRecord::new();
        while self.reader.read_byte_record(&mut record)? {
            lines.add(&record)?;
        }
        let Lines { readings, times, anomalous, .. } = lines;
        let (channels, notes) = (self.columns.channel_names(), self.columns.notes);
        let (times, anomalous) = (self.columns.time.map(|_| times), self.columns.labels.map(|_| anomalous));
        let recording = Recording { name: name.to_owned(), channels, readings, times, anomalous, class: None };
        Ok(Contents { recordings: vec![recording], cases: false, notes })
    }
}

/// Whether the first line names columns: one of its fields is neither a number, nor a date, nor missing; or its first is
/// empty, as pandas leaves it above the index.
fn has_names(first: &ByteRecord, second: Option<&ByteRecord>) -> bool {
    let is_name = |field: &[u8]| Value::of(field) == Value::Text && !is_date(field) && !is_clock(field);
    let above = |second: &ByteRecord| first.get(0) == Some(b"") && second.get(0).is_some_and(|field| !field.is_empty());
    first.iter().any(is_name) || (first.len() > 1 && second.is_some_and(above))
}

/// Whether text is a time of day.
fn is_clock(field: &[u8]) -> bool {
    is_date(&[b"1970-01-01 ", field.trim_ascii()].concat())
}

/// The names in a first line. NumPy puts a `#` before them.
fn names(first: &ByteRecord) -> Vec<String> {
    let name = |(index, field): (usize, &[u8])| {
        let text = String::from_utf8_lossy(field);
        let text = text.trim();
        if index == 0 { text.trim_start_matches(['#', ' ']).to_owned() } else { text.to_owned() }
    };
    first.iter().enumerate().map(name).collect()
}

/// Readings in the making.
struct Lines<'c> {
    columns: &'c Columns,
    fields: usize,
    readings: Vec<f32>,
    times: Vec<f64>,
    anomalous: Vec<bool>,
    /// Seconds in a unit of the times that are numbers.
    unit: Option<f64>,
}

impl<'c> Lines<'c> {
    fn new(columns: &'c Columns, fields: usize) -> Self {
        let unit = columns.time.and_then(|time| time.unit);
        Lines { columns, fields, readings: vec![], times: vec![], anomalous: vec![], unit }
    }

    fn add(&mut self, record: &ByteRecord) -> Result<(), SeriesError> {
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != self.fields {
            return Err(SeriesError::Fields { line, expected: self.fields, found: record.len() });
        }
        let columns = self.columns;
        let field = |index: usize| record.get(index).unwrap_or_default();
        let (column, text) = (|index: usize| columns.names[index].clone(), |index: usize| lossy(field(index)));
        for &index in &columns.channels {
            let refused = || SeriesError::Number {
                line,
                column: column(index),
                found: text(index),
                advice: value::advice(field(index)),
            };
            self.readings.push(Value::of(field(index)).reading().ok_or_else(refused)?);
        }
        if let Some(place) = columns.time {
            let index = place.column;
            let found = || place.clock.map_or_else(|| text(index), |clock| format!("{} {}", text(index), text(clock)));
            let refused = || SeriesError::Time { line, column: column(index), found: found() };
            let time = self.time(place, record).ok_or_else(refused)?;
            if let Some(before) = self.times.last().filter(|before| **before > time) {
                let before = format!("{before} seconds");
                let found = format!("{time} seconds ({})", found());
                return Err(SeriesError::Backwards { line, column: column(index), before, found });
            }
            self.times.push(time);
        }
        if let Some(index) = columns.labels {
            let refused = || SeriesError::Label { line, column: column(index), found: text(index) };
            self.anomalous.push(is_anomalous(field(index)).ok_or_else(refused)?);
        }
        Ok(())
    }

    /// Seconds of a line's time.
    fn time(&mut self, place: Time, record: &ByteRecord) -> Option<f64> {
        let field = |index: usize| record.get(index).unwrap_or_default().trim_ascii();
        match (Value::of(field(place.column)), place.clock) {
            (Value::Number(number), None) if number.is_finite() => {
                Some(number * *self.unit.get_or_insert_with(|| times::unit_of(number)))
            }
            (Value::Text, clock) => {
                let clock = clock.map_or(String::new(), |clock| format!(" {}", lossy(field(clock))));
                times::date_time(&(lossy(field(place.column)) + &clock))
            }
            _ => None,
        }
    }
}

/// Text for people, and for what is read as text.
fn lossy(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim().to_owned()
}

/// What a label says.
fn is_anomalous(field: &[u8]) -> Option<bool> {
    match (Value::of(field), lossy(field).to_lowercase().as_str()) {
        (Value::Number(number), _) => Some(number != 0.0),
        (_, "normal" | "false" | "no") => Some(false),
        (_, "anomaly" | "anomalous" | "abnormal" | "true" | "yes") => Some(true),
        _ => None,
    }
}
