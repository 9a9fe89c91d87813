//! SPECIFICATION.md says what the code does: these tests read its tables of bytes, its whole file and its refusals.

use crate::corruption::fix_checksum;
use crate::models::{
    EXAMPLE_CALIBRATION, EXAMPLE_MATRICES, THRESHOLD, example, example_file, example_integer, example_numbers, numbers,
    random_numbers, rewrite,
};
use crate::rules::node;
use crate::version_1;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use vapo_format::architecture::{DEVICE_NODES, MAX_SCALINGS};
use vapo_format::layer::{Add, Class, Concat, Conv, MAX_CHANNELS, Readout, Signal, Silu, SpaceToDepth, Time, Up};
use vapo_format::{Block, Calibration, Encoding, Error, Homotopy, Layer, Model, Node, Scaling, Shape, threshold};

const SPECIFICATION: &str = include_str!("../../SPECIFICATION.md");

pub(crate) type Table = Vec<Vec<&'static str>>;

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
pub(crate) fn table(number: &str) -> Table {
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
pub(crate) fn all_bytes(table: &Table) -> Vec<u8> {
    table.iter().flat_map(|row| bytes(row.last().expect("a table of bytes"))).collect()
}

/// The whole file of a version: that of section 9 or 12.4.
fn dump(version: u16) -> Vec<u8> {
    listing(if version == 1 { "12.4" } else { "9" })
}

/// The bytes that a section lists.
fn listing(number: &str) -> Vec<u8> {
    let block =
        section(number).split("```").nth(1).and_then(|block| block.split_once('\n')).expect("a block of text").1;
    let mut file = vec![];
    for line in block.lines() {
        let (offset, rest) = line.split_once("  ").expect(line);
        assert_eq!(usize::from_str_radix(offset, 16), Ok(file.len()), "{line}");
        file.extend(bytes(rest.get(..47).unwrap_or(rest)));
    }
    file
}

#[test]
fn whole_files() {
    let (encoder, matrices) = example();
    let files = [(1, encoder.file(Encoding::Int8, None, &matrices)), (2, example_file(Encoding::Int8, None))];
    for (version, file) in files {
        assert_eq!(dump(version), file);
        let model = Model::parse(&file).unwrap();
        assert_eq!(model.version(), version);
        assert_eq!(model.architecture(), encoder.architecture());
        assert_eq!(numbers(&model), matrices);
        assert!(section("9").contains(&format!("A potential of {} bytes", dump(2).len())));
        assert!(section("12.4").contains(&format!("{} bytes", dump(1).len())));
    }
    let integer = example_integer(None);
    assert_eq!(listing("13.7"), integer);
    assert!(section("13.7").contains(&format!("{} bytes", integer.len())));
    let seeds: [&[u8]; 2] =
        [include_bytes!("../../fuzz/seeds/integer.vapo"), include_bytes!("../../fuzz/seeds/integer-threshold.vapo")];
    for (seed, threshold) in seeds.into_iter().zip([None, Some(THRESHOLD)]) {
        assert_eq!(example_integer(threshold), seed, "the fuzzer starts from this file");
    }
    let seeds: [&[u8]; 3] = [
        include_bytes!("../../fuzz/seeds/int8.vapo"),
        include_bytes!("../../fuzz/seeds/float32.vapo"),
        include_bytes!("../../fuzz/seeds/threshold.vapo"),
    ];
    let kinds = [(Encoding::Int8, None), (Encoding::Float32, None), (Encoding::Int8, Some(THRESHOLD))];
    for (seed, (encoding, threshold)) in seeds.into_iter().zip(kinds) {
        assert_eq!(example_file(encoding, threshold), seed, "the fuzzer starts from this file");
    }
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
    check("3.6", |value: i16| (format!("{value:04x}"), value.to_le_bytes()));
    check("3.7", |value: i32| (format!("{value:08x}"), value.to_le_bytes()));
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
    let file = dump(2);
    assert_eq!(all_bytes(&table("4")), file[..8]);
    assert_eq!(all_bytes(&table("5")), file[8..80]);
    assert_eq!(all_bytes(&table("12.1")), dump(1)[8..20]);
}

#[test]
fn threshold_and_scaling() {
    let rows = table("5.5");
    let values = [THRESHOLD.energy, THRESHOLD.time, THRESHOLD.false_positive_rate];
    assert_eq!(rows.len(), values.len());
    for (row, value) in rows.iter().zip(values) {
        assert_eq!(row[2], value.to_string());
    }
    assert_eq!(all_bytes(&rows), example_file(Encoding::Int8, Some(THRESHOLD))[80..92]);
    let edits = "insert 0050: 00 00 60 c0 00 00 00 3f cd cc 4c 3d, 0006: 54 00, checksum";
    assert_eq!(edited(2, edits), example_file(Encoding::Int8, Some(THRESHOLD)));
    let rows = table("5.1");
    let values = [Scaling::BYTES.offset, Scaling::BYTES.scale];
    assert_eq!(rows.iter().map(|row| row[2].parse()).collect::<Vec<_>>(), values.map(Ok));
    assert_eq!(postcard::to_slice(&Scaling::BYTES, &mut [0; 8]).unwrap(), all_bytes(&rows));
}

#[test]
fn names_in_the_header() {
    for (row, value) in table("5.2").iter().zip([Homotopy::Linear, Homotopy::Bayes]) {
        assert_eq!(row[1], row[2]);
        check_postcard(value, row[0], row[2]);
    }
    for (row, value) in table("5.4").iter().zip(Encoding::ALL) {
        assert_eq!(row[1], row[2]);
        check_postcard(value, row[0], row[2]);
    }
    let blocks = [
        (Block::SpaceToDepth, "00"),
        (Block::Conv { channels: 8 }, "01 08"),
        (Block::Residual, "02"),
        (Block::Down { channels: 16 }, "03 10"),
        (Block::Head { channels: 200 }, "04 c8"),
    ];
    assert_eq!([table("5.2").len(), table("5.4").len(), table("12.2").len()], [2, Encoding::ALL.len(), blocks.len()]);
    for (row, (block, hex)) in table("12.2").iter().zip(blocks) {
        assert_eq!(row[1], hex);
        check_postcard(block, row[0], row[2]);
    }
}

#[test]
fn calibration() {
    let rows = table("5.6");
    assert_eq!(all_bytes(&rows), listing("13.7")[0x4d..0x68]);
    let Calibration { digest, exponents } = EXAMPLE_CALIBRATION;
    assert_eq!([rows[0][2], rows[1][2]], [digest.to_string(), exponents.len().to_string()]);
    assert_eq!(postcard::to_slice(exponents, &mut [0; 32]).unwrap()[1..], bytes(rows[2][3]));
}

#[test]
fn nodes_in_the_header() {
    let [kinds, examples] = &tables("5.3")[..] else { panic!("two tables") };
    let conv = |window, stride, channels| Conv { window, stride, channels };
    let layers: [Layer; 10] = [
        Signal.into(),
        Time { features: 2 }.into(),
        Conv::linear(1).into(),
        Silu.into(),
        Add.into(),
        SpaceToDepth.into(),
        Readout.into(),
        Up::BOTH.into(),
        Concat.into(),
        Class { classes: 10 }.into(),
    ];
    assert_eq!(kinds.len(), layers.len());
    for (row, layer) in kinds.iter().zip(layers) {
        assert_eq!(postcard::to_slice(&layer, &mut [0; 8]).unwrap()[..1], bytes(row[1]), "{row:?}");
        let arity = layer.kind().inputs();
        let reads = match (*arity.start(), *arity.end()) {
            (0, 0) => "none".to_string(),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} or {most}"),
        };
        assert_eq!(row[3], reads, "{row:?}");
        let name = layer.to_string();
        assert!(
            row[0] == name.split(' ').next().expect("a name") || (row[0], &*name) == ("conv", "linear 1"),
            "{row:?}"
        );
    }
    let nodes = [
        node(Signal, &[]),
        node(Time { features: 32 }, &[]),
        node(Conv::same3x3(8), &[]),
        node(conv([1, 5], [1, 1], 200), &[0]),
        node(Conv::linear(16), &[130]),
        node(conv([2, 1], [2, 1], 4), &[]),
        node(Silu, &[]),
        node(Silu, &[9, 10]),
        node(Add, &[7, 12]),
        node(SpaceToDepth, &[0]),
        node(Readout, &[16, 17, 0]),
        node(Up::BOTH, &[]),
        node(Up::ALONG, &[6]),
        node(Concat, &[3, 9]),
        node(Class { classes: 10 }, &[]),
    ];
    assert_eq!(examples.len(), nodes.len());
    for (row, node) in examples.iter().zip(nodes) {
        let inputs: Vec<String> = node.inputs.iter().map(u16::to_string).collect();
        let of = if inputs.is_empty() { "" } else { " of " };
        assert_eq!(row[0], format!("{}{of}{}", node.layer, inputs.join(", ")));
        assert_eq!(postcard::to_slice(&node, &mut [0; 18]).unwrap(), bytes(row[1]), "{row:?}");
        assert_eq!(postcard::from_bytes::<Node>(&bytes(row[1])), Ok(node));
    }
}

