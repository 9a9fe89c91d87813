//! Memory plans: nothing overlaps, little is wasted, and no network takes more than it did on a stack.

mod common;

use common::{architecture, digits, graph, integer_model, plan, random_model, zoo};
use vapo_format::architecture::MAX_NODES;
use vapo_format::layer::{Conv, Readout, Silu, Time};
use vapo_format::{Architecture, Arithmetic, Block, Encoding, Homotopy, Model, Shape};
use vapo_sampler::plan::buffer::Buffer;
use vapo_sampler::plan::lifetimes::Lifetimes;
use vapo_sampler::{Error, PlanFor, Potential, Sampler, Solver, arena};

const ARITHMETICS: [Arithmetic; 2] = [Arithmetic::Float, Arithmetic::Integer];

fn lifetimes(architecture: &Architecture, arithmetic: Arithmetic) -> Lifetimes<MAX_NODES> {
    Lifetimes::new(architecture.walk(), arithmetic).unwrap()
}

/// Shapes of the trainer's presets, with the bytes that a stack of frames took.
fn presets() -> Vec<(&'static str, Architecture, u32)> {
    use Block::{Residual, SpaceToDepth};
    let conv = |channels| Block::Conv { channels };
    let down = |channels| Block::Down { channels };
    let head = |channels| Block::Head { channels };
    let network = |image, embedding, blocks: &[Block]| architecture(Homotopy::Linear, image, embedding, blocks);
    let narrow = [SpaceToDepth, conv(16), Residual, Residual, down(32), Residual, Residual, Residual, head(32)];
    let device =
        [SpaceToDepth, conv(16), Residual, down(32), Residual, Residual, down(64), Residual, Residual, head(64)];
    let wide = [
        SpaceToDepth,
        conv(48),
        Residual,
        Residual,
        down(96),
        Residual,
        Residual,
        down(192),
        Residual,
        Residual,
        head(192),
    ];
    let peer = [conv(8), Residual, down(16), Residual, down(32), Residual, Residual, head(32)];
    vec![
        ("`tiny`, 8×8", network((1, 8, 8), 8, &[conv(4), Residual, down(8), head(8)]), 4164),
        ("`digits`, 8×8", digits(), 9024),
        ("`small`, 28×28", network((1, 28, 28), 64, &narrow), 107_136),
        ("`peer-8`, 28×28", network((1, 28, 28), 64, &peer), 119_680),
        ("`cifar10`, 32×32×3", network((3, 32, 32), 64, &wide), 382_720),
        ("`celeba-device`, 64×64×3", network((3, 64, 64), 64, &device), 377_600),
    ]
}

#[test]
fn presets_take_at_most_3_percent_above_the_bound_and_no_more_than_a_stack() {
    let page = include_str!("../docs/memory.md");
    for (name, architecture, stack) in presets() {
        let [plan, integers] = ARITHMETICS.map(|arithmetic| lifetimes(&architecture, arithmetic));
        let bytes = [plan.bytes(), plan.lower_bound(), integers.bytes(), integers.lower_bound()];
        let [bytes, least, of_integers, least_of_integers] = bytes;
        let row = format!(
            "| {name} | {} | {bytes} | {least} | {of_integers} | {least_of_integers} | {stack} |",
            plan.count()
        );
        assert!(page.lines().any(|line| line == row), "docs/memory.md should say {row}");
        for arithmetic in ARITHMETICS {
            let lifetimes = lifetimes(&architecture, arithmetic);
            let (bytes, bound) = (lifetimes.bytes(), lifetimes.lower_bound());
            println!("{name} {arithmetic}: {bytes}, bound {bound}");
            assert!(bytes >= bound && f64::from(bytes) <= 1.03 * f64::from(bound), "{bytes} for a bound of {bound}");
            assert!(bytes <= stack, "{bytes} instead of {stack}");
        }
    }
}

/// Networks that take most where they are read out.
#[test]
fn smaller_networks_take_no_more_than_a_stack() {
    let [conv, head] = [Block::Conv { channels: 4 }, Block::Head { channels: 8 }];
    for (block, stack) in [(Block::Residual, 6212), (Block::Down { channels: 8 }, 1604)] {
        let lifetimes =
            lifetimes(&architecture(Homotopy::Linear, (1, 8, 8), 8, &[conv, block, head]), Arithmetic::Float);
        assert!(lifetimes.bytes() <= stack, "{} instead of {stack}", lifetimes.bytes());
    }
}

