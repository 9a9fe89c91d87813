//! The commands that the project's pages show: each one parses.

use super::CommandLine;
use clap::Parser;
use std::path::Path;

/// The fewest commands that all pages together may show.
const LEAST: usize = 130;

/// The commands in a page's blocks that a shell reads, each on one line. A script of its own, which has variables, is left out.
fn commands(page: &str) -> Vec<String> {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let commands = blocks.filter(|block| !block.starts_with("#!")).map(|block| block.replace("\\\n", " "));
    commands.flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The arguments that a line gives to the trainer, for each time that it starts it.
fn arguments(line: &str) -> Vec<Vec<String>> {
    let line = line.split(" # ").next().unwrap_or(line);
    // What a shell puts in place of a command in a command is a number, in all pages.
    let line = match (line.split_once("$("), line.rsplit_once(')')) {
        (Some((before, _)), Some((_, after))) => format!("{before}0{after}"),
        _ => line.to_owned(),
    };
    let words = shlex::split(&line).unwrap_or_else(|| panic!("{line}: no line of a shell"));
    let ends = |word: &String| ["&&", "|", ">", ">>"].contains(&word.as_str());
    words.split(ends).filter_map(trainer).map(<[String]>::to_vec).collect()
}

/// What comes after the trainer's name in a command, or after what builds and starts it.
fn trainer(words: &[String]) -> Option<&[String]> {
    let at = |name: &str| words.iter().position(|word| word == name);
    match words.first()?.as_str() {
        "cargo" if words.get(1)? == "run" && at("--example").is_none() => {
            Some(at("--").map_or(&[][..], |separator| &words[separator + 1..]))
        }
        "cargo" => None,
        _ => {
            let program = words.iter().position(|word| word.rsplit('/').next() == Some("vapo-train"))?;
            Some(&words[program + 1..])
        }
    }
}

/// Why a line of a page cannot be run as it is written, and how many commands of the trainer it has.
fn check(line: &str) -> Result<usize, String> {
    let commands = arguments(line);
    for arguments in &commands {
        let words = std::iter::once("vapo-train").chain(arguments.iter().map(String::as_str));
        CommandLine::try_parse_from(words).map_err(|cause| format!("{line}: {cause}")).map(drop).or_else(|cause| {
            // `--help` and `--version` end the parser too.
            let asks = ["--help", "--version"].iter().any(|word| arguments.iter().any(|it| it == word));
            if asks { Ok(()) } else { Err(cause) }
        })?;
    }
    Ok(commands.len())
}

#[test]
fn the_commands_of_all_pages_parse() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let is_ours = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        !["target", "node_modules", "site", ".git"].contains(&name.as_ref())
    };
    let mut found = 0;
    for entry in walkdir::WalkDir::new(root).into_iter().filter_entry(is_ours).map(Result::unwrap) {
        if entry.path().extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let page = std::fs::read_to_string(entry.path()).unwrap();
        for line in commands(&page) {
            found += check(&line).unwrap_or_else(|cause| panic!("{}: {cause}", entry.path().display()));
        }
    }
    assert!(found >= LEAST, "{found} commands");
}

#[test]
fn a_command_that_does_not_parse_is_found() {
    let page =
        "```text\nvapo-train --wrong\n```\n\n```sh\nvapo-train sample --model m.vapo \\\n    --out a.png\ncd x\n```\n";
    assert_eq!(commands(page), ["vapo-train sample --model m.vapo      --out a.png", "cd x"]);
    for (line, expected) in [
        ("cargo run --release     # trains", 1),
        ("vapo-sampler/firmware/toolchain && cargo run --release -- board run m.vapo --class 7", 1),
        ("mpirun -n 2 target/release/vapo-train --resume --out runs/x", 1),
        ("vapo-train inpaint --model m.vapo --dataset digits --index $(seq -s, 0 9) --box 0,0,1,1 --out a.png", 1),
        ("vapo-train man > a && vapo-train man > b", 2),
        ("vapo-train --help", 1),
        ("cargo build --release -p vapo-train", 0),
        ("cargo run --release -p vapo-train --example anomaly_times -- m.vapo digits", 0),
        ("../cargo run --release -- seed=7", 0),
    ] {
        assert_eq!(check(line), Ok(expected), "{line}");
    }
    for line in [
        "vapo-train --wrong",
        "vapo-train sample --model m.vapo     # --out a.png",
        "cargo run --release -- board walk m.vapo",
        "mpirun -n 2 target/release/vapo-train --steps many",
        "vapo-train man > a && vapo-train woman > b",
    ] {
        assert!(check(line).is_err(), "{line}");
    }
}
