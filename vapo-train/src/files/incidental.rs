//! What systems and programs leave beside data: it is no data, and no reason to stop. Every reader of folders and
//! archives passes over the same things, and counts them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Names that systems give to files and folders of their own. What begins with a dot is theirs too.
const SYSTEM: [&str; 9] = [
    "__MACOSX",
    "Thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "lost+found",
    "$RECYCLE.BIN",
    "System Volume Information",
    "@eaDir",
    "Icon\r",
];
/// End of the names of the files that prepared images are kept in. They are ours, and lie beside the images.
pub const PREPARED: &str = ".vapo-images";
/// Kinds that are named; the others are counted together.
const NAMED: usize = 6;
/// Letters of a kind's name.
const LETTERS: usize = 16;

/// Whether a path within a folder or an archive is hidden, or a system's own, or lies in such a folder.
pub fn is_incidental(path: &Path) -> bool {
    path.iter().any(is_name_of_system)
}

fn is_name_of_system(name: &OsStr) -> bool {
    let hidden = name.as_encoded_bytes().starts_with(b".") && name != "." && name != "..";
    hidden || SYSTEM.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Which files of a folder are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Those that lie in it.
    Folder,
    /// Those in the folders below too.
    Tree,
}

/// The files of a folder, without what is incidental.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The files, in the order of their paths. Links to files are among them.
    pub files: Vec<PathBuf>,
    /// What was passed over.
    pub left_out: LeftOut,
}

/// A file or folder that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {cause}", path.display())]
pub struct Unreadable {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system says.
    pub cause: io::Error,
}

/// Finds the files of a folder. Links are followed; one that leads nowhere, or back, is passed over. Each folder is looked
/// into once, however many links lead to it: first by its own path, else by the first of the links.
///
/// # Errors
/// The folder, or one below it that is to be looked into, cannot be read.
pub fn files(folder: &Path, depth: Depth) -> Result<Found, Unreadable> {
    let mut walk = Walk { depth, found: Found::default(), entered: BTreeSet::new(), links: BTreeSet::new() };
    walk.walk(folder)?;
    // Those to folders come last, so that a link takes no folder's place.
    while let Some(link) = walk.links.pop_first() {
        let target = canonical(&link);
        if link.parent().is_some_and(|parent| canonical(parent).starts_with(&target)) {
            walk.found.left_out.add(Cause::Loop);
        } else if walk.entered.contains(&target) {
            walk.found.left_out.add(Cause::Again);
        } else {
            walk.walk(&link)?;
        }
    }
    walk.found.files.sort();
    Ok(walk.found)
}

struct Walk {
    depth: Depth,
    found: Found,
    /// The folders that were looked into, without links in their paths.
    entered: BTreeSet<PathBuf>,
    /// Links to folders that are still to be followed.
    links: BTreeSet<PathBuf>,
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

impl Walk {
    fn walk(&mut self, folder: &Path) -> Result<(), Unreadable> {
        let most = if self.depth == Depth::Folder { 1 } else { usize::MAX };
        let mut walk = WalkDir::new(folder).max_depth(most).into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.found.left_out.add(harmless(error, folder)?);
                    continue;
                }
            };
            // The first is the folder itself, or a link to it.
            let below = entry.depth() > 0;
            let enters = !below || self.depth == Depth::Tree;
            if below && is_name_of_system(entry.file_name()) {
                self.found.left_out.add(Cause::System);
                if entry.file_type().is_dir() && enters {
                    walk.skip_current_dir();
                }
                continue;
            }
            let link = entry.path_is_symlink();
            let kind =
                if link { entry.path().metadata().ok().map(|it| it.file_type()) } else { Some(entry.file_type()) };
            let Some(kind) = kind else {
                self.found.left_out.add(Cause::Link);
                continue;
            };
            if kind.is_file() {
                if !entry.file_name().as_encoded_bytes().ends_with(PREPARED.as_bytes()) {
                    self.found.files.push(entry.into_path());
                }
            } else if !kind.is_dir() {
                self.found.left_out.add(Cause::Special);
            } else if !enters {
                self.found.left_out.add(Cause::Folder);
            } else if link && below {
                self.links.insert(entry.into_path());
            } else if !self.entered.insert(canonical(entry.path())) {
                self.found.left_out.add(Cause::Again);
                walk.skip_current_dir();
            }
        }
        Ok(())
    }
}

/// Why an entry is passed over that cannot be followed.
fn harmless(error: walkdir::Error, folder: &Path) -> Result<Cause, Unreadable> {
    let path = error.path().unwrap_or(folder).to_owned();
    if error.depth() > 0 && path.file_name().is_some_and(is_name_of_system) {
        return Ok(Cause::System);
    }
    let cause = error.into_io_error().unwrap_or_else(|| io::Error::other("its folder cannot be walked"));
    Err(Unreadable { path, cause })
}

