//! Every processor's convolutions are those of the definition.

use super::convolution::Convolution;
use super::lanes::Plain;
use super::{scratch_words, unpack, unpacked_words};
use crate::kernel::convolution::{Buffers, Direction, Geometry, Weights, reference};
use proptest::prelude::*;
use std::{vec, vec::Vec};
use vapo_format::{Packed, Shape};

/// The weights of a convolution, as a file holds them.
#[derive(Clone, Debug)]
struct Case {
    geometry: Geometry,
    words: Vec<u8>,
    forward: Vec<u8>,
    reverse: Vec<u8>,
    biases: Vec<u8>,
    shifts: [u8; 3],
    x: Vec<i16>,
    g: Vec<i16>,
}

impl Case {
    fn weights(&self) -> Weights<'_> {
        let Case { words, forward, reverse, biases, shifts, .. } = self;
        Weights { words: Packed::eight(words), forward, reverse, biases, shifts: *shifts }
    }

    /// What is read, and what the definition makes of it.
    fn defined(&self, direction: Direction) -> (&[i16], Vec<i16>) {
        let (geometry, weights) = (&self.geometry, self.weights());
        let mut y = vec![0; if direction == Direction::Forward { geometry.output } else { geometry.input }.elements()];
        match direction {
            Direction::Forward => reference::forward(geometry, &weights, &self.x, &mut y),
            Direction::Reverse => reference::reverse(geometry, &weights, &self.g, &mut y),
        }
        (if direction == Direction::Forward { &self.x } else { &self.g }, y)
    }

    /// By every width of vectors that this processor has, with their names.
    fn computed(&self, direction: Direction, in_place: bool) -> Vec<(&'static str, Vec<i16>)> {
        let (geometry, weights, (x, expected)) = (&self.geometry, &self.weights(), self.defined(direction));
        let mut unpacked = vec![0xdead_beef; unpacked_words(geometry)];
        unpack(geometry, Packed::eight(&self.words), &mut unpacked);
        let by = |compute: &dyn Fn(Convolution<'_, '_>)| {
            let scratch = &mut vec![0x7fff_7fff; scratch_words(geometry)];
            let mut y = if in_place { x.to_vec() } else { vec![0x5555; expected.len()] };
            let buffers = if in_place { Buffers::InPlace(&mut y) } else { Buffers::Apart(x, &mut y) };
            compute(Convolution { direction, geometry, unpacked: &unpacked, weights, buffers, scratch });
            y
        };
        #[allow(unused_mut)] // other processors have no more
        let mut all = vec![("plain", by(&|convolution| convolution.on(Plain)))];
        #[cfg(target_arch = "x86_64")]
        {
            let (narrow, wide, vnni) = (pulp::x86::V3::try_new(), pulp::x86::V4::try_new(), super::x86::Vnni::detect());
            all.extend(narrow.map(|lanes| ("AVX2", by(&|convolution| convolution.on(lanes)))));
            all.extend(wide.map(|lanes| ("AVX-512", by(&|convolution| convolution.on(lanes)))));
            all.extend(vnni.map(|lanes| ("VNNI", by(&|convolution| convolution.on(lanes)))));
        }
        all
    }

    fn check(&self) {
        let same = !self.geometry.tiles && self.geometry.input == self.geometry.output;
        for direction in [Direction::Forward, Direction::Reverse] {
            let (_, expected) = self.defined(direction);
            for in_place in if same { vec![false, true] } else { vec![false] } {
                for (name, computed) in self.computed(direction, in_place) {
                    let at = computed.iter().zip(&expected).position(|(a, b)| a != b);
                    let geometry = &self.geometry;
                    assert_eq!(
                        at, None,
                        "{name}, {direction:?}, in place: {in_place}, {geometry:?}, {:?}",
                        self.shifts
                    );
                }
            }
        }
    }
}

/// Mostly small, sometimes the largest.
fn any_i16() -> impl Strategy<Value = i16> {
    prop_oneof![4 => any::<i16>(), 1 => Just(i16::MIN), 1 => Just(i16::MAX), 2 => -300i16..300]
}

fn any_geometry() -> impl Strategy<Value = Geometry> {
    let window = prop_oneof![1 => Just([1, 1]), 3 => Just([3, 3]), 1 => Just([5, 5]), 1 => Just([1, 3]), 1 => Just([3, 1]), 1 => Just([1, 9])];
    let tile = prop_oneof![Just([2, 2]), Just([1, 2]), Just([2, 3]), Just([4, 4]), Just([3, 1])];
    let channels = || prop_oneof![1u16..9, 1u16..50, Just(16), Just(32)];
    let extent = || prop_oneof![1u16..5, 1u16..18];
    let around = (window, extent(), extent(), channels(), channels(), any::<bool>()).prop_map(
        |(window, height, width, inputs, outputs, same)| {
            let input = Shape { channels: inputs, height, width };
            let output = Shape { channels: if same { inputs } else { outputs }, height, width };
            Geometry { window, tiles: false, input, output }
        },
    );
    let tiled = (tile, 1u16..9, 1u16..9, channels(), channels(), 0u16..2).prop_map(
        |(window, height, width, inputs, outputs, _)| {
            let [rows, columns] = window.map(|extent| extent as u16);
            let input = Shape { channels: inputs, height: height * rows, width: width * columns };
            Geometry { window, tiles: true, input, output: Shape { channels: outputs, height, width } }
        },
    );
    prop_oneof![3 => around, 1 => tiled]
}

fn any_case() -> impl Strategy<Value = Case> {
    any_geometry().prop_flat_map(|geometry| {
        let Geometry { window: [rows, columns], input, output, .. } = geometry;
        let (inputs, outputs) = (usize::from(input.channels), usize::from(output.channels));
        let words = outputs.div_ceil(2) * rows * columns * inputs.div_ceil(2);
        // What an accumulator holds at most.
        let largest = (65_535 / (rows * columns * inputs.max(outputs))).min(127) as i16;
        let weight = prop_oneof![3 => -largest..=largest, 1 => Just(-largest), 1 => Just(largest)];
        let bytes = |count: usize| prop::collection::vec(any_i16(), count);
        let shifts = (prop_oneof![0u8..=31, 0u8..8], 0u8..=30, prop_oneof![0u8..=31, 10u8..20]);
        let values = (bytes(input.elements()), bytes(output.elements()));
        let biases = prop::collection::vec(prop_oneof![-(1i32 << 29)..(1 << 29), -40_000..40_000], outputs);
        (prop::collection::vec(weight, 4 * words), bytes(outputs), bytes(outputs), biases, shifts, values).prop_map(
            move |(weights, forward, reverse, biases, (n, m, k), (x, g))| {
                let mut words: Vec<u8> = weights.iter().map(|&weight| weight as i8 as u8).collect();
                // Past the end weights are zero.
                for (index, byte) in words.iter_mut().enumerate() {
                    let (word, lane) = (index / 4, index % 4);
                    let input = word / columns % inputs.div_ceil(2) * 2 + lane / 2;
                    let output = word / columns / inputs.div_ceil(2) / rows * 2 + lane % 2;
                    if input >= inputs || output >= outputs {
                        *byte = 0;
                    }
                }
                let le = |values: Vec<i16>| values.iter().flat_map(|value| value.to_le_bytes()).collect();
                let biases = biases.iter().flat_map(|bias| bias.to_le_bytes()).collect();
                Case { geometry, words, forward: le(forward), reverse: le(reverse), biases, shifts: [n, m, k], x, g }
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn every_processor_computes_the_definition(case in any_case()) {
        case.check();
    }
}
