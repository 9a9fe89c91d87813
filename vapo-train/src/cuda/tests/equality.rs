//! A device in f64 against the processor in f64: potential, drift, rate in time, and the gradient of the parameters.

use crate::arithmetic::random::generator;
use crate::cuda::device::Lie;
use crate::cuda::evaluator::Evaluator;
use crate::cuda::network::Network;
use crate::cuda::passes::Options;
use crate::ops::Fused;
use crate::ops::fused::memory::Memory;
use crate::potential::dropout::Dropout;
use crate::potential::parameters::Layout;
use crate::potential::{Evaluation, Potential, Samples, Seeds};
use crate::run::preset::Preset;
use crate::sampling::asked::in_turn;
use dfdx::prelude::{Cpu, Cuda};
use vapo_format::layer::{
    Add, Attention, Class, Concat, Conv, Distance, GroupNorm, Pool, Readout, Silu, SpaceToDepth, Time, Timestep, Up,
};
use vapo_format::unet::Unet;
use vapo_format::{Architecture, Homotopy, Layer, Shape};
use vapo_sampler::Noise;

/// What both compute differs by this part of its largest value, at most. Both are in f64, and sum in other orders.
const TOLERANCE: f64 = 1e-11;

fn random(count: usize, seed: u64, scale: f64) -> Vec<f64> {
    let mut values = vec![0f32; count];
    Noise::new(generator(seed)).fill(&mut values);
    values.into_iter().map(|value| scale * f64::from(value)).collect()
}

/// A batch, and how a loss changes with its evaluation.
struct Problem {
    parameters: Vec<f64>,
    images: Vec<f64>,
    times: Vec<f64>,
    classes: Vec<Option<u16>>,
    /// Part of the activations that is left out, where dropout takes some.
    dropout: f32,
    seeds: Evaluation<f64>,
}

impl Problem {
    fn new(architecture: &Architecture, images: usize, dropout: f32) -> Self {
        let size = images * architecture.signal.elements();
        // Of the size that keeps activations where SiLU bends.
        let mut parameters = random(architecture.parameters(), 1, 1.0);
        for place in Layout::new(architecture).matrices {
            let scale = 1.0 / (place.shape.rows as f64).sqrt();
            parameters[place.start..place.bias().end].iter_mut().for_each(|parameter| *parameter *= scale);
        }
        Problem {
            parameters,
            images: random(size, 2, 1.0),
            times: (0..images).map(|image| (image as f64 + 0.5) / images as f64).collect(),
            classes: (0..images).map(|image| in_turn(image, architecture.classes)).collect(),
            dropout,
            seeds: Evaluation {
                potential: random(images, 3, 1.0),
                drift: random(size, 4, 1.0),
                time_rate: random(images, 5, 1.0),
            },
        }
    }

    fn samples(&self) -> Samples<'_, f64> {
        // The second part of a batch.
        let dropout = Dropout::of_step(self.dropout, 5, 7).map(|dropout| dropout.from(self.times.len()));
        Samples { images: &self.images, times: &self.times, classes: &self.classes, dropout }
    }

    /// Seeds of all, or of all but the rate in time.
    fn seeds<'a>(&'a self, none: &'a [f64], time_rate: bool) -> Seeds<'a, f64> {
        let Evaluation { potential, drift, time_rate: rates } = &self.seeds;
        Seeds { potential, drift, time_rate: if time_rate { rates } else { none } }
    }
}

fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0f64, |scale, value| scale.max(value.abs()));
    assert!(scale > 0.0, "{what} is zero");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs() / scale;
        assert!(difference <= TOLERANCE, "{what}[{index}]: {found} is not {expected}, {difference:.1e} of the largest");
    }
}

