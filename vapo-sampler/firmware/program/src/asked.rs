//! What a board that nobody sends requests shows next.

use vapo_request::Request;
use vapo_sampler::{Condition, Solver};

/// Sample after sample: a seed each, and the class that is chosen, where the model has classes.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    solver: Solver,
    classes: u16,
    class: u16,
    seed: u64,
}

impl Asked {
    /// Begins with the first seed and the first class, of a model of so many classes.
    pub const fn new(solver: Solver, classes: u16) -> Self {
        Asked { solver, classes, class: 0, seed: 0 }
    }

    /// The next sample, of the class that is chosen.
    pub fn again(&mut self) -> Request {
        let class = (self.classes > 0).then_some(self.class);
        let request = Request { seed: self.seed, condition: Condition::of(class), ..Request::of(self.solver) };
        self.seed = self.seed.wrapping_add(1);
        request
    }

    /// Chooses the class after the one that is chosen; after the last the first.
    pub fn more(&mut self) {
        self.class = self.class.checked_add(1).filter(|&class| class < self.classes).unwrap_or(0);
    }

    /// Chooses the class before the one that is chosen; before the first the last.
    pub fn less(&mut self) {
        self.class = self.class.checked_sub(1).unwrap_or(self.classes.saturating_sub(1));
    }

    /// One sample of every class after the other, without end.
    pub fn in_turn(mut self) -> impl Iterator<Item = Request> {
        core::iter::repeat_with(move || {
            let request = self.again();
            self.more();
            request
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;
    use std::vec::Vec;
    use vapo_request::Request;
    use vapo_sampler::Solver;

    fn told(request: Request) -> (u64, Option<u16>) {
        (request.seed, request.condition.class)
    }

    #[test]
    fn classes_are_chosen_in_a_circle_and_every_sample_has_a_seed_of_its_own() {
        let mut asked = Asked::new(Solver::Etd2, 3);
        let mut found = Vec::new();
        for step in [Asked::less, Asked::less, Asked::more, Asked::more, Asked::more, Asked::less] {
            found.push(told(asked.again()));
            step(&mut asked);
        }
        assert_eq!(found, [(0, Some(0)), (1, Some(2)), (2, Some(1)), (3, Some(2)), (4, Some(0)), (5, Some(1))]);
    }

    #[test]
    fn all_have_their_turn_and_a_model_without_classes_has_none() {
        let first = |classes| Asked::new(Solver::Ab2, classes).in_turn().take(4).map(told).collect::<Vec<_>>();
        assert_eq!(first(2), [(0, Some(0)), (1, Some(1)), (2, Some(0)), (3, Some(1))]);
        assert_eq!(first(0), [(0, None), (1, None), (2, None), (3, None)]);
        let mut none = Asked::new(Solver::Ab2, 0);
        none.less();
        none.more();
        assert_eq!(told(none.again()), (0, None));
    }
}