/// By hand, in elements, while the head is computed: x and h of three blocks (2·(512 + 256 + 128)), the head's input, its
/// SiLU and its output (3·128), and the time embedding (16).
#[test]
fn digits_by_hand() {
    let bytes = 4 * (2 * (512 + 256 + 128) + 3 * 128 + 16);
    let lifetimes = lifetimes(&digits(), Arithmetic::Float);
    assert_eq!((lifetimes.lower_bound(), lifetimes.bytes()), (bytes, bytes));
}

#[test]
fn buffers_that_live_at_the_same_time_do_not_overlap() {
    let architectures: Vec<Architecture> = zoo().into_iter().chain((0..300).map(graph)).collect();
    for (architecture, arithmetic) in
        architectures.iter().flat_map(|one| ARITHMETICS.map(|arithmetic| (one, arithmetic)))
    {
        let lifetimes = lifetimes(architecture, arithmetic);
        let buffers: Vec<&Buffer> = lifetimes.buffers().collect();
        let end = |buffer: &Buffer| buffer.offset + buffer.bytes;
        for (index, one) in buffers.iter().enumerate() {
            assert!(one.offset % 4 == 0 && one.bytes > 0 && end(one) <= lifetimes.bytes());
            for other in &buffers[..index] {
                let apart = end(one) <= other.offset || end(other) <= one.offset;
                assert!(apart || !one.meets(other), "{one:?} and {other:?} of {architecture:?} in {arithmetic}s");
            }
        }
        // Of the highest buffer, no byte is wasted.
        assert_eq!(buffers.iter().map(|buffer| end(buffer)).max(), Some(lifetimes.bytes()));
        assert!((0..lifetimes.end()).all(|time| lifetimes.bytes_at(time) <= lifetimes.bytes()));
    }
}

/// Bytes in integers, by plans of both passes and of the pass forward alone.
#[test]
fn energies_take_what_the_page_says() {
    use Block::{Residual, SpaceToDepth};
    let page = include_str!("../docs/memory.md");
    let [conv, head] = [16, 24].map(|channels| (Block::Conv { channels }, Block::Head { channels }));
    let (conv, down, head) = (conv.0, Block::Down { channels: 24 }, head.1);
    let tiny = [SpaceToDepth, SpaceToDepth, conv, Residual, Residual, down, Residual, Residual, head];
    let [stem, half, quarter] = [24, 32, 48].map(|channels| [Block::Conv { channels }, Block::Down { channels }]);
    let head = Block::Head { channels: 48 };
    let large =
        [SpaceToDepth, stem[0], Residual, Residual, half[1], Residual, Residual, quarter[1], Residual, Residual, head];
    let series =
        |channels, embedding, blocks: &[Block]| architecture(Homotopy::Linear, (channels, 1, 64), embedding, blocks);
    for (name, architecture) in [
        ("`digits`, 8×8", digits()),
        ("`series-tiny`, 1×64", series(1, 16, &tiny)),
        ("`series-tiny`, 1×64×9", series(9, 16, &tiny)),
        ("`series`, 1×64", series(1, 32, &large)),
        ("`series`, 1×64×9", series(9, 32, &large)),
    ] {
        let both = lifetimes(&architecture, Arithmetic::Integer);
        let forward = Lifetimes::<MAX_NODES>::forward(architecture.walk(), Arithmetic::Integer).unwrap();
        let bound = f64::from(forward.lower_bound());
        assert!(f64::from(forward.bytes()) <= 1.03 * bound, "{name}: {} for a bound of {bound}", forward.bytes());
        let row = format!("| {name} | {} | {} |", both.bytes(), forward.bytes());
        assert!(page.lines().any(|line| line == row), "docs/memory.md should say {row}");
    }
}

