//! The second pass.

use super::Convolutions;
use super::buffers::Buffers;
use super::elementwise::{
    add, add_both, add_products, along, gather, modulate_along, repeat, scaled_twice, slope_and_bend,
};
use super::grid::Grid;
use crate::ops::fused::add_rows;
use crate::ops::kernel::real::Real;
use crate::ops::kernel::weight_gradient::WeightGradient;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// The second pass forward. `output` begins as ẋ.
pub(super) struct Tangents<'a, E> {
    pub(super) grid: &'a Grid,
    pub(super) weights: &'a Convolutions<E>,
    pub(super) buffers: &'a mut Buffers<E>,
    pub(super) output: &'a mut [E],
}

impl<E: Real> WithSimd for Tangents<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Tangents { grid, weights: Convolutions { first, second }, buffers, output } = self;
        let Buffers {
            film,
            film_tangent,
            slope: [slope1, slope2],
            bend: [bend1, bend2],
            hidden,
            active_tangent: [a, c],
            hidden_tangent,
            film_rows: [scale, shift, scale_tangent, shift_tangent],
            ..
        } = buffers;
        for images in grid.groups() {
            for (plain, bordered) in grid.rows(images.clone()) {
                let (slope, bend) = (&slope1[plain.clone()], &mut bend1[plain.clone()]);
                along(&output[plain], slope, bend, &mut a[bordered]);
            }
            let group = images.start * grid.plain()..images.end * grid.plain();
            let h = &mut hidden_tangent[group.clone()];
            grid.product(simd, images.clone(), a, &first.forward, (None, false), h);
            for image in images.clone() {
                repeat(film, image, grid.channels, [&mut *scale, &mut *shift]);
                repeat(film_tangent, image, grid.channels, [&mut *scale_tangent, &mut *shift_tangent]);
                for (plain, bordered) in grid.rows(image..image + 1) {
                    let h = [&hidden[plain.clone()], &hidden_tangent[plain.clone()]];
                    let (slope, bend) = (&slope2[plain.clone()], &mut bend2[plain]);
                    modulate_along(h, [scale, scale_tangent, shift_tangent], slope, bend, &mut c[bordered]);
                }
            }
            grid.product(simd, images, c, &second.forward, (None, true), &mut output[group]);
        }
    }
}

/// The second pass in reverse, but for the gradients of weights.
pub(super) struct TangentsReverse<'a, E> {
    pub(super) grid: &'a Grid,
    pub(super) weights: &'a Convolutions<E>,
    pub(super) buffers: &'a mut Buffers<E>,
    pub(super) g: &'a [E],
    pub(super) to: &'a mut [E],
    pub(super) to_film: &'a mut [E],
    pub(super) to_bias: [&'a mut [E]; 2],
}

impl<E: Real> WithSimd for TangentsReverse<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let TangentsReverse { grid, weights: Convolutions { first, second }, buffers, g, to, to_film, to_bias } = self;
        let Buffers {
            film,
            film_tangent,
            slope: [slope1, slope2],
            bend: [bend1, bend2],
            hidden,
            of_modulated,
            hidden_tangent,
            of_output_value,
            of_hidden_value,
            group,
            film_rows: [scale, scale_tangent, to_scale, to_shift],
            bias_rows: [to_first, to_second],
            ..
        } = buffers;
        to_first.fill(E::default());
        to_second.fill(E::default());
        for images in grid.groups() {
            for (plain, bordered) in grid.rows(images.clone()) {
                of_output_value[bordered].copy_from_slice(&g[plain.clone()]);
                add(&g[plain], to_second);
            }
            let start = images.start * grid.plain();
            let in_group = |plain: &Range<usize>| plain.start - start..plain.end - start;
            let all = images.len() * grid.plain();
            let y = (&*of_output_value, &second.reverse[0]);
            grid.product(simd, images.clone(), y.0, y.1, (None, false), &mut group[..all]);
            for image in images.clone() {
                repeat(film_tangent, image, grid.channels, [&mut *scale_tangent, &mut *to_shift]);
                repeat(film, image, grid.channels, [&mut *scale, &mut *to_shift]);
                to_scale.fill(E::default());
                to_shift.fill(E::default());
                for (plain, bordered) in grid.rows(image..image + 1) {
                    let m_value = &mut group[in_group(&plain)];
                    slope_and_bend(m_value, &slope2[plain.clone()], &bend2[plain.clone()]);
                    let m = &of_modulated[plain.clone()];
                    scaled_twice([&*m_value, m], [scale, scale_tangent], &mut of_hidden_value[bordered.clone()]);
                    add(&of_hidden_value[bordered], to_first);
                    add_products(m_value, &hidden[plain.clone()], to_scale);
                    add_products(m, &hidden_tangent[plain], to_scale);
                    add(m_value, to_shift);
                }
                gather([&*to_scale, &*to_shift], image, grid.channels, to_film);
            }
            let h = (&*of_hidden_value, &first.reverse[0]);
            grid.product(simd, images.clone(), h.0, h.1, (None, false), &mut group[..all]);
            for (plain, _) in grid.rows(images) {
                let a = &mut group[in_group(&plain)];
                slope_and_bend(a, &slope1[plain.clone()], &bend1[plain.clone()]);
                add_both(a, &g[plain.clone()], &mut to[plain]);
            }
        }
        for (row, to) in [to_first, to_second].into_iter().zip(to_bias) {
            add_rows(row, to);
        }
    }
}

/// The gradients of both convolutions' weights.
pub(super) struct WeightGradients<'a, E> {
    pub(super) grid: &'a Grid,
    pub(super) buffers: &'a Buffers<E>,
    pub(super) gradients: [&'a mut [E]; 2],
}

impl<E: Real> WithSimd for WeightGradients<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let WeightGradients { grid, buffers, gradients: [to1, to2] } = self;
        let (rows, run) = grid.window.rows(grid.channels);
        let add = |input: &[E], cotangent: &[E], gradient: &mut [E]| {
            simd.vectorize(WeightGradient {
                input,
                starts: &grid.starts,
                rows,
                run,
                row_stride: grid.bordered_row(),
                cotangent: &cotangent[grid.middle()..],
                places: &grid.starts,
                columns: grid.channels,
                gradient,
            });
        };
        add(&buffers.active[0], &buffers.of_hidden_value, to1);
        add(&buffers.active_tangent[0], &buffers.of_hidden, to1);
        add(&buffers.active[1], &buffers.of_output_value, to2);
        add(&buffers.active_tangent[1], &buffers.of_output, to2);
    }
}
