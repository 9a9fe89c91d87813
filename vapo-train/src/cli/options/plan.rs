//! What a command reads and writes, checked before its work begins.

use crate::cli::card::Card;
use crate::cli::options::DataOptions;
use crate::cli::{Code, Failure, answer};
use crate::export::folder::refuse_foreign;
use crate::files::atomic::{Existing, begin, folder_of, publish};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// Every file that a command will write, cards included, and what it reads. A file that is not in the plan is not written.
#[derive(Debug)]
pub(in crate::cli) struct Plan {
    force: bool,
    read: Vec<Read>,
    written: Vec<Written>,
}

/// A file or a folder that an option names.
#[derive(Debug)]
struct Read {
    option: &'static str,
    path: PathBuf,
    /// Whether it is a folder whose every picture counts.
    pictures: bool,
}

#[derive(Debug)]
struct Written {
    option: &'static str,
    /// What the option names.
    named: PathBuf,
    /// What is written: that, or its card.
    path: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// What an option names.
    File,
    /// A folder of pictures that an option names.
    Pictures,
    /// The card beside one of them.
    Card,
}

impl Plan {
    /// A plan of nothing. With `force`, what exists may be replaced.
    pub(in crate::cli) fn new(force: bool) -> Self {
        Plan { force, read: Vec::new(), written: Vec::new() }
    }

    /// With a file or a folder that is read.
    pub(in crate::cli) fn reads<'p>(
        mut self,
        option: &'static str,
        paths: impl IntoIterator<Item = &'p PathBuf>,
    ) -> Self {
        self.read.extend(paths.into_iter().map(|path| Read { option, path: path.clone(), pictures: false }));
        self
    }

    /// With folders every picture of which is read, or files.
    pub(in crate::cli) fn reads_pictures<'p>(
        mut self,
        option: &'static str,
        paths: impl IntoIterator<Item = &'p PathBuf>,
    ) -> Self {
        self.read.extend(paths.into_iter().map(|path| Read { option, path: path.clone(), pictures: true }));
        self
    }

    /// With the files of a data set.
    pub(in crate::cli) fn reads_data(self, data: &DataOptions) -> Self {
        match data.is_folder() {
            true => self.reads_pictures("--data-dir", &data.place()),
            false => self.reads("--data-dir", &data.place()),
        }
    }

    /// With a file that is written.
    pub(in crate::cli) fn writes<'p>(self, option: &'static str, paths: impl IntoIterator<Item = &'p PathBuf>) -> Self {
        paths.into_iter().fold(self, |plan, path| plan.with(option, path, path.clone(), Kind::File))
    }

    /// With files that are written, and the card of each.
    pub(in crate::cli) fn writes_with_card<'p>(
        self,
        option: &'static str,
        paths: impl IntoIterator<Item = &'p PathBuf>,
    ) -> Self {
        paths.into_iter().fold(self, |plan, path| {
            plan.with(option, path, path.clone(), Kind::File).with(option, path, Card::path_beside(path), Kind::Card)
        })
    }

    /// With a folder of pictures that is written, and its card.
    pub(in crate::cli) fn writes_pictures(self, option: &'static str, path: &Path) -> Self {
        // Without a slash at the end, which would be taken for a name within.
        let plan = self.with(option, path, path.components().collect(), Kind::Pictures);
        plan.with(option, path, Card::path_beside(path), Kind::Card)
    }

    fn with(mut self, option: &'static str, named: &Path, path: PathBuf, kind: Kind) -> Self {
        self.written.push(Written { option, named: named.to_owned(), path, kind });
        self
    }

    /// Refuses what would fail, or would lose something, once the work is done.
    ///
    /// # Errors
    /// A name that is none of a file; two results that are one file; a result that is read; a file that exists, without
    /// `force`; a folder that is not there or cannot be written to.
    pub(in crate::cli) fn check(self) -> Result<Outputs, Failure> {
        let mut places: Vec<PathBuf> = Vec::new();
        for written in &self.written {
            let place = written.place()?;
            if let Some(other) = places.iter().position(|other| *other == place) {
                let (first, second) = (self.written[other].describe(), written.describe());
                return Err(Failure::Refused(
                    Code::OutputClash,
                    format!("{second} and {first} are one file: give another name"),
                ));
            }
            if let Some(read) = self.read.iter().find(|read| read.is_lost(written, &place)) {
                let (what, Read { option, path, .. }) = (written.describe(), read);
                let does = if place.exists() { "replace what is read" } else { "lie among the images that are read" };
                let path = path.display();
                return Err(Failure::Refused(
                    Code::OutputClash,
                    format!("{what} would {does}, {option} {path}: give another name"),
                ));
            }
            written.refuse_existing(self.force)?;
            places.push(place);
        }
        // Only now, when nothing else is amiss: a file is made in each folder, and removed.
        for written in &self.written {
            begin(&written.path).map_err(|cause| written.cannot(&cause))?;
        }
        let existing = if self.force { Existing::Replaced } else { Existing::Kept };
        Ok(Outputs { planned: self.written.into_iter().map(|written| written.path).collect(), existing })
    }
}

