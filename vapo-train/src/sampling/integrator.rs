//! What is drawn, and how it is carried from noise to data.

use crate::sampling::adaptive::{self, Adaptive};
use crate::sampling::{Asked, Drawn, SamplingError, Settings, sample};
use vapo_format::Model;
use vapo_sampler::{Schedule, Solver};

/// How a sample is carried from noise to data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Integrator {
    /// By the device's solvers, in steps that are fixed beforehand.
    Fixed {
        /// The solver.
        solver: Solver,
        /// Times at which it stops.
        schedule: Schedule,
        /// η of the SDE.
        temperature: f32,
    },
    /// In steps as long as their error allows, of the deterministic flow.
    Adaptive(Adaptive),
}

/// Samples to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// Number of images.
    pub count: usize,
    /// How they are drawn.
    pub integrator: Integrator,
    /// Image i is drawn from a generator of seed `seed` + i.
    pub seed: u64,
    /// Which classes they are asked for.
    pub asked: Asked,
}

/// Values of a chunk of [`chunks`], at most, and images of one.
const CHUNK_VALUES: usize = 1 << 22;
const CHUNK_IMAGES: usize = 1024;

/// The images of a request, a chunk at a time, so that a great many need no memory to match. Each chunk is drawn when
/// it is asked for, on the threads of the pool that is current then.
pub fn chunks<'a>(
    model: &'a Model<'a>,
    request: &Request,
) -> impl Iterator<Item = Result<Drawn, SamplingError>> + Send + use<'a> {
    let request = *request;
    let chunk = (CHUNK_VALUES / model.signal().elements().max(1)).clamp(1, CHUNK_IMAGES);
    (0..request.count).step_by(chunk).map(move |first| {
        let count = chunk.min(request.count - first);
        let seed = request.seed.wrapping_add(first as u64);
        let asked = request.asked.from(first);
        draw(model, &Request { count, seed, asked, ..request }).map_err(|cause| cause.of_later(first))
    })
}

fn draw(model: &Model<'_>, request: &Request) -> Result<Drawn, SamplingError> {
    let Request { count, integrator, seed, asked } = *request;
    match integrator {
        Integrator::Fixed { solver, schedule, temperature } => {
            let images = sample(model, &Settings { count, solver, schedule, temperature, seed, asked })?;
            Ok(Drawn { images, evaluations: Vec::new() })
        }
        Integrator::Adaptive(adaptive) => adaptive::sample(model, adaptive, count, seed, asked),
    }
}

impl From<Settings> for Request {
    fn from(settings: Settings) -> Self {
        let Settings { count, solver, schedule, temperature, seed, asked } = settings;
        Request { count, integrator: Integrator::Fixed { solver, schedule, temperature }, seed, asked }
    }
}
