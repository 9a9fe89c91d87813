//! The arithmetic of convolution on the CPU, in the widest vectors that the processor has.
//!
//! | file | concept |
//! |---|---|
//! | [`real`] | f32 and f64 as vector elements |
//! | [`window`] | where the windows of a convolution lie in memory |
//! | [`panels`] | weights as the product reads them |
//! | [`product`] | windows × weights: a convolution forward, and its input gradient |
//! | [`weight_gradient`] | windowsᵀ × cotangents: the gradient of the weights |

pub mod panels;
pub mod product;
pub mod real;
pub mod weight_gradient;
pub mod window;

#[cfg(test)]
mod tests {
    use super::panels::Panels;
    use super::product::{Product, contiguous};
    use super::weight_gradient::WeightGradient;
    use super::window::{Extent, Window};
    use pulp::{Scalar, Simd};
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro128PlusPlus;
    use vapo_format::layer::Conv;

    const EXTENTS: [(Extent, usize); 8] = [
        ((2, 4, 6, 1), 16),
        ((1, 4, 4, 16), 16),
        ((3, 2, 2, 40), 33),
        ((1, 6, 4, 5), 1),
        ((2, 4, 4, 16), 64),
        ((3, 6, 4, 8), 8),
        ((1, 4, 4, 2), 5),
        ((10, 6, 6, 14), 7),
    ];

    /// A convolution's operands, random.
    struct Case {
        window: Window,
        extent: Extent,
        columns: usize,
        placed: Vec<f32>,
        weights: Vec<f32>,
        bias: Vec<f32>,
        cotangent: Vec<f32>,
    }

    impl Case {
        fn all() -> impl Iterator<Item = Case> {
            let others = [([1, 3], [1, 1]), ([5, 3], [1, 1]), ([3, 1], [1, 1]), ([2, 1], [2, 1]), ([1, 2], [1, 2])];
            let others = others.map(|(window, stride)| Window::from(Conv { window, stride, channels: 1 }));
            let windows = [Window::SAME_3X3, Window::DOWN_2X2, Window::PIXEL].into_iter().chain(others);
            windows.flat_map(|window| EXTENTS.map(|(extent, columns)| Case::new(window, extent, columns)))
        }

        fn new(window: Window, extent: Extent, columns: usize) -> Self {
            let mut generator = Xoshiro128PlusPlus::seed_from_u64(columns as u64);
            let mut draw = |count: usize| -> Vec<f32> {
                (0..count).map(|_| 2.0 * crate::arithmetic::random::uniform(&mut generator) - 1.0).collect()
            };
            let (images, height, width, channels) = extent;
            let mut placed = vec![0.0; window.placed(extent)];
            window.place(&draw(images * height * width * channels), extent, &mut placed);
            let (weights, pixels) = (draw(window.inputs(channels) * columns), window.starts(extent).len());
            Case { window, extent, columns, placed, weights, bias: draw(columns), cotangent: draw(pixels * columns) }
        }

        /// Output added to ½ and output of a bias, and the gradient of weights added to ½.
        fn compute<S: Simd>(&self, simd: S) -> [Vec<f32>; 3] {
            let &Case { window, extent, columns, .. } = self;
            let (starts, (rows, run), row_stride) =
                (&*window.starts(extent), window.rows(extent.3), window.row_stride(extent));
            let places = &*contiguous(starts.len(), columns);
            let (input, weights, cotangent) =
                (&*self.placed, &Panels::of_rows(&self.weights, columns, rows), &*self.cotangent);
            let [mut added, mut written] = [(); 2].map(|()| vec![0.5; self.cotangent.len()]);
            let mut gradient = vec![0.5; self.weights.len()];
            for (bias, output) in [(None, &mut added), (Some(&*self.bias), &mut written)] {
                let add = bias.is_none();
                simd.vectorize(Product { input, starts, rows, run, row_stride, weights, bias, add, output, places });
            }
            let to = &mut gradient;
            let product =
                WeightGradient { input, starts, rows, run, row_stride, cotangent, places, columns, gradient: to };
            simd.vectorize(product);
            [added, written, gradient]
        }

