//! What each column of a table is: time, label, channel, or nothing that is read.

use crate::dataset::series::SeriesOptions;
use crate::dataset::series::error::{SeriesError, listed};
use crate::dataset::series::table::value::{Value, is_date};

/// First words of the names of columns of times.
const TIMES: [&str; 6] = ["time", "timestamp", "timestamps", "datetime", "date", "ts"];
/// Words of such names that say which fraction of a second is counted.
const UNITS: [(&[&str], f64); 3] = [
    (&["ms", "msec", "millis", "milliseconds"], 1e-3),
    (&["us", "µs", "micros", "microseconds"], 1e-6),
    (&["ns", "nanos", "nanoseconds"], 1e-9),
];
/// Names of columns that count lines.
const COUNTERS: [&str; 5] = ["", "index", "unnamed: 0", "row", "obs"];
/// Names of columns that say what a reading is, and would give it away.
const LABELS: [&str; 9] =
    ["label", "labels", "class", "target", "anomaly", "anomalies", "is_anomaly", "is_anomalous", "outlier"];

/// The columns of a table, by their indices.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Columns {
    /// All names: numbers from 1 where the table has none.
    pub(super) names: Vec<String>,
    /// The channels, in the order in which they were asked for.
    pub(super) channels: Vec<usize>,
    pub(super) time: Option<Time>,
    pub(super) labels: Option<usize>,
    /// What a person should know of the choice.
    pub(super) notes: Vec<String>,
}

/// Where the times of readings are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Time {
    pub(super) column: usize,
    /// The column of the time of day, where the first holds dates alone.
    pub(super) clock: Option<usize>,
    /// Seconds a unit, where the name says it.
    pub(super) unit: Option<f64>,
}

/// What the first lines of a table show of a column.
struct Column<'t> {
    index: usize,
    name: &'t str,
    /// Its fields.
    fields: Vec<&'t [u8]>,
}

impl Column<'_> {
    fn values(&self) -> impl Iterator<Item = Value> {
        self.fields.iter().map(|field| Value::of(field))
    }

    fn has_number(&self) -> bool {
        self.values().any(|value| matches!(value, Value::Number(_)))
    }

    /// Whether it holds text and no number.
    fn is_text(&self) -> bool {
        !self.has_number() && self.values().any(|value| value == Value::Text)
    }

    fn first(&self) -> Option<&[u8]> {
        self.fields.iter().copied().find(|field| Value::of(field) != Value::Missing)
    }

    fn is_named_time(&self) -> bool {
        words(self.name).next().is_some_and(|word| TIMES.contains(&word.as_str()))
    }

    fn has_dates(&self) -> bool {
        self.first().is_some_and(is_date)
    }

    /// Whether it counts lines: all numbers there, each by the same step above the one before.
    fn counts(&self) -> bool {
        let numbers: Option<Vec<f64>> =
            self.values().map(|value| if let Value::Number(number) = value { Some(number) } else { None }).collect();
        let Some(numbers) = numbers else { return false };
        let steps: Vec<f64> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.len() > 1 && steps.iter().all(|step| *step > 0.0 && (step - steps[0]).abs() <= 1e-9 * steps[0])
    }
}

fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

