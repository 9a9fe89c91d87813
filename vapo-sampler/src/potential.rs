//! The potential Φ(x, t), its drift ∇ₓΦ and its energy.
//!
//! A pass goes through the steps of a [`Plan`], which say where everything lies. What each layer computes `layer` says.

use crate::error::Error;
use crate::layer::{At, Compute, squared_norm};
use crate::plan::{Contribution, ELEMENT, NONE, Plan, Step};
use core::ops::Range;
use vapo_format::layer::{MAX_INPUTS, Reverse};
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
        let mut values = [0..0, 0..0, 0..0];
        // A kind that works in place finds its first input in its output: there already, or copied there.
        let mut placed = !works_in_place(step.layer);
        for (value, &input) in values.iter_mut().zip(&step.inputs).filter(|(_, input)| **input != NONE) {
            *value = self.value(input)?;
            if !placed && (value.start == output.start && input != 0) {
                placed = true;
                *value = 0..0;
            }
        }
        let first = step.inputs[0];
        if !placed {
            let value = core::mem::replace(&mut values[0], 0..0);
            if first == 0 {
                self.memory.get_mut(output.clone())?.copy_from_slice(x);
            } else {
                let [from, to] = self.memory.get_disjoint_mut([value, output.clone()]).ok()?;
                to.copy_from_slice(from);
            }
        }
        let at = self.at(step, time)?;
        let [a, b, c] = values;
        let [a, b, c, y] = self.memory.get_disjoint_mut([a, b, c, output]).ok()?;
        let mut values: [&[f32]; MAX_INPUTS] = [a, b, c];
        if placed || first != 0 {
            let of_signal = values.iter_mut().zip(step.inputs).filter(|(_, input)| *input == 0);
            of_signal.for_each(|(value, _)| *value = x);
        }
        step.layer.forward(at, values, y);
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
                self.contribute(step, position, x, time, drift)?;
            }
        }
        Some(())
    }

    /// A node's contribution to the cotangent of one input.
    fn contribute(&mut self, step: &Step, position: usize, x: &[f32], time: f32, drift: &mut [f32]) -> Option<()> {
        let contribution = *step.contributions.get(position)?;
        if contribution == Contribution::None {
            return Some(());
        }
        let input = *step.inputs.get(position)?;
        let extent = self.plan.step(input)?.extent;
        let own = if matches!(step.layer, Layer::Readout(_)) { 0..0 } else { range(step.cotangent, step.extent) };
        // Empty where it is the drift.
        let cotangent = if input == 0 { 0..0 } else { range(self.plan.step(input)?.cotangent, extent) };
        let mode = step.layer.kind().reverse(position);
        let written = matches!(mode, Reverse::Written | Reverse::OverValue);
        let made = match (written, contribution) {
            (true, Contribution::Add) => range(step.scratch, extent),
            (true, _) => cotangent.clone(),
            (false, _) => own.clone(),
        };
        if mode != Reverse::Passed {
            let at = self.at(step, time)?;
            let mut values = [0..0, 0..0, 0..0];
            for (at, (value, &input)) in values.iter_mut().zip(&step.inputs).enumerate() {
                if input != NONE && *step.keeps.get(at)? {
                    *value = self.value(input)?;
                }
            }
            if mode == Reverse::OverValue {
                // The value lies where the cotangent goes: there already, or copied there.
                let value = core::mem::replace(values.get_mut(position)?, 0..0);
                if value.start != made.start {
                    let [from, to] = self.memory.get_disjoint_mut([value, made.clone()]).ok()?;
                    to.copy_from_slice(from);
                }
            }
            let [a, b, c] = values;
            let to = if written { made.clone() } else { 0..0 };
            let [a, b, c, g, to] = self.memory.get_disjoint_mut([a, b, c, own, to]).ok()?;
            let mut values: [&[f32]; MAX_INPUTS] = [a, b, c];
            values.iter_mut().zip(step.inputs).filter(|(_, input)| *input == 0).for_each(|(value, _)| *value = x);
            let to = if written && made.is_empty() { &mut *drift } else { to };
            step.layer.reverse(at, values, g, to, position);
        }
        if made.start == cotangent.start && made.end == cotangent.end {
            return Some(()); // it lies where it should
        }
        let (made, to) = if input == 0 {
            (self.memory.get(made)?, drift)
        } else {
            let [made, to] = self.memory.get_disjoint_mut([made, cotangent]).ok()?;
            (&*made, to)
        };
        match contribution {
            Contribution::Add => to.iter_mut().zip(made).for_each(|(to, made)| *to += made),
            _ => to.copy_from_slice(made),
        }
        Some(())
    }

    /// Where a node's output lies; nowhere for the signal.
    fn value(&self, node: u16) -> Option<Range<usize>> {
        let step = self.plan.step(node)?;
        Some(if node == 0 { 0..0 } else { range(step.value, step.extent) })
    }

    fn at(&self, step: &Step, time: f32) -> Option<At<'a>> {
        let [first, ..] = step.inputs;
        let input = self.plan.step(first).map_or(Shape::default(), |input| input.extent);
        let matrix = match step.layer {
            Layer::Conv(conv) => {
                let weights = self.model.weights().get(step.weights as usize..)?;
                let (rows, columns) = (conv.taps() * usize::from(input.channels), conv.channels.into());
                Some(Matrix::split_first(weights, rows, columns, self.model.encoding())?.0)
            }
            _ => None,
        };
        Some(At { input, output: step.extent, matrix, time })
    }
}

fn works_in_place(layer: Layer) -> bool {
    layer.kind().in_place()
}

/// Elements of an activation that begins at this byte.
fn range(offset: u32, extent: Shape) -> Range<usize> {
    let start = offset as usize / ELEMENT;
    start..start + extent.elements()
}
