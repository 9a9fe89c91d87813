//! What images are compared by: averages of an encoder's activations over parts of the image, at two times, and of the pixels.
//!
//! The encoder is that of the teacher's potential, whose weights do not move. The activations are the sums of its residual blocks and what its
//! read-out reads. An encoder that has learned a density tells apart what is likely from what is not, without a label.

use super::in_pieces;
use crate::dataset::Dataset;
use crate::ops::Fused;
use crate::ops::fused::silu_derivatives;
use crate::potential::{Potential, Samples};
use dfdx::prelude::Cpu;
use nalgebra::DMatrix;
use vapo_format::Shape;

/// Times at which the encoder looks at images: at the first it expects much noise, and sees the whole; at the second the parts.
const TIMES: [f32; 2] = [0.5, 0.9];
/// Features of a node at most, and parts along either way of an image at most.
const MOST: (usize, usize) = (320, 4);
/// Parts along either way that pixels are averaged in.
const PARTS_OF_PIXELS: usize = 14;
/// Images whose features say what a usual value is.
const MEASURED: usize = 2048;
/// Part of the mean deviation that is added to each: what hardly varies is not to count as much as what does.
const DEVIATION: f32 = 0.05;

/// Features of images, in groups: one a node and time, and one of the pixels.
pub(super) struct Features {
    teacher: Potential<f32, Cpu>,
    nodes: Vec<Pool>,
    pixels: Pool,
    /// One a group.
    scales: Vec<Scale>,
}

/// What is subtracted from the features of a group and what they are multiplied with then.
struct Scale {
    means: Vec<f32>,
    factors: Vec<f32>,
}

/// Averages over parts of an extent.
#[derive(Clone, Copy, Debug)]
struct Pool {
    node: usize,
    extent: Shape,
    /// Along the height, and along the width.
    parts: [usize; 2],
}

impl Features {
    /// Features whose usual values are those of images of a data set.
    pub(super) fn new(teacher: Potential<f32, Cpu>, dataset: &Dataset) -> Self {
        let pool = |(node, extent): (usize, Shape)| {
            let side = (1..=MOST.1).rev().find(|side| {
                usize::from(extent.channels) * Pool::new(node, extent, *side).parts.iter().product::<usize>() <= MOST.0
            });
            Pool::new(node, extent, side.unwrap_or(1))
        };
        let nodes: Vec<Pool> = teacher.features_of_images().into_iter().map(pool).collect();
        let pixels = Pool::new(0, dataset.shape(), PARTS_OF_PIXELS);
        let mut features = Features { teacher, nodes, pixels, scales: Vec::new() };
        let measured = dataset.spread(MEASURED);
        let mut images = Vec::new();
        dataset.fill(&measured, &mut images);
        features.scales = features.of(&images, measured.len()).iter().map(Scale::new).collect();
        features
    }

    /// Features of `count` images, (B, d): of each group a matrix with a column an image.
    pub(super) fn of(&self, images: &[f32], count: usize) -> Vec<DMatrix<f32>> {
        let size = images.len() / count.max(1);
        let pieces = in_pieces(count, |piece| {
            let images = &images[piece.start * size..piece.end * size];
            let mut groups: Vec<Vec<f32>> = Vec::new();
            for time in TIMES {
                self.look(images, piece.len(), time, |outputs| {
                    groups.extend(self.nodes.iter().zip(outputs).map(|(pool, output)| pool.forward(output, silu)));
                    None
                });
            }
            groups.push(self.pixels.forward(images, |value| value));
            groups
        });
        let group = |index: usize| {
            let values: Vec<f32> = pieces.iter().flat_map(|groups| &groups[index]).copied().collect();
            let mut values = DMatrix::from_vec(values.len() / count.max(1), count, values);
            if let Some(Scale { means, factors }) = self.scales.get(index) {
                for mut column in values.column_iter_mut() {
                    column.iter_mut().zip(means.iter().zip(factors)).for_each(|(x, (mean, factor))| {
                        *x = (*x - mean) * factor;
                    });
                }
            }
            values
        };
        (0..TIMES.len() * self.nodes.len() + 1).map(group).collect()
    }

