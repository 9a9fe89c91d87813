//! Modules that stand beside each other depend on each other in one direction: no circle, at any depth of the tree.
//!
//! Paths that begin with `crate` or `super` are read from the text, outside comments and `#[cfg(test)]`. What a module and
//! the modules beneath it take from each other does not count, nor does a folder's `error`: it names what those beneath it
//! report, and they return it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

/// A folder's error: a part of the folder.
const ERROR: &str = "error";

/// Names from the crate's root.
type Names = Vec<String>;

/// A file's text, without comments and tests.
struct Source {
    /// Its path in the repository.
    path: String,
    text: String,
}

/// A path of names in a source, and its line from 1.
struct Mention {
    names: Names,
    line: usize,
}

/// The modules of a crate.
struct Crate {
    sources: BTreeMap<Names, Source>,
}

/// What one module takes from another: a file and a line.
type Edges = BTreeMap<String, BTreeMap<String, String>>;

impl Source {
    fn read(root: &Path, file: &Path) -> Self {
        let text = code(&fs::read_to_string(file).unwrap());
        Source { path: file.strip_prefix(root).unwrap().display().to_string(), text }
    }

    /// All paths that begin with `crate` or `super`, from the crate's root.
    fn mentions(&self, module: &Names) -> Vec<Mention> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(next) = self.text[at..].find("crate::").into_iter().chain(self.text[at..].find("super::")).min()
        {
            let start = at + next;
            at = start + "crate::".len();
            let inside = self.text[..start].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before));
            if !inside {
                let line = 1 + self.text[..start].matches('\n').count();
                let paths = paths(&self.text[start..]).0;
                found.extend(paths.into_iter().map(|path| Mention { names: absolute(module, path), line }));
            }
        }
        found
    }

    /// What the module's `use` gives another name to, or the same: names from the crate's root.
    fn imports(&self, module: &Names) -> BTreeMap<String, Names> {
        let uses = self.text.lines().enumerate().filter_map(|(line, text)| {
            let text = text.strip_prefix("pub(crate) ").or_else(|| text.strip_prefix("pub ")).unwrap_or(text);
            text.strip_prefix("use ").map(|rest| (line, rest))
        });
        let mut imports = BTreeMap::new();
        for (line, _) in uses {
            let rest = self.text.lines().skip(line).collect::<Vec<_>>().join("\n");
            let rest = &rest[rest.find("use ").unwrap() + 4..];
            for path in paths(rest).0 {
                let path = if ["crate", "super"].contains(&path[0].as_str()) {
                    absolute(module, path)
                } else {
                    module.iter().cloned().chain(path).collect()
                };
                imports.insert(path.last().cloned().unwrap_or_default(), path);
            }
        }
        imports
    }
}

/// The text with comments and what is only for tests left blank.
fn code(text: &str) -> String {
    let (mut code, mut end) = (String::new(), None::<String>);
    let mut attribute = None;
    for line in text.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if let Some(last) = &end {
            if line == last {
                end = None;
            }
        } else if let Some(before) = attribute.take() {
            // The item that is only for tests: another attribute, a line, or all until its brace closes.
            if line.trim_start().starts_with("#[") {
                attribute = Some(before);
            } else if !line.ends_with(';') && !line.ends_with('}') {
                end = Some(format!("{indent}}}"));
            }
        } else if line.trim_start().starts_with("#[cfg(test)]") {
            attribute = Some(());
        } else {
            code.push_str(line.split("//").next().unwrap_or_default());
        }
        code.push('\n');
    }
    code
}

/// The paths that a text begins with, as `a::{b, c::d}`, and how many bytes they take.
fn paths(text: &str) -> (Vec<Names>, usize) {
    let mut names = Names::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut all = Vec::new();
            let mut inner = 0;
            while !group[inner..].is_empty() && !group[inner..].starts_with('}') {
                let (paths, length) = paths(&group[inner..]);
                all.extend(paths.into_iter().map(|path| [names.clone(), path].concat()));
                inner += length.max(1);
            }
            return (all, at + inner + 2);
        }
        let length = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        if length == 0 {
            return (if names.is_empty() { vec![] } else { vec![names] }, at);
        }
        names.push(rest[..length].to_owned());
        at += length;
        if !text[at..].starts_with("::") {
            return (vec![names], at);
        }
        at += 2;
    }
}

/// The path from the crate's root, of one that begins with `crate` or `super` in a module.
fn absolute(module: &Names, path: Names) -> Names {
    let supers = path.iter().take_while(|name| *name == "super").count();
    let kept = if supers == 0 { 0 } else { module.len().saturating_sub(supers) };
    module[..kept].iter().cloned().chain(path.into_iter().skip(supers.max(1))).collect()
}

