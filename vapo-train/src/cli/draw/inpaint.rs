//! `vapo-train inpaint`: restores what is missing of images.

use crate::cli::card::{Card, ModelCard};
use crate::cli::options::{ClassOptions, DataOptions, OF_DATA, Plan, RESTORING_TEMPERATURE, SamplerOptions, output};
use crate::cli::{Code, Failure, from_one_to, note, parse_model, print, progress, read_model};
use crate::export::{Format, Writer};
use crate::files::array::header::MAGIC;
use crate::files::bounded;
use crate::files::digest::sha256;
use crate::files::images::{self, ReadError};
use crate::files::raster::MAX_FILE;
use crate::sampling::Settings;
use crate::sampling::inpainting::inpaint;
use serde_json::json;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use vapo_format::Shape;

#[derive(Debug, clap::Args)]
#[command(mut_arg("seed", |option| option.help("Seed of the first restoration of the first image")))]
#[command(mut_arg("temperature", |option| option.help(RESTORING_TEMPERATURE)))]
#[command(group = clap::ArgGroup::new("missing").required(true).args(["mask", "area"]))]
#[command(group = clap::ArgGroup::new("source").required(true).args(["images", "dataset"]))]
pub(in crate::cli) struct Arguments {
    /// Model file
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) model: PathBuf,
    /// Images to restore: a picture of the model's size, or an array of images (.npy) of uint8, of bool, or of floats in [-1, 1] as
    /// `sample` writes them
    #[arg(long, value_name = "F.{png,npy}", conflicts_with_all = OF_DATA)]
    images: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) data: Option<DataOptions>,
    /// Numbers of the images to restore, counted from 0, with commas between them
    #[arg(long, value_name = "N", default_value = "0", value_delimiter = ',')]
    index: Vec<usize>,
    /// Picture of the model's size that is white at missing pixels and black at known ones
    #[arg(long, value_name = "F.png")]
    mask: Option<PathBuf>,
    /// Missing box: its left and top edge, its width and height, in pixels
    #[arg(id = "area", long = "box", value_name = "X,Y,W,H")]
    area: Option<Area>,
    /// Number of restorations of each image; seeds count up from one to the next, and from image to image
    #[arg(long, value_name = "N", default_value = "4", value_parser = from_one_to::<usize, 64>())]
    count: usize,
    #[command(flatten)]
    classes: ClassOptions,
    #[command(flatten)]
    sampler: SamplerOptions,
    /// Result: a picture (.png) with a row for each image, of the original, its known part and the restorations. Or the
    /// restorations alone: float32 for Python (.npy), bytes for evaluators (.npz)
    #[arg(long, value_name = "F.{png,npy,npz}")]
    out: PathBuf,
    /// Replace the file and its card if they exist
    #[arg(long)]
    force: bool,
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    left: u16,
    top: u16,
    width: u16,
    height: u16,
}

impl FromStr for Area {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Option<Vec<u16>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[left, top, width, height]) if width > 0 && height > 0 => Ok(Area { left, top, width, height }),
            _ => Err("expected four whole numbers X,Y,W,H, the last two above 0, as 4,8,10,10"),
        }
    }
}

