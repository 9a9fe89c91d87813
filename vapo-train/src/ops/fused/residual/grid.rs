//! Where the values of a batch of images lie.

use crate::ops::kernel::panels::Panels;
use crate::ops::kernel::product::{Product, contiguous};
use crate::ops::kernel::real::Real;
use crate::ops::kernel::window::{Extent, Window};
use pulp::Simd;
use std::ops::Range;

/// Values of the images that go through the steps together.
pub(crate) const GROUP: usize = 8192;

/// Where the values of a batch of images lie, with and without a border.
pub(super) struct Grid {
    pub(super) window: Window,
    pub(super) images: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// Of every pixel's window, in the images with a border.
    pub(super) starts: Vec<u32>,
    /// Of every pixel, in the images without.
    pub(super) places: Vec<u32>,
}

impl Grid {
    pub(super) fn new(window: Window, extent @ (images, height, width, channels): Extent) -> Self {
        let starts = window.starts(extent);
        Grid { window, images, height, width, channels, places: contiguous(starts.len(), channels), starts }
    }

    pub(super) fn extent(&self) -> Extent {
        (self.images, self.height, self.width, self.channels)
    }

    /// Values of a row.
    pub(super) fn row(&self) -> usize {
        self.width * self.channels
    }

    /// Values of an image without a border.
    pub(super) fn plain(&self) -> usize {
        self.height * self.row()
    }

    /// Values of an image with its border.
    pub(super) fn bordered(&self) -> usize {
        (self.height + 2 * self.window.border().0) * self.bordered_row()
    }

    pub(super) fn bordered_row(&self) -> usize {
        (self.width + 2 * self.window.border().1) * self.channels
    }

    /// Values from where a window starts to its middle.
    pub(super) fn middle(&self) -> usize {
        let (above, left) = self.window.border();
        above * self.bordered_row() + left * self.channels
    }

    /// Images that go through the steps together.
    pub(super) fn group(&self) -> usize {
        (GROUP / self.plain()).clamp(1, self.images)
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (group, images) = (self.group(), self.images);
        (0..images).step_by(group).map(move |first| first..(first + group).min(images))
    }

    /// Where every row of some images lies, without and with a border.
    #[inline(always)]
    pub(super) fn rows(&self, images: Range<usize>) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + use<> {
        let (row, height, bordered_row, middle) = (self.row(), self.height, self.bordered_row(), self.middle());
        let (above, _) = self.window.border();
        images.flat_map(move |image| {
            (0..height).map(move |y| {
                let plain = (image * height + y) * row;
                let bordered = (image * (height + 2 * above) + y) * bordered_row + middle;
                (plain..plain + row, bordered..bordered + row)
            })
        })
    }

    /// `output`, the values of `images` without border, = bias + windows × weights, or added to.
    #[inline(always)]
    pub(super) fn product<E: Real, S: Simd>(
        &self,
        simd: S,
        images: Range<usize>,
        input: &[E],
        weights: &Panels<E>,
        (bias, add): (Option<&[E]>, bool),
        output: &mut [E],
    ) {
        let pixels = images.len() * self.height * self.width;
        let (rows, run) = self.window.rows(self.channels);
        simd.vectorize(Product {
            input: &input[images.start * self.bordered()..],
            starts: &self.starts[..pixels],
            rows,
            run,
            row_stride: self.bordered_row(),
            weights,
            bias,
            add,
            output,
            places: &self.places[..pixels],
        });
    }
}
