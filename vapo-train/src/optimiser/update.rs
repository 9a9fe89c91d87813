//! The steps of all rules, each on what it moves.

use super::moves::{Moves, Rule};
use super::{Adam, Clip, muon};
use crate::arithmetic::extent::{ExtentError, check};
use crate::potential::parameters::{Layout, Place};
use rayon::prelude::*;
use std::ops::Range;

/// A rule's moments.
pub struct Optimiser {
    /// What Muon moves, and what Adam.
    moves: Moves,
    /// Part of themselves that Muon's weights lose every step, in units of the learning rate.
    decay: f32,
    /// What Muon keeps of its weights, one after the other.
    momentum: Vec<f32>,
    adam: Adam,
}

impl Optimiser {
    /// Starts with moments of zero.
    pub fn new(rule: Rule, layout: &Layout) -> Self {
        Optimiser::of(Moves::by(rule, layout))
    }

    fn of(moves: Moves) -> Self {
        Optimiser {
            decay: 0.0,
            momentum: vec![0.0; moves.orthogonal.iter().map(|place| place.weight().len()).sum()],
            adam: Adam::new(moves.rest.iter().map(ExactSizeIterator::len).sum()),
            moves,
        }
    }

    /// Goes on after `step` updates from an [`Optimiser::first_moment`] and [`Optimiser::second_moment`].
    ///
    /// # Errors
    /// The moments have not a value a parameter.
    pub fn restore(rule: Rule, layout: &Layout, step: u32, first: &[f32], second: &[f32]) -> Result<Self, ExtentError> {
        Optimiser::new(rule, layout).with_moments(step, first, second)
    }

    /// The same, but biases alone move, by Adam, and all weights rest.
    ///
    /// # Errors
    /// As [`Optimiser::restore`].
    pub fn of_biases(layout: &Layout, step: u32, first: &[f32], second: &[f32]) -> Result<Self, ExtentError> {
        Optimiser::of(Moves::of_biases(layout)).with_moments(step, first, second)
    }

    /// With this decay of Muon's weights, in units of the learning rate.
    pub fn with_decay(self, decay: f32) -> Self {
        Optimiser { decay, ..self }
    }

    /// With elements that Adam clips by its second moment, or that it does not.
    #[must_use]
    pub fn with_clip(self, clip: Clip) -> Self {
        Optimiser { adam: self.adam.with_clip(clip), ..self }
    }

    fn with_moments(self, step: u32, first: &[f32], second: &[f32]) -> Result<Self, ExtentError> {
        check("the first moment", first, self.moves.parameters)?;
        check("the second moment", second, self.moves.parameters)?;
        let mut optimiser = self;
        optimiser.adam =
            Adam::restore(step, &pick(first, &optimiser.moves.rest), &pick(second, &optimiser.moves.rest))?;
        let weights: Vec<_> = optimiser.moves.orthogonal.iter().map(Place::weight).collect();
        optimiser.momentum = pick(first, &weights);
        Ok(optimiser)
    }

    /// Moves the parameters by one step against the gradient, on the threads of the current pool.
    ///
    /// # Errors
    /// Parameters or gradient are not as many as at the start.
    pub fn update(&mut self, parameters: &mut [f32], gradient: &[f32], learning_rate: f32) -> Result<(), ExtentError> {
        check("the parameters", parameters, self.moves.parameters)?;
        check("the gradient", gradient, self.moves.parameters)?;
        let mut rest = pick(parameters, &self.moves.rest);
        self.adam.update(&mut rest, &pick(gradient, &self.moves.rest), learning_rate)?;
        put(&rest, &self.moves.rest, parameters);
        let rates = (learning_rate, learning_rate * self.decay);
        let mut steps = Vec::with_capacity(self.moves.orthogonal.len());
        let (mut parameters, mut passed, mut momentum) = (parameters, 0, &mut *self.momentum);
        for place in &self.moves.orthogonal {
            let weight = place.weight();
            let (upto, after) = parameters.split_at_mut(weight.end - passed);
            let (of_weight, others) = momentum.split_at_mut(weight.len());
            steps.push((&mut upto[weight.start - passed..], of_weight, &gradient[weight.clone()], place.shape.columns));
            (parameters, passed, momentum) = (after, weight.end, others);
        }
        steps.into_par_iter().for_each(|(weights, momentum, gradient, columns)| {
            muon::update(weights, momentum, gradient, columns, rates);
        });
        Ok(())
    }

    /// Moving average of the gradient, a value a parameter.
    pub fn first_moment(&self) -> Vec<f32> {
        let mut all = vec![0.0; self.moves.parameters];
        put(self.adam.first_moment(), &self.moves.rest, &mut all);
        put(&self.momentum, &self.moves.orthogonal.iter().map(Place::weight).collect::<Vec<_>>(), &mut all);
        all
    }

    /// Moving average of the squared gradient, a value a parameter; zero where Muon, which has none, moves it.
    pub fn second_moment(&self) -> Vec<f32> {
        let mut all = vec![0.0; self.moves.parameters];
        put(self.adam.second_moment(), &self.moves.rest, &mut all);
        all
    }
}

