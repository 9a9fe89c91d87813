//! Cases in a `.ts` file, as the archives of UCR, UEA and aeon have them: a case a line, its channels separated by colons,
//! its class last.

use crate::dataset::series::SeriesOptions;
use crate::dataset::series::error::{MOST_CASES, SeriesError};
use crate::dataset::series::recording::{Contents, Recording};
use crate::dataset::series::table::value::Value;
use std::io::{self, BufRead, BufReader, Read};
use vapo_format::architecture::MAX_SCALINGS;

/// What the lines before the data say.
#[derive(Default)]
struct Header {
    /// Whether the last field of a case is its class.
    has_class: bool,
    /// The names of the classes, where they are listed.
    classes: Vec<String>,
    /// Whether it is a number to be predicted.
    has_target: bool,
    timestamps: bool,
}

/// The cases in a file.
///
/// # Errors
/// The outer: what the system says. The inner: what is wrong with the file, or with what is asked of it.
pub(super) fn read(
    name: &str,
    reader: impl Read,
    options: &SeriesOptions,
) -> io::Result<Result<Contents, SeriesError>> {
    let mut reader = BufReader::new(reader);
    let (mut header, mut in_data, mut recordings) = (Header::default(), false, Vec::new());
    let (mut number, mut line) = (0, Vec::new());
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        number += 1;
        let text = line.trim_ascii();
        let read = match text.first() {
            None | Some(b'#' | b'%') => Ok(()),
            Some(b'@') if !in_data => header.add(text, number).map(|data| in_data = data),
            _ if !in_data => Err(refused(number, "a line that begins with @ or #, and @data before the cases", text)),
            _ if recordings.len() == MOST_CASES => Err(SeriesError::Cases),
            _ => header.case(text, number).map(|case| recordings.push(case)),
        };
        if let Err(cause) = read {
            return Ok(Err(cause));
        }
    }
    Ok(header.finish(name, recordings, options))
}

fn refused(line: u64, expected: &'static str, found: &[u8]) -> SeriesError {
    let mut found: String = String::from_utf8_lossy(&found[..found.len().min(200)]).chars().take(40).collect();
    found = format!("{found:?}");
    SeriesError::Line { line, expected, found }
}

/// A case without a name.
struct Case {
    line: u64,
    /// A list a channel.
    channels: Vec<Vec<f32>>,
    class: Option<String>,
}

impl Header {
    /// Takes a line that begins with `@`. Whether the data begins after it.
    fn add(&mut self, text: &[u8], line: u64) -> Result<bool, SeriesError> {
        let words = String::from_utf8_lossy(text);
        let mut words = words.split_whitespace();
        let key = words.next().unwrap_or_default().to_lowercase();
        let truth = |words: &mut std::str::SplitWhitespace<'_>| match words.next().map(str::to_lowercase).as_deref() {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            _ => Err(refused(line, "true or false after the first word", text)),
        };
        match key.as_str() {
            "@data" => return Ok(true),
            "@timestamps" => self.timestamps = truth(&mut words)?,
            "@classlabel" => {
                self.has_class = truth(&mut words)?;
                self.classes = words.map(str::to_owned).collect();
            }
            "@targetlabel" => self.has_target = truth(&mut words)?,
            _ => {}
        }
        Ok(false)
    }

    fn case(&self, text: &[u8], line: u64) -> Result<Case, SeriesError> {
        if self.timestamps {
            return Err(refused(line, "values without times (@timestamps false): write the values alone", text));
        }
        let mut fields: Vec<&[u8]> = text.split(|byte| *byte == b':').collect();
        let last = (self.has_class || self.has_target).then(|| fields.pop()).flatten();
        if fields.is_empty() {
            return Err(refused(line, "values with commas between them, and a class after a colon", text));
        }
        let class = last.filter(|_| self.has_class).map(|class| String::from_utf8_lossy(class).trim().to_owned());
        if let Some(class) = class.as_ref().filter(|class| !self.classes.is_empty() && !self.classes.contains(class)) {
            return Err(refused(
                line,
                "one of the classes that @classLabel lists after the last colon",
                class.as_bytes(),
            ));
        }
        let value = |field: &[u8]| match field.trim_ascii() {
            b"?" => Ok(f32::NAN),
            field => {
                Value::of(field).reading().ok_or_else(|| refused(line, "a number, or ? for a missing value", field))
            }
        };
        let channel = |field: &&[u8]| field.split(|byte| *byte == b',').map(value).collect::<Result<Vec<f32>, _>>();
        let channels: Vec<Vec<f32>> = fields.iter().map(channel).collect::<Result<_, _>>()?;
        if channels.iter().any(|channel| channel.len() != channels[0].len()) {
            return Err(refused(line, "channels of one length", text));
        }
        Ok(Case { line, channels, class })
    }

    /// The cases as recordings, of the channels that are asked for.
    fn finish(self, name: &str, cases: Vec<Case>, options: &SeriesOptions) -> Result<Contents, SeriesError> {
        let Some(first) = cases.first() else { return Err(SeriesError::Empty) };
        if let Some(labels) = &options.labels {
            let advice = "its cases have classes, and no label a reading: give --normal CLASS".to_owned();
            return Err(SeriesError::Option { option: format!("--labels {labels}"), advice });
        }
        let all = first.channels.len();
        if let Some(other) = cases.iter().find(|case| case.channels.len() != all) {
            let found = format!("{} channels where the first case has {all}", other.channels.len());
            return Err(SeriesError::Line {
                line: other.line,
                expected: "as many channels as in the first case",
                found,
            });
        }
        let chosen = numbered(all, &options.columns)?;
        let mut recordings = Vec::with_capacity(cases.len());
        for (index, Case { channels, class, .. }) in cases.into_iter().enumerate() {
            let readings = 0..channels[0].len();
            let readings =
                readings.flat_map(|at| chosen.iter().map(|&channel| channels[channel][at]).collect::<Vec<_>>());
            recordings.push(Recording {
                name: format!("{name}, case {}", index + 1),
                channels: chosen.iter().map(|channel| (channel + 1).to_string()).collect(),
                readings: readings.collect(),
                times: None,
                anomalous: None,
                class,
            });
        }
        let note = "the numbers that its cases are to predict are left out".to_owned();
        Ok(Contents { recordings, cases: true, notes: self.has_target.then_some(note).into_iter().collect() })
    }
}

