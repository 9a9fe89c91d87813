//! The optimiser of a program: its launches, and what it computes beside the processor's.

use crate::cuda::emitter::Stores;
use crate::cuda::network::Network;
use crate::cuda::optimiser::{OptimiserState, optimiser};
use crate::cuda::passes::Options;
use crate::cuda::program::{Builder, Element, Phase, Program, Role};
use crate::optimiser::{Moves, Rule};
use crate::potential::parameters::Layout;
use crate::run::preset::{Design, Preset};
use vapo_format::{Block, Homotopy, Shape};

/// Part of themselves that weights lose, in units of the learning rate.
const DECAY: f32 = 0.1;

fn layout(preset: &Preset) -> Layout {
    let image = Shape { channels: 1, height: 32, width: 32 };
    Layout::new(&preset.architecture(image, Homotopy::Linear))
}

fn named(name: &str) -> Preset {
    Preset::named(name).unwrap()
}

/// Matrices of up to three tiles across, some of fewer rows than columns.
fn wide() -> Preset {
    let blocks = vec![Block::Conv { channels: 72 }, Block::Residual, Block::Head { channels: 8 }];
    Preset { design: Design::Encoder { embedding: 136, blocks }, ..named("tiny") }
}

/// A program of the optimiser alone.
fn program(moves: &Moves) -> (Program, Stores, OptimiserState) {
    let mut builder = Builder::new();
    let stores = Stores {
        parameters: builder.buffer(Role::Parameters, moves.parameters),
        gradient: builder.buffer(Role::Gradient, moves.parameters),
        counters: builder.buffer_of(Element::Word, Role::Tables, 1),
    };
    let state = optimiser(&mut builder, stores, moves, DECAY);
    (builder.finish(), stores, state)
}

#[test]
fn launches_do_not_grow_with_the_network() {
    let launches = |moves: &Moves| [Phase::Measure, Phase::Move].map(|phase| program(moves).0.phase(phase).len());
    for preset in Preset::encoders() {
        let layout = layout(&preset);
        // Adam; of Muon the momentum, its scale and the step, and five times three products.
        assert_eq!(launches(&Moves::by(Rule::Muon, &layout)), [1, 1 + 3 + 5 * 3], "{}", preset.name);
        assert_eq!(launches(&Moves::by(Rule::Adam, &layout)), [1, 1]);
        assert_eq!(launches(&Moves::of_biases(&layout)), [1, 1]);
    }
}

#[test]
fn a_step_of_digits_has_at_most_150_launches() {
    let digits = named("digits");
    let architecture = digits.architecture(Shape { channels: 1, height: 8, width: 8 }, Homotopy::Linear);
    let options = Options { images: digits.training.batch, time_rate: false, recompute: false, dropout: 0.0 };
    let passes = Network::passes(&architecture, options).program.launches();
    let optimiser = program(&Moves::by(Rule::Muon, &Layout::new(&architecture))).0.launches();
    assert!(passes + optimiser <= 150, "{passes} and {optimiser}");
}

/// Blocks of a launch over matrices belong to one each, and to as many as its extents take.
#[test]
fn tables_give_every_matrix_its_blocks() {
    for preset in [named("digits"), wide()] {
        let layout = layout(&preset);
        let moves = Moves::by(Rule::Muon, &layout);
        let (program, ..) = program(&moves);
        let (_, table) = program.tables.last().unwrap();
        let blocks = |name| {
            let launch = program.phase(Phase::Move).iter().find(|launch| launch.kernel.name == name).unwrap();
            launch.blocks.0 as u64
        };
        let ends = [blocks("muon_scale"), blocks("muon_factor"), blocks("muon_product")];
        let (entries, rest) = table.as_chunks::<8>();
        assert!(rest.is_empty() && entries.len() == moves.orthogonal.len());
        for (index, (entry, place)) in entries.iter().zip(&moves.orthogonal).enumerate() {
            let &[start, rows, columns, ..] = entry;
            assert_eq!([start, start + rows * columns], [place.start as u64, place.weight().end as u64]);
            let next = entries.get(index + 1).map_or(ends, |next| [next[5], next[6], next[7]]);
            let [chunks, triangle, tiles] = [0, 1, 2].map(|which| next[which] - entry[5 + which]);
            let (down, across) = (rows.max(columns).div_ceil(64), rows.min(columns).div_ceil(64));
            assert_eq!(chunks, (rows * columns).div_ceil(2048));
            assert_eq!((triangle, tiles), ((1..=across).sum(), down * across));
        }
    }
}

#[cfg(feature = "cuda")]
mod on_a_device {
    use super::*;
    use crate::arithmetic::random::generator;
    use crate::arithmetic::sums::dot;
    use crate::cuda::device::{Lie, Loaded, Real};
    use crate::cuda::driver;
    use crate::cuda::optimiser::scalars;
    use crate::cuda::program::Scalar;
    use crate::optimiser::{Clip, Ema, Optimiser, clip};
    use dfdx::prelude::Cuda;
    use vapo_sampler::Noise;