impl Columns {
    /// What columns are, by their names and the fields of the first lines.
    pub(super) fn choose(
        names: Vec<String>,
        has_names: bool,
        lines: &[Vec<&[u8]>],
        options: &SeriesOptions,
    ) -> Result<Columns, SeriesError> {
        let fields = |index| lines.iter().filter_map(|line| line.get(index).copied()).collect();
        let columns: Vec<Column<'_>> =
            names.iter().enumerate().map(|(index, name)| Column { index, name, fields: fields(index) }).collect();
        let mut notes = Vec::new();
        let time = time(&columns, has_names);
        let counter = if time.is_none() { counter(&columns, has_names) } else { None };
        let is_time = |index| time.is_some_and(|time| time.column == index || time.clock == Some(index));
        let labels = options.labels.as_deref().map(|name| find(&names, "labels", name)).transpose()?;
        if let Some(name) = options.labels.as_ref().filter(|_| labels.is_some_and(is_time)) {
            let advice = "expected labels, found the times of readings: name another column".to_owned();
            return Err(SeriesError::Option { option: format!("--labels {name}"), advice });
        }
        let mut channels = Vec::new();
        for wanted in &options.columns {
            let index = find(&names, "columns", wanted)?;
            let found = match () {
                () if is_time(index) => Some("the times of readings"),
                () if counter == Some(index) => Some("a column that counts the readings"),
                () if labels == Some(index) => Some("the labels"),
                () if channels.contains(&index) => Some("a channel that is named twice"),
                () if columns[index].is_text() => Some("text"),
                () => None,
            };
            if let Some(found) = found {
                return Err(SeriesError::NotAChannel { wanted: wanted.clone(), found });
            }
            channels.push(index);
        }
        if options.columns.is_empty() {
            for column in columns.iter().filter(|column| !is_time(column.index) && labels != Some(column.index)) {
                let counts = || "it counts the readings".to_owned();
                match (counter == Some(column.index)).then(counts).or_else(|| reason(column)) {
                    Some(reason) => notes.push(format!("column {:?} is left out: {reason}", column.name)),
                    None => channels.push(column.index),
                }
            }
        }
        if channels.is_empty() {
            return Err(SeriesError::NoChannel { found: listed(&names) });
        }
        Ok(Columns { channels, names, time, labels, notes })
    }

    /// The names of the channels.
    pub(super) fn channel_names(&self) -> Vec<String> {
        self.channels.iter().map(|&index| self.names[index].clone()).collect()
    }
}

/// Why a column that nobody asked for is no channel.
fn reason(column: &Column<'_>) -> Option<String> {
    let name = column.name.trim().to_lowercase();
    if LABELS.contains(&name.as_str()) {
        let name = column.name;
        return Some(format!(
            "its name says that it labels readings: give --labels {name}, or name the channels with --columns"
        ));
    }
    if column.is_named_time() && !column.has_number() {
        return Some("its times are no numbers of seconds and no dates as 2024-05-01T12:00:00".to_owned());
    }
    if column.is_text() {
        return Some("it holds text".to_owned());
    }
    (!column.has_number()).then(|| "its first lines are empty".to_owned())
}

/// The column of a name.
fn find(names: &[String], option: &'static str, wanted: &str) -> Result<usize, SeriesError> {
    let mut found = names.iter().enumerate().filter(|(_, name)| name.as_str() == wanted).map(|(index, _)| index);
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(index),
        (Some(_), Some(_)) => {
            let advice = "several columns have this name: rename them".to_owned();
            Err(SeriesError::Option { option: format!("--{option} {wanted}"), advice })
        }
        (None, _) => Err(SeriesError::NoColumn { option, wanted: wanted.to_owned(), found: listed(names) }),
    }
}

