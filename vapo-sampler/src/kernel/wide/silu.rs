//! SiLU over vectors of 32 values: the functions of [`crate::kernel::silu`], with the same results.
//!
//! All is of 16 bits but the products with FiLM's factors and those of cotangents. A knot is looked up by permutations of
//! registers, as few as the largest magnitude of a vector needs.

#[cfg(test)]
mod tests;

use super::lanes::{Lanes, Work};
use super::part::{load, store};
use crate::kernel::silu::{self, Film, MIRROR, RATES, RESIDUES, exponent_moved};
use core::arch::x86_64::{__m128i, __m256i, __m512i};
use pulp::x86::V4;

/// Values of a vector.
const VALUES: usize = 32;
/// Vectors of all knots.
const VECTORS: usize = 256 / VALUES;

#[repr(align(64))]
/// Knots, and twice the steps from each to the next.
struct Knots {
    knots: [[i16; VALUES]; VECTORS],
    steps: [[i16; VALUES]; VECTORS],
}

impl Knots {
    #[allow(clippy::indexing_slicing)] // as constants are computed, which is checked by the compiler
    const fn new(from: &[u16; 257]) -> Self {
        let mut table = Knots { knots: [[0; VALUES]; VECTORS], steps: [[0; VALUES]; VECTORS] };
        let mut i = 0;
        while i < 256 {
            table.knots[i / VALUES][i % VALUES] = from[i] as i16;
            table.steps[i / VALUES][i % VALUES] = (from[i + 1] as i16 - from[i] as i16) * 2;
            i += 1;
        }
        table
    }
}

static RESIDUE_KNOTS: Knots = Knots::new(&RESIDUES);
static RATE_KNOTS: Knots = Knots::new(&RATES);

/// As [`silu::forward`].
pub fn forward(exponent: u32, values: &mut [i16], kept: &mut [u8]) {
    match V4::try_new() {
        Some(lanes) => Lanes::vectorize(lanes, Forward { film: None, from: 0, to: exponent, values, kept }),
        None => silu::forward(exponent, values, kept),
    }
}

/// As [`silu::forward_film`].
pub fn forward_film(film: Film<'_>, from: i32, to: u32, values: &mut [i16], kept: &mut [u8]) {
    match V4::try_new() {
        Some(lanes) => Lanes::vectorize(lanes, Forward { film: Some(film), from, to, values, kept }),
        None => silu::forward_film(film, from, to, values, kept),
    }
}

/// As [`silu::reverse`].
pub fn reverse(from: i32, to: i32, kept: &[u8], cotangents: &mut [i16]) {
    match V4::try_new() {
        Some(lanes) => Lanes::vectorize(lanes, Reverse { film: None, shift: 10 + from - to, kept, cotangents }),
        None => silu::reverse(from, to, kept, cotangents),
    }
}

/// As [`silu::reverse_film`].
pub fn reverse_film(film: Film<'_>, from: i32, to: i32, kept: &[u8], cotangents: &mut [i16]) {
    match V4::try_new() {
        Some(lanes) => {
            let shift = from + film.exponent as i32 - 1 - to;
            Lanes::vectorize(lanes, Reverse { film: Some(film), shift, kept, cotangents });
        }
        None => silu::reverse_film(film, from, to, kept, cotangents),
    }
}

/// Vectors whose lanes have the same channels.
#[derive(Clone, Copy)]
struct Block {
    /// The first value of the first vector.
    first: usize,
    /// Values from one vector to the next.
    stride: usize,
}

impl Block {
    /// Blocks that cover all values of pixels of some channels.
    #[inline(always)]
    fn all(channels: usize) -> impl Iterator<Item = Block> {
        // The least common multiple of the channels and the values of a vector, a power of two.
        let stride = (channels.max(1) << VALUES.ilog2()) >> channels.trailing_zeros().min(VALUES.ilog2());
        (0..stride).step_by(VALUES).map(move |first| Block { first, stride })
    }

