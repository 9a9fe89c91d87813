//! What lies in the memory that the caller lends: the state, then the model, the steps of its plan, and the memory that they work in.
//!
//! Nothing of it is moved once it is there, since its parts lead to each other. So the state knows its own address.

use crate::drawing::Drawing;
use crate::memory::Piece;
use crate::result::VapoResult;
use core::ops::Range;
use core::ptr::{self, addr_of_mut};
use vapo_format::Model;
use vapo_sampler::plan::{Plan, Step};
use vapo_sampler::{Monitor, PlanFor, Planned};

/// To multiples of so many bytes the state is laid, wherever the caller's memory begins.
const ALIGNMENT: usize = 8;
/// Bytes that a state and a model take at most on any processor, alignment included.
pub const VAPO_STATE_BYTES: usize = 512;
/// Bytes that each node of a model takes in addition.
pub const VAPO_NODE_BYTES: usize = 68;
/// Bytes of an element.
const ELEMENT: usize = size_of::<f32>();

/// Bytes of a plan before its steps.
const PLAN_BYTES: usize = size_of::<PlanFor<0>>();

/// Who uses a model.
pub(crate) trait User {
    /// What marks memory as initialised for it, beside the memory's address.
    const MARK: usize;
}

impl User for Drawing {
    const MARK: usize = 0x5341_4d50;
}

impl User for Monitor<'static> {
    const MARK: usize = 0x4d4f_4e49;
}

// A pointer's size decides how much they take: least on a device.
const _: () = assert!(
    ALIGNMENT - 1 + size_of::<State<Monitor<'static>>>() + size_of::<Model<'static>>() + PLAN_BYTES <= VAPO_STATE_BYTES
);
const _: () =
    assert!(ALIGNMENT - 1 + size_of::<State<Drawing>>() + size_of::<Model<'static>>() + PLAN_BYTES <= VAPO_STATE_BYTES);
const _: () = assert!(size_of::<Step>() == VAPO_NODE_BYTES && align_of::<Step>() <= ELEMENT);
const _: () = assert!(align_of::<Model<'static>>() <= ALIGNMENT && align_of::<PlanFor<0>>() <= ELEMENT);

/// A user of a model, in the caller's memory.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct State<T> {
    /// Its own address, changed by [`User::MARK`].
    mark: usize,
    /// All memory that was lent.
    lent: Range<usize>,
    /// Who uses it.
    user: T,
}

/// Bytes of a state for a model of so many nodes that takes so many elements: the same on every processor.
pub(crate) fn bytes(nodes: usize, elements: usize) -> usize {
    VAPO_STATE_BYTES
        .saturating_add(VAPO_NODE_BYTES.saturating_mul(nodes))
        .saturating_add(ELEMENT.saturating_mul(elements))
}

/// Memory that is cut up from its beginning on.
struct Rest {
    next: *mut u8,
    end: usize,
}

impl Rest {
    /// Cuts off memory of `bytes` bytes, at a multiple of `alignment`.
    fn cut(&mut self, bytes: usize, alignment: usize) -> Result<*mut u8, VapoResult> {
        let skipped = self.next.addr().wrapping_neg() % alignment;
        let room = self.end.saturating_sub(self.next.addr());
        let taken = skipped.checked_add(bytes).filter(|taken| *taken <= room).ok_or(VapoResult::Arena)?;
        // Within the memory, as was just found.
        let start = self.next.wrapping_add(skipped);
        self.next = self.next.wrapping_add(taken);
        Ok(start)
    }
}

impl<T: User> State<T> {
    /// Lays a model, its plan and `elements` of memory into the arena, and then what `make` makes of them.
    ///
    /// # Safety
    /// A pointer that is not null leads to `given` bytes of memory that nothing else uses as long as the state is used, and the
    /// planned bytes stay as they are for as long.
    pub(crate) unsafe fn lay(
        arena: *mut u8,
        given: usize,
        planned: &Planned<'static>,
        elements: usize,
        make: impl FnOnce(&'static Model<'static>, &'static Plan, &'static mut [f32]) -> Result<T, VapoResult>,
    ) -> Result<*mut State<T>, VapoResult> {
        Piece::of(arena, given)?;
        if given < bytes(planned.nodes(), elements) {
            return Err(VapoResult::Arena);
        }
        let lent = arena.addr()..arena.addr().saturating_add(given);
        let mut rest = Rest { next: arena, end: lent.end };
        let state = rest.cut(size_of::<State<T>>(), ALIGNMENT)?.cast::<State<T>>();
        let place = rest.cut(size_of::<Model<'static>>(), ALIGNMENT)?.cast::<Model<'static>>();
        let steps = rest.cut(PLAN_BYTES + VAPO_NODE_BYTES * planned.nodes(), ELEMENT)?;
        let memory = rest.cut(ELEMENT * elements, ELEMENT)?.cast::<f32>();
        // SAFETY: four parts of the caller's memory that do not overlap, each aligned and as long as what is written to it; of the
        // same memory nothing else is made until it is lent anew. A plan of no steps lies there before its length grows to that of
        // the steps, each of which is written first. `Plan` is `repr(C)`, so that its steps begin after a plan of none.
        unsafe {
            addr_of_mut!((*state).mark).write(0);
            place.write(planned.model());
            steps.cast::<PlanFor<0>>().write(Plan { fingerprint: 0, bytes: 0, count: 0, steps: [] });
            let first = steps.add(PLAN_BYTES).cast::<Step>();
            for step in 0..planned.nodes() {
                first.add(step).write(Step::EMPTY);
            }
            let plan = &mut *(ptr::slice_from_raw_parts_mut(steps.cast::<Step>(), planned.nodes()) as *mut Plan);
            planned.lay(plan)?;
            memory.write_bytes(0, elements);
            let user = make(&*place, plan, core::slice::from_raw_parts_mut(memory, elements))?;
            addr_of_mut!((*state).user).write(user);
            addr_of_mut!((*state).lent).write(lent);
            addr_of_mut!((*state).mark).write(state.addr() ^ T::MARK);
        }
        Ok(state)
    }

    /// What lies at a pointer, and the memory that was lent for it.
    ///
    /// # Safety
    /// A pointer that is not null leads to memory of a state, which nothing else uses while the reference is used.
    pub(crate) unsafe fn at<'s>(pointer: *mut State<T>) -> Result<(&'s mut T, Piece), VapoResult> {
        Piece::of(pointer, 1)?;
        // SAFETY: there is memory of a state, and the mark is a number whatever lies there. Where it is the one of this very
        // place, a state was laid there.
        unsafe {
            if addr_of_mut!((*pointer).mark).read() != pointer.addr() ^ T::MARK {
                return Err(VapoResult::State);
            }
            let Range { start, end } = &*addr_of_mut!((*pointer).lent);
            let lent = Piece::of(ptr::without_provenance::<u8>(*start), end.saturating_sub(*start))?;
            Ok((&mut *addr_of_mut!((*pointer).user), lent))
        }
    }
}
