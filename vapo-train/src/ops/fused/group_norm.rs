//! Group normalisation.
//!
//! Of a group of m values z = (x − mean x)·r, where r = 1/√(variance + ε), and y = scale·z + shift. Let Π(v) = v − mean v − z·mean(z·v):
//! what is left of v where neither mean nor variance may change. With a bar for the cotangent of the first pass, a dot for a tangent and a
//! hat for the cotangent of a value in the second, and z̄ = scale·ȳ:
//!
//! | pass | forward | in reverse |
//! |---|---|---|
//! | first | y | x̄ = r·Π(z̄), scale¯ = Σ ȳ·z, shift¯ = Σ ȳ |
//! | second | ż = r·Π(ẋ), ẏ = scale·ż | x̂ = r·Π(scale·ŷ) − r·(z·mean(z̄·ż) + r·Π(z̄)·mean(z·ẋ) + ż·mean(z·z̄)), scale^ = Σ ŷ·z + ȳ·ż, shift^ = Σ ŷ |

use super::memory::{self, Shared, State};
use super::{Cotangents, Recorded, Recording};
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Matrix, Pass, values};
use dfdx::prelude::*;
use vapo_format::layer::EPSILON;

/// x → y, or ẋ → ẏ.
pub(super) fn group_norm<E: Real>(
    groups: usize,
    matrix: &Matrix<E, Cpu>,
    input: &Images<E, Cpu>,
    recording: &mut Recording<'_, E>,
) -> Images<E, Cpu> {
    let &(images, height, width, channels) = input.shape();
    let extent = Extent { images, pixels: height * width, channels, groups };
    let (pass, x) = (recording.pass, values(input));
    let (scales, shifts) = (values(&matrix.weight), values(&matrix.bias));
    let state: Shared<Kept<E>> = match pass {
        Pass::Value | Pass::Weights => memory::keep(recording, extent),
        Pass::Dual => memory::recall(recording),
    };
    let output = {
        let kept = &mut *state.lock();
        match pass {
            Pass::Value | Pass::Weights => {
                kept.normalise(&x);
                extent.map(|i, channel| scales[channel] * kept.value[i] + shifts[channel])
            }
            Pass::Dual => {
                kept.along(&x);
                extent.map(|i, channel| scales[channel] * kept.tangent[i])
            }
        }
    };
    let output = input.device().tensor_from_vec(output, *input.shape());
    let (of_input, of_output) = (input.ghost(), output.ghost());
    let (of_scales, of_shifts) = (matrix.weight.ghost(), matrix.bias.ghost());
    recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        let kept = &mut *state.lock();
        if pass != Pass::Value {
            extent.add_to_channels(|i| g[i] * kept.value[i], grads.get_or_alloc_mut(&of_scales)?);
            extent.add_to_channels(|i| g[i], grads.get_or_alloc_mut(&of_shifts)?);
        }
        if pass == Pass::Dual {
            let along = |i: usize| kept.cotangent[i] * kept.tangent[i];
            extent.add_to_channels(along, grads.get_or_alloc_mut(&of_scales)?);
        }
        let to = grads.get_or_alloc_mut(&of_input)?;
        kept.add_projected(&extent.map(|i, channel| scales[channel] * g[i]), to);
        if pass == Pass::Dual {
            kept.add_bend(&extent.map(|i, channel| scales[channel] * kept.cotangent[i]), to);
        } else {
            kept.cotangent = g;
        }
        Ok(())
    });
    output
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Extent {
    images: usize,
    pixels: usize,
    channels: usize,
    groups: usize,
}

impl Extent {
    fn elements(&self) -> usize {
        self.images * self.pixels * self.channels
    }

    /// A value of every element, by its index and its channel.
    fn map<E>(&self, of: impl Fn(usize, usize) -> E) -> Vec<E> {
        (0..self.elements()).map(|i| of(i, i % self.channels)).collect()
    }

    /// Adds the sum over all images and pixels.
    fn add_to_channels<E: Real>(&self, of: impl Fn(usize) -> E, to: &mut [E]) {
        let mut sums = vec![0.0; self.channels];
        for pixel in 0..self.images * self.pixels {
            for (channel, sum) in sums.iter_mut().enumerate() {
                *sum += of(pixel * self.channels + channel).to_float();
            }
        }
        to.iter_mut().zip(sums).for_each(|(to, sum)| *to += E::from_float(sum));
    }