    const STEPS: u32 = 5;
    const LIMIT: f32 = 1.0;
    const AVERAGE: f32 = 0.9;

    fn cuda() -> Cuda {
        driver::open().unwrap();
        crate::cuda::open().unwrap()
    }

    fn gaussian(count: usize, seed: u64, scale: f32) -> Vec<f32> {
        let mut values = vec![0.0; count];
        Noise::new(generator(seed)).fill(&mut values);
        values.iter_mut().for_each(|value| *value *= scale);
        values
    }

    /// The gradient of a step, from 1: some are longer than [`LIMIT`], some are not.
    fn gradient(parameters: usize, step: u32) -> Vec<f32> {
        gaussian(parameters, step.into(), if step.is_multiple_of(2) { 1e-4 } else { 1.0 })
    }

    /// The largest norm of a gradient.
    fn limit(clip: Clip) -> f32 {
        if clip == Clip::Norm { LIMIT } else { f32::INFINITY }
    }

    fn learning_rate(step: u32) -> f32 {
        0.01 / step as f32
    }

    /// Parameters, moments and average at a time.
    #[derive(Clone, Debug, PartialEq)]
    struct State<E>([(&'static str, Vec<E>); 4]);

    fn start(parameters: usize) -> State<f32> {
        State([
            ("parameters", gaussian(parameters, 101, 0.1)),
            ("first moments", gaussian(parameters, 102, 1e-3)),
            ("second moments", gaussian(parameters, 103, 1e-3).iter().map(|value| value * value).collect()),
            ("average", gaussian(parameters, 104, 0.1)),
        ])
    }

    /// The state after some steps on the device.
    fn on_device<E: Real + From<f32> + Into<f64>>(moves: &Moves, start: &State<f32>, clip: Clip) -> State<E> {
        let (program, stores, state) = program(moves);
        let cuda = cuda();
        let mut loaded = Loaded::new::<E>(&cuda, &program, Lie::Apart).unwrap();
        let real = |values: &[f32]| values.iter().map(|&value| E::from(value)).collect::<Vec<E>>();
        let buffers = [stores.parameters, state.first, state.second, state.average];
        for (buffer, (_, values)) in buffers.iter().zip(&start.0) {
            loaded.write(*buffer, &real(values)).unwrap();
        }
        for step in 1..=STEPS {
            let gradient = gradient(moves.parameters, step);
            loaded.write(stores.gradient, &real(&gradient)).unwrap();
            loaded.run(Phase::Measure, &[0.0; Scalar::COUNT]).unwrap();
            let squares = loaded.read::<f64>(state.squares, 1).unwrap()[0];
            let moving: Vec<f32> = moves.ranges().into_iter().flat_map(|range| gradient[range].to_vec()).collect();
            // The order of a sum in f64 alone differs.
            assert!((squares / dot(&moving, &moving) - 1.0).abs() < 1e-12);
            let shorten = clip::shortening(squares.sqrt(), limit(clip));
            let scalars = scalars(step.into(), (clip, shorten), learning_rate(step), AVERAGE);
            loaded.run(Phase::Move, &scalars).unwrap();
        }
        let mut state = start.0.iter().zip(buffers);
        State([(); 4].map(|()| {
            let ((name, values), buffer) = state.next().unwrap();
            (*name, loaded.read(buffer, values.len()).unwrap())
        }))
    }

    /// The state after the same steps on the processor.
    fn on_host(optimiser: Optimiser, moves: &Moves, start: &State<f32>, by: Clip) -> State<f32> {
        let mut optimiser = optimiser.with_clip(by);
        let [mut parameters, _, _, average] = start.0.clone().map(|(_, values)| values);
        let mut ema = Ema::restore(average, AVERAGE, 0);
        for step in 1..=STEPS {
            let mut gradient = gradient(moves.parameters, step);
            let moving = moves.ranges();
            (0..gradient.len())
                .filter(|at| !moving.iter().any(|range| range.contains(at)))
                .for_each(|at| gradient[at] = 0.0);
            clip(&mut gradient, limit(by)).unwrap();
            optimiser.update(&mut parameters, &gradient, learning_rate(step)).unwrap();
            ema.update(&parameters).unwrap();
        }
        let values = [parameters, optimiser.first_moment(), optimiser.second_moment(), ema.average().to_vec()];
        let mut values = values.into_iter();
        State(start.0.each_ref().map(|(name, _)| (*name, values.next().unwrap())))
    }

    /// The largest difference of each part, in units of its largest value; NaN where there is one.
    fn differences<E: Real + Into<f64>>(found: &State<E>, expected: &State<f32>) -> [f64; 4] {
        let mut parts = found.0.iter().zip(&expected.0);
        [(); 4].map(|()| {
            let ((_, found), (_, expected)) = parts.next().unwrap();
            let largest = expected.iter().map(|value| f64::from(value.abs())).max_by(f64::total_cmp).unwrap();
            let difference = |(&found, &expected): (&E, &f32)| (found.into() - f64::from(expected)).abs();
            found.iter().zip(expected).map(difference).max_by(f64::total_cmp).unwrap() / largest
        })
    }

    fn of_rule(rule: Rule, layout: &Layout, clip: Clip) -> (Moves, State<f32>, State<f32>) {
        let moves = Moves::by(rule, layout);
        let mut start = start(layout.len());
        // Muon has no second moments.
        for place in &moves.orthogonal {
            start.0[2].1[place.weight()].fill(0.0);
        }
        let [_, (_, first), (_, second), _] = &start.0;
        let optimiser = Optimiser::restore(rule, layout, 0, first, second).unwrap().with_decay(DECAY);
        let expected = on_host(optimiser, &moves, &start, clip);
        (moves, start, expected)
    }

    /// The first moments and all of Adam are equal to the byte, since every operation is rounded as on the processor. Muon's
    /// products add up in another order: a part in ten million of every sum, times the slope of the polynomials, which is at most
    /// 3.4 each but for singular values that hardly count.
    #[test]
    fn a_device_moves_as_the_processor_does() {
        for preset in [named("tiny"), named("digits"), wide()] {
            let layout = layout(&preset);
            for (rule, clip) in [(Rule::Muon, Clip::Norm), (Rule::Adam, Clip::Norm), (Rule::Adam, Clip::SecondMoment)] {
                let (moves, start, expected) = of_rule(rule, &layout, clip);
                if rule == Rule::Muon {
                    assert!(moves.orthogonal.iter().any(|place| place.shape.rows > place.shape.columns));
                }
                let found = on_device::<f32>(&moves, &start, clip);
                let differences = differences(&found, &expected);
                for (range, part) in moves.rest.iter().flat_map(|range| (0..4).map(move |part| (range, part))) {
                    let (found, expected) = (&found.0[part], &expected.0[part]);
                    assert!(found.1[range.clone()] == expected.1[range.clone()], "{} at {range:?}", found.0);
                }
                assert!(found.0[1] == expected.0[1]);
                assert!(differences.into_iter().all(|difference| difference <= 1e-5), "{rule:?}: {differences:?}");
                assert!(found == on_device::<f32>(&moves, &start, clip), "the same bytes twice");
            }
        }
    }

    #[test]
    fn some_matrices_are_transposed() {
        let transposed = |preset: &Preset| {
            let moves = Moves::by(Rule::Muon, &layout(preset));
            moves.orthogonal.iter().any(|place| place.shape.rows < place.shape.columns)
        };
        assert!(transposed(&named("digits")) && transposed(&wide()));
    }

    /// In f64 it is what f32 is near to.
    #[test]
    fn a_device_moves_in_f64() {
        let (moves, start, expected) = of_rule(Rule::Muon, &layout(&named("digits")), Clip::Norm);
        let found = differences(&on_device::<f64>(&moves, &start, Clip::Norm), &expected);
        assert!(found.into_iter().all(|difference| difference <= 1e-5), "{found:?}");
    }

    #[test]
    fn weights_that_rest_keep_what_they_have() {
        let layout = layout(&named("digits"));
        let moves = Moves::of_biases(&layout);
        let mut start = start(layout.len());
        // As on the processor: the moments of what rests are zero, its average is its value.
        for place in &layout.matrices {
            let weights = place.weight();
            [1, 2].into_iter().for_each(|moments| start.0[moments].1[weights.clone()].fill(0.0));
            let values = start.0[0].1[weights.clone()].to_vec();
            start.0[3].1[weights].copy_from_slice(&values);
        }
        let [_, (_, first), (_, second), _] = &start.0;
        let optimiser = Optimiser::of_biases(&layout, 0, first, second).unwrap();
        let expected = on_host(optimiser, &moves, &start, Clip::Norm);
        assert!(on_device::<f32>(&moves, &start, Clip::Norm) == expected);
    }

    /// Weights without a gradient decay, and nothing is divided by a norm of zero.
    #[test]
    fn matrices_without_a_gradient_decay() {
        let layout = layout(&named("tiny"));
        let (moves, mut start, _) = of_rule(Rule::Muon, &layout, Clip::Norm);
        start.0[1].1.fill(0.0);
        let (program, stores, state) = program(&moves);
        let mut loaded = Loaded::new::<f32>(&cuda(), &program, Lie::Apart).unwrap();
        loaded.write(stores.parameters, &start.0[0].1).unwrap();
        let mut scalars = Scalar::NONE;
        scalars[Scalar::LearningRate.index()] = 0.5;
        loaded.run(Phase::Measure, &scalars).unwrap();
        loaded.run(Phase::Move, &scalars).unwrap();
        assert_eq!(loaded.read::<f64>(state.squares, 1).unwrap(), [0.0]);
        let found = loaded.read::<f32>(stores.parameters, layout.len()).unwrap();
        for place in &moves.orthogonal {
            let expected: Vec<f32> =
                start.0[0].1[place.weight()].iter().map(|value| (1.0 - 0.5 * DECAY) * value).collect();
            assert_eq!(found[place.weight()], expected);
        }
    }
}
