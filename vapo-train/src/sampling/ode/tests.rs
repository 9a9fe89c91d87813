//! Against SciPy's numbers, and against Gaussian data, whose flow is known.

use super::*;
use std::convert::Infallible;

fn control(tolerance: f64) -> Control {
    Control { tolerance, least_step: 1e-9, most_evaluations: 100_000 }
}

/// Prey and predators, with more predators coming in: polynomials, so that every machine computes the same.
fn predators(time: f64, y: &[f64], slope: &mut [f64]) -> Result<(), Infallible> {
    slope.copy_from_slice(&[y[0] * (1.0 - y[1]), y[1] * (y[0] - 1.0) + 0.1 * time]);
    Ok(())
}

/// The literals are those of SciPy 1.17.1:
///
/// ```python
/// f = lambda t, y: [y[0] * (1 - y[1]), y[1] * (y[0] - 1) + 0.1 * t]
/// r = solve_ivp(f, span, start, method=method, rtol=tolerance, atol=tolerance)
/// print(r.nfev, r.y[:, -1])
/// ```
///
/// Steps are rejected on most of these ways. Sums are made in another order there, so that last digits differ.
#[test]
fn steps_and_ends_are_those_of_scipy() {
    let [long, back] = [([0.0, 9.0], [2.0, 0.5]), ([3.0, 1.0], [0.7, 1.2])];
    for (method, tolerance, (span, start), evaluations, end) in [
        (Method::Rk45, 1e-3, long, 68, [0.355_294_209_404_620_64, 1.238_976_158_238_684_5]),
        (Method::Rk45, 1e-3, back, 20, [1.037_936_953_474_858_6, 1.116_420_251_360_219_5]),
        (Method::Rk45, 1e-6, long, 170, [0.354_505_293_415_988_96, 1.230_657_479_325_373]),
        (Method::Rk45, 1e-6, back, 38, [1.036_288_361_890_43, 1.116_799_574_561_697_6]),
        (Method::Rk23, 1e-3, long, 62, [0.353_138_216_608_075_26, 1.224_361_843_146_578]),
        (Method::Rk23, 1e-3, back, 17, [1.035_679_976_421_450_2, 1.113_297_600_020_723_8]),
        (Method::Rk23, 1e-6, long, 506, [0.354_503_755_707_061_4, 1.230_646_792_149_084_2]),
        (Method::Rk23, 1e-6, back, 74, [1.036_282_885_458_322_8, 1.116_793_729_516_388_6]),
    ] {
        let mut y = start;
        let found = integrate(method, &control(tolerance), span, &mut y, predators).unwrap();
        assert_eq!(found, evaluations, "{method:?} {tolerance} {span:?}");
        for (found, expected) in y.iter().zip(end) {
            assert!((found - expected).abs() < 1e-12, "{method:?} {tolerance} {span:?}: {found} is not {expected}");
        }
    }
}

/// As above, of `f = lambda t, y: [100 if t > 1 else 1e-3 * t, y[0] - y[1]]` from zeros: the first step is short, the next are ten times
/// as long, and at the jump they are cut to a fifth.
#[test]
fn steps_are_those_of_scipy_where_lengths_change_most() {
    let jump = |time: f64, y: &[f64], slope: &mut [f64]| {
        slope.copy_from_slice(&[if time > 1.0 { 100.0 } else { 1e-3 * time }, y[0] - y[1]]);
        Ok::<(), Infallible>(())
    };
    for (method, evaluations, end) in [
        (Method::Rk45, 260, [300.002_534_231_327_9, 204.982_110_778_378_43]),
        (Method::Rk23, 152, [300.000_130_822_887_6, 204.959_975_129_606_6]),
    ] {
        let mut y = [0.0; 2];
        assert_eq!(integrate(method, &control(1e-4), [0.0, 4.0], &mut y, jump), Ok(evaluations));
        assert!(y.iter().zip(end).all(|(found, expected)| (found - expected).abs() < 1e-9), "{method:?}: {y:?}");
    }
}

/// Mean and deviation of the data.
const DATA: [f64; 2] = [0.6, 0.3];

/// Variance of x at a time on the straight path, and half its rate.
fn variance(time: f64) -> [f64; 2] {
    let variance = (time * DATA[1]).powi(2) + (1.0 - time).powi(2);
    [variance, time * DATA[1].powi(2) - (1.0 - time)]
}

/// The drift of Gaussian data: m + (v'/2v)(x − tm) carries N(tm, v).
fn gaussian(time: f64, x: &[f64], slope: &mut [f64]) -> Result<(), Infallible> {
    let [variance, rate] = variance(time);
    slope.iter_mut().zip(x).for_each(|(slope, x)| *slope = DATA[0] + rate / variance * (x - time * DATA[0]));
    Ok(())
}

/// Where the flow carries x from time 0 to a time.
fn carried(x: f64, time: f64) -> f64 {
    time * DATA[0] + variance(time)[0].sqrt() * x
}

