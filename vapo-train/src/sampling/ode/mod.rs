//! Ordinary differential equations dy/dt = f(t, y), in steps as long as an estimate of their error allows.
//!
//! The rules are those of SciPy's `solve_ivp`, methods `RK45` and `RK23`: the same steps, the same number of evaluations. An
//! equation is one sample's. Steps never depend on another sample.
//!
//! Source: Hairer, Nørsett and Wanner, *Solving ordinary differential equations I*, 1993, section II.4.

mod tableau;
#[cfg(test)]
mod tests;

pub use tableau::Method;
use tableau::Tableau;

/// A step is this part of the longest that the estimate would allow.
const SAFETY: f64 = 0.9;
/// A step is at least this many times as long as the one before, and at most that many.
const FACTORS: [f64; 2] = [0.2, 10.0];

/// When a step is good enough, and when to give up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Control {
    /// Error that a step may make, absolute, and relative to y: the root mean square over the elements of
    /// error / (tolerance + tolerance·max(|y| before, |y| after)) stays below 1.
    pub tolerance: f64,
    /// No step is tried that is shorter, but for the last.
    pub least_step: f64,
    /// No more evaluations of f are made.
    pub most_evaluations: u32,
}

/// Why the end was not reached. Times are those that were reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stopped<E> {
    /// f refused.
    Field(E),
    /// y or f is infinite or not a number.
    NotFinite,
    /// The next step would take more evaluations than there may be.
    Evaluations {
        /// Time.
        time: f64,
    },
    /// A step of the least length makes an error above the tolerance.
    Step {
        /// Time.
        time: f64,
    },
}

/// Carries y from `start` to `end`, forward or backward in time, in place. Returns the number of evaluations of f.
///
/// `field(t, y, slope)` sets `slope` to f(t, y).
///
/// # Errors
/// [`Stopped`]; y is then where it stood when the last good step ended.
pub fn integrate<E>(
    method: Method,
    control: &Control,
    [start, end]: [f64; 2],
    y: &mut [f64],
    field: impl FnMut(f64, &[f64], &mut [f64]) -> Result<(), E>,
) -> Result<u32, Stopped<E>> {
    let tableau = method.tableau();
    let mut work = Work::new(tableau, y.len(), field);
    work.first_slope(start, y)?;
    let mut step = work.first_step(control.tolerance, [start, end], y)?;
    let direction = (end - start).signum();
    let (mut time, mut is_repeated) = (start, false);
    step = step.max(control.least_step);
    while time != end {
        if work.evaluations + tableau.nodes.len() as u32 > control.most_evaluations {
            return Err(Stopped::Evaluations { time });
        }
        // The last step ends at the end exactly.
        let next = if direction * (time + direction * step - end) > 0.0 { end } else { time + direction * step };
        step = (next - time).abs();
        work.attempt(time, next - time, y)?;
        let error = work.error(control.tolerance, next - time, y);
        // Of a number that is none nothing is known but that the step was too long.
        let wanted = if error.is_nan() { 0.0 } else { SAFETY * libm::pow(error, -1.0 / (tableau.lower_order + 1.0)) };
        if error < 1.0 {
            time = next;
            work.accept(y);
            // Right after a step that was too long, none is longer than the one that was not.
            step = (step * wanted.min(if is_repeated { 1.0 } else { FACTORS[1] })).max(control.least_step);
        } else {
            step *= wanted.max(FACTORS[0]);
            if step < control.least_step {
                return Err(if error.is_finite() { Stopped::Step { time } } else { Stopped::NotFinite });
            }
        }
        is_repeated = error.is_nan() || error >= 1.0;
    }
    Ok(work.evaluations)
}

/// The equation, and what a step computes with.
struct Work<F> {
    tableau: &'static Tableau,
    field: F,
    evaluations: u32,
    /// kᵢ. The first is f at the step's start, the last f at its end.
    slopes: Vec<Vec<f64>>,
    /// Where a slope is taken, and at last where the step ends.
    trial: Vec<f64>,
}

impl<F> Work<F> {
    fn new(tableau: &'static Tableau, size: usize, field: F) -> Self {
        let slopes = vec![vec![0.0; size]; tableau.errors.len()];
        Work { tableau, field, evaluations: 0, slopes, trial: vec![0.0; size] }
    }

