//! The potential against finite differences in f64, and the fused operations against the composite ones.

mod graphs;

use dfdx::prelude::Cpu;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use vapo_format::unet::Unet;
use vapo_format::{Architecture, Block, Homotopy, Shape, encoder};
use vapo_train::arithmetic::random::uniform;
use vapo_train::ops::fused::memory::Memory;
use vapo_train::ops::{Composite, Fused, Kernels};
use vapo_train::potential::dropout::Dropout;
use vapo_train::potential::encoder::Encoder;
use vapo_train::potential::parameters::{Layout, Place};
use vapo_train::potential::{Evaluation, Potential, Samples, Seeds};

const BATCH: usize = 3;

/// Random graphs that are compared.
const GRAPHS: std::ops::Range<u64> = 0..60;

fn architecture(channels: u16, blocks: &[Block]) -> Architecture {
    let image = Shape { channels, height: 4, width: 8 };
    let architecture = encoder::architecture(image, Homotopy::Linear, 6, blocks).unwrap();
    architecture.validate().unwrap();
    architecture
}

/// Of two classes: one sample of each, and one of none.
fn conditional(blocks: &[Block]) -> Architecture {
    let image = Shape { channels: 1, height: 4, width: 8 };
    let architecture = encoder::conditional(image, Homotopy::Linear, 6, 2, blocks).unwrap();
    architecture.validate().unwrap();
    architecture
}

/// Every kind of block, and channel counts below, at and between multiples of a register's lanes.
fn encoders() -> Vec<Architecture> {
    use Block::{Conv, Down, Head, Residual, SpaceToDepth};
    vec![
        architecture(1, &[Conv { channels: 3 }, Residual, Down { channels: 5 }, Residual, Head { channels: 4 }]),
        architecture(3, &[SpaceToDepth, Conv { channels: 9 }, Residual, Residual, Head { channels: 17 }]),
        architecture(2, &[Down { channels: 8 }, Residual, Head { channels: 2 }]),
        conditional(&[Conv { channels: 3 }, Residual, Head { channels: 4 }]),
    ]
}

/// The published U-Net on a small scale: of images with a class, and of a series.
fn unets() -> Vec<Architecture> {
    let small = Unet { features: 4, embedding: 3, levels: &[2, 4], blocks: 1, attention: 1, heads: 1, groups: 2 };
    let extents =
        [(Shape { channels: 2, height: 4, width: 2 }, 1, 2), (Shape { channels: 1, height: 1, width: 8 }, 2, 0)];
    let unets = extents.into_iter().map(|(signal, heads, classes)| {
        let unet = Unet { heads, ..small };
        let architecture = unet.architecture(signal, Homotopy::Linear, classes).unwrap();
        architecture.validate().unwrap();
        architecture
    });
    unets.collect()
}

/// Encoders, and some random graphs: finite differences take long.
fn differentiated() -> Vec<Architecture> {
    encoders().into_iter().chain(unets()).chain(GRAPHS.step_by(6).map(graphs::random)).collect()
}

struct Case {
    architecture: Architecture,
    dropout: Option<Dropout>,
    parameters: Vec<f64>,
    images: Vec<f64>,
    times: Vec<f64>,
    classes: Vec<Option<u16>>,
    seeds: Evaluation<f64>,
}

fn case(architecture: Architecture) -> Case {
    let mut generator = Xoshiro128PlusPlus::seed_from_u64(5);
    let mut draw = |count: usize, scale: f64| -> Vec<f64> {
        (0..count).map(|_| scale * (2.0 * f64::from(uniform(&mut generator)) - 1.0)).collect()
    };
    // No parameter is zero, or a missing gradient would not show.
    let parameters = draw(Layout::new(&architecture).len(), 0.5);
    let size = BATCH * architecture.signal.elements();
    let seeds = Evaluation { potential: draw(BATCH, 1.0), drift: draw(size, 1.0), time_rate: draw(BATCH, 1.0) };
    let classes = if architecture.classes > 0 { vec![Some(1), None, Some(0)] } else { Vec::new() };
    Case {
        parameters,
        images: draw(size, 1.0),
        times: vec![0.1, 0.45, 0.8],
        classes,
        seeds,
        architecture,
        dropout: None,
    }
}

