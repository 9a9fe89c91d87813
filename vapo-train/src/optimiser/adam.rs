//! Adam, with a state that can be read and restored.

use super::clip::{Clip, by_second_moment};
use crate::arithmetic::extent::{ExtentError, check};
use dfdx::prelude::*;

/// Decay of the first and of the second moment.
pub(crate) const BETAS: [f64; 2] = [0.9, 0.99];

/// What is added to the root of the second moment.
pub(crate) const EPSILON: f64 = 1e-8;

/// What dfdx's update rule takes a moment as: dereferences to a `Vec<f32>`.
type Buffer = <Cpu as Storage<f32>>::Vec;

/// Adam on flat parameters.
///
/// dfdx's own optimiser hides its step and its moments, so that a run could not be resumed. Its update rule is public:
/// this type lends it moments of its own.
///
/// Source: Kingma and Ba, *Adam: a method for stochastic optimization*, 2015.
#[derive(Clone, Debug)]
pub struct Adam {
    step: u32,
    clip: Clip,
    first: Buffer,
    second: Buffer,
    /// Scratch of one update, kept to save its allocation.
    gradient: Buffer,
    parameters: Tensor<(usize,), f32, Cpu>,
}

impl Adam {
    /// Starts with moments of zero for `parameters` parameters.
    pub fn new(parameters: usize) -> Self {
        let device = Cpu::default();
        let zeros = || device.try_alloc_len(parameters).expect("memory for one value a parameter");
        let (first, second, gradient) = (zeros(), zeros(), zeros());
        Adam { step: 0, clip: Clip::Norm, first, second, gradient, parameters: device.zeros_like(&(parameters,)) }
    }

    /// Goes on from an [`Adam::step`], [`Adam::first_moment`] and [`Adam::second_moment`].
    ///
    /// # Errors
    /// The moments differ in extent.
    pub fn restore(step: u32, first: &[f32], second: &[f32]) -> Result<Self, ExtentError> {
        check("the second moment", second, first.len())?;
        let mut adam = Adam { step, ..Adam::new(first.len()) };
        adam.first.copy_from_slice(first);
        adam.second.copy_from_slice(second);
        Ok(adam)
    }

    /// With [`Clip::SecondMoment`], it clips each element of a gradient before it takes a step. By [`Clip::Norm`] it leaves this to
    /// others: a norm is that of all parameters, of which it may move a part.
    #[must_use]
    pub fn with_clip(self, clip: Clip) -> Self {
        Adam { clip, ..self }
    }

    /// Moves the parameters by one step against the gradient.
    ///
    /// # Errors
    /// Parameters or gradient are not as many as at the start.
    pub fn update(&mut self, parameters: &mut [f32], gradient: &[f32], learning_rate: f32) -> Result<(), ExtentError> {
        check("the parameters", parameters, self.first.len())?;
        check("the gradient", gradient, self.first.len())?;
        self.gradient.copy_from_slice(gradient);
        if let Some(correction) = correction_to_clip(self.clip, self.step) {
            by_second_moment(&mut self.gradient, &self.second, correction);
        }
        self.step = self.step.saturating_add(1);
        let step = counted(self.step);
        let config = AdamConfig { lr: learning_rate.into(), betas: BETAS, eps: EPSILON, weight_decay: None };
        self.parameters.copy_from(parameters);
        config
            .try_update(step, &mut self.parameters, &mut self.first, &mut self.second, &self.gradient)
            .unwrap_or_else(|_| unreachable!("the update allocates nothing"));
        self.parameters.copy_into(parameters);
        Ok(())
    }

    /// Number of updates so far.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// Moving average of the gradient, a value a parameter.
    pub fn first_moment(&self) -> &[f32] {
        &self.first
    }

    /// Moving average of the squared gradient, a value a parameter.
    pub fn second_moment(&self) -> &[f32] {
        &self.second
    }
}

/// dfdx counts in i32. Both corrections for the zero start equal 1 in f32 after a few thousand steps.
fn counted(step: u32) -> i32 {
    i32::try_from(step).unwrap_or(i32::MAX)
}

/// What corrects the first and the second moment of an update, from 1, for their start at zero: 1/(1 − βᵗ), as dfdx rounds it.
pub(crate) fn corrections(step: u32) -> [f32; 2] {
    BETAS.map(|beta| (1.0 - (beta as f32).powi(counted(step))).recip())
}