/// Why something was passed over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// A file of another kind than was looked for, by the end of its name in lower case; empty for none.
    Kind(String),
    /// Files of one name, where each name stands for one image.
    Double,
    /// Hidden, or a system's own.
    System,
    /// A link that leads nowhere.
    Link,
    /// A link that leads to a folder in which it lies.
    Loop,
    /// A link that leads to a folder which is looked into already.
    Again,
    /// A folder where only files were looked at.
    Folder,
    /// A pipe or a device.
    Special,
}

/// Counts of what was passed over, for a line that a person reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<Cause, usize>);

impl LeftOut {
    /// A file of another kind than was looked for.
    pub fn add_kind(&mut self, path: &Path) {
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
        self.add(Cause::Kind(end.chars().filter(|letter| !letter.is_control()).take(LETTERS).collect()));
    }

    /// Something hidden, or a system's own.
    pub fn add_system(&mut self) {
        self.add(Cause::System);
    }

    /// A file whose name another has.
    pub fn add_double(&mut self) {
        self.add(Cause::Double);
    }

    fn add(&mut self, cause: Cause) {
        *self.0.entry(cause).or_default() += 1;
    }

    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `2 .txt, 1 .avif (not read: convert it to PNG), 1 hidden or system file`.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: Vec<(&Cause, usize)> = self.0.iter().map(|(cause, &count)| (cause, count)).collect();
        // The most frequent kind first; what is no kind comes last.
        kinds.sort_by_key(|&(cause, count)| (!matches!(cause, Cause::Kind(_)), std::cmp::Reverse(count)));
        let is_kind = |(cause, _): &(&Cause, usize)| matches!(cause, Cause::Kind(_));
        let all_kinds = kinds.iter().filter(|entry| is_kind(entry)).count();
        let rest: usize = kinds.iter().take(all_kinds).skip(NAMED).map(|(_, count)| count).sum();
        let named = kinds.iter().take(all_kinds.min(NAMED)).chain(kinds.iter().skip(all_kinds));
        let mut parts: Vec<String> = named.map(|&(cause, count)| cause.counted(count)).collect();
        if rest > 0 {
            parts.insert(NAMED, format!("{rest} of other kinds"));
        }
        f.write_str(&parts.join(", "))
    }
}

impl Cause {
    fn counted(&self, count: usize) -> String {
        let of = |one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        match self {
            Cause::Kind(end) if end.is_empty() => format!("{count} without an extension"),
            Cause::Kind(end) => format!("{count} .{end}{}", advice(end)),
            Cause::Double => format!("{count} whose name is there twice"),
            Cause::System => of("hidden or system file", "hidden or system files"),
            Cause::Link => of("link that leads nowhere", "links that lead nowhere"),
            Cause::Loop => of("link that leads back", "links that lead back"),
            Cause::Again => of("link that leads to what is read already", "links that lead to what is read already"),
            Cause::Folder => of("folder", "folders"),
            Cause::Special => of("special file", "special files"),
        }
    }
}

