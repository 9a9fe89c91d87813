//! SPECIFICATION.md says what the code does: these tests read its tables of bytes, its whole file and its refusals.

use crate::corruption::fix_checksum;
use crate::models::{
    THRESHOLD, dequantised, example, example_file, example_file_with_threshold, numbers, rewrite, write,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use vapo_format::writer::Writer;
use vapo_format::{Architecture, Encoding, Homotopy, Layer, Model, Shape};

const SPECIFICATION: &str = include_str!("../../SPECIFICATION.md");

type Table = Vec<Vec<&'static str>>;

/// The text under a heading, up to the next one.
fn section(number: &str) -> &'static str {
    let heading = |line: &str| line.starts_with('#');
    let title =
        |line: &str| line.trim_start_matches('#').split_whitespace().next().map(|n| n.trim_end_matches('.') == number);
    let start = SPECIFICATION.lines().position(|line| heading(line) && title(line) == Some(true)).expect(number);
    let text = SPECIFICATION.split_inclusive('\n').skip(start + 1);
    let length: usize = text.take_while(|line| !heading(line)).map(str::len).sum();
    let offset: usize = SPECIFICATION.split_inclusive('\n').take(start + 1).map(str::len).sum();
    &SPECIFICATION[offset..offset + length]
}

/// The tables of a section, without their titles; cells without their backticks.
fn tables(number: &str) -> Vec<Table> {
    let mut tables = vec![];
    for block in section(number).split("\n\n").filter(|block| block.trim_start().starts_with('|')) {
        let cells =
            |line: &'static str| line.trim_matches('|').split('|').map(|c| c.trim().trim_matches('`')).collect();
        tables.push(block.trim().lines().skip(2).map(cells).collect());
    }
    tables
}

/// The only table of a section.
fn table(number: &str) -> Table {
    let [table] = tables(number).try_into().expect("one table");
    table
}

/// `00 0a*3` is 00 0a 0a 0a.
fn bytes(text: &str) -> Vec<u8> {
    let byte = |token: &str| {
        let (byte, times) = token.split_once('*').unwrap_or((token, "1"));
        assert_eq!(byte.len(), 2, "{text}");
        vec![u8::from_str_radix(byte, 16).expect(text); times.parse().expect(text)]
    };
    text.split_whitespace().flat_map(byte).collect()
}

/// The last cells of a table, one after another.
fn all_bytes(table: &Table) -> Vec<u8> {
    table.iter().flat_map(|row| bytes(row.last().expect("a table of bytes"))).collect()
}

/// The file of section 9.
fn dump() -> Vec<u8> {
    let block = section("9").split("```").nth(1).and_then(|block| block.split_once('\n')).expect("a block of text").1;
    let mut file = vec![];
    for line in block.lines() {
        let (offset, rest) = line.split_once("  ").expect(line);
        assert_eq!(usize::from_str_radix(offset, 16), Ok(file.len()), "{line}");
        file.extend(bytes(rest.get(..47).unwrap_or(rest)));
    }
    file
}

#[test]
fn whole_file() {
    let (architecture, matrices) = example();
    let file = dump();
    assert_eq!(file, write(&architecture, Encoding::Int8, &matrices).unwrap());
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.architecture(), &architecture);
    assert_eq!(numbers(&model), matrices);
    assert_eq!(file, include_bytes!("../../fuzz/seeds/int8.vapo"), "the fuzzer starts from this file");
    assert_eq!(example_file(Encoding::Float32), include_bytes!("../../fuzz/seeds/float32.vapo"));
    assert_eq!(example_file_with_threshold(), include_bytes!("../../fuzz/seeds/threshold.vapo"));
}

#[test]
fn primitives() {
    /// Each row's value, in hexadecimal of `digits` digits and in bytes.
    fn check<T: std::str::FromStr, const N: usize>(number: &str, to: impl Fn(T) -> (String, [u8; N])) {
        for row in table(number) {
            let [value, hex, stored] = row[..] else { panic!("{row:?}") };
            let value = value.parse().ok().expect(value);
            assert_eq!(to(value), (hex.to_string(), bytes(stored).try_into().expect(stored)), "{row:?}");
        }
    }
    check("3.1", |value: u16| (format!("{value:04x}"), value.to_le_bytes()));
    check("3.2", |value: u32| (format!("{value:08x}"), value.to_le_bytes()));
    check("3.3", |value: f32| (format!("{:08x}", value.to_bits()), value.to_le_bytes()));
    check("3.4", |value: i8| (format!("{value:02x}"), value.to_le_bytes()));
    for row in table("3.5") {
        let value: u16 = row[0].parse().unwrap();
        assert_eq!(row[1], format!("{value:04x}"));
        check_postcard(value, row[0], row[2]);
    }
}

fn check_postcard<T: Serialize + DeserializeOwned + Display>(value: T, name: &str, stored: &str) {
    assert_eq!(value.to_string(), name);
    let stored = bytes(stored);
    assert_eq!(postcard::to_slice(&value, &mut [0; 8]).unwrap(), stored, "{name}");
    assert_eq!(postcard::from_bytes::<T>(&stored).unwrap().to_string(), name);
}

#[test]
fn preamble_and_header() {
    let file = dump();
    assert_eq!(all_bytes(&table("4")), file[..8]);
    assert_eq!(all_bytes(&table("5")), file[8..20]);
}

