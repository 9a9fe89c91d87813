//! Which times of the path a batch looks at.

use crate::arithmetic::random::{shuffle, uniform};
use crate::path::LATEST;
use rand_core::Rng;
use serde::{Deserialize, Serialize};

/// The density that times are drawn from.
///
/// The conditional velocity is the harder to predict the nearer either end is: there the noise, or the image, is all that
/// x does not tell. Such times add noise to the gradient and little else, so that fewer of them train better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Times {
    /// log(t/(1 − t)) is Gaussian, with mean −0.4 and std 1: more times in the middle, and somewhat more early than late
    LogitNormal,
    /// All times equally often
    Uniform,
}

/// Mean and std of log(t/(1 − t)). Source of the density: Esser et al., *Scaling rectified flow transformers*, 2024; of
/// the mean, measurements on Fashion-MNIST.
const MEAN: f64 = -0.4;
const STD: f64 = 1.0;

impl Times {
    /// Draws `count` times below [`LATEST`], one in each of `count` parts of equal probability, in random order.
    ///
    /// Independent times would leave gaps and clusters in a batch; these follow the density on average, and a loss that
    /// depends on time varies less from batch to batch. Takes 2·`count` − 1 numbers from the generator.
    pub fn draw(self, count: usize, generator: &mut impl Rng) -> Vec<f32> {
        let mut times: Vec<f32> = (0..count)
            .map(|part| self.quantile((part as f64 + f64::from(uniform(generator))) / count as f64))
            .collect();
        // The top half of a product picks an index: its bias is below count/2³².
        shuffle(&mut times, |below| ((u64::from(generator.next_u32()) * below as u64) >> 32) as usize);
        times
    }

    /// The time below which a fraction of all times lie.
    fn quantile(self, fraction: f64) -> f32 {
        let time = match self {
            Times::Uniform => fraction,
            Times::LogitNormal => 1.0 / (1.0 + libm::exp(-MEAN - STD * normal_quantile(fraction))),
        };
        (time * f64::from(LATEST)) as f32
    }
}

