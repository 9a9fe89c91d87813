//! Samples, drifts, energies, verdicts and classes.

use crate::drawing::Drawing;
use crate::memory::{Piece, all_apart, numbers_mut, set, values};
use crate::model::planned;
use crate::result::{VapoResult, told};
use crate::settings::{VapoSettings, class};
use crate::state::State;
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use vapo_sampler::{Noise, Sampler, Solver};

/// Draws samples of a model and judges them. It is in memory that the caller lends.
#[derive(Debug)]
pub struct VapoSampler(#[allow(dead_code)] State<Drawing>);

/// The verdict of a threshold on a sample, or on a window of a series.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VapoVerdict {
    /// Its energy: the higher, the more unusual.
    pub energy: f32,
    /// Whether it is above the threshold, or not a number.
    pub anomalous: bool,
}

/// The class of a sample, by its energies.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VapoClass {
    /// The class, from 0.
    pub class_index: u16,
    /// Its energy.
    pub energy: f32,
    /// The energy of the next best class minus this one: the larger, the surer.
    pub margin: f32,
}

/// The sampler, with the sample that was begun, and the memory that was lent for it.
///
/// # Safety
/// As [`State::at`].
pub(crate) unsafe fn drawing<'s>(pointer: *mut VapoSampler) -> Result<(&'s mut Drawing, Piece), VapoResult> {
    // SAFETY: the caller's promise.
    unsafe { State::at(pointer.cast::<State<Drawing>>()) }
}

/// The sampler for something else than the sample that was begun, which ends with it.
///
/// # Safety
/// As [`State::at`].
unsafe fn sampler<'s>(pointer: *mut VapoSampler) -> Result<(&'s mut Sampler<'static>, Piece), VapoResult> {
    // SAFETY: the caller's promise.
    let (Drawing { sampler, begun }, lent) = unsafe { drawing(pointer) }?;
    *begun = None;
    Ok((sampler, lent))
}

/// Refuses another number of elements than that of the sampler's samples.
fn expect(sampler: &mut Sampler<'_>, count: usize) -> Result<(), VapoResult> {
    if count == sampler.potential().signal().elements() { Ok(()) } else { Err(VapoResult::Length) }
}

/// What a sample is asked of: the sampler, where the sample that was begun before ends, be the call refused or not, and the settings.
/// `known` are what is given and which of it is held.
///
/// # Safety
/// As [`State::at`]; pointers that are not null lead to settings, and to as many values as a sample has.
pub(crate) unsafe fn asked<'s>(
    pointer: *mut VapoSampler,
    settings: *const VapoSettings,
    known: Option<(*const f32, *const u8)>,
    image: *mut f32,
    count: usize,
) -> Result<(&'s mut Drawing, VapoSettings), VapoResult> {
    // SAFETY: the caller's promise.
    let (drawing, lent) = unsafe { drawing(pointer) }?;
    drawing.begun = None;
    expect(&mut drawing.sampler, count)?;
    let (settings_piece, image_piece) = (Piece::of(settings, 1)?, Piece::of(image, count)?);
    match known {
        None => all_apart(&[lent, settings_piece, image_piece])?,
        Some((given, known)) => {
            let [given_piece, known_piece] = [Piece::of(given, count)?, Piece::of(known, count)?];
            all_apart(&[lent, settings_piece, image_piece, given_piece, known_piece])?;
            // SAFETY: the caller's promise.
            unsafe { check(values(given, count)?, values(known, count)?) }?;
        }
    }
    // SAFETY: the caller's promise; it is aligned, as was just found.
    Ok((drawing, unsafe { settings.read() }))
}

/// Refuses what is known where it is infinite or not a number.
fn check(given: &[f32], known: &[u8]) -> Result<(), VapoResult> {
    let all_finite = given.iter().zip(known).all(|(value, known)| *known == 0 || value.is_finite());
    if all_finite { Ok(()) } else { Err(VapoResult::Number) }
}

/// A time, where it is one.
fn time_of(time: f32) -> Result<f32, VapoResult> {
    if (0.0..=1.0).contains(&time) { Ok(time) } else { Err(VapoResult::Time) }
}

