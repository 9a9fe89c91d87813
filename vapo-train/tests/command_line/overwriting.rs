//! What is there is not overwritten unasked, nor lost to a mistake.

use crate::program::{RUN_FILES, TINY, command, contents, names, outcome, vapo_train};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

#[test]
fn a_run_is_not_overwritten_unasked() {
    let root = TempDir::new().unwrap();
    let line = format!("{TINY} --steps 5 --out run");
    vapo_train(root.path(), &line).succeeded();
    let before = contents(root.path());
    vapo_train(root.path(), &line).refused(2, &["run holds a run already", "--resume", "--force"]);
    assert!(contents(root.path()) == before);
    // That is told before images are looked for, which may take minutes to prepare.
    let line = "--dataset celeba --data-dir absent --out run";
    vapo_train(root.path(), line).refused(2, &["run holds a run already", "--resume", "--force"]);
    // Nor is a model that lies there alone.
    fs::create_dir(root.path().join("models")).unwrap();
    fs::write(root.path().join("models/model.vapo"), "precious").unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 5 --out models")).refused(2, &["--force"]);
    assert_eq!(names(&root.path().join("models")), ["model.vapo"]);
    assert_eq!(fs::read(root.path().join("models/model.vapo")).unwrap(), b"precious");
}

#[test]
fn force_replaces_the_run_and_leaves_other_files() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    vapo_train(root.path(), &format!("{TINY} --steps 60 --seed 1 --out run")).succeeded();
    fs::write(run.join("notes.md"), "theirs").unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 5 --seed 2 --out run --force")).succeeded();
    vapo_train(root.path(), &format!("{TINY} --steps 5 --seed 2 --out fresh")).succeeded();
    assert_eq!(fs::read(run.join("notes.md")).unwrap(), b"theirs");
    fs::remove_file(run.join("notes.md")).unwrap();
    let (mut replaced, mut fresh) = (contents(&run), contents(&root.path().join("fresh")));
    // Seconds differ, and with them the speed.
    for files in [&mut replaced, &mut fresh] {
        files.remove(Path::new("metrics.jsonl")).unwrap();
    }
    assert!(replaced == fresh);
}

#[test]
fn a_run_survives_a_forced_one_that_cannot_begin() {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 5 --out run")).succeeded();
    fs::create_dir(root.path().join("files")).unwrap();
    fs::write(root.path().join("files/train-images-idx3-ubyte"), "not images").unwrap();
    let before = contents(root.path());
    vapo_train(root.path(), "--force --out run --dataset mnist --data-dir files").refused(1, &["IDX"]);
    vapo_train(root.path(), "--force --out run --dataset mnist --data-dir absent").refused(1, &["mnist is not here"]);
    if cfg!(not(feature = "cuda")) {
        vapo_train(root.path(), "--force --out run --device cuda").refused(1, &["--features cuda"]);
        vapo_train(root.path(), "--out another --device cuda").refused(1, &["--features cuda"]);
    }
    assert!(contents(root.path()) == before);
    assert!(!root.path().join("another").exists());
    assert_eq!(names(&root.path().join("run")), RUN_FILES);
}

#[test]
fn of_several_commands_at_once_one_has_the_name() {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 5 --out run")).succeeded();
    for out in ["pictures/", "grid.png", "array.npy"] {
        let line = |seed| format!("sample --model run/model.vapo --count 300 --seed {seed} --out {out}");
        let start = |seed| command(root.path(), &line(seed)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let children = [1, 2, 3].map(|seed| start(seed).unwrap());
        let ended = children.map(|child| outcome(child.wait_with_output().unwrap()));
        let (succeeded, refused): (Vec<_>, Vec<_>) = ended.into_iter().partition(|told| told.code == Some(0));
        assert_eq!(succeeded.len(), 1, "{refused:#?}");
        for told in refused {
            let parts = ["it appeared while this command ran, and was not replaced", "it exists; give another name"];
            assert!(parts.iter().any(|part| told.errors.contains(part)), "{told:?}");
        }
    }
}

#[test]
fn a_run_does_not_lie_among_the_images_nor_around_them() {
    let root = TempDir::new().unwrap();
    fs::create_dir_all(root.path().join("im/sub/deep")).unwrap();
    for (out, part) in [
        ("im/sub", "would lie among the images"),
        ("im/sub/deep", "would lie among the images"),
        ("im", "would lie beside the images"),
        (".", "would lie beside the images"),
    ] {
        let told = vapo_train(root.path(), &format!("--dataset folder --data-dir im/sub --out {out}"));
        told.refused(2, &[&format!("--out {out}: its pictures {part}"), "--data-dir im/sub", "give another folder"]);
    }
    assert_eq!(names(root.path()), [""; 0]);
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("file"), "theirs").unwrap();
    for out in ["file", "file/run"] {
        vapo_train(root.path(), &format!("{TINY} --steps 5 --out {out}")).refused(1, &[&format!("write {out}: ")]);
        vapo_train(root.path(), &format!("{TINY} --steps 5 --out {out} --force")).refused(1, &["file"]);
        // Before images are looked for, which may take minutes to prepare.
        let line = format!("--dataset celeba --data-dir absent --out {out}");
        vapo_train(root.path(), &line).refused(1, &[&format!("write {out}: ")]);
    }
    assert_eq!(names(root.path()), ["file"]);
}
