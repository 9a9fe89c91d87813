//! Features out of any network in an ONNX file: its first output, flattened.
//!
//! Images are resized to what the network takes, bilinearly with the anti-aliasing that makes a smaller picture of a
//! larger one. Evaluators differ in this, and distances with them: compare what was resized alike.

use crate::evaluation::error::access;
use crate::evaluation::{EvaluationError, Features, ImageSet};
use crate::files::bounded;
use crate::files::digest::sha256;
use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma, Pixel, Rgb};
use rayon::prelude::*;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;
use vapo_format::Shape;

/// Images that the network takes at a time.
const BATCH: usize = 8;

/// What a network takes: (N, C, H, W), or (N, H, W, C).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Extent of an image.
    pub shape: Shape,
    /// Whether channels come before rows.
    pub channels_first: bool,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { channels, height, width } = self.shape;
        match self.channels_first {
            true => write!(f, "(N, {channels}, {height}, {width})"),
            false => write!(f, "(N, {height}, {width}, {channels})"),
        }
    }
}

/// A network that is ready to run.
pub struct Network {
    path: PathBuf,
    sha256: String,
    input: Input,
    /// Values of black and white.
    range: (f32, f32),
    dimension: usize,
    plan: Arc<TypedRunnableModel>,
}

impl Network {
    /// Loads the network, which takes black and white as the two numbers of `range`.
    ///
    /// # Errors
    /// The file cannot be read, is no ONNX file, holds operations that are not known, or a network that does not take
    /// one image of a fixed extent, grey or red, green and blue.
    pub fn load(path: &Path, range: (f32, f32)) -> Result<Self, EvaluationError> {
        // Protocol buffers hold no more.
        let bytes = bounded::read_file(path, 1 << 31).map_err(access(path))?;
        let refused = |cause: TractError| refused(path, format!("{cause:#}"));
        let model = tract_onnx::onnx().model_for_path(path).map_err(refused)?;
        let input = input_of(&model).map_err(|found| {
            self::refused(
                path,
                format!(
                    "expected one input of shape (N, C, H, W) or (N, H, W, C) with fixed C (1 or 3), H and W, found \
                     {found}; export the network with its image size fixed"
                ),
            )
        })?;
        let Shape { channels, height, width } = input.shape;
        let [channels, height, width] = [channels, height, width].map(usize::from);
        let extents =
            if input.channels_first { [BATCH, channels, height, width] } else { [BATCH, height, width, channels] };
        let model = model.with_input_fact(0, f32::fact(extents).into()).map_err(refused)?;
        let model = model.into_optimized().map_err(refused)?;
        let output = format!("{:?}", model.output_fact(0).map_err(refused)?.shape);
        let extents = model.output_fact(0).map_err(refused)?.shape.as_concrete().map(<[usize]>::to_vec);
        let dimension = match extents.as_deref() {
            Some([BATCH, rest @ ..]) => rest.iter().product(),
            _ => return Err(self::refused(path, format!("expected an output of shape (N, D), found {output}"))),
        };
        let plan = model.into_runnable().map_err(refused)?;
        Ok(Network { path: path.to_owned(), sha256: sha256(&bytes), input, range, dimension, plan })
    }

    /// SHA-256 of the file, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What the network takes.
    pub fn input(&self) -> Input {
        self.input
    }

    /// Numbers an image.
    pub fn dimension(&self) -> usize {
        self.dimension.max(1)
    }

    /// Refuses images that it does not take.
    ///
    /// # Errors
    /// Coloured images for a network that takes grey ones.
    pub fn takes(&self, image: Shape) -> Result<(), EvaluationError> {
        match (image.channels, self.input.shape.channels) {
            (1, 1 | 3) | (3, 3) => Ok(()),
            (found, expected) => {
                Err(refused(&self.path, format!("the network takes {expected} channels, the images have {found}")))
            }
        }
    }

    /// The features of every image, on the threads of the current pool.
    ///
    /// # Errors
    /// Coloured images for a network that takes grey ones; a network that fails, or whose output is not finite.
    pub fn features(&self, images: &ImageSet) -> Result<Features, EvaluationError> {
        self.takes(images.shape())?;
        let chunks: Vec<&[u8]> = images.bytes().chunks(BATCH * images.shape().elements()).collect();
        let parts: Result<Vec<Vec<f32>>, EvaluationError> =
            chunks.into_par_iter().map(|chunk| self.run(chunk, images.shape())).collect();
        let advice = "give the range of values that the network was trained on, --onnx-range";
        Features::new(self.dimension(), parts?.concat())?.finite(advice)
    }

