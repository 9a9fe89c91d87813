//! What a board is asked to sample: everything but the model that fixes the sample. The board's program reads a [`Request`],
//! and a host that is asked the same computes the same bytes. A board that monitors a series reads a [`Watch`].

#![no_std]

#[cfg(test)]
extern crate std;

mod number;
mod watch;

pub use watch::Watch;

use core::fmt;
use number::{decimal, short, split_once, whole};
use vapo_format::Shape;
use vapo_sampler::{Condition, Schedule, ScheduleError, Solver};

/// Time at which a sample's energy is reported: near the data, where the energy of the linear homotopy is still finite.
pub const ENERGY_TIME: f32 = 0.9;

/// Everything but the model that fixes a sample.
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
    /// How far the schedule's steps extrapolate.
    pub extrapolation: f32,
    /// Temperature of the stochastic differential equation.
    pub temperature: f32,
    /// Rows of the image, from the top, that are known: see [`Request::known_values`]. At 0 the image is a sample.
    pub known: u16,
    /// The class that is asked for, and how far the sample is led towards it.
    pub condition: Condition,
}

/// An argument that is none of a request, and what was expected in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused<'a> {
    /// The argument.
    pub found: &'a [u8],
    /// A sentence on what it would have to be.
    pub expected: &'static str,
}

/// What the arguments of a request are.
const ARGUMENTS: &str = "expected seed=, solver=euler|heun|ab2|etd2, steps=, exponent=, extrapolation=, temperature=, known=, class= or guidance=, each with a value";
const ONCE: &str = "expected every argument at most once";
const SEED: &str = "expected seed= with a whole number below 2^64";
const SOLVER: &str = "expected solver= with euler, heun, ab2 or etd2";
const STEPS: &str = "expected steps= with a whole number from 1 to 65535";
const EXPONENT: &str = "expected exponent= with a decimal above 0, of at most 7 digits, near enough to 1 that all steps have a width, as 0.5";
const EXTRAPOLATION: &str = "expected extrapolation= with a decimal of at least 0, of at most 7 digits, as 1.25";
const TEMPERATURE: &str = "expected temperature= with a decimal of at least 0, of at most 7 digits, as 0.3";
const CLASS: &str = "expected class= with the number of a class that the model has";
const GUIDANCE: &str = "expected guidance= with a decimal of at least 0, of at most 7 digits, as 1.5, beside a class";
const KNOWN: &str = "expected known= with a whole number of at most the image's rows";

impl Request {
    /// The best known of 10 evaluations by a solver.
    pub const fn of(solver: Solver) -> Self {
        let temperature = solver.usual_temperature();
        Request {
            seed: 0,
            solver,
            steps: 10,
            exponent: Schedule::EXPONENT,
            extrapolation: Schedule::EXTRAPOLATION,
            temperature,
            known: 0,
            condition: Condition::of(None),
        }
    }

