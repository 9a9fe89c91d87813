//! Solvers on fields with known answers.

#![allow(clippy::disallowed_methods)] // compares to a tolerance

mod common;

use common::generator;
use vapo_format::Homotopy;
use vapo_sampler::homotopy::coefficients;
use vapo_sampler::solver::{Drift, Sde};
use vapo_sampler::{Error, Noise, Schedule, Solver};

/// ∇Φ = cos(4t) + ½x for every element. Remembers the times it was asked for.
#[derive(Default)]
struct Oscillator {
    times: Vec<f32>,
}

impl Drift for Oscillator {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.times.push(time);
        let push = (4.0 * time).cos();
        drift.iter_mut().zip(x).for_each(|(drift, x)| *drift = push + 0.5 * x);
        Ok(())
    }
}

fn integrate<D: Drift>(drift: &mut D, solver: Solver, schedule: Schedule, x: &mut [f32]) {
    let sde = Sde { drift, homotopy: Homotopy::Linear, temperature: 0.0 };
    let mut buffers = vec![f32::NAN; solver.buffers() * x.len()];
    solver.integrate(sde, schedule, &mut Noise::new(generator(0)), x, &mut buffers, |_, _| ()).unwrap();
}

/// |error| at time 1 from x = 1 at time 0.
fn error(solver: Solver, schedule: Schedule) -> f64 {
    // x' = cos 4t + x/2: x = A cos 4t + B sin 4t + C e^{t/2}, B = 4/(16 + ¼), A = -½/(16 + ¼).
    let (a, b) = (-0.5 / 16.25, 4.0 / 16.25);
    let expected = a * 4.0_f64.cos() + b * 4.0_f64.sin() + (1.0 - a) * 0.5_f64.exp();
    let mut x = [1.0];
    integrate(&mut Oscillator::default(), solver, schedule, &mut x);
    (f64::from(x[0]) - expected).abs()
}

/// A quarter of the width divides the error by 4^order. Heun's last step, Euler's, errs by its own width squared:
/// of the same order as all others together where steps are equal, of a lower one where the last are the widest.
#[test]
fn solvers_converge_with_their_order() {
    let cases = [
        (Solver::Euler, 1.0, 1.0),
        (Solver::Euler, 0.8, 1.0),
        (Solver::Heun, 1.0, 2.0),
        (Solver::Ab2, 1.0, 2.0),
        (Solver::Ab2, 0.8, 2.0),
    ];
    for (solver, exponent, order) in cases {
        // Few enough steps that rounding, about 1e-6, stays far below the error.
        let at = |steps| error(solver, Schedule::graded(steps, exponent).unwrap());
        let found = (at(20) / at(80)).log2() / 2.0;
        assert!((found - order).abs() < 0.2, "{solver:?}, exponent {exponent}: order {found}");
    }
}

/// Errors of its last step and of all others have opposite signs here, so that between these numbers of steps the error
/// falls faster than by the order.
#[test]
fn etd2_converges_at_least_with_order_2() {
    for exponent in [1.0, 1.2, 1.5] {
        let at = |steps| error(Solver::Etd2, Schedule::graded(steps, exponent).unwrap());
        let found = (at(20) / at(80)).log2() / 2.0;
        assert!(found > 1.9, "exponent {exponent}: order {found}");
    }
}

/// Weights of two-step Adams–Bashforth are exact for velocities linear in time, whatever the widths of its steps.
#[test]
fn ab2_integrates_linear_velocities_exactly_after_its_first_step() {
    struct Linear;
    impl Drift for Linear {
        fn drift(&mut self, _: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
            drift.fill(2.0 * time);
            Ok(())
        }
    }
    let schedule = Schedule::graded(7, 0.6).unwrap();
    let mut x = [0.0];
    integrate(&mut Linear, Solver::Ab2, schedule, &mut x);
    // The first step is Euler's, of velocity 0: it misses its width squared.
    let first = schedule.steps().next().unwrap().end;
    assert!((x[0] - (1.0 - first * first)).abs() < 1e-6);
}

/// ∇Φ = μ′·½ + σ′·E, where E = (x − μ·½)/σ: the predicted image is ½ everywhere, and the flow is x = μ·½ + σ·E.
struct Still(Homotopy);

