//! From 32 bits to 16: how integers are rounded and saturated, everywhere.

/// Nearest multiple of 2ⁿ, divided by it; a half rounds up. Nothing overflows but the largest value at n = 1, which no sum
/// reaches.
#[inline(always)]
pub(crate) const fn shift_right(value: i32, n: u8) -> i32 {
    if n == 0 { value } else { ((value >> (n as u32 - 1)) + 1) >> 1 }
}

/// The nearest value of 16 bits.
#[inline(always)]
pub(crate) fn saturate(value: i32) -> i16 {
    value.min(i16::MAX.into()).max(i16::MIN.into()) as i16
}
