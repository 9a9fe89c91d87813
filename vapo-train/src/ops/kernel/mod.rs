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

#[cfg(test)]
mod tests {
    use super::product::{Product, contiguous};
    use super::weight_gradient::WeightGradient;
    use super::window::{Extent, Window};
    use pulp::{Scalar, Simd};
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro128PlusPlus;

    const EXTENTS: [(Extent, usize); 5] =
        [((2, 4, 6, 1), 16), ((1, 4, 4, 16), 16), ((3, 2, 2, 40), 33), ((1, 6, 4, 5), 1), ((2, 4, 4, 16), 64)];

    /// A convolution's operands, random.
    struct Case {
        window: Window,
        extent: Extent,
        columns: usize,
        placed: Vec<f32>,
        weights: Vec<f32>,
        cotangent: Vec<f32>,
    }

    impl Case {
        fn all() -> impl Iterator<Item = Case> {
            let windows = [Window::Same3x3, Window::Down2x2, Window::Pixel];
            windows.into_iter().flat_map(|window| EXTENTS.map(|(extent, columns)| Case::new(window, extent, columns)))
        }

        fn new(window: Window, extent: Extent, columns: usize) -> Self {
            let mut generator = Xoshiro128PlusPlus::seed_from_u64(columns as u64);
            let mut draw = |count: usize| -> Vec<f32> {
                (0..count).map(|_| 2.0 * crate::parameters::uniform(&mut generator) - 1.0).collect()
            };
            let (images, height, width, channels) = extent;
            let placed = window.place(draw(images * height * width * channels), extent);
            let (weights, pixels) = (draw(window.inputs(channels) * columns), window.starts(extent).len());
            Case { window, extent, columns, placed, weights, cotangent: draw(pixels * columns) }
        }

        /// Output and weight gradient.
        fn compute<S: Simd>(&self, simd: S) -> [Vec<f32>; 2] {
            let &Case { window, extent, columns, .. } = self;
            let (starts, (rows, run), row_stride) =
                (&*window.starts(extent), window.rows(extent.3), window.row_stride(extent));
            let places = &contiguous(starts.len(), columns);
            let (mut output, mut gradient) = (vec![0.5; self.cotangent.len()], vec![0.5; self.weights.len()]);
            let (input, weights, cotangent) = (&*self.placed, &*self.weights, &*self.cotangent);
            let to = &mut output;
            simd.vectorize(Product { input, starts, rows, run, row_stride, weights, columns, output: to, places });
            let to = &mut gradient;
            let product = WeightGradient { input, starts, rows, run, row_stride, cotangent, columns, gradient: to };
            simd.vectorize(product);
            [output, gradient]
        }

        /// The same by plain loops in f64.
        fn expected(&self) -> [Vec<f64>; 2] {
            let (rows, run) = self.window.rows(self.extent.3);
            let row_stride = self.window.row_stride(self.extent);
            let (mut output, mut gradient) = (vec![0.5; self.cotangent.len()], vec![0.5; self.weights.len()]);
            for (pixel, start) in self.window.starts(self.extent).into_iter().enumerate() {
                for input in 0..rows * run {
                    let place = start as usize + input / run * row_stride + input % run;
                    for column in 0..self.columns {
                        let (weight, to) = (input * self.columns + column, pixel * self.columns + column);
                        let value = f64::from(self.placed[place]);
                        output[to] += value * f64::from(self.weights[weight]);
                        gradient[weight] += value * f64::from(self.cotangent[to]);
                    }
                }
            }
            [output, gradient]
        }

        fn assert_computed_by<S: Simd>(&self, simd: S, name: &str) {
            for (found, expected) in self.compute(simd).iter().flatten().zip(self.expected().iter().flatten()) {
                let what = format!("{name}, {:?} of {:?} to {} columns", self.window, self.extent, self.columns);
                assert!((f64::from(*found) - expected).abs() < 3e-5, "{what}: {found} is not {expected}");
            }
        }
    }

    /// Every width of vectors that this processor has, whichever the trainer would choose.
    #[test]
    fn every_width_of_vectors_gives_the_products() {
        for case in Case::all() {
            case.assert_computed_by(Scalar, "no vectors");
            #[cfg(target_arch = "x86_64")]
            {
                let (narrow, wide) = (pulp::x86::V3::try_new(), pulp::x86::V4::try_new());
                narrow.inspect(|simd| case.assert_computed_by(*simd, "AVX2"));
                wide.inspect(|simd| case.assert_computed_by(*simd, "AVX-512"));
            }
        }
    }

    /// Vectors do not change the order of a sum: a run gives the same bytes with AVX2 and with AVX-512.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_width_of_vectors_changes_no_bit() {
        if let (Some(narrow), Some(wide)) = (pulp::x86::V3::try_new(), pulp::x86::V4::try_new()) {
            for case in Case::all() {
                assert!(case.compute(narrow) == case.compute(wide), "{:?} of {:?}", case.window, case.extent);
            }
        }
    }
}