/// The kinds of the published model, as section 14 has them.
#[cfg(feature = "published")]
#[test]
fn published_nodes() {
    use vapo_format::layer::{Attention, Distance, GroupNorm, Pool, Timestep};
    let [kinds, examples] = &tables("14.1")[..] else { panic!("two tables") };
    let nodes = [
        node(GroupNorm { groups: 32 }, &[]),
        node(Attention { heads: 1 }, &[]),
        node(Pool::BOTH, &[3]),
        node(Distance, &[325, 0]),
        node(Timestep { features: 128 }, &[]),
    ];
    assert_eq!([kinds.len(), examples.len()], [nodes.len(); 2]);
    for ((kind, example), node) in kinds.iter().zip(examples).zip(nodes) {
        let arity = node.layer.kind().inputs();
        let reads = if *arity.end() == 0 { "none".to_owned() } else { arity.end().to_string() };
        let name = node.layer.to_string();
        assert_eq!([kind[0], kind[3]], [name.split(' ').next().expect("a name"), &reads]);
        assert_eq!(bytes(kind[1]), bytes(example[1])[..1]);
        let inputs: Vec<String> = node.inputs.iter().map(u16::to_string).collect();
        let of = if inputs.is_empty() { "" } else { " of " };
        assert_eq!(example[0], format!("{name}{of}{}", inputs.join(", ")));
        assert_eq!(postcard::to_slice(&node, &mut [0; 18]).unwrap(), bytes(example[1]), "{example:?}");
    }
}

