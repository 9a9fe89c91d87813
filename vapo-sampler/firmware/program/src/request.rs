//! Everything but the model that fixes a sample.

use vapo_sampler::{Schedule, ScheduleError, Solver};

/// What a board is asked to sample. A host that is asked the same gets the same bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// Seeds the generator of the noise, a `Xoshiro128PlusPlus`.
    pub seed: u64,
    /// How a step is taken.
    pub solver: Solver,
    /// Number of steps.
    pub steps: u16,
    /// Grading of the schedule.
    pub exponent: f32,
    /// Temperature of the SDE, or the solver's usual one.
    pub temperature: Option<f32>,
    /// Rows of the image, from the top, that are known: element i has the value [`pattern`]`(i)`, and the others are
    /// restored. At 0 the image is a sample.
    pub known: u16,
}

/// The value of a known element: 0.5, 0, -0.5, -1, 0.5 and so on. It stands for what a board would have measured.
pub(crate) fn pattern(index: usize) -> f32 {
    [0.5, 0.0, -0.5, -1.0].get(index % 4).copied().unwrap_or_default()
}

impl Default for Request {
    /// The best known of 10 evaluations.
    fn default() -> Self {
        Request {
            seed: 0,
            solver: Solver::default(),
            steps: 10,
            exponent: Schedule::EXPONENT,
            temperature: None,
            known: 0,
        }
    }
}

impl Request {
    /// Reads arguments parted by spaces: any of `seed=7 solver=euler|heun|ab2|etd2 steps=20 exponent=0.8 temperature=1
    /// known=4`. What they leave out is the default's.
    ///
    /// # Errors
    /// The first argument that is none of these.
    pub fn parse(arguments: &[u8]) -> Result<Self, &[u8]> {
        let mut request = Request::default();
        for argument in arguments.split(|&byte| byte == b' ').filter(|argument| !argument.is_empty()) {
            request.set(argument).ok_or(argument)?;
        }
        Ok(request)
    }

    /// The times at which the solver stops.
    pub(crate) fn schedule(&self) -> Result<Schedule, ScheduleError> {
        Schedule::graded(self.steps, self.exponent)
    }

    fn set(&mut self, argument: &[u8]) -> Option<()> {
        let (name, value) = split_once(argument, b'=')?;
        match name {
            b"seed" => self.seed = whole(value)?,
            b"solver" => {
                self.solver = match value {
                    b"euler" => Solver::Euler,
                    b"heun" => Solver::Heun,
                    b"ab2" => Solver::Ab2,
                    b"etd2" => Solver::Etd2,
                    _ => return None,
                }
            }
            b"steps" => self.steps = short(value)?,
            b"exponent" => self.exponent = decimal(value)?,
            b"temperature" => self.temperature = Some(decimal(value)?),
            b"known" => self.known = short(value)?,
            _ => return None,
        }
        Some(())
    }
}

/// What lies before and after the first `separator`. Text's own method links code that can panic.
fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at_checked(text.iter().position(|&byte| byte == separator)?)?;
    Some((before, rest.get(1..)?))
}

#[inline(never)] // many callers: one copy takes less flash
fn whole(text: &[u8]) -> Option<u64> {
    text.first()?;
    text.iter().try_fold(0u64, |value, &byte| {
        let digit = char::from(byte).to_digit(10)?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
}

/// A whole number of 16 bits.
fn short(text: &[u8]) -> Option<u16> {
    whole(text)?.try_into().ok()
}

/// The number nearest to a decimal like `0.7`, of a size that f32 holds without its point. Core's own parser, which
/// reads any decimal, takes 10 KB.
fn decimal(text: &[u8]) -> Option<f32> {
    let Some((before, after)) = split_once(text, b'.') else {
        return quotient(whole(text)?, 1);
    };
    let unit = after.iter().try_fold(1u64, |unit, _| unit.checked_mul(10))?;
    quotient(whole(before)?.checked_mul(unit)?.checked_add(whole(after)?)?, unit)
}

/// A whole number by a power of ten, where f32 holds both: the one division rounds, to nearest.
fn quotient(digits: u64, unit: u64) -> Option<f32> {
    (digits < 1 << 24 && unit <= 10_000_000_000).then_some(digits as f32 / unit as f32)
}

#[cfg(test)]
mod tests {
    use super::{Request, decimal, pattern};
    use vapo_sampler::Solver;

    #[test]
    fn every_argument_is_read() {
        let request =
            Request::parse(b"seed=18446744073709551615 solver=heun  steps=20 exponent=0.85 temperature=1 known=4");
        let seed = u64::MAX;
        let solver = Solver::Heun;
        assert_eq!(request, Ok(Request { seed, solver, steps: 20, exponent: 0.85, temperature: Some(1.0), known: 4 }));
        assert_eq!(Request::parse(b""), Ok(Request::default()));
    }

    #[test]
    fn what_is_not_understood_is_returned() {
        for wrong in [
            "seed",
            "seed=",
            "seed=-1",
            "seed=18446744073709551616",
            "solver=rk4",
            "steps=65536",
            "known=-1",
            "known=65536",
            "exponent=",
            "temperature=1e3",
            "x=1",
        ] {
            let arguments = ["steps=3", wrong].join(" ");
            assert_eq!(Request::parse(arguments.as_bytes()), Err(wrong.as_bytes()));
        }
    }

    #[test]
    fn the_pattern_repeats_after_four_elements() {
        assert_eq!([0, 1, 2, 3, 4, 63].map(pattern), [0.5, 0.0, -0.5, -1.0, 0.5, -1.0]);
    }

    #[test]
    fn decimals_are_the_nearest_numbers() {
        for text in ["0", "1", "0.1", "0.7", "0.85", "3.14159", "16777215", "0.0000001", "1234.567", "0.3333333"] {
            assert_eq!(decimal(text.as_bytes()), text.parse().ok(), "{text}");
        }
        for wrong in ["", ".", "1.", ".5", "-1", "1.2.3", "nan", "16777216", "0.33333333333", "0.00000000001"] {
            assert_eq!(decimal(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