    /// What lanes have, of a list with one for each channel.
    #[inline(always)]
    fn lanes(self, channels: &[i16]) -> [i16; VALUES] {
        let from = channels.get(self.first.checked_rem(channels.len()).unwrap_or_default()..).unwrap_or_default();
        if let Some(lanes) = from.first_chunk() {
            return *lanes;
        }
        let mut lanes = [0; VALUES];
        let (first, rest) = lanes.split_at_mut(from.len());
        first.copy_from_slice(from);
        for lanes in rest.chunks_mut(channels.len().max(1)) {
            lanes.iter_mut().zip(channels).for_each(|(lane, &value)| *lane = value);
        }
        lanes
    }

    /// Replaces every vector. The step is told where it begins and how many values it has.
    #[inline(always)]
    fn replace(
        self,
        values: &mut [i16],
        mut step: impl FnMut([i16; VALUES], usize, usize) -> Option<[i16; VALUES]>,
    ) -> Option<()> {
        let mut at = self.first;
        while at < values.len() {
            let count = VALUES.min(values.len() - at);
            let to = values.get_mut(at..)?;
            store(step(load(to, count)?, at, count)?, count, to)?;
            at += self.stride;
        }
        Some(())
    }
}

/// A product of 32 bits over a power of two, rounded.
#[derive(Clone, Copy)]
struct Rounding {
    half: __m512i,
    bits: __m128i,
}

impl Rounding {
    #[inline(always)]
    fn new(lanes: V4, bits: u32) -> Self {
        let half = ((1u32 << (bits & 31)) >> 1) as i32;
        Rounding { half: lanes.avx512f._mm512_set1_epi32(half), bits: pulp::cast([u64::from(bits & 31), 0]) }
    }

    #[inline(always)]
    fn of(self, lanes: V4, product: __m512i) -> __m512i {
        lanes.avx512f._mm512_sra_epi32(lanes.avx512f._mm512_add_epi32(product, self.half), self.bits)
    }
}

/// Products of 32 bits: the lower and the upper half of each 128 bits.
#[inline(always)]
fn products(lanes: V4, a: __m512i, b: __m512i) -> [__m512i; 2] {
    let low = lanes.avx512bw._mm512_mullo_epi16(a, b);
    let high = lanes.avx512bw._mm512_mulhi_epi16(a, b);
    [lanes.avx512bw._mm512_unpacklo_epi16(low, high), lanes.avx512bw._mm512_unpackhi_epi16(low, high)]
}

/// FiLM's factors and shifts, for the lanes of a block.
#[derive(Clone, Copy)]
struct Modulation {
    factors: __m512i,
    /// As [`products`] are.
    shifts: [__m512i; 2],
}

impl Modulation {
    #[inline(always)]
    fn new(film: Film<'_>, exponent: u32, block: Block) -> Self {
        let factors = block.lanes(film.scale).map(|scale| film.factor(scale) as i16);
        let shifts = block.lanes(film.shift).map(|shift| exponent_moved(shift.into(), film.exponent, exponent));
        let mut halves = [[[0i32; 4]; 4]; 2];
        for (index, quarter) in shifts.as_chunks().0.iter().enumerate() {
            let half = halves.get_mut(index % 2).and_then(|half| half.get_mut(index / 2));
            half.into_iter().for_each(|half| *half = *quarter);
        }
        Modulation { factors: pulp::cast(factors), shifts: halves.map(pulp::cast) }
    }

    /// Modulated values.
    #[inline(always)]
    fn of(self, lanes: V4, rounding: Rounding, values: __m512i) -> __m512i {
        let ([low, high], [low_shift, high_shift]) = (products(lanes, values, self.factors), self.shifts);
        let low = lanes.avx512f._mm512_add_epi32(rounding.of(lanes, low), low_shift);
        let high = lanes.avx512f._mm512_add_epi32(rounding.of(lanes, high), high_shift);
        lanes.avx512bw._mm512_packs_epi32(low, high)
    }
}

