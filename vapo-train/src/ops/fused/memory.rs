//! What the first pass leaves to the second.

use std::sync::{Arc, OnceLock};

/// The operations of a first pass, in their order, which is that of the second.
#[derive(Debug)]
pub struct Memory<E> {
    operations: Vec<Arc<Operation<E>>>,
    recalled: usize,
}

/// What one operation of a first pass leaves.
#[derive(Debug)]
pub(super) struct Operation<E> {
    /// Tensors of the pass forward; each operation says which.
    pub(super) values: Vec<Vec<E>>,
    cotangents: OnceLock<Vec<Vec<E>>>,
}

impl<E> Default for Memory<E> {
    fn default() -> Self {
        Memory { operations: Vec::new(), recalled: 0 }
    }
}

impl<E> Memory<E> {
    /// Adds an operation of the first pass.
    pub(super) fn keep(&mut self, values: Vec<Vec<E>>) -> Arc<Operation<E>> {
        let operation = Arc::new(Operation { values, cotangents: OnceLock::new() });
        self.operations.push(operation.clone());
        operation
    }

    /// The operation of the first pass that comes next.
    ///
    /// # Panics
    /// The passes have not the same operations: a mistake in the potential.
    pub(super) fn recall(&mut self) -> Arc<Operation<E>> {
        let operation = self.operations[self.recalled].clone();
        self.recalled += 1;
        operation
    }
}

impl<E> Operation<E> {
    /// Remembers what the reverse pass leaves; each operation says what that is.
    pub(super) fn set_cotangents(&self, cotangents: Vec<Vec<E>>) {
        // The reverse pass runs once.
        let _ = self.cotangents.set(cotangents);
    }

    /// What the first pass's reverse set.
    ///
    /// # Panics
    /// It has not run.
    pub(super) fn cotangents(&self) -> &[Vec<E>] {
        self.cotangents.get().expect("the first pass ran in reverse before the second begins")
    }
}
