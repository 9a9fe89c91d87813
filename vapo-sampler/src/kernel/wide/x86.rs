//! What x86-64 offers: VNNI, AVX-512, AVX2.

use super::lanes::{LANES, Lanes, Work};
use core::arch::asm;
use core::arch::x86_64::{__m256i, __m512i};
use pulp::NullaryFnOnce;
use pulp::x86::{V3, V4};

/// Work with the lanes that it is compiled for.
struct Call<L, W> {
    lanes: L,
    work: W,
}

impl<L: Lanes, W: Work<L>> NullaryFnOnce for Call<L, W> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.work.run(self.lanes);
    }
}

/// AVX2.
impl Lanes for V3 {
    type Sums = [__m256i; 2];
    type Weights = [__m256i; 2];
    type Pair = __m256i;
    const TILE: usize = 4;

    #[inline(always)]
    fn vectorize<W: Work<Self>>(self, work: W) {
        V3::vectorize(self, Call { lanes: self, work });
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        pulp::cast([0i32; LANES])
    }

    #[inline(always)]
    fn weights(self, words: &[u32; LANES]) -> Self::Weights {
        pulp::cast(*words)
    }

    #[inline(always)]
    fn pair(self, values: [i16; 2]) -> Self::Pair {
        self.avx._mm256_set1_epi32(pulp::cast(values))
    }

    #[inline(always)]
    fn add_products(self, sums: Self::Sums, pair: Self::Pair, weights: Self::Weights) -> Self::Sums {
        let [low, high] = weights.map(|weights| self.avx2._mm256_madd_epi16(pair, weights));
        [self.avx2._mm256_add_epi32(sums[0], low), self.avx2._mm256_add_epi32(sums[1], high)]
    }

    #[inline(always)]
    fn values(self, sums: Self::Sums) -> [i32; LANES] {
        pulp::cast(sums)
    }
}

/// AVX-512.
impl Lanes for V4 {
    type Sums = __m512i;
    type Weights = __m512i;
    type Pair = __m512i;
    const TILE: usize = 16;

    #[inline(always)]
    fn vectorize<W: Work<Self>>(self, work: W) {
        V4::vectorize(self, Call { lanes: self, work });
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        pulp::cast([0i32; LANES])
    }

    #[inline(always)]
    fn weights(self, words: &[u32; LANES]) -> Self::Weights {
        pulp::cast(*words)
    }

    #[inline(always)]
    fn pair(self, values: [i16; 2]) -> Self::Pair {
        self.avx512f._mm512_set1_epi32(pulp::cast(values))
    }

    #[inline(always)]
    fn add_products(self, sums: Self::Sums, pair: Self::Pair, weights: Self::Weights) -> Self::Sums {
        self.avx512f._mm512_add_epi32(sums, self.avx512bw._mm512_madd_epi16(pair, weights))
    }

    #[inline(always)]
    fn values(self, sums: Self::Sums) -> [i32; LANES] {
        pulp::cast(sums)
    }
}

/// AVX-512 with VNNI: the processor has both where a value of this type exists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vnni(V4);

impl Vnni {
    pub(super) fn detect() -> Option<Self> {
        let wide = V4::try_new()?;
        std::is_x86_feature_detected!("avx512vnni").then_some(Vnni(wide))
    }
}

impl Lanes for Vnni {
    type Sums = __m512i;
    type Weights = __m512i;
    type Pair = __m512i;
    const TILE: usize = 16;

    #[inline(always)]
    #[allow(unsafe_code)]
    fn vectorize<W: Work<Self>>(self, work: W) {
        #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni,bmi1,bmi2,lzcnt,popcnt,fma")]
        fn compiled<W: Work<Vnni>>(lanes: Vnni, work: W) {
            work.run(lanes);
        }
        // SAFETY: `detect` found every one of these features.
        unsafe { compiled(self, work) }
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        self.0.zero()
    }

    #[inline(always)]
    fn weights(self, words: &[u32; LANES]) -> Self::Weights {
        self.0.weights(words)
    }

    #[inline(always)]
    fn pair(self, values: [i16; 2]) -> Self::Pair {
        self.0.pair(values)
    }

    #[inline(always)]
    #[allow(unsafe_code)]
    fn add_products(self, sums: Self::Sums, pair: Self::Pair, weights: Self::Weights) -> Self::Sums {
        // SAFETY: `detect` found VNNI.
        unsafe { add_products(sums, pair, weights) }
    }

    #[inline(always)]
    fn values(self, sums: Self::Sums) -> [i32; LANES] {
        self.0.values(sums)
    }
}

/// Adds two products to the sum of each lane. The intrinsic would do, but the compiler makes two instructions of most of
/// them, as if these were faster.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
#[allow(unsafe_code)]
fn add_products(mut sums: __m512i, pair: __m512i, weights: __m512i) -> __m512i {
    // SAFETY: it reads and writes these registers alone.
    unsafe {
        asm!(
            "vpdpwssd {sums}, {pair}, {weights}",
            sums = inout(zmm_reg) sums,
            pair = in(zmm_reg) pair,
            weights = in(zmm_reg) weights,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}
