//! A data set, a split of it, and how its samples are made.

use crate::cli::card::DataCard;
use crate::cli::{Code, Failure, from_one_to, note, positive, quoted};
use crate::dataset::location::DEFAULT_FOLDER;
use crate::dataset::{
    Crop, Dataset, DatasetError, Files, Filter, NoImages, Preparation, SeriesOptions, Size, Source, Split,
};
use crate::files::raster::Background;
use clap::builder::PossibleValuesParser;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use vapo_format::layer::MAX_EXTENT;
use vapo_format::{Model, Shape};

/// Clap's names of the options that say more of a data set: they mean nothing without one.
pub(in crate::cli) const OF_DATA: [&str; 14] = [
    "data_dir",
    "crop",
    "size",
    "filter",
    "channels",
    "background",
    "cache_dir",
    "window",
    "stride",
    "columns",
    "labels",
    "normal",
    "rate",
    "split",
];

// The group is there where a data set is named. Of options with a group within, clap would not know.
#[derive(Clone, Debug, clap::Args)]
#[group(args = ["dataset"])]
pub(in crate::cli) struct DataOptions {
    /// Data set to read
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Source::ALL.map(Source::name)))]
    dataset: String,
    #[command(flatten)]
    files: FileOptions,
    /// Which part of the data set
    #[arg(long, value_enum, default_value = "test")]
    split: Split,
}

/// Where a data set's files are, and how its samples are made: the same for every command.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in crate::cli) struct FileOptions {
    /// Folder of the data set's files; for npy also a .npy or .npz file, for cifar10 its archive, for mnist and
    /// fashion-mnist a file of images, for series a file of readings [default: data, and where Debian's packages put them]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) data_dir: Option<PathBuf>,
    /// Part of an image to keep, for celeba and folder: the side of a centred square, as 140 (score-based models), 148 or 178 (the
    /// full width); a box LEFT,TOP,RIGHT,BOTTOM, as 15,40,163,188 or 25,57,153,185 (128 pixels around the face); none for the whole
    /// image [default: 140 for celeba, none for folder]
    #[arg(long, value_name = "CROP")]
    crop: Option<Crop>,
    /// Size that images are resized to, for celeba and folder: a side as 64, or HEIGHTxWIDTH [default: 64 for celeba, the images'
    /// own for folder]
    #[arg(long, value_name = "PIXELS")]
    size: Option<Size>,
    /// Filter that images are resized with, widened when they shrink [default: triangle]
    #[arg(long, value_enum, hide_default_value = true)]
    filter: Option<Filter>,
    /// Channels of images, 1 for grey or 3 for colour, for celeba and folder [default: 3 for celeba, as the first image for folder]
    #[arg(long, value_name = "N", value_parser = channels)]
    channels: Option<u16>,
    /// Background of partly transparent images, for celeba and folder: a grey level, 0 to 255, or RED,GREEN,BLUE [default: 255,
    /// white]
    #[arg(long, value_name = "COLOUR")]
    background: Option<Background>,
    /// Folder that keeps prepared images [default: beside the data, or the user's cache folder]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) cache_dir: Option<PathBuf>,
    /// Readings of a window, for series [default: the model's; in training 64, or a whole case of .ts files]
    #[arg(long, value_name = "N", value_parser = from_one_to::<u16, { MAX_EXTENT as u64 }>())]
    window: Option<u16>,
    /// Readings from the start of a window to the start of the next, for series [default: 1 to train, 8 otherwise]
    #[arg(long, value_name = "N")]
    stride: Option<NonZeroU32>,
    /// Channels of a series: names of columns, or numbers from 1 for columns without names [default: all columns of numbers]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    columns: Vec<String>,
    /// Column that marks the anomalies of a series by a number other than 0; training never reads it
    #[arg(long, value_name = "NAME")]
    labels: Option<String>,
    /// Class of the normal cases, for a series of .ts files; training leaves out the others
    #[arg(long, value_name = "CLASS", allow_hyphen_values = true)]
    normal: Option<String>,
    /// Readings a second of a series [default: from the timestamps]
    #[arg(long, value_name = "HZ", allow_negative_numbers = true, value_parser = positive::<f64>)]
    rate: Option<f64>,
}

fn channels(text: &str) -> Result<u16, String> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("expected 1 for grey or 3 for colour images".to_owned()),
    }
}

