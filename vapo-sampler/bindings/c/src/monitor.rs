//! A series watched reading by reading.

use crate::memory::{Piece, all_apart, numbers_mut, set, values};
use crate::model::planned;
use crate::result::{VapoResult, told};
use crate::sampler::VapoVerdict;
use crate::state::State;
use vapo_sampler::Monitor;

/// Judges the last readings of a series. It is in memory that the caller lends.
#[derive(Debug)]
pub struct VapoMonitor(#[allow(dead_code)] State<Monitor<'static>>);

/// The readings and the channel of an anomaly that differ most from what the model expects.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VapoExplanation {
    /// The channel, from 0.
    pub channel: usize,
    /// First of the readings, from 0, the window's oldest.
    pub from: usize,
    /// The reading after the last.
    pub to: usize,
    /// What the model would add to these readings on average, in their own unit.
    pub change: f32,
    /// Their share of the model's whole correction of the window, from 0 to 1.
    pub share: f32,
}

/// # Safety
/// As [`State::at`].
unsafe fn monitor<'s>(pointer: *mut VapoMonitor) -> Result<(&'s mut Monitor<'static>, Piece), VapoResult> {
    // SAFETY: the caller's promise.
    unsafe { State::at(pointer.cast::<State<Monitor<'static>>>()) }
}

/// Makes a monitor of a model of a series in memory of `arena_bytes` bytes, of which it takes what vapo_monitor_bytes says, and sets
/// `monitor` to it. It gives a verdict every `stride` readings. Model and arena are as for vapo_init.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_monitor_init(
    model: *const u8,
    model_bytes: usize,
    stride: u16,
    arena: *mut u8,
    arena_bytes: usize,
    monitor: *mut *mut VapoMonitor,
) -> VapoResult {
    let made = || {
        let pieces = [Piece::of(model, model_bytes)?, Piece::of(arena, arena_bytes)?, Piece::of(monitor, 1)?];
        all_apart(&pieces)?;
        // SAFETY: the caller's promise, as the header states it, holds as long as the monitor is used.
        let planned = unsafe { planned(model, model_bytes) }?;
        let elements = planned.monitor_elements();
        // SAFETY: the caller's promise, as the header states it.
        let made = unsafe {
            State::lay(arena, arena_bytes, &planned, elements, |model, plan, memory| {
                Ok(Monitor::new(model, plan, stride, memory)?)
            })
        }?;
        // SAFETY: the caller's promise.
        unsafe { set(monitor, made.cast()) }
    };
    told(made())
}

/// Takes the next reading, `channels` numbers as the sensor gives them. Sets `judged` to whether a verdict was due. If so, sets
/// `verdict` to it. A reading with a number that is not finite is a gap: a new window begins after it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_monitor_push(
    monitor: *mut VapoMonitor,
    reading: *const f32,
    channels: usize,
    verdict: *mut VapoVerdict,
    judged: *mut bool,
) -> VapoResult {
    let pushed = || {
        // SAFETY: the caller's promise, as the header states it.
        let (monitor, lent) = unsafe { self::monitor(monitor) }?;
        if channels != monitor.channels() {
            return Err(VapoResult::Length);
        }
        let pieces = [lent, Piece::of(reading, channels)?, Piece::of(verdict, 1)?, Piece::of(judged, 1)?];
        all_apart(&pieces)?;
        // SAFETY: the caller's promise, and the pieces lie apart.
        let found = monitor.push(unsafe { values(reading, channels) }?)?;
        if let Some(found) = found {
            // SAFETY: the caller's promise.
            unsafe { set(verdict, VapoVerdict { energy: found.energy, anomalous: found.anomalous }) }?;
        }
        // SAFETY: the caller's promise.
        unsafe { set(judged, found.is_some()) }
    };
    told(pushed())
}

/// Says of the window that a verdict was just given on which eighth of which channel the model would change most: sets `explanation` to
/// it, and `correction` to what it would add to each number of the window, channels last: `count` numbers. It takes a model that
/// was planned for samples, not for energies alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_monitor_explain(
    monitor: *mut VapoMonitor,
    correction: *mut f32,
    count: usize,
    explanation: *mut VapoExplanation,
) -> VapoResult {
    let explained = || {
        // SAFETY: the caller's promise, as the header states it.
        let (monitor, lent) = unsafe { self::monitor(monitor) }?;
        if count != monitor.potential().signal().elements() {
            return Err(VapoResult::Length);
        }
        all_apart(&[lent, Piece::of(correction, count)?, Piece::of(explanation, 1)?])?;
        // SAFETY: the caller's promise, and the pieces lie apart.
        let found = monitor.explain(unsafe { numbers_mut(correction, count) }?)?.ok_or(VapoResult::Verdict)?;
        let vapo_sampler::Explanation { channel, from, to, change, share } = found;
        // SAFETY: the caller's promise.
        unsafe { set(explanation, VapoExplanation { channel, from, to, change, share }) }
    };
    told(explained())
}

/// Replaces the energy above which a window is an anomaly. If it is not a number, a window is an anomaly only if its energy is
/// not a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_monitor_set_threshold(monitor: *mut VapoMonitor, energy: f32) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    told(unsafe { self::monitor(monitor) }.map(|(monitor, _)| {
        monitor.set_threshold(Some(energy).filter(|energy| !energy.is_nan()));
    }))
}

/// Sets `gaps` to the number of readings that were gaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_monitor_gaps(monitor: *mut VapoMonitor, gaps: *mut u32) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    let found = unsafe { self::monitor(monitor) }.and_then(|(monitor, lent)| {
        Piece::of(gaps, 1)?.apart_from(&[lent])?;
        // SAFETY: the caller's promise.
        unsafe { set(gaps, monitor.gaps()) }
    });
    told(found)
}