#[test]
fn threshold() {
    let rows = table("5.4");
    let values = [THRESHOLD.energy, THRESHOLD.time, THRESHOLD.false_positive_rate];
    assert_eq!(rows.len(), values.len());
    for (row, value) in rows.iter().zip(values) {
        assert_eq!(row[2], value.to_string());
    }
    assert_eq!(all_bytes(&rows), example_file_with_threshold()[20..32]);
    assert_eq!(
        edited("insert 0014: 00 00 60 c0 00 00 00 3f cd cc 4c 3d, 0006: 18 00, checksum"),
        example_file_with_threshold()
    );
}

#[test]
fn names_in_the_header() {
    for (row, value) in table("5.1").iter().zip([Homotopy::Linear, Homotopy::Bayes]) {
        assert_eq!(row[1], row[2]);
        check_postcard(value, row[0], row[2]);
    }
    for (row, value) in table("5.3").iter().zip([Encoding::Int8, Encoding::Float32]) {
        assert_eq!(row[1], row[2]);
        check_postcard(value, row[0], row[2]);
    }
    let layers = [
        (Layer::SpaceToDepth, "00"),
        (Layer::Conv { channels: 8 }, "01 08"),
        (Layer::Residual, "02"),
        (Layer::Down { channels: 16 }, "03 10"),
        (Layer::Head { channels: 200 }, "04 c8"),
    ];
    assert_eq!([table("5.1").len(), table("5.2").len(), table("5.3").len()], [2, layers.len(), 2]);
    for (row, (layer, hex)) in table("5.2").iter().zip(layers) {
        assert_eq!(row[1], hex);
        check_postcard(layer, row[0], row[2]);
    }
}

#[test]
fn longest_header() {
    let mut architecture = Architecture {
        image: Shape { channels: 128, height: 128, width: 128 },
        homotopy: Homotopy::Bayes,
        embedding: 128,
        layers: [Layer::Conv { channels: 128 }; 24].into_iter().collect(),
    };
    architecture.layers[23] = Layer::Head { channels: 128 };
    let mut file = vec![0; 1 << 22];
    Writer::new(&mut file, &architecture, Encoding::Float32).map(drop).unwrap_err();
    Writer::with_threshold(&mut file, &architecture, Encoding::Int8, Some(THRESHOLD)).map(drop).unwrap();
    assert!(section("6").contains(&format!("a header has at most {} bytes", u16::from_le_bytes([file[6], file[7]]))));
}

#[test]
fn matrices() {
    let (architecture, _) = example();
    let [_, rows] = &tables("7.1")[..] else { panic!("two tables") };
    assert_eq!(rows.len(), architecture.matrices().count());
    let mut offset = 20;
    for (row, matrix) in rows.iter().zip(architecture.matrices()) {
        let (int8, float32) = (matrix.bytes(Encoding::Int8), matrix.bytes(Encoding::Float32));
        let expected = [matrix.rows, matrix.columns].map(|n| n.to_string());
        assert_eq!(row[..3], [matrix.name.to_string().as_str(), &expected[0], &expected[1]]);
        assert_eq!(row[3..], [format!("{offset:04x}"), int8.to_string(), float32.to_string()]);
        offset += int8;
    }
    let [int8, float32] = &tables("7.2")[..] else { panic!("two tables") };
    assert_eq!(all_bytes(int8), dump()[0x48..0x5c]);
    assert_eq!(all_bytes(float32), example_file(Encoding::Float32)[20 + 132 + 8..][..40]);
}

#[test]
fn checksum() {
    for (row, contents) in table("8").iter().zip(["123456789", ""]) {
        let mut file = [contents.as_bytes(), &[0; 4]].concat();
        fix_checksum(&mut file);
        let stored: [u8; 4] = bytes(row[2]).try_into().unwrap();
        assert_eq!(file.last_chunk(), Some(&stored));
        assert_eq!(format!("{:08x}", u32::from_le_bytes(stored)), row[1]);
    }
}

/// Edits the file of section 9 as a row of section 10 says.
fn edited(edits: &str) -> Vec<u8> {
    let mut file = dump();
    let number = |text: &str| usize::from_str_radix(text, 16).expect(edits);
    for edit in edits.split(", ") {
        let (head, tail) = edit.split_once(": ").unwrap_or((edit, ""));
        let tail = bytes(tail);
        match *head.split(' ').collect::<Vec<_>>() {
            ["float32"] => file = write(&example().0, Encoding::Float32, &dequantised(&example().1)).unwrap(),
            ["checksum"] => fix_checksum(&mut file),
            ["cut", length] => file.truncate(number(length)),
            ["append", byte] => file.extend(bytes(byte)),
            ["insert", at] => drop(file.splice(number(at)..number(at), tail)),
            ["remove", at] => drop(file.drain(number(at)..number(at) + usize::from(tail[0]))),
            [at] => file[number(at)..][..tail.len()].copy_from_slice(&tail),
            _ => panic!("unknown edit: {edit}"),
        }
    }
    file
}

#[test]
fn refusals() {
    for number in ["10.1", "10.2", "10.3", "10.4", "10.5", "10.6"] {
        for row in table(number) {
            let [what, edits, expected] = row[..] else { panic!("{row:?}") };
            let error = Model::parse(&edited(edits)).map(drop).expect_err(what);
            assert_eq!(format!("{error:?}"), expected, "{what}");
        }
    }
}

#[test]
fn acceptances() {
    for row in table("10.7") {
        let file = edited(row[1]);
        let model = Model::parse(&file).expect(row[0]);
        assert_eq!(rewrite(&model).as_deref(), Ok(&file[..]), "{}", row[0]);
    }
}