impl Drift for Still {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        let at = coefficients(self.0, time);
        let noise = |x: f32| (x - 0.5 * at.mean) / at.std;
        drift.iter_mut().zip(x).for_each(|(drift, &x)| *drift = 0.5 * at.mean_rate + at.std_rate * noise(x));
        Ok(())
    }
}

/// Two steps of [`Still`] in f64, with the same noise: f = μ′·½ + (σ′ − η)E, g² = 2ησ.
#[test]
fn steps_at_a_temperature_are_their_formulas() {
    let schedule = Schedule::graded(2, 0.7).unwrap().starting_at(0.125).unwrap();
    let [first, second] = [0, 1].map(|step| schedule.steps().nth(step).unwrap());
    let widths = [first, second].map(|step| f64::from(step.end) - f64::from(step.start));
    for (homotopy, temperature) in [Homotopy::Linear, Homotopy::Bayes].into_iter().flat_map(|h| [(h, 0.0), (h, 0.75)]) {
        // σ and σ′ at the two starts, by their own formulas.
        let std = |time: f32| match homotopy {
            Homotopy::Linear => (1.0 - f64::from(time), -1.0),
            Homotopy::Bayes => ((1.0 - f64::from(time)).sqrt(), -0.5 / (1.0 - f64::from(time)).sqrt()),
        };
        let velocity = |x: f64, time: f32| {
            let (std, rate) = std(time);
            0.5 + (rate - f64::from(temperature)) * (x - 0.5 * f64::from(time)) / std
        };
        let (times, start) = ([first.start, second.start], -0.8);
        let [width, last] = widths;
        let before = velocity(start.into(), times[0]);
        let draw = f64::from(Noise::new(generator(3)).draw());
        let noise = (2.0 * f64::from(temperature) * std(times[0]).0 * width).sqrt() * draw;
        let predicted = f64::from(start) + width * before + noise;
        let corrected = predicted + 0.5 * width * (velocity(predicted, times[1]) - before);
        let after = velocity(predicted, times[1]);
        for (solver, expected) in [
            (Solver::Euler, predicted + last * after),
            (Solver::Heun, corrected + last * velocity(corrected, times[1])),
            (Solver::Ab2, predicted + last * (after + 0.5 * last / width * (after - before))),
        ] {
            let (mut field, mut x, mut buffers) = (Still(homotopy), [start], [f32::NAN; 2]);
            let sde = Sde { drift: &mut field, homotopy, temperature };
            solver.integrate(sde, schedule, &mut Noise::new(generator(3)), &mut x, &mut buffers, |_, _| ()).unwrap();
            let case = format!("{homotopy:?} {solver:?} at temperature {temperature}");
            assert!((f64::from(x[0]) - expected).abs() < 1e-5, "{case}: {} is not {expected}", x[0]);
        }
    }
}

#[test]
fn etd2_is_exact_where_the_predicted_image_stands_still() {
    for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
        for temperature in [0.0, 0.5, 2.0] {
            let (mut field, mut noise) = (Still(homotopy), Noise::new(generator(5)));
            let mut x = vec![0.0; 20_000];
            noise.fill(&mut x);
            let prior = x.clone();
            let sde = Sde { drift: &mut field, homotopy, temperature };
            let mut buffers = vec![f32::NAN; 2 * x.len()];
            let schedule = Schedule::graded(3, 0.6).unwrap();
            let mut on_the_way = Vec::new();
            let observe = |step: vapo_sampler::schedule::Step, drift: &[f32]| {
                let at = coefficients(homotopy, step.start);
                on_the_way.push((step.start, drift.iter().map(|v| (v - 0.5 * at.mean_rate) / at.std_rate).collect()));
            };
            Solver::Etd2.integrate(sde, schedule, &mut noise, &mut x, &mut buffers, observe).unwrap();
            assert!(x.iter().all(|x| (x - 0.5).abs() < 1e-6), "{homotopy:?} {temperature}");
            let on_the_way: Vec<(f32, Vec<f32>)> = on_the_way;
            for (time, noise) in on_the_way {
                // However long the steps, E stays a standard Gaussian that remembers the prior by exp(−η∫dt/σ).
                let kept = match homotopy {
                    Homotopy::Linear => (1.0 - time).powf(temperature),
                    Homotopy::Bayes => (2.0 * temperature * ((1.0 - time).sqrt() - 1.0)).exp(),
                };
                let mean = |f: &dyn Fn(f32, f32) -> f32| {
                    noise.iter().zip(&prior).map(|(&e, &p)| f(e, p)).sum::<f32>() / noise.len() as f32
                };
                // Five standard errors of a mean of squares, √(2/20,000).
                assert!((mean(&|e, _| e * e) - 1.0).abs() < 0.05, "{homotopy:?} {temperature} at {time}");
                assert!((mean(&|e, p| e * p) - kept).abs() < 0.05, "{homotopy:?} {temperature} at {time}");
            }
        }
    }
}

