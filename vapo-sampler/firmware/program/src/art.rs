//! Images as text.

use crate::output::Output;
use crate::print::Print;
use vapo_format::Shape;

/// Characters from dark to bright.
const RAMP: [&str; 10] = ["  ", "..", "::", "--", "==", "++", "**", "##", "%%", "@@"];

/// Draws an image of values between −1 and 1, channels last, a line a row: the mean of a pixel's channels is its
/// brightness. A pixel is two characters wide, which makes it about square.
pub(crate) fn draw<O: Output>(print: &mut Print<'_, O>, image: &[f32], shape: Shape) {
    let channels = usize::from(shape.channels).max(1);
    let row = usize::from(shape.width).max(1) * channels;
    for row in image.chunks_exact(row) {
        for pixel in row.chunks_exact(channels) {
            let mean = pixel.iter().sum::<f32>() / channels as f32;
            let level = (mean + 1.0) * 0.5 * (RAMP.len() - 1) as f32 + 0.5;
            // A cast saturates: dark is 0, what is not a number too.
            print.text(RAMP.get(level as usize).or(RAMP.last()).unwrap_or(&""));
        }
        print.text("\n");
    }
}