#[test]
fn steps_of_one_length_have_the_order_of_the_method() {
    for (method, order) in [(Method::Rk45, 5), (Method::Rk23, 3)] {
        let error = |steps: u32| {
            let mut x = [1.3];
            let mut work = Work::new(method.tableau(), 1, gaussian);
            work.first_slope(0.0, &x).unwrap();
            let h = 1.0 / f64::from(steps);
            for step in 0..steps {
                work.attempt(f64::from(step) * h, h, &x).unwrap();
                work.accept(&mut x);
            }
            (x[0] - carried(1.3, 1.0)).abs()
        };
        let found = libm::log2(error(40) / error(80));
        assert!((found - f64::from(order)).abs() < 0.25, "{method:?}: order {found}");
    }
}

/// The estimate of a step's error is that of the lower order, so that its halves are too.
#[test]
fn the_estimate_of_an_error_has_its_order() {
    for (method, order) in [(Method::Rk45, 5), (Method::Rk23, 3)] {
        let estimate = |h: f64| {
            let mut work = Work::new(method.tableau(), 1, gaussian);
            work.first_slope(0.4, &[1.3]).unwrap();
            work.attempt(0.4, h, &[1.3]).unwrap();
            work.error(1.0, h, &[1.3])
        };
        let found = libm::log2(estimate(0.02) / estimate(0.01));
        assert!((found - f64::from(order)).abs() < 0.25, "{method:?}: order {found}");
    }
}

#[test]
fn a_lower_tolerance_costs_more_and_errs_less() {
    for method in Method::ALL {
        let mut before = (0, f64::INFINITY);
        for tolerance in [1e-2, 1e-4, 1e-6] {
            let starts = [-2.0, -0.4, 0.1, 1.3];
            let mut x = starts;
            let evaluations = integrate(method, &control(tolerance), [0.0, 1.0], &mut x, gaussian).unwrap();
            let error = x.iter().zip(starts).map(|(x, start)| (x - carried(start, 1.0)).abs()).fold(0.0, f64::max);
            assert!(error < 5.0 * tolerance, "{method:?} {tolerance}: {error}");
            assert!(evaluations > before.0 && error < before.1, "{method:?} {tolerance}: {evaluations}, {error}");
            before = (evaluations, error);
        }
    }
}

#[test]
fn backward_leads_to_where_forward_began() {
    let starts = [-2.0, -0.4, 1.3];
    let mut x = starts;
    integrate(Method::Rk45, &control(1e-8), [0.0, 1.0], &mut x, gaussian).unwrap();
    integrate(Method::Rk45, &control(1e-8), [1.0, 0.0], &mut x, gaussian).unwrap();
    assert!(x.iter().zip(starts).all(|(x, start)| (x - start).abs() < 1e-6), "{x:?}");
}

#[test]
fn what_cannot_be_integrated_is_given_up() {
    let stopped = |control: Control, field: fn(f64, f64) -> f64| {
        let of_one = |time: f64, y: &[f64], slope: &mut [f64]| -> Result<(), ()> {
            slope[0] = field(time, y[0]);
            if time < 5.0 { Ok(()) } else { Err(()) }
        };
        integrate(Method::Rk45, &control, [0.0, 9.0], &mut [1.0], of_one)
    };
    // y² from 1 is infinite at time 1.
    let Err(Stopped::Step { time }) = stopped(control(1e-6), |_, y| y * y) else { panic!() };
    assert!((time - 1.0).abs() < 1e-3, "{time}");
    // A jump that no step is short enough for.
    let least = Control { least_step: 1e-3, ..control(1e-6) };
    let Err(Stopped::Step { time }) = stopped(least, |time, _| if time < 0.5 { 0.0 } else { 1e3 }) else { panic!() };
    assert!((0.4..0.51).contains(&time), "{time}");
    let few = Control { most_evaluations: 100, ..control(1e-6) };
    let Err(Stopped::Evaluations { time }) = stopped(few, |time, _| libm::sin(200.0 * time)) else { panic!() };
    assert!(time > 0.0 && time < 1.0, "{time}");
    assert_eq!(stopped(control(1e-3), |_, _| f64::NAN), Err(Stopped::NotFinite));
    assert_eq!(stopped(control(1e-3), |time, _| if time < 1.0 { 1.0 } else { f64::NAN }), Err(Stopped::NotFinite));
    assert_eq!(stopped(control(1e-3), |_, _| 1.0), Err(Stopped::Field(())));
}

/// Noise in f at the scale of rounded integers is no reason to stop: its part of a step's error shrinks with the step.
#[test]
fn steps_end_however_coarsely_f_is_rounded() {
    let rounded = |time: f64, x: &[f64], slope: &mut [f64]| {
        gaussian(time, x, slope)?;
        slope.iter_mut().for_each(|slope| *slope = (*slope * 64.0).round() / 64.0);
        Ok::<(), Infallible>(())
    };
    let (mut x, mut exact) = ([1.3, -0.2], [1.3, -0.2]);
    let of_rounded = integrate(Method::Rk45, &control(1e-3), [0.0, 1.0], &mut x, rounded).unwrap();
    let of_exact = integrate(Method::Rk45, &control(1e-3), [0.0, 1.0], &mut exact, gaussian).unwrap();
    assert!(of_rounded < 10 * of_exact, "{of_rounded}, {of_exact}");
    assert!(x.iter().zip(exact).all(|(x, exact)| (x - exact).abs() < 0.02), "{x:?}");
}
