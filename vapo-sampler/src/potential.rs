//! The potential Φ(x, t), its drift ∇ₓΦ and its energy.
//!
//! A pass goes through the steps of a [`Plan`], which say where everything lies. What each layer computes `layer` says.

use crate::error::Error;
use crate::layer::{At, Compute, Values, squared_norm};
use crate::plan::{Contribution, ELEMENT, NONE, Plan, Step};
use core::ops::Range;
use vapo_format::layer::{Input, MAX_INPUTS, Reverse};
use vapo_format::{Homotopy, Layer, Matrix, Model, Shape, Threshold};

/// A model's potential, evaluated in memory that the caller lends.
///
/// A sample x is H·W·C elements, row-major, channels last.
#[derive(Debug)]
pub struct Potential<'a> {
    model: &'a Model<'a>,
    plan: &'a Plan,
    memory: &'a mut [f32],
}

impl<'a> Potential<'a> {
    /// A potential that works in `memory`, of which it takes the first [`Plan::elements`].
    ///
    /// # Errors
    /// [`Error::Plan`] where the plan is of another model, [`Error::Arena`] where the memory has fewer elements.
    pub fn new(model: &'a Model<'a>, plan: &'a Plan, memory: &'a mut [f32]) -> Result<Self, Error> {
        if plan.fingerprint != model.fingerprint() {
            return Err(Error::Plan);
        }
        let needed = plan.elements();
        let refused = Error::Arena { needed, given: memory.len() };
        let memory = memory.get_mut(..needed).ok_or(refused)?;
        Ok(Potential { model, plan, memory })
    }

    /// Φ(x, time).
    ///
    /// # Errors
    /// [`Error::Length`] where x is no sample of the model.
    pub fn potential(&mut self, x: &[f32], time: f32) -> Result<f32, Error> {
        self.check(x)?;
        self.forward(x, time).ok_or(Error::Plan)
    }