impl Case {
    fn samples(&self) -> Samples<'_, f64> {
        Samples { images: &self.images, times: &self.times, classes: &self.classes, dropout: self.dropout }
    }

    fn seeds(&self) -> Seeds<'_, f64> {
        Seeds { potential: &self.seeds.potential, drift: &self.seeds.drift, time_rate: &self.seeds.time_rate }
    }

    fn potential(&self) -> Potential<f64, Cpu> {
        Potential::new(&self.architecture, &self.parameters, &Cpu::default())
    }

    /// Σ potential·Φ + drift·∇Φ + time_rate·Φₜ.
    fn weighted(&self) -> f64 {
        let found = self.potential().evaluate::<Fused>(self.samples(), &mut Memory::default());
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        dot(&self.seeds.potential, &found.potential)
            + dot(&self.seeds.drift, &found.drift)
            + dot(&self.seeds.time_rate, &found.time_rate)
    }

    fn total_potential(&self) -> f64 {
        self.potential().evaluate::<Fused>(self.samples(), &mut Memory::default()).potential.iter().sum()
    }
}

/// Central difference of `of` along the value that `at` names.
fn difference(case: &mut Case, at: impl Fn(&mut Case) -> &mut f64, of: impl Fn(&Case) -> f64) -> f64 {
    const STEP: f64 = 1e-5;
    let value = *at(case);
    let mut shifted = |shift| {
        *at(case) = value + shift;
        of(case)
    };
    let slope = (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP);
    *at(case) = value;
    slope
}