/// What is known of a sample, element by element.
pub(crate) fn held(given: &[f32], known: &[u8]) -> impl Fn(usize) -> Option<f32> {
    move |index| if *known.get(index)? == 0 { None } else { given.get(index).copied() }
}

pub(crate) fn noise(settings: &VapoSettings) -> Noise<Xoshiro128PlusPlus> {
    Noise::new(Xoshiro128PlusPlus::seed_from_u64(settings.seed))
}

/// Makes a sampler of a model in memory of `arena_bytes` bytes, of which it takes what vapo_arena_bytes says, and sets `sampler` to it.
///
/// The model is what `vapo-train export --c` or vapo_plan made: a plan and the model's file. It is checked here, and stays in use: both
/// model and arena must stay where they are, and as they are, as long as the sampler is used. They need no alignment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_init(
    model: *const u8,
    model_bytes: usize,
    arena: *mut u8,
    arena_bytes: usize,
    sampler: *mut *mut VapoSampler,
) -> VapoResult {
    let made = || {
        let pieces = [Piece::of(model, model_bytes)?, Piece::of(arena, arena_bytes)?, Piece::of(sampler, 1)?];
        all_apart(&pieces)?;
        // SAFETY: the caller's promise, as the header states it, holds as long as the sampler is used.
        let planned = unsafe { planned(model, model_bytes) }?;
        let elements = planned.sampler_elements();
        // SAFETY: the caller's promise, as the header states it.
        let made = unsafe {
            State::lay(arena, arena_bytes, &planned, elements, |model, plan, memory| {
                if !plan.has_reverse() {
                    return Err(VapoResult::Plan);
                }
                // The solver that takes most; settings say which one draws.
                Ok(Drawing { sampler: Sampler::new(model, plan, Solver::Etd2, memory)?, begun: None })
            })
        }?;
        // SAFETY: the caller's promise.
        unsafe { set(sampler, made.cast()) }
    };
    told(made())
}

/// Draws a sample: sets `image` to `count` numbers, about -1 to 1, not clamped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_sample(
    sampler: *mut VapoSampler,
    settings: *const VapoSettings,
    image: *mut f32,
    count: usize,
) -> VapoResult {
    let drawn = || {
        // SAFETY: the caller's promise, as the header states it.
        let (Drawing { sampler, .. }, settings) = unsafe { asked(sampler, settings, None, image, count) }?;
        // SAFETY: the caller's promise, and the pieces lie apart.
        let image = unsafe { numbers_mut(image, count) }?;
        let (schedule, temperature) = settings.apply(sampler, Solver::usual_temperature)?;
        Ok(sampler.sample(schedule, temperature, &mut noise(&settings), image)?)
    };
    told(drawn())
}

/// Restores the missing part of a sample: sets `image` to `count` numbers. Where `known` is not 0, they are the numbers of
/// `given`. The other numbers of `given` are ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_inpaint(
    sampler: *mut VapoSampler,
    settings: *const VapoSettings,
    given: *const f32,
    known: *const u8,
    image: *mut f32,
    count: usize,
) -> VapoResult {
    let restored = || {
        // SAFETY: the caller's promise, as the header states it.
        let (Drawing { sampler, .. }, settings) =
            unsafe { asked(sampler, settings, Some((given, known)), image, count) }?;
        // SAFETY: the caller's promise, and the pieces lie apart.
        let (given, known, image) =
            unsafe { (values(given, count)?, values(known, count)?, numbers_mut(image, count)?) };
        let (schedule, temperature) = settings.apply(sampler, Solver::restoring_temperature)?;
        Ok(sampler.inpaint(schedule, temperature, &mut noise(&settings), held(given, known), image)?)
    };
    told(restored())
}

