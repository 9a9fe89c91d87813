//! A convolution: every output pixel is a window of input pixels, times a matrix, plus biases.

use super::{Inputs, Kind, Place, Reverse, checked, divided, input};
use crate::error::Fault;
use crate::encoding::Arithmetic;
use crate::signal::Shape;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Most rows and columns of a window.
pub const MAX_WINDOW: u8 = 15;

/// A convolution, in one of two forms:
///
/// * stride 1 and a window of odd height and width, over the input with a border of zeros: the same extent;
/// * a stride as large as the window: windows that tile the input.
///
/// A window of 1×1 is a linear map of each pixel's channels. The rows of its matrix run over the window's taps row by row,
/// and over the input channels within a tap.
///
/// ```
/// use vapo_format::layer::Conv;
///
/// assert_eq!(Conv::same3x3(8), Conv { window: [3, 3], stride: [1, 1], channels: 8 });
/// assert_eq!(Conv::down2x2(8).stride, [2, 2]); // half the height and width
/// assert_eq!((Conv::same1x3(8).taps(), Conv::down1x2(8).taps()), (3, 2)); // of series
/// assert!(Conv::linear(8).tiles() && !Conv::same3x3(8).tiles());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv {
    /// Rows and columns of the window.
    pub window: [u8; 2],
    /// Rows and columns from one window to the next.
    pub stride: [u8; 2],
    /// Output channels.
    pub channels: u16,
}

impl Conv {
    /// 3×3, the same extent.
    pub const fn same3x3(channels: u16) -> Self {
        Conv { window: [3, 3], stride: [1, 1], channels }
    }

    /// 1×3, along a row alone, the same extent.
    pub const fn same1x3(channels: u16) -> Self {
        Conv { window: [1, 3], stride: [1, 1], channels }
    }

    /// 1×2 of stride 2: half the width.
    pub const fn down1x2(channels: u16) -> Self {
        Conv { window: [1, 2], stride: [1, 2], channels }
    }

    /// 2×2 of stride 2: half the height and width.
    pub const fn down2x2(channels: u16) -> Self {
        Conv { window: [2, 2], stride: [2, 2], channels }
    }

    /// A linear map of each pixel's channels.
    pub const fn linear(channels: u16) -> Self {
        Conv { window: [1, 1], stride: [1, 1], channels }
    }

    /// Pixels of a window.
    pub fn taps(&self) -> usize {
        let [rows, columns] = self.window;
        usize::from(rows) * usize::from(columns)
    }

    /// Pixels of the rows that a window reaches over, with their border.
    fn rows_in(&self, extent: Shape) -> usize {
        let [rows, columns] = self.window.map(usize::from);
        rows * (usize::from(extent.width) + columns - 1)
    }

    /// Whether windows tile the input. They overlap otherwise, and reach over its border.
    pub fn tiles(&self) -> bool {
        self.stride == self.window
    }
}

impl Kind for Conv {
    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let [rows, columns] = self.window;
        let odd = rows % 2 == 1 && columns % 2 == 1;
        let valid = self.window.iter().all(|extent| (1..=MAX_WINDOW).contains(extent))
            && (self.tiles() || (self.stride == [1, 1] && odd));
        if !valid {
            return Err(Fault::Window { window: self.window, stride: self.stride });
        }
        let extent = input(inputs, 0).extent;
        let extent = if self.tiles() { divided(extent, self.window)? } else { extent };
        checked(Shape { channels: self.channels, ..extent })
    }

    fn matrix(&self, inputs: Inputs<'_>) -> Option<(usize, usize)> {
        Some((self.taps() * usize::from(input(inputs, 0).extent.channels), self.channels.into()))
    }

    /// In integers, rows of the input are brought in one by one, so the output may lie over it. That takes memory for a
    /// window's rows, which is worth it where they are less than the whole. The one row of a series is brought in at once, wherever
    /// the output lies.
    fn place(&self, arithmetic: Arithmetic, output: Shape) -> Place {
        let worth = output.height == 1 || self.rows_in(output) < output.pixels();
        if arithmetic == Arithmetic::Integer && !self.tiles() && worth {
            Place::Either
        } else {
            Place::Apart
        }
    }

    fn reverse(&self, _: usize, arithmetic: Arithmetic) -> Reverse {
        if arithmetic == Arithmetic::Integer && !self.tiles() { Reverse::Either } else { Reverse::Written }
    }
}

/// `conv 3×3 16`, `down 2×2 16`, `linear 16`.
impl fmt::Display for Conv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rows, columns] = self.window;
        match (self.window, self.tiles()) {
            ([1, 1], _) => write!(f, "linear {}", self.channels),
            (_, true) => write!(f, "down {rows}×{columns} {}", self.channels),
            (_, false) => write!(f, "conv {rows}×{columns} {}", self.channels),
        }
    }
}
