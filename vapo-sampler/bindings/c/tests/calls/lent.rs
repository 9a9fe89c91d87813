//! Memory as a C program lends it.

use vapo_c::model::{vapo_arena_bytes, vapo_monitor_bytes};
use vapo_c::monitor::{VapoMonitor, vapo_monitor_init};
use vapo_c::result::VapoResult;
use vapo_c::sampler::{VapoSampler, vapo_init};

/// Bytes of memory that hold nothing in particular, from an address that is `skew` from a multiple of 16.
pub(crate) struct Lent {
    memory: Vec<u128>,
    skew: usize,
    bytes: usize,
}

impl Lent {
    pub(crate) fn new(bytes: usize, skew: usize) -> Self {
        // Not zeros, and beyond the end a pattern that nobody may change.
        Lent { memory: vec![u128::from_le_bytes([0xa5; 16]); (bytes + skew).div_ceil(16) + 1], skew, bytes }
    }

    pub(crate) fn start(&mut self) -> *mut u8 {
        self.memory.as_mut_ptr().cast::<u8>().wrapping_add(self.skew)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether what lies before and behind is as it was.
    pub(crate) fn is_intact(&mut self) -> bool {
        let (start, whole) = (self.memory.as_ptr().cast::<u8>(), 16 * self.memory.len());
        let outside = (0..self.skew).chain(self.skew + self.bytes..whole);
        // SAFETY: within the memory, of which all bytes were set.
        outside.map(|at| unsafe { start.add(at).read() }).all(|byte| byte == 0xa5)
    }
}

/// Bytes that a sampler of a model takes.
pub(crate) fn arena_bytes(model: &[u8]) -> Result<usize, VapoResult> {
    let mut needed = 0;
    // SAFETY: the model's own bytes, and a number to set.
    let result = unsafe { vapo_arena_bytes(model.as_ptr(), model.len(), &mut needed) };
    if result == VapoResult::Ok { Ok(needed) } else { Err(result) }
}

/// Bytes that a monitor of a model takes.
pub(crate) fn monitor_bytes(model: &[u8]) -> Result<usize, VapoResult> {
    let mut needed = 0;
    // SAFETY: the model's own bytes, and a number to set.
    let result = unsafe { vapo_monitor_bytes(model.as_ptr(), model.len(), &mut needed) };
    if result == VapoResult::Ok { Ok(needed) } else { Err(result) }
}

/// A sampler in memory that begins `skew` from a multiple of 16. It is used while `lent` and `model` are there.
pub(crate) fn sampler(model: &[u8], lent: &mut Lent) -> Result<*mut VapoSampler, VapoResult> {
    let mut made = std::ptr::null_mut();
    // SAFETY: the model's own bytes, the memory lent, and a pointer to set.
    let result = unsafe { vapo_init(model.as_ptr(), model.len(), lent.start(), lent.bytes(), &mut made) };
    if result == VapoResult::Ok { Ok(made) } else { Err(result) }
}

/// A monitor, likewise.
pub(crate) fn monitor(model: &[u8], stride: u16, lent: &mut Lent) -> Result<*mut VapoMonitor, VapoResult> {
    let mut made = std::ptr::null_mut();
    // SAFETY: the model's own bytes, the memory lent, and a pointer to set.
    let result =
        unsafe { vapo_monitor_init(model.as_ptr(), model.len(), stride, lent.start(), lent.bytes(), &mut made) };
    if result == VapoResult::Ok { Ok(made) } else { Err(result) }
}

pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}
