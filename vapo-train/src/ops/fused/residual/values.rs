//! The first pass.

use super::Convolutions;
use super::buffers::Buffers;
use super::elementwise::{activate, add, add_products, gather, modulate, of_activation, of_input, repeat, scaled};
use super::grid::Grid;
use crate::ops::kernel::real::Real;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// The first pass forward. `output` begins as x.
pub(super) struct Values<'a, E> {
    pub(super) grid: &'a Grid,
    pub(super) weights: &'a Convolutions<E>,
    pub(super) buffers: &'a mut Buffers<E>,
    pub(super) output: &'a mut [E],
}

impl<E: Real> WithSimd for Values<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Values { grid, weights: Convolutions { first, second }, buffers, output } = self;
        let Buffers { film, active: [a, c], slope: [slope1, slope2], bend: [bend1, bend2], hidden, film_rows, .. } =
            buffers;
        let [scale, shift, ..] = film_rows;
        for images in grid.groups() {
            for (plain, bordered) in grid.rows(images.clone()) {
                let to = [&mut a[bordered], &mut slope1[plain.clone()], &mut bend1[plain.clone()]];
                activate(&output[plain], to);
            }
            let group = images.start * grid.plain()..images.end * grid.plain();
            let h = &mut hidden[group.clone()];
            grid.product(simd, images.clone(), a, &first.forward, (Some(&first.bias), false), h);
            for image in images.clone() {
                repeat(film, image, grid.channels, [&mut *scale, &mut *shift]);
                for (plain, bordered) in grid.rows(image..image + 1) {
                    let to = [&mut c[bordered], &mut slope2[plain.clone()], &mut bend2[plain.clone()]];
                    modulate(&hidden[plain], scale, shift, to);
                }
            }
            grid.product(simd, images, c, &second.forward, (Some(&second.bias), true), &mut output[group]);
        }
    }
}

/// The first pass in reverse.
pub(super) struct ValuesReverse<'a, E> {
    pub(super) grid: &'a Grid,
    pub(super) weights: &'a Convolutions<E>,
    pub(super) buffers: &'a mut Buffers<E>,
    pub(super) g: &'a [E],
    pub(super) to: &'a mut [E],
    pub(super) to_film: &'a mut [E],
}

impl<E: Real> WithSimd for ValuesReverse<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let ValuesReverse { grid, weights: Convolutions { first, second }, buffers, g, to, to_film } = self;
        let Buffers {
            film,
            slope: [slope1, slope2],
            bend: [bend1, bend2],
            hidden,
            of_output,
            of_modulated,
            of_hidden,
            group,
            film_rows: [scale, shift, to_scale, to_shift],
            ..
        } = buffers;
        for images in grid.groups() {
            for (plain, bordered) in grid.rows(images.clone()) {
                of_output[bordered].copy_from_slice(&g[plain]);
            }
            let start = images.start * grid.plain();
            let in_group = |plain: &Range<usize>| plain.start - start..plain.end - start;
            let all = images.len() * grid.plain();
            grid.product(simd, images.clone(), of_output, &second.reverse[0], (None, false), &mut group[..all]);
            for image in images.clone() {
                repeat(film, image, grid.channels, [&mut *scale, &mut *shift]);
                to_scale.fill(E::default());
                to_shift.fill(E::default());
                for (plain, bordered) in grid.rows(image..image + 1) {
                    let g = &group[in_group(&plain)];
                    let (slope, bend) = (&slope2[plain.clone()], &mut bend2[plain.clone()]);
                    of_activation(g, slope, bend, &mut of_modulated[plain.clone()]);
                    let m = &of_modulated[plain.clone()];
                    scaled(m, scale, &mut of_hidden[bordered]);
                    add_products(m, &hidden[plain], to_scale);
                    add(m, to_shift);
                }
                gather([&*to_scale, &*to_shift], image, grid.channels, to_film);
            }
            grid.product(simd, images.clone(), of_hidden, &first.reverse[0], (None, false), &mut group[..all]);
            for (plain, _) in grid.rows(images) {
                let (slope, bend) = (&slope1[plain.clone()], &mut bend1[plain.clone()]);
                of_input(&group[in_group(&plain)], &g[plain.clone()], slope, bend, &mut to[plain]);
            }
        }
    }
}
