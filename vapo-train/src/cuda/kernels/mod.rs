//! The sources of the kernels, by the name of their file.

/// What every file begins with.
const COMMON: &str = include_str!("common.cuh");
/// What files of activations that are left out begin with beside it.
const DROPOUT: &str = include_str!("dropout.cuh");
/// What files of products begin with beside it.
const PRODUCT: &str = include_str!("product.cuh");
/// What files of the optimiser begin with beside it.
const VALUES: &str = include_str!("values.cuh");

macro_rules! sources {
    ($($file:literal: [$($start:ident),*],)*) => {
        /// The source of a file, with what it begins with.
        pub(super) fn source(file: &str) -> String {
            match file {
                $($file => [COMMON, $($start,)* include_str!(concat!($file, ".cu"))].concat(),)*
                _ => unreachable!("{file} is no file of kernels"),
            }
        }
    };
}

sources! {
    "adam": [VALUES],
    "add": [],
    "attention": [],
    "attention_product": [PRODUCT],
    "concat": [],
    "convolution": [PRODUCT],
    "distance": [],
    "film": [DROPOUT],
    "group_norm": [],
    "input_gradient": [PRODUCT],
    "muon": [PRODUCT, VALUES],
    "norm": [VALUES],
    "pool": [],
    "readout": [],
    "silu": [DROPOUT],
    "space_to_depth": [],
    "up": [],
    "weight_gradient": [PRODUCT],
}