/// Sets `drift` to the gradient of the potential at `x` and a time from 0 to 1, for a class or VAPO_ANY_CLASS, and `potential`, which
/// may be null, to the potential itself. `x` and `drift` are of `count` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_drift(
    sampler: *mut VapoSampler,
    x: *const f32,
    time: f32,
    class_index: i32,
    drift: *mut f32,
    count: usize,
    potential: *mut f32,
) -> VapoResult {
    let computed = || {
        // SAFETY: the caller's promise, as the header states it.
        let (sampler, lent) = unsafe { self::sampler(sampler) }?;
        expect(sampler, count)?;
        let [x_piece, drift_piece] = [Piece::of(x, count)?, Piece::of(drift, count)?];
        all_apart(&[lent, x_piece, drift_piece])?;
        if !potential.is_null() {
            Piece::of(potential, 1)?.apart_from(&[lent, x_piece, drift_piece])?;
        }
        // SAFETY: the caller's promise, and the pieces lie apart.
        let (x, drift) = unsafe { (values(x, count)?, numbers_mut(drift, count)?) };
        sampler.potential().set_class(class(class_index)?)?;
        let found = sampler.potential().drift(x, time_of(time)?, drift)?;
        if potential.is_null() {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        unsafe { set(potential, found) }
    };
    told(computed())
}

/// Sets `energy` to minus the logarithm of the density of `x` at a time, up to a number that depends on time alone, for a class or
/// VAPO_ANY_CLASS. `x` is of `count` numbers, a sample with noise as there is at that time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_energy(
    sampler: *mut VapoSampler,
    x: *const f32,
    count: usize,
    time: f32,
    class_index: i32,
    energy: *mut f32,
) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    let judged = unsafe { judge(sampler, x, count, energy) }.and_then(|(sampler, x)| {
        sampler.potential().set_class(class(class_index)?)?;
        let found = sampler.potential().energy(x, time_of(time)?)?.ok_or(VapoResult::Energy)?;
        // SAFETY: the caller's promise.
        unsafe { set(energy, found) }
    });
    told(judged)
}

/// Sets `energy` to that of an image without noise, at the point of its path from noise to data at a time. Verdicts use this
/// energy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_image_energy(
    sampler: *mut VapoSampler,
    image: *const f32,
    count: usize,
    time: f32,
    class_index: i32,
    energy: *mut f32,
) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    let judged = unsafe { judge(sampler, image, count, energy) }.and_then(|(sampler, image)| {
        sampler.potential().set_class(class(class_index)?)?;
        let found = sampler.image_energy(image, time_of(time)?)?.ok_or(VapoResult::Energy)?;
        // SAFETY: the caller's promise.
        unsafe { set(energy, found) }
    });
    told(judged)
}

/// Sets `verdict` to the verdict of the model's threshold on an image of `count` numbers, of any class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_verdict(
    sampler: *mut VapoSampler,
    image: *const f32,
    count: usize,
    verdict: *mut VapoVerdict,
) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    let judged = unsafe { judge(sampler, image, count, verdict) }.and_then(|(sampler, image)| {
        sampler.potential().set_class(None)?;
        let found = sampler.verdict(image)?.ok_or(VapoResult::Threshold)?;
        // SAFETY: the caller's promise.
        unsafe { set(verdict, VapoVerdict { energy: found.energy, anomalous: found.anomalous }) }
    });
    told(judged)
}

/// Sets `found` to the class of an image of `count` numbers, by the model's classifier.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_classify(
    sampler: *mut VapoSampler,
    image: *const f32,
    count: usize,
    found: *mut VapoClass,
) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    let judged = unsafe { judge(sampler, image, count, found) }.and_then(|(sampler, image)| {
        let best = sampler.classify(image)?.ok_or(VapoResult::Classifier)?;
        if !best.energy.is_finite() || !best.margin.is_finite() {
            return Err(VapoResult::Number);
        }
        // SAFETY: the caller's promise.
        unsafe { set(found, VapoClass { class_index: best.class, energy: best.energy, margin: best.margin }) }
    });
    told(judged)
}

/// The sampler and a sample that it judges, apart from what is set.
///
/// # Safety
/// As [`State::at`] and [`values`]; a pointer to what is set that is not null leads to memory of it.
unsafe fn judge<'s, T>(
    pointer: *mut VapoSampler,
    x: *const f32,
    count: usize,
    set: *mut T,
) -> Result<(&'s mut Sampler<'static>, &'s [f32]), VapoResult> {
    // SAFETY: the caller's promise.
    let (sampler, lent) = unsafe { sampler(pointer) }?;
    expect(sampler, count)?;
    all_apart(&[lent, Piece::of(x, count)?, Piece::of(set, 1)?])?;
    // SAFETY: the caller's promise, and the pieces lie apart.
    Ok((sampler, unsafe { values(x, count) }?))
}
