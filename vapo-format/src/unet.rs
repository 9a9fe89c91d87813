//! The published U-Net: an image f(x, t), whose distance to x is the potential Φ = ½‖x − f(x, t)‖².
//!
//! ```text
//! e = silu(W₁ silu(W₀ features(t)) + W₂ onehot(c))        embedding of time, and of a class where there are classes
//! x → conv → (residual [→ attention])… → pool → … → residual → attention → residual → … → up → … → norm → silu → conv → f
//! residual: x + conv(silu(norm(conv(silu(norm(x))))·(1 + scale) + shift)),   (scale, shift) = W e
//! attention: x + W attention(W norm(x))
//! ```
//!
//! Every output on the way down is kept, and on the way up each residual block reads the last of them that is left, its channels
//! after the stream's. Where a residual block changes the number of channels, a linear map of x stands for x in its sum.
//!
//! **The published arrangement.** *Variational Potential Flow Bayes* says 128 channels, multipliers 2, 2, 2, four residual blocks a
//! level, attention at the second level, and 55,676,419 parameters for CIFAR-10. The arrangement is that of the U-Net of guided
//! diffusion (Dhariwal and Nichol, *Diffusion models beat GANs on image synthesis*, 2021, arXiv:2105.05233). Of its options the
//! number of parameters decides these; each of the others gives another number:
//!
//! * the first convolution has 256 channels, 128 times the first multiplier, as in later versions of that code;
//! * scales and shifts of FiLM, not shifts alone;
//! * pools and ups without weights: no convolution and no residual block of their own;
//! * attention in the middle, beside that of one level: four blocks on the way down and five on the way up;
//! * 128 features of time, and an embedding of 512.
//!
//! Two things it does not decide. Attention at the third level would have as many parameters as at the second: the publication
//! says the second. The number of heads changes none: it is one here, that code's default without a number of channels a head.
//!
//! # Example
//!
//! ```
//! use vapo_format::layer::{Attention, Concat, Distance, GroupNorm, Pool, Timestep, Up};
//! use vapo_format::unet::Unet;
//! use vapo_format::{Homotopy, Layer, Shape};
//!
//! let colour = Shape { channels: 3, height: 32, width: 32 };
//! let architecture = Unet::PUBLISHED.architecture(colour, Homotopy::Linear, 0)?;
//! assert_eq!(architecture.parameters(), 55_676_419);
//!
//! // Kinds of layers that no device has.
//! let has = |wanted: Layer| architecture.nodes.iter().any(|node| node.layer == wanted);
//! assert!(has(Attention { heads: 1 }.into()) && has(GroupNorm { groups: 32 }.into()) && has(Timestep { features: 128 }.into()));
//! assert!(has(Concat.into()) && has(Distance.into()) && has(Pool::BOTH.into()) && has(Up::BOTH.into()));
//! assert_eq!((Pool::BOTH, Up::BOTH), (Pool { block: [2, 2] }, Up { factor: [2, 2] }));
//! # Ok::<(), vapo_format::ArchitectureError>(())
//! ```

use crate::architecture::Architecture;
use crate::encoder::Windows;
use crate::error::ArchitectureError;
use crate::homotopy::Homotopy;
use crate::layer::{Add, Attention, Class, Concat, Conv, Distance, GroupNorm, Layer, Pool, Silu, Timestep, Up};
use crate::signal::Shape;

/// What a U-Net is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unet {
    /// Features of time.
    pub features: u16,
    /// Width of the embedding of time.
    pub embedding: u16,
    /// Channels of each level, from that of the signal's extent on: each next has half the height and width.
    pub levels: &'static [u16],
    /// Residual blocks of a level on the way down; on the way up there is one more.
    pub blocks: u16,
    /// The level whose residual blocks have attention after them, from 0; the middle has it too.
    pub attention: u16,
    /// Heads of attention.
    pub heads: u16,
    /// Groups that are normalised.
    pub groups: u16,
}

impl Unet {
    /// The published one.
    pub const PUBLISHED: Unet =
        Unet { features: 128, embedding: 512, levels: &[256, 256, 256], blocks: 4, attention: 1, heads: 1, groups: 32 };

