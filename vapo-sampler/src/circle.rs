//! Sine and cosine of one angle.

/// Sine and cosine of an angle, the bits of `libm`'s `sinf` and `cosf` where its magnitude is at most 2,000: one reduction and
/// one set of powers for both, and none of the code for larger angles, which takes 2 KB of flash where a library computes f64.
///
/// Source: FreeBSD's `s_sinf.c`, `k_sinf.c` and `k_cosf.c`, by Ian Lance Taylor and Bruce D. Evans.
pub(crate) fn sine_and_cosine(angle: f32) -> (f32, f32) {
    // π/2, and the same in two parts, of which the first has 25 bits.
    const HALF_PI: f64 = core::f64::consts::FRAC_PI_2;
    const PARTS: [f64; 2] = [1.570_796_310_901_641_8, 1.589_325_477_352_819_7e-8];
    let magnitude = libm::fabsf(angle);
    let quarters = (magnitude * core::f32::consts::FRAC_2_PI + 0.5) as i32;
    let (turned, whole) = (f64::from(quarters), f64::from(magnitude));
    let x = if quarters <= 4 {
        whole - turned * HALF_PI
    } else {
        let [first, second] = PARTS;
        whole - turned * first - turned * second
    };
    let x2 = x * x;
    let (x3, x4) = (x2 * x, x2 * x2);
    let sine = (x + x3 * (-0.166_666_666_416_265_24 + x2 * 0.008_333_329_385_889_463))
        + x3 * x4 * (-0.000_198_393_348_360_966_32 + x2 * 0.000_002_718_311_493_989_822);
    let cosine = ((1.0 + x2 * -0.499_999_997_251_031) + x4 * 0.041_666_623_323_739_06)
        + (x4 * x2) * (-0.001_388_676_377_460_993 + x2 * 0.000_024_390_448_796_277_41);
    let (sine, cosine) = (sine as f32, cosine as f32);
    let (sine, cosine) = match quarters & 3 {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    };
    (if angle.is_sign_negative() { -sine } else { sine }, cosine)
}

#[cfg(test)]
mod tests {
    use super::sine_and_cosine;

    /// One angle in 251, of either sign, and the one angle of all whose bits depend on how π/2 is parted.
    #[test]
    fn they_are_those_of_the_library() {
        let angles = (0..=2000_f32.to_bits()).step_by(251).map(f32::from_bits).chain([3.006_105]);
        for angle in angles.flat_map(|angle| [angle, -angle]) {
            let (sine, cosine) = sine_and_cosine(angle);
            let expected = [libm::sinf(angle), libm::cosf(angle)];
            assert_eq!([sine, cosine].map(f32::to_bits), expected.map(f32::to_bits), "{angle}");
        }
        for angle in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let (sine, cosine) = sine_and_cosine(angle);
            assert!(!sine.is_finite() && !cosine.is_finite(), "{angle}");
        }
    }
}
