//! Machines that lack something: one line that says what, and no run folder.

use crate::process::{errors, vapo_train};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TINY: &str = "--preset tiny --batch 8 --threads 1 --steps 1 --out run";

/// The folder of the stand-in's libraries. Cargo names others before it.
fn libraries() -> PathBuf {
    let paths = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    std::env::split_paths(&paths).find(|path| path.join("libcuda.so").is_file()).expect("run tests/cuda/run")
}

/// Asserts that the trainer refuses before it makes anything.
#[track_caller]
fn refused(folder: &Path, command: &mut Command, parts: &[&str]) {
    let output = command.current_dir(folder).output().unwrap();
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().filter(|line| line.contains("error")).count(), 1, "{said}");
    for part in parts {
        assert!(said.contains(part), "no {part:?} in: {said}");
    }
    assert!(!folder.join("run").exists(), "{said}");
}

#[test]
fn no_device() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = vapo_train(&format!("{TINY} --device cuda"));
    refused(
        folder.path(),
        command.env("STANDIN_DEVICES", "0"),
        &["cannot train on this device", "no CUDA-capable device is detected", "nvidia-smi"],
    );
}

/// The loader's first name of the driver is hidden by an empty file, as beside the stand-in: this machine may have a driver.
#[test]
fn no_driver() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["libcuda.so.1", "libcuda.so"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let mut command = vapo_train(&format!("{TINY} --device cuda"));
    refused(
        folder.path(),
        command.env("LD_LIBRARY_PATH", folder.path()),
        &["no CUDA driver", "libcuda.so.1", "--device cpu"],
    );
}

#[test]
fn no_compiler() {
    let folder = tempfile::tempdir().unwrap();
    for name in fs::read_dir(libraries()).unwrap().map(|entry| entry.unwrap().file_name()) {
        let hidden = name.to_string_lossy().starts_with("libnvrtc");
        let from = libraries().join(&name);
        if hidden {
            fs::write(folder.path().join(&name), "").unwrap();
        } else if from.is_file() {
            fs::copy(&from, folder.path().join(&name)).unwrap();
        }
    }
    let mut command = vapo_train(&format!("{TINY} --device cuda"));
    refused(folder.path(), command.env("LD_LIBRARY_PATH", folder.path()), &["no NVRTC", "libnvrtc.so", "pip install"]);
}

#[test]
fn driver_older_than_the_compiler() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = vapo_train(&format!("{TINY} --device cuda"));
    refused(folder.path(), command.env("STANDIN_VERSION", "12040"), &["CUDA 12.4", "NVRTC 13.0"]);
}

#[test]
fn too_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = vapo_train(&format!("{TINY} --device cuda"));
    let parts = ["of the device's memory", "a smaller --batch"];
    refused(folder.path(), command.env("STANDIN_MEMORY", "100000"), &parts);
}

/// A plan needs no device, and says why it does not know whether one suffices.
#[test]
fn a_plan_without_a_device() {
    let mut command = vapo_train("plan --preset tiny --device cuda");
    let output = command.env("STANDIN_DEVICES", "0").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert!(said.contains("available now: not known: no CUDA device") && said.contains("launches of a step"), "{said}");
}

#[test]
fn no_memory_pools() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = vapo_train(&format!("{TINY} --device cuda"));
    refused(folder.path(), command.env("STANDIN_POOLS", "0"), &["no memory pools", "--device cpu"]);
}

/// None of CUDA's libraries can be loaded, and none is asked for.
#[test]
fn the_processor_needs_no_cuda() {
    let folder = tempfile::tempdir().unwrap();
    for name in fs::read_dir(libraries()).unwrap().map(|entry| entry.unwrap().file_name()) {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let mut command = vapo_train(&format!("{TINY} --device cpu"));
    let output = command.env("LD_LIBRARY_PATH", folder.path()).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert!(folder.path().join("run/model.vapo").is_file());
}