/// ∇Φ = μ′D + σ′E, where the predicted image D = ½ + 2t moves evenly and E = (x − μD)/σ: then σE′ = −μD′.
///
/// From the second step on, D is extrapolated exactly whatever the widths of the steps, so that E changes by −D′∫μ/σ dt.
/// The last step ends at D, extrapolated by half of its way over the step before, in proportion to their widths.
#[test]
fn etd2_is_exact_where_the_predicted_image_moves_evenly() {
    const IMAGE: fn(f32) -> f32 = |time| 0.5 + 2.0 * time;
    struct Even(Homotopy);
    impl Drift for Even {
        fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
            let (at, image) = (coefficients(self.0, time), IMAGE(time));
            let noise = |x: f32| (x - at.mean * image) / at.std;
            drift.iter_mut().zip(x).for_each(|(drift, &x)| *drift = at.mean_rate * image + at.std_rate * noise(x));
            Ok(())
        }
    }
    for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
        // ∫ μ/σ dt from 0.
        let integral = |time: f32| {
            let left = 1.0 - f64::from(time);
            match homotopy {
                Homotopy::Linear => -left.ln() - f64::from(time),
                Homotopy::Bayes => 2.0 * (1.0 - left.sqrt()) - (1.0 - left.powf(1.5)) / 1.5,
            }
        };
        for exponent in [0.6, 1.0, 1.4] {
            let schedule = Schedule::graded(6, exponent).unwrap();
            let (mut field, mut x, mut buffers) = (Even(homotopy), [0.75], [f32::NAN; 2]);
            let mut noises = Vec::new();
            let observe = |step: vapo_sampler::schedule::Step, drift: &[f32]| {
                let at = coefficients(homotopy, step.start);
                noises.push((step.start, f64::from((drift[0] - at.mean_rate * IMAGE(step.start)) / at.std_rate)));
            };
            let sde = Sde { drift: &mut field, homotopy, temperature: 0.0 };
            let mut generator = Noise::new(generator(5));
            Solver::Etd2.integrate(sde, schedule, &mut generator, &mut x, &mut buffers, observe).unwrap();

            for (place, pair) in noises.windows(2).enumerate().skip(1) {
                let (found, [from, to]) = (pair[1].1 - pair[0].1, [pair[0].0, pair[1].0]);
                let exact = -2.0 * (integral(to) - integral(from));
                assert!((found - exact).abs() < 2e-5, "{homotopy:?} {exponent} step {place}: {found} is not {exact}");
            }
            let [before, last] = [4, 5].map(|step: usize| noises[step].0);
            let half = 0.5 * (1.0 - last) / (last - before);
            let exact = IMAGE(last) + half * (IMAGE(last) - IMAGE(before));
            assert!((x[0] - exact).abs() < 1e-5, "{homotopy:?} {exponent}: {} is not {exact}", x[0]);
        }
    }
}