/// The longest of each field make no header of 2304 bytes.
#[test]
fn longest_header() {
    let last = DEVICE_NODES as u16 - 2;
    let nodes = [
        node(Conv { window: [15, 15], stride: [15, 15], channels: MAX_CHANNELS }, &[last]),
        node(Silu, &[last, last - 1]),
        node(Add, &[last, last - 1]),
        node(Readout, &[last, last - 1, 0]),
    ];
    let bytes = |node| postcard::to_slice(node, &mut [0; 18]).unwrap().len();
    let longest = nodes.iter().map(bytes).max().expect("four nodes");
    // Signal, number of scalings, scalings, homotopy, classes, number of nodes, nodes, encoding, digest, number of exponents,
    // exponents, padding, threshold.
    let header = 6 + 1 + 8 * MAX_SCALINGS + 1 + 2 + 2 + longest * DEVICE_NODES + 1;
    let header = header + 4 + 2 + 2 * DEVICE_NODES + 3 + threshold::BYTES;
    assert!(header < 2304 && section("6").contains("a header has fewer than 2304 bytes"), "{header}");
    let most = Shape { channels: 128, height: 128, width: 128 };
    let mut blocks = heapless::Vec::from([Block::Conv { channels: 128 }; 24]);
    blocks[23] = Block::Head { channels: 128 };
    let encoder = version_1::Encoder { signal: most, homotopy: Homotopy::Bayes, embedding: 128, blocks };
    let matrices = random_numbers(&encoder.architecture(), Encoding::Int8, 0);
    let file = encoder.file(Encoding::Int8, Some(THRESHOLD), &matrices);
    let length = u16::from_le_bytes([file[6], file[7]]);
    assert!(section("12.5").contains(&format!("A header of version 1 has at most {length} bytes")));
}

