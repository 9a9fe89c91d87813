//! What every function returns.

use vapo_sampler::{Error, LearningError, PlannedError, ScheduleError};

/// The result of a call. Unless it is VAPO_RESULT_OK, nothing was computed, but outputs may have been written to.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VapoResult {
    /// It was done.
    Ok = 0,
    /// A pointer is null.
    Null = 1,
    /// A pointer is not aligned: to 4 bytes for float.
    Alignment = 2,
    /// Two pieces of memory share bytes, or one is inside the memory that was lent.
    Overlap = 3,
    /// The memory at the pointer was not initialised, or was moved since.
    State = 4,
    /// There is no plan in front of the model's file.
    Unplanned = 5,
    /// The bytes are no model, or are damaged.
    Model = 6,
    /// The plan is damaged, another model's, of another version, or of energies alone where a drift is asked for.
    Plan = 7,
    /// This library was built without the model's arithmetic, or without weights of fewer than 8 bits.
    Support = 8,
    /// The memory lent is smaller than what is needed.
    Arena = 9,
    /// A number of elements is not that of the model's samples, or of a reading.
    Length = 10,
    /// The model has no such class.
    Class = 11,
    /// Guidance is infinite or not a number, or there is no class for it.
    Guidance = 12,
    /// The temperature is negative, infinite or not a number.
    Temperature = 13,
    /// There is no such solver.
    Solver = 14,
    /// There are 0 steps, or an exponent or an extrapolation is out of range.
    Schedule = 15,
    /// A monitor takes a model of a series, of height 1.
    Series = 16,
    /// The stride of a monitor is 0.
    Stride = 17,
    /// The model has no anomaly threshold, or the learner has none yet.
    Threshold = 18,
    /// The model has no classifier.
    Classifier = 19,
    /// There is no energy at this time: at time 1 of the linear homotopy.
    Energy = 20,
    /// There is no verdict to explain.
    Verdict = 21,
    /// A rate is not above 0 and below 1.
    Rate = 22,
    /// There is no room for the energies of so many windows at this rate.
    Room = 23,
    /// There is no sample to continue: none was begun, or another function was called with the sampler since.
    Sample = 24,
    /// A time is not from 0 to 1.
    Time = 25,
    /// A number that was given is infinite or not a number, or far beyond -1 to 1.
    Number = 26,
}

impl VapoResult {
    /// All of them, each at its number.
    pub const ALL: [VapoResult; 27] = {
        use VapoResult::*;
        [
            Ok,
            Null,
            Alignment,
            Overlap,
            State,
            Unplanned,
            Model,
            Plan,
            Support,
            Arena,
            Length,
            Class,
            Guidance,
            Temperature,
            Solver,
            Schedule,
            Series,
            Stride,
            Threshold,
            Classifier,
            Energy,
            Verdict,
            Rate,
            Room,
            Sample,
            Time,
            Number,
        ]
    };

    fn text(self) -> &'static core::ffi::CStr {
        match self {
            VapoResult::Ok => c"no error",
            VapoResult::Null => c"a pointer is null",
            VapoResult::Alignment => c"a pointer is not aligned to what lies there, as to 4 bytes for float",
            VapoResult::Overlap => c"two pieces of memory overlap, or one lies in the arena: give each its own",
            VapoResult::State => c"nothing was initialised here, or the arena was moved since: initialise it where it lies",
            VapoResult::Unplanned => c"no plan lies before the model: export it with `vapo-train export --c`, or call vapo_plan",
            VapoResult::Model => c"the bytes are no model, or are damaged: export the model anew",
            VapoResult::Plan => {
                c"the plan is damaged, another model's, or of energies alone where a drift is asked for: export the model anew"
            }
            VapoResult::Support => c"the library was built without what the model needs: take one with all features",
            VapoResult::Arena => c"the arena is too small: vapo_arena_bytes or vapo_monitor_bytes says what is needed",
            VapoResult::Length => c"expected as many elements as a sample of the model has, or as a reading has channels",
            VapoResult::Class => c"the model has no such class: vapo_info says how many it has",
            VapoResult::Guidance => c"guidance is a finite number and leads to a class: ask for a class as well",
            VapoResult::Temperature => c"a temperature is finite and at least 0, or VAPO_USUAL_TEMPERATURE",
            VapoResult::Solver => c"expected one of the solvers VAPO_SOLVER_EULER to VAPO_SOLVER_ETD2",
            VapoResult::Schedule => {
                c"expected at least 1 step, an exponent near 1 and above 0, an extrapolation of at least 0"
            }
            VapoResult::Series => c"a monitor takes a model of a series, of height 1",
            VapoResult::Stride => c"a monitor judges every so many readings, at least 1",
            VapoResult::Threshold => {
                c"there is no threshold: `vapo-train score --write-threshold` gives a model one, and energies give a learner one"
            }
            VapoResult::Classifier => c"the model has no classifier: `vapo-train classify --write-classifier` gives it one",
            VapoResult::Energy => c"there is no energy at time 1: ask at an earlier time",
            VapoResult::Verdict => c"no verdict was given since the last reading: explain right after a verdict",
            VapoResult::Rate => c"a false-positive rate is above 0 and below 1: try 0.01",
            VapoResult::Room => c"the memory is too small for so many windows at this rate: vapo_learner_bytes says what is needed",
            VapoResult::Sample => {
                c"no sample was begun, or something else was asked of the sampler since: call vapo_begin, then vapo_step alone"
            }
            VapoResult::Time => c"a time is from 0, noise, to 1, data",
            VapoResult::Number => c"a number that was given is infinite or not a number, or far beyond -1 to 1",
        }
    }
}

/// A sentence about a result, in English, for a log. It is never null, and stays valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn vapo_error_text(result: i32) -> *const core::ffi::c_char {
    let found = VapoResult::ALL.into_iter().find(|known| *known as i32 == result);
    found.map_or(c"this is no result of this library", VapoResult::text).as_ptr()
}

/// What was done, or why not, as C has it.
pub(crate) fn told(done: Result<(), VapoResult>) -> VapoResult {
    done.err().unwrap_or(VapoResult::Ok)
}

impl From<Error> for VapoResult {
    fn from(error: Error) -> Self {
        match error {
            Error::Arena { .. } | Error::Nodes { .. } | Error::Large { .. } => VapoResult::Arena,
            Error::Length { .. } | Error::Reading { .. } => VapoResult::Length,
            Error::Series { .. } => VapoResult::Series,
            Error::Stride => VapoResult::Stride,
            Error::Temperature { .. } => VapoResult::Temperature,
            Error::Class { .. } => VapoResult::Class,
            Error::Guidance { .. } => VapoResult::Guidance,
            Error::Arithmetic { .. } | Error::Weights { .. } => VapoResult::Support,
            // Nothing here composes potentials.
            _ => VapoResult::Plan,
        }
    }
}

impl From<ScheduleError> for VapoResult {
    fn from(_: ScheduleError) -> Self {
        VapoResult::Schedule
    }
}

impl From<PlannedError> for VapoResult {
    fn from(error: PlannedError) -> Self {
        match error {
            PlannedError::Unplanned => VapoResult::Unplanned,
            PlannedError::Model(_) => VapoResult::Model,
            _ => VapoResult::Plan,
        }
    }
}

impl From<LearningError> for VapoResult {
    fn from(error: LearningError) -> Self {
        match error {
            LearningError::Rate { .. } => VapoResult::Rate,
            _ => VapoResult::Room,
        }
    }
}
