//! Bad input: a clear message over the board's output, and a safe halt.

use crate::cases;
use std::process::Command;
use vapo_tests::device::{firmware, models};

/// What a board prints, which must end with status 1, given a model's file that `change` made something else of.
fn refused_model(change: impl Fn(&mut [u8])) -> [String; 2] {
    [&cases().microbit, &cases().mps2_an386].map(|case| {
        let mut file = case.file.clone();
        change(&mut file);
        case.image.with_model(&case.file, &file).unwrap().run("steps=1").unwrap_err()
    })
}

#[test]
fn damaged_flash_is_refused() {
    let middle = |file: &mut [u8]| file[file.len() / 2] ^= 0x10;
    let magic = |file: &mut [u8]| file[0] ^= 1;
    let checksum = |file: &mut [u8]| file[file.len() - 1] ^= 0x80;
    for text in [refused_model(middle), refused_model(magic), refused_model(checksum)].iter().flatten() {
        assert!(text.starts_with("error the image's model is damaged: flash it again\n"), "{text}");
    }
}

#[test]
fn another_version_of_the_format_is_refused() {
    for text in refused_model(|file| {
        file[4] += 1;
        models::checksum(file);
    }) {
        assert!(text.starts_with("error the image's model is of another version of the format: "), "{text}");
    }
}

#[test]
fn requests_that_cannot_be_answered_are_refused() {
    for (arguments, message) in [
        ("seed=5 solver=rk4", "found solver=rk4\nerror expected seed=, solver=euler|heun|ab2|etd2,"),
        ("temperature=nan", "found temperature=nan\nerror expected seed=,"),
        ("temperature=-1", "found temperature=-1\nerror expected seed=,"),
        ("steps=0", "error a schedule has at least 1 step"),
        ("exponent=0", "error a schedule has at least 1 step and an exponent near 1"),
    ] {
        for case in [&cases().microbit, &cases().mps2_an386] {
            let text = case.image.run(arguments).unwrap_err();
            assert!(text.starts_with(message), "{arguments} on {}: {text}", case.board.name());
        }
    }
}

#[test]
fn a_missing_emulator_says_what_to_run() {
    let nothing = tempfile::tempdir().unwrap();
    let bash = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| std::path::Path::new(path).exists()).unwrap();
    let emulate = firmware().join("emulate");
    let output =
        Command::new(bash).arg(&emulate).args(["microbit", "image"]).env("PATH", nothing.path()).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(message.contains("qemu-system-arm is missing: run ") && message.contains("/toolchain first"), "{message}");
}
