//! From values in [-1, 1] to grey levels and back.

/// [-1, 1] → 0 to 255, rounded to nearest. What lies beyond is clamped, what is not a number is 0.
pub fn level(value: f32) -> u8 {
    (value * 127.5 + 128.0) as u8
}

/// 0 to 255 → [-1, 1].
pub fn value(level: u8) -> f32 {
    f32::from(level) / 127.5 - 1.0
}

/// The level of every value.
pub fn levels(values: &[f32]) -> Vec<u8> {
    values.iter().map(|&value| level(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_data() {
        assert_eq!([value(0), value(51), value(255)], [-1.0, -0.6, 1.0]);
        for byte in 0..=u8::MAX {
            assert_eq!(level(value(byte)), byte);
        }
        assert_eq!(levels(&[-9.0, 9.0, f32::NAN, f32::INFINITY]), [0, 255, 0, 255]);
    }

    #[test]
    fn values_go_to_the_nearest_level() {
        let halfway = |byte: f32| (byte + 0.5) / 127.5 - 1.0;
        assert_eq!([level(halfway(41.0) - 1e-5), level(halfway(41.0) + 1e-5)], [41, 42]);
    }
}