        /// The same by plain loops in f64.
        fn expected(&self) -> [Vec<f64>; 3] {
            let (rows, run) = self.window.rows(self.extent.3);
            let row_stride = self.window.row_stride(self.extent);
            let (mut added, mut gradient) = (vec![0.5; self.cotangent.len()], vec![0.5; self.weights.len()]);
            let mut written: Vec<f64> = self.bias.iter().map(|&bias| bias.into()).cycle().take(added.len()).collect();
            for (pixel, start) in self.window.starts(self.extent).into_iter().enumerate() {
                for input in 0..rows * run {
                    let place = start as usize + input / run * row_stride + input % run;
                    for column in 0..self.columns {
                        let (weight, to) = (input * self.columns + column, pixel * self.columns + column);
                        let value = f64::from(self.placed[place]);
                        added[to] += value * f64::from(self.weights[weight]);
                        written[to] += value * f64::from(self.weights[weight]);
                        gradient[weight] += value * f64::from(self.cotangent[to]);
                    }
                }
            }
            [added, written, gradient]
        }

        /// The same by every width of vectors that this processor has, with their names, whichever the trainer would choose.
        fn by_width(&self) -> Vec<(&'static str, [Vec<f32>; 3])> {
            #[allow(unused_mut)] // other processors have no more
            let mut widths = vec![("no vectors", self.compute(Scalar))];
            #[cfg(target_arch = "x86_64")]
            {
                widths.extend(pulp::x86::V3::try_new().map(|simd| ("AVX2", self.compute(simd))));
                widths.extend(pulp::x86::V4::try_new().map(|simd| ("AVX-512", self.compute(simd))));
            }
            #[cfg(target_arch = "aarch64")]
            widths.extend(pulp::aarch64::Neon::try_new().map(|simd| ("NEON", self.compute(simd))));
            widths
        }
    }

    /// Widths of vectors that this processor says it has.
    fn widths() -> usize {
        #[cfg(target_arch = "x86_64")]
        let vectors = [
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl"),
        ];
        #[cfg(target_arch = "aarch64")]
        let vectors = [std::arch::is_aarch64_feature_detected!("neon")];
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let vectors = [];
        1 + vectors.into_iter().filter(|&there| there).count()
    }

    #[test]
    fn every_width_of_vectors_gives_the_products() {
        for case in Case::all() {
            for (name, computed) in case.by_width() {
                for (found, expected) in computed.iter().flatten().zip(case.expected().iter().flatten()) {
                    let what = format!("{name}, {:?} of {:?} to {} columns", case.window, case.extent, case.columns);
                    assert!((f64::from(*found) - expected).abs() < 3e-5, "{what}: {found} is not {expected}");
                }
            }
        }
    }

    /// Vectors do not change the order of a sum: a run gives the same bytes without vectors and with the widest.
    #[test]
    fn the_width_of_vectors_changes_no_bit() {
        for case in Case::all() {
            let widths = case.by_width();
            let names: Vec<&str> = widths.iter().map(|(name, _)| *name).collect();
            assert_eq!(names.len(), self::widths(), "compared {names:?} only");
            let bits = |computed: &[Vec<f32>; 3]| computed.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let different = widths.iter().find(|(_, computed)| bits(computed) != bits(&widths[0].1));
            let what = format!("{:?} of {:?} to {} columns", case.window, case.extent, case.columns);
            assert!(different.is_none(), "{what}: {} differs from {}", different.unwrap().0, names[0]);
        }
        let names =
            Case::all().next().map(|case| case.by_width().into_iter().map(|(name, _)| name).collect::<Vec<_>>());
        println!("compared: {}", names.unwrap_or_default().join(", "));
    }
}
