//! `vapo-train neighbours`: the training images nearest to samples, and whether samples are copies of them.

use super::samples::draw;
use crate::cli::card::{Card, ModelCard};
use crate::cli::options::{AdaptiveOptions, ClassOptions, DataOptions, FeatureOptions, Plan, output};
use crate::cli::{Code, Failure, from_one_to, parse_model, print, read_model};
use crate::dataset::{Batches, Split};
use crate::evaluation::image_set::matches;
use crate::evaluation::rank_sum::{median, quantile};
use crate::evaluation::{EvaluationError, ImageSet, Neighbour, RankSum, nearest, rank_sum};
use crate::export::picture::grid;
use crate::sampling::Request;
use serde_json::{Value, json};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

/// Samples nearer to a training image than this share of held-out images is, are counted.
const LEVEL: f64 = 0.01;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Model file
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) model: PathBuf,
    /// Number of samples; as many held-out images are taken if there are enough
    #[arg(long, value_name = "N", default_value = "1000", value_parser = from_one_to::<usize, 65_536>())]
    count: usize,
    /// Rows of the picture, one for each sample shown
    #[arg(long, value_name = "N", default_value = "8", value_parser = from_one_to::<usize, 1024>())]
    rows: usize,
    /// Training images beside each sample
    #[arg(long, value_name = "K", default_value = "7", value_parser = from_one_to::<usize, 1024>())]
    nearest: usize,
    #[command(flatten)]
    data: DataOptions,
    #[command(flatten)]
    classes: ClassOptions,
    #[command(flatten)]
    sampler: AdaptiveOptions,
    #[command(flatten)]
    features: FeatureOptions,
    /// Picture to write: each row has a sample, then its nearest training images, the nearest first
    #[arg(long, value_name = "F.png")]
    out: PathBuf,
    /// Replace the file and its card if they exist
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { data, sampler, count, out, .. } = arguments;
    output::expect_png("--out", out)?;
    let plan = Plan::new(arguments.force).reads("--model", [&arguments.model]).reads_data(data);
    let outputs = plan.writes_with_card("--out", [out]).check()?;
    if data.split() == Split::Train {
        return Err(Failure::Refused(
            Code::DataSplit,
            "--split train: expected a split that training never saw, test for instance; the images near samples are \
             looked for in train by themselves"
                .to_owned(),
        ));
    }
    arguments.features.check()?;
    data.expect_images()?;
    let (request, pool) = (sampler.request(*count)?, sampler.fixed.pool()?);
    let bytes = read_model(&arguments.model)?;
    let model = parse_model(&arguments.model, &bytes)?;
    let request = Request { asked: arguments.classes.asked(&model, *count)?, ..request };
    let shape = model.signal();
    let rows = arguments.rows.min(*count);
    let (trained_on, held_out) = (data.load_split(Split::Train)?, data.load()?);
    let (training, others) = (ImageSet::of_dataset(&trained_on)?, ImageSet::of_dataset(&held_out)?);
    matches(shape, training.shape())?;
    if training.same(&others) {
        return Err(Failure::Refused(
            Code::DataSplit,
            format!(
                "--split {}: its images are those that training saw, so none is held out: give another split",
                data.split().name()
            ),
        ));
    }
    let columns = 1 + arguments.nearest.min(training.count());
    let (tiles, columns) = (rows * columns, NonZeroU32::new(columns as u32));
    output::expect_grid(out, tiles, shape, columns, output::SAMPLE)?;
    // Any of the held-out images, in case they come sorted.
    let all = NonZeroUsize::new(others.count()).unwrap_or(NonZeroUsize::MIN);
    let mut order = Vec::new();
    Batches::new(all, all, sampler.fixed.seed()).indices(0, &mut order);
    let others = others.select(&order[..(*count).min(order.len())]);

    let (extractor, of_features) = arguments.features.extractor(data, shape, &pool)?;
    extractor.dimension(shape)?;
    let (samples, counts) = draw(&model, sampler, &request, &pool)?;
    let found = pool.install(|| -> Result<_, EvaluationError> {
        let set = extractor.features(&training)?;
        let of_samples = nearest(&extractor.features(&samples)?, &set, arguments.nearest)?;
        Ok((of_samples, nearest(&extractor.features(&others)?, &set, 1)?))
    });
    let (of_samples, of_others) = found?;
    let test = Test::new(&of_samples, &of_others)?;

    let mut pictures = Vec::new();
    for (row, neighbours) in of_samples.iter().take(rows).enumerate() {
        pictures.extend(samples.image(row));
        neighbours.iter().for_each(|neighbour| pictures.extend(training.image(neighbour.index)));
    }
    let picture = grid(&pictures, shape, columns)?.png();

    let mut card = Card {
        models: vec![ModelCard::new(&arguments.model, &bytes, &model)],
        data: vec![data.card(&held_out)],
        sampler: Some(arguments.classes.on(sampler.card(*count, &counts)?)),
        settings: of_features,
        ..Card::new("neighbours")
    };
    card.settings.insert("training_images".to_owned(), training.count().into());
    card.settings.insert("held_out_images".to_owned(), others.count().into());
    card.results.extend(test.results());
    // First: a picture that cannot be written takes no number away.
    let printed = print(&test.table());
    outputs.write_with_card(out, &picture, &card)?;
    printed.and_then(|()| print(&format!("picture            {}\n", out.display())))
}