/// The channels that are asked for by number, from 0; all of them, if none is.
pub(super) fn numbered(all: usize, columns: &[String]) -> Result<Vec<usize>, SeriesError> {
    let mut chosen = Vec::new();
    for wanted in columns {
        let number = wanted.parse::<usize>().ok().filter(|number| (1..=all).contains(number));
        let absent = || SeriesError::NoColumn {
            option: "columns",
            wanted: wanted.clone(),
            found: if all == 1 { "1".to_owned() } else { format!("1 to {all}") },
        };
        let channel = number.ok_or_else(absent)? - 1;
        if chosen.contains(&channel) {
            return Err(SeriesError::NotAChannel { wanted: wanted.clone(), found: "a channel that is named twice" });
        }
        chosen.push(channel);
    }
    if columns.is_empty() {
        chosen = (0..all).collect();
    }
    if chosen.len() > MAX_SCALINGS {
        return Err(SeriesError::Channels { found: chosen.len(), advice: "choose some by number with --columns" });
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, options: &SeriesOptions) -> Result<Contents, SeriesError> {
        read("x.ts", text.as_bytes(), options).unwrap()
    }

    fn usual(text: &str) -> Result<Contents, SeriesError> {
        file(text, &SeriesOptions::default())
    }

    const TWO: &str = "# of two channels\r\n@problemName Two\n@timeStamps false\n@classLabel true up down\n\n@data\n\
                       1,2,3:4,5,6:up\n7,?,9:10,11,NaN: down \n";

    #[test]
    fn cases_are_read_reading_by_reading() {
        let Contents { recordings, cases, notes } = usual(TWO).unwrap();
        assert!(cases && notes.is_empty() && recordings.len() == 2);
        assert_eq!(recordings[0].readings, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert!(recordings[1].readings[2].is_nan() && recordings[1].readings[5].is_nan());
        let of = |index: usize| (recordings[index].class.as_deref(), recordings[index].name.as_str());
        assert_eq!((of(0), of(1)), ((Some("up"), "x.ts, case 1"), (Some("down"), "x.ts, case 2")));
        let second = SeriesOptions { columns: vec!["2".to_owned()], ..SeriesOptions::default() };
        let second = file(TWO, &second).unwrap();
        assert_eq!(
            (second.recordings[0].readings.as_slice(), &second.recordings[0].channels[0]),
            (&[4.0, 5.0, 6.0][..], &"2".to_owned())
        );
    }

    #[test]
    fn numbers_to_predict_are_left_out() {
        let read = usual("@targetlabel true\n@data\n1,2:7.5\n").unwrap();
        assert!(
            read.recordings[0].readings == [1.0, 2.0] && read.recordings[0].class.is_none() && read.notes.len() == 1
        );
    }

    #[test]
    fn what_is_not_understood_is_told_by_its_line() {
        for (text, parts) in [
            ("1,2:a\n", &["line 1", "@data"][..]),
            ("@classLabel true a\n@data\n1,2:b\n", &["line 3", "one of the classes", "\"b\""]),
            ("@classLabel true a\n@data\n1,x:a\n", &["line 3", "a number", "\"x\""]),
            ("@classLabel true a\n@data\n1,2:3:a\n", &["line 3", "channels of one length"]),
            ("@classLabel true a\n@data\n1:a\n1:2:a\n", &["line 4", "as many channels"]),
            ("@classLabel true a\n@data\na\n", &["line 3", "a class after a colon"]),
            ("@timestamps true\n@data\n(2024-01-01,3):a\n", &["line 3", "without times"]),
            ("@classLabel maybe\n", &["line 1", "true or false"]),
            ("@data\n", &["at least one reading"]),
            ("", &["at least one reading"]),
        ] {
            let told = usual(text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| told.contains(part)), "{told}");
        }
        let told = |options| file(TWO, &options).unwrap_err().to_string();
        let (columns, labels) = (vec!["3".to_owned()], Some("y".to_owned()));
        assert!(told(SeriesOptions { columns, ..SeriesOptions::default() }).contains("1 to 2"));
        assert!(told(SeriesOptions { labels, ..SeriesOptions::default() }).contains("--normal"));
    }
}
