//! What the program says of itself.

pub(super) mod completions;
pub(super) mod explain;
pub(super) mod man;
pub(super) mod version;
