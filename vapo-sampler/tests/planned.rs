//! A model with its plan before it: the plan that is read is the one that was written, and nothing else is taken for one.

mod common;

use common::{digits, graph, integer_model, random_model, zoo};
use vapo_format::architecture::MAX_NODES;
use vapo_format::{Encoding, Model};
use vapo_sampler::plan::Step;
use vapo_sampler::planned::{length, write};
use vapo_sampler::{Error, Plan, PlanFor, Planned, PlannedError, Solver};

type Room = PlanFor<MAX_NODES>;

const EMPTY: Room = Plan { fingerprint: 0, bytes: 0, count: 0, steps: [Step::EMPTY; MAX_NODES] };

fn planned(file: &[u8], plan: &Plan) -> Vec<u8> {
    let mut bytes = vec![0xaa; length(plan, file)];
    assert_eq!(write(plan, file, &mut bytes), Some(bytes.len()));
    bytes
}

/// Models of every layer kind, in both arithmetics.
fn models() -> impl Iterator<Item = Vec<u8>> {
    zoo().into_iter().chain((0..24).map(graph)).enumerate().flat_map(|(seed, architecture)| {
        let float = random_model(&architecture, Encoding::Int8, seed as u64);
        let integer = integer_model(&Model::parse(&float).unwrap(), 4.0, 0.02);
        [Some(float), integer].into_iter().flatten()
    })
}

#[test]
fn the_plan_that_is_read_is_the_one_that_was_written() {
    let (mut again, mut forward) = (0, 0);
    for file in models() {
        let model = Model::parse(&file).unwrap();
        for plan in [Room::new(&model).unwrap(), Room::forward(&model).unwrap()] {
            let bytes = planned(&file, &plan);
            let found = Planned::parse(&bytes).unwrap();
            assert_eq!((found.model(), found.nodes()), (model, plan.steps().len()));
            let most = plan.elements_with(Solver::Etd2);
            let guided = if model.classes() > 0 { plan.elements_guided(Solver::Etd2) } else { most };
            assert_eq!((found.sampler_elements(), found.monitor_elements()), (guided, plan.monitor_elements()));
            let mut read = EMPTY;
            found.lay(&mut read).unwrap();
            assert!(*read == *plan);
            again += plan.steps().iter().filter(|step| step.again).count();
            forward += usize::from(!read.has_reverse());
        }
    }
    assert!(again > 0);
    assert_eq!(forward, models().count());
}

#[test]
fn every_changed_byte_and_every_other_length_is_refused() {
    let file = random_model(&digits(), Encoding::Int8, 1);
    let plan = Room::new(&Model::parse(&file).unwrap()).unwrap();
    let bytes = planned(&file, &plan);
    let before = bytes.len() - file.len();
    // The file's own bytes are the format's to check.
    for place in 0..before + 16 {
        let mut changed = bytes.clone();
        changed[place] ^= 4;
        let error = Planned::parse(&changed).unwrap_err();
        match place {
            0..4 => assert_eq!(error, PlannedError::Unplanned),
            4 => assert_eq!(error, PlannedError::Version { found: 5 }),
            5 => assert_eq!(error, PlannedError::Version { found: 0x401 }),
            _ if place < before => assert_eq!(error, PlannedError::Damaged, "{place}"),
            _ => assert!(matches!(error, PlannedError::Model(_)), "{place}: {error}"),
        }
    }
    for length in 0..before + 64 {
        let error = Planned::parse(&bytes[..length]).unwrap_err();
        match length {
            0..16 => assert_eq!(error, PlannedError::Unplanned),
            _ if length < before => assert_eq!(error, PlannedError::Damaged, "{length}"),
            _ => assert!(matches!(error, PlannedError::Model(_)), "{length}: {error}"),
        }
    }
    assert!(matches!(Planned::parse(&[&*bytes, &[0]].concat()), Err(PlannedError::Model(_))));
    assert_eq!(Planned::parse(&file), Err(PlannedError::Unplanned));
}

#[test]
fn the_plan_of_another_model_is_refused() {
    let [one, other] = [Encoding::Int8, Encoding::Float32].map(|encoding| random_model(&digits(), encoding, 1));
    let plan = Room::new(&Model::parse(&one).unwrap()).unwrap();
    assert_eq!(Planned::parse(&planned(&other, &plan)), Err(PlannedError::Unlike));
    // Of the right fingerprint, but cut off.
    let fewer = Plan { count: plan.count - 1, ..plan };
    assert_eq!(Planned::parse(&planned(&one, &fewer)), Err(PlannedError::Unlike));
}

#[test]
fn too_little_room_is_refused() {
    let file = random_model(&digits(), Encoding::Int8, 1);
    let plan = Room::new(&Model::parse(&file).unwrap()).unwrap();
    let mut bytes = vec![0xaa; length(&plan, &file) - 1];
    assert_eq!(write(&plan, &file, &mut bytes), None);
    assert!(bytes.iter().all(|&byte| byte == 0xaa));

    let bytes = planned(&file, &plan);
    let mut few = Plan { fingerprint: 0, bytes: 0, count: 0, steps: [Step::EMPTY; 8] };
    let refused = Error::Nodes { most: 8, given: plan.steps().len() };
    assert_eq!(Planned::parse(&bytes).unwrap().lay(&mut few), Err(refused));
}