    /// Groups of all images.
    fn all(&self) -> std::ops::Range<usize> {
        0..self.images * self.groups
    }

    /// The elements of a group, pixel by pixel.
    fn group(&self, group: usize) -> impl Iterator<Item = usize> + Clone + use<> {
        let count = self.channels / self.groups;
        let (image, group) = (group / self.groups, group % self.groups);
        let (start, channels) = (image * self.pixels * self.channels + group * count, self.channels);
        (0..self.pixels).flat_map(move |pixel| {
            let start = start + pixel * channels;
            start..start + count
        })
    }

    /// The mean over a group, summed in f64.
    fn mean<E: Real>(&self, group: usize, of: impl Fn(usize) -> E) -> f64 {
        let count = self.pixels * self.channels / self.groups;
        self.group(group).map(|i| of(i).to_float()).sum::<f64>() / count as f64
    }
}

struct Kept<E> {
    extent: Extent,
    /// z.
    value: Vec<E>,
    /// r of every group.
    factors: Vec<f64>,
    /// ż.
    tangent: Vec<E>,
    /// mean(z·ẋ) of every group.
    turns: Vec<f64>,
    /// ȳ.
    cotangent: Vec<E>,
}

impl<E: Real> State for Kept<E> {
    type Extent = Extent;

    fn new(extent: Extent) -> Self {
        let groups = extent.all().len();
        let [value, tangent] = [(); 2].map(|()| vec![E::default(); extent.elements()]);
        Kept { extent, value, factors: vec![0.0; groups], tangent, turns: vec![0.0; groups], cotangent: Vec::new() }
    }

    fn extent(&self) -> Extent {
        self.extent
    }
}

impl<E: Real> Kept<E> {
    /// z and r of x.
    fn normalise(&mut self, x: &[E]) {
        for group in self.extent.all() {
            let mean = self.extent.mean(group, |i| x[i]);
            let count = (self.extent.pixels * self.extent.channels / self.extent.groups) as f64;
            let squares = self.extent.group(group).map(|i| (x[i].to_float() - mean) * (x[i].to_float() - mean));
            let factor = 1.0 / libm::sqrt(squares.sum::<f64>() / count + f64::from(EPSILON));
            for i in self.extent.group(group) {
                self.value[i] = E::from_float((x[i].to_float() - mean) * factor);
            }
            self.factors[group] = factor;
        }
    }

    /// ż of ẋ.
    fn along(&mut self, x: &[E]) {
        for group in self.extent.all() {
            let (mean, turn) = (self.extent.mean(group, |i| x[i]), self.extent.mean(group, |i| x[i] * self.value[i]));
            for i in self.extent.group(group) {
                let projected = x[i].to_float() - mean - self.value[i].to_float() * turn;
                self.tangent[i] = E::from_float(self.factors[group] * projected);
            }
            self.turns[group] = turn;
        }
    }

    /// to += r·Π(v).
    fn add_projected(&self, v: &[E], to: &mut [E]) {
        for group in self.extent.all() {
            let (mean, turn) = (self.extent.mean(group, |i| v[i]), self.extent.mean(group, |i| v[i] * self.value[i]));
            for i in self.extent.group(group) {
                let projected = v[i].to_float() - mean - self.value[i].to_float() * turn;
                to[i] += E::from_float(self.factors[group] * projected);
            }
        }
    }

    /// Adds how the first pass's cotangent of x changes along the tangent, of z̄.
    fn add_bend(&self, v: &[E], to: &mut [E]) {
        for group in self.extent.all() {
            let (mean, turn) = (self.extent.mean(group, |i| v[i]), self.extent.mean(group, |i| v[i] * self.value[i]));
            let along = self.extent.mean(group, |i| v[i] * self.tangent[i]);
            let (factor, other) = (self.factors[group], self.turns[group]);
            for i in self.extent.group(group) {
                let (z, tangent) = (self.value[i].to_float(), self.tangent[i].to_float());
                let projected = v[i].to_float() - mean - z * turn;
                to[i] += E::from_float(-factor * (z * along + factor * other * projected + turn * tangent));
            }
        }
    }
}
