//! The class: 1 at its index, and 0 elsewhere.

use super::{At, Compute, Room, Values};
use crate::arithmetic::Arithmetic;
use vapo_format::layer::Class;

impl<A: Arithmetic> Compute<A> for Class {
    fn forward(&self, at: &At<'_>, _: Values<'_, A::Value>, y: &mut [A::Value], _: Room<'_>) {
        let [zero, one] = [0.0, 1.0].map(|number| A::number(number, at.exponents.value));
        for (class, y) in (0..).zip(y) {
            *y = if at.class == Some(class) { one } else { zero };
        }
    }
}