    /// Sets `drift` to ∇ₓΦ(x, time) and returns Φ(x, time): one pass through the nodes, and one back.
    ///
    /// # Errors
    /// [`Error::Length`] where x or `drift` is no sample of the model.
    pub fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        self.check(x)?;
        self.check(drift)?;
        let potential = self.forward(x, time).ok_or(Error::Plan)?;
        self.reverse(x, time, drift).ok_or(Error::Plan)?;
        Ok(potential)
    }

    /// −log ρ(x) at `time`, up to a constant that depends on time alone, for the density ρ that the flow has then.
    /// None where there is no such formula: [`Homotopy::Linear`] at time 1.
    ///
    /// The drift holds the score −∇E\[ε|x\]/std; integrated over x, that is (½‖x‖² − tΦ)/(1 − t) for the linear
    /// homotopy and 2(½‖x‖² − tΦ)/(2 − t) for the Bayes homotopy.
    ///
    /// # Errors
    /// [`Error::Length`] where x is no sample of the model.
    #[inline(never)] // two callers, and one copy takes less flash
    pub fn energy(&mut self, x: &[f32], time: f32) -> Result<Option<f32>, Error> {
        let energy = 0.5 * squared_norm(x) - time * self.potential(x, time)?;
        Ok(match self.homotopy() {
            Homotopy::Linear if time == 1.0 => None,
            Homotopy::Linear => Some(energy / (1.0 - time)),
            Homotopy::Bayes => Some(2.0 * energy / (2.0 - time)),
        })
    }

    /// The path that the potential was trained on.
    pub fn homotopy(&self) -> Homotopy {
        self.model.homotopy()
    }

    /// Extent of a sample.
    pub fn signal(&self) -> Shape {
        self.model.signal()
    }

    pub(crate) fn threshold(&self) -> Option<Threshold> {
        self.model.threshold()
    }

    pub(crate) fn check(&self, x: &[f32]) -> Result<(), Error> {
        let (expected, found) = (self.model.signal().elements(), x.len());
        if expected == found { Ok(()) } else { Err(Error::Length { expected, found }) }
    }

    /// Every node in order. None where the plan is not the model's.
    fn forward(&mut self, x: &[f32], time: f32) -> Option<f32> {
        let steps = self.plan.steps();
        for step in steps {
            self.compute(step, x, time)?;
        }
        // The read-out's output.
        let last = steps.last()?;
        self.memory.get(last.value as usize / ELEMENT).copied()
    }

    /// One node forward.
    fn compute(&mut self, step: &Step, x: &[f32], time: f32) -> Option<()> {
        if matches!(step.layer, Layer::Signal(_)) {
            return Some(());
        }
        let output = range(step.value, step.extent);
        let (mut values, mut of_signal) = self.values(step, [true; MAX_INPUTS])?;
        if step.layer.kind().in_place() {
            // Its first input is in its output: there already, or copied there.
            let there = values.iter().position(|value| !value.is_empty() && value.start == output.start);
            let position = there.unwrap_or(0);
            let value = core::mem::replace(values.get_mut(position)?, 0..0);
            let is_signal = core::mem::replace(of_signal.get_mut(position)?, false);
            if is_signal {
                set(self.memory.get_mut(output.clone())?, x);
            } else if there.is_none() {
                self.copy(value, output.clone())?;
            }
        }
        let at = self.at(step, time)?;
        let [a, b, c] = values;
        let [a, b, c, y] = self.memory.get_disjoint_mut([a, b, c, output]).ok()?;
        step.layer.forward(at, with_signal([a, b, c], of_signal, x), y);
        Some(())
    }

    /// Every node that depends on the signal, from the last to the first.
    fn reverse(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Option<()> {
        for step in self.plan.steps().iter().rev() {
            if step.contributions.iter().all(|contribution| *contribution == Contribution::None) {
                continue;
            }
            for (&input, _) in step.inputs.iter().zip(step.keeps).filter(|(input, keeps)| *keeps && **input != NONE) {
                let input = self.plan.step(input)?;
                if input.again {
                    self.compute(input, x, time)?;
                }
            }
            for position in 0..MAX_INPUTS {
                if let Some(way) = self.way(step, position) {
                    if way.mode != Reverse::Passed {
                        self.make(step, position, &way, x, time, drift)?;
                    }
                    self.bring(way, drift)?;
                }
            }
        }
        Some(())
    }

    /// How a node contributes to the cotangent of one input; none where it does not.
    fn way(&self, step: &Step, position: usize) -> Option<Way> {
        let contribution = *step.contributions.get(position)?;
        if contribution == Contribution::None {
            return None;
        }
        let input = *step.inputs.get(position)?;
        let Step { extent, cotangent, .. } = *self.plan.step(input)?;
        let mode = step.layer.kind().reverse(position);
        // Nothing comes after a read-out.
        let own = if matches!(step.layer, Layer::Readout(_)) { 0..0 } else { range(step.cotangent, step.extent) };
        let to = if input == 0 { 0..0 } else { range(cotangent, extent) };
        let made = match (mode, contribution) {
            (Reverse::InPlace | Reverse::Passed, _) => own.clone(),
            (_, Contribution::Add) => range(step.scratch, extent),
            _ => to.clone(),
        };
        Some(Way { mode, contribution, own, made, to, is_drift: input == 0 })
    }

    /// Makes a contribution.
    fn make(&mut self, step: &Step, position: usize, way: &Way, x: &[f32], time: f32, drift: &mut [f32]) -> Option<()> {
        let (mut values, mut of_signal) = self.values(step, step.keeps)?;
        if way.mode == Reverse::OverValue {
            // The value lies where the cotangent goes: there already, or copied there.
            let value = core::mem::replace(values.get_mut(position)?, 0..0);
            let is_signal = core::mem::replace(of_signal.get_mut(position)?, false);
            if is_signal {
                set(if way.made.is_empty() { &mut *drift } else { self.memory.get_mut(way.made.clone())? }, x);
            } else if value.start != way.made.start {
                self.copy(value, way.made.clone())?;
            }
        }
        let at = self.at(step, time)?;
        let [a, b, c] = values;
        let made = if way.mode == Reverse::InPlace { 0..0 } else { way.made.clone() };
        let [a, b, c, g, made] = self.memory.get_disjoint_mut([a, b, c, way.own.clone(), made]).ok()?;
        let to = if way.made.is_empty() { drift } else { made };
        step.layer.reverse(at, with_signal([a, b, c], of_signal, x), g, to, position);
        Some(())
    }

    /// Brings a contribution that was made to the cotangent that it is of.
    fn bring(&mut self, way: Way, drift: &mut [f32]) -> Option<()> {
        if way.made == way.to {
            return Some(()); // it was made there
        }
        let (made, to) = if way.is_drift {
            (self.memory.get(way.made)?, drift)
        } else {
            let [made, to] = self.memory.get_disjoint_mut([way.made, way.to]).ok()?;
            (&*made, to)
        };
        match way.contribution {
            Contribution::Add => to.iter_mut().zip(made).for_each(|(to, made)| *to += made),
            _ => set(to, made),
        }
        Some(())
    }

    /// Where the values of a node's inputs lie, those that are wanted, and whether they are the signal's, which lies nowhere
    /// in the memory.
    fn values(
        &self,
        step: &Step,
        wanted: [bool; MAX_INPUTS],
    ) -> Option<([Range<usize>; MAX_INPUTS], [bool; MAX_INPUTS])> {
        let mut values = [0..0, 0..0, 0..0];
        let mut of_signal = [false; MAX_INPUTS];
        let inputs = step.inputs.iter().zip(wanted).zip(values.iter_mut().zip(&mut of_signal));
        for ((&input, _), (value, of_signal)) in inputs.filter(|((input, wanted), _)| *wanted && **input != NONE) {
            let Step { value: offset, extent, .. } = *self.plan.step(input)?;
            *of_signal = input == 0;
            if input != 0 {
                *value = range(offset, extent);
            }
        }
        Some((values, of_signal))
    }

    fn copy(&mut self, from: Range<usize>, to: Range<usize>) -> Option<()> {
        let [from, to] = self.memory.get_disjoint_mut([from, to]).ok()?;
        set(to, from);
        Some(())
    }

    fn at(&self, step: &Step, time: f32) -> Option<At<'a>> {
        let mut inputs = [Input::default(); MAX_INPUTS];
        let mut count = 0;
        for (input, &node) in inputs.iter_mut().zip(&step.inputs).filter(|(_, node)| **node != NONE) {
            input.extent = self.plan.step(node)?.extent;
            count += 1;
        }
        let matrix = match step.layer.kind().matrix(inputs.get(..count)?) {
            Some((rows, columns)) => {
                let weights = self.model.weights().get(step.weights as usize..)?;
                Some(Matrix::split_first(weights, rows, columns, self.model.encoding())?.0)
            }
            None => None,
        };
        let [first, ..] = inputs;
        Some(At { input: first.extent, output: step.extent, matrix, time })
    }
}

/// How a node contributes to the cotangent of one input.
struct Way {
    mode: Reverse,
    contribution: Contribution,
    /// The cotangent of the node's own output.
    own: Range<usize>,
    /// Where the contribution is made; nowhere in the memory where that is the drift.
    made: Range<usize>,
    /// Where it belongs; nowhere in the memory where that is the drift.
    to: Range<usize>,
    is_drift: bool,
}

/// The values, with the signal where it is one.
fn with_signal<'m>(values: [&'m mut [f32]; MAX_INPUTS], of_signal: [bool; MAX_INPUTS], x: &'m [f32]) -> Values<'m> {
    let mut values = values.map(|value| &*value);
    values.iter_mut().zip(of_signal).filter(|(_, of_signal)| *of_signal).for_each(|(value, _)| *value = x);
    values
}

/// Copies what both slices have room for: `copy_from_slice` would panic where their lengths differ.
fn set(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// Elements of an activation that begins at this byte.
fn range(offset: u32, extent: Shape) -> Range<usize> {
    let start = offset as usize / ELEMENT;
    start..start + extent.elements()
}