    /// Sets slope `index` to f at a time and where the trial stands.
    fn evaluate<E>(&mut self, time: f64, index: usize) -> Result<(), Stopped<E>>
    where
        F: FnMut(f64, &[f64], &mut [f64]) -> Result<(), E>,
    {
        self.evaluations += 1;
        (self.field)(time, &self.trial, &mut self.slopes[index]).map_err(Stopped::Field)
    }

    fn first_slope<E>(&mut self, start: f64, y: &[f64]) -> Result<(), Stopped<E>>
    where
        F: FnMut(f64, &[f64], &mut [f64]) -> Result<(), E>,
    {
        self.trial.copy_from_slice(y);
        self.evaluate(start, 0)?;
        if self.slopes[0].iter().chain(y).all(|value| value.is_finite()) { Ok(()) } else { Err(Stopped::NotFinite) }
    }

    /// The length of the first step, from one more evaluation: source as above, algorithm "starting step size".
    fn first_step<E>(&mut self, tolerance: f64, [start, end]: [f64; 2], y: &[f64]) -> Result<f64, Stopped<E>>
    where
        F: FnMut(f64, &[f64], &mut [f64]) -> Result<(), E>,
    {
        let (length, direction) = ((end - start).abs(), (end - start).signum());
        let scaled = |values: &mut dyn Iterator<Item = f64>| {
            rms(values.zip(y).map(|(value, y)| value / (tolerance + tolerance * y.abs())))
        };
        let of_place = scaled(&mut y.iter().copied());
        let of_slope = scaled(&mut self.slopes[0].iter().copied());
        let is_small = of_place < 1e-5 || of_slope < 1e-5;
        let first = if is_small { 1e-6 } else { 0.01 * of_place / of_slope }.min(length);
        let slopes = self.slopes[0].iter();
        self.trial.iter_mut().zip(y).zip(slopes).for_each(|((trial, y), slope)| *trial = y + direction * first * slope);
        self.evaluate(start + direction * first, 1)?;
        let change = self.slopes[1].iter().zip(&self.slopes[0]).map(|(after, before)| after - before);
        let of_change = scaled(&mut { change }) / first;
        let second = if of_slope <= 1e-15 && of_change <= 1e-15 {
            (first * 1e-3).max(1e-6)
        } else {
            libm::pow(0.01 / of_slope.max(of_change), 1.0 / (self.tableau.lower_order + 1.0))
        };
        Ok((100.0 * first).min(second).min(length))
    }

    /// Takes a step from y, of signed length h, and leaves where it ends in the trial.
    fn attempt<E>(&mut self, time: f64, h: f64, y: &[f64]) -> Result<(), Stopped<E>>
    where
        F: FnMut(f64, &[f64], &mut [f64]) -> Result<(), E>,
    {
        let Tableau { nodes, rows, weights, .. } = self.tableau;
        for (index, (node, row)) in nodes.iter().zip(*rows).enumerate().skip(1) {
            self.go(h, row, y);
            self.evaluate(time + node * h, index)?;
        }
        self.go(h, weights, y);
        self.evaluate(time + h, nodes.len())
    }

    /// Sets the trial to y + hΣ factorⱼkⱼ.
    fn go(&mut self, h: f64, factors: &[f64], y: &[f64]) {
        for (index, (trial, y)) in self.trial.iter_mut().zip(y).enumerate() {
            *trial = y + h * sum(factors, &self.slopes, index);
        }
    }

    /// The error of the step that was taken, in units of what it may be.
    fn error(&self, tolerance: f64, h: f64, y: &[f64]) -> f64 {
        rms(self.trial.iter().zip(y).enumerate().map(|(index, (after, before))| {
            let scale = tolerance + tolerance * after.abs().max(before.abs());
            h * sum(self.tableau.errors, &self.slopes, index) / scale
        }))
    }

    fn accept(&mut self, y: &mut [f64]) {
        y.copy_from_slice(&self.trial);
        let last = self.slopes.len() - 1;
        self.slopes.swap(0, last);
    }
}

/// Σ factorⱼkⱼ of an element.
fn sum(factors: &[f64], slopes: &[Vec<f64>], index: usize) -> f64 {
    factors.iter().zip(slopes).map(|(factor, slope)| factor * slope[index]).sum()
}

/// The root mean square.
fn rms(values: impl Iterator<Item = f64>) -> f64 {
    let (count, squares) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value * value));
    (squares / f64::max(count, 1.0)).sqrt()
}
