//! Random models, and the potential written a second time: in f64, by definition, with no regard for speed.

#![allow(dead_code, unreachable_pub)] // each test file uses its part
#![allow(clippy::disallowed_methods)] // what is compared with this, is to a tolerance

pub mod integer;
#[cfg(feature = "published")]
mod published;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use vapo_format::architecture::Placed;
use vapo_format::layer::{self, Add, Conv, Readout, SQUARES, Silu, SpaceToDepth};
use vapo_format::writer::{Values, file_bytes};
use vapo_format::{
    Architecture, Arithmetic, Block, Calibration, Encoding, Exponents, Homotopy, Layer, Matrix, Model, Shape, Writer,
    encoder, matrix,
};
use vapo_sampler::calibration::Ranges;
use vapo_sampler::{Noise, Plan, PlanFor, Potential, arena};

pub fn generator(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// Uniform in [-1, 1).
pub fn uniform(generator: &mut impl Rng) -> f32 {
    (generator.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0
}

pub fn architecture(homotopy: Homotopy, image: (u16, u16, u16), embedding: u16, blocks: &[Block]) -> Architecture {
    let (channels, height, width) = image;
    let architecture = encoder::architecture(Shape { channels, height, width }, homotopy, embedding, blocks).unwrap();
    architecture.validate().unwrap();
    architecture
}

/// The plan of a model, which lives as long as the test's process.
pub fn plan(model: &Model<'_>) -> &'static Plan {
    // None of them is larger than devices read.
    Box::leak(Box::new(PlanFor::<{ vapo_format::architecture::DEVICE_NODES }>::new(model).unwrap()))
}

/// 8×8, levels of 8, 16 and 32 channels.
pub fn digits() -> Architecture {
    use Block::*;
    let (conv, down16, down32) = (Conv { channels: 8 }, Down { channels: 16 }, Down { channels: 32 });
    let layers = [conv, Residual, down16, Residual, down32, Residual, Head { channels: 32 }];
    architecture(Homotopy::Linear, (1, 8, 8), 16, &layers)
}

/// Three classes.
pub fn conditional() -> Architecture {
    let blocks =
        [Block::Conv { channels: 4 }, Block::Residual, Block::Down { channels: 5 }, Block::Head { channels: 6 }];
    let signal = Shape { channels: 2, height: 4, width: 6 };
    let architecture = encoder::conditional(signal, Homotopy::Linear, 7, 3, &blocks).unwrap();
    architecture.validate().unwrap();
    architecture
}

/// None, and each class.
pub fn classes(model: &Model<'_>) -> impl Iterator<Item = Option<u16>> + use<> {
    [None].into_iter().chain((0..model.classes()).map(Some))
}

/// Weights with scales, of 8 bits and fewer.
pub const SCALED: [Encoding; 3] = [Encoding::Int8, Encoding::Int6, Encoding::Int4];

/// Every layer kind, odd channel counts, all kinds of extent.
pub fn zoo() -> Vec<Architecture> {
    use Block::*;
    let (linear, bayes) = (Homotopy::Linear, Homotopy::Bayes);
    vec![
        digits(),
        architecture(linear, (1, 1, 1), 1, &[Head { channels: 1 }]),
        architecture(bayes, (3, 4, 6), 5, &[Residual, Head { channels: 3 }]),
        architecture(linear, (5, 1, 7), 3, &[Conv { channels: 12 }, Residual, Head { channels: 1 }]),
        architecture(bayes, (2, 7, 1), 9, &[Residual, Conv { channels: 3 }, Residual, Head { channels: 5 }]),
        architecture(linear, (1, 2, 2), 4, &[Down { channels: 17 }, Residual, Head { channels: 2 }]),
        architecture(linear, (3, 6, 10), 8, &[SpaceToDepth, Conv { channels: 12 }, Residual, Head { channels: 7 }]),
        architecture(bayes, (1, 12, 4), 16, &[SpaceToDepth, Residual, Down { channels: 5 }, Head { channels: 33 }]),
        architecture(
            linear,
            (1, 8, 8),
            2,
            &[Conv { channels: 1 }, Down { channels: 3 }, SpaceToDepth, Head { channels: 9 }],
        ),
        architecture(linear, (2, 2, 18), 6, &[Conv { channels: 20 }, Conv { channels: 4 }, Head { channels: 16 }]),
        conditional(),
    ]
}

/// The published U-Net on a small scale, of images, of a series and of classes, in one and two heads.
#[cfg(feature = "published")]
pub fn unets() -> Vec<Architecture> {
    use vapo_format::unet::Unet;
    let small = Unet { features: 6, embedding: 5, levels: &[4, 6], blocks: 1, attention: 1, heads: 1, groups: 2 };
    let extents = [(2, 4, 6, 0), (1, 1, 8, 0), (3, 6, 2, 3)];
    let heads = [1, 2, 3];
    let unets = extents.into_iter().zip(heads).map(|((channels, height, width, classes), heads)| {
        let unet = Unet { heads, ..small };
        let built = unet.architecture(Shape { channels, height, width }, Homotopy::Linear, classes).unwrap();
        built.validate().unwrap();
        built
    });
    unets.collect()
}

/// None: they are not compiled.
#[cfg(not(feature = "published"))]
pub fn unets() -> Vec<Architecture> {
    Vec::new()
}

/// A sum whose second input has another reader, which adds to its cotangent later.
pub fn shared_branch() -> Architecture {
    let mut graph = Architecture::new(Shape { channels: 2, height: 3, width: 4 }, Homotopy::Linear);
    let mut push = |layer: Layer, inputs: &[u16]| graph.push(layer, inputs).unwrap();
    let time = push(layer::Time { features: 8 }.into(), &[]);
    let factors = push(Conv::linear(4).into(), &[time]);
    let stream = push(Conv::same3x3(3).into(), &[0]);
    let branch = push(Conv::same3x3(3).into(), &[stream]);
    let active = push(Silu.into(), &[branch]);
    let sum = push(Add.into(), &[stream, branch]);
    let sum = push(Add.into(), &[sum, active]);
    push(Readout.into(), &[sum, factors, 0]);
    graph.validate().unwrap();
    graph
}

/// A graph with skips, shared vectors of time, windows of all kinds, and activations that several nodes read. One in four is of
/// a series.
pub fn graph(seed: u64) -> Architecture {
    let mut generator = generator(seed);
    let mut draw = move |below: usize| (generator.next_u32() as usize) % below;
    let (height, widths) = if seed % 4 == 3 { (1, [16, 12, 7]) } else { (8, [6, 4, 1]) };
    let signal = Shape { channels: 1 + draw(3) as u16, height, width: widths[draw(3)] };
    let homotopy = [Homotopy::Linear, Homotopy::Bayes][draw(2)];
    let mut graph = Graph { architecture: Architecture::new(signal, homotopy), unread: Vec::new() };
    let time = graph.push(layer::Time { features: 2 + 2 * draw(15) as u8 }, &[]);
    let hidden = graph.push(Conv::linear(1 + draw(6) as u16), &[time]);
    let embedding = graph.push(Silu, &[hidden]);
    let mut stream = 0;
    for level in 0..2 + draw(2) {
        let mut pool = vec![stream];
        for _ in 0..1 + draw(7) {
            let x = pool[draw(pool.len())];
            let like = |y: &u16| *y != x && graph.extent(*y) == graph.extent(x);
            let like: Vec<u16> = pool.iter().copied().filter(like).collect();
            pool.push(match draw(10) {
                7.. if !like.is_empty() => graph.push(Add, &[x, like[draw(like.len())]]),
                0 => graph.push(Silu, &[x]),
                4 if halves(graph.extent(x)) => {
                    // Down and up again, beside what was there.
                    let window = SpaceToDepth::block(graph.extent(x));
                    let down = graph.push(Conv { window, stride: window, channels: 1 + draw(4) as u16 }, &[x]);
                    let up = graph.push(layer::Up { factor: window }, &[down]);
                    graph.push(layer::Concat, &[[x, up], [up, x]][draw(2)])
                }
                1 | 2 => {
                    let channels = graph.extent(x).channels;
                    let film = graph.push(Conv::linear(2 * channels), &[[time, embedding][draw(2)]]);
                    let active = graph.push(Silu, &[x, film]);
                    if draw(3) == 0 { graph.push(Silu, &[active, film]) } else { active }
                }
                3 => {
                    let window = [[3, 3], [1, 1], [1, 5], [3, 1], [5, 3], [1, 3], [1, 7]][draw(7)];
                    graph.push(Conv { window, stride: [1, 1], channels: 1 + draw(5) as u16 }, &[x])
                }
                _ => {
                    // A residual block, its inputs in either order.
                    let channels = graph.extent(x).channels;
                    let active = graph.push(Silu, &[x]);
                    let same = if graph.extent(x).height == 1 { Conv::same1x3 } else { Conv::same3x3 };
                    let branch = graph.push(same(channels), &[active]);
                    let inputs = [[x, branch], [branch, x]][draw(2)];
                    graph.push(Add, &inputs)
                }
            });
        }
        stream = graph.gather(&pool, 1 + draw(4) as u16);
        let extent = graph.extent(stream);
        stream = match draw(4) {
            0 if halves(extent) => graph.push(SpaceToDepth, &[stream]),
            1 | 2 if extent.height == 1 && halves(extent) => graph.push(Conv::down1x2(1 + draw(6) as u16), &[stream]),
            1 | 2 if extent.height.is_multiple_of(2) && level < 2 => {
                let columns = if extent.width.is_multiple_of(3) { 3 } else { 1 };
                let window = [2, columns];
                graph.push(Conv { window, stride: window, channels: 1 + draw(6) as u16 }, &[stream])
            }
            _ => stream,
        };
    }
    if stream == 0 {
        stream = graph.push(Silu, &[0]);
    }
    let factors = Conv::linear(1 + graph.extent(stream).channels);
    let factors = graph.push(factors, &[embedding]);
    graph.push(Readout, &[stream, factors, 0]);
    graph.architecture.validate().unwrap();
    graph.architecture
}

/// Whether both extents can be halved, or the one that is above 1.
fn halves(Shape { height, width, .. }: Shape) -> bool {
    (height, width) != (1, 1) && [height, width].iter().all(|extent| *extent == 1 || extent.is_multiple_of(2))
}

struct Graph {
    architecture: Architecture,
    unread: Vec<u16>,
}

impl Graph {
    fn push(&mut self, layer: impl Into<Layer>, inputs: &[u16]) -> u16 {
        self.unread.retain(|node| !inputs.contains(node));
        let node = self.architecture.push(layer, inputs).unwrap();
        self.unread.push(node);
        node
    }

    fn extent(&self, node: u16) -> Shape {
        self.architecture.walk().nth(node.into()).unwrap().output.extent
    }

    /// One node that all nodes of the pool lead to.
    fn gather(&mut self, pool: &[u16], channels: u16) -> u16 {
        let unread: Vec<u16> = pool.iter().copied().filter(|node| self.unread.contains(node)).collect();
        let mut sum = None;
        for node in unread {
            let linear = self.push(Conv::linear(channels), &[node]);
            sum = Some(sum.map_or(linear, |sum| self.push(Add, &[sum, linear])));
        }
        sum.unwrap_or(pool[0])
    }
}

/// A model file with random weights, of a size that keeps activations near 1.
pub fn random_model(architecture: &Architecture, encoding: Encoding, seed: u64) -> Vec<u8> {
    let mut generator = generator(seed);
    let mut bytes = vec![0; file_bytes(architecture, encoding).unwrap()];
    let mut writer = Writer::new(&mut bytes, architecture, encoding).unwrap();
    for shape in architecture.matrices() {
        let size = (2.0 / shape.rows as f32).sqrt();
        let biases: Vec<f32> = (0..shape.columns).map(|_| 0.3 * uniform(&mut generator)).collect();
        let weights = shape.rows * shape.columns;
        match encoding {
            Encoding::Float32 => {
                let values: Vec<f32> = (0..weights).map(|_| 1.5 * size * uniform(&mut generator)).collect();
                writer.matrix(&biases, Values::Float32(&values)).unwrap();
            }
            _ if encoding.arithmetic() == Arithmetic::Integer => unreachable!("made by `integer_model`"),
            _ => {
                let most = shape.bits(encoding).unwrap().most();
                let values: Vec<i8> = (0..weights).map(|_| (f32::from(most) * uniform(&mut generator)) as i8).collect();
                let scale = |_| size * (1.5 + uniform(&mut generator)) / f32::from(most);
                let scales: Vec<f32> = (0..shape.columns).map(scale).collect();
                writer.matrix(&biases, Values::Int8 { values: &values, scales: &scales }).unwrap();
            }
        }
    }
    writer.finish().unwrap();
    bytes
}

/// The model of scaled weights in integer arithmetic, calibrated on noise and what steps of this length make of it; none where
/// activations are out of the range of integers.
pub fn integer_model(model: &Model<'_>, headroom: f32, step_length: f32) -> Option<Vec<u8>> {
    let mut ranges = Ranges::default();
    let architecture = model.architecture();
    let plan = plan(model);
    let mut memory = vec![f32::NAN; arena::potential_elements(&architecture, Arithmetic::Float)];
    let mut potential = Potential::new(model, plan, &mut memory).unwrap();
    let mut drift = vec![0.0; model.signal().elements()];
    for seed in 0..8 {
        let mut x = vec![0.0; model.signal().elements()];
        Noise::new(generator(seed)).fill(&mut x);
        for step in 0..10_u8 {
            let time = f32::from(step) / 10.0;
            potential.observed_drift(&x, time, &mut drift, &mut ranges).unwrap();
            x.iter_mut().zip(&drift).for_each(|(x, drift)| *x += step_length * drift);
        }
    }
    Some(with_exponents(model, &ranges.exponents(model, headroom)?))
}

/// The same exponents for every node that has them.
pub fn exponents(model: &Model<'_>, all: Exponents) -> Vec<Exponents> {
    let of = |placed: Placed| match placed.node.layer {
        Layer::Readout(_) => Exponents { value: 0, cotangent: 0 },
        _ if !placed.output.of_signal => Exponents { cotangent: 0, ..all },
        _ => all,
    };
    model.walk().map(of).collect()
}

/// The model of scaled weights in integer arithmetic of these exponents.
pub fn with_exponents(model: &Model<'_>, exponents: &[Exponents]) -> Vec<u8> {
    let architecture = model.architecture();
    let encoding = Encoding::of(Arithmetic::Integer, model.encoding().bits().unwrap());
    let mut bytes = vec![0; file_bytes(&architecture, encoding).unwrap()];
    let calibration = Calibration { exponents, digest: 0 };
    let mut writer = Writer::integer(&mut bytes, &architecture, encoding, calibration, None).unwrap();
    for (_, matrix) in model.matrices() {
        let matrix::Weights::Scaled { values, scales } = matrix.weights else { unreachable!("of scaled weights") };
        let values: Vec<i8> = values.first(matrix.rows * matrix.columns).collect();
        let (scales, biases) = (matrix::floats(scales).collect::<Vec<_>>(), matrix.biases().collect::<Vec<_>>());
        writer.matrix(&biases, Values::Int8 { values: &values, scales: &scales }).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

/// The same model with its weights multiplied by their scales.
pub fn dequantised(model: &Model<'_>) -> Vec<u8> {
    let architecture = &model.architecture();
    let mut bytes = vec![0; file_bytes(architecture, Encoding::Float32).unwrap()];
    let mut writer = Writer::new(&mut bytes, architecture, Encoding::Float32).unwrap();
    for (_, matrix) in model.matrices() {
        let biases: Vec<f32> = matrix.biases().collect();
        writer.matrix(&biases, Values::Float32(&weights(&matrix))).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

fn weights(matrix: &Matrix<'_>) -> Vec<f32> {
    match matrix.weights {
        matrix::Weights::Float32 { values } => matrix::floats(values).collect(),
        matrix::Weights::Scaled { values, scales } => {
            let scales: Vec<f32> = matrix::floats(scales).collect();
            let values = values.first(matrix.rows * matrix.columns).enumerate();
            values.map(|(i, value)| f32::from(value) * scales[i % matrix.columns]).collect()
        }
        matrix::Weights::Integer { .. } => unreachable!("of float arithmetic"),
    }
}

/// Φ(x, time) of whatever class.
pub fn potential(model: &Model<'_>, x: &[f64], time: f64) -> f64 {
    potential_of(model, x, time, None)
}

/// Φ(x, time) of a class, straight from the definitions in `vapo_format::layer`.
pub fn potential_of(model: &Model<'_>, x: &[f64], time: f64, class: Option<u16>) -> f64 {
    let mut matrices = model.matrices();
    let mut values: Vec<Vec<f64>> = Vec::new();
    let mut extents: Vec<Shape> = Vec::new();
    for Placed { node, edges, output, .. } in model.walk() {
        let inputs: Vec<&Vec<f64>> = edges.iter().map(|&edge| &values[usize::from(edge)]).collect();
        let input = edges.first().map(|&edge| extents[usize::from(edge)]);
        let value = match node.layer {
            Layer::Signal(_) => x.to_vec(),
            Layer::Time(features) => {
                let angles: Vec<f64> = features.frequencies().iter().map(|&f| time * f64::from(f)).collect();
                angles.iter().map(|angle| angle.sin()).chain(angles.iter().map(|angle| angle.cos())).collect()
            }
            Layer::Class(of) => (0..of.classes).map(|index| f64::from(u8::from(class == Some(index)))).collect(),
            Layer::Conv(conv) => {
                let matrix = matrices.next().unwrap().1;
                let [rows, columns] = conv.window.map(usize::from);
                let [down, right] = conv.stride.map(usize::from);
                let padding = if (down, right) == (rows, columns) { (0, 0) } else { (rows / 2, columns / 2) };
                let windows = Windows { size: (rows, columns), stride: (down, right), padding };
                convolution(&matrix, windows, input.unwrap(), output.extent, inputs[0])
            }
            Layer::Silu(_) => {
                let channels = usize::from(output.extent.channels);
                let film = inputs.get(1);
                let modulated = |(i, &x): (usize, &f64)| match film {
                    Some(film) => x * (1.0 + film[i % channels]) + film[channels + i % channels],
                    None => x,
                };
                inputs[0].iter().enumerate().map(modulated).map(silu).collect()
            }
            Layer::Add(_) => inputs[0].iter().zip(inputs[1]).map(|(x, y)| x + y).collect(),
            Layer::SpaceToDepth(_) => space_to_depth(input.unwrap(), output.extent, inputs[0]),
            Layer::Up(layer::Up { factor }) => up(factor, input.unwrap(), inputs[0]),
            Layer::Concat(_) => {
                let channels = [0, 1].map(|position| usize::from(extents[usize::from(edges[position])].channels));
                let pixels = inputs[0].chunks(channels[0]).zip(inputs[1].chunks(channels[1]));
                pixels.flat_map(|(first, second)| [first, second].concat()).collect()
            }
            #[cfg(feature = "published")]
            Layer::GroupNorm(norm) => {
                let matrix = matrices.next().unwrap().1;
                published::group_norm(&weights(&matrix), matrix.biases(), norm.groups.into(), inputs[0])
            }
            #[cfg(feature = "published")]
            Layer::Attention(attention) => {
                published::attention(attention.heads.into(), output.extent.channels.into(), inputs[0])
            }
            #[cfg(feature = "published")]
            Layer::Pool(pool) => published::pool(pool.block, input.unwrap(), inputs[0]),
            #[cfg(feature = "published")]
            Layer::Distance(_) => {
                vec![inputs[0].iter().zip(inputs[1]).map(|(f, x)| 0.5 * (x - f) * (x - f)).sum()]
            }
            #[cfg(feature = "published")]
            Layer::Timestep(step) => {
                let half = i32::from(step.features / 2);
                let angles: Vec<f64> =
                    (0..half).map(|i| time * 10_000_f64.powf(-f64::from(i) / f64::from(half))).collect();
                angles.iter().map(|angle| angle.cos()).chain(angles.iter().map(|angle| angle.sin())).collect()
            }
            Layer::Readout(_) => {
                let (o, q, x) = (inputs[0], inputs[1], inputs[2]);
                let channels = q.len() - 1;
                let squares = f64::from(SQUARES) * o.iter().map(|o| o * o).sum::<f64>() / channels as f64;
                let linear: f64 = o.iter().enumerate().map(|(i, o)| o * q[1 + i % channels]).sum();
                vec![linear + squares + 0.5 * q[0] * x.iter().map(|x| x * x).sum::<f64>()]
            }
            // Those that the format has where another crate asks for them.
            #[cfg(not(feature = "published"))]
            #[allow(unreachable_patterns)]
            _ => unreachable!("not compiled"),
        };
        assert_eq!(value.len(), output.extent.elements());
        values.push(value);
        extents.push(output.extent);
    }
    values.last().unwrap()[0]
}

/// ∇ₓΦ of whatever class.
pub fn drift(model: &Model<'_>, x: &[f64], time: f64) -> Vec<f64> {
    drift_of(model, x, time, None)
}

/// ∇ₓΦ by central differences of [`potential_of`].
pub fn drift_of(model: &Model<'_>, x: &[f64], time: f64, class: Option<u16>) -> Vec<f64> {
    let width = 1e-5;
    let moved = |i: usize, by: f64| {
        let mut x = x.to_vec();
        x[i] += by;
        potential_of(model, &x, time, class)
    };
    (0..x.len()).map(|i| (moved(i, width) - moved(i, -width)) / (2.0 * width)).collect()
}

fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

struct Windows {
    size: (usize, usize),
    stride: (usize, usize),
    padding: (usize, usize),
}

fn convolution(matrix: &Matrix<'_>, windows: Windows, input: Shape, output: Shape, x: &[f64]) -> Vec<f64> {
    let Windows { size, stride, padding } = windows;
    let (weights, biases) = (weights(matrix), matrix.biases().map(f64::from).collect::<Vec<_>>());
    let (height, width, channels) = (usize::from(input.height), usize::from(input.width), usize::from(input.channels));
    let mut y = Vec::new();
    for row in 0..usize::from(output.height) {
        for column in 0..usize::from(output.width) {
            let mut sums = biases.clone();
            for (ky, kx) in (0..size.0).flat_map(|ky| (0..size.1).map(move |kx| (ky, kx))) {
                let (iy, ix) = (row * stride.0 + ky, column * stride.1 + kx);
                if !(padding.0..height + padding.0).contains(&iy) || !(padding.1..width + padding.1).contains(&ix) {
                    continue;
                }
                for c in 0..channels {
                    let x = x[((iy - padding.0) * width + ix - padding.1) * channels + c];
                    let first = ((ky * size.1 + kx) * channels + c) * matrix.columns;
                    for (sum, weight) in sums.iter_mut().zip(&weights[first..]) {
                        *sum += x * f64::from(*weight);
                    }
                }
            }
            y.extend(sums);
        }
    }
    y
}

fn up(factor: [u8; 2], input: Shape, x: &[f64]) -> Vec<f64> {
    let (width, channels) = (usize::from(input.width), usize::from(input.channels));
    let [down, right] = factor.map(usize::from);
    let repeated = |rows: &[f64], size: usize, times: usize| -> Vec<f64> {
        rows.chunks(size).flat_map(|row| row.repeat(times)).collect()
    };
    repeated(&repeated(x, channels, right), right * width * channels, down)
}

fn space_to_depth(input: Shape, output: Shape, x: &[f64]) -> Vec<f64> {
    let (width, channels) = (usize::from(input.width), usize::from(input.channels));
    // Of a block: 2, but 1 along an axis of extent 1.
    let [rows, columns] = [input.height, input.width].map(|extent| usize::from(extent.min(2)));
    let at = |row: usize, column: usize, c: usize| x[(row * width + column) * channels + c];
    let mut y = Vec::new();
    for row in 0..usize::from(output.height) {
        for column in 0..usize::from(output.width) {
            for (dy, dx) in (0..rows).flat_map(|dy| (0..columns).map(move |dx| (dy, dx))) {
                y.extend((0..channels).map(|c| at(rows * row + dy, columns * column + dx, c)));
            }
        }
    }
    y
}