/// The image of a last step is extrapolated by half of a straight line, so many times as far as the schedule asks for.
#[test]
fn a_schedule_says_how_far_the_image_is_extrapolated() {
    const IMAGE: fn(f32) -> f32 = |time| 1.0 + time * time;
    struct Image;
    impl Drift for Image {
        fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
            drift[0] = (IMAGE(time) - x[0]) / (1.0 - time);
            Ok(())
        }
    }
    for factor in [0.0, 1.0, 1.5] {
        let schedule = Schedule::graded(2, 0.5).unwrap().extrapolating(factor).unwrap();
        let mut x = [0.3];
        integrate(&mut Image, Solver::Etd2, schedule, &mut x);
        let middle = schedule.steps().last().unwrap().start;
        let half = 0.5 * (1.0 - middle) / middle;
        let expected = IMAGE(middle) + factor * half * (IMAGE(middle) - IMAGE(0.0));
        assert!((x[0] - expected).abs() < 1e-6, "{factor}: {} is not {expected}", x[0]);
    }
    // Between, it is what the second order asks for that is multiplied.
    let places = [0.0, 1.0, 1.5].map(|factor| {
        let schedule = Schedule::graded(3, 0.5).unwrap().extrapolating(factor).unwrap();
        let (mut x, mut places, mut buffers) = ([0.3], Vec::new(), [0.0; 2]);
        let sde = Sde { drift: &mut Image, homotopy: Homotopy::Linear, temperature: 0.0 };
        let observe = |step: vapo_sampler::schedule::Step, drift: &[f32]| {
            places.push(IMAGE(step.start) - (1.0 - step.start) * drift[0]);
        };
        Solver::Etd2.integrate(sde, schedule, &mut Noise::new(generator(5)), &mut x, &mut buffers, observe).unwrap();
        places[2]
    });
    let [by_one, by_more] = [places[1] - places[0], places[2] - places[0]];
    assert!(by_one > 1e-3 && (by_more - 1.5 * by_one).abs() < 1e-6, "{by_one} and {by_more}");
}

#[test]
fn evaluations_are_as_documented_and_never_at_time_1() {
    for steps in [1, 2, 7] {
        let counts =
            [(Solver::Euler, steps), (Solver::Heun, 2 * steps - 1), (Solver::Ab2, steps), (Solver::Etd2, steps)];
        for (solver, count) in counts {
            let mut field = Oscillator::default();
            integrate(&mut field, solver, Schedule::uniform(steps as u16).unwrap(), &mut [0.0; 3]);
            assert_eq!(field.times.len(), count, "{solver:?}");
            assert_eq!(solver.evaluations(steps as u16) as usize, count, "{solver:?}");
            assert!(field.times.iter().all(|&time| time < 1.0));
            assert_eq!(field.times[0], 0.0);
        }
    }
}

/// ∇Φ for data N(m, s²I), from E[x̄|x] and E[ε|x].
struct Gaussian {
    mean: f32,
    std: f32,
    homotopy: Homotopy,
}

impl Drift for Gaussian {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        let at = coefficients(self.homotopy, time);
        let variance = at.mean * at.mean * self.std * self.std + at.std * at.std;
        let slope = (at.mean_rate * at.mean * self.std * self.std + at.std_rate * at.std) / variance;
        for (drift, x) in drift.iter_mut().zip(x) {
            *drift = at.mean_rate * self.mean + slope * (x - at.mean * self.mean);
        }
        Ok(())
    }
}

/// Every solver, homotopy and temperature must carry the prior to the data's mean and variance.
///
/// 20,000 independent elements: a standard error of s/141 in the mean and s²·√(2/20000) = s²/100 in the variance.
/// The tolerance is four of them, and 1.5 % of s and s² for the error of 200 steps, which at temperature 2 is
/// 1.35 % by Heun's own recursion of the variance.
#[test]
fn gaussian_data_arrive_with_their_mean_and_variance() {
    let (mean, std, count) = (0.5, 0.4, 20_000);
    for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
        for solver in Solver::ALL {
            for temperature in [0.0, 0.5, 1.0, 2.0] {
                let mut noise = Noise::new(generator(11));
                let mut x = vec![0.0; count];
                noise.fill(&mut x);
                let mut field = Gaussian { mean, std, homotopy };
                let sde = Sde { drift: &mut field, homotopy, temperature };
                let mut buffers = vec![0.0; solver.buffers() * count];
                let schedule = Schedule::graded(200, 1.2).unwrap();
                solver.integrate(sde, schedule, &mut noise, &mut x, &mut buffers, |_, _| ()).unwrap();

                let found = x.iter().map(|&x| f64::from(x)).sum::<f64>() / count as f64;
                let variance = x.iter().map(|&x| (f64::from(x) - found).powi(2)).sum::<f64>() / count as f64;
                let (expected, expected_variance) = (f64::from(mean), f64::from(std * std));
                let case = format!("{homotopy:?} {solver:?} at temperature {temperature}");
                let error = (found - expected).abs() / f64::from(std);
                assert!(error < 4.0 / 141.0 + 0.015, "{case}: mean {found}");
                let error = (variance / expected_variance - 1.0).abs();
                assert!(error < 4.0 / 100.0 + 0.015, "{case}: variance {variance}");
            }
        }
    }
}

