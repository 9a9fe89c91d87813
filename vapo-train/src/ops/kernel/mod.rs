//! The arithmetic of convolution on the CPU, in the widest vectors that the processor has.
//!
//! | file | concept |
//! |---|---|
//! | [`real`] | f32 and f64 as vector elements |
//! | [`window`] | where the windows of a 3×3, 2×2 or 1×1 convolution lie in memory |
//! | [`product`] | windows × weights: a convolution forward, and its input gradient |
//! | [`weight_gradient`] | windowsᵀ × cotangents: the gradient of the weights |

pub mod product;
pub mod real;
pub mod weight_gradient;
pub mod window;
