//! A sample a layer a call, for programs that have other things to do in between.

use crate::drawing::{Begun, Drawing};
use crate::memory::{Piece, numbers_mut, numbers_set, set, values};
use crate::result::{VapoResult, told};
use crate::sampler::{VapoSampler, asked, drawing, held, noise};
use crate::settings::VapoSettings;
use core::ptr;
use vapo_sampler::Solver;
use vapo_sampler::solver::Progress;

/// The progress of a sample: parts that are done, and parts that it takes in all. A part is a layer, forward or in reverse, or
/// drawing or moving 16 elements. The sample is finished when both numbers are equal.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VapoProgress {
    /// Parts that are done.
    pub done: u32,
    /// Parts that the sample takes.
    pub all: u32,
}

/// Begins what vapo_sample does, and leaves all of the work to vapo_step.
///
/// `image` must stay where it is until the sample is finished. Any other call with the sampler before that, refused or not,
/// ends the sample.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_begin(
    sampler: *mut VapoSampler,
    settings: *const VapoSettings,
    image: *mut f32,
    count: usize,
) -> VapoResult {
    let begun = || {
        // SAFETY: the caller's promise, as the header states it.
        let (drawing, settings) = unsafe { asked(sampler, settings, None, image, count) }?;
        // SAFETY: likewise, and the pieces lie apart.
        unsafe { begin(drawing, &settings, Solver::usual_temperature, (ptr::null(), ptr::null()), image) }
    };
    told(begun())
}

/// Begins what vapo_inpaint does, and leaves all of the work to vapo_step.
///
/// `given`, `known` and `image` must stay where they are until the sample is finished, and the first two must not change. Any
/// other call with the sampler before that, refused or not, ends the sample.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_begin_inpaint(
    sampler: *mut VapoSampler,
    settings: *const VapoSettings,
    given: *const f32,
    known: *const u8,
    image: *mut f32,
    count: usize,
) -> VapoResult {
    let begun = || {
        // SAFETY: the caller's promise, as the header states it.
        let (drawing, settings) = unsafe { asked(sampler, settings, Some((given, known)), image, count) }?;
        // SAFETY: likewise, and the pieces lie apart.
        unsafe { begin(drawing, &settings, Solver::restoring_temperature, (given, known), image) }
    };
    told(begun())
}

/// Continues the sample that was begun last, by up to `parts` parts, at least 1, and sets `progress`. One call computes no more
/// than one drift, with guidance two, or moves the elements by it. If the sample is finished, it does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_step(sampler: *mut VapoSampler, parts: u32, progress: *mut VapoProgress) -> VapoResult {
    let gone_on = || {
        // SAFETY: the caller's promise, as the header states it.
        let (Drawing { sampler, begun }, lent) = unsafe { drawing(sampler) }?;
        let Begun { paused, noise, all, image, given, known } = begun.as_mut().ok_or(VapoResult::Sample)?;
        let count = sampler.potential().signal().elements();
        let progress_piece = Piece::of(progress, 1)?;
        progress_piece.apart_from(&[lent, Piece::of(*image, count)?])?;
        if !known.is_null() {
            progress_piece.apart_from(&[Piece::of(*given, count)?, Piece::of(*known, count)?])?;
        }
        // SAFETY: the caller's promise, and the pieces lie apart.
        let image = unsafe { numbers_set(*image, count) }?;
        let (given, known) = match known.is_null() {
            true => (&[][..], &[][..]),
            // SAFETY: likewise.
            false => unsafe { (values(*given, count)?, values(*known, count)?) },
        };
        let mut sampling = sampler.resume(*paused, noise, held(given, known), image)?;
        let found = sampling.advance(parts, |_, _| ())?;
        *paused = sampling.pause();
        let done = if let Progress::Working { done, .. } = found { done } else { *all };
        // SAFETY: the caller's promise.
        unsafe { set(progress, VapoProgress { done, all: *all }) }
    };
    told(gone_on())
}

/// Begins a sample, of which `given` is held where `known` is not 0.
///
/// # Safety
/// `image` leads to memory of a sample that is nobody else's, `given` and `known` to values of as many elements or are both null, until
/// the sample is whole or something else is asked of the sampler.
unsafe fn begin(
    Drawing { sampler, begun }: &mut Drawing,
    settings: &VapoSettings,
    usual: impl FnOnce(Solver) -> f32,
    (given, known): (*const f32, *const u8),
    image: *mut f32,
) -> Result<(), VapoResult> {
    let (schedule, temperature) = settings.apply(sampler, usual)?;
    let mut noise = noise(settings);
    // SAFETY: the caller's promise.
    let x = unsafe { numbers_mut(image, sampler.potential().signal().elements()) }?;
    let sampling = sampler.start(schedule, temperature, &mut noise, x)?;
    let all = if let Progress::Working { all, .. } = sampling.progress() { all } else { 0 };
    let paused = sampling.pause();
    *begun = Some(Begun { paused, noise, all, image, given, known });
    Ok(())
}
