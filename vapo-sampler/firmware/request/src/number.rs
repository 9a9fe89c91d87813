//! Numbers as text, read without code that can panic.

#[inline(never)] // many callers: one copy takes less flash
pub(crate) fn whole(text: &[u8]) -> Option<u64> {
    text.first()?;
    text.iter().try_fold(0u64, |value, &byte| {
        let digit = char::from(byte).to_digit(10)?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
}

/// A whole number of 16 bits.
pub(crate) fn short(text: &[u8]) -> Option<u16> {
    whole(text)?.try_into().ok()
}

/// The number nearest to a decimal like `0.7`, of a size that f32 holds without its point. Core's own parser, which
/// reads any decimal, takes 10 KB.
pub(crate) fn decimal(text: &[u8]) -> Option<f32> {
    let Some((before, after)) = split_once(text, b'.') else {
        return quotient(whole(text)?, 1);
    };
    let unit = after.iter().try_fold(1u64, |unit, _| unit.checked_mul(10))?;
    quotient(whole(before)?.checked_mul(unit)?.checked_add(whole(after)?)?, unit)
}

/// A whole number by a power of ten, where f32 holds both: the one division rounds, to nearest.
fn quotient(digits: u64, unit: u64) -> Option<f32> {
    (digits < 1 << 24 && unit <= 10_000_000_000).then_some(digits as f32 / unit as f32)
}

/// What lies before and after the first `separator`. Text's own method links code that can panic.
pub(crate) fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at_checked(text.iter().position(|&byte| byte == separator)?)?;
    Some((before, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_are_the_nearest_numbers() {
        for text in ["0", "1", "0.1", "0.7", "0.85", "3.14159", "16777215", "0.0000001", "1234.567", "0.3333333"] {
            assert_eq!(decimal(text.as_bytes()), text.parse().ok(), "{text}");
        }
        for wrong in ["", ".", "1.", ".5", "-1", "1.2.3", "nan", "16777216", "0.33333333333", "0.00000000001"] {
            assert_eq!(decimal(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