/// Distances of samples to their nearest training images, against those of held-out images.
struct Test {
    sample_median: f64,
    held_out_median: f64,
    /// The distance below which [`LEVEL`] of the held-out images are.
    threshold: f64,
    /// Share of samples below it.
    share: f64,
    rank_sum: RankSum,
}

impl Test {
    fn new(samples: &[Vec<Neighbour>], held_out: &[Vec<Neighbour>]) -> Result<Self, Failure> {
        let distances = |all: &[Vec<Neighbour>]| -> Vec<f64> {
            all.iter().filter_map(|neighbours| neighbours.first()).map(|neighbour| neighbour.distance).collect()
        };
        let (samples, held_out) = (distances(samples), distances(held_out));
        let values = || {
            Some((median(&samples)?, median(&held_out)?, quantile(&held_out, LEVEL)?, rank_sum(&samples, &held_out)?))
        };
        let none = || Failure::told(Code::DataCount, "expected at least one sample and one held-out image, found none");
        let (sample_median, held_out_median, threshold, rank_sum) = values().ok_or_else(none)?;
        let below = samples.iter().filter(|&&distance| distance < threshold).count();
        let share = below as f64 / samples.len() as f64;
        Ok(Test { sample_median, held_out_median, threshold, share, rank_sum })
    }

    fn results(&self) -> Vec<(String, Value)> {
        let number = |name: &str, value: f64| (name.to_owned(), json!(value));
        vec![
            number("sample_median_distance", self.sample_median),
            number("held_out_median_distance", self.held_out_median),
            number("held_out_1_percent_quantile", self.threshold),
            number("share_of_samples_below_it", self.share),
            number("mann_whitney_u", self.rank_sum.statistic),
            number("mann_whitney_share", self.rank_sum.share),
            number("mann_whitney_p_value", self.rank_sum.p_value),
        ]
    }

    fn table(&self) -> String {
        let Test { sample_median, held_out_median, threshold, share, rank_sum } = self;
        let rows = [
            ("nearest, samples", format!("{sample_median:.4} (median distance to the nearest training image)")),
            ("nearest, held out", format!("{held_out_median:.4} (the same for images that training never saw)")),
            (
                "suspect samples",
                format!("{:.2} % are nearer than {threshold:.4}, as 1 % of the held-out images are", 100.0 * share),
            ),
            (
                "Mann-Whitney",
                format!(
                    "samples are the farther in {:.1} % of pairs; p = {:.3e} that they are nearer by chance",
                    100.0 * rank_sum.share,
                    rank_sum.p_value
                ),
            ),
        ];
        rows.iter().map(|(name, value)| format!("{name:18} {value}\n")).collect()
    }
}