/// A later start, from the flow's own density there, ends at the same data.
#[test]
fn restoration_starts_at_a_later_time() {
    let (mean, std, count, start) = (0.5, 0.4, 40_000, 0.6);
    let homotopy = Homotopy::Linear;
    let (at, mut noise) = (coefficients(homotopy, start), Noise::new(generator(12)));
    let mut x = vec![0.0; count];
    x.iter_mut().for_each(|x| *x = at.mean * (mean + std * noise.draw()) + at.std * noise.draw());
    let mut field = Gaussian { mean, std, homotopy };
    let sde = Sde { drift: &mut field, homotopy, temperature: 1.0 };
    let schedule = Schedule::uniform(200).unwrap().starting_at(start).unwrap();
    let mut first = None;
    let observe = |step: vapo_sampler::schedule::Step, _: &[f32]| first = first.or(Some(step.start));
    Solver::Euler.integrate(sde, schedule, &mut noise, &mut x, &mut vec![0.0; count], observe).unwrap();
    assert_eq!(first, Some(start));
    let found = x.iter().sum::<f32>() / count as f32;
    let variance = x.iter().map(|x| (x - found).powi(2)).sum::<f32>() / count as f32;
    assert!((found - mean).abs() < 0.03 * std && (variance / (std * std) - 1.0).abs() < 0.04);
}

#[test]
fn noise_is_usual_where_it_is_exact() {
    let usual = Solver::ALL.map(Solver::usual_temperature);
    assert_eq!(usual, [0.0, 0.0, 0.0, 0.3]);
}

#[test]
fn at_temperature_0_no_noise_is_drawn() {
    for solver in Solver::ALL {
        let mut noise = Noise::new(generator(1));
        let mut field = Oscillator::default();
        let sde = Sde { drift: &mut field, homotopy: Homotopy::Linear, temperature: 0.0 };
        let mut buffers = [0.0; 10];
        solver
            .integrate(sde, Schedule::uniform(9).unwrap(), &mut noise, &mut [0.0; 5], &mut buffers, |_, _| ())
            .unwrap();
        assert_eq!(noise.draw(), Noise::new(generator(1)).draw(), "{solver:?}");
    }
}

/// N − 1 of N steps add noise.
#[test]
fn the_last_step_adds_no_noise() {
    for solver in Solver::ALL {
        let (mut noise, mut other) = (Noise::new(generator(1)), Noise::new(generator(1)));
        let mut field = Oscillator::default();
        let sde = Sde { drift: &mut field, homotopy: Homotopy::Linear, temperature: 1.0 };
        let mut buffers = [0.0; 10];
        solver
            .integrate(sde, Schedule::uniform(9).unwrap(), &mut noise, &mut [0.0; 5], &mut buffers, |_, _| ())
            .unwrap();
        other.fill(&mut [0.0; 8 * 5]);
        assert_eq!(noise.draw(), other.draw(), "{solver:?}");
    }
}

#[test]
fn too_few_buffers_are_refused_with_both_numbers() {
    for solver in Solver::ALL {
        let needed = 3 * solver.buffers();
        let mut field = Oscillator::default();
        let sde = Sde { drift: &mut field, homotopy: Homotopy::Linear, temperature: 0.0 };
        let mut buffers = vec![0.0; needed - 1];
        let schedule = Schedule::uniform(2).unwrap();
        let result =
            solver.integrate(sde, schedule, &mut Noise::new(generator(1)), &mut [0.0; 3], &mut buffers, |_, _| ());
        assert_eq!(result, Err(Error::Arena { needed, given: needed - 1 }));
    }
}
