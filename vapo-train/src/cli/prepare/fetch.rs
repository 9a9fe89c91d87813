//! `vapo-train fetch`: a data set's files from their publisher.

use crate::cli::options::plan::refuse_standard_output;
use crate::cli::{Code, Failure, answer, interrupt, note, print, quoted};
use crate::dataset::Source;
use crate::dataset::fetch::{Client, Event, FetchError, Manifest, Outcome};
use crate::dataset::location::DEFAULT_FOLDER;
use crate::files::bounded;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// Pause before the second try.
const PAUSE: Duration = Duration::from_millis(500);
/// Why one set is not fetched.
const CELEBA: &str = "celeba is not fetched: its terms allow research alone and no copies elsewhere, so there is no \
    mirror to get it from. Agree to them at https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, download \
    img_align_celeba.zip and list_eval_partition.txt there, and put both into data/celeba";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The data set: mnist, fashion-mnist or cifar10
    #[arg(value_name = "NAME")]
    dataset: String,
    /// Folder of data sets; the files go into a folder in it with the data set's name
    #[arg(long, value_name = "DIR", default_value = DEFAULT_FOLDER)]
    data_dir: PathBuf,
    /// Address of a mirror's folder, in place of the publisher's
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    /// How often to try again after failures that may pass
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u32).range(0..=100))]
    retries: u32,
    /// Replace existing files that have other contents
    #[arg(long)]
    force: bool,
    /// Names and sums of other files, as JSON: for copies that were repacked, and for tests
    #[arg(long, value_name = "FILE", hide = true)]
    manifest: Option<PathBuf>,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (source, manifest) = manifest(arguments)?;
    refuse_standard_output("--data-dir", &arguments.data_dir)?;
    let folder = arguments.data_dir.join(source.name());
    let failed = |cause: std::io::Error| {
        Failure::told(Code::OutputAccess, format!("cannot make the folder {}: {cause}", folder.display()))
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let kept = "interrupted: what came of a file is kept beside it, as .part; the same command goes on with it";
    interrupt::at_once(kept);
    let client = Client::new(arguments.retries, PAUSE, arguments.force, manifest.most);
    let explain = |cause| match cause {
        FetchError::Differs { .. } => Failure::refused(&cause, cause.to_string()),
        cause => cause.into(),
    };
    // Before the first is fetched, in case another is in the way.
    let present = manifest.files.iter().map(|entry| client.present(&folder.join(&entry.name), &entry.md5));
    let present: Vec<bool> = present.collect::<Result<_, _>>().map_err(explain)?;
    let mut files = Vec::new();
    for (entry, present) in manifest.files.iter().zip(present) {
        let path = folder.join(&entry.name);
        files.push(json!({ "path": path, "md5": entry.md5, "downloaded": !present }));
        if present {
            print(&format!("{}  is there already, its MD5 sum is right\n", path.display()))?;
            continue;
        }
        let mut shown = Shown::default();
        let outcome =
            client.fetch(&manifest.url(entry), &path, &entry.md5, &mut |event| shown.tell(&entry.name, event));
        shown.bar.finish_and_clear();
        let done = match outcome.map_err(explain)? {
            Outcome::Present => "is there already",
            Outcome::Downloaded => "downloaded",
        };
        print(&format!("{}  {done}, its MD5 sum is right\n", path.display()))?;
    }
    answer::object(&json!({ "command": "fetch", "dataset": source.name(), "files": files }))?;
    Ok(())
}

impl Arguments {
    /// The data set as the options of a training name it.
    pub(in crate::cli) fn typed(&self) -> String {
        let place = match self.data_dir.as_path() {
            path if path == Path::new(DEFAULT_FOLDER) => String::new(),
            path => format!(" --data-dir {}", quoted(path)),
        };
        format!("--dataset {}{place}", self.dataset)
    }
}

/// What to get, and for which data set.
fn manifest(arguments: &Arguments) -> Result<(Source, Manifest), Failure> {
    let name = arguments.dataset.as_str();
    let usage = |message: String| Failure::Usage(message);
    if name == "celeba" {
        return Err(usage(CELEBA.to_owned()));
    }
    let published: Option<(Source, Manifest)> =
        name.parse().ok().and_then(|source| Some((source, Manifest::of(source)?)));
    let Some((source, published)) = published else {
        return Err(usage(match name.parse::<Source>() {
            Ok(Source::Digits) => "fetch digits: they are built in; train with --dataset digits".to_owned(),
            Ok(_) => format!("fetch {name}: these are files of your own; give them with --data-dir"),
            Err(_) => {
                let known = Source::ALL.into_iter().filter(|&source| Manifest::of(source).is_some());
                let names: Vec<&str> = known.map(Source::name).collect();
                format!("fetch {name}: no data set of this name can be fetched; give one of {}", names.join(", "))
            }
        }));
    };
    let mut manifest = arguments.manifest.as_deref().map_or(Ok(published), read)?;
    if let Some(base) = &arguments.base {
        manifest.base.clone_from(base);
    }
    if !["http://", "https://"].iter().any(|scheme| manifest.base.starts_with(scheme)) {
        return Err(usage(format!(
            "--base {}: expected an address that begins with http:// or https://",
            manifest.base
        )));
    }
    Ok((source, manifest))
}

/// A manifest from a file. Names with a folder in them could end up anywhere.
fn read(path: &Path) -> Result<Manifest, Failure> {
    let refused = |cause: String| Failure::Usage(format!("--manifest {}: {cause}", path.display()));
    let bytes = bounded::read_file(path, 1 << 20).map_err(|cause| refused(cause.to_string()))?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|cause| refused(cause.to_string()))?;
    for entry in &manifest.files {
        let mut components = Path::new(&entry.name).components();
        if !matches!((components.next(), components.next()), (Some(Component::Normal(_)), None)) {
            return Err(refused(format!("expected a file's name without a folder, found {:?}", entry.name)));
        }
    }
    Ok(manifest)
}

/// A bar on a terminal, and lines for what went wrong.
struct Shown {
    bar: ProgressBar,
}

impl Default for Shown {
    fn default() -> Self {
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}  {msg}") {
            bar.set_style(style);
        }
        Shown { bar }
    }
}

impl Shown {
    fn tell(&mut self, name: &str, event: Event<'_>) {
        match event {
            Event::Begun { from, total } => {
                self.bar.set_message(name.to_owned());
                self.bar.set_length(total.unwrap_or(0));
                self.bar.set_position(from);
                self.bar.reset_eta();
                if from > 0 {
                    self.bar.suspend(|| note(&format!("{name}: going on after {from} bytes")));
                }
            }
            Event::Received(bytes) => self.bar.set_position(bytes),
            Event::Again(cause) => self.bar.suspend(|| note(&format!("{cause}; trying again"))),
            Event::Anew => {
                self.bar.suspend(|| note(&format!("{name}: what was there is of another file; beginning anew")));
            }
        }
    }
}
