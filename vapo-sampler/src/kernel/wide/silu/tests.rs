//! The vectors give what devices give.

use super::*;
use proptest::prelude::*;
use std::{vec, vec::Vec};

#[test]
fn every_value_is_that_of_devices() {
    for exponent in silu::EXPONENTS {
        // A few of a vector's lanes need more knots than others.
        for step in [1u16, 3, 4097] {
            let values: Vec<i16> = (0..=u16::MAX).map(|i| i.wrapping_mul(step) as i16).collect();
            let (mut expected, mut computed) = (values.clone(), values);
            let (mut expected_kept, mut kept) = (vec![0; expected.len()], vec![0; expected.len()]);
            silu::forward(exponent, &mut expected, &mut expected_kept);
            forward(exponent, &mut computed, &mut kept);
            assert!(computed == expected && kept == expected_kept, "exponent {exponent}, step {step}");
        }
    }
}

fn any_values(elements: usize) -> impl Strategy<Value = Vec<i16>> {
    let value = prop_oneof![3 => any::<i16>(), 1 => Just(i16::MIN), 1 => Just(i16::MAX), 2 => -300i16..300];
    prop::collection::vec(value, elements)
}

/// Channels, then scales, shifts, values and kept bytes.
fn any_case() -> impl Strategy<Value = (Vec<i16>, Vec<i16>, Vec<i16>, Vec<u8>)> {
    let channels = prop_oneof![1usize..5, 5usize..40, Just(8), Just(16), Just(32), Just(64), 65usize..100];
    (channels, 1usize..12).prop_flat_map(|(channels, pixels)| {
        let kept = prop::collection::vec(any::<u8>(), channels * pixels);
        (any_values(channels), any_values(channels), any_values(channels * pixels), kept)
    })
}

proptest! {
    #[test]
    fn modulation_is_that_of_devices(
        (scale, shift, values, kept) in any_case(),
        (exponent, from, to) in (0u32..=14, -20i32..=40, 4u32..=15),
    ) {
        prop_assume!((0..=31).contains(&(from + exponent as i32 - to as i32)));
        let film = Film { scale: &scale, shift: &shift, exponent };
        let (mut expected, mut expected_kept) = (values.clone(), kept.clone());
        let (mut computed, mut computed_kept) = (values, kept);
        silu::forward_film(film, from, to, &mut expected, &mut expected_kept);
        forward_film(film, from, to, &mut computed, &mut computed_kept);
        prop_assert_eq!((computed, computed_kept), (expected, expected_kept));
    }

    #[test]
    fn reverse_is_that_of_devices(
        (scale, shift, values, kept) in any_case(),
        (exponent, from, to) in (4u32..=15, 0i32..=24, 0i32..=24),
    ) {
        let film = Film { scale: &scale, shift: &shift, exponent };
        if (0..=31).contains(&(10 + from - to)) {
            let (mut expected, mut computed) = (values.clone(), values.clone());
            silu::reverse(from, to, &kept, &mut expected);
            reverse(from, to, &kept, &mut computed);
            prop_assert_eq!(computed, expected);
        }
        if (0..=31).contains(&(from + exponent as i32 - 1 - to)) {
            let (mut expected, mut computed) = (values.clone(), values);
            silu::reverse_film(film, from, to, &kept, &mut expected);
            reverse_film(film, from, to, &kept, &mut computed);
            prop_assert_eq!(computed, expected);
        }
    }
}
