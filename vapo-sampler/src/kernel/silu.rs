//! SiLU over fixed-point values, its derivative as a byte, and the product with that byte on the way back.
//!
//! A value is `q / 2^exponent`, q an `i16`. SiLU is ReLU minus a residue that is even and vanishes for large magnitudes;
//! the residue and the derivative are interpolated between knots 1/16 apart. All results are exact integers, the same on
//! every target.

#[cfg(all(feature = "dsp", target_arch = "arm"))]
mod dsp;

use super::rounding::saturate;

/// The exponents that values may have.
pub const EXPONENTS: core::ops::RangeInclusive<u32> = 4..=15;

/// The byte that stands for a derivative of zero. A derivative of 1 lies [`UNIT`] above it.
const ZERO: i32 = 24;
/// 1024 / 5, the byte's steps in a derivative of 1: 5 times the byte's distance from [`ZERO`] is the derivative times 2^10.
#[cfg(test)]
const UNIT: f64 = 204.8;
/// The offset of a knot's derivative: [`ZERO`] and one half, times 256.
#[cfg(test)]
const OFFSET: i32 = 256 * ZERO + 128;
/// Twice the derivative at 0, which is the sum of the derivatives of x and −x: times [`UNIT`] and 256, with two offsets and
/// one half of two halves.
pub(crate) const MIRROR: i32 = 52_429 + 2 * (256 * ZERO) + 256;

/// Scale and shift of a feature-wise linear modulation (FiLM), one of each a channel.
#[derive(Clone, Copy, Debug)]
pub struct Film<'a> {
    /// What is added to a factor of 1.
    pub scale: &'a [i16],
    /// What is added to the product.
    pub shift: &'a [i16],
    /// The exponent of both.
    pub exponent: u32,
}

impl<'a> Film<'a> {
    /// The two halves of a vector, none of an empty one.
    pub fn split(film: &'a [i16], exponent: u32) -> Option<Self> {
        let (scale, shift) = film.split_at_checked(film.len() / 2).filter(|_| !film.is_empty())?;
        Some(Film { scale, shift, exponent })
    }

    /// The factors of the channels: 1 + scale.
    fn factors(self) -> impl Iterator<Item = i32> {
        self.scale.iter().map(move |&scale| self.factor(scale))
    }

    /// The factor of a channel of that scale.
    pub(crate) fn factor(self, scale: i16) -> i32 {
        let one = 1 << (self.exponent & 31);
        saturate(one + i32::from(scale)).into()
    }
}

/// SiLU of values of an exponent, in place. Keeps a byte of the derivative for each.
pub fn forward(exponent: u32, values: &mut [i16], kept: &mut [u8]) {
    let curve = Curve::new(exponent);
    #[cfg(all(feature = "dsp", target_arch = "arm"))]
    dsp::forward(&curve, values, kept);
    #[cfg(not(all(feature = "dsp", target_arch = "arm")))]
    for (value, kept) in values.iter_mut().zip(kept) {
        (*value, *kept) = curve.at((*value).into());
        // Unrolled, the loop would keep its state in memory.
        core::hint::black_box(());
    }
}

/// What [`forward`] makes of one value of an exponent: SiLU, and the byte of its derivative.
pub fn value(exponent: u32, value: i16) -> (i16, u8) {
    Curve::new(exponent).at(value.into())
}

/// SiLU of modulated values, in place. Keeps a byte of the derivative for each.
///
/// `values` hold `film.scale.len()` channels, channels last, of exponent `from`. The modulated values and the results are of
/// exponent `to`, at most `from + film.exponent`.
pub fn forward_film(film: Film<'_>, from: i32, to: u32, values: &mut [i16], kept: &mut [u8]) {
    let rounding = Rounding::new((from + film.exponent as i32 - to as i32) as u32);
    for (channel, (factor, &shift)) in film.factors().zip(film.shift).enumerate() {
        let shift = exponent_moved(shift.into(), film.exponent, to);
        let mut at = channel;
        while let Some(value) = values.get_mut(at) {
            *value = saturate(rounding.of(i32::from(*value) * factor) + shift);
            at += film.scale.len();
        }
    }
    forward(to, values, kept);
}

/// Multiplies cotangents by the derivatives that [`forward`] kept, in place.
///
/// `from` is the exponent of the cotangents, `to` that of the results; `10 + from - to` lies in 0..=31.
pub fn reverse(from: i32, to: i32, kept: &[u8], cotangents: &mut [i16]) {
    let rounding = Rounding::new((10 + from - to) as u32);
    for (cotangent, &kept) in cotangents.iter_mut().zip(kept) {
        *cotangent = saturate(rounding.of(product(*cotangent, kept)));
    }
}