/// What corrects the second moment after `updates` updates for its start at zero, where a gradient is clipped by it. Before the first
/// update there is no moment, and nothing is clipped.
pub(crate) fn correction_to_clip(clip: Clip, updates: u32) -> Option<f32> {
    (clip == Clip::SecondMoment && updates > 0).then(|| corrections(updates)[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::optim::{self, Optimizer};

    /// Gradient of ½ Σ (index + 1)·(value − 1)².
    fn gradient(parameters: &[f32]) -> Vec<f32> {
        parameters.iter().zip(1u16..).map(|(value, stiffness)| f32::from(stiffness) * (value - 1.0)).collect()
    }

    #[test]
    fn it_is_the_optimiser_of_dfdx() {
        let device = Cpu::default();
        let mut theirs: Tensor<Rank1<5>, f32, _> = device.tensor([0.5, -1.0, 2.0, 0.0, 7.0]);
        let mut ours = theirs.as_vec();
        let config = AdamConfig { lr: 0.0625, betas: BETAS, ..AdamConfig::default() };
        let mut their_adam = optim::Adam::new(&theirs, config);
        let mut our_adam = Adam::new(5);
        for _ in 0..10 {
            our_adam.update(&mut ours, &gradient(&theirs.as_vec()), 0.0625).unwrap();
            // The backward pass of Σ value·constant has the constant as its gradient.
            let constant = device.tensor_from_vec(gradient(&theirs.as_vec()), Rank1::<5>::default());
            let gradients = (theirs.leaky_trace() * constant).sum::<Rank0, _>().backward();
            their_adam.update(&mut theirs, &gradients).unwrap();
            assert_eq!(ours, theirs.as_vec());
        }
        assert_eq!(our_adam.step(), 10);
    }

    #[test]
    fn a_restored_state_goes_on_to_the_same_bytes() {
        let ends = [Clip::Norm, Clip::SecondMoment].map(|clip| {
            let (mut whole, mut part) = (vec![3.0, -2.0, 0.25], vec![3.0, -2.0, 0.25]);
            let mut adam = Adam::new(3).with_clip(clip);
            let mut resumed = Adam::new(3).with_clip(clip);
            for step in 0..20 {
                // One that is clipped: a hundred times as long as those before.
                let scale = if step == 12 { 100.0 } else { 1.0 };
                let slope =
                    |parameters: &[f32]| gradient(parameters).iter().map(|value| value * scale).collect::<Vec<_>>();
                let (of_whole, of_part) = (slope(&whole), slope(&part));
                adam.update(&mut whole, &of_whole, 0.1).unwrap();
                resumed = Adam::restore(resumed.step(), resumed.first_moment(), resumed.second_moment()).unwrap();
                resumed = resumed.with_clip(clip);
                resumed.update(&mut part, &of_part, 0.1).unwrap();
            }
            assert_eq!(whole, part);
            assert_eq!(adam.second_moment(), resumed.second_moment());
            whole
        });
        assert_ne!(ends[0], ends[1]);
    }

    /// By the equations, one parameter, in f64. Gradients are of one size, but for some that are longer: some of these within the
    /// bound, some beyond it, and one at the first update, where there is no moment to clip by.
    #[test]
    fn clipped_updates_follow_the_equations() {
        let gradients = [40.0, 1.0, -1.0, 90.0, 0.5, -1.5, 3.0, -500.0, 0.01, 7.0, -60.0, 2.0];
        let (mut value, mut first, mut second, mut clipped) = (0.5f64, 0.0, 0.0, Vec::new());
        let mut parameters = [0.5];
        let mut adam = Adam::new(1).with_clip(Clip::SecondMoment);
        for (&gradient, step) in gradients.iter().zip(1..) {
            let bound = match step {
                1 => f64::INFINITY,
                _ => 3.0 * f64::sqrt(second / (1.0 - 0.99f64.powi(step - 1))) + 0.1,
            };
            let held = f64::clamp(gradient, -bound, bound);
            if held != gradient {
                clipped.push(step);
            }
            first = 0.9 * first + 0.1 * held;
            second = 0.99 * second + 0.01 * held * held;
            let (first, second) = (first / (1.0 - 0.9f64.powi(step)), second / (1.0 - 0.99f64.powi(step)));
            value -= 0.05 * first / (second.sqrt() + 1e-8);
            adam.update(&mut parameters, &[gradient as f32], 0.05).unwrap();
            // Of f32: 1 − 0.99 has 18 bits, and so have the corrections.
            assert!((f64::from(parameters[0]) - value).abs() < 1e-5, "step {step}: {} is not {value}", parameters[0]);
        }
        assert_eq!(clipped, [4, 8]);
    }

    #[test]
    fn the_first_step_is_the_learning_rate_against_the_sign() {
        let mut parameters = [1.0, 1.0, 1.0];
        let mut adam = Adam::new(3);
        adam.update(&mut parameters, &[1e-3, -50.0, 0.0], 0.25).unwrap();
        for (found, expected) in parameters.iter().zip([0.75, 1.25, 1.0]) {
            assert!((found - expected).abs() < 1e-4);
        }
        // (1 − β) times the gradient, and its square.
        assert!((adam.first_moment()[1] + 5.0).abs() < 1e-5 && (adam.second_moment()[1] - 25.0).abs() < 1e-4);
    }

    #[test]
    fn a_constant_gradient_keeps_the_first_step() {
        // Both moments are corrected for their zero start, so every step is as long as the learning rate.
        let mut parameters = [0.0];
        let mut adam = Adam::new(1);
        for step in 1u16..=50 {
            adam.update(&mut parameters, &[-2.0], 0.5).unwrap();
            assert!((parameters[0] - 0.5 * f32::from(step)).abs() < 1e-3);
        }
    }

    #[test]
    fn other_extents_are_refused() {
        let mut adam = Adam::new(2);
        let refused = |what, found| Err(ExtentError { what, expected: 2, found });
        assert_eq!(adam.update(&mut [0.0; 3], &[0.0; 2], 0.1), refused("the parameters", 3));
        assert_eq!(adam.update(&mut [0.0; 2], &[0.0; 1], 0.1), refused("the gradient", 1));
        assert_eq!(adam.step(), 0);
        assert_eq!(Adam::restore(1, &[0.0; 2], &[0.0; 3]).unwrap_err().found, 3);
    }
}
