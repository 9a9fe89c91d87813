//! Samples in memory, for commands that look at them.

use crate::arithmetic::levels::levels;
use crate::cli::options::AdaptiveOptions;
use crate::cli::{Failure, progress, team};
use crate::evaluation::ImageSet;
use crate::sampling::{Drawn, Request, chunks};
use rayon::ThreadPool;
use vapo_format::Model;

/// Samples of a model, as bytes, and the evaluations that each took, where steps are adaptive. Each rank of the team draws a part of
/// them and returns all.
///
/// # Errors
/// The sampler refuses.
pub(in crate::cli) fn draw(
    model: &Model<'_>,
    sampler: &AdaptiveOptions,
    request: &Request,
    pool: &ThreadPool,
) -> Result<(ImageSet, Vec<u32>), Failure> {
    let shape = model.signal();
    let bar = progress::bar(request.count, "samples");
    let mut chunks = chunks(model, request, team::team());
    let (mut images, mut counts) = (Vec::with_capacity(request.count * shape.elements()), Vec::new());
    while let Some(chunk) = pool.install(|| chunks.next()) {
        let Drawn { images: chunk, evaluations } = chunk.map_err(|cause| sampler.fixed.explain(cause))?;
        bar.inc((chunk.len() / shape.elements()) as u64);
        images.extend(levels(&chunk));
        counts.extend(evaluations);
    }
    bar.finish_and_clear();
    Ok((ImageSet::new(shape, images)?, counts))
}