impl Area {
    /// Which elements of an image the rectangle covers.
    ///
    /// # Errors
    /// It does not lie within the image.
    fn mask(self, shape: Shape) -> Result<Vec<bool>, Failure> {
        let Area { left, top, width, height } = self;
        let within = |start: u16, length: u16, extent: u16| u32::from(start) + u32::from(length) <= extent.into();
        if !within(left, width, shape.width) || !within(top, height, shape.height) {
            return Err(Failure::Usage(format!(
                "--box {left},{top},{width},{height}: expected a box within the image, {} pixels wide and {} high",
                shape.width, shape.height
            )));
        }
        let covers = |index: usize| {
            let pixel = index / usize::from(shape.channels);
            let (row, column) = (pixel / usize::from(shape.width), pixel % usize::from(shape.width));
            let inside = |at: usize, start: u16, length: u16| (start.into()..usize::from(start + length)).contains(&at);
            inside(row, top, height) && inside(column, left, width)
        };
        Ok((0..shape.elements()).map(covers).collect())
    }
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let out = arguments.out.display();
    let Some(format) = Format::of(&arguments.out).filter(|format| *format != Format::Folder) else {
        return Err(Failure::Refused(
            Code::OutputName,
            format!("--out {out}: expected a name that ends in .png, .npy or .npz"),
        ));
    };
    let plan = Plan::new(arguments.force).reads("--model", [&arguments.model]);
    let plan = arguments.data.iter().fold(plan, Plan::reads_data);
    let plan = plan.reads("--images", &arguments.images).reads("--mask", &arguments.mask);
    let outputs = plan.writes_with_card("--out", [&arguments.out]).check()?;
    let (count, sampler) = (arguments.count, &arguments.sampler.restoring());
    let settings = sampler.settings(count)?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_model(&arguments.model, &bytes)?;
    let settings = Settings { asked: arguments.classes.asked(&model, count)?, ..settings };
    let shape = model.signal();

    // A picture shows the image and what is known of it, too.
    let shown = format == Format::Grid;
    let each = if shown { 2 + count } else { count };
    let (columns, tiles) = (NonZeroU32::new(each as u32), arguments.index.len() * each);
    output::expect_images(&arguments.out, format, tiles, shape, columns)?;

    let mut card = Card::new("inpaint");
    let missing = missing(arguments, shape, &mut card)?;
    let images = originals(arguments, shape, &mut card)?;
    let pool = sampler.pool()?;
    let mut writer = Writer::begin(&arguments.out, format, tiles, shape, columns)?;
    let bar = progress::bar(images.len(), "images");
    for (index, image) in images.iter().enumerate() {
        let seed = settings.seed.wrapping_add((index * count) as u64);
        let restored = pool.install(|| inpaint(&model, image, &missing, &Settings { seed, ..settings }));
        if shown {
            let known = image.iter().zip(&missing).map(|(value, missing)| if *missing { 0.0 } else { *value });
            writer.push(&image.iter().copied().chain(known).collect::<Vec<_>>())?;
        }
        writer.push(&restored.map_err(|cause| sampler.explain(cause))?)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    writer.finish(outputs.existing())?;

    card.settings.insert("index".to_owned(), json!(arguments.index));
    card.models = vec![ModelCard::new(&arguments.model, &bytes, &model)];
    card.sampler = Some(arguments.classes.on(sampler.card(count)?));
    outputs.write_card(&arguments.out, &card)?;
    print(&format!("{} restorations in {out}\n", images.len() * count))
}

/// Which elements of the images are missing, in the card too.
fn missing(arguments: &Arguments, shape: Shape, card: &mut Card) -> Result<Vec<bool>, Failure> {
    let mask = match (&arguments.mask, arguments.area) {
        (Some(path), _) => {
            let file = read_file("--mask", path)?;
            card.settings.insert("mask".to_owned(), json!({"path": path, "sha256": sha256(&file)}));
            images::mask(&file, shape).map_err(|cause| refused("--mask", path, &cause))?
        }
        (None, Some(area)) => {
            let Area { left, top, width, height } = area;
            card.settings.insert("box".to_owned(), json!([left, top, width, height]));
            area.mask(shape)?
        }
        (None, None) => unreachable!("one of the group is required"),
    };
    let some = mask.iter().filter(|missing| **missing).count();
    card.settings.insert("missing".to_owned(), json!(some as f64 / mask.len() as f64));
    if some == 0 {
        return Err(Failure::Usage("--mask: nothing is missing, expected white where the image is".to_owned()));
    }
    Ok(mask)
}

/// The images to restore, their source in the card.
fn originals(arguments: &Arguments, shape: Shape, card: &mut Card) -> Result<Vec<Vec<f32>>, Failure> {
    if let Some(path) = &arguments.images {
        let file = read_file("--images", path)?;
        card.settings.insert("images".to_owned(), json!({"path": path, "sha256": sha256(&file)}));
        let array = is_array(path);
        let image = |index: &usize| match array {
            true => images::array(&file, shape, *index),
            false if *index > 0 => Err(ReadError::Index { index: *index, count: 1 }),
            false => images::image(&file, shape),
        };
        let images = arguments.index.iter().map(image);
        let images = images.collect::<Result<Vec<_>, _>>().map_err(|cause| refused("--images", path, &cause))?;
        if array && images::is_of_floats(&file) && images.iter().flatten().all(|&value| value >= 0.0) {
            note(&format!(
                "--images {}: no value is negative: values are taken as [-1, 1], as `sample` writes them; of values in \
                 [0, 1] save 2 * x - 1",
                path.display()
            ));
        }
        return Ok(images);
    }
    let Some(data) = &arguments.data else { unreachable!("one of the group is required") };
    let dataset = data.load()?;
    if dataset.shape() != shape {
        let (name, found) = (dataset.name(), dataset.shape());
        return Err(Failure::Refused(
            Code::DataUnlike,
            format!(
                "the model's images are {shape}, those of {name} are {found}: give a data set of the model's extent"
            ),
        ));
    }
    card.data = vec![data.card(&dataset)];
    let image = |&index: &usize| {
        let count = dataset.len();
        if index >= count {
            let cause = ReadError::Index { index, count };
            return Err(Failure::refused(&cause, format!("--index {index}: {cause}")));
        }
        let mut image = Vec::new();
        dataset.fill(&[index], &mut image);
        Ok(image)
    };
    arguments.index.iter().map(image).collect()
}

/// Bytes of an array of images at most.
const MAX_ARRAY: u64 = 1 << 31;

fn is_array(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "npy")
}

