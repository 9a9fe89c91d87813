//! What the cross-checks share.

pub mod analytic;
pub mod device;
