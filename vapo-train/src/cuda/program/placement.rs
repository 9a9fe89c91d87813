//! Where buffers lie.
//!
//! Buffers that last lie one after the other. All others share a block: two that live at once lie apart. The largest are placed
//! first, each at the lowest address that is free for its whole life: within a few percent of the least there can be, since
//! lifetimes nest here, as passes forward and in reverse do.

use super::{Buffer, Program};

/// Bytes that every buffer's address is a multiple of.
pub(in crate::cuda) const ALIGNMENT: usize = 256;

/// Addresses of a program's buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cuda) struct Placement {
    /// By the index of the buffer: bytes from the start of the block.
    pub(in crate::cuda) offsets: Vec<usize>,
    /// Bytes of the block.
    pub(in crate::cuda) bytes: usize,
    /// Bytes of buffers that last, at its start.
    pub(in crate::cuda) lasting: usize,
}

impl Placement {
    /// For an element of `real` bytes.
    pub(in crate::cuda) fn new(program: &Program, real: usize) -> Self {
        let bytes = |index| program.bytes(Buffer(index), real).next_multiple_of(ALIGNMENT);
        let mut offsets = vec![0; program.buffers.len()];
        let mut lasting = 0;
        for (index, buffer) in program.buffers.iter().enumerate() {
            if buffer.role.lasts() {
                offsets[index] = lasting;
                lasting += bytes(index);
            }
        }
        let shared = |index: &usize| !program.buffers[*index].role.lasts();
        let mut order: Vec<(usize, (usize, usize))> = (0..offsets.len())
            .filter(shared)
            .filter_map(|index| program.lifetimes[index].map(|lifetime| (index, lifetime)))
            .collect();
        order.sort_by_key(|&(index, lifetime)| (std::cmp::Reverse(bytes(index)), lifetime));
        let mut end = lasting;
        let mut placed: Vec<(usize, (usize, usize))> = Vec::with_capacity(order.len());
        for (index, (first, last)) in order {
            let mut taken: Vec<(usize, usize)> = placed
                .iter()
                .filter(|(_, (other_first, other_last))| *other_first <= last && *other_last >= first)
                .map(|&(other, _)| (offsets[other], offsets[other] + bytes(other)))
                .collect();
            taken.sort_unstable();
            let mut offset = lasting;
            for (start, stop) in taken {
                if offset + bytes(index) <= start {
                    break;
                }
                offset = offset.max(stop);
            }
            offsets[index] = offset;
            end = end.max(offset + bytes(index));
            placed.push((index, (first, last)));
        }
        Placement { offsets, bytes: end.max(ALIGNMENT), lasting }
    }
}
