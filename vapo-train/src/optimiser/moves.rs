//! Which rule moves which parameters.

use super::muon;
use crate::potential::parameters::{Layout, Place, Published, Role};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How gradients become steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Muon for the weights between channels, Adam for all others
    #[default]
    Muon,
    /// Adam for all parameters
    Adam,
}

impl Rule {
    /// Whether Muon moves the weights of a matrix: those between channels. What reads the signal or time, the embedding of
    /// time, and the factors that the potential is read out with keep Adam, as the method's authors advise. So, of what
    /// depends on time alone, Muon moves FiLM and nothing else.
    pub(super) fn orthogonalises(self, place: &Place) -> bool {
        let Role { first, of_signal, film, published, .. } = place.role;
        // The scales of a norm lie between no two channels.
        let norm = published == Some(Published::Norm);
        self == Rule::Muon && !first && !norm && (of_signal || film)
    }
}

/// The parameters that move. All others rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moves {
    /// All parameters, those that rest too.
    pub(crate) parameters: usize,
    /// Matrices whose weights Muon moves.
    pub(crate) orthogonal: Vec<Place>,
    /// What Adam moves.
    pub(crate) rest: Vec<Range<usize>>,
}

impl Moves {
    /// All parameters move by a rule.
    pub(crate) fn by(rule: Rule, layout: &Layout) -> Self {
        let orthogonal: Vec<Place> =
            layout.matrices.iter().filter(|place| rule.orthogonalises(place)).cloned().collect();
        let ends = orthogonal.iter().map(|place| place.weight().start).chain([layout.len()]);
        let starts = [0].into_iter().chain(orthogonal.iter().map(|place| place.weight().end));
        let rest = starts.zip(ends).map(|(start, end)| start..end).filter(|range| !range.is_empty()).collect();
        Moves { parameters: layout.len(), orthogonal, rest }
    }

    /// Biases alone move, by Adam.
    pub(crate) fn of_biases(layout: &Layout) -> Self {
        let rest = layout.matrices.iter().map(Place::bias).collect();
        Moves { parameters: layout.len(), orthogonal: Vec::new(), rest }
    }

    /// Multiply-accumulates of an update's products of matrices. Adam has none.
    pub(crate) fn multiply_accumulates(&self) -> u64 {
        let shapes = self.orthogonal.iter().map(|place| place.shape);
        shapes.map(|shape| muon::multiply_accumulates(shape.rows, shape.columns)).sum()
    }

    /// All that moves, in its order, in as few ranges as there can be.
    pub(crate) fn ranges(&self) -> Vec<Range<usize>> {
        let mut parts: Vec<_> = self.orthogonal.iter().map(Place::weight).chain(self.rest.iter().cloned()).collect();
        parts.sort_by_key(|range| range.start);
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for part in parts {
            match ranges.last_mut() {
                Some(last) if last.end == part.start => last.end = part.end,
                _ => ranges.push(part),
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::preset::Preset;
    use vapo_format::{Homotopy, Shape};

    #[test]
    fn every_parameter_moves_once_or_rests() {
        let image = Shape { channels: 3, height: 32, width: 32 };
        for preset in Preset::encoders() {
            let layout = Layout::new(&preset.architecture(image, Homotopy::Linear));
            for rule in [Rule::Muon, Rule::Adam] {
                let ranges = Moves::by(rule, &layout).ranges();
                assert!(ranges.len() == 1 && ranges[0] == (0..layout.len()), "{ranges:?}");
            }
            let biases: Vec<_> = layout.matrices.iter().map(Place::bias).collect();
            assert_eq!(Moves::of_biases(&layout).ranges(), biases);
        }
    }
}