    /// The gradient by the images, (B, d), of a loss that changes with their features by `cotangents`.
    pub(super) fn pulled_back(&self, images: &[f32], count: usize, cotangents: &[DMatrix<f32>]) -> Vec<f32> {
        let size = images.len() / count.max(1);
        let cotangent = |group: usize, image: usize| -> Vec<f32> {
            let column = cotangents[group].column(image);
            column.iter().zip(&self.scales[group].factors).map(|(value, factor)| value * factor).collect()
        };
        let pieces = in_pieces(count, |piece| {
            let of_piece = &images[piece.start * size..piece.end * size];
            let mut gradient = vec![0.0; of_piece.len()];
            let add = |gradient: &mut [f32], other: &[f32]| gradient.iter_mut().zip(other).for_each(|(a, b)| *a += b);
            for (number, time) in TIMES.into_iter().enumerate() {
                let pulled = self.look(of_piece, piece.len(), time, |outputs| {
                    let of_node = |(node, (pool, output)): (usize, (&Pool, &Vec<f32>))| {
                        let group = number * self.nodes.len() + node;
                        let each = output.chunks_exact(output.len() / piece.len()).zip(piece.clone());
                        each.flat_map(|(output, image)| pool.reverse(output, &cotangent(group, image), silu_slope))
                            .collect()
                    };
                    Some(self.nodes.iter().zip(outputs).enumerate().map(of_node).collect())
                });
                add(&mut gradient, &pulled.unwrap_or_default());
            }
            let last = TIMES.len() * self.nodes.len();
            for ((row, gradient), image) in
                of_piece.chunks_exact(size).zip(gradient.chunks_exact_mut(size)).zip(piece.clone())
            {
                add(gradient, &self.pixels.reverse(row, &cotangent(last, image), |_| 1.0));
            }
            gradient
        });
        pieces.concat()
    }

    /// The outputs of the nodes at a time, of whatever class, and where `cotangents` are made of them, the gradient by the images.
    fn look(
        &self,
        images: &[f32],
        count: usize,
        time: f32,
        cotangents: impl FnOnce(&[Vec<f32>]) -> Option<Vec<Vec<f32>>>,
    ) -> Option<Vec<f32>> {
        let nodes: Vec<usize> = self.nodes.iter().map(|pool| pool.node).collect();
        let samples = Samples { images, times: &vec![time; count], classes: &[], dropout: None };
        self.teacher.pull_back::<Fused>(samples, &nodes, cotangents)
    }
}

impl Scale {
    /// Means of 0, deviations that are alike, and a usual distance of 1 between two images.
    fn new(features: &DMatrix<f32>) -> Self {
        let means: Vec<f32> = features.row_iter().map(|row| row.mean()).collect();
        let deviations: Vec<f32> = features.row_iter().map(|row| row.variance().sqrt()).collect();
        let added = DEVIATION * deviations.iter().sum::<f32>() / deviations.len().max(1) as f32;
        let factors: Vec<f32> =
            deviations.iter().map(|deviation| 1.0 / (deviation + added).max(f32::MIN_POSITIVE)).collect();
        // Of two independent images, the squared distance is twice the sum of the variances.
        let squared: f32 =
            deviations.iter().zip(&factors).map(|(deviation, factor)| (deviation * factor).powi(2)).sum();
        let usual = (2.0 * squared).sqrt().max(f32::MIN_POSITIVE);
        Scale { means, factors: factors.into_iter().map(|factor| (factor / usual).min(MOST_FACTOR)).collect() }
    }
}

/// Largest factor: where all images are the same, nothing is told by how they differ.
const MOST_FACTOR: f32 = 1e3;

impl Pool {
    /// At most `side` parts along the height, and along the width. A series, of height 1, has as many parts as an image.
    fn new(node: usize, extent: Shape, side: usize) -> Self {
        let (height, width) = (usize::from(extent.height), usize::from(extent.width));
        let parts = if height == 1 { [1, width.min(side * side)] } else { [height.min(side), width.min(side)] };
        Pool { node, extent, parts }
    }

    /// The values that a part takes along one way. Parts overlap where they do not divide it.
    fn range(extent: u16, parts: usize, part: usize) -> std::ops::Range<usize> {
        let extent = usize::from(extent);
        part * extent / parts..((part + 1) * extent).div_ceil(parts)
    }

    /// Calls `visit` with each part, a value of it, and the number of its pixels.
    fn visit(self, mut visit: impl FnMut(usize, usize, f32)) {
        let Shape { channels, height, width } = self.extent;
        let channels = usize::from(channels);
        let [down, across] = self.parts;
        for (row, column) in (0..down).flat_map(|row| (0..across).map(move |column| (row, column))) {
            let (rows, columns) = (Pool::range(height, down, row), Pool::range(width, across, column));
            let share = 1.0 / (rows.len() * columns.len()) as f32;
            let part = (row * across + column) * channels;
            for y in rows {
                for x in columns.clone() {
                    let pixel = (y * usize::from(width) + x) * channels;
                    (0..channels).for_each(|channel| visit(part + channel, pixel + channel, share));
                }
            }
        }
    }

