//! Digits of a model, drawn as a board draws them.

use crate::cli::Failure;
use crate::sampling::{Asked, Settings, sample};
use vapo_format::{Model, Shape};
use vapo_sampler::{Schedule, Solver};

/// Digits that are shown, at most.
pub(super) const MOST: usize = 20;
/// Extent of the digits that `demo` trains on.
pub(super) const SHAPE: Shape = Shape { channels: 1, height: 8, width: 8 };
/// Steps of a sample, as boards take them.
const STEPS: u16 = 10;

/// `count` samples (N, H, W, C) of the seeds from `seed` on, each of the class after that of the one before it.
///
/// # Errors
/// The sampler refuses, or the numbers are not finite.
pub(super) fn draw(model: &Model<'_>, count: usize, seed: u64) -> Result<Vec<f32>, Failure> {
    let (solver, schedule) = (Solver::default(), Schedule::usual(STEPS)?);
    let temperature = solver.usual_temperature();
    let (turn, asked) = match usize::from(model.classes()) {
        0 => (count.max(1), Asked::default()),
        classes => (classes, Asked::each(1)),
    };
    let mut images = Vec::new();
    for first in (0..count).step_by(turn) {
        let (count, seed) = (turn.min(count - first), seed.wrapping_add(first as u64));
        images.extend(sample(model, &Settings { count, solver, schedule, temperature, seed, asked })?);
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::Classes;

    const DIGITS: &[u8] = include_bytes!("../../../../vapo-sampler/firmware/models/digits.vapo");

    #[test]
    fn each_digit_has_a_seed_of_its_own_and_the_class_whose_turn_it_is() {
        let model = Model::parse(DIGITS).unwrap();
        let all = draw(&model, 13, 5).unwrap();
        assert_eq!(all.len(), 13 * 64);
        let solver = Solver::default();
        for (index, class) in [(0, 0), (9, 9), (12, 2)] {
            let settings = Settings {
                count: 1,
                solver,
                schedule: Schedule::usual(STEPS).unwrap(),
                temperature: solver.usual_temperature(),
                seed: 5 + index as u64,
                asked: Asked { classes: Classes::One(class), guidance: 0.0 },
            };
            assert_eq!(all[64 * index..][..64], sample(&model, &settings).unwrap());
        }
        assert!(draw(&model, 0, 0).unwrap().is_empty());
    }
}
