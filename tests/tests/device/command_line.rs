//! `vapo-train board run`: what it shows and writes is the board's, and what `vapo-train sample` writes.

use std::path::Path;
use std::process::Command;
use vapo_request::Request;
use vapo_sampler::{Condition, Solver};
use vapo_tests::device::{Image, MICROBIT, firmware, models, on_host};

/// Runs the trainer in a folder, with the options of `line`, separated by spaces.
fn vapo_train(folder: &Path, line: &str) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vapo-train-boards"));
    let output = command.current_dir(folder).args(line.split_whitespace()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// By one build of one board.
#[test]
fn the_command_line_draws_on_a_board() {
    let (root, file, firmware) = (tempfile::tempdir().unwrap(), models::digits(), firmware());
    let model = file.path().display();
    let line = format!(
        "board run {model} --board {MICROBIT} --class 7 --seed 7 --count 2 --firmware {} --out board.npy",
        firmware.display()
    );
    let (succeeded, shown, errors) = {
        let _building = Image::building();
        vapo_train(root.path(), &line)
    };
    assert!(succeeded, "{shown}{errors}");

    // The same build again: nothing is compiled.
    let image = Image::build(MICROBIT, file.path()).unwrap_or_else(|error| panic!("{error}"));
    // What the board shows to people, without the blanks at the ends of lines.
    for seed in [7, 8] {
        let theirs = image.run(&format!("show class=7 seed={seed}")).unwrap();
        let art: String = theirs.lines().take(8).map(|line| format!("{}\n", line.trim_end())).collect();
        assert!(art.contains("@@") && shown.contains(&art), "{theirs}\n{shown}");
        assert!(shown.contains(&format!("seed {seed}, class 7, taken for a 7, energy ")), "{shown}");
    }
    assert!(
        shown.contains("2 samples of the emulated microbit, each with the bits that this machine computes"),
        "{shown}"
    );

    let line = format!("sample --model {model} --class 7 --seed 7 --count 2 --steps 10 --out host.npy");
    let (succeeded, _, errors) = vapo_train(root.path(), &line);
    assert!(succeeded, "{errors}");
    let read = |name: &str| std::fs::read(root.path().join(name)).unwrap();
    assert!(read("board.npy") == read("host.npy"));
    // And by neither of the two commands.
    let condition = Condition { class: Some(7), guidance: 0.0 };
    let request = Request { seed: 8, condition, ..Request::of(Solver::Etd2) };
    let expected: Vec<u8> =
        on_host(&file.read().unwrap(), &request).unwrap().sample.iter().flat_map(|bits| bits.to_le_bytes()).collect();
    assert!(read("board.npy").ends_with(&expected));
    let card: serde_json::Value = serde_json::from_slice(&read("board.npy.json")).unwrap();
    assert_eq!((&card["command"], &card["settings"]["board"]), (&"board run".into(), &MICROBIT.into()));
}
