//! Restores what is missing of an image, given the pixels that are known.
//!
//! Known pixels do not follow the drift but the homotopy: at every time they are mean(t)·value + std(t)·noise, with the
//! noise that the prior had there, and at time 1 they are the given values. The others follow the drift, which sees both.
//! That noise is not kept but drawn again, so restoring takes no memory beside sampling's.
//!
//! This replacement is an approximation: the missing elements see the known ones as late as the noise lets them, and fall
//! short of following them. The higher the temperature, the less: for two coupled Gaussian elements, the test below, the
//! missing one goes 0.43 of the way to its exact mean at temperature 0, 0.57 at 1 and 0.88 at 8.
//!
//! Source: Song et al., *Score-based generative modeling through stochastic differential equations*, 2021, appendix I.2,
//! with one draw of noise for all times.

use crate::error::Error;
use crate::homotopy::coefficients;
use crate::noise::Noise;
use crate::solver::Drift;
use rand_core::Rng;
use vapo_format::Homotopy;

/// The pixels that are known: `value` gives the value of an element of the image, about [-1, 1], or none where it is
/// missing.
#[derive(Clone, Debug)]
pub struct Known<R, K> {
    prior: Noise<R>,
    value: K,
}

impl<R: Rng + Clone, K: Fn(usize) -> Option<f32>> Known<R, K> {
    /// Known values for a sample of which the prior is the next that `noise` gives.
    pub fn new(noise: &Noise<R>, value: K) -> Self {
        Known { prior: noise.clone(), value }
    }

    /// Puts the known elements of `x` on their path at `time`.
    // A solver calls this at three places; one copy of it saves 2 KB of flash.
    #[inline(never)]
    fn hold(&self, homotopy: Homotopy, x: &mut [f32], time: f32) {
        // Noise is drawn in order, and not beyond the last element that needs it.
        let Some(last) = (0..x.len()).rev().find(|&index| (self.value)(index).is_some()) else { return };
        let at = coefficients(homotopy, time);
        let mut prior = self.prior.clone();
        for (index, x) in x.iter_mut().enumerate().take(last + 1) {
            let noise = prior.draw();
            if let Some(value) = (self.value)(index) {
                *x = at.mean * value + at.std * noise;
            }
        }
    }
}

/// A drift that holds known elements on their path.
pub(crate) struct Held<'k, D, R, K> {
    pub(crate) drift: D,
    pub(crate) homotopy: Homotopy,
    pub(crate) known: &'k Known<R, K>,
}

impl<D: Drift, R: Rng + Clone, K: Fn(usize) -> Option<f32>> Drift for Held<'_, D, R, K> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        self.drift.drift(x, time, drift)
    }

    fn constrain(&mut self, x: &mut [f32], time: f32) {
        self.known.hold(self.homotopy, x, time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Schedule;
    use crate::solver::{Sde, Solver};
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro128PlusPlus;
    use std::{vec, vec::Vec};

    /// ∇Φ = 1 − x, remembering where and when it was asked for.
    #[derive(Default)]
    struct Recorder(Vec<(f32, Vec<f32>)>);

    impl Drift for Recorder {
        fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
            self.0.push((time, x.to_vec()));
            drift.iter_mut().zip(x).for_each(|(drift, x)| *drift = 1.0 - x);
            Ok(0.0)
        }
    }

    fn noise(seed: u64) -> Noise<Xoshiro128PlusPlus> {
        Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed))
    }

    /// Every second element is known.
    fn value(index: usize) -> Option<f32> {
        (index % 2 == 1).then_some(index as f32 / 10.0 - 0.4)
    }

    #[test]
    fn known_elements_are_on_their_path_whenever_the_drift_is_evaluated() {
        for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
            for solver in Solver::ALL {
                for temperature in [0.0, 1.0] {
                    let mut noise = noise(3);
                    let known = Known::new(&noise, value);
                    let mut x = vec![0.0; 9];
                    noise.fill(&mut x);
                    let prior = x.clone();
                    let mut held = Held { drift: Recorder::default(), homotopy, known: &known };
                    let sde = Sde { drift: &mut held, homotopy, temperature };
                    let schedule = Schedule::graded(5, 0.8).unwrap();
                    let mut buffers = vec![0.0; solver.buffers() * x.len()];
                    solver.integrate(sde, schedule, &mut noise, &mut x, &mut buffers, |_, _| ()).unwrap();

                    let Recorder(evaluations) = held.drift;
                    assert_eq!(evaluations.len(), solver.evaluations(5) as usize);
                    for (time, x) in evaluations {
                        let at = coefficients(homotopy, time);
                        for (index, (x, prior)) in x.iter().zip(&prior).enumerate() {
                            let expected = value(index).map(|value| at.mean * value + at.std * prior);
                            assert!(expected.is_none_or(|expected| *x == expected), "{solver:?} at {time}: {index}");
                        }
                    }
                    assert!(x.iter().enumerate().all(|(index, x)| value(index).is_none_or(|value| *x == value)));
                    // The others moved as the drift alone leads them.
                    assert!((0..9).step_by(2).all(|index| x[index] != prior[index]));
                }
            }
        }
    }

    /// Data of two elements, N(0, [[1, ρ], [ρ, 1]]): the drift u = E[data − noise | x] couples them.
    struct Coupled(f32);

    impl Drift for Coupled {
        fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
            // Along (1, 1) and (1, −1) the variances are 1 ± ρ.
            let (sum, difference) = (x[0] + x[1], x[0] - x[1]);
            let slope = |variance: f32| {
                let std = 1.0 - time;
                (time * variance - std) / (time * time * variance + std * std)
            };
            let (sum, difference) = (slope(1.0 + self.0) * sum, slope(1.0 - self.0) * difference);
            (drift[0], drift[1]) = (0.5 * (sum + difference), 0.5 * (sum - difference));
            Ok(0.0)
        }
    }

    /// Mean of the missing element over many draws, given that the other is 2.
    fn restored(correlation: f32, temperature: f32) -> f32 {
        let (count, homotopy, solver) = (2000, Homotopy::Linear, Solver::Ab2);
        let mean = |seed| {
            let mut noise = noise(seed);
            let known = Known::new(&noise, |index| (index == 0).then_some(2.0));
            let (mut x, mut buffers) = ([0.0; 2], [0.0; 4]);
            noise.fill(&mut x);
            let mut held = Held { drift: Coupled(correlation), homotopy, known: &known };
            let sde = Sde { drift: &mut held, homotopy, temperature };
            let schedule = Schedule::uniform(100).unwrap();
            solver.integrate(sde, schedule, &mut noise, &mut x, &mut buffers, |_, _| ()).unwrap();
            x[1]
        };
        (0..count).map(mean).sum::<f32>() / count as f32
    }

    /// The exact conditional mean is 2ρ. Replacement falls short of it, the less the higher the temperature, which lets the
    /// missing element forget the prior it began with.
    #[test]
    fn missing_elements_follow_the_known_ones() {
        for correlation in [0.8, -0.8] {
            let share = |temperature| restored(correlation, temperature) / (2.0 * correlation);
            let [cold, warm, hot] = [share(0.0), share(1.0), share(8.0)];
            // A standard error is 0.014 at most.
            assert!((0.36..0.50).contains(&cold), "{cold} of the conditional mean at correlation {correlation}");
            assert!((0.51..0.63).contains(&warm), "{warm} of the conditional mean at correlation {correlation}");
            assert!((0.82..1.00).contains(&hot), "{hot} of the conditional mean at correlation {correlation}");
        }
        assert!(restored(0.0, 1.0).abs() < 0.1);
    }
}
