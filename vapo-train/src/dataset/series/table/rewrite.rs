//! The same table with values where some were missing.

use super::{Fault, Table, settled, value::Value};
use crate::dataset::series::{SeriesError, SeriesOptions};
use csv::{ByteRecord, WriterBuilder};
use std::io::{self, Read};

/// The text of a table, in which each missing value of a channel is `value` of its reading and its channel, where there is one.
/// Everything else stays as it is, but for spaces around what is quoted, and ends of lines. Values are not checked: reading the
/// table does that.
///
/// # Errors
/// The outer: what the system says. The inner: what is wrong with the table, or with what is asked of it.
pub fn rewrite(
    reader: impl Read,
    options: &SeriesOptions,
    value: impl Fn(usize, usize) -> Option<f32>,
) -> io::Result<Result<Vec<u8>, SeriesError>> {
    let write = || {
        let mut table = Table::open(reader, options)?;
        let mut writer = WriterBuilder::new().flexible(true).delimiter(table.separator).from_writer(Vec::new());
        if let Some(header) = &table.header {
            writer.write_byte_record(header)?;
        }
        let channels = table.columns.channels.clone();
        let filled = |reading: usize, record: &ByteRecord| {
            let of = |(index, field): (usize, &[u8])| {
                let channel = channels.iter().position(|column| *column == index);
                let missing = channel.filter(|_| Value::of(field) == Value::Missing);
                let made = missing.and_then(|channel| value(reading, channel));
                made.map_or_else(|| field.to_vec(), |made| made.to_string().into_bytes())
            };
            record.iter().enumerate().map(of).collect::<ByteRecord>()
        };
        let shown = std::mem::take(&mut table.shown);
        let mut reading = 0;
        for record in &shown {
            writer.write_byte_record(&filled(reading, record))?;
            reading += 1;
        }
        let mut record = ByteRecord::new();
        while table.reader.read_byte_record(&mut record)? {
            writer.write_byte_record(&filled(reading, &record))?;
            reading += 1;
        }
        writer.into_inner().map_err(|refused| Fault::Access(refused.into_error()))
    };
    settled(write())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str, options: &SeriesOptions) -> String {
        let made = |reading: usize, channel: usize| (reading != 3).then_some(reading as f32 + channel as f32 / 2.0);
        String::from_utf8(rewrite(text.as_bytes(), options, made).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn missing_values_alone_are_replaced() {
        // The mark of UTF-8 is not written again.
        assert_eq!(rewritten("\u{feff}a,b\n1,\n2,5\n", &SeriesOptions::default()), "a,b\n1,0.5\n2,5\n");
        // The column with text is no channel.
        let found = rewritten("time;a;\"b;c\";note\n0;1.50;NaN;\n1;;2;hm\n2;3;4;\n3;;;\n", &SeriesOptions::default());
        assert_eq!(found, "time;a;\"b;c\";note\n0;1.50;0.5;\n1;1;2;hm\n2;3;4;\n3;;;\n");
        assert!(rewrite(&b"a\n\0\n"[..], &SeriesOptions::default(), |_, _| None).unwrap().is_err());
    }

    #[test]
    fn columns_that_are_no_channels_stay() {
        let options = SeriesOptions { columns: vec!["b".to_owned()], ..SeriesOptions::default() };
        assert_eq!(rewritten("a,b\r\n,\r\n1,2\r\n", &options), "a,b\n,0\n1,2\n");
        assert_eq!(rewritten("1,2\n3,\n", &SeriesOptions::default()), "1,2\n3,1.5\n");
    }
}
