//! Element types of tensors as elements of vectors.

use dfdx::prelude::Dtype;
use pulp::{Arch, Simd, WithSimd};

/// f32 values in a register of the widest vectors: columns of a panel where there are no more.
pub const NARROW: usize = 16;

/// A float that the CPU kernels compute with: f32 in training, f64 in gradient checks.
pub trait Real: Dtype {
    /// A register of this type.
    type Lanes<S: Simd>: Copy;

    /// Elements a register.
    fn lanes<S: Simd>() -> usize;
    /// The same value in every lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Lanes<S>;
    /// Two values in turn in every two lanes, or one in each of two registers where a register has one lane.
    fn splat_pair<S: Simd>(simd: S, pair: [Self; 2]) -> [Self::Lanes<S>; 2];
    /// a·b + c, rounded once, whether or not the processor has an instruction for it.
    fn mul_add<S: Simd>(simd: S, a: Self::Lanes<S>, b: Self::Lanes<S>, c: Self::Lanes<S>) -> Self::Lanes<S>;
    /// a + b.
    fn plus<S: Simd>(simd: S, a: Self::Lanes<S>, b: Self::Lanes<S>) -> Self::Lanes<S>;
    /// Whole registers at the start of a slice.
    fn registers<S: Simd>(values: &[Self]) -> &[Self::Lanes<S>];
    /// Whole registers at the start of a slice.
    fn registers_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Lanes<S>];
    /// The first values of a slice, zero in lanes past its end.
    fn load<S: Simd>(simd: S, values: &[Self]) -> Self::Lanes<S>;
    /// The first lanes, as many as the slice holds.
    fn store<S: Simd>(simd: S, values: &mut [Self], lanes: Self::Lanes<S>);
    /// eˣ without branches, so that loops over it become vector code; relative error below 3e-7 (f32).
    fn exponential(self) -> Self;
    /// Nearest value of this type.
    fn from_float(value: f64) -> Self;
    /// Exact for f32 and f64.
    fn to_float(self) -> f64;
}

macro_rules! real {
    ($float:ident, $lanes:ident, $count:ident, $splat:ident, $mul_add:ident, $add:ident, $as_simd:ident, $as_mut_simd:ident, $load:ident, $store:ident, $exp:expr, $pair:expr) => {
        impl Real for $float {
            type Lanes<S: Simd> = S::$lanes;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$count
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$lanes {
                simd.$splat(value)
            }
            #[inline(always)]
            fn splat_pair<S: Simd>(simd: S, pair: [Self; 2]) -> [S::$lanes; 2] {
                if S::$count == 1 { pair.map(|value| simd.$splat(value)) } else { [$pair(simd, pair); 2] }
            }
            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$lanes, b: S::$lanes, c: S::$lanes) -> S::$lanes {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$lanes, b: S::$lanes) -> S::$lanes {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn registers<S: Simd>(values: &[Self]) -> &[S::$lanes] {
                S::$as_simd(values).0
            }
            #[inline(always)]
            fn registers_mut<S: Simd>(values: &mut [Self]) -> &mut [S::$lanes] {
                S::$as_mut_simd(values).0
            }
            #[inline(always)]
            fn load<S: Simd>(simd: S, values: &[Self]) -> S::$lanes {
                simd.$load(values)
            }
            #[inline(always)]
            fn store<S: Simd>(simd: S, values: &mut [Self], lanes: S::$lanes) {
                simd.$store(values, lanes)
            }
            #[inline(always)]
            fn exponential(self) -> Self {
                $exp(self)
            }
            #[inline(always)]
            fn from_float(value: f64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn to_float(self) -> f64 {
                self.into()
            }
        }
    };
}

real!(
    f32,
    f32s,
    F32_LANES,
    splat_f32s,
    mul_add_f32s,
    add_f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    partial_load_f32s,
    partial_store_f32s,
    exponential,
    f32_pairs
);
real!(
    f64,
    f64s,
    F64_LANES,
    splat_f64s,
    mul_add_f64s,
    add_f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    partial_load_f64s,
    partial_store_f64s,
    libm::exp,
    f64_pairs
);

/// One load: a pair is as long as one integer.
#[inline(always)]
fn f32_pairs<S: Simd>(simd: S, pair: [f32; 2]) -> S::f32s {
    pulp::bytemuck::cast(simd.splat_u64s(pulp::bytemuck::cast(pair)))
}

// No integer is as long as this pair; f64 is for gradient checks alone.
#[inline(always)]
fn f64_pairs<S: Simd>(simd: S, [even, odd]: [f64; 2]) -> S::f64s {
    let lanes: [f64; NARROW] = std::array::from_fn(|lane| if lane % 2 == 0 { even } else { odd });
    simd.partial_load_f64s(&lanes[..S::F64_LANES])
}

/// Runs `op`, which fills `lanes` lanes of a vector, on the widest vectors that the processor has; on half as wide
/// ones where half of a wide one would be empty, as two of these are computed in the time of one.
pub fn dispatch<E: Real, W: WithSimd>(lanes: usize, op: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if lanes <= E::lanes::<pulp::x86::V3>()
        && let Some(simd) = pulp::x86::V3::try_new()
    {
        return Simd::vectorize(simd, op);
    }
    dispatch_all(op)
}

/// Runs `op`, which fills all vectors, on the widest that the processor has.
pub fn dispatch_all<W: WithSimd>(op: W) -> W::Output {
    Arch::new().dispatch(op)
}

/// values += sums, the lanes past the end of `values` left out.
#[inline(always)]
pub(super) fn accumulate<E: Real, S: Simd, const V: usize>(simd: S, values: &mut [E], sums: &[E::Lanes<S>; V]) {
    let lanes = E::lanes::<S>();
    if values.len() == V * lanes {
        for (value, sum) in E::registers_mut::<S>(values).iter_mut().zip(sums) {
            *value = E::plus(simd, *value, *sum);
        }
    } else {
        for (values, sum) in values.chunks_mut(lanes).zip(sums) {
            let total = E::plus(simd, E::load(simd, values), *sum);
            E::store(simd, values, total);
        }
    }
}

/// 2ⁿ·eʳ with |r| ≤ ln 2 / 2 and a polynomial for eʳ (coefficients of Cephes' expf). The range is clamped to
/// finite, normal results.
#[inline(always)]
fn exponential(x: f32) -> f32 {
    // Adding and subtracting 1.5·2²³ rounds to the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let n = (x * core::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = p * r + coefficient;
    }
    (p * r * r + r + 1.0) * f32::from_bits((((n as i32) + 127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_is_accurate_to_three_units_in_1e7() {
        for i in -86_000..=88_000 {
            let x = i as f32 / 1000.0;
            let (found, exact) = (f64::from(x.exponential()), libm::exp(x.into()));
            assert!((found / exact - 1.0).abs() < 3e-7, "exp({x}) = {found}, not {exact}");
        }
    }
}
