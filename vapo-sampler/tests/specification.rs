//! Section 13 of the format's specification says what integer arithmetic computes.

mod common;

use common::plan;
use std::collections::BTreeMap;
use vapo_format::Model;
use vapo_sampler::kernel::silu::{self, Film};
use vapo_sampler::observer::{Activation, Observer};
use vapo_sampler::{Potential, arena};

const SPECIFICATION: &str = include_str!("../../vapo-format/SPECIFICATION.md");

/// The text under a heading, up to the next one.
fn section(heading: &str) -> &'static str {
    let (_, text) = SPECIFICATION.split_once(heading).expect(heading);
    text.split("\n#").next().expect(heading)
}

/// The rows of the only table in a text, without its title.
fn rows(text: &'static str) -> Vec<Vec<&'static str>> {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    let lines = text.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    lines.take_while(|line| line.starts_with('|')).map(cells).collect()
}

fn numbers<T: std::str::FromStr>(text: &str) -> Vec<T> {
    text.split(", ").map(|number| number.parse().ok().expect(text)).collect()
}

/// The bytes of a listing.
fn dump(text: &str) -> Vec<u8> {
    let block = text.split("```").nth(1).and_then(|block| block.split_once('\n')).expect("a block of text").1;
    let bytes = |line: &str| -> Vec<u8> {
        let (_, rest) = line.split_once("  ").expect("an offset");
        let bytes = rest.get(..47).unwrap_or(rest).split_whitespace();
        bytes.map(|byte| u8::from_str_radix(byte, 16).expect("a byte")).collect()
    };
    block.lines().flat_map(bytes).collect()
}

#[derive(Default)]
struct Seen(BTreeMap<(u16, Activation), Vec<i16>>);

impl Observer for Seen {
    fn integer(&mut self, node: u16, activation: Activation, values: &[i16]) {
        self.0.insert((node, activation), values.to_vec());
    }
}

/// Every activation and every cotangent of the whole file, its potential and its drift.
#[test]
fn every_integer_of_a_pass() {
    let file = dump(section("### 13.7 "));
    let model = Model::parse(&file).unwrap();
    let mut memory = vec![f32::NAN; arena::potential_elements(&model.architecture(), model.arithmetic())];
    let mut potential = Potential::new(&model, plan(&model), &mut memory).unwrap();
    let rows = rows(section("### 13.8 "));
    let [("x", x, ""), nodes @ .., ("Φ", phi, ""), ("drift", expected, "")] =
        &rows.iter().map(|row| (row[0], row[1], row[2])).collect::<Vec<_>>()[..]
    else {
        panic!("{rows:?}")
    };
    let (mut seen, mut drift) = (Seen::default(), vec![f32::NAN; 6]);
    let found = potential.observed_drift(&numbers::<f32>(x), 0.25, &mut drift, &mut seen).unwrap();
    assert_eq!((found, drift), (phi.parse().unwrap(), numbers::<f32>(expected)));
    for (node, value, cotangent) in nodes {
        let index: u16 = node.strip_prefix("node ").expect(node).parse().expect(node);
        for (activation, listed) in [(Activation::Value, value), (Activation::Cotangent, cotangent)] {
            let expected = Some(*listed).filter(|listed| !listed.is_empty()).map(numbers::<i16>);
            assert_eq!(seen.0.remove(&(index, activation)), expected, "{activation:?} of {node}");
        }
    }
    assert!(seen.0.is_empty(), "{:?}", seen.0);
}

#[test]
fn silu_and_its_reverse() {
    let (forward, reverse) = section("### 13.5 ").split_once("| g, gx |").expect("two tables");
    let (_, forward) = forward.split_once("| e | q |").expect("a table");
    for row in rows(forward) {
        let (mut value, mut kept) = ([row[1].parse().expect(row[1])], [0]);
        silu::forward(row[0].parse().expect(row[0]), &mut value, &mut kept);
        assert_eq!((value, kept), ([row[2].parse().expect(row[2])], [row[3].parse().expect(row[3])]), "{row:?}");
    }
    for row in rows(reverse) {
        let [g, of_input] = numbers(row[0])[..] else { panic!("{row:?}") };
        let mut cotangent = [row[1].parse().expect(row[1])];
        silu::reverse(g, of_input, &[row[2].parse().expect(row[2])], &mut cotangent);
        assert_eq!(cotangent, [row[3].parse().expect(row[3])], "{row:?}");
    }
}

#[test]
fn silu_with_film_and_its_reverse() {
    for row in rows(section("### 13.6 ")) {
        let [from, exponent, to] = numbers::<i32>(row[0])[..] else { panic!("{row:?}") };
        let [scale, shift] = numbers(row[2])[..] else { panic!("{row:?}") };
        let film = Film { scale: &[scale], shift: &[shift], exponent: exponent as u32 };
        let (mut value, mut kept) = ([row[1].parse().expect(row[1])], [0]);
        silu::forward_film(film, from, to as u32, &mut value, &mut kept);
        assert_eq!((value, kept), ([row[3].parse().expect(row[3])], [row[4].parse().expect(row[4])]), "{row:?}");
        let [g, of_input] = numbers(row[5])[..] else { panic!("{row:?}") };
        let mut cotangent = [row[6].parse().expect(row[6])];
        silu::reverse_film(film, g, of_input, &kept, &mut cotangent);
        assert_eq!(cotangent, [row[7].parse().expect(row[7])], "{row:?}");
    }
}
