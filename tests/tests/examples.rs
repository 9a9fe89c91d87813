//! The documentation of the two crates that others build upon: each of their public types and functions is shown in an example, or its
//! documentation leads to one that is.
//!
//! A type is shown by an example anywhere in its crate, a function by one in its own file: names of functions are too common. Examples
//! are compiled by `cargo test --doc`. Names are read from the text, outside `#[cfg(test)]`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The kernels, which are public for tests and benchmarks, and called by nobody else.
const UNSHOWN: &str = "src/kernel";

/// A public type or function.
#[derive(Debug, PartialEq)]
struct Item {
    name: String,
    is_type: bool,
    line: usize,
    /// Names that its documentation links to: of `[`Model::parse`]`, both.
    links: Vec<String>,
}

/// What a source says.
#[derive(Debug, Default)]
struct Source {
    items: Vec<Item>,
    /// Every name in its examples.
    shown: BTreeSet<String>,
}

/// The names in a text.
fn names(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

/// The name of the public item that a line begins, and whether it is a type.
fn public(line: &str) -> Option<(String, bool)> {
    let mut words = line.strip_prefix("pub ")?.split_whitespace();
    loop {
        let is_type = match words.next()? {
            "const" | "unsafe" => continue,
            "struct" | "enum" | "trait" => true,
            "fn" => false,
            _ => return None,
        };
        return Some((names(words.next()?).next()?, is_type));
    }
}

impl Source {
    fn read(text: &str) -> Self {
        let mut source = Source::default();
        let (mut code, mut links) = (false, Vec::new());
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line == "#[cfg(test)]" {
                break;
            }
            if let Some(doc) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) {
                let fence = doc.trim_start().starts_with("```");
                code ^= fence;
                if code && !fence {
                    source.shown.extend(names(doc));
                } else {
                    links.extend(
                        doc.split("[`")
                            .skip(1)
                            .filter_map(|rest| rest.split_once('`'))
                            .flat_map(|(link, _)| names(link)),
                    );
                }
            } else if !line.starts_with("#[") {
                let links = std::mem::take(&mut links);
                if let Some((name, is_type)) = public(line) {
                    source.items.push(Item { name, is_type, line: index + 1, links });
                }
            }
        }
        source
    }
}

/// The items that no example shows and whose documentation leads to none that is: a line each.
fn unshown(sources: &[(PathBuf, Source)]) -> Vec<String> {
    let anywhere: BTreeSet<&String> = sources.iter().flat_map(|(_, source)| &source.shown).collect();
    let of_file = |(path, source): &(PathBuf, Source)| -> Vec<String> {
        let shown = |item: &&Item| {
            let own = source.shown.contains(&item.name) || (item.is_type && anywhere.contains(&item.name));
            own || item.links.iter().any(|link| *link != item.name && anywhere.contains(link))
        };
        let told = |item: &Item| format!("{}:{}: {}", path.display(), item.line, item.name);
        source.items.iter().filter(|item| !shown(item)).map(told).collect()
    };
    sources.iter().flat_map(of_file).collect()
}

/// The sources below a folder.
fn sources(folder: &Path) -> Vec<(PathBuf, Source)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with(UNSHOWN) && !path.ends_with("tests") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let source = Source::read(&fs::read_to_string(&path).unwrap());
            found.push((path, source));
        }
    }
    found
}

#[test]
fn every_public_item_is_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for (folder, least) in [("vapo-format/src", 120), ("vapo-sampler/src", 120)] {
        let sources = sources(&root.join(folder));
        let items: usize = sources.iter().map(|(_, source)| source.items.len()).sum();
        assert!(items > least, "only {items} items were found in {folder}");
        let unshown = unshown(&sources);
        assert!(unshown.is_empty(), "show these in an example, or link to one that is shown: {unshown:#?}");
    }
}

#[test]
fn an_item_that_is_not_shown_is_told() {
    let told = |text: &str| unshown(&[("a.rs".into(), Source::read(text))]);
    let example = "//! ```\n//! let a = Shown::new();\n//! ```\n";
    let nothing: [&str; 0] = [];
    assert_eq!(told(&format!("{example}pub struct Shown;\n")), nothing);
    assert_eq!(told(&format!("{example}/// Text.\npub struct Other;\n")), ["a.rs:5: Other"]);
    assert_eq!(told(&format!("{example}/// See [`Shown::new`].\n#[derive(Debug)]\npub struct Other;\n")), nothing);
    assert_eq!(
        told(&format!("{example}pub const fn new() {{}}\npub fn old() {{}}\npub(crate) fn inner() {{}}\n")),
        ["a.rs:5: old"]
    );
    assert_eq!(
        told(&format!("{example}pub fn old() {{}}\n#[cfg(test)]\nmod tests {{\n    pub fn help() {{}}\n")),
        ["a.rs:4: old"]
    );
    // A link to itself leads nowhere.
    assert_eq!(told("/// See [`Alone`].\npub struct Alone;\n"), ["a.rs:2: Alone"]);
}
