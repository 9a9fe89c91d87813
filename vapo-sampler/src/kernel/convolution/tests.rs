use super::{Buffers, Direction, Geometry, Weights, convolve, reference};
use proptest::prelude::*;
use std::{vec, vec::Vec};
use vapo_format::{Bits, Packed, Shape};

/// Random numbers of 64 bits, by splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Values up to `bits` bits, one in eight of them an extreme.
    fn signed(&mut self, bits: u32) -> i64 {
        let (least, most) = (-1 << (bits - 1), (1 << (bits - 1)) - 1);
        match self.next() % 16 {
            0 => least,
            1 => most,
            _ => self.next() as i64 >> (64 - bits),
        }
    }

    fn values(&mut self, count: usize) -> Vec<i16> {
        (0..count).map(|_| self.signed(16) as i16).collect()
    }
}

/// The bytes of random weights.
struct Bytes {
    /// Packed.
    words: Vec<u8>,
    bits: Bits,
    forward: Vec<u8>,
    reverse: Vec<u8>,
    biases: Vec<u8>,
    shifts: [u8; 3],
}

impl Bytes {
    fn new(geometry: &Geometry, bits: Bits, shifts: [u8; 3], random: &mut Random) -> Self {
        let [rows, columns] = geometry.window;
        let (inputs, outputs) = (usize::from(geometry.input.channels), usize::from(geometry.output.channels));
        let mut words = vec![[0_i8; 4]; outputs.div_ceil(2) * rows * inputs.div_ceil(2) * columns];
        for (index, weight) in words.as_flattened_mut().iter_mut().enumerate() {
            let (word, output, input) = (index / 4, index % 2, index / 2 % 2);
            let output = word / columns / inputs.div_ceil(2) / rows * 2 + output;
            let input = word / columns % inputs.div_ceil(2) * 2 + input;
            if input < inputs && output < outputs {
                *weight = random.signed(bits.count().into()) as i8;
            }
        }
        let groups = words.iter().map(|&word| bits.pack(word));
        let words = groups.flat_map(|group| group.into_iter().take(bits.group_bytes())).collect();
        let mut factors = || random.values(outputs).into_iter().flat_map(i16::to_le_bytes).collect();
        let (forward, reverse) = (factors(), factors());
        let biases = (0..outputs).flat_map(|_| {
            let bias = random.signed(30) as i32;
            (if random.next().is_multiple_of(2) { bias >> 15 } else { bias.max(1 - (1 << 29)) }).to_le_bytes()
        });
        Bytes { words, bits, forward, reverse, biases: biases.collect(), shifts }
    }

    fn weights(&self) -> Weights<'_> {
        let Bytes { words, bits, forward, reverse, biases, shifts } = self;
        Weights { words: Packed { bytes: words, bits: *bits }, forward, reverse, biases, shifts: *shifts }
    }
}

/// Compares with the definition, for weights of every number of bits.
fn equals_the_definition(geometry: &Geometry, shifts: [u8; 3], seed: u64) {
    for bits in [Bits::Eight, Bits::Six, Bits::Four] {
        equals_with(geometry, bits, shifts, seed);
    }
}

/// Forward and in reverse, apart, and in place where that is possible.
fn equals_with(geometry: &Geometry, bits: Bits, shifts: [u8; 3], seed: u64) {
    let mut random = Random(seed);
    let bytes = Bytes::new(geometry, bits, shifts, &mut random);
    let weights = bytes.weights();
    for direction in [Direction::Forward, Direction::Reverse] {
        let (from, to) = match direction {
            Direction::Forward => (geometry.input, geometry.output),
            Direction::Reverse => (geometry.output, geometry.input),
        };
        let source = random.values(from.elements());
        let mut expected = vec![0; to.elements()];
        match direction {
            Direction::Forward => reference::forward(geometry, &weights, &source, &mut expected),
            Direction::Reverse => reference::reverse(geometry, &weights, &source, &mut expected),
        }
        // What was in the memory before does not matter.
        let scratch = || vec![0xdead_beef; geometry.scratch_words(direction)];

        let mut result = random.values(to.elements());
        convolve(direction, geometry, &weights, Buffers::Apart(&source, &mut result), &mut scratch());
        assert_eq!(result, expected, "{direction:?}, apart: {geometry:?} {bits:?} {shifts:?} {seed}");

        if from == to {
            let mut values = source;
            convolve(direction, geometry, &weights, Buffers::InPlace(&mut values), &mut scratch());
            assert_eq!(values, expected, "{direction:?}, in place: {geometry:?} {bits:?} {shifts:?} {seed}");
        }
    }
}

/// A window that overlaps, of odd extent.
fn same(window: [usize; 2], channels: [u16; 2], height: u16, width: u16) -> Geometry {
    let [inputs, outputs] = channels;
    let (input, output) = (Shape { channels: inputs, height, width }, Shape { channels: outputs, height, width });
    Geometry { window, tiles: false, input, output }
}