/// SiLU and its derivative at values of one exponent.
#[derive(Clone, Copy)]
struct Curve {
    /// The largest magnitude that the knots span.
    largest: __m512i,
    /// The bits of a magnitude below the distance of the knots.
    bits: __m128i,
    /// What a magnitude is shifted by so that those bits are the upper ones of 16.
    upper: __m128i,
    /// One, which the compiler does not know: of a number that it knows to be positive, it would compute the upper half of
    /// a product with more instructions.
    one: __m128i,
    /// A factor that rounds a residue.
    rounding: __m512i,
    /// Residues need no rounding.
    exact: bool,
}

impl Curve {
    #[inline(always)]
    fn new(lanes: V4, exponent: u32) -> Self {
        let bits = exponent.saturating_sub(4).min(11);
        let largest = if exponent <= 11 { (256 << bits) - 1 } else { 1 << 15 };
        Curve {
            largest: lanes.avx512f._mm512_set1_epi16(largest as u16 as i16),
            bits: pulp::cast([u64::from(bits), 0]),
            upper: pulp::cast([u64::from(16 - bits), 0]),
            one: pulp::cast([core::hint::black_box(1u64), 0]),
            rounding: lanes.avx512f._mm512_set1_epi16(1i16.wrapping_shl(exponent)),
            exact: exponent >= 15,
        }
    }

    #[inline(always)]
    fn at(self, lanes: V4, values: __m512i) -> (__m512i, __m256i) {
        let (f, bw) = (lanes.avx512f, lanes.avx512bw);
        let splat = |value: i16| f._mm512_set1_epi16(value);
        let magnitudes = bw._mm512_min_epu16(bw._mm512_abs_epi16(values), self.largest);
        let index = bw._mm512_srl_epi16(magnitudes, self.bits);
        let upper = bw._mm512_srl_epi16(bw._mm512_sll_epi16(magnitudes, self.upper), self.one);
        // Not by `map`, whose closure is compiled for another processor: its instructions would be calls.
        let (residue, rate) = if bw._mm512_cmpge_epu16_mask(index, splat(64)) == 0 {
            (RESIDUE_KNOTS.at::<1>(lanes, index, upper), RATE_KNOTS.at::<1>(lanes, index, upper))
        } else if bw._mm512_cmpge_epu16_mask(index, splat(128)) == 0 {
            (RESIDUE_KNOTS.at::<2>(lanes, index, upper), RATE_KNOTS.at::<2>(lanes, index, upper))
        } else {
            (RESIDUE_KNOTS.at::<4>(lanes, index, upper), RATE_KNOTS.at::<4>(lanes, index, upper))
        };
        let residue = if self.exact { residue } else { bw._mm512_mulhrs_epi16(residue, self.rounding) };
        let silu = bw._mm512_sub_epi16(bw._mm512_max_epi16(values, f._mm512_setzero_si512()), residue);
        let mirrored = bw._mm512_sub_epi16(splat(MIRROR as u16 as i16), rate);
        let rate = bw._mm512_mask_blend_epi16(bw._mm512_movepi16_mask(values), mirrored, rate);
        (silu, bw._mm512_cvtepi16_epi8(bw._mm512_srli_epi16::<8>(rate)))
    }
}

impl Knots {
    /// The curve's values at some knots' indices, below 64 times QUARTERS, and beyond them.
    #[inline(always)]
    fn at<const QUARTERS: usize>(&self, lanes: V4, index: __m512i, upper: __m512i) -> __m512i {
        let step = look_up::<QUARTERS>(lanes, &self.steps, index);
        let knot = look_up::<QUARTERS>(lanes, &self.knots, index);
        lanes.avx512bw._mm512_add_epi16(knot, lanes.avx512bw._mm512_mulhi_epi16(step, upper))
    }
}

