//! Bad input: a clear message over the board's output, and a safe halt.

use crate::cases;
use std::process::Command;
use vapo_tests::device::{firmware, models};

/// What a board prints, which must end with status 1, given a model's file that `change` made something else of.
fn refused_model(change: impl Fn(&mut [u8])) -> [String; 4] {
    cases().digits().map(|case| {
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
        ("seed=5 solver=rk4", "found solver=rk4\nerror expected solver= with euler, heun, ab2 or etd2\n"),
        ("seed=5 colour=red", "found colour=red\nerror expected seed=, solver=euler|heun|ab2|etd2,"),
        ("temperature=nan", "found temperature=nan\nerror expected temperature= with a decimal"),
        ("temperature=-1", "found temperature=-1\nerror expected temperature= with a decimal of at least 0"),
        (
            "temperature=1e30",
            "found temperature=1e30\nerror expected temperature= with a decimal of at least 0, of at most 7",
        ),
        ("seed=7 seed=8", "found seed=8\nerror expected every argument at most once\n"),
        ("steps=0", "found steps=0\nerror expected steps= with a whole number from 1 to 65535\n"),
        ("exponent=0 seed=1", "found exponent=0\nerror expected exponent= with a decimal above 0"),
        ("known=9", "found known=9\nerror expected known= with a whole number of at most the image's rows\n"),
    ] {
        for case in cases().digits() {
            let text = case.image.run(arguments).unwrap_err();
            assert!(text.starts_with(message), "{arguments} on {}: {text}", case.board);
        }
    }
}

#[test]
fn a_missing_emulator_says_what_to_run() {
    let nothing = tempfile::tempdir().unwrap();
    let bash = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| std::path::Path::new(path).exists()).unwrap();
    let emulate = firmware().join("emulate");
    for (board, emulator) in [("microbit", "qemu-system-arm"), ("riscv32-virt", "qemu-system-riscv32")] {
        let output =
            Command::new(bash).arg(&emulate).args([board, "image"]).env("PATH", nothing.path()).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        let expected = format!("{emulator} is missing: run ");
        assert!(message.contains(&expected) && message.contains("/toolchain first"), "{message}");
    }
}