/// Windows that tile the input, of which the output has `height` × `width`.
fn tiles(window: [usize; 2], channels: [u16; 2], height: u16, width: u16) -> Geometry {
    let [inputs, outputs] = channels;
    let output = Shape { channels: outputs, height, width };
    let input = Shape { channels: inputs, height: height * window[0] as u16, width: width * window[1] as u16 };
    Geometry { window, tiles: true, input, output }
}

#[test]
fn the_presets_layers_equal_the_definition() {
    for (seed, geometry) in [
        same([3, 3], [16, 16], 14, 14),
        same([3, 3], [32, 32], 7, 7),
        same([3, 3], [4, 16], 14, 14),
        same([3, 3], [8, 8], 8, 8),
        same([3, 3], [16, 16], 4, 4),
        same([3, 3], [32, 32], 2, 2),
        same([1, 9], [8, 8], 1, 30),
        tiles([2, 2], [16, 32], 7, 7),
        tiles([1, 2], [8, 16], 1, 16),
        tiles([1, 1], [32, 64], 1, 1),
        tiles([1, 1], [16, 16], 3, 5),
        // More weights of a pair of channels than are unpacked at once.
        same([3, 3], [70, 66], 2, 3),
        tiles([4, 4], [40, 37], 2, 2),
        same([15, 15], [5, 5], 2, 7),
    ]
    .into_iter()
    .enumerate()
    {
        equals_the_definition(&geometry, [9, 15, 14], seed as u64);
    }
}

/// Every pixel count of a tile, every remainder of a row, and rows of the window outside the image.
#[test]
fn every_small_extent_equals_the_definition() {
    for height in 1..=5 {
        for width in 1..=11 {
            for (window, channels) in [
                ([3, 3], [3, 3]),
                ([3, 3], [4, 4]),
                ([5, 3], [2, 5]),
                ([1, 3], [4, 4]),
                ([3, 1], [3, 2]),
                ([7, 5], [1, 1]),
            ] {
                equals_the_definition(&same(window, channels, height, width), [8, 15, 12], 7);
            }
            equals_the_definition(&tiles([2, 3], [3, 4], height, width), [8, 15, 12], 7);
            equals_the_definition(&tiles([1, 1], [4, 4], height, width), [8, 15, 12], 7);
        }
    }
}

proptest! {
    #[test]
    fn random_layers_equal_the_definition(
        half in prop::array::uniform2(0_usize..=7),
        tile in prop::array::uniform2(1_usize..=4),
        tiled in any::<bool>(),
        inputs in 1_u16..=9,
        outputs in 1_u16..=9,
        square in any::<bool>(),
        height in 1_u16..=6,
        width in 1_u16..=9,
        shifts in [0_u8..=31, 0_u8..=30, 0_u8..=31],
        seed in any::<u64>(),
    ) {
        let channels = [inputs, if square { inputs } else { outputs }];
        let geometry = if tiled {
            tiles(tile, channels, height, width)
        } else {
            same(half.map(|half| 2 * half + 1), channels, height, width)
        };
        equals_the_definition(&geometry, shifts, seed);
    }
}

/// One weight, one value: what the formulas say, worked out by hand.
#[test]
fn the_definition_is_what_its_formulas_say() {
    let geometry = tiles([1, 1], [1, 1], 1, 1);
    let (words, forward, reverse) = ([3, 0, 0, 0], 20_000_i16.to_le_bytes(), (-300_i16).to_le_bytes());
    let biases = (-7_i32).to_le_bytes();
    let weights = |shifts| Weights {
        words: Packed::eight(&words),
        forward: &forward,
        reverse: &reverse,
        biases: &biases,
        shifts,
    };
    let mut result = [0];
    // 3 · 1000 · 20000 / 2¹⁶ = 915.5…; 915 / 2 = 457.5, rounded up; less 7.
    reference::forward(&geometry, &weights([1, 0, 0]), &[1000], &mut result);
    assert_eq!(result, [451]);
    // 3 · −1000 · 20000 / 2¹⁶ = −915.5…, down to −916; / 8 = −114.5, rounded up; less 7.
    reference::forward(&geometry, &weights([3, 0, 0]), &[-1000], &mut result);
    assert_eq!(result, [-121]);
    // 1001 · −300 / 2⁵ = −9384.375; 3 · −9384 / 2⁴ = −1759.5, rounded up.
    reference::reverse(&geometry, &weights([0, 5, 4]), &[1001], &mut result);
    assert_eq!(result, [-1759]);
    // 32767 · −300 / 2⁵ saturates to −32768; 3 · −32768 does so again.
    reference::reverse(&geometry, &weights([0, 5, 0]), &[32767], &mut result);
    assert_eq!(result, [-32768]);
}