impl FileOptions {
    /// Whether one class of a series is the normal machine.
    pub(in crate::cli) fn is_of_normal(&self) -> bool {
        self.normal.is_some()
    }

    /// The options that a person gave, each by its name and as it would be typed, that change the images.
    pub(in crate::cli) fn chosen(&self) -> Vec<(&'static str, String)> {
        let filter = self.filter.map(|filter| crate::cli::option_value(&filter));
        let given = [
            ("crop", self.crop.map(|crop| crop.to_string())),
            ("size", self.size.map(|size| size.to_string())),
            ("filter", filter),
            ("channels", self.channels.map(|channels| channels.to_string())),
            ("background", self.background.map(|background| background.to_string())),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The options that a person gave, each by its name and as it would be typed, that change a series.
    pub(in crate::cli) fn chosen_series(&self) -> Vec<(&'static str, String)> {
        let given = [
            ("window", self.window.map(|window| window.to_string())),
            ("stride", self.stride.map(|stride| stride.to_string())),
            ("columns", (!self.columns.is_empty()).then(|| self.columns.join(","))),
            ("labels", self.labels.clone()),
            ("normal", self.normal.clone()),
            ("rate", self.rate.map(|rate| rate.to_string())),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// What they stand for, for a series.
    fn series(&self) -> SeriesOptions {
        SeriesOptions {
            window: self.window,
            stride: self.stride,
            columns: self.columns.clone(),
            labels: self.labels.clone(),
            normal: self.normal.clone(),
            rate: self.rate,
        }
    }

    /// What they stand for, for a data set.
    ///
    /// # Errors
    /// They are not for this data set, or do not suffice.
    pub(in crate::cli) fn files(&self, source: Source) -> Result<Files, Failure> {
        if let Some(folder) = self.data_dir.as_ref().filter(|_| source == Source::Digits) {
            return Err(Failure::Usage(format!(
                "--data-dir {}: the digits are built in; say with --dataset what the files are",
                folder.display()
            )));
        }
        if self.data_dir.is_none() && source == Source::Folder {
            return Err(Failure::Refused(
                Code::DataMissing,
                "--dataset folder needs --data-dir: the folder of its images".to_owned(),
            ));
        }
        if self.data_dir.is_none() && source == Source::Npy {
            return Err(Failure::Refused(
                Code::DataMissing,
                "--dataset npy: give its .npy or .npz file, or a folder of .npy files, with --data-dir".to_owned(),
            ));
        }
        if self.data_dir.is_none() && source == Source::Series {
            return Err(Failure::Refused(
                Code::DataMissing,
                "--dataset series: give its file (.csv, .tsv, .ts, .npy, .npz), or the folder of its files, with --data-dir"
                    .to_owned(),
            ));
        }
        let of_series = self.chosen_series().into_iter().next().filter(|_| source != Source::Series);
        if let Some((name, value)) = of_series {
            return Err(Failure::Refused(
                Code::DataKind,
                format!("--{name} {value}: {source} is no series; leave the option out"),
            ));
        }
        let preparation = match Preparation::of(source) {
            Some(usual) => Some(Preparation {
                crop: self.crop.unwrap_or(usual.crop),
                size: self.size.or(usual.size),
                filter: self.filter.unwrap_or(usual.filter),
                channels: self.channels.or(usual.channels),
                background: self.background.unwrap_or(usual.background),
            }),
            None => {
                let cache = self.cache_dir.as_ref().map(|folder| ("cache-dir", folder.display().to_string()));
                if let Some((name, value)) = self.chosen().into_iter().chain(cache).next() {
                    return Err(Failure::Usage(format!(
                        "--{name} {value}: the {} of {source} are used as they are; leave the option out",
                        source.samples()
                    )));
                }
                None
            }
        };
        let series = (source == Source::Series).then(|| self.series());
        let (data_dir, cache_dir) = (self.data_dir.clone(), self.cache_dir.clone());
        Ok(Files { data_dir, cache_dir, preparation, series, scaling: None })
    }
}

impl DataOptions {
    /// The images that the options stand for.
    ///
    /// # Errors
    /// The files are missing or damaged, or the options contradict each other.
    pub(in crate::cli) fn load(&self) -> Result<Dataset, Failure> {
        self.load_split(self.split)
    }

    /// The images of another split of the same data set.
    ///
    /// # Errors
    /// As [`DataOptions::load`].
    pub(in crate::cli) fn load_split(&self, split: Split) -> Result<Dataset, Failure> {
        let source = self.dataset.parse()?;
        load(source, split, &self.files.files(source)?)
    }

    /// The samples that the options stand for, as a model sees them: windows of its extent, in its scaling.
    ///
    /// # Errors
    /// As [`DataOptions::load`].
    pub(in crate::cli) fn load_for(&self, model: &Model<'_>) -> Result<Dataset, Failure> {
        self.load_split_for(self.split, model)
    }

    /// Those of another split of the same data set, as a model sees them.
    ///
    /// # Errors
    /// As [`DataOptions::load`].
    pub(in crate::cli) fn load_split_for(&self, split: Split, model: &Model<'_>) -> Result<Dataset, Failure> {
        let source = self.dataset.parse()?;
        let mut files = self.files.files(source)?;
        let Shape { channels, width, .. } = model.signal();
        if let Some(series) = &mut files.series {
            series.window = series.window.or(Some(width));
            files.scaling = Some((0..channels.into()).map(|channel| model.scaling(channel)).collect());
        }
        load(source, split, &files)
    }

    /// Refuses a series, before anything is read.
    ///
    /// # Errors
    /// The data set is one.
    pub(in crate::cli) fn expect_images(&self) -> Result<(), Failure> {
        if self.is_series() {
            let dataset = self.files.data_dir.as_ref().map_or(String::new(), |path| path.display().to_string());
            return Err(Failure::Refused(Code::DataKind, NoImages { dataset }.to_string()));
        }
        Ok(())
    }

    /// The options where a command reads samples from files too, and the background that was given. Samples lie on it as
    /// the images of a data set do; one whose images are used as they are has no use for it.
    pub(in crate::cli) fn beside_samples(&self) -> (DataOptions, Option<Background>) {
        let (mut data, background) = (self.clone(), self.files.background);
        if data.dataset.parse().is_ok_and(|source| Preparation::of(source).is_none()) {
            data.files.background = None;
        }
        (data, background)
    }

    /// The data set's name.
    pub(in crate::cli) fn source(&self) -> &str {
        &self.dataset
    }

    /// The options as a person would type them. The folder of prepared images is left out: it changes none of them.
    pub(in crate::cli) fn typed(&self) -> String {
        let split = (self.split != Split::Test).then(|| ("split", self.split.name().to_owned()));
        let folder = self.files.data_dir.as_deref().map(|path| ("data-dir", quoted(path)));
        let words = self.files.chosen().into_iter().chain(self.files.chosen_series());
        let words = words.map(|(name, value)| (name, quoted(Path::new(&value))));
        let options = folder.into_iter().chain(words).chain(split).map(|(name, value)| format!(" --{name} {value}"));
        format!("--dataset {}{}", self.dataset, options.collect::<String>())
    }

    /// Whether every picture in its folder is of the data set.
    pub(in crate::cli) fn is_folder(&self) -> bool {
        self.dataset == Source::Folder.name()
    }

    /// Whether the data set is a series.
    pub(in crate::cli) fn is_series(&self) -> bool {
        self.dataset == Source::Series.name()
    }

    /// The data set and its split, for people.
    pub(in crate::cli) fn name(&self) -> String {
        let folder = self.files.data_dir.as_ref().map_or(String::new(), |path| format!(" in {}", path.display()));
        format!("{}:{}{folder}", self.dataset, self.split.name())
    }

    /// The split that was asked for.
    pub(in crate::cli) fn split(&self) -> Split {
        self.split
    }

    /// The place of its files, which a command that reads them should not write to; none for what is built in.
    pub(in crate::cli) fn place(&self) -> Option<PathBuf> {
        let given = || self.files.data_dir.clone().unwrap_or_else(|| DEFAULT_FOLDER.into());
        (self.dataset != Source::Digits.name()).then(given)
    }

    /// Images of the set that option `--against` names, from the folder of option `--against-dir`. Without that, another
    /// split of this set is read like this one, and another set from the usual places: never from this set's folder, for
    /// files of several sets have the same names.
    ///
    /// # Errors
    /// The files are missing or damaged, or a folder is needed or not.
    pub(in crate::cli) fn load_other(
        &self,
        source: Source,
        split: Split,
        folder: Option<&PathBuf>,
    ) -> Result<Dataset, Failure> {
        // What is said of this set's folder is true of the other's.
        let renamed = |text: String| text.replace("--data-dir", "--against-dir").replace("--dataset", "--against");
        let same = source.name() == self.dataset;
        let files = match same {
            true => FileOptions { data_dir: folder.or(self.files.data_dir.as_ref()).cloned(), ..self.files.clone() },
            false => {
                let cache_dir = self.files.cache_dir.clone().filter(|_| Preparation::of(source).is_some());
                FileOptions { data_dir: folder.cloned(), cache_dir, ..FileOptions::default() }
            }
        };
        files.files(source).and_then(|files| load(source, split, &files)).map_err(|failure| match failure {
            Failure::Usage(text) => Failure::Usage(renamed(text)),
            Failure::Refused(code, text) => Failure::Refused(code, renamed(text)),
            Failure::Other(cause) => {
                Failure::because(&*cause, format!("--against {source}: {}", renamed(cause.to_string())))
            }
            Failure::Interrupted(_) => failure,
        })
    }

    /// What a run card says of the images.
    pub(in crate::cli) fn card(&self, images: &Dataset) -> DataCard {
        DataCard::new(images, self.split)
    }
}

/// One split of a data set. What a person should know of it is said.
///
/// # Errors
/// The files are missing or damaged.
pub(in crate::cli) fn load(source: Source, split: Split, files: &Files) -> Result<Dataset, Failure> {
    let dataset = Dataset::open(source, split, files).map_err(|cause| match cause {
        DatasetError::NoValid { .. } => Failure::refused(&cause, cause.to_string()),
        cause => cause.into(),
    })?;
    dataset.notes().iter().for_each(|line| note(line));
    Ok(dataset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct CommandLine {
        #[command(flatten)]
        data: DataOptions,
    }

    fn parse(line: &str) -> DataOptions {
        CommandLine::try_parse_from(["x"].into_iter().chain(line.split(' '))).unwrap().data
    }

    fn preparation(line: &str) -> Preparation {
        let options = parse(line);
        options.files.files(options.dataset.parse().unwrap()).unwrap().preparation.unwrap()
    }

    #[test]
    fn what_is_not_chosen_is_as_usual_for_the_data_set() {
        let usual = Preparation::of(Source::Celeba).unwrap();
        assert_eq!(preparation("--dataset celeba"), usual);
        let crop = Crop::Box { left: 15, top: 40, right: 163, bottom: 188 };
        assert_eq!(preparation("--dataset celeba --crop 15,40,163,188"), Preparation { crop, ..usual });
        let chosen = preparation(
            "--dataset celeba --crop none --size 48x32 --filter lanczos3 --channels 1 --background 10,20,30",
        );
        let size = Some(Size { height: 48, width: 32 });
        let (filter, background) = (Filter::Lanczos3, Background { colour: [10, 20, 30] });
        assert_eq!(chosen, Preparation { crop: Crop::None, size, filter, channels: Some(1), background });
        let own = preparation("--dataset folder --data-dir d");
        assert_eq!((own.crop, own.size, own.channels), (Crop::None, None, None));
    }

    #[test]
    fn the_card_says_how_images_were_prepared() {
        let root = tempfile::TempDir::new().unwrap();
        image::RgbImage::new(9, 9).save_with_format(root.path().join("a.png"), image::ImageFormat::Png).unwrap();
        let options = format!("--dataset folder --data-dir {} --split train --crop 8 --size 4", root.path().display());
        let options = parse(&options);
        let images = options.load().unwrap();
        let card = serde_json::to_value(options.card(&images)).unwrap();
        let expected = serde_json::json!({
            "dataset": "folder", "split": "train", "shape": {"channels": 3, "height": 4, "width": 4}, "count": 1,
            "preparation": {"crop": "8", "size": "4", "filter": "triangle", "channels": null, "background": "255"}
        });
        assert_eq!(card, expected);
        let digits = parse("--dataset digits");
        let card = serde_json::to_value(digits.card(&digits.load().unwrap())).unwrap();
        assert!(card.get("preparation").is_none(), "{card}");
    }

    #[test]
    fn every_option_beside_the_name_of_the_data_set_is_listed() {
        let command = <DataOptions as clap::Args>::augment_args(clap::Command::new("c"));
        let ids: Vec<&str> = command.get_arguments().map(|option| option.get_id().as_str()).collect();
        let beside: Vec<&str> = ids.into_iter().filter(|id| *id != "dataset").collect();
        assert_eq!(beside, OF_DATA);
    }
}
