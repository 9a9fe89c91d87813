//! Where the windows of a convolution lie in memory.
//!
//! Images are (N, H, W, C), channels last, so a window is a few *rows* of contiguous values: three of 3C for a
//! 3×3 convolution (over an image with a border of zeros), two of 2C for a 2×2, one of C for a 1×1.

use super::real::Real;

/// Kind of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// 3×3, stride 1, a border of zeros.
    Same3x3,
    /// 2×2, stride 2.
    Down2x2,
    /// 1×1.
    Pixel,
}

/// Extent of a batch of images, (N, H, W, C).
pub type Extent = (usize, usize, usize, usize);

impl Window {
    /// Inputs that make one output pixel, for `channels` input channels.
    pub fn inputs(self, channels: usize) -> usize {
        let (rows, run) = self.rows(channels);
        rows * run
    }

    /// Rows of a window, and contiguous values a row.
    pub fn rows(self, channels: usize) -> (usize, usize) {
        match self {
            Window::Same3x3 => (3, 3 * channels),
            Window::Down2x2 => (2, 2 * channels),
            Window::Pixel => (1, channels),
        }
    }

    /// Height and width of the output.
    pub fn output(self, height: usize, width: usize) -> (usize, usize) {
        match self {
            Window::Down2x2 => (height / 2, width / 2),
            Window::Same3x3 | Window::Pixel => (height, width),
        }
    }

    /// Values from one row of a window to the next, in the memory that [`Window::place`] returns.
    pub fn row_stride(self, (_, _, width, channels): Extent) -> usize {
        match self {
            Window::Same3x3 => (width + 2) * channels,
            Window::Down2x2 | Window::Pixel => width * channels,
        }
    }

    /// Where each output pixel's window starts, in the memory that [`Window::place`] returns.
    pub fn starts(self, (images, height, width, channels): Extent) -> Vec<u32> {
        let (rows, columns) = self.output(height, width);
        let (border, step) = match self {
            Window::Same3x3 => (2, 1),
            Window::Down2x2 => (0, 2),
            Window::Pixel => (0, 1),
        };
        let mut starts = Vec::with_capacity(images * rows * columns);
        for image in 0..images {
            for row in 0..rows {
                let start = (image * (height + border) + row * step) * (width + border);
                starts.extend((0..columns).map(|column| ((start + column * step) * channels) as u32));
            }
        }
        starts
    }

    /// Values of the memory that windows are read from: images with a border for 3×3, as they are otherwise.
    pub fn placed(self, (images, height, width, channels): Extent) -> usize {
        match self {
            Window::Same3x3 => images * (height + 2) * (width + 2) * channels,
            Window::Down2x2 | Window::Pixel => images * height * width * channels,
        }
    }

    /// Puts images into the memory that windows are read from. A border is left as it is.
    pub fn place<E: Real>(self, images: &[E], extent: Extent, to: &mut [E]) {
        match self {
            Window::Same3x3 => {
                let (_, height, width, channels) = extent;
                let (row, image) = (width * channels, (height + 2) * (width + 2) * channels);
                let inner = to.chunks_exact_mut(image).flat_map(|image| inner_rows(image, width, channels));
                images.chunks_exact(row).zip(inner).for_each(|(from, to)| to.copy_from_slice(from));
            }
            Window::Down2x2 | Window::Pixel => to.copy_from_slice(images),
        }
    }
}

/// The rows within the border of an image, without the border's pixels.
fn inner_rows<E: Real>(bordered: &mut [E], width: usize, channels: usize) -> impl Iterator<Item = &mut [E]> {
    let row = (width + 2) * channels;
    let last = bordered.len() / row - 1;
    bordered[row..last * row].chunks_exact_mut(row).map(move |row| &mut row[channels..][..width * channels])
}
