//! x + h·(f + h/(2h₋)·(f − f₋)), where f₋ and h₋ are the velocity and the width of the step before.

pub(super) fn advance(x: &mut [f32], velocity: &[f32], previous: &[f32], width: f32, previous_width: f32) {
    let extrapolate = 0.5 * width / previous_width;
    for ((x, velocity), previous) in x.iter_mut().zip(velocity).zip(previous) {
        *x += width * (velocity + extrapolate * (velocity - previous));
    }
}