/// The values of all ranges, one after the other.
fn pick(values: &[f32], ranges: &[Range<usize>]) -> Vec<f32> {
    ranges.iter().map(|range| &values[range.clone()]).collect::<Vec<_>>().concat()
}

/// The other direction of [`pick`].
fn put(picked: &[f32], ranges: &[Range<usize>], values: &mut [f32]) {
    let mut rest = picked;
    for range in ranges {
        let (of_range, others) = rest.split_at(range.len());
        values[range.clone()].copy_from_slice(of_range);
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::generator;
    use crate::run::preset::Preset;
    use vapo_format::{Block, Homotopy, Shape};
    use vapo_sampler::Noise;

    fn layout() -> Layout {
        let image = Shape { channels: 1, height: 8, width: 8 };
        Layout::new(&Preset::named("tiny").unwrap().architecture(image, Homotopy::Linear))
    }

    fn gradient(layout: &Layout, seed: u64) -> Vec<f32> {
        let mut values = vec![0.0; layout.len()];
        Noise::new(generator(seed)).fill(&mut values);
        values
    }

    #[test]
    fn every_parameter_moves_by_its_rule() {
        let layout = layout();
        let gradient = gradient(&layout, 1);
        let moved = [Rule::Muon, Rule::Adam].map(|rule| {
            let mut parameters = vec![0.0; layout.len()];
            Optimiser::new(rule, &layout).update(&mut parameters, &gradient, 0.01).unwrap();
            parameters
        });
        for place in &layout.matrices {
            let [muon, adam] = moved.each_ref().map(|moved| &moved[place.weight()]);
            assert!(muon.iter().chain(adam).all(|value| *value != 0.0), "{}", place.shape);
            assert_eq!(muon == adam, !Rule::Muon.orthogonalises(place), "{}", place.shape);
            assert_eq!(moved[0][place.bias()], moved[1][place.bias()]);
        }
        let mut alone = vec![0.0; layout.len()];
        Adam::new(layout.len()).update(&mut alone, &gradient, 0.01).unwrap();
        assert_eq!(moved[1], alone);
    }

    /// Matrices of the presets that Muon moves, block by block.
    #[test]
    fn muon_moves_what_lies_between_channels() {
        let image = Shape { channels: 3, height: 32, width: 32 };
        for preset in Preset::encoders() {
            let of_block = |block: &Block| match block {
                Block::SpaceToDepth => &[][..],
                // The stem reads the image.
                Block::Conv { .. } => &[false],
                // Both convolutions and FiLM.
                Block::Residual => &[true, true, true],
                Block::Down { .. } | Block::Head { .. } => &[true],
            };
            let blocks = preset.blocks().iter().flat_map(of_block).copied();
            // The embedding of time first, the factors of the read-out last.
            let expected: Vec<bool> = [false, false].into_iter().chain(blocks).chain([false]).collect();
            let layout = Layout::new(&preset.architecture(image, Homotopy::Linear));
            let moved = |rule: Rule| layout.matrices.iter().map(|place| rule.orthogonalises(place)).collect::<Vec<_>>();
            assert_eq!(moved(Rule::Muon), expected, "{}", preset.name);
            assert!(!moved(Rule::Adam).contains(&true));
        }
    }

    #[test]
    fn a_restored_state_goes_on_to_the_same_bytes() {
        let layout = layout();
        for rule in [Rule::Muon, Rule::Adam] {
            let mut optimiser = Optimiser::new(rule, &layout);
            let (mut whole, mut part) = (vec![0.5; layout.len()], vec![0.5; layout.len()]);
            let mut resumed = Optimiser::new(rule, &layout);
            for step in 0..6 {
                let gradient = gradient(&layout, step.into());
                optimiser.update(&mut whole, &gradient, 0.1).unwrap();
                let (first, second) = (resumed.first_moment(), resumed.second_moment());
                resumed = Optimiser::restore(rule, &layout, step, &first, &second).unwrap();
                resumed.update(&mut part, &gradient, 0.1).unwrap();
            }
            assert!(whole == part && optimiser.first_moment() == resumed.first_moment(), "{rule:?}");
        }
    }

    #[test]
    fn other_extents_are_refused() {
        let layout = layout();
        let values = vec![0.0; layout.len()];
        let mut optimiser = Optimiser::new(Rule::Muon, &layout);
        assert_eq!(optimiser.update(&mut [0.0; 3], &values, 0.1).unwrap_err().what, "the parameters");
        assert_eq!(optimiser.update(&mut values.clone(), &[0.0; 3], 0.1).unwrap_err().what, "the gradient");
        for (first, second, what) in
            [(&values[1..], &values[..], "the first moment"), (&values, &values[1..], "the second moment")]
        {
            let refused = Optimiser::restore(Rule::Muon, &layout, 1, first, second).err().map(|error| error.what);
            assert_eq!(refused, Some(what));
        }
    }
}
