//! A threshold from the energies of normal windows.

use crate::memory::{Piece, all_apart, set};
use crate::result::{VapoResult, told};
use core::ptr::addr_of_mut;
use vapo_sampler::ThresholdLearner;

/// Learns the threshold above which a window is an anomaly. It is in memory that the caller lends.
#[derive(Debug)]
pub struct VapoLearner(#[allow(dead_code)] State);

/// What marks memory as initialised, beside its address.
const MARK: usize = 0x4c45_4152;
/// To multiples of so many bytes it is laid.
const ALIGNMENT: usize = align_of::<State>();
/// Bytes of the state on any processor, with what it takes to align it.
const STATE_BYTES: usize = 56;

const _: () = assert!(size_of::<State>() + ALIGNMENT - 1 <= STATE_BYTES);

#[repr(C)]
#[derive(Debug)]
struct State {
    /// Its own address, changed by [`MARK`].
    mark: usize,
    learner: ThresholdLearner<'static>,
}

/// # Safety
/// A pointer that is not null leads to memory of a learner, which nothing else uses while the reference is used.
unsafe fn learner<'s>(pointer: *mut VapoLearner) -> Result<&'s mut ThresholdLearner<'static>, VapoResult> {
    let state = pointer.cast::<State>();
    Piece::of(state, 1)?;
    // SAFETY: there is memory of a state, and the mark is a number whatever lies there. Where it is the one of this very place, a
    // state was laid there.
    unsafe {
        if addr_of_mut!((*state).mark).read() != state.addr() ^ MARK {
            return Err(VapoResult::State);
        }
        Ok(&mut *addr_of_mut!((*state).learner))
    }
}

/// Bytes that a learner of up to `windows` energies takes. The rate is the share of normal windows that may be called
/// anomalies.
#[unsafe(no_mangle)]
pub extern "C" fn vapo_learner_bytes(rate: f32, windows: u32) -> usize {
    STATE_BYTES.saturating_add(ThresholdLearner::room(rate, windows).saturating_mul(size_of::<f32>()))
}

/// Makes a learner in memory of so many bytes, and sets `learner` to it. The memory must stay where it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_learner_init(
    rate: f32,
    memory: *mut u8,
    memory_bytes: usize,
    learner: *mut *mut VapoLearner,
) -> VapoResult {
    let made = || {
        all_apart(&[Piece::of(memory, memory_bytes)?, Piece::of(learner, 1)?])?;
        let room = memory_bytes.checked_sub(STATE_BYTES).ok_or(VapoResult::Room)? / size_of::<f32>();
        let state = memory.wrapping_add(memory.addr().wrapping_neg() % ALIGNMENT).cast::<State>();
        let largest = state.wrapping_add(1).cast::<f32>();
        // SAFETY: a state, and after it so many numbers, which are aligned as it is, lie in the caller's memory with what was
        // skipped to align them; nothing else uses it, by the caller's promise.
        unsafe {
            addr_of_mut!((*state).mark).write(0);
            largest.write_bytes(0, room);
            let made = ThresholdLearner::new(rate, core::slice::from_raw_parts_mut(largest, room))?;
            addr_of_mut!((*state).learner).write(made);
            addr_of_mut!((*state).mark).write(state.addr() ^ MARK);
            set(learner, state.cast())
        }
    };
    told(made())
}

/// Takes the energy of a normal window. An energy that is not finite is left out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_learner_push(learner: *mut VapoLearner, energy: f32) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    told(unsafe { self::learner(learner) }.and_then(|learner| Ok(learner.push(energy)?)))
}

/// Sets `energy` to the threshold: the lowest of the energies taken that at most the rate's share of them exceeds. Before the
/// first energy there is none: VAPO_RESULT_THRESHOLD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_learner_threshold(learner: *mut VapoLearner, energy: *mut f32) -> VapoResult {
    // SAFETY: the caller's promise, as the header states it.
    told(unsafe { self::learner(learner) }.and_then(|known| {
        Piece::of(energy, 1)?.apart_from(&[Piece::of(learner.cast::<State>(), 1)?])?;
        let found = known.threshold().ok_or(VapoResult::Threshold)?;
        // SAFETY: the caller's promise.
        unsafe { set(energy, found) }
    }))
}
