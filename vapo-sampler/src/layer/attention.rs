//! Attention in float arithmetic. No table of scores lies anywhere: a pixel's scores are computed as they are needed.

use super::{At, Compute, Room, Values};
use crate::arithmetic::float::Float;
use vapo_format::layer::Attention;

impl Compute<Float> for Attention {
    fn forward(&self, at: &At<'_>, [x, ..]: Values<'_, f32>, y: &mut [f32], _: Room<'_>) {
        for head in Head::all(*self, at) {
            for (pixel, y) in y.chunks_exact_mut(head.channels).enumerate() {
                let y = y.get_mut(head.start..head.start + head.count).unwrap_or_default();
                let scores = head.scores(x, pixel);
                y.fill(0.0);
                for (other, weight) in scores.weights(x) {
                    y.iter_mut().zip(head.part(x, other, 2)).for_each(|(y, v)| *y += weight * v);
                }
            }
        }
    }

    /// Of weights A and a score's cotangent S̄ = A·(Ō·Vᵀ − Σ A·Ō·Vᵀ): Q̄ = S̄·K/√c, K̄ = S̄ᵀ·Q/√c, V̄ = Aᵀ·Ō.
    fn reverse(&self, at: &At<'_>, [x, ..]: Values<'_, f32>, g: &mut [f32], to: &mut [f32], _: usize, _: Room<'_>) {
        to.fill(0.0);
        for head in Head::all(*self, at) {
            for (pixel, g) in g.chunks_exact(head.channels).enumerate() {
                let g = g.get(head.start..head.start + head.count).unwrap_or_default();
                let scores = head.scores(x, pixel);
                let agreement: f32 = scores.weights(x).map(|(other, a)| a * dot(g, head.part(x, other, 2))).sum();
                for (other, weight) in scores.weights(x) {
                    let score = weight * (dot(g, head.part(x, other, 2)) - agreement) * head.factor;
                    add(head.part_mut(to, pixel, 0), score, head.part(x, other, 1));
                    add(head.part_mut(to, other, 1), score, head.part(x, pixel, 0));
                    add(head.part_mut(to, other, 2), weight, g);
                }
            }
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f32], factor: f32, from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}

/// The channels of one head.
#[derive(Clone, Copy)]
struct Head {
    start: usize,
    count: usize,
    /// Of the output: a third of the input's.
    channels: usize,
    pixels: usize,
    /// 1/√count.
    factor: f32,
}

impl Head {
    fn all(attention: Attention, at: &At<'_>) -> impl Iterator<Item = Head> + use<> {
        // All are at least 1; the compiler cannot know.
        let (channels, heads) = (usize::from(at.output.channels).max(1), usize::from(attention.heads).max(1));
        let (count, pixels) = (channels / heads, at.output.pixels());
        let factor = 1.0 / libm::sqrtf(count as f32);
        (0..heads).map(move |head| Head { start: head * count, count, channels, pixels, factor })
    }

    /// Of a pixel the query, 0, the key, 1, or the value, 2.
    fn part<'v>(&self, x: &'v [f32], pixel: usize, part: usize) -> &'v [f32] {
        let start = (3 * pixel + part) * self.channels + self.start;
        x.get(start..start + self.count).unwrap_or_default()
    }

    fn part_mut<'v>(&self, x: &'v mut [f32], pixel: usize, part: usize) -> &'v mut [f32] {
        let start = (3 * pixel + part) * self.channels + self.start;
        x.get_mut(start..start + self.count).unwrap_or_default()
    }

    fn score(&self, x: &[f32], pixel: usize, other: usize) -> f32 {
        self.factor * dot(self.part(x, pixel, 0), self.part(x, other, 1))
    }

    fn scores(&self, x: &[f32], pixel: usize) -> Scores {
        let most = (0..self.pixels).map(|other| self.score(x, pixel, other)).fold(f32::NEG_INFINITY, f32::max);
        let sum = (0..self.pixels).map(|other| libm::expf(self.score(x, pixel, other) - most)).sum();
        Scores { head: *self, pixel, most, sum }
    }
}

/// What makes weights of one pixel's scores.
struct Scores {
    head: Head,
    pixel: usize,
    most: f32,
    sum: f32,
}

impl Scores {
    /// Every pixel with its weight; all weights sum to 1.
    fn weights(&self, x: &[f32]) -> impl Iterator<Item = (usize, f32)> {
        (0..self.head.pixels).map(|other| {
            let score = self.head.score(x, self.pixel, other);
            (other, libm::expf(score - self.most) / self.sum)
        })
    }
}