    /// Reads arguments parted by spaces, for a model of these images and so many classes: any of `seed=7
    /// solver=euler|heun|ab2|etd2 steps=20 exponent=0.8 extrapolation=1 temperature=1 known=4 class=7 guidance=1.5`. What they leave out is that of [`Request::of`] the solver, or of `usual`.
    ///
    /// # Errors
    /// The first argument that is none of these, out of range or a second of its name.
    pub fn parse(arguments: &[u8], usual: Solver, image: Shape, classes: u16) -> Result<Self, Refused<'_>> {
        let mut request = Request::of(usual);
        let mut temperature = None;
        // The argument that the schedule depends on, should it be refused.
        let mut graded: &[u8] = &[];
        // That which there is none of without a class.
        let mut guided: &[u8] = &[];
        // A bit for each name.
        let mut given = 0u16;
        for found in arguments.split(|&byte| byte == b' ').filter(|argument| !argument.is_empty()) {
            let refused = |expected| Refused { found, expected };
            let (name, value) = split_once(found, b'=').ok_or(refused(ARGUMENTS))?;
            let bit = match name {
                b"seed" => {
                    request.seed = whole(value).ok_or(refused(SEED))?;
                    1
                }
                b"solver" => {
                    let solver = Solver::ALL.into_iter().find(|solver| solver.name().as_bytes() == value);
                    request.solver = solver.ok_or(refused(SOLVER))?;
                    2
                }
                b"steps" => {
                    graded = found;
                    request.steps = short(value).filter(|&steps| steps > 0).ok_or(refused(STEPS))?;
                    4
                }
                b"exponent" => {
                    graded = found;
                    request.exponent = decimal(value).ok_or(refused(EXPONENT))?;
                    8
                }
                b"extrapolation" => {
                    request.extrapolation = decimal(value).ok_or(refused(EXTRAPOLATION))?;
                    256
                }
                b"temperature" => {
                    temperature = Some(decimal(value).ok_or(refused(TEMPERATURE))?);
                    16
                }
                b"known" => {
                    request.known = short(value).filter(|&rows| rows <= image.height).ok_or(refused(KNOWN))?;
                    32
                }
                b"class" => {
                    let class = short(value).filter(|&class| class < classes).ok_or(refused(CLASS))?;
                    request.condition.class = Some(class);
                    64
                }
                b"guidance" => {
                    guided = found;
                    request.condition.guidance = decimal(value).ok_or(refused(GUIDANCE))?;
                    128
                }
                _ => return Err(refused(ARGUMENTS)),
            };
            if given & bit != 0 {
                return Err(refused(ONCE));
            }
            given |= bit;
        }
        request.condition.check(classes).map_err(|_| Refused { found: guided, expected: GUIDANCE })?;
        request.schedule().map_err(|_| Refused { found: graded, expected: EXPONENT })?;
        let usual = match request.known {
            0 => request.solver.usual_temperature(),
            _ => request.solver.restoring_temperature(),
        };
        request.temperature = temperature.unwrap_or(usual);
        Ok(request)
    }

    /// The times at which the solver stops.
    ///
    /// # Errors
    /// There is no such schedule.
    pub fn schedule(&self) -> Result<Schedule, ScheduleError> {
        Schedule::graded(self.steps, self.exponent)?.extrapolating(self.extrapolation)
    }

    /// The values of the elements that are known: 0.5, 0, −0.5, −1, 0.5 and so on. They stand for what a board would have
    /// measured. None where the element is to be restored.
    pub fn known_values(&self, image: Shape) -> impl Fn(usize) -> Option<f32> + use<> {
        // A step asks for each element: what does not change is computed here.
        let end = usize::from(self.known).saturating_mul(usize::from(image.width) * usize::from(image.channels));
        move |index| if index < end { [0.5, 0.0, -0.5, -1.0].get(index % 4).copied() } else { None }
    }
}

impl Default for Request {
    /// That of the default solver.
    fn default() -> Self {
        Request::of(Solver::default())
    }
}

