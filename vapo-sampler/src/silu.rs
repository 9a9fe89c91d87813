//! SiLU over fixed-point values, its derivative as a byte, and the product with that byte on the way back.
//!
//! A value is `q / 2^exponent`, q an `i16`. SiLU is ReLU minus a residue that is even and vanishes for large magnitudes;
//! the residue and the derivative are interpolated between knots 1/16 apart. All results are exact integers, the same on
//! every target.

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
const MIRROR: i32 = 52_429 + 2 * (256 * ZERO) + 256;

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
        let one = 1 << (self.exponent & 31);
        self.scale.iter().map(move |&scale| saturate(one + i32::from(scale)).into())
    }
}

/// SiLU of values of an exponent, in place. Keeps a byte of the derivative for each.
pub fn forward(exponent: u32, values: &mut [i16], kept: &mut [u8]) {
    let curve = Curve::new(exponent);
    for (value, kept) in values.iter_mut().zip(kept) {
        (*value, *kept) = curve.at((*value).into());
    }
}

/// SiLU of modulated values, in place. Keeps a byte of the derivative for each.
///
/// `values` hold `film.scale.len()` channels, channels last, of exponent `from`. The modulated values and the results are of
/// exponent `to`, at most `from + film.exponent`.
pub fn forward_film(film: Film<'_>, from: u32, to: u32, values: &mut [i16], kept: &mut [u8]) {
    let curve = Curve::new(to);
    let rounding = Rounding::new(from + film.exponent - to);
    let Some(kept) = kept.get_mut(..values.len()) else { return };
    for (channel, (factor, &shift)) in film.factors().zip(film.shift).enumerate() {
        let shift = exponent_moved(shift.into(), film.exponent, to);
        let mut at = channel;
        while let (Some(value), Some(kept)) = (values.get_mut(at), kept.get_mut(at)) {
            let modulated = saturate(rounding.of(i32::from(*value) * factor) + shift);
            (*value, *kept) = curve.at(modulated.into());
            at += film.scale.len();
        }
    }
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

/// The nearest value that an `i16` holds.
fn saturate(value: i32) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// A value of exponent `from` as one of exponent `to`.
fn exponent_moved(value: i32, from: u32, to: u32) -> i32 {
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
}

impl Curve {
    fn new(exponent: u32) -> Self {
        let half = if exponent < *EXPONENTS.end() { 1 << 10 } else { 0 };
        Self { bits: exponent.wrapping_sub(*EXPONENTS.start()) & 15, half }
    }

    /// SiLU of a value, and the byte of its derivative.
    ///
    /// All beyond the last but one knot is what it and its neighbours are: no residue, and the derivative of ReLU.
    fn at(&self, value: i32) -> (i16, u8) {
        let negative = value >> 31;
        let magnitude = (value ^ negative) - negative;
        let index = (magnitude >> self.bits).min(255) as usize;
        let far = magnitude & ((1 << self.bits) - 1);
        let near = (1 << self.bits) - far;
        let [residue, rate] = knot(index);
        let [next_residue, next_rate] = knot(index + 1);
        let residue = (residue * near + next_residue * far + self.half) >> 11;
        let rate = (rate * near + next_rate * far) >> self.bits;
        let rate = if value < 0 { rate } else { MIRROR - rate };
        (((value & !negative) - residue) as i16, (rate >> 8) as u8)
    }
}

/// What [`KNOTS`] hold. No check of bounds is left for an index of at most 256.
fn knot(index: usize) -> [i32; 2] {
    KNOTS.get(index).copied().unwrap_or_default().map(i32::from)
}

/// At x = i/16: x·(1 − sigmoid(x))·2^15, which is ReLU − SiLU; and the derivative at −x, times 256 of the byte's steps,
/// plus [`OFFSET`].
#[rustfmt::skip]
static KNOTS: [[u16; 2]; 257] = [
    [0, 32487], [992, 30849], [1920, 29218], [2785, 27600], [3587, 26001], [4326, 24426], [5005, 22882],
    [5625, 21373], [6186, 19906], [6690, 18483], [7140, 17110], [7538, 15789], [7885, 14524], [8183, 13318],
    [8436, 12171], [8645, 11086], [8813, 10064], [8942, 9105], [9035, 8209], [9094, 7375], [9122, 6603],
    [9121, 5892], [9093, 5240], [9041, 4646], [8967, 4107], [8872, 3621], [8760, 3187], [8632, 2801], [8490, 2462],
    [8335, 2165], [8169, 1910], [7995, 1693], [7812, 1512], [7623, 1364], [7429, 1247], [7231, 1158], [7030, 1096],
    [6827, 1057], [6623, 1039], [6418, 1041], [6214, 1060], [6011, 1096], [5810, 1145], [5611, 1207], [5415, 1280],
    [5221, 1362], [5031, 1452], [4845, 1549], [4662, 1653], [4484, 1761], [4310, 1873], [4140, 1988], [3975, 2106],
    [3815, 2225], [3659, 2346], [3508, 2467], [3362, 2588], [3220, 2708], [3083, 2828], [2951, 2946], [2823, 3063],
    [2700, 3178], [2582, 3291], [2467, 3402], [2357, 3511], [2252, 3617], [2150, 3721], [2052, 3822], [1959, 3920],
    [1869, 4015], [1782, 4108], [1699, 4197], [1620, 4284], [1544, 4368], [1471, 4450], [1402, 4528], [1335, 4604],
    [1271, 4677], [1210, 4747], [1152, 4815], [1097, 4880], [1043, 4943], [993, 5003], [944, 5061], [898, 5116],
    [854, 5170], [812, 5221], [772, 5270], [734, 5317], [697, 5361], [662, 5404], [629, 5446], [598, 5485],
    [568, 5523], [539, 5559], [512, 5593], [486, 5626], [462, 5657], [438, 5687], [416, 5716], [395, 5743],
    [374, 5769], [355, 5794], [337, 5817], [320, 5840], [303, 5861], [288, 5882], [273, 5901], [259, 5920],
    [245, 5938], [233, 5954], [220, 5970], [209, 5986], [198, 6000], [188, 6014], [178, 6027], [169, 6040],
    [160, 6052], [151, 6063], [143, 6074], [136, 6084], [129, 6093], [122, 6103], [115, 6111], [109, 6120],
    [104, 6128], [98, 6135], [93, 6142], [88, 6149], [83, 6155], [79, 6161], [75, 6167], [71, 6173], [67, 6178],
    [63, 6183], [60, 6188], [57, 6192], [54, 6196], [51, 6200], [48, 6204], [45, 6208], [43, 6211], [41, 6214],
    [38, 6217], [36, 6220], [34, 6223], [33, 6226], [31, 6228], [29, 6230], [28, 6233], [26, 6235], [25, 6237],
    [23, 6239], [22, 6240], [21, 6242], [20, 6244], [19, 6245], [18, 6247], [17, 6248], [16, 6249], [15, 6251],
    [14, 6252], [13, 6253], [13, 6254], [12, 6255], [11, 6256], [11, 6257], [10, 6257], [9, 6258], [9, 6259],
    [8, 6260], [8, 6260], [8, 6261], [7, 6262], [7, 6262], [6, 6263], [6, 6263], [6, 6264], [5, 6264], [5, 6265],
    [5, 6265], [5, 6265], [4, 6266], [4, 6266], [4, 6266], [4, 6267], [3, 6267], [3, 6267], [3, 6268], [3, 6268],
    [3, 6268], [3, 6268], [2, 6268], [2, 6269], [2, 6269], [2, 6269], [2, 6269], [2, 6269], [2, 6269], [2, 6270],
    [2, 6270], [1, 6270], [1, 6270], [1, 6270], [1, 6270], [1, 6270], [1, 6270], [1, 6270], [1, 6271], [1, 6271],
    [1, 6271], [1, 6271], [1, 6271], [1, 6271], [1, 6271], [1, 6271], [1, 6271], [1, 6271], [1, 6271], [1, 6271],
    [0, 6271], [0, 6271], [0, 6271], [0, 6271], [0, 6271], [0, 6271], [0, 6271], [0, 6272], [0, 6272], [0, 6272],
    [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272],
    [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272],
    [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272], [0, 6272],
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
        let expected = knots().into_iter().map(|[residue, rate]| [residue, rate + OFFSET]);
        for (expected, knot) in expected.zip(KNOTS) {
            assert_eq!(knot.map(i32::from), expected);
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
            (exponent, from, to) in (4u32..=15, 4u32..=15, 4u32..=15),
        ) {
            prop_assume!(from + exponent >= to);
            let knots = knots();
            let (mut results, mut kept) = (values.clone(), std::vec![0; values.len()]);
            forward_film(Film { scale: &scale, shift: &shift, exponent }, from, to, &mut results, &mut kept);
            for (index, &value) in values.iter().enumerate() {
                let channel = index % channels;
                let factor = saturated((1 << exponent) + i32::from(scale[channel]));
                let shift = i32::from(shift[channel]);
                let shift = if exponent >= to { shifted(shift, exponent - to) } else { shift << (to - exponent) };
                let modulated = saturated(shifted(i32::from(value) * factor, from + exponent - to) + shift);
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