#[test]
fn matrices() {
    let architecture = example().0.architecture();
    let rows = table("7.1");
    assert_eq!(rows.len(), architecture.matrices().count());
    let [_, start] = EXAMPLE_MATRICES;
    let mut offset = start;
    for (row, matrix) in rows.iter().zip(architecture.matrices()) {
        let (int8, float32) = (matrix.bytes(Encoding::Int8), matrix.bytes(Encoding::Float32));
        let expected = [matrix.rows, matrix.columns].map(|n| n.to_string());
        assert_eq!(row[..3], [matrix.to_string().as_str(), &expected[0], &expected[1]]);
        let integer = matrix.bytes(Encoding::Integer);
        let expected = [format!("{offset:04x}"), int8.to_string(), float32.to_string(), integer.to_string()];
        assert_eq!(row[3..], expected);
        offset += int8;
    }
    let [int8, float32, integer] = &tables("7.2")[..] else { panic!("three tables") };
    assert_eq!(all_bytes(integer), listing("13.7")[0xc4..0xf4]);
    assert_eq!(all_bytes(int8), dump(2)[0x84..0x98]);
    assert_eq!(all_bytes(float32), example_file(Encoding::Float32, None)[start + 132 + 8..][..40]);
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

/// Edits the whole file of a version as a row says.
fn edited(version: u16, edits: &str) -> Vec<u8> {
    let mut file = dump(version);
    let number = |text: &str| usize::from_str_radix(text, 16).expect(edits);
    for edit in edits.split(", ") {
        let (head, tail) = edit.split_once(": ").unwrap_or((edit, ""));
        let tail = bytes(tail);
        match *head.split(' ').collect::<Vec<_>>() {
            ["float32"] if version == 1 => {
                file = example().0.file(Encoding::Float32, None, &example_numbers(Encoding::Float32));
            }
            ["float32"] => file = example_file(Encoding::Float32, None),
            ["integer"] => file = listing("13.7"),
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
    for number in ["10.1", "10.2", "10.3", "10.4", "10.5", "10.6", "12.6"] {
        for row in table(number) {
            let [what, edits, expected] = row[..] else { panic!("{row:?}") };
            let version = if number == "12.6" { 1 } else { 2 };
            let error = match Model::parse(&edited(version, edits)).map(drop).expect_err(what) {
                Error::Architecture(error) => format!("node {}: {:?}", error.node, error.fault),
                error => format!("{error:?}"),
            };
            assert_eq!(error, expected, "{number}: {what}");
        }
    }
}

#[test]
fn acceptances() {
    for (version, number) in [(2, "10.7"), (1, "12.7")] {
        for row in table(number) {
            let file = edited(version, row[1]);
            let model = Model::parse(&file).expect(row[0]);
            let written = match version {
                1 => version_1::rewrite(&file, &model),
                _ => rewrite(&model).expect(row[0]),
            };
            assert_eq!((model.version(), written), (version, file), "{number}: {}", row[0]);
        }
    }
}

/// The knots, by their formulas.
#[test]
#[allow(clippy::disallowed_methods)] // rounded to integers, which no system's last digit changes
fn knots() {
    let nearest = |x: f64| (x + 0.5).floor() as i32;
    for row in &tables("13.5")[0] {
        let [i, residue, rate] = [0, 1, 2].map(|at| row[at].parse::<i32>().expect(row[at]));
        let x = f64::from(i) / 16.0;
        let s = 1.0 / (1.0 + (-x).exp());
        assert_eq!(residue, nearest(x * (1.0 - s) * 32_768.0), "{row:?}");
        assert_eq!(rate, nearest(52_429.0 * (1.0 - s * (1.0 + x * (1.0 - s)))), "{row:?}");
    }
}
