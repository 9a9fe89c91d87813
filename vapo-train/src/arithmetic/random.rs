//! Random numbers, the same on every machine.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;

/// The generator behind the image of a seed, on host and device.
pub fn generator(seed: u64) -> Xoshiro128PlusPlus {
    Xoshiro128PlusPlus::seed_from_u64(seed)
}

/// Uniform in [0, 1), of 24 random bits.
pub fn uniform(generator: &mut impl Rng) -> f32 {
    (generator.next_u32() >> 8) as f32 / (1 << 24) as f32
}

/// Brings values into random order: Fisher and Yates' shuffle, which takes a number for each value but one. `below(n)`
/// draws it, a whole number below n.
pub(crate) fn shuffle<T>(values: &mut [T], mut below: impl FnMut(usize) -> usize) {
    for last in (1..values.len()).rev() {
        values.swap(last, below(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_is_the_order_that_its_numbers_say() {
        let (mut values, mut asked) = (['a', 'b', 'c', 'd'], vec![]);
        shuffle(&mut values, |count| {
            asked.push(count);
            count / 2 - 1
        });
        // b and d change places, then a and c, then the two in front.
        assert_eq!((values, asked), (['d', 'c', 'a', 'b'], vec![4, 3, 2]));
        shuffle::<u8>(&mut [], |_| unreachable!());
    }
}