/// The column of times, which its name or its dates show.
fn time(columns: &[Column<'_>], has_names: bool) -> Option<Time> {
    let named = |column: &&Column<'_>| has_names && column.is_named_time() && !column.is_text();
    let column = columns.iter().find(|column| column.has_dates()).or_else(|| columns.iter().find(named))?;
    let clock = columns.iter().filter(|other| other.index != column.index && !other.has_number()).find(|other| {
        let joined = |field: &[u8]| is_date(&[column.first().unwrap_or_default(), b" ", field].concat());
        other.first().is_some_and(joined)
    });
    let unit = |known: &[&str]| words(column.name).skip(1).any(|word| known.contains(&word.as_str()));
    let unit = UNITS.iter().find(|(known, _)| has_names && unit(known)).map(|(_, unit)| *unit);
    Some(Time { column: column.index, clock: clock.map(|column| column.index), unit })
}

/// A first column that counts the readings.
fn counter(columns: &[Column<'_>], has_names: bool) -> Option<usize> {
    let first = columns.first().filter(|_| columns.len() > 1)?;
    let unnamed = !has_names || COUNTERS.contains(&first.name.trim().to_lowercase().as_str());
    (unnamed && first.counts()).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What columns of a table are, of names and lines with commas.
    fn chosen(names: &str, lines: &[&str], options: &SeriesOptions) -> Result<Columns, SeriesError> {
        let lines: Vec<Vec<&[u8]>> = lines.iter().map(|line| line.split(',').map(str::as_bytes).collect()).collect();
        let numbers = (1..=lines[0].len()).map(|number| number.to_string()).collect();
        let named = !names.is_empty();
        let names = if named { names.split(',').map(str::to_owned).collect() } else { numbers };
        Columns::choose(names, named, &lines, options)
    }

    fn usual(names: &str, lines: &[&str]) -> Columns {
        chosen(names, lines, &SeriesOptions::default()).unwrap()
    }

    fn columns_of(columns: &str) -> SeriesOptions {
        let columns = columns.split(',').map(str::to_owned).collect();
        SeriesOptions { columns, labels: Some("y".to_owned()), ..SeriesOptions::default() }
    }

    #[test]
    fn times_are_found_by_their_names_or_their_dates() {
        let column = |names, lines: &[&str]| usual(names, lines).time.map(|time| (time.column, time.clock, time.unit));
        assert_eq!(column("a,timestamp", &["1,0", "2,1"]), Some((1, None, None)));
        assert_eq!(column("Time (ms),a", &["0,1", "5,1"]), Some((0, None, Some(1e-3))));
        assert_eq!(column("timestamp_us,a", &["0,1"]), Some((0, None, Some(1e-6))));
        assert_eq!(column("when,a", &["2024-05-01 12:00,1"]), Some((0, None, None)));
        assert_eq!(column("", &["1,2024-05-01", "2,2024-05-02"]), Some((1, None, None)));
        assert_eq!(column("Date,Time,a", &["2024-05-01,12:00:01,1"]), Some((0, Some(1), None)));
        assert_eq!(column("uptime,a", &["1,2"]), None);
        // Dates that are not read are no channel all the same.
        let other = usual("Date,a", &["16/12/2006,1"]);
        assert!(other.time.is_none() && other.channels == [1] && other.notes[0].contains("\"Date\""), "{other:?}");
    }

    #[test]
    fn what_counts_readings_is_no_channel() {
        let counting = usual("", &["1,5", "2,5", "3,4"]);
        assert!(counting.channels == [1] && counting.time.is_none() && counting.notes.len() == 1);
        assert_eq!(usual(",a", &["7,5", "8,5", "9,4"]).channels, [1]);
        assert_eq!(usual("ramp,a", &["1,5", "2,5", "3,4"]).channels, [0, 1]);
        assert_eq!(usual("", &["1,5", "2,5", "4,4"]).channels, [0, 1]);
        assert_eq!(usual("", &["1", "2", "3"]).channels, [0]);
    }

    #[test]
    fn text_and_labels_are_left_out_and_said() {
        let columns = usual("a,state,is_anomaly,b,empty", &["1,on,0,,", "2,off,1,3,"]);
        assert_eq!(columns.channel_names(), ["a", "b"]);
        let told = columns.notes.join("; ");
        for part in ["\"state\" is left out: it holds text", "--labels is_anomaly", "\"empty\""] {
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn columns_come_as_they_are_asked_for() {
        let lines = ["0,1,2,x,0", "1,2,3,x,0"];
        let columns = chosen("time,a,b,c,y", &lines, &columns_of("b,a")).unwrap();
        assert_eq!((columns.channel_names(), columns.labels), (vec!["b".to_owned(), "a".to_owned()], Some(4)));
        let told = |wanted: &str| chosen("time,a,b,c,y", &lines, &columns_of(wanted)).unwrap_err().to_string();
        assert!(told("d").contains("--columns d: expected one of its columns, time, a, b, c, y"), "{}", told("d"));
        for (wanted, found) in [("time", "the times"), ("y", "the labels"), ("a,a", "named twice"), ("c", "text")] {
            assert!(told(wanted).contains(found), "{}", told(wanted));
        }
        let by_number =
            chosen("", &["5,1,0", "5,2,0"], &SeriesOptions { labels: Some("3".to_owned()), ..columns_of("2") });
        assert_eq!(by_number.unwrap().channel_names(), ["2"]);
        let twice = chosen("a,a,y", &["1,2,0"], &columns_of("a")).unwrap_err().to_string();
        assert!(twice.contains("rename"), "{twice}");
        let none = chosen("time,c", &["1,x"], &SeriesOptions::default()).unwrap_err().to_string();
        assert!(none.contains("expected a column of numbers") && none.contains("time, c"), "{none}");
    }
}