/// Multiplies cotangents by the derivatives that [`forward_film`] kept and by the factors, in place.
///
/// `from` is the exponent of the cotangents, `to` that of the results; `from - 1 + film.exponent - to` lies in 0..=31.
pub fn reverse_film(film: Film<'_>, from: i32, to: i32, kept: &[u8], cotangents: &mut [i16]) {
    let derivative = Rounding::new(11);
    let rounding = Rounding::new((from + film.exponent as i32 - 1 - to) as u32);
    let Some(kept) = kept.get(..cotangents.len()) else { return };
    for (channel, factor) in film.factors().enumerate() {
        let mut at = channel;
        while let (Some(cotangent), Some(&kept)) = (cotangents.get_mut(at), kept.get(at)) {
            *cotangent = saturate(rounding.of(derivative.of(product(*cotangent, kept)) * factor));
            at += film.scale.len();
        }
    }
}

/// A cotangent times a kept derivative, times 2^10. Below 2^26 in magnitude.
fn product(cotangent: i16, kept: u8) -> i32 {
    i32::from(cotangent) * ((i32::from(kept) - ZERO) * 5)
}

/// A value of exponent `from` as one of exponent `to`.
pub(crate) fn exponent_moved(value: i32, from: u32, to: u32) -> i32 {
    if from >= to { Rounding::new(from - to).of(value) } else { value << ((to - from) & 31) }
}

/// A shift to the right that rounds halves up.
#[derive(Clone, Copy)]
struct Rounding {
    bits: u32,
    half: i32,
}

impl Rounding {
    fn new(bits: u32) -> Self {
        let bits = bits & 31;
        Self { bits, half: ((1u32 << bits) >> 1) as i32 }
    }

    /// The value over 2^bits, rounded. The value and one half are no more than an `i32` holds.
    fn of(self, value: i32) -> i32 {
        value.wrapping_add(self.half) >> self.bits
    }
}

/// SiLU and its derivative for values of one exponent.
struct Curve {
    /// The bits of a value below the distance of the knots.
    bits: u32,
    /// One half of the residue's last place, at 2^11 times the value's scale.
    half: i32,
    /// [`MIRROR`] times 2^bits, and what rounds up.
    mirror: i32,
}

impl Curve {
    fn new(exponent: u32) -> Self {
        let half = if exponent < *EXPONENTS.end() { 1 << 10 } else { 0 };
        let bits = exponent.wrapping_sub(*EXPONENTS.start()) & 15;
        Self { bits, half, mirror: (MIRROR << bits) | ((1 << bits) - 1) }
    }

    /// SiLU of a value, and the byte of its derivative.
    ///
    /// All beyond the last but one knot is what it and its neighbours are: no residue, and the derivative of ReLU.
    #[inline(always)]
    fn at(&self, value: i32) -> (i16, u8) {
        let magnitude = value.abs();
        let index = (magnitude >> self.bits).min(255) as usize;
        let far = magnitude & ((1 << self.bits) - 1);
        let near = (1 << self.bits) - far;
        let residue = (knot(&RESIDUES, index) * near + knot(&RESIDUES, index + 1) * far + self.half) >> 11;
        let rate = knot(&RATES, index) * near + knot(&RATES, index + 1) * far;
        let rate = if value < 0 { rate } else { self.mirror - rate };
        ((value.max(0) - residue) as i16, (rate >> (self.bits + 8)) as u8)
    }
}

/// One of the knots. No check of bounds is left for an index of at most 256.
fn knot(knots: &[u16; 257], index: usize) -> i32 {
    knots.get(index).copied().unwrap_or_default().into()
}

