//! The sum of two activations. It works in place; its cotangent is that of both.

use super::{At, Compute, Room, Values};
use crate::arithmetic::Arithmetic;
use vapo_format::layer::Add;

impl<A: Arithmetic> Compute<A> for Add {
    fn forward(&self, at: &At<'_>, x: Values<'_, A::Value>, y: &mut [A::Value], _: Room<'_>) {
        let own = at.exponents.value;
        let [first, second, _] = at.of_inputs.map(|exponents| exponents.value);
        // One of them is empty: its value is in y.
        let [a, b, _] = x;
        let (x, of_x, of_y) = if a.is_empty() { (b, second, first) } else { (a, first, second) };
        for (y, x) in y.iter_mut().zip(x) {
            *y = A::sum(A::moved(*y, of_y, own), A::moved(*x, of_x, own));
        }
    }
}
