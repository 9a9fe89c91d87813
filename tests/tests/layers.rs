//! Every layer kind has a file of one name in each place, and the page on adding one shows the code that is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where layer kinds are: in each crate, and in the trainer once more for CUDA devices.
const FOLDERS: [&str; 4] =
    ["vapo-format/src/layer", "vapo-sampler/src/layer", "vapo-train/src/potential/layer", "vapo-train/src/cuda/layer"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files of a folder but its `mod.rs`. A kind's file may have a folder beside it.
fn files(folder: &str) -> BTreeSet<String> {
    let names = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".rs") && name != "mod.rs").collect()
}

/// The lines `file: Kind,` of a folder's list.
fn listed(folder: &str) -> Vec<String> {
    let text = read(&format!("{folder}/mod.rs"));
    let (_, list) = text.split_once("\nkinds! {\n").expect(folder);
    let (list, _) = list.split_once("\n}").expect(folder);
    let kinds = list.lines().map(str::trim).filter(|line| !line.starts_with("///") && !line.starts_with("#["));
    kinds.map(str::to_owned).collect()
}

fn file(line: &str) -> String {
    line.split_once(':').expect(line).0.to_owned() + ".rs"
}

#[test]
fn every_kind_has_its_file_and_its_line_in_each_place() {
    let [first, ..] = FOLDERS;
    let all = listed(first);
    for folder in FOLDERS {
        assert_eq!(listed(folder), all, "{folder}");
        assert_eq!(files(folder), all.iter().map(|line| file(line)).collect(), "{folder}");
    }
}

#[test]
fn the_page_on_adding_a_layer_shows_what_is_there() {
    let page = read("vapo-sampler/docs/adding-a-layer.md");
    let code: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
    let all: String = FOLDERS
        .iter()
        .flat_map(|folder| ["mod.rs", "up.rs"].map(|file| format!("{folder}/{file}")))
        .map(|path| read(&path))
        .collect();
    let rust: Vec<&str> = code.iter().filter_map(|block| block.strip_prefix("rust\n")).collect();
    assert_eq!(rust.len(), 6);
    for block in rust {
        assert!(all.contains(block), "the page shows what no file has: {block}");
    }
    // Files and folders that it names.
    let named: Vec<&str> =
        page.split('`').skip(1).step_by(2).filter(|word| word.starts_with("vapo-") && word.contains('/')).collect();
    assert!(named.len() > 10);
    for path in named {
        assert!(root().join(path).exists(), "{path}");
    }
}
