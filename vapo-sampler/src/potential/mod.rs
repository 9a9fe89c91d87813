//! The potential Φ(x, t), its drift ∇ₓΦ and its energy.
//!
//! One file a layer kind, with a forward and a reverse pass side by side. [`crate::arena`] explains the frames that
//! they work in, `vapo_format::architecture` what each layer computes.

mod activation;
mod conv;
mod down;
mod embedding;
mod frame;
mod head;
mod readout;
mod residual;
mod space_to_depth;

use crate::arena::{self, Plan, kept};
use crate::error::Error;
use crate::kernel::{Direction, linear};
use frame::{Frame, Placed};
use vapo_format::architecture::MAX_LAYERS;
use vapo_format::{Homotopy, Model, Threshold};

/// A model's potential, evaluated in memory that the caller lends.
///
/// A sample x is H·W·C elements, row-major, channels last.
#[derive(Debug)]
pub struct Potential<'a> {
    model: &'a Model<'a>,
    layers: heapless::Vec<Placed<'a>, MAX_LAYERS>,
    plan: Plan,
    memory: &'a mut [f32],
}

/// How a forward pass leaves the memory: the stack as what each layer keeps, then `output` elements of the head's
/// output; the vector as the readout's.
struct Forward {
    potential: f32,
    output: usize,
}

impl<'a> Potential<'a> {
    /// A potential that works in `memory`, of which it takes the first [`arena::potential_elements`].
    ///
    /// # Errors
    /// [`Error::Arena`] where there are fewer.
    pub fn new(model: &'a Model<'a>, memory: &'a mut [f32]) -> Result<Self, Error> {
        let needed = arena::potential_elements(model.architecture());
        let refused = Error::Arena { needed, given: memory.len() };
        let memory = memory.get_mut(..needed).ok_or(refused)?;
        Ok(Potential { model, layers: frame::place(model), plan: Plan::new(model.architecture()), memory })
    }

    /// Φ(x, time).
    ///
    /// # Errors
    /// [`Error::Length`] where x is no image of the model.
    pub fn potential(&mut self, x: &[f32], time: f32) -> Result<f32, Error> {
        self.check(x)?;
        let forward = self.forward(x, time).ok_or(self.short())?;
        Ok(forward.potential)
    }

    /// Sets `drift` to ∇ₓΦ(x, time) and returns Φ(x, time): one pass through the encoder, and one back.
    ///
    /// # Errors
    /// [`Error::Length`] where x or `drift` is no image of the model.
    pub fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        self.check(x)?;
        self.check(drift)?;
        let forward = self.forward(x, time).ok_or(self.short())?;
        self.reverse(x, &forward, drift).ok_or(self.short())?;
        Ok(forward.potential)
    }

    /// −log ρ(x) at `time`, up to a constant that depends on time alone, for the density ρ that the flow has then.
    /// None where there is no such formula: [`Homotopy::Linear`] at time 1.
    ///
    /// The drift holds the score −∇E\[ε|x\]/std; integrated over x, that is (½‖x‖² − tΦ)/(1 − t) for the linear
    /// homotopy and 2(½‖x‖² − tΦ)/(2 − t) for the Bayes homotopy.
    ///
    /// # Errors
    /// [`Error::Length`] where x is no image of the model.
    #[inline(never)] // two callers, and one copy takes less flash
    pub fn energy(&mut self, x: &[f32], time: f32) -> Result<Option<f32>, Error> {
        let energy = 0.5 * readout::squared_norm(x) - time * self.potential(x, time)?;
        Ok(match self.homotopy() {
            Homotopy::Linear if time == 1.0 => None,
            Homotopy::Linear => Some(energy / (1.0 - time)),
            Homotopy::Bayes => Some(2.0 * energy / (2.0 - time)),
        })
    }

    /// The path that the potential was trained on.
    pub fn homotopy(&self) -> Homotopy {
        self.model.architecture().homotopy
    }

    pub(crate) fn threshold(&self) -> Option<Threshold> {
        self.model.threshold()
    }

    pub(crate) fn check(&self, x: &[f32]) -> Result<(), Error> {
        let (expected, found) = (self.model.architecture().image.elements(), x.len());
        if expected == found { Ok(()) } else { Err(Error::Length { expected, found }) }
    }

    /// Stands where a slice of the plan's length would be too short.
    fn short(&self) -> Error {
        Error::Arena { needed: arena::potential_elements(self.model.architecture()), given: self.memory.len() }
    }

    fn forward(&mut self, x: &[f32], time: f32) -> Option<Forward> {
        let lengths = [self.plan.embedding, self.plan.vector, self.plan.stack];
        let [embedding, vector, stack] = arena::split(self.memory, lengths)?;
        let mut matrices = self.model.matrices();
        embedding::embed(&matrices.next()?, &matrices.next()?, time, stack.get_mut(..embedding.len())?, embedding);

        stack.iter_mut().zip(x).for_each(|(to, from)| *to = *from);
        let (mut base, mut output) = (0, x.len());
        for placed in &self.layers {
            let memory = stack.get_mut(base..)?;
            Frame::new(placed, self.model.encoding(), memory, embedding, vector).forward()?;
            base += kept(placed.layer, placed.input);
            output = placed.output.elements();
        }

        let readout = matrices.last()?;
        let vector = vector.get_mut(..readout.columns)?;
        linear(&readout, Direction::Forward, 1, embedding, vector);
        let (quadratic, weights) = vector.split_first()?;
        let o = stack.get(base..)?.get(..output)?;
        let potential = readout::potential(weights, o) + 0.5 * quadratic * readout::squared_norm(x);
        Some(Forward { potential, output })
    }

    fn reverse(&mut self, x: &[f32], forward: &Forward, drift: &mut [f32]) -> Option<()> {
        let lengths = [self.plan.embedding, self.plan.vector, self.plan.stack];
        let [embedding, vector, stack] = arena::split(self.memory, lengths)?;
        let mut base: usize = self.layers.iter().map(|placed| kept(placed.layer, placed.input)).sum();
        let (&quadratic, weights) = vector.split_first()?;
        let head = self.layers.last()?.output.channels;
        let weights = weights.get(..usize::from(head))?;
        readout::reverse(weights, stack.get_mut(base..)?.get_mut(..forward.output)?);

        for placed in self.layers.iter().rev() {
            base = base.checked_sub(kept(placed.layer, placed.input))?;
            let memory = stack.get_mut(base..)?;
            Frame::new(placed, self.model.encoding(), memory, embedding, vector).reverse()?;
        }
        for ((drift, cotangent), x) in drift.iter_mut().zip(stack).zip(x) {
            *drift = *cotangent + quadratic * x;
        }
        Some(())
    }
}