    /// The architecture for a signal and so many classes, or 0. A signal of height 1 is a series: windows lie along time alone.
    ///
    /// # Errors
    /// More nodes than an architecture has. Whether they fit one another [`Architecture::validate`] says.
    pub fn architecture(
        &self,
        signal: Shape,
        homotopy: Homotopy,
        classes: u16,
    ) -> Result<Architecture, ArchitectureError> {
        let architecture = Architecture { classes, ..Architecture::new(signal, homotopy) };
        let mut built = Builder { unet: *self, architecture, windows: Windows::of(signal), embedding: 0 };
        built.embed()?;
        let first = self.levels.first().copied().unwrap_or_default();
        let mut stream = built.add(built.windows.same(first), &[0])?;
        let mut skips: heapless::Vec<(u16, u16), { crate::architecture::MAX_NODES }> = heapless::Vec::new();
        // Never more than nodes.
        let _ = skips.push((stream, first));
        let mut channels = first;
        for (level, &of_level) in (0..).zip(self.levels) {
            if level > 0 {
                stream = built.pool(stream)?;
                let _ = skips.push((stream, channels));
            }
            for _ in 0..self.blocks {
                stream = built.block(stream, channels, of_level, level)?;
                channels = of_level;
                let _ = skips.push((stream, channels));
            }
        }
        stream = built.residual(stream, channels, channels)?;
        stream = built.attend(stream, channels)?;
        stream = built.residual(stream, channels, channels)?;
        for (level, &of_level) in (0..self.levels.len() as u16).zip(self.levels).rev() {
            for _ in 0..=self.blocks {
                let Some((skip, of_skip)) = skips.pop() else { break };
                stream = built.add(Concat, &[stream, skip])?;
                stream = built.block(stream, channels.saturating_add(of_skip), of_level, level)?;
                channels = of_level;
            }
            if level > 0 {
                stream = built.up(stream)?;
            }
        }
        stream = built.normalised(stream, None)?;
        let image = built.add(built.windows.same(signal.channels), &[stream])?;
        built.add(Distance, &[image, 0])?;
        Ok(built.architecture)
    }
}

/// An architecture under way.
struct Builder {
    unet: Unet,
    architecture: Architecture,
    windows: Windows,
    /// The node of the time embedding.
    embedding: u16,
}

type Added = Result<u16, ArchitectureError>;

impl Builder {
    fn add(&mut self, layer: impl Into<Layer>, inputs: &[u16]) -> Added {
        self.architecture.push(layer, inputs)
    }

    fn embed(&mut self) -> Result<(), ArchitectureError> {
        let Unet { features, embedding, .. } = self.unet;
        let time = self.add(Timestep { features }, &[])?;
        let hidden = self.add(Conv::linear(embedding), &[time])?;
        let hidden = self.add(Silu, &[hidden])?;
        let mut output = self.add(Conv::linear(embedding), &[hidden])?;
        let classes = self.architecture.classes;
        if classes > 0 {
            let class = self.add(Class { classes }, &[])?;
            let class = self.add(Conv::linear(embedding), &[class])?;
            output = self.add(Add, &[output, class])?;
        }
        self.embedding = self.add(Silu, &[output])?;
        Ok(())
    }

    /// A residual block of a level, and attention where the level has it.
    fn block(&mut self, x: u16, from: u16, to: u16, level: u16) -> Added {
        let stream = self.residual(x, from, to)?;
        if level == self.unet.attention { self.attend(stream, to) } else { Ok(stream) }
    }

    fn residual(&mut self, x: u16, from: u16, to: u16) -> Added {
        let active = self.normalised(x, None)?;
        let hidden = self.add(self.windows.same(to), &[active])?;
        let film = self.add(Conv::linear(to.saturating_mul(2)), &[self.embedding])?;
        let active = self.normalised(hidden, Some(film))?;
        let branch = self.add(self.windows.same(to), &[active])?;
        let stream = if from == to { x } else { self.add(Conv::linear(to), &[x])? };
        self.add(Add, &[stream, branch])
    }

    /// silu(norm(x)), or with FiLM between the two.
    fn normalised(&mut self, x: u16, film: Option<u16>) -> Added {
        let norm = self.add(GroupNorm { groups: self.unet.groups }, &[x])?;
        match film {
            None => self.add(Silu, &[norm]),
            Some(film) => self.add(Silu, &[norm, film]),
        }
    }

    fn attend(&mut self, x: u16, channels: u16) -> Added {
        let norm = self.add(GroupNorm { groups: self.unet.groups }, &[x])?;
        let parts = self.add(Conv::linear(channels.saturating_mul(3)), &[norm])?;
        let means = self.add(Attention { heads: self.unet.heads }, &[parts])?;
        let branch = self.add(Conv::linear(channels), &[means])?;
        self.add(Add, &[x, branch])
    }

    fn pool(&mut self, x: u16) -> Added {
        self.add(if self.windows == Windows::Series { Pool::ALONG } else { Pool::BOTH }, &[x])
    }

    fn up(&mut self, x: u16) -> Added {
        self.add(if self.windows == Windows::Series { Up::ALONG } else { Up::BOTH }, &[x])
    }
}
