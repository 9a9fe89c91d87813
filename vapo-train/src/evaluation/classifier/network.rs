//! The classifier's network: halve the image and convolve it until it is small, then two dense layers.

use crate::arithmetic::random::uniform;
use crate::ops::fused::memory::Memory;
use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Fused, Images, Kernels, Matrix, Pass, Recording};
use dfdx::prelude::*;
use rand_core::Rng;
use std::ops::Range;
use vapo_format::Shape;

/// Numbers of the penultimate layer.
pub const FEATURES: usize = 128;
/// Images are halved until their longer side has no more pixels than this.
const SIDE: usize = 7;
/// Channels after the first halving, doubled with each, and at most.
const CHANNELS: usize = 16;
const MOST_CHANNELS: usize = 64;

/// Where the parameters of a layer lie: weights (rows, columns), then biases.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    window: Window,
    rows: usize,
    columns: usize,
    start: usize,
}

impl Layer {
    fn weight(&self) -> Range<usize> {
        self.start..self.start + self.rows * self.columns
    }

    fn bias(&self) -> Range<usize> {
        self.weight().end..self.weight().end + self.columns
    }
}

/// A network's layers, without their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    shape: Shape,
    classes: usize,
    layers: Vec<Layer>,
}

/// Parameters on the CPU.
pub type Matrices = Vec<Matrix<f32, Cpu>>;

impl Network {
    /// The network for images of an extent and so many classes.
    pub fn new(shape: Shape, classes: usize) -> Self {
        let [mut height, mut width, mut channels] = [shape.height, shape.width, shape.channels].map(usize::from);
        let (mut layers, mut start) = (Vec::new(), 0);
        let mut add = |window: Window, inputs: usize, columns: usize| {
            let layer = Layer { window, rows: window.inputs(inputs), columns, start };
            start = layer.bias().end;
            layers.push(layer);
        };
        let mut wider = CHANNELS;
        while height.max(width) > SIDE && height.min(width) >= 2 {
            add(Window::DOWN_2X2, channels, wider);
            add(Window::SAME_3X3, wider, wider);
            (height, width, channels) = (height / 2, width / 2, wider);
            wider = (2 * wider).min(MOST_CHANNELS);
        }
        if wider == CHANNELS {
            add(Window::SAME_3X3, channels, CHANNELS);
            channels = CHANNELS;
        }
        add(Window::PIXEL, height * width * channels, FEATURES);
        add(Window::PIXEL, FEATURES, classes);
        Network { shape, classes, layers }
    }

    /// Extent of the images.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.bias().end)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Extent and place of every matrix and its biases, by name.
    pub fn tensors(&self) -> impl Iterator<Item = (String, Vec<usize>, Range<usize>)> {
        self.layers.iter().enumerate().flat_map(|(index, layer)| {
            let name = |part| format!("layers.{index}.{part}");
            [
                (name("weight"), vec![layer.rows, layer.columns], layer.weight()),
                (name("bias"), vec![layer.columns], layer.bias()),
            ]
        })
    }

    /// Initial parameters: weights uniform in ±√(6/rows), which keeps the variance of what passes through, no biases.
    pub fn initial(&self, generator: &mut impl Rng) -> Vec<f32> {
        let mut parameters = vec![0.0; self.len()];
        for layer in &self.layers {
            let bound = (6.0 / layer.rows as f32).sqrt();
            parameters[layer.weight()].iter_mut().for_each(|value| *value = (2.0 * uniform(generator) - 1.0) * bound);
        }
        parameters
    }

    /// Flat parameters as matrices.
    pub fn matrices(&self, parameters: &[f32]) -> Matrices {
        let device = Cpu::default();
        let matrix = |layer: &Layer| {
            let (weight, bias) = (parameters[layer.weight()].to_vec(), parameters[layer.bias()].to_vec());
            let weight = device.tensor_from_vec(weight, (layer.rows, layer.columns));
            Matrix::new(weight, device.tensor_from_vec(bias, (1, layer.columns)))
        };
        self.layers.iter().map(matrix).collect()
    }

    /// Features (N, 128) and scores (N, classes) of images (N, H, W, C).
    pub fn evaluate(&self, matrices: &Matrices, images: Vec<f32>) -> (Vec<f32>, Vec<f32>) {
        let (features, scores) =
            self.forward(matrices, images, &mut Recording::new(Pass::Value, &mut Memory::default()));
        (features.as_vec(), scores.as_vec())
    }

    /// The loss, summed over the images, and its gradient with respect to the parameters.
    pub fn gradient(&self, matrices: &Matrices, images: Vec<f32>, labels: &[u8]) -> (f64, Vec<f32>) {
        let mut memory = Memory::default();
        let mut recording = Recording::new(Pass::Weights, &mut memory);
        let (_, scores) = self.forward(matrices, images, &mut recording);
        let (loss, cotangents) = cross_entropy(&scores.as_vec(), labels, self.classes);
        let cotangents = scores.device().tensor_from_vec(cotangents, *scores.shape());
        let gradients = (scores.put_tape(recording.tape) * cotangents).sum::<Rank0, _>().backward();
        let mut flat = vec![0.0; self.len()];
        for (layer, matrix) in self.layers.iter().zip(matrices) {
            gradients.get(&matrix.weight).copy_into(&mut flat[layer.weight()]);
            gradients.get(&matrix.bias).copy_into(&mut flat[layer.bias()]);
        }
        (loss, flat)
    }