impl Crate {
    /// The crate whose sources lie in a folder of the repository.
    fn read(folder: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut sources = BTreeMap::new();
        let mut folders = vec![(root.join(folder), Names::new())];
        while let Some((folder, module)) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
                let within = [module.clone(), vec![stem.clone()]].concat();
                match stem.as_str() {
                    "tests" | "main" => {}
                    _ if path.is_dir() => folders.push((path, within)),
                    "lib" | "mod" => _ = sources.insert(module.clone(), Source::read(root, &path)),
                    _ => _ = sources.insert(within, Source::read(root, &path)),
                }
            }
        }
        Crate { sources }
    }

    /// The module that a path ends in, through what modules import.
    fn module(&self, path: &Names, hops: usize) -> Names {
        let mut module = Names::new();
        for (depth, name) in path.iter().enumerate() {
            let within = [module.clone(), vec![name.clone()]].concat();
            if self.sources.contains_key(&within) {
                module = within;
                continue;
            }
            let imported = self.sources[&module].imports(&module).remove(name).filter(|_| hops > 0);
            return imported
                .map_or(module, |target| self.module(&[target, path[depth + 1..].to_vec()].concat(), hops - 1));
        }
        module
    }

    /// What modules that stand beside each other take from each other, for each module above them.
    fn graphs(&self) -> BTreeMap<Names, Edges> {
        let mut graphs = BTreeMap::<Names, Edges>::new();
        for (from, source) in &self.sources {
            for Mention { names, line } in source.mentions(from) {
                let to = self.module(&names, 8);
                let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
                if let (Some(one), Some(other)) = (from.get(shared), to.get(shared))
                    && one != ERROR
                    && other != ERROR
                {
                    let edges = graphs.entry(from[..shared].to_vec()).or_default().entry(one.clone()).or_default();
                    edges.entry(other.clone()).or_insert_with(|| format!("{}:{line}", source.path));
                }
            }
        }
        graphs
    }
}

/// The shortest circle through a module, edge by edge.
fn circle(edges: &Edges, start: &str) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([(start, vec![])]);
    let mut seen = BTreeSet::new();
    while let Some((module, way)) = ways.pop_front() {
        for (next, place) in edges.get(module).into_iter().flatten() {
            let mut longer = way.clone();
            longer.push(format!("{module} -> {next} ({place})"));
            if next == start {
                return Some(longer);
            }
            if seen.insert(next) {
                ways.push_back((next, longer));
            }
        }
    }
    None
}

impl Crate {
    /// All circles, a line each: the shortest through each module that is on one.
    fn circles(&self) -> Vec<String> {
        let mut found = BTreeMap::new();
        for (above, edges) in &self.graphs() {
            for circle in edges.keys().filter_map(|module| circle(edges, module)) {
                let mut members = circle.clone();
                members.sort_unstable();
                found.entry(members).or_insert(format!("in {}: {}", above.join("::"), circle.join(", ")));
            }
        }
        found.into_values().collect()
    }
}

#[test]
fn modules_are_in_no_circle() {
    let circles = [
        "vapo-format/src",
        "vapo-sampler/src",
        "vapo-sampler/bindings/c/src",
        "vapo-sampler/bindings/python/src",
        "vapo-train/src",
    ]
    .map(|folder| Crate::read(folder).circles())
    .concat();
    assert!(circles.is_empty(), "modules take from each other in a circle: {circles:#?}");
}

#[test]
fn a_circle_is_told_with_its_lines() {
    let told = |files: &[(&str, &str)]| {
        let named = |path: &str| path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let source = |path: &str, text| Source { path: format!("{path}.rs"), text: code(text) };
        let sources = files.iter().map(|(path, text)| (named(path), source(path, text))).collect();
        Crate { sources }.circles()
    };
    let (root, a) = (("", "pub use b::Taken;\n"), ("a", "\nuse crate::{Taken, other};\n"));
    let circle = ["in : a -> b (a.rs:2), b -> a (b/c.rs:1)"];
    assert_eq!(told(&[root, a, ("b", "mod c;"), ("b/c", "fn f() { super::super::a::f() }")]), circle);
    assert_eq!(told(&[root, a, ("b", "mod c;"), ("b/c", "use crate::{b, a::{f, g}};")]), circle);
    assert_eq!(told(&[root, a, ("b", "mod c;"), ("b/c", "mod d; use crate::b;\n// crate::a\n")]), [""; 0]);
    let test = "#[cfg(test)]\nmod tests {\n    use crate::a::f;\n}\n#[cfg(test)]\nuse crate::a;\n";
    assert_eq!(told(&[root, a, ("b", test)]), [""; 0]);
    assert_eq!(told(&[root, a, ("b", &format!("{test}use crate::a;"))]), ["in : a -> b (a.rs:2), b -> a (b.rs:7)"]);
    let within = [("x", ""), ("x/y", "use super::z::f;"), ("x/z", "use crate::x::y;"), ("x/error", "use super::y;")];
    assert_eq!(told(&[&[root][..], &within].concat()), ["in x: y -> z (x/y.rs:1), z -> y (x/z.rs:1)"]);
}
