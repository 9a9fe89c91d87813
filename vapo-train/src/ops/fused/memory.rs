//! What the first pass leaves to the second, and the buffers of both.
//!
//! Every operation has a state here, in the order of the passes. A memory is used again and again: states of the same
//! extent keep their buffers, so that nothing is allocated, zeroed or mapped anew from one batch to the next.

use super::Recording;
use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The states of a pass's operations.
#[derive(Debug, Default)]
pub struct Memory {
    states: Vec<Arc<dyn Any + Send + Sync>>,
}

/// What an operation keeps.
pub(super) trait State: Any + Send {
    /// What decides how long its buffers are.
    type Extent: PartialEq;

    /// Buffers for an extent, zeroed.
    fn new(extent: Self::Extent) -> Self;

    /// What its buffers are for.
    fn extent(&self) -> Self::Extent;
}

/// A state, shared by an operation and what it records.
#[derive(Debug)]
pub(super) struct Shared<T>(Arc<Mutex<T>>);

impl<T> Shared<T> {
    /// The state, while nothing else uses it: passes and their reverse follow one another.
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// The state of the operation at a place, for a first pass.
    pub(super) fn state<T: State>(&mut self, place: usize, extent: T::Extent) -> Shared<T> {
        if let Some(state) = self.states.get(place).and_then(|state| state.clone().downcast::<Mutex<T>>().ok()) {
            let shared = Shared(state);
            if shared.lock().extent() == extent {
                return shared;
            }
        }
        let state = Arc::new(Mutex::new(T::new(extent)));
        self.states.truncate(place);
        self.states.push(state.clone());
        Shared(state)
    }

    /// The state that the operation at a place has from the first pass.
    ///
    /// # Panics
    /// The passes have not the same operations: a mistake in the potential.
    fn recall<T: State>(&self, place: usize) -> Shared<T> {
        Shared(self.states[place].clone().downcast().expect("the second pass has the operations of the first"))
    }
}

/// The state of the operation that comes next in a first pass.
pub(super) fn keep<E, T: State>(recording: &mut Recording<'_, E>, extent: T::Extent) -> Shared<T>
where
    dfdx::prelude::Cpu: dfdx::prelude::Storage<E>,
{
    let place = recording.next_place();
    recording.memory.state(place, extent)
}

/// The state that the operation which comes next in a second pass has from the first.
pub(super) fn recall<E, T: State>(recording: &mut Recording<'_, E>) -> Shared<T>
where
    dfdx::prelude::Cpu: dfdx::prelude::Storage<E>,
{
    let place = recording.next_place();
    recording.memory.recall(place)
}
