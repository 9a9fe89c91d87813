//! The sources of the kernels, by the name of their file.

/// What every file begins with.
const COMMON: &str = include_str!("common.cuh");
/// What files of products begin with beside it.
const PRODUCT: &str = include_str!("product.cuh");

macro_rules! sources {
    (products: [$($product:literal),*], others: [$($other:literal),*]) => {
        /// The source of a file, with what it begins with.
        pub(super) fn source(file: &str) -> String {
            match file {
                $($product => [COMMON, PRODUCT, include_str!(concat!($product, ".cu"))].concat(),)*
                $($other => [COMMON, include_str!(concat!($other, ".cu"))].concat(),)*
                _ => unreachable!("{file} is no file of kernels"),
            }
        }
    };
}

sources! {
    products: ["convolution", "input_gradient", "weight_gradient"],
    others: ["add", "concat", "film", "readout", "silu", "space_to_depth", "up"]
}
