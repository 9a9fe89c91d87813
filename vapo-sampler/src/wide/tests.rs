//! Every processor's convolutions are those of the definition.

use super::convolution::Convolution;
use super::lanes::Plain;
use super::*;
use proptest::prelude::*;
use std::{vec, vec::Vec};
use vapo_format::Shape;

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

fn rounded(value: i32, bits: u8) -> i32 {
    if bits == 0 { value } else { ((value >> (bits - 1)) + 1) >> 1 }
}

fn saturated(value: i32) -> i16 {
    value.clamp(-32_768, 32_767) as i16
}

impl Case {
    fn weight(&self, row: usize, column: usize, input: usize, output: usize) -> i32 {
        let [rows, columns] = self.geometry.window;
        let pairs = usize::from(self.geometry.input.channels).div_ceil(2);
        let word = ((output / 2 * rows + row) * pairs + input / 2) * columns + column;
        i32::from(self.words[4 * word + input % 2 * 2 + output % 2] as i8)
    }

    /// Pixels of input and output, and the tap between.
    fn taps(&self) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        let Geometry { window: [rows, columns], tiles, input, output } = self.geometry;
        let (height, width) = (usize::from(input.height), usize::from(input.width));
        let pixels =
            (0..usize::from(output.height)).flat_map(move |y| (0..usize::from(output.width)).map(move |x| (y, x)));
        let taps = move || (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)));
        pixels.enumerate().flat_map(move |(pixel, (y, x))| {
            taps().filter_map(move |(row, column)| {
                let y = if tiles { y * rows + row } else { (y + row).checked_sub(rows / 2)? };
                let x = if tiles { x * columns + column } else { (x + column).checked_sub(columns / 2)? };
                (y < height && x < width).then_some((y * width + x, pixel, row, column))
            })
        })
    }

    fn forward(&self) -> Vec<i16> {
        let Geometry { input, output, .. } = self.geometry;
        let (inputs, outputs) = (usize::from(input.channels), usize::from(output.channels));
        let mut sums = vec![0i32; output.elements()];
        for (from, to, row, column) in self.taps() {
            for (c, o) in (0..inputs).flat_map(|c| (0..outputs).map(move |o| (c, o))) {
                let sum = &mut sums[to * outputs + o];
                *sum = sum.wrapping_add(i32::from(self.x[from * inputs + c]) * self.weight(row, column, c, o));
            }
        }
        let value = |(index, sum): (usize, i32)| {
            let o = index % outputs;
            let factor = i16::from_le_bytes(self.forward.as_chunks().0[o]);
            let product = ((i64::from(sum) * i64::from(factor)) >> 16) as i32;
            saturated(rounded(product, self.shifts[0]) + i32::from_le_bytes(self.biases.as_chunks().0[o]))
        };
        sums.into_iter().enumerate().map(value).collect()
    }

    fn reverse(&self) -> Vec<i16> {
        let Geometry { input, output, .. } = self.geometry;
        let (inputs, outputs) = (usize::from(input.channels), usize::from(output.channels));
        let mut sums = vec![0i32; input.elements()];
        for (to, from, row, column) in self.taps() {
            for o in 0..outputs {
                let factor = i16::from_le_bytes(self.reverse.as_chunks().0[o]);
                let t = saturated(rounded(i32::from(self.g[from * outputs + o]) * i32::from(factor), self.shifts[1]));
                for c in 0..inputs {
                    let sum = &mut sums[to * inputs + c];
                    *sum = sum.wrapping_add(i32::from(t) * self.weight(row, column, c, o));
                }
            }
        }
        sums.into_iter().map(|sum| saturated(rounded(sum, self.shifts[2]))).collect()
    }

    /// By every processor that this one is, with their names.
    fn computed(&self, reverse: bool, in_place: bool) -> Vec<(&'static str, Vec<i16>)> {
        let Geometry { input, output, .. } = self.geometry;
        let mut unpacked = vec![0xdead_beef; unpacked_words(&self.geometry)];
        unpack(&self.geometry, &self.words, &mut unpacked);
        let (x, elements) = if reverse { (&self.g, input.elements()) } else { (&self.x, output.elements()) };
        let weights = Weights {
            words: &self.words,
            forward: &self.forward,
            reverse: &self.reverse,
            biases: &self.biases,
            shifts: self.shifts,
        };
        let by = |compute: &dyn Fn(Convolution<'_, '_>)| {
            let mut scratch = vec![0x7fff_7fff; scratch_words(&self.geometry)];
            let mut y = if in_place { x.clone() } else { vec![0x5555; elements] };
            let buffers = if in_place { Buffers::InPlace(&mut y) } else { Buffers::Apart(x, &mut y) };
            let (geometry, unpacked, weights, scratch) = (&self.geometry, &unpacked, &weights, &mut scratch);
            compute(Convolution { geometry, unpacked, weights, buffers, scratch, reverse });
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
        let Geometry { input, output, tiles, .. } = self.geometry;
        let same = !tiles && input == output;
        for (reverse, expected) in [(false, self.forward()), (true, self.reverse())] {
            for in_place in [false, true] {
                if in_place && !same {
                    continue;
                }
                for (name, computed) in self.computed(reverse, in_place) {
                    let at = computed.iter().zip(&expected).position(|(a, b)| a != b);
                    assert!(
                        computed == expected,
                        "{name}, reverse {reverse}, in place {in_place}: first at {at:?} of {:?}, {:?}",
                        self.geometry,
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
