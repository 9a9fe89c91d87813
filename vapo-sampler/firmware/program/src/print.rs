//! Text and numbers, written without `core::fmt`, which would take more flash than a small model.

use crate::output::Output;

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
        self.digits(value, 1)
    }

    /// A number with three decimals, rounded to nearest; beyond ±10¹⁵ the nearest of those.
    pub fn decimal(&mut self, value: f32) -> &mut Self {
        let thousandths = f64::from(value.abs()) * 1000.0 + 0.5;
        let thousandths = if thousandths < 1e18 { thousandths as u64 } else { 1_000_000_000_000_000_000 };
        self.text(if value.is_sign_negative() { "-" } else { "" });
        if value.is_nan() {
            return self.text("nan");
        }
        self.digits(thousandths / 1000, 1).text(".").digits(thousandths % 1000, 3)
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

    /// Decimal digits, at least `width` of them.
    fn digits(&mut self, mut value: u64, width: usize) -> &mut Self {
        // 2⁶⁴ has 20 digits.
        let mut text = [b'0'; 20];
        let mut used = 0;
        for digit in text.iter_mut().rev() {
            if value == 0 && used >= width {
                break;
            }
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
            used += 1;
        }
        self.0.write(text.get(20 - used..).unwrap_or_default());
        self
    }
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
        for (value, text) in
            [(0.0, "0.000"), (-1.5, "-1.500"), (0.0005, "0.001"), (12.0625, "12.063"), (1e6, "1000000.000")]
        {
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
}
