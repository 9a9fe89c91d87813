//! The packages: all are for one version of Rust, which is the documented one; and the trainer is built alike, however a user starts that.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that hold no package of the project.
const OTHERS: [&str; 3] = ["target", "node_modules", "shared"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every `Cargo.toml` below a folder, with its text.
fn manifests(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !name.starts_with('.') && !OTHERS.contains(&name) {
            found.extend(manifests(&path));
        } else if name == "Cargo.toml" {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The version that a manifest states for a package or for a workspace's packages.
fn stated(manifest: &str) -> Option<&str> {
    manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'))
}

/// What a manifest misses: a version of its own, which is the one given, or its workspace's.
fn fault(manifest: &str, version: &str) -> Option<String> {
    match stated(manifest) {
        Some(found) => (found != version).then(|| format!("rust-version is {found}, expected {version}")),
        // A workspace without a package or without anything to inherit states none.
        None if !manifest.lines().any(|line| line == "[package]") => None,
        None if manifest.lines().any(|line| line == "rust-version.workspace = true") => None,
        None => Some(format!("it states no rust-version, expected {version}")),
    }
}

#[test]
fn all_packages_are_for_the_documented_version_of_rust() {
    let manifests = manifests(root());
    assert!(manifests.len() > 20, "only {} packages were found", manifests.len());
    let of_root = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let version = stated(&of_root).expect("the workspace states a rust-version");
    let told = |(path, text): &(PathBuf, String)| Some(format!("{}: {}", path.display(), fault(text, version)?));
    let faults: Vec<String> = manifests.iter().filter_map(told).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    for (page, sentence) in [
        ("CONTRIBUTING.md", format!("{version} or newer")),
        (".github/workflows/ci.yml", format!("rustup toolchain install {version} ")),
        (".github/workflows/book.yml", format!("rustup toolchain install {version} ")),
    ] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        assert!(text.contains(&sentence), "{page} does not say `{sentence}`");
    }
}

#[test]
fn a_package_for_another_version_is_told() {
    let package = "[package]\nname = \"a\"\n";
    assert_eq!(fault(&format!("{package}rust-version = \"1.95\"\n"), "1.95"), None);
    assert_eq!(fault(&format!("{package}rust-version.workspace = true\n"), "1.95"), None);
    assert!(fault(&format!("{package}rust-version = \"1.94\"\n"), "1.95").is_some());
    assert!(fault(package, "1.95").is_some());
    assert_eq!(fault("[workspace]\nmembers = []\n", "1.95"), None);
}

/// What a build has, a package with its features on each line.
fn built(selection: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let options = ["tree", "--locked", "--edges", "normal,build", "--format", "{p} {f}", "--prefix", "none"];
    let output = Command::new(cargo).current_dir(root()).args(options).args(selection).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).filter(|line| !line.is_empty()).collect()
}

/// With other features of one package, `cargo install` would compile most of the trainer again after `cargo run`.
#[test]
fn what_is_built_to_run_serves_to_install() {
    let (run, install) = (built(&["--workspace"]), built(&["--package", "vapo-train"]));
    assert!(install.len() > 100, "{install:?}");
    let other: Vec<&String> = install.difference(&run).collect();
    assert!(other.is_empty(), "built with other features than in the workspace: {other:#?}");
}
