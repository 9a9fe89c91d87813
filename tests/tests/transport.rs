//! The solvers on drifts known in closed form: noise must become data, whatever the path, solver and temperature.

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use vapo_format::Homotopy;
use vapo_sampler::solver::{Drift, Sde};
use vapo_sampler::{Error, Noise, Schedule, Solver};
use vapo_tests::analytic::Mixture;

const SAMPLES: usize = 6000;
/// Two standard errors of a mean or a covariance, 0.01 at most here, and Euler's bias in 60 steps, 0.01 again.
const TOLERANCE: f64 = 0.03;
const TEMPERATURES: [f32; 4] = [0.0, 0.5, 1.0, 2.0];

/// The optimal potential of a problem.
struct Optimal<'p> {
    problem: &'p Mixture,
    homotopy: Homotopy,
}

impl Drift for Optimal<'_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        let (x, time): (Vec<f64>, f64) = (x.iter().map(|&x| x.into()).collect(), time.into());
        let optimal = self.problem.drift(self.homotopy, time, &x);
        drift.iter_mut().zip(optimal).for_each(|(drift, value)| *drift = value as f32);
        Ok(())
    }
}

/// Mean and covariance (row-major) of samples that a solver carries to time 1.
fn transported(
    problem: &Mixture,
    homotopy: Homotopy,
    solver: Solver,
    temperature: f32,
    schedule: Schedule,
) -> (Vec<f64>, Vec<f64>) {
    let dimension = problem.dimension();
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(9));
    let (mut buffers, mut x) = (vec![0.0; solver.buffers() * dimension], vec![0.0; dimension]);
    let (mut sums, mut products) = (vec![0.0; dimension], vec![0.0; dimension * dimension]);
    for _ in 0..SAMPLES {
        noise.fill(&mut x);
        let mut drift = Optimal { problem, homotopy };
        let sde = Sde { drift: &mut drift, homotopy, temperature };
        solver.integrate(sde, schedule, &mut noise, &mut x, &mut buffers, |_, _| ()).unwrap();
        let x: Vec<f64> = x.iter().map(|&x| x.into()).collect();
        for (row, value) in x.iter().enumerate() {
            sums[row] += value;
            for (column, other) in x.iter().enumerate() {
                products[row * dimension + column] += value * other;
            }
        }
    }
    let count = SAMPLES as f64;
    let mean: Vec<f64> = sums.iter().map(|sum| sum / count).collect();
    let pairs = (0..dimension).flat_map(|row| (0..dimension).map(move |column| (row, column)));
    let covariance = products.iter().zip(pairs).map(|(sum, (row, column))| sum / count - mean[row] * mean[column]);
    let covariance = covariance.collect();
    (mean, covariance)
}

fn furthest(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let off = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs());
    // `f64::max` would pass over what is not a number.
    off.fold(0.0, |furthest, off| if off <= furthest { furthest } else { off })
}

/// Every path, solver and temperature.
fn assert_transported(problem: &Mixture, schedule: Schedule) {
    for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
        for solver in Solver::ALL {
            for temperature in TEMPERATURES {
                let (mean, covariance) = transported(problem, homotopy, solver, temperature, schedule);
                let case = format!("{homotopy:?}, {solver:?}, temperature {temperature}");
                let off = furthest(&mean, &problem.mean(homotopy, 1.0));
                assert!(off < TOLERANCE, "{case}: mean {mean:?}");
                let off = furthest(&covariance, &problem.covariance(homotopy, 1.0));
                assert!(off < TOLERANCE, "{case}: covariance {covariance:?}");
            }
        }
    }
}

#[test]
fn noise_becomes_a_gaussian() {
    let problem = Mixture::gaussian(&[0.75, -0.5], 0.25);
    assert_transported(&problem, Schedule::uniform(60).unwrap());
}

#[test]
fn noise_becomes_a_mixture() {
    let problem =
        Mixture { weights: vec![0.35, 0.65], means: vec![vec![1.0, -0.5], vec![-0.5, 0.5]], variance: 0.0625 };
    assert_transported(&problem, Schedule::uniform(60).unwrap());
}
