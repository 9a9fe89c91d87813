//! Samples in memory, for commands that look at them.

use super::options::SamplerOptions;
use super::{Failure, progress, team};
use crate::arithmetic::levels::levels;
use crate::evaluation::ImageSet;
use crate::sampling::{Settings, chunks};
use rayon::ThreadPool;
use vapo_format::Model;

/// Samples of a model, as bytes. Each rank of the team draws a part of them and returns all.
///
/// # Errors
/// The sampler refuses.
pub(super) fn draw(
    model: &Model<'_>,
    sampler: &SamplerOptions,
    settings: &Settings,
    pool: &ThreadPool,
) -> Result<ImageSet, Failure> {
    let shape = model.signal();
    let bar = progress::bar(settings.count, "samples");
    let mut chunks = chunks(model, settings, team::team());
    let mut images = Vec::with_capacity(settings.count * shape.elements());
    while let Some(chunk) = pool.install(|| chunks.next()) {
        let chunk = chunk.map_err(|cause| sampler.explain(cause))?;
        bar.inc((chunk.len() / shape.elements()) as u64);
        images.extend(levels(&chunk));
    }
    bar.finish_and_clear();
    Ok(ImageSet::new(shape, images)?)
}
