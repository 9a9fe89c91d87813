//! Multipliers and shifts of integer arithmetic, against f64.

use crate::specification::table;
use proptest::prelude::*;
use vapo_format::Exponents;
use vapo_format::fixed_point::Requantisation;

fn power(exponent: i32) -> f64 {
    2.0_f64.powi(exponent)
}

/// Whether an i16 is the nearest to a number from 0 to below 2^15, or the largest.
fn is_nearest(multiplier: i16, exact: f64) -> bool {
    let largest = multiplier == i16::MAX && (32_766.5..32_768.0).contains(&exact);
    multiplier >= 0 && (largest || (f64::from(multiplier) - exact).abs() <= 0.5)
}

/// Scales of all magnitudes: of trained weights, and of others.
fn scales() -> impl Strategy<Value = Vec<f32>> {
    let any = (0..0x7c00_0000_u32).prop_map(f32::from_bits);
    let usual = (1e-6..0.4_f32).prop_filter("positive", |scale| *scale > 0.0);
    let some = prop_oneof![1 => any, 4 => usual, 1 => Just(0.0)];
    (some, prop::collection::vec(0.0..=1.0_f32, 0..5))
        .prop_map(|(largest, shares)| [vec![largest], shares.iter().map(|share| share * largest).collect()].concat())
}

fn exponents() -> impl Strategy<Value = Exponents> {
    (-40..=40_i8, -40..=40_i8).prop_map(|(value, cotangent)| Exponents { value, cotangent })
}

fn near_exponents() -> impl Strategy<Value = Exponents> {
    (5..=14_i8, -3..=10_i8).prop_map(|(value, cotangent)| Exponents { value, cotangent })
}

/// The examples of the specification.
#[test]
fn examples() {
    for row in table("13.4") {
        let number = |at: usize| row[at].parse::<i32>().expect(row[at]);
        let scale = |at: usize| row[at].parse::<f32>().expect(row[at]);
        let input = Exponents { value: -number(2) as i8, cotangent: number(3) as i8 };
        let found = Requantisation::new(scale(1), input, Exponents::default()).expect(row[0]);
        let found: [i32; 4] = [
            found.shifts.forward.into(),
            found.forward(scale(0)).into(),
            found.shifts.sum.into(),
            found.reverse(scale(0)).into(),
        ];
        assert_eq!(found, [4, 5, 6, 7].map(number), "{row:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn multipliers_are_the_nearest_to_what_they_stand_for(
        scales in scales(),
        (input, output) in prop_oneof![(exponents(), exponents()), (near_exponents(), near_exponents())],
        cotangent in any::<i16>(),
    ) {
        let largest = scales.iter().copied().fold(0.0, f32::max);
        let ratio = f64::from(largest) * power(i32::from(output.value) - i32::from(input.value));
        let back = f64::from(largest) * power(i32::from(input.cotangent) - i32::from(output.cotangent));
        let found = Requantisation::new(largest, input, output);
        // A shift to the left would be needed from these on.
        prop_assert_eq!(found.is_some(), largest == 0.0 || (ratio < 0.5 && back < 1.0));
        let forward_alone = Requantisation::forward_alone(largest, input.value, output.value);
        prop_assert_eq!(forward_alone.is_some(), largest == 0.0 || ratio < 0.5);
        let Some(found) = found else { return Ok(()) };
        let (n, m, k) = (i32::from(found.shifts.forward), i32::from(found.shifts.reverse), i32::from(found.shifts.sum));
        prop_assert!((0..=31).contains(&n) && (0..=30).contains(&m) && (0..=31).contains(&k));
        for &scale in &scales {
            let share = f64::from(scale) / f64::from(largest.max(f32::MIN_POSITIVE));
            prop_assert!(largest < f32::MIN_POSITIVE || share <= 1.0);
            let exact = f64::from(scale) * power(i32::from(output.value) - i32::from(input.value) + 16 + n);
            prop_assert!(is_nearest(found.forward(scale), exact), "{scale}: {exact}");
            prop_assert_eq!(forward_alone.map(|alone| alone.forward(scale)), Some(found.forward(scale)));
            prop_assert_eq!(forward_alone.map(|alone| alone.reverse(scale)), Some(0));
            let exact = f64::from(scale) * power(i32::from(input.cotangent) - i32::from(output.cotangent) + m + k);
            prop_assert!(is_nearest(found.reverse(scale), exact), "{scale}: {exact}");
            // No product is beyond i16.
            for g in [i16::MIN, i16::MAX, cotangent] {
                let t = (((i32::from(g) * i32::from(found.reverse(scale))) >> (m - 1).max(0)) + 1) >> 1;
                prop_assert!(m == 0 || i16::try_from(t).is_ok(), "{g} by {scale}");
            }
        }
        if largest > 0.0 {
            let forward = f64::from(found.forward(largest)) / power(16 + n);
            prop_assert!(n == 31 || (forward / ratio - 1.0).abs() <= power(-15), "{forward} for {ratio}");
            prop_assert!(n == 31 || (0x4000..0x8000).contains(&i32::from(found.forward(largest))));
            let factor = f64::from(found.reverse(largest)) / power(15);
            prop_assert!(m == 15 && (k == 31 || (0.5..1.0).contains(&factor)));
        }
    }

    #[test]
    fn biases_are_the_nearest(bias in -1e6..1e6_f32, exponent in -40..=40_i8) {
        let found = Requantisation::forward_alone(0.0, 0, exponent).unwrap();
        let exact = f64::from(bias) * power(exponent.into());
        match found.bias(bias) {
            Some(bias) => prop_assert!((f64::from(bias) - exact).abs() <= 0.5 && bias.abs() < 1 << 29),
            None => prop_assert!(exact.abs() >= power(29) - 0.5),
        }
    }
}