/// The error of central differences is about 1e-10 for these functions and steps; 1e-7 leaves room.
fn assert_close(found: f64, exact: f64, scale: f64, what: &str) {
    assert!((found - exact).abs() <= 1e-7 * scale.max(1.0), "{what}: {found} is not {exact}");
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

#[test]
fn drift_and_time_rate_equal_finite_differences_of_the_potential() {
    for architecture in differentiated() {
        let mut case = case(architecture);
        let found = case.potential().evaluate::<Fused>(case.samples(), &mut Memory::default());
        let scale = largest(&found.drift);
        for (i, drift) in found.drift.iter().enumerate() {
            let slope = difference(&mut case, |case| &mut case.images[i], Case::total_potential);
            assert_close(*drift, slope, scale, "drift");
        }
        for (i, rate) in found.time_rate.iter().enumerate() {
            let slope = difference(&mut case, |case| &mut case.times[i], Case::total_potential);
            // Frequencies of 200 radians a unit make the third derivative in time large.
            assert_close(*rate, slope, 1e3 * largest(&found.time_rate), "time rate");
        }
    }
}

#[test]
fn parameter_gradients_equal_finite_differences_of_the_drift() {
    for architecture in differentiated() {
        let mut case = case(architecture);
        let mut memory = Memory::default();
        case.potential().evaluate::<Fused>(case.samples(), &mut memory);
        let gradient = case.potential().gradient::<Fused>(case.samples(), case.seeds(), &mut memory);
        let scale = largest(&gradient);
        // Those of a random graph may have none: some windows are taller than what they are read from.
        let encoder = Encoder::of(&case.architecture).is_some();
        assert!(!encoder || gradient.iter().all(|value| *value != 0.0), "a parameter has no gradient");
        for (i, value) in gradient.iter().enumerate() {
            let slope = difference(&mut case, |case| &mut case.parameters[i], Case::weighted);
            assert_close(*value, slope, scale, &format!("gradient of parameter {i}"));
        }
    }
}

/// A part of the activations left out: drift, rate in time and gradient are those of what is left, in both engines.
#[test]
fn both_passes_leave_out_the_same() {
    for architecture in unets() {
        let mut case = case(architecture);
        let whole = case.total_potential();
        case.dropout = Some(Dropout { rate: 0.4, seed: 3, first: 0 });
        assert_ne!(case.total_potential(), whole, "nothing is left out");
        let [_, drift, _, gradient] = all_of::<Fused>(&case, &case.potential());
        let composite = all_of::<Composite>(&case, &case.potential());
        for (found, expected) in [(&drift, &composite[1]), (&gradient, &composite[3])] {
            let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * largest(expected);
            assert!(found.iter().zip(expected).all(near));
        }
        let (drift_scale, scale) = (largest(&drift), largest(&gradient));
        for (i, drift) in drift.iter().enumerate() {
            let slope = difference(&mut case, |case| &mut case.images[i], Case::total_potential);
            assert_close(*drift, slope, drift_scale, "drift");
        }
        for (i, value) in gradient.iter().enumerate().step_by(7) {
            let slope = difference(&mut case, |case| &mut case.parameters[i], Case::weighted);
            assert_close(*value, slope, scale, &format!("gradient of parameter {i}"));
        }
        // Another cut of the batch leaves out the same of each sample.
        let all = case.potential().evaluate::<Fused>(case.samples(), &mut Memory::default());
        let last = case.potential().evaluate::<Fused>(case.samples().slice(2..3), &mut Memory::default());
        assert_eq!(last.potential, all.potential[2..]);
    }
}

/// Of two levels with a block each: eight residual blocks, four attentions and the last convolution end in zeros, and so does an
/// embedding of classes.
#[test]
fn the_published_network_begins_at_half_the_squared_norm() {
    for architecture in unets() {
        let layout = Layout::new(&architecture);
        let initial = layout.initial(&mut Xoshiro128PlusPlus::seed_from_u64(2));
        let all = |of: f32| {
            let is = |place: &&Place| initial[place.weight()].iter().all(|value| *value == of);
            layout.matrices.iter().filter(is).count()
        };
        let zeros = 8 + 4 + 1 + usize::from(architecture.classes > 0);
        // Two norms a block, one before each attention, and the last.
        assert_eq!((all(0.0), all(1.0)), (zeros, 2 * 8 + 4 + 1));
        let mut case = case(architecture);
        case.parameters = initial.iter().map(|&value| value.into()).collect();
        let [values, drift, rate, _] = all_of::<Fused>(&case, &case.potential());
        assert_eq!(drift, case.images);
        assert_eq!(rate, [0.0; BATCH]);
        for (value, image) in values.iter().zip(case.images.chunks_exact(case.images.len() / BATCH)) {
            let exact = 0.5 * image.iter().map(|x| x * x).sum::<f64>();
            assert!((value - exact).abs() <= 1e-12 * exact, "{value} is not {exact}");
        }
    }
}

/// Values, drift, rate in time and the gradient of the parameters.
fn all_of<K: Kernels<f64, Cpu>>(case: &Case, potential: &Potential<f64, Cpu>) -> [Vec<f64>; 4] {
    let mut memory = K::Memory::default();
    let Evaluation { potential: values, drift, time_rate } = potential.evaluate::<K>(case.samples(), &mut memory);
    [values, drift, time_rate, potential.gradient::<K>(case.samples(), case.seeds(), &mut memory)]
}

#[test]
fn fused_operations_equal_composite_ones() {
    let graphs = GRAPHS.map(graphs::random);
    for (index, architecture) in encoders().into_iter().chain(unets()).chain(graphs).enumerate() {
        let case = case(architecture);
        let composite = all_of::<Composite>(&case, &case.potential());
        let fused = all_of::<Fused>(&case, &case.potential());
        // Residual blocks too, node by node.
        let alone = all_of::<Fused>(&case, &case.potential().node_by_node());
        for (way, found) in [("fused", &fused), ("node by node", &alone)] {
            for (found, expected) in found.iter().zip(&composite) {
                let scale = largest(expected);
                assert_eq!(found.len(), expected.len());
                for (a, b) in found.iter().zip(expected) {
                    assert!((a - b).abs() <= 1e-12 * scale, "{index}, {way}: {a} is not {b}");
                }
            }
        }
    }
}

/// A memory that was used before gives the same bits as a new one.
#[test]
fn a_memory_can_be_used_again() {
    let mut memory = Memory::default();
    for architecture in encoders().into_iter().chain(unets()).chain(GRAPHS.step_by(7).map(graphs::random)) {
        let case = case(architecture);
        let potential = case.potential();
        let compute = |memory: &mut Memory| {
            let evaluation = potential.evaluate::<Fused>(case.samples(), memory);
            (evaluation, potential.gradient::<Fused>(case.samples(), case.seeds(), memory))
        };
        let new = compute(&mut Memory::default());
        assert!([(); 2].iter().all(|()| compute(&mut memory) == new));
    }
}