/// What to do with images of a kind that is not read.
fn advice(end: &str) -> &'static str {
    match end {
        "avif" | "heic" | "heif" | "jxl" | "jp2" | "psd" | "svg" | "tga" | "ico" | "exr" | "hdr" | "dng" | "cr2"
        | "nef" | "arw" | "pgm" | "ppm" | "pnm" | "pbm" | "qoi" | "dcm" => " (not read: convert to PNG)",
        "zip" | "tar" | "gz" | "tgz" | "7z" | "rar" => " (not read: unpack it)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn names(found: &Found, root: &TempDir) -> Vec<String> {
        let relative = |path: &PathBuf| path.strip_prefix(root.path()).unwrap().to_string_lossy().into_owned();
        found.files.iter().map(relative).collect()
    }

    fn put(root: &TempDir, path: &str) {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn what_systems_leave_is_told_by_its_name_and_its_folder() {
        for (path, expected) in [
            ("a/b.jpg", false),
            ("./b.jpg", false),
            ("a..b/c.png", false),
            ("._b.jpg", true),
            (".hidden/b.jpg", true),
            ("__MACOSX/b.jpg", true),
            ("a/Thumbs.db", true),
            ("a/thumbs.DB", true),
            ("Desktop.ini", true),
            ("lost+found/x.png", true),
            ("my lost+found.png", false),
        ] {
            assert_eq!(is_incidental(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn files_are_found_in_the_order_of_their_paths_and_the_rest_is_counted() {
        let root = TempDir::new().unwrap();
        for path in ["b.png", "a/c.png", "a/._c.png", ".DS_Store", "Thumbs.db", "__MACOSX/._b.png", "lost+found/b.png"]
        {
            put(&root, path);
        }
        let tree = files(root.path(), Depth::Tree).unwrap();
        assert_eq!(names(&tree, &root), ["a/c.png", "b.png"]);
        assert_eq!(tree.left_out.to_string(), "5 hidden or system files");
        let folder = files(root.path(), Depth::Folder).unwrap();
        assert_eq!(names(&folder, &root), ["b.png"]);
        assert_eq!(folder.left_out.to_string(), "4 hidden or system files, 1 folder");
        let error = files(&root.path().join("absent"), Depth::Tree).unwrap_err();
        assert!(error.to_string().contains("absent"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_unless_they_lead_nowhere_or_back() {
        use std::os::unix::fs::symlink;
        let (root, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        put(&root, "a/b.png");
        put(&other, "far.png");
        for (target, link) in [
            (&other.path().join("far.png"), "near.png"),
            (&other.path().to_owned(), "c"),
            (&root.path().join("gone.png"), "a/dangling.png"),
            (&root.path().join("self.png"), "self.png"),
            (&root.path().to_owned(), "a/loop"),
        ] {
            symlink(target, root.path().join(link)).unwrap();
        }
        let found = files(root.path(), Depth::Tree).unwrap();
        assert_eq!(names(&found, &root), ["a/b.png", "c/far.png", "near.png"]);
        assert_eq!(found.left_out.to_string(), "2 links that lead nowhere, 1 link that leads back");
    }

    #[cfg(unix)]
    #[test]
    fn each_folder_is_looked_into_once_however_many_links_lead_to_it() {
        use std::os::unix::fs::symlink;
        const FOLDERS: usize = 8;
        let (root, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        for one in 0..FOLDERS {
            put(&root, &format!("{one}/x.png"));
            for two in (0..FOLDERS).filter(|&two| two != one) {
                symlink(format!("../{two}"), root.path().join(format!("{one}/link{two}"))).unwrap();
            }
        }
        let found = files(root.path(), Depth::Tree).unwrap();
        let expected: Vec<String> = (0..FOLDERS).map(|one| format!("{one}/x.png")).collect();
        assert_eq!(names(&found, &root), expected);
        assert_eq!(found.left_out.to_string(), "56 links that lead to what is read already");

        // Of two links the first is followed, and of a folder and a link the folder, whatever their names.
        let root = TempDir::new().unwrap();
        put(&other, "inner/y.png");
        put(&root, "z/x.png");
        put(&root, "z/near.png");
        symlink("z", root.path().join("a")).unwrap();
        symlink("z/near.png", root.path().join("near.png")).unwrap();
        symlink(other.path(), root.path().join("b")).unwrap();
        symlink(other.path().join("inner"), root.path().join("c")).unwrap();
        let found = files(root.path(), Depth::Tree).unwrap();
        assert_eq!(names(&found, &root), ["b/inner/y.png", "near.png", "z/near.png", "z/x.png"]);
        assert_eq!(found.left_out.to_string(), "2 links that lead to what is read already");
    }

    /// To the superuser no folder is closed, so this shows only that it is not looked into.
    #[cfg(unix)]
    #[test]
    fn a_closed_folder_of_the_system_is_passed_over() {
        use std::os::unix::fs::PermissionsExt;
        let root = TempDir::new().unwrap();
        put(&root, "a.png");
        put(&root, "lost+found/b.png");
        let closed = root.path().join("lost+found");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        for depth in [Depth::Folder, Depth::Tree] {
            let found = files(root.path(), depth).unwrap();
            assert_eq!(
                (names(&found, &root), found.left_out.to_string()),
                (vec!["a.png".to_owned()], "1 hidden or system file".to_owned())
            );
        }
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn kinds_are_counted_the_most_frequent_first_and_told_what_to_do() {
        let mut left_out = LeftOut::default();
        assert!(left_out.is_empty());
        for path in ["a.txt", "b.TXT", "c.avif", "d", "e.zip"] {
            left_out.add_kind(Path::new(path));
        }
        left_out.add_system();
        left_out.add_double();
        let text = left_out.to_string();
        assert_eq!(
            text,
            "2 .txt, 1 without an extension, 1 .avif (not read: convert to PNG), 1 .zip (not read: unpack it), \
             1 whose name is there twice, 1 hidden or system file"
        );
        for number in 0..100 {
            left_out.add_kind(Path::new(&format!("x.{number}")));
        }
        assert!(left_out.to_string().contains(", 98 of other kinds, 1 whose name"), "{left_out}");
    }
}