/// The number below which a standard Gaussian one lies with this probability, to 16 digits.
///
/// Written here, with `libm`: the logarithm of the standard library differs between systems, and so would a run's bytes.
///
/// Source: Wichura, *Algorithm AS 241: the percentage points of the normal distribution*, 1988, PPND16.
fn normal_quantile(probability: f64) -> f64 {
    /// Coefficients of a numerator and of a denominator, the highest power first.
    type Ratio = [[f64; 8]; 2];
    const CENTRE: Ratio = [
        [
            2_509.080_928_730_122_7,
            33_430.575_583_588_13,
            67_265.770_927_008_7,
            45_921.953_931_549_87,
            13_731.693_765_509_46,
            1_971.590_950_306_551_3,
            133.141_667_891_784_38,
            3.387_132_872_796_366_5,
        ],
        [
            5_226.495_278_852_854,
            28_729.085_735_721_943,
            39_307.895_800_092_71,
            21_213.794_301_586_597,
            5_394.196_021_424_751,
            687.187_007_492_057_9,
            42.313_330_701_600_91,
            1.0,
        ],
    ];
    const TAIL: Ratio = [
        [
            0.000_774_545_014_278_341_4,
            0.022_723_844_989_269_184,
            0.241_780_725_177_450_6,
            1.270_458_252_452_368_4,
            3.647_848_324_763_204_5,
            5.769_497_221_460_691,
            4.630_337_846_156_546,
            1.423_437_110_749_683_5,
        ],
        [
            1.050_750_071_644_416_9e-9,
            0.000_547_593_808_499_534_5,
            0.015_198_666_563_616_457,
            0.148_103_976_427_480_08,
            0.689_767_334_985_1,
            1.676_384_830_183_803_8,
            2.053_191_626_637_759,
            1.0,
        ],
    ];
    const FAR: Ratio = [
        [
            2.010_334_399_292_288_1e-7,
            2.711_555_568_743_487_6e-5,
            0.001_242_660_947_388_078_4,
            0.026_532_189_526_576_124,
            0.296_560_571_828_504_87,
            1.784_826_539_917_291_3,
            5.463_784_911_164_114,
            6.657_904_643_501_103,
        ],
        [
            2.044_263_103_389_939_7e-15,
            1.421_511_758_316_446e-7,
            1.846_318_317_510_054_8e-5,
            0.000_786_869_131_145_613_3,
            0.014_875_361_290_850_615,
            0.136_929_880_922_735_8,
            0.599_832_206_555_888,
            1.0,
        ],
    ];
    let ratio = |at: f64, [above, below]: Ratio| {
        let polynomial = |coefficients: [f64; 8]| coefficients.into_iter().fold(0.0, |sum, next| sum * at + next);
        polynomial(above) / polynomial(below)
    };
    let centred = probability - 0.5;
    if centred.abs() <= 0.425 {
        return centred * ratio(0.180_625 - centred * centred, CENTRE);
    }
    let tail = if centred < 0.0 { probability } else { 1.0 - probability };
    if tail <= 0.0 {
        return centred * f64::INFINITY;
    }
    let root = (-libm::log(tail)).sqrt();
    let distance = if root <= 5.0 { ratio(root - 1.6, TAIL) } else { ratio(root - 5.0, FAR) };
    distance.copysign(centred)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro128PlusPlus;

    const BOTH: [Times; 2] = [Times::LogitNormal, Times::Uniform];

    #[test]
    fn one_time_lies_in_each_part() {
        for (density, count) in BOTH.into_iter().flat_map(|density| [1, 2, 7, 128].map(|count| (density, count))) {
            let mut times = density.draw(count, &mut Xoshiro128PlusPlus::seed_from_u64(3));
            assert_eq!(times, density.draw(count, &mut Xoshiro128PlusPlus::seed_from_u64(3)));
            times.sort_by(f32::total_cmp);
            for (part, &time) in times.iter().enumerate() {
                let bounds = [part, part + 1].map(|bound| density.quantile(bound as f64 / count as f64));
                assert!(bounds[0] - 1e-6 <= time && time <= bounds[1] + 1e-6 && (0.0..=LATEST).contains(&time));
            }
        }
    }

    #[test]
    fn every_place_of_a_batch_sees_all_times() {
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(4);
        let (count, batches) = (4, 4000);
        let mut sums = vec![0.0; count];
        for _ in 0..batches {
            let times = Times::Uniform.draw(count, &mut generator);
            sums.iter_mut().zip(times).for_each(|(sum, time)| *sum += time);
        }
        // Five standard errors of the mean of a uniform number.
        let tolerance = 5.0 * (1.0f32 / 12.0 / batches as f32).sqrt();
        for sum in sums {
            assert!((sum / batches as f32 - LATEST / 2.0).abs() < tolerance);
        }
    }

    #[test]
    fn the_logits_are_gaussian() {
        let times = Times::LogitNormal.draw(20_000, &mut Xoshiro128PlusPlus::seed_from_u64(5));
        let logits: Vec<f64> = times.iter().map(|&t| f64::from(t / LATEST)).map(|t| libm::log(t / (1.0 - t))).collect();
        let mean = logits.iter().sum::<f64>() / logits.len() as f64;
        let variance = logits.iter().map(|logit| (logit - mean).powi(2)).sum::<f64>() / logits.len() as f64;
        assert!((mean - MEAN).abs() < 1e-3 && (variance.sqrt() - STD).abs() < 1e-3, "{mean} and {variance}");
        let within = logits.iter().filter(|logit| (**logit - MEAN).abs() < STD).count();
        assert!((within as f64 / logits.len() as f64 - 0.6827).abs() < 1e-3);
    }

    /// Exact values, to 15 digits.
    #[test]
    fn quantiles_of_a_gaussian() {
        for (probability, exact) in [
            (0.5, 0.0),
            (0.75, 0.674_489_750_196_082),
            (0.925, 1.439_531_470_938_46),
            (0.975, 1.959_963_984_540_05),
            (1e-3, -3.090_232_306_167_81),
            (1e-12, -7.034_483_825_301_13),
            (1e-20, -9.262_340_089_798_41),
        ] {
            let found = normal_quantile(probability);
            assert!((found - exact).abs() <= 1e-14 * (1.0 + exact.abs()), "{probability}: {found} is not {exact}");
        }
        assert_eq!([0.0, 1.0].map(normal_quantile), [f64::NEG_INFINITY, f64::INFINITY]);
        assert_eq!(Times::LogitNormal.quantile(0.0), 0.0);
    }

    #[test]
    fn no_samples_have_no_times() {
        assert!(BOTH.iter().all(|density| density.draw(0, &mut Xoshiro128PlusPlus::seed_from_u64(0)).is_empty()));
    }
}
