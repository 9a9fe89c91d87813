//! Where the windows of a convolution lie in memory.
//!
//! Images are (N, H, W, C), channels last, so a window is a few *rows* of contiguous values: three of 3C for 3×3, two of 2C
//! for 2×2, one of C for 1×1. Windows that overlap are read from images with a border of zeros, windows that tile from images
//! as they are.

use super::real::Real;
use vapo_format::layer::Conv;

/// The windows of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows of pixels.
    rows: usize,
    /// Columns of pixels.
    columns: usize,
    /// Whether windows tile the images. There is one around every pixel otherwise, and it reaches over the border.
    tiles: bool,
}

/// Extent of a batch of images, (N, H, W, C).
pub type Extent = (usize, usize, usize, usize);

/// The windows of a layer.
impl From<Conv> for Window {
    fn from(conv: Conv) -> Self {
        let [rows, columns] = conv.window.map(usize::from);
        Window { rows, columns, tiles: conv.tiles() || conv.window == [1, 1] }
    }
}

impl Window {
    /// 3×3 around every pixel.
    pub const SAME_3X3: Window = Window { rows: 3, columns: 3, tiles: false };
    /// 2×2, side by side.
    pub const DOWN_2X2: Window = Window { rows: 2, columns: 2, tiles: true };
    /// Every pixel by itself.
    pub const PIXEL: Window = Window { rows: 1, columns: 1, tiles: true };

    /// Whether windows tile the images: no value lies in two of them.
    pub fn tiles(self) -> bool {
        self.tiles
    }

    /// Pixels of a window.
    pub fn taps(self) -> usize {
        self.rows * self.columns
    }

    /// Inputs that make one output pixel, for `channels` input channels.
    pub fn inputs(self, channels: usize) -> usize {
        self.taps() * channels
    }

    /// Rows of a window, and contiguous values a row.
    pub fn rows(self, channels: usize) -> (usize, usize) {
        (self.rows, self.columns * channels)
    }

    /// Rows and columns from one window to the next.
    pub fn step(self) -> (usize, usize) {
        if self.tiles { (self.rows, self.columns) } else { (1, 1) }
    }

    /// Rows above, and columns left of, the pixel that a window is around.
    pub fn border(self) -> (usize, usize) {
        if self.tiles { (0, 0) } else { (self.rows / 2, self.columns / 2) }
    }

    /// Height and width of the output.
    pub fn output(self, height: usize, width: usize) -> (usize, usize) {
        let (rows, columns) = self.step();
        (height / rows, width / columns)
    }

    /// Height and width of the images that windows are read from.
    fn bordered(self, height: usize, width: usize) -> (usize, usize) {
        let (rows, columns) = self.border();
        (height + 2 * rows, width + 2 * columns)
    }

    /// Values from one row of a window to the next, in the memory that [`Window::place`] fills.
    pub fn row_stride(self, (_, height, width, channels): Extent) -> usize {
        self.bordered(height, width).1 * channels
    }

    /// Where each output pixel's window starts, in the memory that [`Window::place`] fills.
    pub fn starts(self, (images, height, width, channels): Extent) -> Vec<u32> {
        let (rows, columns) = self.output(height, width);
        let ((down, right), (height, width)) = (self.step(), self.bordered(height, width));
        let mut starts = Vec::with_capacity(images * rows * columns);
        for image in 0..images {
            for row in 0..rows {
                let start = (image * height + row * down) * width;
                starts.extend((0..columns).map(|column| ((start + column * right) * channels) as u32));
            }
        }
        starts
    }

    /// Values of the memory that windows are read from: images with a border, if there is one.
    pub fn placed(self, (images, height, width, channels): Extent) -> usize {
        let (height, width) = self.bordered(height, width);
        images * height * width * channels
    }

    /// Puts images into the memory that windows are read from. A border is left as it is.
    pub fn place<E: Real>(self, images: &[E], (_, height, width, channels): Extent, to: &mut [E]) {
        let (above, left) = self.border();
        if (above, left) == (0, 0) {
            to.copy_from_slice(images);
            return;
        }
        let (all, across) = self.bordered(height, width);
        let row = width * channels;
        let inner = to.chunks_exact_mut(all * across * channels).flat_map(|image| {
            let rows = image.chunks_exact_mut(across * channels).skip(above).take(height);
            rows.map(|across| &mut across[left * channels..][..row])
        });
        images.chunks_exact(row).zip(inner).for_each(|(from, to)| to.copy_from_slice(from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_those_of_their_layer() {
        let found = [Conv::same3x3(4), Conv::down2x2(4), Conv::linear(4)].map(Window::from);
        assert_eq!(found, [Window::SAME_3X3, Window::DOWN_2X2, Window::PIXEL]);
    }

    /// Two images of two rows and three columns, one channel; one row of three pixels around each.
    #[test]
    fn a_border_lies_where_windows_reach_over_it() {
        let series = Window::from(Conv { window: [1, 3], stride: [1, 1], channels: 1 });
        let extent = (2, 2, 3, 1);
        let mut placed = vec![0.0; series.placed(extent)];
        series.place(&(1..=12).map(|value| value as f32).collect::<Vec<_>>(), extent, &mut placed);
        let expected = [1.0, 4.0, 7.0, 10.0].map(|first| [0.0, first, first + 1.0, first + 2.0, 0.0]);
        assert_eq!(placed, expected.concat());
        assert_eq!(series.starts(extent)[..4], [0, 1, 2, 5]);
        assert_eq!((series.rows(2), series.row_stride(extent)), ((1, 6), 5));
    }

    #[test]
    fn tiles_lie_side_by_side() {
        let tall = Window::from(Conv { window: [2, 1], stride: [2, 1], channels: 1 });
        let extent = (1, 4, 2, 3);
        assert_eq!(tall.output(4, 2), (2, 2));
        assert_eq!(tall.starts(extent), [0, 3, 12, 15]);
        assert_eq!((tall.rows(3), tall.row_stride(extent), tall.placed(extent)), ((2, 3), 6, 24));
    }
}
