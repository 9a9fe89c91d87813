//! A plan before a model's file, for programs that read such files themselves.

use crate::memory::{Piece, bytes, set};
use crate::result::{VapoResult, told};
use vapo_format::Model;
use vapo_format::architecture::DEVICE_NODES;
use vapo_sampler::{PlanFor, planned};

/// Plan for samples, for drifts, and for a monitor that explains.
pub const VAPO_PURPOSE_SAMPLE: u32 = 0;
/// Plan for energies alone: a monitor that does not explain takes less memory.
pub const VAPO_PURPOSE_MONITOR: u32 = 1;

/// Version of the plans that this library reads. A model that was exported with another is refused.
pub const VAPO_PLAN_VERSION: u16 = 1;

const _: () = assert!(VAPO_PLAN_VERSION == planned::VERSION);

/// Puts a plan before a model's file, as `vapo-train export --c` does: sets `planned` to both, and `planned_bytes` to their number. Where
/// `capacity` is less, it sets the number alone, and the result is VAPO_RESULT_ARENA.
///
/// This is for programs that read model files themselves, on a computer for instance. It takes up to 256 KB of stack, where no other
/// function takes more than 8 KB; programs that do not call it do not link what it is made of.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vapo_plan(
    file: *const u8,
    file_bytes: usize,
    purpose: u32,
    planned: *mut u8,
    capacity: usize,
    planned_bytes: *mut usize,
) -> VapoResult {
    let written = || {
        let room = if capacity == 0 { &[][..] } else { &[Piece::of(planned, capacity)?] };
        let set_piece = Piece::of(planned_bytes, 1)?;
        let file_piece = Piece::of(file, file_bytes)?;
        set_piece.apart_from(&[file_piece])?;
        room.iter().try_for_each(|room| room.apart_from(&[file_piece, set_piece]))?;
        // SAFETY: the caller's promise, as the header states it.
        let file = unsafe { bytes(file, file_bytes) }?;
        let model = Model::parse(file).map_err(|_| VapoResult::Model)?;
        let plan = match purpose {
            VAPO_PURPOSE_SAMPLE => PlanFor::<DEVICE_NODES>::new(&model)?,
            VAPO_PURPOSE_MONITOR => PlanFor::<DEVICE_NODES>::forward(&model)?,
            _ => return Err(VapoResult::Plan),
        };
        let needed = planned::length(&plan, file);
        // SAFETY: the caller's promise.
        unsafe { set(planned_bytes, needed) }?;
        if capacity < needed {
            return Err(VapoResult::Arena);
        }
        // SAFETY: so many bytes of memory lie there, by the caller's promise, apart from the file. Bytes need no alignment.
        let to = unsafe {
            planned.write_bytes(0, needed);
            core::slice::from_raw_parts_mut(planned, needed)
        };
        planned::write(&plan, file, to).map(|_| ()).ok_or(VapoResult::Arena)
    };
    told(written())
}
