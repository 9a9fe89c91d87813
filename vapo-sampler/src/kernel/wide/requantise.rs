//! From sums to values: products with 16-bit multipliers, shifts that round, saturation.

use super::lanes::LANES;
use super::part::{load, store};
use crate::kernel::rounding::saturate;

/// Factors of cotangents, one an output, and the shift after them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale<'a> {
    pub(super) factors: &'a [u8],
    pub(super) shift: u32,
}

impl Scale<'_> {
    /// Scales pixels of `values` values each, to pixels of one more where that is odd.
    #[inline(always)]
    pub(super) fn apply(self, x: &[i16], values: usize, to: &mut [i16]) -> Option<()> {
        let even = values.next_multiple_of(2);
        let factors = self.factors.as_chunks().0.get(..values)?;
        let half = ((1u32 << (self.shift & 31)) >> 1) as i32;
        let mut block = [0; LANES];
        let scaled = |x: [i16; LANES], block: &[i32; LANES]| {
            let mut scaled = x;
            for (x, factor) in scaled.iter_mut().zip(block) {
                *x = saturate((i32::from(*x) * factor + half) >> (self.shift & 31));
            }
            scaled
        };
        if even == values && LANES.is_multiple_of(values) {
            // Vectors hold whole pixels.
            block
                .iter_mut()
                .zip(factors.iter().cycle())
                .for_each(|(to, &factor)| *to = i16::from_le_bytes(factor).into());
            let ((x, x_rest), (to, to_rest)) = (x.as_chunks(), to.as_chunks_mut());
            x.iter().zip(to).for_each(|(&x, to)| *to = scaled(x, &block));
            store(scaled(load(x_rest, x_rest.len())?, &block), x_rest.len(), to_rest)?;
            return Some(());
        }
        for first in (0..even).step_by(LANES) {
            block = [0; LANES];
            let factors = factors.get(first..)?;
            block.iter_mut().zip(factors).for_each(|(to, &factor)| *to = i16::from_le_bytes(factor).into());
            for (x, to) in x.chunks_exact(values).zip(to.chunks_exact_mut(even)) {
                let x = load(x.get(first..)?, values - first)?;
                store(scaled(x, &block), even - first, to.get_mut(first..)?)?;
            }
        }
        Some(())
    }
}

/// What is done with the sums.
#[derive(Clone, Copy, Debug)]
pub(super) enum Finish<'a> {
    /// A factor and a bias for each output, and a shift between.
    Forward { factors: &'a [u8], biases: &'a [u8], shift: u32 },
    /// A shift.
    Reverse { shift: u32 },
}

/// What is done with a block of sums.
#[derive(Clone, Copy, Debug)]
pub(super) enum BlockFinish {
    Forward { factors: [i32; LANES], biases: [i32; LANES], shift: u32, half: i32 },
    Reverse { shift: u32, one: i32, last: u32 },
}

impl Finish<'_> {
    /// For the outputs from `output` on.
    #[inline(always)]
    pub(super) fn block(self, output: usize) -> BlockFinish {
        match self {
            Finish::Forward { factors, biases, shift } => {
                let mut block = ([0; LANES], [0; LANES]);
                let factors = factors.as_chunks().0.get(output..).unwrap_or_default();
                block.0.iter_mut().zip(factors).for_each(|(to, &factor)| *to = i16::from_le_bytes(factor).into());
                let biases = biases.as_chunks().0.get(output..).unwrap_or_default();
                block.1.iter_mut().zip(biases).for_each(|(to, &bias)| *to = i32::from_le_bytes(bias));
                let half = ((1u32 << (shift & 31)) >> 1) as i32;
                BlockFinish::Forward { factors: block.0, biases: block.1, shift, half }
            }
            Finish::Reverse { shift: 0 } => BlockFinish::Reverse { shift: 0, one: 0, last: 0 },
            Finish::Reverse { shift } => BlockFinish::Reverse { shift: shift - 1, one: 1, last: 1 },
        }
    }
}

impl BlockFinish {
    /// The values of some sums.
    #[inline(always)]
    pub(super) fn of(&self, sums: [i32; LANES]) -> [i16; LANES] {
        let mut values = [0; LANES];
        match self {
            BlockFinish::Forward { factors, biases, shift, half } => {
                for (((value, sum), factor), bias) in values.iter_mut().zip(sums).zip(factors).zip(biases) {
                    // The upper 32 of 48 bits.
                    let product = ((sum >> 16) * factor).wrapping_add((sum & 0xffff).wrapping_mul(*factor) >> 16);
                    *value = saturate((product.wrapping_add(*half) >> (shift & 31)).wrapping_add(*bias));
                }
            }
            BlockFinish::Reverse { shift, one, last } => {
                for (value, sum) in values.iter_mut().zip(sums) {
                    *value = saturate(((sum >> (shift & 31)) + one) >> (last & 1));
                }
            }
        }
        values
    }
}