impl Written {
    /// What a person knows it by.
    fn describe(&self) -> String {
        let Written { option, named, path, kind } = self;
        match kind {
            Kind::Card => format!("the card of {option} {}, {},", named.display(), path.display()),
            Kind::File | Kind::Pictures => format!("{option} {}", named.display()),
        }
    }

    fn cannot(&self, cause: &io::Error) -> Failure {
        let folder = folder_of(&self.path);
        let path = self.path.display();
        Failure::told(
            Code::OutputAccess,
            match cause.kind() {
                ErrorKind::NotFound => {
                    format!(
                        "cannot write {path}: there is no folder {}; make it, or give another name",
                        folder.display()
                    )
                }
                _ => format!("cannot write {path}: {cause}"),
            },
        )
    }

    /// The file itself, however it is named: its folder without links, and its name.
    fn place(&self) -> Result<PathBuf, Failure> {
        let refused = |what: &str| Failure::Refused(Code::OutputName, format!("{}: {what}", self.describe()));
        refuse_standard_output(self.option, &self.named)?;
        let slash = self.named.as_os_str().as_encoded_bytes().ends_with(b"/");
        let name = match self.path.file_name() {
            Some(name) if self.kind != Kind::File || !slash => name,
            _ => return Err(refused("expected the name of a file")),
        };
        let folder = fs::canonicalize(folder_of(&self.path)).map_err(|cause| self.cannot(&cause))?;
        Ok(folder.join(name))
    }

    fn refuse_existing(&self, force: bool) -> Result<(), Failure> {
        // Of a link, the link itself: it would be replaced, wherever it leads.
        match fs::symlink_metadata(&self.path) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
            Err(cause) => return Err(self.cannot(&cause)),
            Ok(_) => {}
        }
        let is = |what: fn(&fs::Metadata) -> bool| fs::metadata(&self.path).is_ok_and(|found| what(&found));
        let (folder, file) = (is(fs::Metadata::is_dir), is(fs::Metadata::is_file));
        let what = match self.kind {
            Kind::File | Kind::Card if folder => "it is a folder; give the name of a file",
            Kind::Pictures if file => "it is a file; give the name of a folder",
            // A device or a pipe is nothing to be replaced. A link that leads nowhere is.
            _ if self.path.exists() && !folder && !file => "it is neither a file nor a folder; give another name",
            Kind::Card if !force => "it exists; give another name, or --force to replace both",
            _ if !force => "it exists; give another name, or --force to replace it",
            Kind::Pictures => return Ok(refuse_foreign(&self.path)?),
            _ => return Ok(()),
        };
        Err(Failure::Refused(Code::OutputExists, format!("{}: {what}", self.describe().trim_end_matches(','))))
    }

    /// Whether it is a picture, or a folder of pictures.
    fn is_pictures(&self) -> bool {
        self.kind == Kind::Pictures || self.path.extension().is_some_and(|extension| extension == "png")
    }

    /// Whether a data set could hold it.
    fn is_images(&self) -> bool {
        let extension = self.path.extension().and_then(|extension| extension.to_str());
        self.kind == Kind::Pictures || matches!(extension, Some("png" | "npy" | "npz"))
    }
}

