//! What a program has to know of a model.

use crate::memory::{bytes, set};
use crate::result::{VapoResult, told};
use crate::state;
use vapo_sampler::Planned;

/// The shape and the classes of a model.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VapoInfo {
    /// Numbers of a sample: height times width times channels, a row after another, channels last.
    pub elements: usize,
    /// Rows of a sample; 1 for a series.
    pub height: u16,
    /// Columns of a sample, or readings of a window.
    pub width: u16,
    /// Numbers of a pixel or of a reading.
    pub channels: u16,
    /// Number of classes, which are counted from 0; 0 if there are none.
    pub classes: u16,
    /// Whether the model has an anomaly threshold.
    pub has_threshold: bool,
    /// Whether the model has a classifier.
    pub has_classifier: bool,
}

/// The model and the plan in `count` bytes.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn planned<'a>(model: *const u8, count: usize) -> Result<Planned<'a>, VapoResult> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(model, count) }?;
    Ok(Planned::parse(bytes)?)
}

/// Sets `info` to the shape and the classes of the model in `model_bytes` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_info(model: *const u8, model_bytes: usize, info: *mut VapoInfo) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    told(unsafe { planned(model, model_bytes) }.and_then(|planned| {
        let model = planned.model();
        let signal = model.signal();
        let found = VapoInfo {
            elements: signal.elements(),
            height: signal.height,
            width: signal.width,
            channels: signal.channels,
            classes: model.classes(),
            has_threshold: model.threshold().is_some(),
            has_classifier: model.classifier().is_some(),
        };
        // SAFETY: the caller's promise.
        unsafe { set(info, found) }
    }))
}

/// Sets `needed` to the bytes that vapo_init takes for this model: the same on every processor, and wherever the memory begins.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_arena_bytes(model: *const u8, model_bytes: usize, needed: *mut usize) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    told(unsafe { planned(model, model_bytes) }.and_then(|planned| {
        // SAFETY: the caller's promise.
        unsafe { set(needed, state::bytes(planned.nodes(), planned.sampler_elements())) }
    }))
}

/// Sets `needed` to the bytes that vapo_monitor_init takes for this model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_monitor_bytes(model: *const u8, model_bytes: usize, needed: *mut usize) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    told(unsafe { planned(model, model_bytes) }.and_then(|planned| {
        // SAFETY: the caller's promise.
        unsafe { set(needed, state::bytes(planned.nodes(), planned.monitor_elements())) }
    }))
}