#[inline(always)]
fn look_up<const QUARTERS: usize>(
    lanes: V4,
    [a, b, c, d, e, f, g, h]: &[[i16; VALUES]; VECTORS],
    index: __m512i,
) -> __m512i {
    let bw = lanes.avx512bw;
    let quarter = |low: &[i16; VALUES], high: &[i16; VALUES]| {
        bw._mm512_permutex2var_epi16(pulp::cast(*low), index, pulp::cast(*high))
    };
    // The lanes whose index has a bit.
    let with = |bit: i16| bw._mm512_test_epi16_mask(index, lanes.avx512f._mm512_set1_epi16(bit));
    let half = |low, high| bw._mm512_mask_blend_epi16(with(64), low, high);
    match QUARTERS {
        1 => quarter(a, b),
        2 => half(quarter(a, b), quarter(c, d)),
        _ => {
            let (low, high) = (half(quarter(a, b), quarter(c, d)), half(quarter(e, f), quarter(g, h)));
            bw._mm512_mask_blend_epi16(with(128), low, high)
        }
    }
}

struct Forward<'a> {
    film: Option<Film<'a>>,
    from: i32,
    to: u32,
    values: &'a mut [i16],
    kept: &'a mut [u8],
}

impl Work<V4> for Forward<'_> {
    #[inline(always)]
    fn run(self, lanes: V4) {
        let Forward { film, from, to, values, kept } = self;
        let curve = Curve::new(lanes, to);
        let rounding = film.map(|film| Rounding::new(lanes, (from + film.exponent as i32 - to as i32) as u32));
        for block in Block::all(film.map_or(VALUES, |film| film.scale.len())) {
            let modulation = film.map(|film| Modulation::new(film, to, block));
            block.replace(values, |values, at, count| {
                let mut values = pulp::cast(values);
                if let (Some(rounding), Some(modulation)) = (rounding, modulation) {
                    values = modulation.of(lanes, rounding, values);
                }
                let (silu, rate) = curve.at(lanes, values);
                store::<u8, VALUES>(pulp::cast(rate), count, kept.get_mut(at..)?)?;
                Some(pulp::cast(silu))
            });
        }
    }
}

struct Reverse<'a> {
    film: Option<Film<'a>>,
    shift: i32,
    kept: &'a [u8],
    cotangents: &'a mut [i16],
}

impl Work<V4> for Reverse<'_> {
    #[inline(always)]
    fn run(self, lanes: V4) {
        let Reverse { film, shift, kept, cotangents } = self;
        let bw = lanes.avx512bw;
        let rounding = Rounding::new(lanes, shift as u32);
        let rounded =
            |[low, high]: [__m512i; 2]| bw._mm512_packs_epi32(rounding.of(lanes, low), rounding.of(lanes, high));
        // The derivative, times 2^10 and a power of two.
        let derivative = |kept: [u8; VALUES], factor: i16| {
            let distance =
                bw._mm512_sub_epi16(bw._mm512_cvtepu8_epi16(pulp::cast(kept)), lanes.avx512f._mm512_set1_epi16(24));
            bw._mm512_mullo_epi16(distance, lanes.avx512f._mm512_set1_epi16(5 * factor))
        };
        for block in Block::all(film.map_or(VALUES, |film| film.scale.len())) {
            let factors = film.map(|film| Modulation::new(film, film.exponent, block).factors);
            block.replace(cotangents, |values, at, count| {
                let (values, kept) = (pulp::cast(values), load(kept.get(at..)?, count)?);
                Some(pulp::cast(rounded(match factors {
                    // Over 2^11: times 2^4 and over 2^15.
                    Some(factors) => products(lanes, bw._mm512_mulhrs_epi16(values, derivative(kept, 16)), factors),
                    None => products(lanes, values, derivative(kept, 1)),
                })))
            });
        }
    }
}
