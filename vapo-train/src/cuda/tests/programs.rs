//! What is known of a program without a device.

use super::usual_image;
use crate::cuda::network::Network;
use crate::cuda::passes::Options;
use crate::cuda::program::{Buffer, Placement, Program, Role};
use crate::optimiser::{Moves, Rule};
use crate::potential::parameters::Layout;
use crate::run::preset::Preset;
use vapo_format::{Homotopy, Shape};

/// Bytes of an f32.
const REAL: usize = 4;

fn program(preset: &Preset, images: usize, recompute: bool) -> Program {
    let architecture = preset.architecture(usual_image(preset.name), Homotopy::Linear);
    let moves = Moves::by(Rule::Muon, &Layout::new(&architecture));
    Network::training(
        &architecture,
        Options { images, time_rate: false, recompute, dropout: preset.training.dropout },
        &moves,
        0.0,
    )
    .program
}

/// Bytes that live at a launch, of buffers that do not last.
fn live(program: &Program, at: usize) -> usize {
    let lives = |&index: &usize| {
        let within = |(first, last): (usize, usize)| (first..=last).contains(&at);
        !program.buffers[index].role.lasts() && program.lifetimes[index].is_some_and(within)
    };
    (0..program.buffers.len()).filter(lives).map(|index| program.bytes(Buffer(index), REAL)).sum()
}

#[test]
fn buffers_that_live_at_once_lie_apart() {
    for preset in Preset::encoders() {
        for recompute in [false, true] {
            let program = program(&preset, 2, recompute);
            let placement = Placement::new(&program, REAL);
            let always = (0, program.launches());
            let placed: Vec<_> = (0..program.buffers.len())
                .filter_map(|index| {
                    let lasts = program.buffers[index].role.lasts();
                    let lifetime = if lasts { Some(always) } else { program.lifetimes[index] };
                    let start = placement.offsets[index];
                    Some((lifetime?, start..start + program.bytes(Buffer(index), REAL)))
                })
                .collect();
            for (index, (life, bytes)) in placed.iter().enumerate() {
                assert!(bytes.end <= placement.bytes);
                for (other_life, other) in &placed[index + 1..] {
                    let at_once = life.0 <= other_life.1 && other_life.0 <= life.1;
                    let apart = bytes.end <= other.start || other.end <= bytes.start;
                    assert!(!at_once || apart, "{}: {life:?} {bytes:?}, {other_life:?} {other:?}", preset.name);
                }
            }
        }
    }
}

/// The goal is 1.3 times the parameters, moments, average and what the last reverse pass needs of earlier ones.
#[test]
fn a_step_takes_little_more_memory_than_what_reverse_keeps() {
    for preset in Preset::encoders() {
        let program = program(&preset, preset.training.batch, false);
        let placement = Placement::new(&program, REAL);
        let states = [Role::Parameters, Role::Moments, Role::Average];
        let needed = states.map(|role| program.lasting(role, REAL)).iter().sum::<usize>() + program.kept(REAL);
        let ratio = placement.bytes as f64 / needed as f64;
        assert!(ratio < 1.1, "{}: {ratio}", preset.name);
        // Little is lost between buffers.
        let peak = (0..program.launches()).map(|at| live(&program, at)).max().unwrap_or_default();
        let lost = (placement.bytes - placement.lasting) as f64 / peak as f64;
        assert!(lost < 1.1, "{}: {lost}", preset.name);
    }
}

#[test]
fn computing_again_takes_less_memory_and_more_operations() {
    for preset in Preset::encoders().iter().filter(|preset| preset.name != "tiny") {
        let [keeps, again] = [false, true].map(|recompute| {
            let program = program(preset, preset.training.batch, recompute);
            (Placement::new(&program, REAL).bytes, program.operations_of_passes())
        });
        assert!(10 * again.0 < 7 * keeps.0, "{}: {} of {} bytes", preset.name, again.0, keeps.0);
        assert!((1.5..2.0).contains(&(again.1 as f64 / keeps.1 as f64)), "{}: {again:?} {keeps:?}", preset.name);
    }
}

/// Forward and in reverse, for values and for tangents, and the weights' two products.
#[test]
fn products_are_those_of_the_method() {
    for preset in Preset::encoders() {
        let architecture = preset.architecture(usual_image(preset.name), Homotopy::Linear);
        let forward = 2 * preset.training.batch as u64 * architecture.multiply_accumulates();
        let program = program(&preset, preset.training.batch, false);
        let found = program.operations_of_passes();
        // Nothing flows back to the signal and to time in the second pass, and no tangents through what depends on time alone.
        let ratio = found as f64 / forward as f64;
        assert!((5.0..=6.0).contains(&ratio), "{}: {ratio}", preset.name);
    }
}

/// Of the largest activation, in 64 bits.
#[test]
fn pixels_are_counted() {
    let image = Shape { channels: 1, height: 1024, width: 1024 };
    let architecture = Preset::named("peer-8").unwrap().architecture(image, Homotopy::Linear);
    let options = Options { images: 65_536, time_rate: false, recompute: false, dropout: 0.0 };
    assert_eq!(Network::passes(&architecture, options).pixels(), 1 << 36);
}
