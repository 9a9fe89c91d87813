//! `vapo-train board`: which boards there are, and what is refused before anything is built. `tests/tests/device` runs it on an emulated board.

use crate::program::{command, names, outcome, vapo_train};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vapo-sampler/firmware")
}

/// A folder elsewhere than in the checkout, with two of the firmware's models.
fn root() -> TempDir {
    let root = TempDir::new().unwrap();
    for name in ["digits.vapo", "fashion.vapo"] {
        fs::copy(firmware().join("models").join(name), root.path().join(name)).unwrap();
    }
    root
}

#[test]
fn the_boards_are_listed_for_people_and_for_programs() {
    let root = TempDir::new().unwrap();
    let table = vapo_train(root.path(), "board list").succeeded().output;
    assert!(table.starts_with("board          core            MHz      flash        RAM\nmicrobit "), "{table}");
    let json = vapo_train(root.path(), "board list --json").succeeded().output;
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    let boards = answer["boards"].as_array().unwrap();
    assert_eq!(boards.len(), table.lines().count() - 1);
    for (board, line) in boards.iter().zip(table.lines().skip(1)) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((&board["board"], &board["core"]), (&words[0].into(), &words[1].into()));
        assert_eq!(board["emulated"], words.contains(&"emulated"), "{line}");
    }
}

#[test]
fn a_model_that_a_board_has_no_room_for_is_refused_with_boards_that_have_it() {
    let root = root();
    let parts = [
        "the model does not fit microbit, which lacks 29664 bytes of RAM",
        "microbit-v2, stm32f411",
        "mps2-an386 (emulated)",
    ];
    vapo_train(root.path(), "board run fashion.vapo").refused(1, &parts);
}

#[test]
fn classes_that_the_model_does_not_have_are_refused() {
    let root = root();
    vapo_train(root.path(), "board run digits.vapo --class 10")
        .refused(2, &["--class 10: the model has the classes 0 to 9"]);
    vapo_train(root.path(), "board run fashion.vapo --board mps2-an386 --class 1")
        .refused(2, &["the model has no classes"]);
}

#[test]
fn results_are_not_overwritten_unasked() {
    let root = root();
    fs::write(root.path().join("s.npy"), "theirs").unwrap();
    vapo_train(root.path(), "board run digits.vapo --out s.npy").refused(2, &["--out s.npy", "--force to replace"]);
    assert_eq!(fs::read(root.path().join("s.npy")).unwrap(), b"theirs");
}

#[test]
fn what_is_no_firmware_is_refused() {
    let root = root();
    let parts = ["--firmware .", "expected the folder vapo-sampler/firmware of this program's repository"];
    vapo_train(root.path(), "board run digits.vapo --firmware .").refused(1, &parts);
}

/// The program lies in the checkout's `target`, unless `CARGO_TARGET_DIR` says otherwise: a copy of it lies elsewhere.
#[test]
fn outside_of_a_checkout_it_is_said_what_to_clone_and_to_pass() {
    let root = root();
    let program = root.path().join("vapo-train");
    fs::copy(env!("CARGO_BIN_EXE_vapo-train"), &program).unwrap();
    let mut command = std::process::Command::new(&program);
    let told = outcome(command.current_dir(root.path()).args(["board", "run", "digits.vapo"]).output().unwrap());
    told.refused(
        1,
        &[
            "the boards' firmware is not here",
            "clone this program's repository",
            "--firmware REPOSITORY/vapo-sampler/firmware",
        ],
    );
}

/// An empty folder as the only one where programs are looked for.
#[test]
fn what_is_missing_is_told_with_what_installs_it() {
    let (root, tools) = (root(), TempDir::new().unwrap());
    let run = |board: &str| {
        let line = format!("board run digits.vapo --board {board} --firmware {}", firmware().display());
        outcome(command(root.path(), &line).env("PATH", tools.path()).output().unwrap())
    };
    run("microbit").refused(1, &["bash is missing"]);
    fs::write(tools.path().join("bash"), "").unwrap();
    run("microbit").refused(
        1,
        &["qemu-system-arm is missing, which emulates microbit: run ", "/firmware/toolchain, then start again"],
    );
    run("riscv32-virt").refused(1, &["qemu-system-riscv32 is missing"]);
    run("pico")
        .refused(1, &["probe-rs is missing, which writes to the flash of pico: run cargo install probe-rs-tools"]);
    run("esp32-c3").refused(1, &["espflash is missing", "cargo install espflash"]);
    fs::write(tools.path().join("qemu-system-arm"), "").unwrap();
    // That `bash` cannot say that a compiler is there.
    run("microbit").refused(1, &["the compiler's libraries for the boards are missing: run ", "/firmware/toolchain"]);
    assert_eq!(names(root.path()), ["digits.vapo", "fashion.vapo"]);
}