/// x·(1 − sigmoid(x))·2^15 at x = i/16, which is ReLU − SiLU.
#[rustfmt::skip]
pub(crate) static RESIDUES: [u16; 257] = [
    0, 992, 1920, 2785, 3587, 4326, 5005, 5625, 6186, 6690, 7140, 7538, 7885, 8183, 8436, 8645, 8813, 8942, 9035,
    9094, 9122, 9121, 9093, 9041, 8967, 8872, 8760, 8632, 8490, 8335, 8169, 7995, 7812, 7623, 7429, 7231, 7030,
    6827, 6623, 6418, 6214, 6011, 5810, 5611, 5415, 5221, 5031, 4845, 4662, 4484, 4310, 4140, 3975, 3815, 3659,
    3508, 3362, 3220, 3083, 2951, 2823, 2700, 2582, 2467, 2357, 2252, 2150, 2052, 1959, 1869, 1782, 1699, 1620,
    1544, 1471, 1402, 1335, 1271, 1210, 1152, 1097, 1043, 993, 944, 898, 854, 812, 772, 734, 697, 662, 629, 598,
    568, 539, 512, 486, 462, 438, 416, 395, 374, 355, 337, 320, 303, 288, 273, 259, 245, 233, 220, 209, 198, 188,
    178, 169, 160, 151, 143, 136, 129, 122, 115, 109, 104, 98, 93, 88, 83, 79, 75, 71, 67, 63, 60, 57, 54, 51, 48,
    45, 43, 41, 38, 36, 34, 33, 31, 29, 28, 26, 25, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 13, 12, 11, 11, 10,
    9, 9, 8, 8, 8, 7, 7, 6, 6, 6, 5, 5, 5, 5, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// The derivative at x = −i/16, times 256 of the byte's steps, plus [`OFFSET`].
#[rustfmt::skip]
pub(crate) static RATES: [u16; 257] = [
    32487, 30849, 29218, 27600, 26001, 24426, 22882, 21373, 19906, 18483, 17110, 15789, 14524, 13318, 12171, 11086,
    10064, 9105, 8209, 7375, 6603, 5892, 5240, 4646, 4107, 3621, 3187, 2801, 2462, 2165, 1910, 1693, 1512, 1364,
    1247, 1158, 1096, 1057, 1039, 1041, 1060, 1096, 1145, 1207, 1280, 1362, 1452, 1549, 1653, 1761, 1873, 1988,
    2106, 2225, 2346, 2467, 2588, 2708, 2828, 2946, 3063, 3178, 3291, 3402, 3511, 3617, 3721, 3822, 3920, 4015,
    4108, 4197, 4284, 4368, 4450, 4528, 4604, 4677, 4747, 4815, 4880, 4943, 5003, 5061, 5116, 5170, 5221, 5270,
    5317, 5361, 5404, 5446, 5485, 5523, 5559, 5593, 5626, 5657, 5687, 5716, 5743, 5769, 5794, 5817, 5840, 5861,
    5882, 5901, 5920, 5938, 5954, 5970, 5986, 6000, 6014, 6027, 6040, 6052, 6063, 6074, 6084, 6093, 6103, 6111,
    6120, 6128, 6135, 6142, 6149, 6155, 6161, 6167, 6173, 6178, 6183, 6188, 6192, 6196, 6200, 6204, 6208, 6211,
    6214, 6217, 6220, 6223, 6226, 6228, 6230, 6233, 6235, 6237, 6239, 6240, 6242, 6244, 6245, 6247, 6248, 6249,
    6251, 6252, 6253, 6254, 6255, 6256, 6257, 6257, 6258, 6259, 6260, 6260, 6261, 6262, 6262, 6263, 6263, 6264,
    6264, 6265, 6265, 6265, 6266, 6266, 6266, 6267, 6267, 6267, 6268, 6268, 6268, 6268, 6268, 6269, 6269, 6269,
    6269, 6269, 6269, 6270, 6270, 6270, 6270, 6270, 6270, 6270, 6270, 6270, 6271, 6271, 6271, 6271, 6271, 6271,
    6271, 6271, 6271, 6271, 6271, 6271, 6271, 6271, 6271, 6271, 6271, 6271, 6271, 6272, 6272, 6272, 6272, 6272,
    6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272, 6272,
    6272, 6272, 6272, 6272, 6272, 6272, 6272,
];

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// The knots, from the definition.
    fn knots() -> Vec<[i32; 2]> {
        let knot = |i| {
            let x = f64::from(i) / 16.0;
            let sigmoid = 1.0 / (1.0 + libm::exp(-x));
            let rate = sigmoid * (1.0 + x * (1.0 - sigmoid));
            [(x * (1.0 - sigmoid) * 32_768.0).round() as i32, (52_429.0 * (1.0 - rate)).round() as i32]
        };
        (0..258).map(knot).collect()
    }

    #[test]
    fn knots_are_those_of_the_definition() {
        for (index, [residue, rate]) in knots().into_iter().take(257).enumerate() {
            assert_eq!(i32::from(RESIDUES[index]), residue, "knot {index}");
            assert_eq!(i32::from(RATES[index]), rate + OFFSET, "knot {index}");
        }
    }

    fn shifted(value: i32, bits: u32) -> i32 {
        if bits == 0 { value } else { ((value >> (bits - 1)) + 1) >> 1 }
    }

    /// SiLU and the byte of its derivative, step by step.
    fn silu(knots: &[[i32; 2]], exponent: u32, value: i32) -> (i32, i32) {
        let mut magnitude = value.abs();
        if exponent <= 11 {
            magnitude = magnitude.min((16 << exponent) - 1);
        }
        let bits = exponent - 4;
        let (index, fraction) = ((magnitude >> bits) as usize, magnitude & ((1 << bits) - 1));
        let [residue, rate] = [0, 1].map(|column| {
            let knot = knots[index][column];
            knot + (((knots[index + 1][column] - knot) * fraction) >> bits)
        });
        let kept = if value < 0 { 6144 + rate } else { 58_573 - rate };
        (value.max(0) - shifted(residue, 15 - exponent), (kept + 128) >> 8)
    }

    #[test]
    fn every_value_is_that_of_the_definition() {
        let knots = knots();
        for exponent in EXPONENTS {
            for value in i16::MIN..=i16::MAX {
                let (mut values, mut kept) = ([value], [0]);
                forward(exponent, &mut values, &mut kept);
                let expected = silu(&knots, exponent, value.into());
                assert_eq!((values[0].into(), kept[0].into()), expected, "{value} at exponent {exponent}");
            }
        }
    }

    #[test]
    fn silu_and_its_derivative_are_near_the_real_ones() {
        for value in i16::MIN..=i16::MAX {
            let (mut values, mut kept) = ([value], [0]);
            forward(12, &mut values, &mut kept);
            let x = f64::from(value) / 4096.0;
            let sigmoid = 1.0 / (1.0 + libm::exp(-x));
            let rate = sigmoid * (1.0 + x * (1.0 - sigmoid));
            // Half of the last place, and of an interpolation between knots 1/16 apart.
            assert!((f64::from(values[0]) / 4096.0 - x * sigmoid).abs() < 0.5 / 4096.0 + 0.0003);
            assert!(((f64::from(kept[0]) - f64::from(ZERO)) / UNIT - rate).abs() < 0.5 / UNIT + 0.0003);
        }
    }

    fn any_values(elements: usize) -> impl Strategy<Value = Vec<i16>> {
        let value = prop_oneof![3 => any::<i16>(), 1 => Just(i16::MIN), 1 => Just(i16::MAX), 2 => -300i16..300];
        prop::collection::vec(value, elements)
    }

    /// Channels, then what each of them has.
    fn any_case() -> impl Strategy<Value = (usize, Vec<i16>, Vec<i16>, Vec<i16>, Vec<u8>)> {
        (1usize..5, 1usize..9).prop_flat_map(|(channels, pixels)| {
            let vector = || any_values(channels);
            let kept = prop::collection::vec(any::<u8>(), channels * pixels);
            (Just(channels), vector(), vector(), any_values(channels * pixels), kept)
        })
    }

    fn saturated(value: i32) -> i32 {
        value.clamp(-32_768, 32_767)
    }

    proptest! {
        #[test]
        fn modulation_is_that_of_the_definition(
            (channels, scale, shift, values, _) in any_case(),
            (exponent, from, to) in (0u32..=14, -20i32..=40, 4u32..=15),
        ) {
            let bits = from + exponent as i32 - to as i32;
            prop_assume!((0..=31).contains(&bits));
            let knots = knots();
            let (mut results, mut kept) = (values.clone(), std::vec![0; values.len()]);
            forward_film(Film { scale: &scale, shift: &shift, exponent }, from, to, &mut results, &mut kept);
            for (index, &value) in values.iter().enumerate() {
                let channel = index % channels;
                let factor = saturated((1 << exponent) + i32::from(scale[channel]));
                let shift = i32::from(shift[channel]);
                let shift = if exponent >= to { shifted(shift, exponent - to) } else { shift << (to - exponent) };
                let modulated = saturated(shifted(i32::from(value) * factor, bits as u32) + shift);
                let expected = silu(&knots, to, modulated);
                prop_assert_eq!((results[index].into(), kept[index].into()), expected);
            }
        }

        #[test]
        fn reverse_is_that_of_the_definition(
            (channels, scale, shift, values, kept) in any_case(),
            (exponent, from, to) in (4u32..=15, 0u32..=24, 0u32..=24),
        ) {
            let film = Film { scale: &scale, shift: &shift, exponent };
            let products = || values.iter().zip(&kept).map(|(&value, &kept)| i32::from(value) * (i32::from(kept) - 24) * 5);
            if (to..=to + 31).contains(&(10 + from)) {
                let mut results = values.clone();
                reverse(from as i32, to as i32, &kept, &mut results);
                let expected = products().map(|product| saturated(shifted(product, 10 + from - to)) as i16);
                prop_assert_eq!(results, expected.collect::<Vec<_>>());
            }
            if (to..=to + 31).contains(&(from + exponent - 1)) {
                let mut results = values.clone();
                reverse_film(film, from as i32, to as i32, &kept, &mut results);
                let expected = products().enumerate().map(|(index, product)| {
                    let factor = saturated((1 << exponent) + i32::from(scale[index % channels]));
                    saturated(shifted(shifted(product, 11) * factor, from + exponent - 1 - to)) as i16
                });
                prop_assert_eq!(results, expected.collect::<Vec<_>>());
            }
        }
    }
}
