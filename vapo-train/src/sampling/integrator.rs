//! What is drawn, and how it is carried from noise to data.

use crate::sampling::adaptive::{self, Adaptive};
use crate::sampling::{Asked, Drawn, SamplingError, Settings, drawn, finite};
use crate::team::{Team, gather, share};
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
/// it is asked for, on the threads of the pool that is current then, and each rank of the team draws a part of it: all have to ask
/// for the same chunks, and are given all images.
pub fn chunks<'a>(
    model: &'a Model<'a>,
    request: &Request,
    team: &'a dyn Team,
) -> impl Iterator<Item = Result<Drawn, SamplingError>> + Send + use<'a> {
    let request = *request;
    let chunk = (CHUNK_VALUES / model.signal().elements().max(1)).clamp(1, CHUNK_IMAGES);
    (0..request.count).step_by(chunk).map(move |first| {
        let mine = share(chunk.min(request.count - first), team);
        let (start, count) = (first + mine.start, mine.len());
        let seed = request.seed.wrapping_add(start as u64);
        let asked = request.asked.from(start);
        let own = Request { count, seed, asked, ..request };
        let Drawn { images, evaluations } = draw(model, &own).map_err(|cause| cause.of_later(start))?;
        // Looked for in all images, so that every rank finds the same.
        let images = finite(gather(images, team), model.signal().elements());
        // Counts are far below 2²⁴, so that f32 holds them.
        let evaluations = gather(evaluations.into_iter().map(|count| count as f32).collect(), team);
        let evaluations = evaluations.into_iter().map(|count| count as u32).collect();
        Ok(Drawn { images: images.map_err(|cause| cause.of_later(first))?, evaluations })
    })
}

/// Values of whatever size, where steps are fixed.
fn draw(model: &Model<'_>, request: &Request) -> Result<Drawn, SamplingError> {
    let Request { count, integrator, seed, asked } = *request;
    match integrator {
        Integrator::Fixed { solver, schedule, temperature } => {
            let settings = Settings { count, solver, schedule, temperature, seed, asked };
            Ok(Drawn { images: drawn(model, &settings, || ())?, evaluations: Vec::new() })
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
