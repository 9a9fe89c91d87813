//! Resizing, by the crate `fast_image_resize`: the same bytes with and without vector instructions.

use crate::dataset::preparation::crop::Window;
use crate::files::raster::Raster;
use fast_image_resize::images::TypedImage;
use fast_image_resize::pixels::{U8, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeError, ResizeOptions, Resizer};
use serde::{Deserialize, Serialize};

/// Kernel that images are resized with. All are widened when an image shrinks, so that they do not alias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// Mean of the pixels covered: area averaging
    Box,
    /// Linear, Pillow's bilinear, as for published CelebA 64×64 crops
    #[default]
    Triangle,
    /// Cubic of a = -0.5, Pillow's bicubic
    CatmullRom,
    /// Cubic of B = C = 1/3
    Mitchell,
    /// Windowed sinc over three lobes, Pillow's lanczos: the sharpest
    Lanczos3,
}

impl From<Filter> for FilterType {
    fn from(filter: Filter) -> Self {
        match filter {
            Filter::Box => FilterType::Box,
            Filter::Triangle => FilterType::Bilinear,
            Filter::CatmullRom => FilterType::CatmullRom,
            Filter::Mitchell => FilterType::Mitchell,
            Filter::Lanczos3 => FilterType::Lanczos3,
        }
    }
}

impl Raster {
    /// The part inside a window, which must lie in the image.
    pub(in crate::dataset) fn cropped(self, window: Window) -> Raster {
        let Window { left, top, width, height } = window;
        if (width, height) == (self.width, self.height) {
            return self;
        }
        let channels = usize::from(self.channels);
        let row = self.width as usize * channels;
        let rows = self.pixels.chunks_exact(row).skip(top as usize).take(height as usize);
        let part = left as usize * channels..(left + width) as usize * channels;
        let pixels = rows.flat_map(|row| &row[part.clone()]).copied().collect();
        Raster { width, height, channels: self.channels, pixels }
    }

    /// The image at another extent; at its own it stays as it is.
    ///
    /// # Errors
    /// None for an image of one or three channels and one pixel or more.
    pub(in crate::dataset) fn resized(
        mut self,
        width: u32,
        height: u32,
        filter: Filter,
        resizer: &mut Resizer,
    ) -> Result<Raster, ResizeError> {
        if (width, height) == (self.width, self.height) {
            return Ok(self);
        }
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter.into())).use_alpha(false);
        let pixels = if self.channels == 1 {
            self.resized_as::<U8>(width, height, &options, resizer)?
        } else {
            self.resized_as::<U8x3>(width, height, &options, resizer)?
        };
        Ok(Raster { width, height, channels: self.channels, pixels })
    }

    /// The pixels of the resized image. With their type given, the crate's code for all others is not compiled; with all images
    /// of one type, those between its steps among them, that for this one is compiled once.
    fn resized_as<P: PixelTrait>(
        &mut self,
        width: u32,
        height: u32,
        options: &ResizeOptions,
        resizer: &mut Resizer,
    ) -> Result<Vec<u8>, ResizeError> {
        let source = TypedImage::<P>::from_buffer(self.width, self.height, &mut self.pixels)
            .expect("an image has as many values as its extent says");
        let mut pixels = vec![0; width as usize * height as usize * usize::from(self.channels)];
        let mut target = TypedImage::<P>::from_buffer(width, height, &mut pixels)
            .expect("as many values as the extent says were allocated");
        resizer.resize_typed(&source, &mut target, options)?;
        Ok(pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    fn resized(raster: Raster, width: u32, height: u32, filter: Filter) -> Vec<u8> {
        raster.resized(width, height, filter, &mut Resizer::new()).unwrap().pixels
    }

    fn grey(width: u32, height: u32, pixels: Vec<u8>) -> Raster {
        Raster { width, height, channels: 1, pixels }
    }

    #[test]
    fn a_crop_keeps_the_pixels_of_its_window() {
        let image = Raster { width: 3, height: 3, channels: 3, pixels: (0..27).collect() };
        let window = Window { left: 1, top: 1, width: 2, height: 1 };
        assert_eq!(image.clone().cropped(window).pixels, [12, 13, 14, 15, 16, 17]);
        let all = Window { left: 0, top: 0, width: 3, height: 3 };
        assert_eq!(image.clone().cropped(all), image);
    }

    #[test]
    fn its_own_extent_leaves_an_image_as_it_is() {
        let image = grey(4, 2, vec![9, 200, 3, 77, 0, 255, 1, 2]);
        for &filter in Filter::value_variants() {
            assert_eq!(resized(image.clone(), 4, 2, filter), image.pixels);
        }
    }

    #[test]
    fn a_box_is_the_mean() {
        let image = grey(4, 2, vec![0, 10, 100, 110, 20, 30, 120, 130]);
        assert_eq!(resized(image, 2, 1, Filter::Box), [15, 115]);
    }

    /// A checkerboard of single pixels has nothing left at a quarter of its extent but its mean. A filter that is not
    /// widened would pick single pixels, 0 or 255.
    #[test]
    fn no_filter_aliases() {
        let board = grey(64, 64, (0..64 * 64).map(|at| if (at / 64 + at) % 2 == 0 { 0 } else { 255 }).collect());
        for &filter in Filter::value_variants() {
            let small = resized(board.clone(), 16, 16, filter);
            // Away from the edges, where kernels are cut off.
            let inner = (3..13).flat_map(|y| (3..13).map(move |x| y * 16 + x));
            let worst = inner.map(|at| small[at].abs_diff(128)).max().unwrap();
            assert!(worst <= 2, "{filter:?}: {worst}");
        }
    }

    /// By hand: halved, the triangle covers four pixels with weights 1, 3, 3, 1 of 8, and at an edge 3, 3, 1 of 7.
    #[test]
    fn the_triangle_has_its_weights() {
        let image = grey(8, 1, vec![0, 0, 0, 240, 0, 0, 0, 0]);
        assert_eq!(resized(image, 4, 1, Filter::Triangle), [0, 90, 30, 0]);
    }

    #[test]
    fn channels_do_not_mix() {
        let image = Raster { width: 4, height: 4, channels: 3, pixels: [10, 0, 200].repeat(16) };
        let small = image.resized(2, 2, Filter::Lanczos3, &mut Resizer::new()).unwrap();
        assert_eq!((small.channels, small.pixels), (3, [10, 0, 200].repeat(4)));
    }
}