/// Evaluates and differentiates on the device: what it gives, and the gradient of one batch and of two added up.
fn on_device(cuda: &Cuda, architecture: &Architecture, problem: &Problem, options: Options, lie: Lie) -> [Vec<f64>; 5] {
    let network = Network::passes(architecture, options);
    let (parameters, gradient) = (network.stores.parameters, network.stores.gradient);
    let mut device = Evaluator::<f64>::new(cuda, network, lie).unwrap();
    device.loaded.write(parameters, &problem.parameters).unwrap();
    let none = vec![0.0; problem.times.len()];
    let seeds = problem.seeds(&none, options.time_rate);
    let mut gradients = Vec::new();
    let mut evaluation = Evaluation::default();
    for add in [false, true] {
        evaluation = device.evaluate(problem.samples()).unwrap();
        device.differentiate(seeds, add).unwrap();
        gradients.push(device.loaded.read(gradient, problem.parameters.len()).unwrap());
    }
    let twice = gradients.pop().unwrap_or_default();
    [evaluation.potential, evaluation.drift, evaluation.time_rate, gradients.pop().unwrap_or_default(), twice]
}

/// How a device is asked: with the rate in time or without, computing again or not, and how buffers lie.
type Way = (bool, bool, Lie);

/// All of them.
const ALL: [Way; 8] = [
    (false, false, Lie::Apart),
    (false, false, Lie::Together),
    (false, true, Lie::Apart),
    (false, true, Lie::Together),
    (true, false, Lie::Apart),
    (true, false, Lie::Together),
    (true, true, Lie::Apart),
    (true, true, Lie::Together),
];

/// Each choice both ways.
const FEW: [Way; 4] =
    [(false, false, Lie::Apart), (false, true, Lie::Together), (true, false, Lie::Apart), (true, true, Lie::Together)];

/// Compares device and processor in some ways.
fn assert_equal(cuda: &Cuda, name: &str, architecture: &Architecture, dropout: f32, ways: &[Way]) {
    architecture.validate().unwrap();
    let images = 2;
    let problem = Problem::new(architecture, images, dropout);
    let processor = Potential::new(architecture, &problem.parameters, &Cpu::default());
    let mut memory = Memory::default();
    let none = vec![0.0; images];
    let mut before: Option<(bool, [Vec<f64>; 5])> = None;
    for &(time_rate, recompute, lie) in ways {
        let expected = processor.evaluate::<Fused>(problem.samples(), &mut memory);
        let gradient = processor.gradient::<Fused>(problem.samples(), problem.seeds(&none, time_rate), &mut memory);
        let twice: Vec<f64> = gradient.iter().map(|value| 2.0 * value).collect();
        let options = Options { images, time_rate, recompute, dropout };
        let found = on_device(cuda, architecture, &problem, options, lie);
        let what = |part: &str| format!("{name}, time rate {time_rate}, recompute {recompute}, {lie:?}: {part}");
        assert_close(&found[0], &expected.potential, &what("potential"));
        assert_close(&found[1], &expected.drift, &what("drift"));
        if time_rate {
            assert_close(&found[2], &expected.time_rate, &what("rate in time"));
        }
        // Each matrix beside its own largest value.
        for place in Layout::new(architecture).matrices {
            let of_matrix = place.start..place.bias().end;
            for (what, found, expected) in
                [(what("gradient"), &found[3], &gradient), (what("two gradients"), &found[4], &twice)]
            {
                assert_close(
                    &found[of_matrix.clone()],
                    &expected[of_matrix.clone()],
                    &format!("{what} {}", place.shape),
                );
            }
        }
        // Where buffers lie, and what is computed again, changes no bit.
        if let Some((rate, other)) = &before {
            assert!(*rate != time_rate || *other == found, "{}", what("not the same bytes"));
        }
        before = Some((time_rate, found));
    }
}

/// The smallest square images that a preset takes, or windows of a series.
fn smallest(preset: &Preset) -> Architecture {
    if preset.about.starts_with("1×") {
        let series = Shape { channels: 2, height: 1, width: 16 };
        return preset.architecture(series, Homotopy::Linear);
    }
    let extents = [4, 8, 16, 32, 64].map(|extent| Shape { channels: 1, height: extent, width: extent });
    let architectures = extents.map(|image| preset.architecture(image, Homotopy::Linear));
    architectures.into_iter().find(|architecture| architecture.validate().is_ok()).unwrap()
}

