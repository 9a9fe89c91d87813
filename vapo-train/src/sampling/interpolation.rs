//! From one sample to another, through the prior.

use crate::arithmetic::random::generator;
use crate::sampling::{Prepared, SamplingError, Settings};
use rayon::prelude::*;
use vapo_format::Model;
use vapo_sampler::{Error, Noise};

/// For each of `settings.count` pairs, `frames` images (at least two) on the way from one sample to another, pair by
/// pair (pairs · frames, H, W, C), on the threads of the current pool. Pair p goes from the image of seed `seed` + 2p
/// to that of `seed` + 2p + 1, both exactly. The temperature should be 0: noise on the way would part neighbours.
/// `told` is called after every image, from the thread that drew it.
///
/// # Errors
/// As [`crate::sampling::sample`].
pub fn interpolate(
    model: &Model<'_>,
    settings: &Settings,
    frames: usize,
    told: impl Fn() + Sync,
) -> Result<Vec<f32>, SamplingError> {
    let (prepared, elements) = (Prepared::new(model)?, model.signal().elements());
    let mut images = vec![0.0; settings.count * frames * elements];
    images.par_chunks_mut(elements).enumerate().try_for_each_init(
        || prepared.arena(settings.solver),
        |arena, (index, image)| {
            let (pair, frame) = (index / frames, index % frames);
            let seed = settings.seed.wrapping_add(2 * pair as u64);
            let prior = |seed| {
                let mut values = vec![0.0; elements];
                Noise::new(generator(seed)).fill(&mut values);
                values
            };
            let way = frame as f64 / frames.saturating_sub(1).max(1) as f64;
            image.copy_from_slice(&slerp(&prior(seed), &prior(seed.wrapping_add(1)), way));
            let mut noise = Noise::new(generator(seed));
            let mut sampler = prepared.sampler(settings.solver, arena)?;
            sampler.set_condition(settings.asked.condition(index))?;
            sampler.integrate(settings.schedule, settings.temperature, &mut noise, image, |_, _| ())?;
            told();
            Ok::<(), Error>(())
        },
    )?;
    match images.chunks_exact(elements).position(|image| image.iter().any(|value| !value.is_finite())) {
        Some(image) => Err(SamplingError::NotFinite { image }),
        None => Ok(images),
    }
}

/// Spherical interpolation: Gaussian noise of high dimension lies close to a sphere, and so does what lies between.
/// `way` is 0 at `a` and 1 at `b`.
///
/// Source: Shoemake, *Animating rotation with quaternion curves*, 1985.
fn slerp(a: &[f32], b: &[f32], way: f64) -> Vec<f32> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let angle = libm::acos((dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).clamp(-1.0, 1.0));
    let sine = libm::sin(angle);
    // Parallel vectors have no plane to turn in: the straight way is the same.
    let (of_a, of_b) = if sine > 1e-6 {
        (libm::sin((1.0 - way) * angle) / sine, libm::sin(way * angle) / sine)
    } else {
        (1.0 - way, way)
    };
    a.iter().zip(b).map(|(&a, &b)| (of_a * f64::from(a) + of_b * f64::from(b)) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_an_arc() {
        let (a, b) = ([2.0, 0.0, 0.0], [0.0, 2.0, 0.0]);
        assert_eq!((slerp(&a, &b, 0.0), slerp(&a, &b, 1.0)), (a.to_vec(), b.to_vec()));
        let third = slerp(&a, &b, 1.0 / 3.0);
        for (found, expected) in third.iter().zip([3.0_f32.sqrt(), 1.0, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{third:?}");
        }
    }

    #[test]
    fn ends_are_exact_and_parallel_vectors_are_no_trouble() {
        let mut noise = Noise::new(generator(1));
        let mut draw = || (0..784).map(|_| noise.draw()).collect::<Vec<f32>>();
        let (a, b) = (draw(), draw());
        assert_eq!((slerp(&a, &b, 0.0), slerp(&a, &b, 1.0)), (a.clone(), b));
        assert_eq!(slerp(&a, &a, 0.5), a);
    }
}
