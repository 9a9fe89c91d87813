//! Loops over rows, which the compiler makes vector code of.

use crate::ops::fused::{add_rows, silu_derivatives};
use crate::ops::kernel::real::Real;

/// silu, silu' and silu'' of x.
#[inline(always)]
pub(super) fn activate<E: Real>(x: &[E], [y, slope, bend]: [&mut [E]; 3]) {
    for (((x, y), slope), bend) in x.iter().zip(y).zip(slope).zip(bend) {
        (*y, *slope, *bend) = silu_derivatives(*x);
    }
}

/// silu, silu' and silu'' of m = h·scale + shift.
#[inline(always)]
pub(super) fn modulate<E: Real>(h: &[E], scale: &[E], shift: &[E], [y, slope, bend]: [&mut [E]; 3]) {
    let from = h.iter().zip(scale).zip(shift);
    for ((((h, scale), shift), (y, slope)), bend) in from.zip(y.iter_mut().zip(slope)).zip(bend) {
        (*y, *slope, *bend) = silu_derivatives(*h * *scale + *shift);
    }
}

/// to = ḡ·silu', and silu'' becomes ḡ·silu''.
#[inline(always)]
pub(super) fn of_activation<E: Real>(g: &[E], slope: &[E], bend: &mut [E], to: &mut [E]) {
    for (((g, slope), bend), to) in g.iter().zip(slope).zip(bend).zip(to) {
        *to = *g * *slope;
        *bend *= *g;
    }
}

/// to += ȳ + ḡ·silu', and silu'' becomes ḡ·silu''.
#[inline(always)]
pub(super) fn of_input<E: Real>(g: &[E], of_output: &[E], slope: &[E], bend: &mut [E], to: &mut [E]) {
    for ((((g, of_output), slope), bend), to) in g.iter().zip(of_output).zip(slope).zip(bend).zip(to) {
        *to += *of_output + *g * *slope;
        *bend *= *g;
    }
}

/// to = silu'·ẋ, and ḡ·silu'' becomes ḡ·silu''·ẋ.
#[inline(always)]
pub(super) fn along<E: Real>(tangent: &[E], slope: &[E], bend: &mut [E], to: &mut [E]) {
    for (((tangent, slope), bend), to) in tangent.iter().zip(slope).zip(bend).zip(to) {
        *to = *slope * *tangent;
        *bend *= *tangent;
    }
}

/// [`along`] ṁ = ḣ·scale + h·scale˙ + shift˙.
#[inline(always)]
pub(super) fn modulate_along<E: Real>(
    [h, tangent]: [&[E]; 2],
    [scale, scale_tangent, shift_tangent]: [&Vec<E>; 3],
    slope: &[E],
    bend: &mut [E],
    to: &mut [E],
) {
    let film = scale.iter().zip(scale_tangent).zip(shift_tangent);
    let from = h.iter().zip(tangent).zip(film);
    for ((((h, tangent), ((scale, scale_tangent), shift_tangent)), slope), (bend, to)) in
        from.zip(slope).zip(bend.iter_mut().zip(to))
    {
        let m = *tangent * *scale + *h * *scale_tangent + *shift_tangent;
        *to = *slope * m;
        *bend *= m;
    }
}

/// g becomes g·silu' + bend.
#[inline(always)]
pub(super) fn slope_and_bend<E: Real>(g: &mut [E], slope: &[E], bend: &[E]) {
    for ((g, slope), bend) in g.iter_mut().zip(slope).zip(bend) {
        *g = *g * *slope + *bend;
    }
}

/// to = g·scale.
#[inline(always)]
pub(super) fn scaled<E: Real>(g: &[E], scale: &[E], to: &mut [E]) {
    for ((g, scale), to) in g.iter().zip(scale).zip(to) {
        *to = *g * *scale;
    }
}

/// to = the sum of both g·scale.
#[inline(always)]
pub(super) fn scaled_twice<E: Real>([g1, g2]: [&[E]; 2], [scale1, scale2]: [&Vec<E>; 2], to: &mut [E]) {
    for ((((g1, g2), scale1), scale2), to) in g1.iter().zip(g2).zip(scale1).zip(scale2).zip(to) {
        *to = *g1 * *scale1 + *g2 * *scale2;
    }
}

/// to += a·b.
#[inline(always)]
pub(super) fn add_products<E: Real>(a: &[E], b: &[E], to: &mut [E]) {
    for ((a, b), to) in a.iter().zip(b).zip(to) {
        *to += *a * *b;
    }
}

/// to += a.
#[inline(always)]
pub(super) fn add<E: Real>(a: &[E], to: &mut [E]) {
    for (a, to) in a.iter().zip(to) {
        *to += *a;
    }
}

/// to += a + b.
#[inline(always)]
pub(super) fn add_both<E: Real>(a: &[E], b: &[E], to: &mut [E]) {
    for ((a, b), to) in a.iter().zip(b).zip(to) {
        *to += *a + *b;
    }
}

/// Repeats a sample's scales and its shifts, the two halves of its part of `film`, along a row each.
#[inline(always)]
pub(super) fn repeat<E: Real>(film: &[E], sample: usize, channels: usize, [scale, shift]: [&mut Vec<E>; 2]) {
    let (of_scale, of_shift) = film[2 * channels * sample..][..2 * channels].split_at(channels);
    scale.chunks_exact_mut(channels).for_each(|pixel| pixel.copy_from_slice(of_scale));
    shift.chunks_exact_mut(channels).for_each(|pixel| pixel.copy_from_slice(of_shift));
}

/// Adds up along rows what [`repeat`] repeated, into a sample's part of `film`.
#[inline(always)]
pub(super) fn gather<E: Real>([scale, shift]: [&[E]; 2], sample: usize, channels: usize, film: &mut [E]) {
    let (of_scale, of_shift) = film[2 * channels * sample..][..2 * channels].split_at_mut(channels);
    add_rows(scale, of_scale);
    add_rows(shift, of_shift);
}