#[test]
fn all_presets_are_those_of_the_processor() {
    let cuda = crate::cuda::open().unwrap();
    for preset in Preset::encoders() {
        let ways = if preset.name == "tiny" { &ALL[..] } else { &ALL[6..7] };
        assert_equal(&cuda, preset.name, &smallest(&preset), 0.0, ways);
    }
}

/// Every kind of layer, in ways that no preset has: skips, windows of other extents, sums whose terms come late or are the signal.
#[test]
fn other_graphs_are_those_of_the_processor() {
    let cuda = crate::cuda::open().unwrap();
    let mut graph = Architecture::new(Shape { channels: 2, height: 4, width: 8 }, Homotopy::Linear);
    let mut push = |layer: Layer, inputs: &[u16]| graph.push(layer, inputs).unwrap();
    let time = push(Time { features: 6 }.into(), &[]);
    let of_time = push(Conv::linear(9).into(), &[time]);
    let class = push(Class { classes: 3 }.into(), &[]);
    let of_class = push(Conv::linear(9).into(), &[class]);
    let embedding = push(Add.into(), &[of_time, of_class]);
    let stem = push(Conv { window: [3, 5], stride: [1, 1], channels: 4 }.into(), &[0]);
    let film = push(Conv::linear(8).into(), &[embedding]);
    let active = push(Silu.into(), &[stem, film]);
    let deep = push(SpaceToDepth.into(), &[active]);
    let down = push(Conv { window: [1, 2], stride: [1, 2], channels: 40 }.into(), &[deep]);
    let again = push(Silu.into(), &[down]);
    let wide = push(Conv { window: [2, 2], stride: [2, 2], channels: 70 }.into(), &[again]);
    let back = push(Up::BOTH.into(), &[wide]);
    let joined = push(Concat.into(), &[back, down]);
    let narrow = push(Conv::same3x3(40).into(), &[joined]);
    let sum = push(Add.into(), &[narrow, down]);
    let other = push(Conv { window: [1, 3], stride: [1, 1], channels: 40 }.into(), &[sum]);
    let third = push(Conv::linear(40).into(), &[again]);
    let sum = push(Add.into(), &[other, third]);
    let head = push(Silu.into(), &[sum]);
    let factors = push(Conv::linear(41).into(), &[embedding]);
    push(Readout.into(), &[head, factors, 0]);
    graph.classes = 3;
    assert_equal(&cuda, "a graph of every kind", &graph, 0.0, &ALL);
    assert_equal(&cuda, "a series of every kind", &series(), 0.0, &ALL);
}

/// Windows along time of several widths, halved and doubled.
fn series() -> Architecture {
    let mut graph = Architecture::new(Shape { channels: 3, height: 1, width: 16 }, Homotopy::Linear);
    let mut push = |layer: Layer, inputs: &[u16]| graph.push(layer, inputs).unwrap();
    let time = push(Time { features: 6 }.into(), &[]);
    let deep = push(SpaceToDepth.into(), &[0]);
    let stem = push(Conv::same1x3(20).into(), &[deep]);
    let film = push(Conv::linear(40).into(), &[time]);
    let active = push(Silu.into(), &[stem, film]);
    let wide = push(Conv { window: [1, 7], stride: [1, 1], channels: 20 }.into(), &[active]);
    let sum = push(Add.into(), &[stem, wide]);
    let down = push(Conv::down1x2(33).into(), &[sum]);
    let back = push(Up::ALONG.into(), &[down]);
    let joined = push(Concat.into(), &[back, sum]);
    let last = push(Conv { window: [1, 5], stride: [1, 1], channels: 5 }.into(), &[joined]);
    let factors = push(Conv::linear(6).into(), &[time]);
    push(Readout.into(), &[last, factors, 0]);
    graph
}

