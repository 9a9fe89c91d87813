//! Memory of one purpose: what it holds, from when to when, and where.
//!
//! # Example
//!
//! ```
//! use vapo_format::Model;
//! use vapo_sampler::plan::buffer::{Buffer, Life, Role};
//! use vapo_sampler::plan::lifetimes::Lifetimes;
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let lifetimes = Lifetimes::<32>::new(model.walk(), model.arithmetic())?;
//! let buffers: Vec<&Buffer> = lifetimes.buffers().collect();
//! assert!(buffers.iter().any(|buffer| buffer.role == Role::Cotangent));
//!
//! // No two that matter at the same time share bytes.
//! for (index, one) in buffers.iter().enumerate() {
//!     let [Life { first, last }, _] = one.lives;
//!     assert!(first > last || (one.lives_at(first) && one.lives[0].contains(last)));
//!     for other in &buffers[index + 1..] {
//!         let apart = one.offset + one.bytes <= other.offset || other.offset + other.bytes <= one.offset;
//!         assert!(apart || !one.meets(other));
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

/// Roles that there are.
pub(super) const ROLES: usize = 6;

/// What a buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A node's output.
    Value,
    /// The cotangent of a node's output.
    Cotangent,
    /// What a node's reverse pass adds to a cotangent.
    Scratch,
    /// What a node's pass forward leaves for its pass in reverse, beside its output.
    Kept,
    /// What a node's pass forward needs while it works.
    Forward,
    /// What a node's pass in reverse needs while it works.
    Reverse,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; ROLES] =
        [Role::Value, Role::Cotangent, Role::Scratch, Role::Kept, Role::Forward, Role::Reverse];
}

/// First and last time at which a buffer matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// First time.
    pub first: u16,
    /// Last time.
    pub last: u16,
}

impl Life {
    pub(super) const NONE: Life = Life { first: 1, last: 0 };

    pub(super) fn at(time: u16) -> Life {
        Life { first: time, last: time }
    }

    fn overlaps(self, other: Life) -> bool {
        self.first <= self.last && other.first <= other.last && self.first <= other.last && other.first <= self.last
    }

    /// Whether the buffer matters at a time.
    pub fn contains(self, time: u16) -> bool {
        (self.first..=self.last).contains(&time)
    }
}

/// Memory of one purpose, or of several that follow one another in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// The node that it was first made for.
    pub node: u16,
    /// What it held first.
    pub role: Role,
    /// Its length.
    pub bytes: u32,
    /// Where it lies.
    pub offset: u32,
    /// When it matters: once, or for a value that is computed anew in reverse twice.
    pub lives: [Life; 2],
    /// The buffer that it is one with.
    pub(super) one_with: Option<(Role, u16)>,
}

impl Buffer {
    pub(super) const EMPTY: Buffer =
        Buffer { node: 0, role: Role::Value, bytes: 0, offset: 0, lives: [Life::NONE; 2], one_with: None };

    /// Whether it takes memory of its own.
    pub(super) fn is_laid(&self) -> bool {
        self.bytes > 0 && self.one_with.is_none()
    }

    /// First time at which it matters.
    pub(super) fn first(&self) -> u16 {
        let [life, _] = self.lives;
        life.first
    }

    /// Times from the first to the last.
    pub(super) fn span(&self) -> u16 {
        let last = self.lives.iter().filter(|life| life.first <= life.last).map(|life| life.last).max();
        last.unwrap_or_default().saturating_sub(self.first())
    }

    /// Whether both matter at some time.
    pub fn meets(&self, other: &Buffer) -> bool {
        self.lives.iter().any(|life| other.lives.iter().any(|other| life.overlaps(*other)))
    }

    /// Whether it matters at a time.
    pub fn lives_at(&self, time: u16) -> bool {
        self.lives.iter().any(|life| life.contains(time))
    }
}