impl Read {
    /// Whether writing takes it away. `place` is where `written` lies.
    fn is_lost(&self, written: &Written, place: &Path) -> bool {
        // What cannot be found is told by whoever reads it.
        let Ok(found) = fs::canonicalize(&self.path) else { return false };
        let link =
            self.path.file_name().and_then(|name| Some(fs::canonicalize(folder_of(&self.path)).ok()?.join(name)));
        if found == place || link.is_some_and(|link| link == place) {
            return true;
        }
        let within = place.starts_with(&found) && found.is_dir();
        // Images in a folder that is read may be those that are read, and new ones may be by the next command.
        within && (written.is_pictures() && self.pictures || written.is_images() && place.exists())
            || written.kind == Kind::Pictures && found.starts_with(place)
    }
}

/// Files that a command may write.
#[derive(Debug)]
pub(in crate::cli) struct Outputs {
    planned: Vec<PathBuf>,
    existing: Existing,
}

impl Outputs {
    /// What becomes of a file that appeared since the plan was checked: without `--force` it is kept.
    pub(in crate::cli) fn existing(&self) -> Existing {
        self.existing
    }

    /// Writes a file as a whole or not at all.
    ///
    /// # Errors
    /// A file that appeared meanwhile, without `--force`; what the system says.
    pub(in crate::cli) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        debug_assert!(self.planned.iter().any(|planned| planned == path), "{} is not planned", path.display());
        publish(path, bytes, self.existing)
            .map_err(|cause| Failure::told(Code::OutputAccess, format!("cannot write {}: {cause}", path.display())))
    }

    /// Writes a command's result, and beside it the card that says how to repeat it.
    ///
    /// # Errors
    /// What the system says.
    pub(in crate::cli) fn write_with_card(&self, path: &Path, bytes: &[u8], card: &Card) -> Result<(), Failure> {
        // First: a file that cannot be written takes no number away.
        let answered = answer::object(card);
        self.write(path, bytes)?;
        self.write_card(path, card)?;
        answered
    }

    /// Writes a command's card beside its result, and answers programs with it.
    ///
    /// # Errors
    /// What the system says.
    pub(in crate::cli) fn write_card(&self, path: &Path, card: &Card) -> Result<(), Failure> {
        let answered = answer::object(card);
        self.write(&Card::path_beside(path), card.json().as_bytes())?;
        answered
    }
}

/// A path without links, as far as it exists, and without `..` beyond: what a folder that is made first would be.
pub(in crate::cli) fn resolved(path: &Path) -> PathBuf {
    let found = path.ancestors().find_map(|above| {
        let there = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        let (mut found, rest) = (fs::canonicalize(there).ok()?, path.strip_prefix(above).ok()?);
        for component in rest.components() {
            match component {
                Component::ParentDir => drop(found.pop()),
                Component::Normal(name) => found.push(name),
                _ => {}
            }
        }
        Some(found)
    });
    found.unwrap_or_else(|| path.to_owned())
}

/// Refuses `-`, which other programs take for the standard output.
///
/// # Errors
/// It is that.
pub(in crate::cli) fn refuse_standard_output(option: &str, path: &Path) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        return Err(Failure::Refused(
            Code::OutputName,
            format!(
                "{option} -: expected a name; nothing but text goes to the standard output (./- is a file or folder of this name)"
            ),
        ));
    }
    Ok(())
}

/// Refuses a folder that can neither be written to nor be made.
///
/// # Errors
/// What the system says.
pub(in crate::cli) fn refuse_unmakable(option: &str, folder: &Path) -> Result<(), Failure> {
    refuse_standard_output(option, folder)?;
    let there = folder.ancestors().map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    let there = there.into_iter().find(|above| fs::symlink_metadata(above).is_ok()).unwrap_or(folder);
    let tried = begin(&there.join("probe")).map(|_| ());
    tried.map_err(|cause| Failure::told(Code::OutputAccess, format!("cannot write {}: {cause}", folder.display())))
}
