//! Potentials whose nodes are drawn at random: skips, windows of every form, FiLM, residual blocks and what is almost one.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;
use vapo_format::layer::{Add, Concat, Conv, Layer, Readout, Silu, SpaceToDepth, Time, Up};
use vapo_format::{Architecture, Homotopy, Shape};

struct Graph {
    built: Architecture,
    generator: Xoshiro128PlusPlus,
    /// The embedding of time.
    embedding: u16,
    /// What was computed last of the signal, and its extent.
    stream: u16,
    extent: Shape,
}

/// The potential of a seed. One in three is of a series.
pub(crate) fn random(seed: u64) -> Architecture {
    let (height, width) = if seed / 3 % 3 == 2 { (1, 16) } else { (4, 8) };
    let signal = Shape { channels: 1 + (seed % 3) as u16, height, width };
    let generator = Xoshiro128PlusPlus::seed_from_u64(seed);
    let built = Architecture::new(signal, Homotopy::Linear);
    let mut graph = Graph { built, generator, embedding: 0, stream: 0, extent: signal };
    graph.embed();
    let steps = 4 + graph.below(4);
    for _ in 0..steps {
        graph.step();
    }
    graph.read_out();
    assert_eq!(graph.built.validate(), Ok(()), "seed {seed}: {:?}", graph.built);
    graph.built
}

impl Graph {
    fn below(&mut self, end: usize) -> usize {
        self.generator.next_u32() as usize % end
    }

    fn push(&mut self, layer: impl Into<Layer>, inputs: &[u16]) -> u16 {
        self.built.push(layer, inputs).unwrap()
    }

    fn embed(&mut self) {
        let time = self.push(Time { features: 6 }, &[]);
        let first = self.push(Conv::linear(5), &[time]);
        self.embedding = self.push(Silu, &[first]);
        if self.below(2) == 0 {
            // A skip, and a second node of time.
            let time = self.push(Time { features: 4 }, &[]);
            let other = self.push(Conv::linear(5), &[time]);
            self.embedding = self.push(Add, &[self.embedding, other]);
        }
    }

    fn film(&mut self, channels: u16) -> u16 {
        self.push(Conv::linear(2 * channels), &[self.embedding])
    }

    fn step(&mut self) {
        match self.below(10) {
            0 => self.same(),
            1 => self.tiles(),
            2 => self.stream = self.push(Silu, &[self.stream]),
            3 => {
                let film = self.film(self.extent.channels);
                self.stream = self.push(Silu, &[self.stream, film]);
            }
            4 => self.depth(),
            5 => self.skip(),
            6 => self.almost(),
            7 => self.down_and_up(),
            _ => self.block(),
        }
    }

    fn same(&mut self) {
        let window = [(); 2].map(|()| [1, 3, 5][self.below(3)]);
        self.extent.channels = 1 + self.below(9) as u16;
        self.stream = self.push(Conv { window, stride: [1, 1], channels: self.extent.channels }, &[self.stream]);
    }

    fn tiles(&mut self) {
        let window = [[1, 2], [2, 1], [2, 2]][self.below(3)];
        let [rows, columns] = window.map(u16::from);
        if !self.extent.height.is_multiple_of(rows) || !self.extent.width.is_multiple_of(columns) {
            return self.same();
        }
        self.extent = Shape {
            channels: 1 + self.below(6) as u16,
            height: self.extent.height / rows,
            width: self.extent.width / columns,
        };
        self.stream = self.push(Conv { window, stride: window, channels: self.extent.channels }, &[self.stream]);
    }

    fn depth(&mut self) {
        if self.extent.channels > 3 || !self.halves() {
            return self.same();
        }
        self.stream = self.push(SpaceToDepth, &[self.stream]);
        self.extent = self.built.walk().last().unwrap().output.extent;
    }

    /// Whether both extents can be halved, or the one that is above 1.
    fn halves(&self) -> bool {
        let extents = [self.extent.height, self.extent.width];
        extents != [1, 1] && extents.iter().all(|extent| *extent == 1 || extent.is_multiple_of(2))
    }

    /// A convolution that keeps the extent, along time alone in a series.
    fn same_channels(&self) -> Conv {
        let same = if self.extent.height == 1 { Conv::same1x3 } else { Conv::same3x3 };
        same(self.extent.channels)
    }

    /// Two ways that come together: their inputs' output is read three times.
    fn skip(&mut self) {
        let channels = self.extent.channels;
        let [a, b] = [(); 2].map(|()| self.push(Conv::linear(channels), &[self.stream]));
        let sum = self.push(Add, &[b, a]);
        self.stream = self.push(Add, &[sum, self.stream]);
    }

    fn block(&mut self) {
        let (x, channels) = (self.stream, self.extent.channels);
        let active = self.push(Silu, &[x]);
        let hidden = self.push(self.same_channels(), &[active]);
        let film = self.film(channels);
        let active = self.push(Silu, &[hidden, film]);
        let branch = self.push(self.same_channels(), &[active]);
        self.stream = self.push(Add, &[x, branch]);
    }

    /// A residual block but for a node within that is read once more.
    fn almost(&mut self) {
        self.block();
        let channels = self.extent.channels;
        let inner = self.stream - [1, 2, 4, 5][self.below(4)];
        let again = self.push(Conv::linear(channels), &[inner]);
        self.stream = self.push(Add, &[self.stream, again]);
    }

    /// Down and up again, beside what was there.
    fn down_and_up(&mut self) {
        if self.extent.channels > 6 || !self.halves() {
            return self.same();
        }
        let window = SpaceToDepth::block(self.extent);
        let down = self.push(Conv { window, stride: window, channels: 3 }, &[self.stream]);
        let up = self.push(Up { factor: window }, &[down]);
        let inputs = if self.below(2) == 0 { [self.stream, up] } else { [up, self.stream] };
        self.extent.channels += 3;
        self.stream = self.push(Concat, &inputs);
    }

    fn read_out(&mut self) {
        let factors = self.push(Conv::linear(self.extent.channels + 1), &[self.embedding]);
        // The signal cannot be read out twice.
        if self.stream == 0 {
            self.stream = self.push(Silu, &[0]);
        }
        self.push(Readout, &[self.stream, factors, 0]);
    }
}
