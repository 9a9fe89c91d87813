//! `vapo-train sample`: images from a model file.

use super::{Failure, from_one_to, parse_model, print, read_model};
use crate::picture::{npy, sample_grid};
use crate::run::write_atomically;
use crate::sampling::{SamplingError, Settings, sample};
use std::path::PathBuf;
use vapo_sampler::{Schedule, Solver};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Model file
    #[arg(long, value_name = "F.vapo")]
    model: PathBuf,
    /// Number of images
    #[arg(long, value_name = "N", default_value = "64", value_parser = from_one_to::<usize, 65_536>())]
    count: usize,
    /// Steps of the solver
    #[arg(long, value_name = "K", default_value = "20", value_parser = from_one_to::<u16, { u16::MAX as u64 }>())]
    steps: u16,
    /// Temperature of the SDE; 0 is the deterministic flow
    #[arg(long, value_name = "ETA", default_value = "0", allow_negative_numbers = true)]
    temperature: f32,
    /// Integrator of the flow or the SDE
    #[arg(long, value_enum, default_value = "ab2")]
    solver: Integrator,
    /// Grid of times 1 − (1 − s)^P for uniform s; 1 is the uniform grid
    #[arg(long, value_name = "P", default_value = "0.8", allow_negative_numbers = true)]
    grading: f32,
    /// Image i is the one that a device draws with seed N + i
    #[arg(long, value_name = "N", default_value = "0", allow_negative_numbers = true)]
    seed: u64,
    /// Threads to sample on; the result does not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1024>())]
    threads: Option<usize>,
    /// A grid of pictures (.png), or the numbers for Python (.npy)
    #[arg(long, value_name = "F.{png,npy}")]
    out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// The sampler's solvers, as the command line names them.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Integrator {
    /// Euler–Maruyama: one evaluation of the drift a step
    Euler,
    /// Predictor and corrector: two evaluations a step
    Heun,
    /// Two-step Adams–Bashforth: one evaluation a step
    Ab2,
}

impl From<Integrator> for Solver {
    fn from(integrator: Integrator) -> Self {
        match integrator {
            Integrator::Euler => Solver::Euler,
            Integrator::Heun => Solver::Heun,
            Integrator::Ab2 => Solver::Ab2,
        }
    }
}

/// Kinds of files that samples are written to.
#[derive(Clone, Copy)]
enum Kind {
    Png,
    Npy,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let out = arguments.out.display();
    let kind = match arguments.out.extension().and_then(|extension| extension.to_str()) {
        Some("png") => Kind::Png,
        Some("npy") => Kind::Npy,
        _ => return Err(Failure::Usage(format!("--out {out}: expected a name that ends in .png or .npy"))),
    };
    if arguments.out.exists() && !arguments.force {
        return Err(Failure::Usage(format!(
            "--out {out}: the file exists; give another name, or --force to replace it"
        )));
    }
    let (grading, temperature) = (arguments.grading, arguments.temperature);
    let settings = Settings {
        count: arguments.count,
        solver: arguments.solver.into(),
        schedule: Schedule::graded(arguments.steps, grading)
            .map_err(|cause| Failure::Usage(format!("--grading {grading}: {cause}")))?,
        temperature,
        seed: arguments.seed,
    };
    let bytes = read_model(&arguments.model)?;
    let model = parse_model(&arguments.model, &bytes)?;
    let threads = arguments.threads.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let images = pool.install(|| sample(&model, &settings)).map_err(|cause| match cause {
        SamplingError::Refused(cause @ vapo_sampler::Error::Temperature { .. }) => {
            Failure::Usage(format!("--temperature {temperature}: {cause}"))
        }
        cause => cause.into(),
    })?;
    let shape = model.architecture().image;
    let file = match kind {
        Kind::Png => sample_grid(&images, shape)?.png(),
        Kind::Npy => npy(&images, shape)?,
    };
    write_atomically(&arguments.out, &file)
        .map_err(|cause| Failure::Other(format!("cannot write {out}: {cause}").into()))?;
    print(&format!("{} samples in {out}\n", settings.count))
}
