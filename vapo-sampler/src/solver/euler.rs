//! x + h·f.

pub(super) fn advance(x: &mut [f32], velocity: &[f32], width: f32) {
    x.iter_mut().zip(velocity).for_each(|(x, velocity)| *x += width * velocity);
}
