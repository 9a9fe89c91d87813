//! The sum of two activations. It works in place; its cotangent is that of both.

use super::{At, Compute, Values};
use vapo_format::layer::Add;

impl Compute for Add {
    fn forward(&self, _: At<'_>, x: Values<'_>, y: &mut [f32]) {
        // One of them is empty: its value is in y.
        for x in x {
            y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
        }
    }
}
