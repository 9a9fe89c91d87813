//! `vapo-train fid-ref`: the images of a data set, for other evaluators.

use crate::cli::card::Card;
use crate::cli::options::{DataOptions, Plan, output};
use crate::cli::{Code, Failure, from_one_to, print, progress};
use crate::export::{Format, Writer};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    pub(in crate::cli) data: DataOptions,
    /// Take only the first N images [default: all]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, { u32::MAX as u64 }>())]
    count: Option<usize>,
    /// Result: a folder of pictures (a name without extension, or with a slash at its end), bytes (.npz), float32 (.npy), or a grid
    /// of pictures (.png)
    #[arg(long, value_name = "DIR/|F.{npz,npy,png}")]
    out: PathBuf,
    /// Replace the file or the folder of pictures, and its card, if they exist
    #[arg(long)]
    force: bool,
}

/// Images that are scaled at a time.
const CHUNK: usize = 1024;

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { data, out, .. } = arguments;
    let format = output::image_format(out)?;
    data.expect_images()?;
    let plan = Plan::new(arguments.force).reads_data(data);
    let outputs = match format {
        Format::Folder => plan.writes_pictures("--out", out),
        _ => plan.writes_with_card("--out", [out]),
    }
    .check()?;
    let dataset = data.load()?;
    let count = arguments.count.unwrap_or(dataset.len());
    if count > dataset.len() {
        return Err(Failure::Refused(Code::DataCount, format!("--count {count}: there are {} images", dataset.len())));
    }
    output::expect_images(out, format, count, dataset.shape(), None)?;
    let mut writer = Writer::begin(out, format, count, dataset.shape(), None)?;
    let bar = progress::bar(count, "images");
    let (indices, mut chunk): (Vec<usize>, _) = ((0..count).collect(), Vec::new());
    for indices in indices.chunks(CHUNK) {
        dataset.fill(indices, &mut chunk);
        writer.push(&chunk)?;
        bar.inc(indices.len() as u64);
    }
    bar.finish_and_clear();
    writer.finish(outputs.existing())?;
    let mut card = Card { data: vec![data.card(&dataset)], ..Card::new("fid-ref") };
    card.results.insert("images".to_owned(), count.into());
    outputs.write_card(out, &card)?;
    print(&format!("{count} images in {}\n", out.display()))
}
