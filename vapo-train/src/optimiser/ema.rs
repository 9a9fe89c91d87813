//! An exponential moving average of parameters, which samples better than the parameters themselves.

use crate::arithmetic::extent::{ExtentError, check};

/// A moving average whose decay warms up, so that it soon forgets the initial parameters: update n, from 1, has
/// decay min(decay, (1 + n)/(10 + n)).
#[derive(Clone, Debug, PartialEq)]
pub struct Ema {
    decay: f32,
    updates: u64,
    average: Vec<f32>,
}

impl Ema {
    /// Starts at `parameters`. The decay lies in [0, 1]: the larger, the longer the memory, of about 1/(1 − decay) updates.
    pub fn new(parameters: &[f32], decay: f32) -> Self {
        Ema::restore(parameters.to_vec(), decay, 0)
    }

    /// Goes on from an [`Ema::average`] and its number of [`Ema::updates`].
    pub fn restore(average: Vec<f32>, decay: f32, updates: u64) -> Self {
        Ema { decay, updates, average }
    }

    /// Moves the average towards `parameters`.
    ///
    /// # Errors
    /// There are not as many as the average has.
    pub fn update(&mut self, parameters: &[f32]) -> Result<(), ExtentError> {
        check("the parameters", parameters, self.average.len())?;
        self.updates += 1;
        let rate = rate(self.decay, self.updates);
        self.average.iter_mut().zip(parameters).for_each(|(average, value)| *average += rate * (value - *average));
        Ok(())
    }

    /// The averaged parameters.
    pub fn average(&self) -> &[f32] {
        &self.average
    }

    /// Number of updates so far.
    pub fn updates(&self) -> u64 {
        self.updates
    }
}

/// What update `update`, from 1, moves the average by: 1 less its decay.
pub(crate) fn rate(decay: f32, update: u64) -> f32 {
    let update = update as f64;
    (1.0 - f64::from(decay).min((1.0 + update) / (10.0 + update))) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_to_constant_parameters_shrinks_by_the_decay() {
        let mut ema = Ema::new(&[1.0, -2.0], 0.5);
        let mut distance = 1.0;
        for update in 1..20 {
            ema.update(&[0.0, 0.0]).unwrap();
            // (1 + n)/(10 + n) reaches ½ at n = 8.
            distance *= if update < 8 { (1.0 + update as f32) / (10.0 + update as f32) } else { 0.5 };
            assert!((ema.average()[0] - distance).abs() < 1e-6 * distance);
            assert!((ema.average()[1] + 2.0 * distance).abs() < 2e-6 * distance);
        }
    }

    #[test]
    fn a_restored_average_goes_on_to_the_same_bytes() {
        let parameters = |step: u32| [libm::sinf(step as f32), libm::cosf(step as f32)];
        let mut whole = Ema::new(&parameters(0), 0.99);
        let mut part = whole.clone();
        for step in 1..10 {
            whole.update(&parameters(step)).unwrap();
            part.update(&parameters(step)).unwrap();
            part = Ema::restore(part.average().to_vec(), 0.99, part.updates());
        }
        assert_eq!(whole, part);
    }

    #[test]
    fn other_extents_are_refused() {
        let mut ema = Ema::new(&[1.0], 0.5);
        let refused = ExtentError { what: "the parameters", expected: 1, found: 2 };
        assert_eq!(ema.update(&[1.0, 2.0]), Err(refused));
        assert_eq!(ema.updates(), 0);
    }
}