    fn forward(
        &self,
        matrices: &Matrices,
        images: Vec<f32>,
        recording: &mut Recording<'_, f32, Cpu, Memory>,
    ) -> (Images<f32, Cpu>, Images<f32, Cpu>) {
        let Shape { channels, height, width } = self.shape;
        let count = images.len() / self.shape.elements();
        let mut current: Images<f32, Cpu> =
            Cpu::default().tensor_from_vec(images, (count, height.into(), width.into(), channels.into()));
        let mut features = current.clone();
        for (index, (layer, matrix)) in self.layers.iter().zip(matrices).enumerate() {
            if layer.window == Window::PIXEL {
                let (_, height, width, channels) = *current.shape();
                let flat = current.put_tape(std::mem::take(&mut recording.tape)).reshape_like(&(
                    count,
                    1,
                    1,
                    height * width * channels,
                ));
                (current, recording.tape) = flat.split_tape();
            }
            let op = Convolution { window: layer.window, matrix, leaf: index == 0 };
            let output = Fused::convolution(op, &current, recording);
            if index + 1 == self.layers.len() {
                features = current;
                current = output;
            } else {
                current = Fused::silu(&output, None, recording);
            }
        }
        (features, current)
    }
}

/// −log softmax of the labels' scores, summed, and its derivatives with respect to the scores.
fn cross_entropy(scores: &[f32], labels: &[u8], classes: usize) -> (f64, Vec<f32>) {
    let (mut loss, mut cotangents) = (0.0, Vec::with_capacity(scores.len()));
    for (scores, &label) in scores.chunks_exact(classes).zip(labels) {
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f64> = scores.iter().map(|&score| libm::exp(f64::from(score - highest))).collect();
        let sum: f64 = powers.iter().sum();
        loss += libm::log(sum) - f64::from(scores[usize::from(label)] - highest);
        let derivative = |(class, power): (usize, &f64)| power / sum - f64::from(class == usize::from(label));
        cotangents.extend(powers.iter().enumerate().map(|pair| derivative(pair) as f32));
    }
    (loss, cotangents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::generator;
    use vapo_sampler::Noise;

    #[test]
    fn networks_fit_their_images() {
        let shape = |channels, height, width| Shape { channels, height, width };
        for (shape, layers) in [
            (shape(1, 8, 8), 4),
            (shape(1, 28, 28), 6),
            (shape(3, 64, 64), 10),
            (shape(1, 4, 4), 3),
            (shape(16, 5, 3), 3),
            (shape(2, 1, 30), 3),
            (shape(1, 9, 30), 6),
        ] {
            let network = Network::new(shape, 3);
            assert_eq!(network.layers.len(), layers, "{shape}");
            let matrices = network.matrices(&network.initial(&mut generator(1)));
            let (features, scores) = network.evaluate(&matrices, vec![0.5; 2 * shape.elements()]);
            assert_eq!((features.len(), scores.len()), (2 * FEATURES, 2 * 3));
            assert_eq!(features[..FEATURES], features[FEATURES..]);
            assert!(features.iter().any(|value| value.abs() > 1e-3));
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let network = Network::new(Shape { channels: 2, height: 8, width: 9 }, 4);
        let mut parameters = network.initial(&mut generator(3));
        let mut noise = Noise::new(generator(4));
        let mut images = vec![0.0; 3 * 2 * 8 * 9];
        noise.fill(&mut images);
        let labels = [2, 0, 3];
        let (_, gradient) = network.gradient(&network.matrices(&parameters), images.clone(), &labels);
        // Along a random direction of every tensor by itself, so that none can hide behind another.
        for (name, _, range) in network.tensors() {
            let direction: Vec<f32> = range.clone().map(|_| noise.draw()).collect();
            let mut moved = |step: f32| {
                let at = |parameters: &mut [f32], step: f32| {
                    parameters[range.clone()].iter_mut().zip(&direction).for_each(|(value, d)| *value += step * d);
                };
                at(&mut parameters, step);
                let (loss, _) = network.gradient(&network.matrices(&parameters), images.clone(), &labels);
                at(&mut parameters, -step);
                loss
            };
            let found = (moved(2e-3) - moved(-2e-3)) / 4e-3;
            let exact: f64 = gradient[range.clone()].iter().zip(&direction).map(|(g, d)| f64::from(g * d)).sum();
            assert!(exact.abs() > 1e-3, "{name}: {exact}");
            assert!((found - exact).abs() < 0.02 * exact.abs().max(0.3), "{name}: {found} is not {exact}");
        }
    }

    #[test]
    fn cross_entropy_of_known_scores() {
        let (loss, cotangents) = cross_entropy(&[0.0, 0.0, 1000.0, 0.0], &[1, 0], 2);
        assert!((loss - std::f64::consts::LN_2).abs() < 1e-12);
        assert_eq!(cotangents, [0.5, -0.5, 0.0, 0.0]);
    }
}
