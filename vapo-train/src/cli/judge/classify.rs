//! `vapo-train classify`: the class of images by a model's energies.

use super::score::check_extent;
use crate::cli::card::{Card, ModelCard, decimal};
use crate::cli::options::{DataOptions, Plan, output, pool};
use crate::cli::rewritten::with_classifier;
use crate::cli::{Code, Failure, from_one_to, parse_any_model, print, progress, read_model};
use crate::dataset::{Dataset, Split};
use crate::export::picture::confusion::{MOST, confusion};
use crate::sampling::classification::{IMAGES, TIME, class, class_energies, learn};
use serde_json::json;
use std::path::PathBuf;
use vapo_format::Classifier;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Model file, trained with --classes
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) model: PathBuf,
    #[command(flatten)]
    data: DataOptions,
    /// Time at which energies are computed, from 0 to below 1; the offsets of the classes are then learned again from the split
    /// train [default: the time of the model's classifier, or 0.6]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    time: Option<f32>,
    /// Learn the offsets of the classes' energies again, from the split train
    #[arg(long)]
    learn: bool,
    /// Write the model with the classifier to another file
    #[arg(long, value_name = "F.vapo")]
    write_classifier: Option<PathBuf>,
    /// Threads to work on; the result does not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1024>())]
    threads: Option<usize>,
    /// Picture of the confusion matrix: a row for each class, a column for each class found
    #[arg(long, value_name = "F.png")]
    out: PathBuf,
    /// Replace the files and their cards if they exist
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { data, out, .. } = arguments;
    output::expect_png("--out", out)?;
    if let Some(path) = &arguments.write_classifier {
        output::expect_vapo("--write-classifier", path)?;
    }
    let plan = Plan::new(arguments.force).reads("--model", [&arguments.model]).reads_data(data);
    let plan = plan.writes_with_card("--out", [out]);
    let outputs = plan.writes_with_card("--write-classifier", &arguments.write_classifier).check()?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_any_model(&arguments.model, &bytes)?;
    let classes = usize::from(model.classes());
    if !(2..=MOST).contains(&classes) {
        return Err(Failure::Refused(
            Code::Classes,
            format!(
                "--model {}: expected 2 to {MOST} classes, found {classes}: train with --classes",
                arguments.model.display()
            ),
        ));
    }
    let dataset = data.load_for(&model)?;
    check_extent(&model, &dataset)?;
    let labels = labels(&dataset, classes)?;
    let pool = pool(arguments.threads)?;

    let stored = model.classifier();
    let time = arguments.time.or(stored.map(|stored| stored.time())).unwrap_or(TIME);
    if !(0.0..1.0).contains(&time) {
        return Err(Failure::Usage(format!("--time {time}: expected a number from 0 to below 1")));
    }
    let learned = match stored {
        Some(_) if arguments.time.is_none() && !arguments.learn => None,
        _ => {
            let trained_on = data.load_split_for(Split::Train, &model)?;
            check_extent(&model, &trained_on)?;
            self::labels(&trained_on, classes)?;
            let count = trained_on.len().min(IMAGES);
            let bar = progress::bar(count, "images to learn from");
            Some((pool.install(|| learn(&model, &trained_on, time, || bar.inc(1)))?, count))
        }
    };
    let classifier = learned.as_ref().map_or(stored, |(section, _)| Classifier::new(section));
    let classifier = classifier.ok_or_else(|| Failure::told(Code::Classes, "no classifier was learned"))?;
    let indices: Vec<usize> = (0..dataset.len()).collect();
    let bar = progress::bar(indices.len(), "images");
    let energies = pool.install(|| class_energies(&model, &dataset, &indices, time, || bar.inc(1)))?;
    bar.finish_and_clear();

    let mut counts = vec![0; classes * classes];
    for (row, &label) in energies.chunks_exact(classes).zip(labels) {
        counts[usize::from(label) * classes + class(row, &classifier)] += 1;
    }
    let right: usize = (0..classes).map(|class| counts[class * classes + class]).sum();
    let accuracy = right as f64 / labels.len() as f64;
    let percent = 100.0 * accuracy;
    let title = format!("{percent:.2} % of {} images of {}", labels.len(), data.name());
    let picture = confusion(&counts, classes, &title).png();

    let mut card = Card {
        models: vec![ModelCard::new(&arguments.model, &bytes, &model)],
        data: vec![data.card(&dataset)],
        ..Card::new("classify")
    };
    card.settings.insert("time".to_owned(), decimal(time));
    if let Some((_, images)) = &learned {
        card.settings.insert("learned_from".to_owned(), json!(images));
    }
    card.results.insert("accuracy".to_owned(), json!(accuracy));
    card.results.insert("confusion".to_owned(), counts.chunks_exact(classes).map(|row| json!(row)).collect());
    let source = match &learned {
        Some((_, images)) => format!("learned from {images} images of train"),
        None => "the model's own".to_owned(),
    };
    // First: a file that cannot be written takes no number away, nor the other file.
    let printed = print(&format!(
        "accuracy       {percent:.2} %, {right} of {} images\nclassifier     time {time}, {source}\n",
        labels.len()
    ));
    outputs.write_with_card(out, &picture, &card)?;
    print(&format!("confusion      {}\n", out.display()))?;
    if let Some(path) = &arguments.write_classifier {
        outputs.write_with_card(path, &with_classifier(&model, classifier)?, &card)?;
        print(&format!("model          {}, with the classifier\n", path.display()))?;
    }
    printed
}

/// The labels of images that a model may classify.
fn labels(dataset: &Dataset, classes: usize) -> Result<&[u8], Failure> {
    let found = usize::from(dataset.classes());
    match dataset.labels() {
        Some(labels) if found <= classes => Ok(labels),
        Some(_) => Err(Failure::Refused(
            Code::Classes,
            format!(
                "{} has {found} classes, the model has {classes}: give the data that it was trained on",
                dataset.name()
            ),
        )),
        None => {
            let why = dataset.label_fault().map_or_else(String::new, |fault| format!(" ({fault})"));
            Err(Failure::Refused(Code::Classes, format!("{} has no labels{why}: give labelled images", dataset.name())))
        }
    }
}
