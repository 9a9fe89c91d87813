//! Text and numbers, written without `core::fmt`, which would take more flash than a small model.

use crate::output::Output;

/// The largest number that is printed with decimals, in thousandths.
const LARGEST: u64 = 1_000_000_000_000_000_000;

/// Writes text and numbers to an output.
#[derive(Debug)]
pub struct Print<'o, O>(pub &'o mut O);

impl<O: Output> Print<'_, O> {
    /// Text as it is.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.write(bytes);
        self
    }

    /// A whole number in decimal.
    pub fn number(&mut self, value: u64) -> &mut Self {
        self.digits(value, 0)
    }

    /// A number with three decimals, rounded to nearest; beyond ±10¹⁵ the nearest of those.
    pub fn decimal(&mut self, value: f32) -> &mut Self {
        // Mantissa · 2^exponent: in whole numbers, because those of f64 take flash.
        let bits = value.to_bits();
        let exponent = (bits >> 23 & 0xff).max(1);
        let mantissa = u64::from(if bits >> 23 & 0xff == 0 { bits & 0x7f_ffff } else { bits & 0x7f_ffff | 0x80_0000 });
        let thousandths = match exponent.checked_sub(150) {
            // 24 bits, times 1000, are 34.
            Some(left) if left < 30 => ((1000 * mantissa) << left).min(LARGEST),
            Some(_) => LARGEST,
            None => {
                let right = (150 - exponent).min(63);
                (1000 * mantissa + (1 << (right - 1))) >> right
            }
        };
        self.text(if value.is_sign_negative() { "-" } else { "" });
        if value.is_nan() {
            return self.text("nan");
        }
        self.digits(thousandths, 3)
    }

    /// Eight hexadecimal digits.
    pub fn hex(&mut self, value: u32) -> &mut Self {
        let mut text = [0; 8];
        for (index, digit) in text.iter_mut().enumerate() {
            let nibble = (value >> (28 - 4 * index)) as u8 & 15;
            *digit = if nibble < 10 { b'0' + nibble } else { b'a' + (nibble - 10) };
        }
        self.0.write(&text);
        self
    }

    /// Decimal digits, the last `decimals` of them behind a point.
    fn digits(&mut self, mut value: u64, decimals: usize) -> &mut Self {
        // 2⁶⁴ has 20 digits.
        let mut text = [b'0'; 20];
        let mut used = 0;
        for digit in text.iter_mut().rev() {
            if value == 0 && used > decimals {
                break;
            }
            let remainder;
            (value, remainder) = tenth(value);
            *digit = b'0' + remainder;
            used += 1;
        }
        let point = text.len() - decimals;
        self.bytes(text.get(text.len() - used..point).unwrap_or_default());
        if decimals > 0 {
            self.text(".").bytes(text.get(point..).unwrap_or_default());
        }
        self
    }
}

/// A tenth, and what remains, by 16 bits at a time: a division of 64 bits takes 1 KB of flash.
fn tenth(value: u64) -> (u64, u8) {
    [48, 32, 16, 0].into_iter().fold((0, 0), |(quotient, remainder), shift| {
        let part = u32::from(remainder) << 16 | u32::from((value >> shift) as u16);
        (quotient << 16 | u64::from(part / 10), (part % 10) as u8)
    })
}

#[cfg(test)]
mod tests {
    use super::Print;
    use crate::output::Output;
    use std::string::String;

    #[derive(Default)]
    struct Text(String);

    impl Output for Text {
        fn write(&mut self, bytes: &[u8]) {
            self.0.push_str(std::str::from_utf8(bytes).unwrap());
        }
    }

    fn printed(print: impl Fn(&mut Print<'_, Text>)) -> String {
        let mut text = Text::default();
        print(&mut Print(&mut text));
        text.0
    }

    #[test]
    fn whole_numbers_have_no_leading_zeros() {
        for value in [0, 7, 10, 999, 1_000_000_007, u64::MAX] {
            assert_eq!(printed(|print| _ = print.number(value)), std::format!("{value}"));
        }
    }

    #[test]
    fn decimals_are_rounded_to_thousandths() {
        for (value, text) in [
            (0.0, "0.000"),
            (-1.5, "-1.500"),
            (0.0005, "0.001"),
            (12.0625, "12.063"),
            (1e6, "1000000.000"),
            (f32::MIN_POSITIVE, "0.000"),
            (f32::from_bits(1), "0.000"),
            (16_777_217.0, "16777216.000"),
            (0.9999, "1.000"),
            (0.000_499, "0.000"),
            (33_554_436.0, "33554436.000"),
            (f32::MAX, "1000000000000000.000"),
        ] {
            assert_eq!(printed(|print| _ = print.decimal(value)), text);
        }
    }

    #[test]
    fn decimals_without_a_value_are_named() {
        assert_eq!(printed(|print| _ = print.decimal(f32::NAN)), "nan");
        assert_eq!(printed(|print| _ = print.decimal(f32::NEG_INFINITY)), "-1000000000000000.000");
    }

    #[test]
    fn hexadecimal_has_eight_digits() {
        for value in [0, 0xBF80_0000, 0x0123_4567, u32::MAX] {
            assert_eq!(printed(|print| _ = print.hex(value)), std::format!("{value:08x}"));
        }
    }

    /// The same in floats of 64 bits, which hold a float of 32 bits times 1000.
    #[test]
    fn decimals_are_those_of_wider_floats() {
        for bits in (0..0x7f80_0000_u32).step_by(99_991) {
            let value = f32::from_bits(bits);
            let thousandths = ((f64::from(value) * 1000.0 + 0.5) as u64).min(super::LARGEST);
            let expected = std::format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
            assert_eq!(printed(|print| _ = print.decimal(value)), expected, "{value}");
        }
    }
}