    /// (B, H, W, C) → (B, parts, C) of what `of` makes of values.
    fn forward(self, values: &[f32], of: impl Fn(f32) -> f32) -> Vec<f32> {
        let [down, across] = self.parts;
        let (size, parts) = (self.extent.elements(), down * across * usize::from(self.extent.channels));
        let made: Vec<f32> = values.iter().map(|value| of(*value)).collect();
        let mut averages = vec![0.0; made.len() / size * parts];
        for (averages, made) in averages.chunks_exact_mut(parts).zip(made.chunks_exact(size)) {
            self.visit(|part, value, share| averages[part] += share * made[value]);
        }
        averages
    }

    /// The cotangents of one image's values, (H, W, C), of those of its averages. `slope` is the derivative of what was made of values.
    fn reverse(self, values: &[f32], cotangents: &[f32], slope: impl Fn(f32) -> f32) -> Vec<f32> {
        let mut gradient = vec![0.0; values.len()];
        self.visit(|part, value, share| gradient[value] += share * cotangents[part]);
        gradient.iter_mut().zip(values).for_each(|(gradient, value)| *gradient *= slope(*value));
        gradient
    }
}

fn silu(x: f32) -> f32 {
    silu_derivatives(x).0
}

fn silu_slope(x: f32) -> f32 {
    silu_derivatives(x).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::{generator, uniform};
    use crate::dataset::{Source, Split};
    use crate::potential::parameters::Layout;
    use crate::run::preset::Preset;
    use vapo_format::Homotopy;

    fn features() -> (Features, Dataset) {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let architecture = Preset::named("digits").unwrap().architecture(dataset.shape(), Homotopy::Linear);
        let mut parameters = Layout::new(&architecture).initial(&mut generator(1));
        let mut generator = generator(2);
        // Fresh weights leave residual blocks the identity.
        parameters.iter_mut().for_each(|value| *value += 0.1 * (2.0 * uniform(&mut generator) - 1.0));
        (Features::new(Potential::new(&architecture, &parameters, &Cpu::default()), &dataset), dataset)
    }

    #[test]
    fn a_usual_distance_is_one() {
        let (features, dataset) = features();
        let count = 200;
        let mut images = Vec::new();
        dataset.fill(&(0..count).collect::<Vec<_>>(), &mut images);
        let groups = features.of(&images, count);
        assert_eq!(groups.len(), 2 * features.nodes.len() + 1);
        assert!(features.nodes.len() >= 4, "three residual blocks and the head");
        for group in groups {
            let pairs = (0..count - 1).map(|index| (group.column(index) - group.column(index + 1)).norm());
            let mean = pairs.sum::<f32>() / (count - 1) as f32;
            assert!((0.8..1.2).contains(&mean), "{mean} of {} features", group.nrows());
        }
    }

    #[test]
    fn what_is_pulled_back_is_the_gradient() {
        let (features, dataset) = features();
        let count = 5;
        let mut images = Vec::new();
        dataset.fill(&(0..count).collect::<Vec<_>>(), &mut images);
        let mut generator = generator(3);
        let cotangents: Vec<DMatrix<f32>> =
            features.of(&images, count).iter().map(|group| group.map(|_| uniform(&mut generator) - 0.5)).collect();
        let loss = |images: &[f32]| -> f64 {
            let groups = features.of(images, count);
            let each = groups.iter().zip(&cotangents);
            each.map(|(group, cotangents)| f64::from(group.dot(cotangents))).sum()
        };
        let gradient = features.pulled_back(&images, count, &cotangents);
        for at in [0, 77, 200, 5 * 64 - 1] {
            let step = 1e-2;
            let kept = images[at];
            images[at] = kept + step;
            let more = loss(&images);
            images[at] = kept - step;
            let slope = (more - loss(&images)) / f64::from(2.0 * step);
            images[at] = kept;
            assert!((f64::from(gradient[at]) - slope).abs() < 1e-3 + 0.01 * slope.abs(), "{}, {slope}", gradient[at]);
        }
    }

    #[test]
    fn parts_cover_an_extent_whether_they_divide_it_or_not() {
        for (extent, parts) in [(7, 3), (7, 4), (14, 4), (1, 1), (3, 3)] {
            let mut covered = vec![0; usize::from(extent)];
            for part in 0..parts {
                Pool::range(extent, parts, part).for_each(|at| covered[at] += 1);
            }
            assert!(covered.iter().all(|times| *times > 0), "{extent}, {parts}: {covered:?}");
        }
        let pool = Pool::new(0, Shape { channels: 2, height: 2, width: 3 }, 1);
        let values: Vec<f32> = (0..12).map(|value| value as f32).collect();
        let averages = pool.forward(&values, |value| value);
        assert!(
            averages.iter().zip([5.0, 6.0]).all(|(found, expected)| (found - expected).abs() < 1e-5),
            "{averages:?}"
        );
        let series = Pool::new(0, Shape { channels: 3, height: 1, width: 64 }, 4);
        assert_eq!(series.parts, [1, 16]);
    }
}