/// The arguments that [`Request::parse`] reads.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { seed, solver, steps, exponent, extrapolation, temperature, known, condition } = self;
        let solver = solver.name();
        write!(
            f,
            "seed={seed} solver={solver} steps={steps} exponent={exponent} extrapolation={extrapolation} \
             temperature={temperature} known={known}"
        )?;
        let Condition { class, guidance } = condition;
        if let Some(class) = class {
            write!(f, " class={class} guidance={guidance}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        ARGUMENTS, CLASS, EXPONENT, EXTRAPOLATION, GUIDANCE, KNOWN, ONCE, Refused, Request, SEED, SOLVER, STEPS,
        TEMPERATURE,
    };
    use std::string::ToString;
    use vapo_format::Shape;
    use vapo_sampler::{Condition, Solver};

    const EIGHT: Shape = Shape { channels: 1, height: 8, width: 8 };

    fn parse(arguments: &str) -> Result<Request, Refused<'_>> {
        Request::parse(arguments.as_bytes(), Solver::default(), EIGHT, 10)
    }

    #[test]
    fn every_argument_is_read() {
        let request = parse(
            "seed=18446744073709551615 solver=heun  steps=20 exponent=0.85 extrapolation=1.5 temperature=1 known=4 class=9 guidance=1.5",
        )
        .unwrap();
        let (seed, solver) = (u64::MAX, Solver::Heun);
        let condition = Condition { class: Some(9), guidance: 1.5 };
        let extrapolation = 1.5;
        let (steps, exponent, temperature, known) = (20, 0.85, 1.0, 4);
        assert_eq!(request, Request { seed, solver, steps, exponent, extrapolation, temperature, known, condition });
        assert_eq!(parse(&request.to_string()), Ok(request));
        assert_eq!(parse(""), Ok(Request::default()));
        assert_eq!(Request::parse(b"", Solver::Ab2, EIGHT, 0), Ok(Request::of(Solver::Ab2)));
    }

    #[test]
    fn a_temperature_that_is_left_out_is_the_solvers_usual_for_sampling_or_restoring() {
        for solver in Solver::ALL {
            let argument = ["solver=", solver.name()].concat();
            assert_eq!(parse(&argument).unwrap().temperature, solver.usual_temperature());
            let restored = [&argument, " known=1"].concat();
            assert_eq!(parse(&restored).unwrap().temperature, solver.restoring_temperature());
            let none = [&argument, " known=0"].concat();
            assert_eq!(parse(&none).unwrap().temperature, solver.usual_temperature());
            let both = ["temperature=0.25 ", &argument].concat();
            assert_eq!(parse(&both).unwrap().temperature, 0.25);
        }
    }

    #[test]
    fn what_is_not_understood_or_out_of_range_is_refused_by_name() {
        for (wrong, expected) in [
            ("seed", ARGUMENTS),
            ("x=1", ARGUMENTS),
            ("seed=", SEED),
            ("seed=-1", SEED),
            ("seed=18446744073709551616", SEED),
            ("solver=rk4", SOLVER),
            ("steps=0", STEPS),
            ("steps=65536", STEPS),
            ("known=-1", KNOWN),
            ("known=9", KNOWN),
            ("known=65536", KNOWN),
            ("class=10", CLASS),
            ("class=-1", CLASS),
            ("class=", CLASS),
            ("guidance=-1", GUIDANCE),
            ("guidance=1", GUIDANCE),
            ("guidance=nan", GUIDANCE),
            ("exponent=", EXPONENT),
            ("exponent=0", EXPONENT),
            ("exponent=30", EXPONENT),
            ("extrapolation=", EXTRAPOLATION),
            ("extrapolation=-1", EXTRAPOLATION),
            ("extrapolation=inf", EXTRAPOLATION),
            ("temperature=1e30", TEMPERATURE),
            ("temperature=16777216", TEMPERATURE),
            ("temperature=nan", TEMPERATURE),
            ("temperature=-1", TEMPERATURE),
        ] {
            let arguments = ["seed=3", wrong].join(" ");
            assert_eq!(parse(&arguments), Err(Refused { found: wrong.as_bytes(), expected }), "{wrong}");
        }
        assert!(parse("known=8").is_ok());
        assert!(Solver::ALL.iter().all(|solver| [ARGUMENTS, SOLVER].iter().all(|text| text.contains(solver.name()))));
    }

    /// Whatever the two values are.
    #[test]
    fn an_argument_that_is_given_twice_is_refused() {
        let all = [
            "seed=7",
            "solver=heun",
            "steps=3",
            "exponent=0.5",
            "extrapolation=1",
            "temperature=1",
            "known=2",
            "class=1",
            "guidance=1",
        ];
        for again in [
            "seed=8",
            "seed=7",
            "solver=ab2",
            "steps=4",
            "exponent=0.7",
            "extrapolation=1.5",
            "temperature=0",
            "known=2",
            "class=2",
            "guidance=0",
        ] {
            let arguments = [all.join(" ").as_str(), again].join(" ");
            assert_eq!(parse(&arguments), Err(Refused { found: again.as_bytes(), expected: ONCE }), "{again}");
        }
        assert!(parse(&all.join(" ")).is_ok());
    }

    /// As the texts of refusals say.
    #[test]
    fn seven_digits_are_read_wherever_the_point_is() {
        for text in ["9999999", "999999.9", "9.999999", "0.999999", "0.000001", "0000000"] {
            let argument = ["temperature=", text].concat();
            assert_eq!(parse(&argument).map(|request| request.temperature), Ok(text.parse().unwrap()), "{text}");
        }
        assert!([EXPONENT, TEMPERATURE, GUIDANCE].iter().all(|text| text.contains("of at most 7 digits")));
    }

    #[test]
    fn known_values_repeat_after_four_elements_and_end_with_the_known_rows() {
        let request = Request { known: 2, ..Request::default() };
        let values = [0, 1, 2, 3, 4, 15, 16, 63].map(request.known_values(EIGHT));
        assert_eq!(values, [Some(0.5), Some(0.0), Some(-0.5), Some(-1.0), Some(0.5), Some(-1.0), None, None]);
        assert_eq!(Request::default().known_values(EIGHT)(0), None);
    }
}
