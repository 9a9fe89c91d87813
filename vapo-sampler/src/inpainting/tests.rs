use super::*;
use crate::noise::Noise;
use crate::schedule::Schedule;
use crate::solver::{Sde, Solver};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use std::{format, vec, vec::Vec};

/// ∇Φ = 1 − x, remembering where and when it was asked for.
#[derive(Default)]
struct Recorder(Vec<(f32, Vec<f32>)>);

impl Drift for Recorder {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.0.push((time, x.to_vec()));
        drift.iter_mut().zip(x).for_each(|(drift, x)| *drift = 1.0 - x);
        Ok(())
    }
}

fn noise(seed: u64) -> Noise<Xoshiro128PlusPlus> {
    Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed))
}

/// Carries `x` from time 0 to 1.
fn integrate<D: Drift, K: Fn(usize) -> Option<f32>>(
    held: &mut Held<D, K>,
    (solver, temperature): (Solver, f32),
    schedule: Schedule,
    noise: &mut Noise<Xoshiro128PlusPlus>,
    x: &mut [f32],
) {
    let (homotopy, mut buffers) = (held.homotopy, vec![f32::NAN; solver.buffers() * x.len()]);
    let sde = Sde { drift: held, homotopy, temperature };
    solver.integrate(sde, schedule, noise, x, &mut buffers, |_, _| ()).unwrap();
}

/// Every second element is known.
fn value(index: usize) -> Option<f32> {
    (index % 2 == 1).then_some(index as f32 / 10.0 - 0.4)
}

/// The predicted image by its definition: x = μD + σE and ∇Φ = μ′D + σ′E, solved in f64.
fn image(homotopy: Homotopy, time: f32, x: f32) -> f64 {
    let (time, x) = (f64::from(time), f64::from(x));
    let (std, rate) = match homotopy {
        Homotopy::Linear => (1.0 - time, -1.0),
        Homotopy::Bayes => ((1.0 - time).sqrt(), -0.5 / (1.0 - time).sqrt()),
    };
    (std * (1.0 - x) - rate * x) / (std - rate * time)
}

/// σ²/μ.
fn unit(homotopy: Homotopy, time: f32) -> f64 {
    let left = 1.0 - f64::from(time);
    match homotopy {
        Homotopy::Linear => left * left / f64::from(time),
        Homotopy::Bayes => left / f64::from(time),
    }
}

#[test]
fn known_elements_are_moved_against_the_miss_of_the_prediction() {
    for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
        for (solver, temperature) in Solver::ALL.into_iter().flat_map(|solver| [(solver, 0.0), (solver, 1.0)]) {
            let (mut noise, mut x) = (noise(3), vec![0.0; 9]);
            noise.fill(&mut x);
            let prior = x.clone();
            let mut held = Held { drift: Recorder::default(), homotopy, known: value };
            let schedule = Schedule::graded(5, 0.8).unwrap();
            integrate(&mut held, (solver, temperature), schedule, &mut noise, &mut x);

            let Recorder(evaluations) = held.drift;
            assert_eq!(evaluations.len(), solver.evaluations(5) as usize);
            // Heun's predicted places, every second one, are the places of the step that follows, too.
            let heun = solver == Solver::Heun;
            assert!(
                !heun
                    || evaluations[1].0 == evaluations[2].0
                        && (1..9).step_by(2).all(|k| evaluations[1].1[k] == evaluations[2].1[k])
            );
            let places: Vec<_> = evaluations.iter().step_by(if heun { 2 } else { 1 }).collect();
            let case = format!("{homotopy:?} {solver:?} at temperature {temperature}");
            for index in (1..9).step_by(2) {
                let known = f64::from(value(index).unwrap());
                let mut shift = 0.0;
                for pair in places.windows(2) {
                    let [(from, before), (to, after)] = [pair[0], pair[1]].map(|(time, x)| (*time, x[index]));
                    let kept = if from == 0.0 { 0.0 } else { unit(homotopy, to) / unit(homotopy, from) };
                    shift = kept * shift + f64::from(to) * (known - image(homotopy, from, before));
                    let expected = f64::from(to) * known + shift;
                    assert!((f64::from(after) - expected).abs() < 1e-5, "{case}: {after} is not {expected}");
                }
                assert_eq!((places[0].1[index], Some(x[index])), (prior[index], value(index)), "{case}");
            }
            // The others moved as the drift alone leads them.
            assert!((0..9).step_by(2).all(|index| x[index] != prior[index]));
        }
    }
}

/// Data of two elements, N(0, [[1, ρ], [ρ, 1]]): the drift u = E[data − noise | x] couples them.
struct Coupled(f32);

impl Drift for Coupled {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        // Along (1, 1) and (1, −1) the variances are 1 ± ρ.
        let (sum, difference) = (x[0] + x[1], x[0] - x[1]);
        let slope = |variance: f32| {
            let std = 1.0 - time;
            (time * variance - std) / (time * time * variance + std * std)
        };
        let (sum, difference) = (slope(1.0 + self.0) * sum, slope(1.0 - self.0) * difference);
        (drift[0], drift[1]) = (0.5 * (sum + difference), 0.5 * (sum - difference));
        Ok(())
    }
}

/// Mean and variance of the missing element over many draws, given that the other is 2.
fn restored(correlation: f32, temperature: f32) -> [f64; 2] {
    let (count, schedule) = (2000_u16, Schedule::uniform(100).unwrap());
    let draw = |seed: u16| {
        let (mut noise, mut x) = (noise(seed.into()), [0.0; 2]);
        let known = |index| (index == 0).then_some(2.0);
        noise.fill(&mut x);
        let mut held = Held { drift: Coupled(correlation), homotopy: Homotopy::Linear, known };
        integrate(&mut held, (Solver::Etd2, temperature), schedule, &mut noise, &mut x);
        f64::from(x[1])
    };
    let all: Vec<f64> = (0..count).map(draw).collect();
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / f64::from(count);
    let found = mean(&mut all.iter().copied());
    [found, mean(&mut all.iter().map(|value| (value - found).powi(2)))]
}

/// The missing element is N(2ρ, 1 − ρ²). It falls short of its mean, the less the higher the temperature, which lets it forget the
/// prior it began with.
#[test]
fn missing_elements_follow_the_known_ones() {
    for correlation in [0.8_f32, -0.8] {
        let exact = [2.0 * f64::from(correlation), 1.0 - f64::from(correlation).powi(2)];
        let share = |temperature| {
            let [mean, variance] = restored(correlation, temperature);
            [mean / exact[0], variance / exact[1]]
        };
        // A standard error is 0.009 of the mean, 0.032 of the variance.
        for (temperature, means) in [(0.0, 0.77..0.86), (1.0, 0.88..0.95), (8.0, 0.96..1.04)] {
            let [mean, variance] = share(temperature);
            assert!(means.contains(&mean), "{mean} of the mean at {temperature}, correlation {correlation}");
            assert!((0.9..1.2).contains(&variance), "{variance} of the variance at {temperature}");
        }
    }
    let [mean, variance] = restored(0.0, 1.0);
    assert!(mean.abs() < 0.1 && (0.87..1.13).contains(&variance), "{mean}, {variance}");
}