    /// At most [`BATCH`] images; zeros fill what is missing.
    fn run(&self, images: &[u8], shape: Shape) -> Result<Vec<f32>, EvaluationError> {
        let count = images.len() / shape.elements();
        let elements = self.input.shape.elements();
        let mut values = vec![0.0; BATCH * elements];
        for (image, to) in images.chunks_exact(shape.elements()).zip(values.chunks_exact_mut(elements)) {
            to.copy_from_slice(&self.prepare(image, shape));
        }
        let Shape { channels, height, width } = self.input.shape;
        let [channels, height, width] = [channels, height, width].map(usize::from);
        let extents =
            if self.input.channels_first { [BATCH, channels, height, width] } else { [BATCH, height, width, channels] };
        let refused = |cause: TractError| refused(&self.path, format!("{cause:#}"));
        let tensor = Tensor::from_shape(&extents, &values).map_err(refused)?;
        let outputs = self.plan.run(tvec!(tensor.into())).map_err(refused)?;
        let output = outputs[0].to_plain_array_view::<f32>().map_err(refused)?;
        Ok(output.iter().take(count * self.dimension).copied().collect())
    }

    /// One image as the network takes it.
    fn prepare(&self, image: &[u8], shape: Shape) -> Vec<f32> {
        let (black, white) = self.range;
        // Resizing clamps to [0, 1]: the range comes after it.
        let values: Vec<f32> = image.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        let resized = match shape.channels {
            1 => self.resize::<Luma<f32>>(values, shape),
            _ => self.resize::<Rgb<f32>>(values, shape),
        };
        let (from, to) = (usize::from(shape.channels), usize::from(self.input.shape.channels));
        let pixels = resized.len() / from;
        // A grey image has three equal channels.
        let value = |pixel: usize, channel: usize| {
            let value = resized[pixel * from + channel.min(from - 1)];
            black + (white - black) * value
        };
        if self.input.channels_first {
            (0..to)
                .flat_map(|channel| (0..pixels).map(move |pixel| (pixel, channel)))
                .map(|(p, c)| value(p, c))
                .collect()
        } else {
            (0..pixels)
                .flat_map(|pixel| (0..to).map(move |channel| (pixel, channel)))
                .map(|(p, c)| value(p, c))
                .collect()
        }
    }

    fn resize<P: Pixel<Subpixel = f32> + 'static>(&self, values: Vec<f32>, shape: Shape) -> Vec<f32> {
        let [height, width] = [shape.height, shape.width].map(u32::from);
        let [to_height, to_width] = [self.input.shape.height, self.input.shape.width].map(u32::from);
        if (height, width) == (to_height, to_width) {
            return values;
        }
        let buffer: ImageBuffer<P, Vec<f32>> =
            ImageBuffer::from_raw(width, height, values).expect("as many values as the extent says");
        resize(&buffer, to_width, to_height, FilterType::Triangle).into_raw()
    }
}

fn refused(path: &Path, cause: String) -> EvaluationError {
    EvaluationError::Network { path: path.to_owned(), cause }
}

/// What a network takes, or what was found in its place.
fn input_of(model: &InferenceModel) -> Result<Input, String> {
    let inputs = model.input_outlets().map_err(|cause| format!("{cause:#}"))?.len();
    if inputs != 1 {
        return Err(format!("{inputs} inputs"));
    }
    let fact = model.input_fact(0).map_err(|cause| format!("{cause:#}"))?;
    let extents: Vec<Option<u16>> = fact
        .shape
        .dims()
        .map(|dim| dim.concretize().and_then(|dim| dim.to_i64().ok()).and_then(|extent| u16::try_from(extent).ok()))
        .collect();
    match extents[..] {
        [_, Some(channels @ (1 | 3)), Some(height), Some(width)] => {
            Ok(Input { shape: Shape { channels, height, width }, channels_first: true })
        }
        [_, Some(height), Some(width), Some(channels @ (1 | 3))] => {
            Ok(Input { shape: Shape { channels, height, width }, channels_first: false })
        }
        _ => Err(format!("{:?}", fact.shape)),
    }
}

#[cfg(test)]
mod tests;
