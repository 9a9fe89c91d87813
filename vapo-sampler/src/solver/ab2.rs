//! x + h·(f + h/(2h₋)·(f − f₋)), where f₋ and h₋ are the velocity and the width of the step before.

use super::{Drift, free};

pub(super) fn advance(
    drift: &impl Drift,
    first: usize,
    x: &mut [f32],
    [velocity, previous]: [&[f32]; 2],
    [width, previous_width]: [f32; 2],
) {
    let extrapolate = 0.5 * width / previous_width;
    for ((x, velocity), previous) in free(drift, first, x.iter_mut().zip(velocity).zip(previous)) {
        *x += width * (velocity + extrapolate * (velocity - previous));
    }
}