/// The published network on a small scale, by the published part of activations that is left out.
#[test]
fn the_published_network_is_that_of_the_processor() {
    let unet = Unet { features: 6, embedding: 5, levels: &[4, 6], blocks: 1, attention: 1, heads: 2, groups: 2 };
    let signal = Shape { channels: 2, height: 4, width: 6 };
    let architecture = unet.architecture(signal, Homotopy::Linear, 3).unwrap();
    let cuda = crate::cuda::open().unwrap();
    assert_equal(&cuda, "a small U-Net", &architecture, 0.3, &FEW);
}

/// The published kinds of layer, in ways that the published network has not.
#[test]
fn the_published_kinds_elsewhere_are_those_of_the_processor() {
    let cuda = crate::cuda::open().unwrap();
    for (name, graph, ways) in [
        ("leaves and narrow blocks", leaves(), &FEW[..]),
        ("more than a tile", many_pixels(), &FEW[1..2]),
        ("many heads", many_heads(), &FEW[1..2]),
    ] {
        assert_equal(&cuda, name, &graph, 0.5, ways);
    }
}

/// Attention and pools of the signal itself, group norm and attention of time alone, blocks of one row or column, an image that two
/// layers read.
fn leaves() -> Architecture {
    let mut graph = Architecture::new(Shape { channels: 6, height: 4, width: 2 }, Homotopy::Linear);
    let mut push = |layer: Layer, inputs: &[u16]| graph.push(layer, inputs).unwrap();
    let time = push(Timestep { features: 4 }.into(), &[]);
    let of_time = push(Conv::linear(6).into(), &[time]);
    let normal = push(GroupNorm { groups: 2 }.into(), &[of_time]);
    let means = push(Attention { heads: 1 }.into(), &[normal]);
    let film = push(Conv::linear(12).into(), &[means]);
    let first = push(Attention { heads: 2 }.into(), &[0]);
    let first = push(Pool { block: [2, 1] }.into(), &[first]);
    let first = push(Conv::linear(6).into(), &[first]);
    let second = push(Pool { block: [2, 1] }.into(), &[0]);
    let second = push(GroupNorm { groups: 3 }.into(), &[second]);
    let sum = push(Add.into(), &[first, second]);
    let deep = push(GroupNorm { groups: 1 }.into(), &[sum]);
    let active = push(Silu.into(), &[deep, film]);
    let down = push(Pool::ALONG.into(), &[active]);
    let back = push(Up::ALONG.into(), &[down]);
    let joined = push(Concat.into(), &[back, active]);
    let back = push(Up { factor: [2, 1] }.into(), &[joined]);
    let image = push(Conv::linear(6).into(), &[back]);
    push(Distance.into(), &[image, 0]);
    graph
}

/// Tables of attention of more than a tile, and groups of more values than a block has threads.
fn many_pixels() -> Architecture {
    let mut graph = Architecture::new(Shape { channels: 1, height: 6, width: 12 }, Homotopy::Linear);
    let mut push = |layer: Layer, inputs: &[u16]| graph.push(layer, inputs).unwrap();
    let parts = push(Conv::same3x3(36).into(), &[0]);
    let normal = push(GroupNorm { groups: 3 }.into(), &[parts]);
    let means = push(Attention { heads: 2 }.into(), &[normal]);
    let image = push(Conv::linear(1).into(), &[means]);
    push(Distance.into(), &[image, 0]);
    graph
}

/// As many tiles of attention as take the largest one, and a group of more channels than a block has threads.
fn many_heads() -> Architecture {
    let mut graph = Architecture::new(Shape { channels: 1, height: 2, width: 2 }, Homotopy::Linear);
    let mut push = |layer: Layer, inputs: &[u16]| graph.push(layer, inputs).unwrap();
    let parts = push(Conv::linear(3 * 200).into(), &[0]);
    let normal = push(GroupNorm { groups: 2 }.into(), &[parts]);
    let means = push(Attention { heads: 100 }.into(), &[normal]);
    let image = push(Conv::linear(1).into(), &[means]);
    push(Distance.into(), &[image, 0]);
    graph
}