/// The potential of any graph by a plan of the pass forward alone, which is never larger; no drift.
#[test]
fn a_pass_forward_alone_takes_less_memory_and_gives_the_same_bits() {
    let mut less = [0; 2];
    for (place, architecture) in zoo().into_iter().chain((0..40).map(graph)).enumerate() {
        let float = random_model(&architecture, Encoding::Int8, place as u64);
        let integer = integer_model(&Model::parse(&float).unwrap(), 2.0, 0.0);
        for (file, less) in
            [Some(float), integer].iter().zip(&mut less).filter_map(|(file, less)| Some((file.as_ref()?, less)))
        {
            let model = Model::parse(file).unwrap();
            let [both, forward] = [PlanFor::<MAX_NODES>::new(&model), PlanFor::forward(&model)].map(Result::unwrap);
            assert!(forward.bytes <= both.bytes, "{} of {} bytes for {architecture:?}", forward.bytes, both.bytes);
            assert_eq!(forward.elements(), arena::forward_elements(&architecture, model.arithmetic()));
            *less += usize::from(forward.bytes < both.bytes);
            let x: Vec<f32> = (0..architecture.signal.elements()).map(|i| libm::sinf(i as f32)).collect();
            let mut drift = vec![0.0; x.len()];
            let [(energy, whole), (alone, refused)] = [&both, &forward].map(|plan| {
                // What lay there before does not matter.
                let mut memory = vec![f32::NAN; plan.elements()];
                let mut potential = Potential::new(&model, plan, &mut memory).unwrap();
                let energy = potential.energy(&x, 0.5).unwrap().unwrap();
                (energy.to_bits(), potential.drift(&x, 0.5, &mut drift))
            });
            assert!(whole.is_ok());
            assert_eq!((alone, refused), (energy, Err(Error::Plan)), "{architecture:?}");
        }
    }
    assert!(less.iter().all(|&less| less > 30), "{less:?} models take less");
}

/// Any graph, not the presets alone: 300 random ones waste a third at most, and a fiftieth on average.
#[test]
fn random_graphs_waste_little() {
    for arithmetic in ARITHMETICS {
        let waste = |seed| {
            let lifetimes = lifetimes(&graph(seed), arithmetic);
            f64::from(lifetimes.bytes()) / f64::from(lifetimes.lower_bound()) - 1.0
        };
        let wastes: Vec<f64> = (0..300).map(waste).collect();
        let most = wastes.iter().copied().fold(0.0, f64::max);
        let mean = wastes.iter().sum::<f64>() / 300.0;
        println!("waste of {arithmetic}s: {:.1} % at most, {:.2} % on average", 100.0 * most, 100.0 * mean);
        assert!(most < 0.33 && mean < 0.02, "{arithmetic}: {most} {mean}");
    }
}

#[test]
fn a_plan_is_refused_for_another_model_and_for_too_many_nodes() {
    let files = [(digits(), Encoding::Int8), (digits(), Encoding::Float32), (zoo().remove(1), Encoding::Int8)];
    let files = files.map(|(architecture, encoding)| random_model(&architecture, encoding, 1));
    let [int8, float32, other] = [&files[0], &files[1], &files[2]].map(|file| Model::parse(file).unwrap());
    let mut memory = vec![0.0; 10_000];
    assert!(Potential::new(&int8, plan(&int8), &mut memory).is_ok());
    // The weights of another encoding lie elsewhere.
    for wrong in [&float32, &other] {
        assert_eq!(Potential::new(&int8, plan(wrong), &mut memory).unwrap_err(), Error::Plan);
        assert_eq!(Sampler::new(&int8, plan(wrong), Solver::Etd2, &mut memory).unwrap_err(), Error::Plan);
    }
    assert!(Error::Plan.to_string().contains("another model"));
    // The digits have 31 nodes.
    assert!(PlanFor::<31>::new(&int8).is_ok());
    let error = PlanFor::<30>::new(&int8).unwrap_err();
    assert_eq!(error, Error::Nodes { most: 30, given: 31 });
    assert!(error.to_string().contains("30 nodes, the model has 31"), "{error}");
}

/// 150 activations of 64 MB that are all kept.
#[test]
fn more_than_32_bits_address_is_refused() {
    let signal = Shape { channels: 16, height: 1024, width: 1024 };
    let mut architecture = Architecture::new(signal, Homotopy::Linear);
    let time = architecture.push(Time { features: 2 }, &[]).unwrap();
    let factors = architecture.push(Conv::linear(17), &[time]).unwrap();
    let mut last = architecture.push(Silu, &[0]).unwrap();
    for _ in 0..149 {
        last = architecture.push(Silu, &[last]).unwrap();
    }
    architecture.push(Readout, &[last, factors, 0]).unwrap();
    assert_eq!(architecture.validate(), Ok(()));
    let error = Lifetimes::<MAX_NODES>::new(architecture.walk(), Arithmetic::Float).unwrap_err();
    assert!(matches!(error, Error::Large { needed } if needed > u64::from(u32::MAX)), "{error}");
    assert_eq!(arena::elements(&architecture, Arithmetic::Float, Solver::Etd2), usize::MAX);
}
