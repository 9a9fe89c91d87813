//! From the project's errors to their codes. Every match names every variant: a new one does not compile without a code.

use super::code::{Code, Told};
use super::{of_data, typed};
use crate::calibration::CalibrationError;
use crate::dataset::fetch::FetchError;
use crate::evaluation::EvaluationError;
use crate::export::ExportError;
use crate::export::picture::PictureError;
use crate::files::images::ReadError;
use crate::run::RunError;
use crate::run::checkpoint::{CheckpointError, Mismatch};
use crate::sampling::SamplingError;
use crate::sampling::anomaly::ScoreError;
use crate::sampling::likelihood::LikelihoodError;
use crate::training::{NotBuilt, SessionError, TrainingError};
use std::error::Error;

/// The code of an error, or of the first of its causes that has one.
pub(super) fn of(error: &(dyn Error + 'static)) -> Code {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.into_iter().find_map(own).unwrap_or(Code::Unexpected)
}

/// The code of the error's own type.
fn own(error: &(dyn Error + 'static)) -> Option<Code> {
    typed(error, |told: &Told| told.code)
        .or_else(|| of_data::own(error))
        .or_else(|| typed(error, evaluation))
        .or_else(|| typed(error, training))
        .or_else(|| typed(error, session))
        .or_else(|| typed(error, run))
        .or_else(|| typed(error, checkpoint))
        .or_else(|| typed(error, |_: &Mismatch| Code::RunDamaged))
        .or_else(|| typed(error, export))
        .or_else(|| typed(error, |_: &PictureError| Code::OutputPicture))
        .or_else(|| typed(error, calibration))
        .or_else(|| typed(error, sampling))
        .or_else(|| typed(error, score))
        .or_else(|| typed(error, likelihood))
        .or_else(|| typed(error, read))
        .or_else(|| typed(error, fetch))
        .or_else(|| typed(error, |_: &NotBuilt| Code::NotBuilt))
        .or_else(|| typed(error, sampler))
        .or_else(|| typed(error, |_: &vapo_format::Error| Code::ModelDamaged))
        .or_else(|| typed(error, |_: &vapo_format::ArchitectureError| Code::Network))
        .or_else(|| device(error))
}

fn evaluation(error: &EvaluationError) -> Code {
    match error {
        EvaluationError::NoImages(_) => Code::DataKind,
        EvaluationError::Access { .. } => Code::DataMissing,
        EvaluationError::Contents { .. } => Code::DataForeign,
        EvaluationError::Empty { .. } => Code::DataLayout,
        EvaluationError::Array { cause, .. } => of_data::own(cause).unwrap_or(Code::DataDamaged),
        EvaluationError::Extent { .. } => Code::DataUnlike,
        EvaluationError::Few { .. } => Code::DataCount,
        EvaluationError::Labels { .. } => Code::Classes,
        EvaluationError::Dimension { .. } | EvaluationError::NotFinite { .. } | EvaluationError::Network { .. } => {
            Code::Features
        }
    }
}

fn training(error: &TrainingError) -> Code {
    match error {
        TrainingError::Batch
        | TrainingError::Lone
        | TrainingError::Accumulate { .. }
        | TrainingError::Pool { .. }
        | TrainingError::Coupling => Code::Batch,
        TrainingError::Clip
        | TrainingError::Distillation { .. }
        | TrainingError::Reflow { .. }
        | TrainingError::Start => Code::Settings,
        TrainingError::Dropout { .. } => Code::RunDamaged,
        TrainingError::Pairs { .. } => Code::RunAccess,
        TrainingError::Ranks { .. } | TrainingError::Apart { .. } => Code::Ranks,
        TrainingError::NotFinite { .. } => Code::RunDiverged,
        TrainingError::Device { cause } => own(&**cause).unwrap_or(Code::Network),
        TrainingError::Threads(_) | TrainingError::Extent(_) | TrainingError::Path(_) => Code::Unexpected,
    }
}

fn session(error: &SessionError) -> Code {
    match error {
        SessionError::Training { cause, .. } => training(cause),
        SessionError::Run(cause) => run(cause),
        SessionError::Checkpoint(cause) => checkpoint(cause),
    }
}

fn run(error: &RunError) -> Code {
    match error {
        RunError::Exists { .. } => Code::RunExists,
        RunError::Busy { .. } => Code::RunBusy,
        RunError::Absent { .. } => Code::RunAbsent,
        RunError::Json { .. } => Code::RunDamaged,
        RunError::Lost { .. } | RunError::Access { .. } => Code::RunAccess,
    }
}

fn checkpoint(error: &CheckpointError) -> Code {
    match error {
        CheckpointError::Access { .. } => Code::RunAccess,
        CheckpointError::Contents { .. } => Code::RunDamaged,
    }
}

fn export(error: &ExportError) -> Code {
    match error {
        ExportError::Picture(_) => Code::OutputPicture,
        ExportError::Access { .. } => Code::OutputAccess,
        ExportError::Foreign { .. } => Code::OutputExists,
        ExportError::Count { .. } => Code::Unexpected,
    }
}

fn calibration(error: &CalibrationError) -> Code {
    match error {
        CalibrationError::Encoding { .. } => Code::ModelArithmetic,
        CalibrationError::FloatOnly { .. } | CalibrationError::Apart { .. } => Code::ModelIntegers,
        CalibrationError::NotFinite { .. } => Code::ModelNotFinite,
        CalibrationError::Sampling(cause) => sampling(cause),
        CalibrationError::Refused(cause) => sampler(cause),
        CalibrationError::Format(_) => Code::ModelDamaged,
    }
}

fn sampling(error: &SamplingError) -> Code {
    match error {
        SamplingError::Refused(cause) => sampler(cause),
        SamplingError::NotFinite { .. } | SamplingError::NoAngle { .. } => Code::ModelNotFinite,
        SamplingError::Evaluations { .. } | SamplingError::Step { .. } => Code::Tolerance,
        SamplingError::NothingCompared => Code::Settings,
    }
}

fn score(error: &ScoreError) -> Code {
    match error {
        ScoreError::Refused(cause) => sampler(cause),
        ScoreError::Time { .. } => Code::Settings,
        ScoreError::NotFinite { .. } => Code::ModelNotFinite,
    }
}

fn likelihood(error: &LikelihoodError) -> Code {
    match error {
        LikelihoodError::Integers => Code::ModelArithmetic,
        LikelihoodError::Series => Code::DataKind,
        LikelihoodError::NotFinite { .. } => Code::ModelNotFinite,
        LikelihoodError::Evaluations { .. } | LikelihoodError::Step { .. } => Code::Tolerance,
    }
}

/// What the sampler refuses. It is another crate's, which may come to refuse more.
fn sampler(error: &vapo_sampler::Error) -> Code {
    use vapo_sampler::Error;
    match error {
        Error::Temperature { .. } | Error::Guidance { .. } | Error::Weight { .. } => Code::Settings,
        Error::Class { .. } => Code::Classes,
        Error::Unlike { .. } => Code::DataUnlike,
        Error::Series { .. } => Code::DataKind,
        Error::Arithmetic { .. } | Error::Weights { .. } => Code::ModelArithmetic,
        _ => Code::Unexpected,
    }
}

/// Images of a person's own.
fn read(error: &ReadError) -> Code {
    match error {
        ReadError::Picture(_) => Code::DataForeign,
        ReadError::Npy(cause) => of_data::array_file(cause),
        ReadError::Pixels { .. } | ReadError::Extent { .. } => Code::DataUnlike,
        ReadError::Axes { .. } | ReadError::Type { .. } | ReadError::Value { .. } => Code::DataArray,
        ReadError::Index { .. } => Code::DataCount,
    }
}

fn fetch(error: &FetchError) -> Code {
    match error {
        FetchError::Differs { .. }
        | FetchError::Busy { .. }
        | FetchError::Checksum { .. }
        | FetchError::TooLong { .. } => Code::FetchFile,
        FetchError::File { .. } => Code::OutputAccess,
        FetchError::Connection { .. } | FetchError::Status { .. } | FetchError::CutOff { .. } => Code::FetchServer,
        FetchError::Unfinished { cause, .. } => fetch(cause),
    }
}

#[cfg(feature = "cuda")]
fn device(error: &(dyn Error + 'static)) -> Option<Code> {
    use crate::cuda::DeviceError;
    use crate::cuda::driver::DriverError;
    let library = |error: &DriverError| match error {
        DriverError::NoDriver { .. }
        | DriverError::NoCompiler { .. }
        | DriverError::NoDevice { .. }
        | DriverError::NoPools
        | DriverError::OldDriver { .. } => Code::DeviceAbsent,
    };
    let device = |error: &DeviceError| match error {
        DeviceError::Library(cause) => library(cause),
        DeviceError::Open(_) => Code::DeviceAbsent,
        DeviceError::Driver { .. } | DeviceError::Compile { .. } => Code::DeviceFails,
        DeviceError::Pixels { .. } | DeviceError::Memory { .. } => Code::DeviceMemory,
    };
    typed(error, device).or_else(|| typed(error, library))
}

/// A program without CUDA has no errors of a device.
#[cfg(not(feature = "cuda"))]
fn device(_: &(dyn Error + 'static)) -> Option<Code> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Failure;
    use std::io;
    use vapo_format::layer::GroupNorm;
    use vapo_format::{Encoding, Layer};

    /// What tests of the command line cannot make happen: numbers of rare models, devices, several processes.
    #[test]
    fn errors_have_the_code_of_what_a_person_does_about_them() {
        let step = SamplingError::Step { image: 0, time: 0.5, least: 1e-7 };
        let ranks = TrainingError::Ranks { cause: "cut in 2 parts".to_owned() };
        let kernel: Box<dyn Error + Send + Sync> = "there is no kernel".into();
        let cases: Vec<(Failure, Code)> = vec![
            (step.into(), Code::Tolerance),
            (LikelihoodError::Evaluations { image: 0, time: 0.5 }.into(), Code::Tolerance),
            (
                CalibrationError::FloatOnly { layer: Layer::GroupNorm(GroupNorm { groups: 1 }) }.into(),
                Code::ModelIntegers,
            ),
            (CalibrationError::Encoding { found: Encoding::Float32 }.into(), Code::ModelArithmetic),
            (CalibrationError::Sampling(SamplingError::NotFinite { image: 1 }).into(), Code::ModelNotFinite),
            (ranks.into(), Code::Ranks),
            (TrainingError::Device { cause: NotBuilt.into() }.into(), Code::NotBuilt),
            (TrainingError::Device { cause: kernel }.into(), Code::Network),
            (SessionError::Training { cause: TrainingError::Lone, kept: None }.into(), Code::Batch),
            (io::Error::other("what nobody expects").into(), Code::Unexpected),
        ];
        for (failure, code) in cases {
            assert_eq!(failure.code(), Some(code), "{failure}");
            assert!(failure.report().starts_with(&format!("error[{code}]: {failure}\n")), "{}", failure.report());
        }
        assert_eq!(Failure::Interrupted("stopped".to_owned()).code(), None);
    }

    #[test]
    fn a_message_around_an_error_has_its_code() {
        let cause = RunError::Absent { path: "x".into() };
        let failure = Failure::because(&cause, format!("--resume: {cause}"));
        assert_eq!((failure.code(), failure.exit()), (Some(Code::RunAbsent), 1));
        let failure = Failure::refused(&cause, cause.to_string());
        assert_eq!((failure.code(), failure.exit()), (Some(Code::RunAbsent), 2));
        assert_eq!(Failure::Usage(String::new()).code(), Some(Code::Settings));
    }

    #[cfg(feature = "cuda")]
    #[test]
    fn errors_of_a_device_keep_their_code_in_a_training() {
        use crate::cuda::DeviceError;
        use crate::cuda::driver::DriverError;
        let of_training = |cause: DeviceError| Failure::from(TrainingError::from(cause)).code();
        let absent = DriverError::NoDevice { cause: "none".to_owned() };
        assert_eq!(of_training(absent.into()), Some(Code::DeviceAbsent));
        assert_eq!(of_training(DeviceError::Memory { needed: 2, free: 1 }), Some(Code::DeviceMemory));
        let failed = DeviceError::Driver { what: "a launch", cause: "none".to_owned() };
        assert_eq!(of_training(failed), Some(Code::DeviceFails));
    }
}