fn read_file(option: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |cause: std::io::Error| {
        Failure::told(Code::DataMissing, format!("{option} {}: cannot read it: {cause}", path.display()))
    };
    // Arrays are larger than pictures may be.
    let read =
        if is_array(path) { bounded::read_file_of(path, MAGIC, MAX_ARRAY) } else { bounded::read_file(path, MAX_FILE) };
    read.map_err(failed)
}

fn refused(option: &str, path: &Path, cause: &ReadError) -> Failure {
    Failure::because(cause, format!("{option} {}: {cause}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { channels: 2, height: 2, width: 3 };

    #[test]
    fn a_box_covers_its_pixels() {
        let mask = Area { left: 1, top: 0, width: 2, height: 1 }.mask(SHAPE).unwrap();
        let (f, t) = (false, true);
        assert_eq!(mask, [f, f, t, t, t, t, f, f, f, f, f, f]);
        let all = Area { left: 0, top: 0, width: 3, height: 2 };
        assert!(all.mask(SHAPE).unwrap().iter().all(|missing| *missing));
        for beyond in [
            Area { left: 1, ..all },
            Area { top: 1, ..all },
            Area { height: u16::MAX, ..all },
            Area { left: u16::MAX, width: u16::MAX, ..all },
        ] {
            assert!(
                matches!(beyond.mask(SHAPE), Err(Failure::Usage(message)) if message.contains("3 pixels wide and 2"))
            );
        }
    }

    #[test]
    fn boxes_are_four_numbers() {
        assert_eq!("1, 2,3,4".parse(), Ok(Area { left: 1, top: 2, width: 3, height: 4 }));
        for wrong in ["", "1,2,3", "1,2,3,4,5", "1,2,0,4", "1,2,3,0", "-1,2,3,4", "a,b,c,d", "65536,0,1,1"] {
            assert!(wrong.parse::<Area>().unwrap_err().contains("X,Y,W,H"), "{wrong}");
        }
    }
}
