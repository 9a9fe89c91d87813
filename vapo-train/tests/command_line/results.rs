//! Results of commands: refused at the start where they cannot be had, and never lost.

use crate::models::{GREY, write_model};
use crate::program::{Outcome, command, contents, names, outcome, vapo_train};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::{Homotopy, Shape};
use vapo_train::export::npy;
use vapo_train::export::picture::Picture;

/// Every command that writes results: its line without the option that names one, the option, and the end of a name.
const COMMANDS: [(&str, &str, &str); 11] = [
    ("sample --model m.vapo --count 2 --steps 2", "--out", ".png"),
    ("sample --model m.vapo --count 2 --steps 2", "--out", ".npy"),
    ("sample --model m.vapo --count 2 --steps 2", "--out", ""),
    ("fid-ref --dataset digits --count 2", "--out", ".npz"),
    ("fid-ref --dataset digits --count 2", "--out", ""),
    ("neighbours --model m.vapo --dataset digits --features pixels --count 9 --steps 2", "--out", ".png"),
    ("interpolate --model m.vapo --pairs 2 --frames 2 --steps 2", "--out", ".png"),
    ("inpaint --model m.vapo --dataset digits --box 2,3,4,5 --steps 2", "--out", ".png"),
    ("compose --model m.vapo --weight 0.5 --model m.vapo --weight 0.5 --count 2 --steps 2", "--out", ".png"),
    ("score --model m.vapo --dataset digits --out s.json --force", "--write-threshold", ".vapo"),
    ("calibrate --model m.vapo", "--out", ".vapo"),
];
const EVAL: &str = "eval --model m.vapo --dataset digits --features pixels --count 70 --steps 2";

fn root() -> TempDir {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    root
}

#[test]
fn a_card_does_not_replace_the_report_of_another_command() {
    let root = root();
    vapo_train(root.path(), &format!("{EVAL} --out results.json")).succeeded();
    let before = contents(root.path());
    let sample = "sample --model m.vapo --count 2 --out results/";
    vapo_train(root.path(), sample).refused(2, &["the card of --out results/, results.json", "exists", "--force"]);
    let score = "score --model m.vapo --dataset digits --out a.vapo.json --write-threshold a.vapo";
    for line in [score, &format!("{score} --force")] {
        vapo_train(root.path(), line).refused(
            2,
            &["the card of --write-threshold a.vapo, a.vapo.json, and --out a.vapo.json are one file", "another name"],
        );
    }
    assert!(contents(root.path()) == before);
    vapo_train(root.path(), &format!("{sample} --force")).succeeded();
    assert_eq!(names(root.path()), ["m.vapo", "results/000000.png", "results/000001.png", "results.json"]);
    assert!(fs::read_to_string(root.path().join("results.json")).unwrap().contains("\"sample\""));
}

#[test]
fn neither_a_result_nor_its_card_is_overwritten_unasked() {
    for (line, option, end) in COMMANDS {
        let root = root();
        for taken in [format!("x{end}"), format!("x{end}.json")] {
            fs::write(root.path().join(&taken), "precious").unwrap();
            let before = contents(root.path());
            let told = vapo_train(root.path(), &format!("{line} {option} x{end}").replace(" --force", ""));
            told.refused(2, &[&taken]);
            assert!(contents(root.path()) == before, "{line}");
            fs::remove_file(root.path().join(&taken)).unwrap();
        }
        vapo_train(root.path(), &format!("{line} {option} x{end}")).succeeded();
        assert!(fs::read_to_string(root.path().join(format!("x{end}.json"))).unwrap().contains("command"), "{line}");
    }
}

/// The model is not there either: what is told is what was looked at first.
#[test]
fn where_nothing_can_be_written_is_told_before_anything_is_read() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("file"), "theirs").unwrap();
    fs::create_dir_all(root.path().join("taken.json/within")).unwrap();
    for (line, option, end) in
        COMMANDS.into_iter().chain([(EVAL, "--out", ".json"), (EVAL, "--write-statistics", ".npz")])
    {
        let line = if option == "--write-statistics" { format!("{line} --out r.json") } else { line.to_owned() };
        let out = |name: &str| vapo_train(root.path(), &format!("{line} {option} {name}"));
        out(&format!("absent/x{end}"))
            .refused(1, &[&format!("cannot write absent/x{end}"), "no folder absent", "make it"]);
        if cfg!(target_os = "linux") {
            // Nobody writes there, whatever the permissions say.
            out(&format!("/proc/x{end}")).refused(1, &[&format!("cannot write /proc/x{end}")]);
        }
        out(&format!("file/x{end}")).refused(1, &[&format!("cannot write file/x{end}")]);
        if !end.is_empty() {
            fs::create_dir(root.path().join(format!("folder{end}"))).unwrap();
            let told = out(&format!("folder{end} --force")
                .replace("--force", if line.contains("--force") { "" } else { "--force" }));
            told.refused(2, &[&format!("{option} folder{end}"), "it is a folder"]);
            fs::remove_dir(root.path().join(format!("folder{end}"))).unwrap();
        }
        // The result's name may be as long as names can be; its card's is longer.
        let long = "x".repeat(254 - end.len()) + end;
        if option == "--out" && !line.starts_with("eval") {
            out(&long).refused(1, &["cannot write", &format!("{long}.json")]);
        }
    }
    vapo_train(root.path(), &format!("{EVAL} --out taken.json --force")).refused(2, &["taken.json", "it is a folder"]);
    vapo_train(root.path(), &format!("{EVAL} --out x/")).refused(2, &["--out x/", "the name of a file"]);
    vapo_train(root.path(), "sample --model m.vapo --out file --force").refused(2, &["--out file", "it is a file"]);
    assert_eq!(names(root.path()), ["file"]);
    assert_eq!(fs::read(root.path().join("file")).unwrap(), b"theirs");
}

#[test]
fn the_standard_output_is_no_file() {
    let root = root();
    let out = |line: &str| vapo_train(root.path(), line).refused(2, &["--out -", "expected a name", "./-"]);
    for line in ["sample --model m.vapo --out -", "fid-ref --dataset digits --out -", &format!("{EVAL} --out -")] {
        assert_eq!(out(line).output, "");
    }
    let parts = ["--write-statistics -", "expected a name"];
    vapo_train(root.path(), &format!("{EVAL} --out r.json --write-statistics -")).refused(2, &parts);
    assert_eq!(names(root.path()), ["m.vapo"]);
    vapo_train(root.path(), "sample --model m.vapo --count 1 --out ./-").succeeded();
    assert_eq!(names(root.path()), ["-/000000.png", "-.json", "m.vapo"]);
}

#[cfg(unix)]
#[test]
fn two_results_are_two_files_however_they_are_named() {
    let root = root();
    fs::create_dir(root.path().join("folder")).unwrap();
    std::os::unix::fs::symlink("folder", root.path().join("link")).unwrap();
    for (report, statistics) in
        [("r.json", "r.json"), ("r.json", "./r.json"), ("folder/r.json", "link/r.json"), ("link/../r.json", "r.json")]
    {
        let line = format!("{EVAL} --out {report} --write-statistics {statistics} --force");
        let parts = [&format!("--write-statistics {statistics} and --out {report} are one file")[..]];
        vapo_train(root.path(), &line).refused(2, &parts);
    }
    // A link that leads nowhere is there all the same, and is not replaced unasked.
    std::os::unix::fs::symlink("nowhere", root.path().join("dangling.json")).unwrap();
    vapo_train(root.path(), &format!("{EVAL} --out dangling.json")).refused(2, &["dangling.json", "exists"]);
    // Nor is what is no file, even by force.
    let socket = std::os::unix::net::UnixListener::bind(root.path().join("socket.json")).unwrap();
    let line = format!("{EVAL} --out socket.json --force");
    vapo_train(root.path(), &line).refused(2, &["socket.json", "neither a file nor a folder"]);
    drop(socket);
}

#[test]
fn what_is_read_is_not_replaced_even_by_force() {
    let root = root();
    let model = fs::read(root.path().join("m.vapo")).unwrap();
    for name in ["m.npz", "x.png.json", "m.png"] {
        fs::write(root.path().join(name), &model).unwrap();
    }
    let image = vec![0.5; 64];
    fs::write(root.path().join("images.npy"), npy(&image, GREY).unwrap()).unwrap();
    for name in ["mask.png", "image.png"] {
        fs::write(root.path().join(name), Picture::of(&[255; 64], GREY).unwrap().png()).unwrap();
    }
    vapo_train(root.path(), "fid-ref --dataset digits --count 100 --out pictures").succeeded();
    vapo_train(root.path(), "fid-ref --dataset digits --count 100 --out s.npz").succeeded();
    #[cfg(unix)]
    std::os::unix::fs::symlink("m.vapo", root.path().join("link.vapo")).unwrap();
    let before = contents(root.path());
    let eval = "eval --dataset digits --features pixels";
    let cases = [
        ("sample --model m.npz --out m.npz", "--model m.npz"),
        ("sample --model x.png.json --out x.png", "--model x.png.json"),
        ("compose --weight 1 --weight 1 --model m.vapo --model m.png --out ./m.png", "--model m.png"),
        ("interpolate --model m.png --out m.png", "--model m.png"),
        ("neighbours --model m.png --dataset digits --out m.png", "--model m.png"),
        ("score --model m.vapo --dataset digits --out e.json --write-threshold ./m.vapo", "--model m.vapo"),
        #[cfg(unix)]
        ("score --model link.vapo --dataset digits --out e.json --write-threshold m.vapo", "--model link.vapo"),
        ("inpaint --model m.vapo --images image.png --box 0,0,2,2 --out image.png", "--images image.png"),
        ("inpaint --model m.vapo --images image.png --mask mask.png --out mask.png", "--mask mask.png"),
        (&format!("{eval} --samples s.npz --out r.json --write-statistics s.npz"), "--samples s.npz"),
        (
            &format!("{eval} --model m.vapo --reference s.npz --out r.json --write-statistics s.npz"),
            "--reference s.npz",
        ),
        (&format!("{eval} --samples s.npz --out s.npz"), "--samples s.npz"),
        ("fid-ref --dataset folder --data-dir pictures --split train --out pictures", "--data-dir pictures"),
        ("fid-ref --dataset folder --data-dir pictures --split train --out pictures/000001.png", "--data-dir pictures"),
        ("fid-ref --dataset npy --data-dir images.npy --split train --out images.npy", "--data-dir images.npy"),
    ];
    for (line, read) in cases {
        let parts = ["would replace what is read", read, "another name"];
        vapo_train(root.path(), &format!("{line} --force")).refused(2, &parts);
    }
    // Nor does a result lie among images that are read: the next command would read it too.
    for (line, read) in [
        ("fid-ref --dataset folder --data-dir pictures --split train --out pictures/x.png", "--data-dir pictures"),
        (
            "inpaint --model m.vapo --dataset folder --data-dir pictures --box 0,0,2,2 --out pictures/x.png",
            "--data-dir pictures",
        ),
        ("--dataset folder --data-dir pictures --out pictures", "--data-dir pictures"),
        ("--dataset folder --data-dir pictures --out pictures/a/run", "--data-dir pictures"),
    ] {
        let parts = ["would lie among the images", read];
        vapo_train(root.path(), &format!("{line} --force")).refused(2, &parts);
    }
    assert!(contents(root.path()) == before);
}

/// A file of this many blocks of 512 bytes is all that the program may write.
#[cfg(unix)]
fn limited(root: &Path, blocks: u32, line: &str) -> Outcome {
    let program = command(root, "").get_program().to_owned();
    let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut child = std::process::Command::new("sh");
    child.current_dir(root).args(["-c", &limit]).arg(program).args(line.split_whitespace());
    outcome(child.output().unwrap())
}

#[cfg(unix)]
#[test]
fn results_are_printed_even_when_their_files_cannot_be_written() {
    let root = root();
    let score = "score --model m.vapo --dataset digits --against noise";
    let neighbours = "neighbours --model m.vapo --dataset digits --features pixels --count 9 --steps 2";
    for (line, out, rows) in [
        (EVAL, "r.json", &["Fréchet distance", "kernel distance", "samples"][..]),
        (score, "s.json", &["AUROC", "threshold"]),
        (neighbours, "n.png", &["nearest, samples", "Mann-Whitney"]),
    ] {
        let told = limited(root.path(), 0, &format!("{line} --out {out}"));
        let told = told.refused(1, &[&format!("cannot write {out}")]);
        assert!(rows.iter().all(|row| told.output.contains(row)), "{line}: {}", told.output);
        assert!(!told.output.contains(out), "what is not written is not named: {}", told.output);
        assert_eq!(names(root.path()), ["m.vapo"]);
    }
    // Of two files, the one that can be written is: the report takes three blocks, the statistics of 64 features many.
    let line = format!("{EVAL} --out r.json --write-statistics s.npz");
    let told = limited(root.path(), 8, &line).refused(1, &["cannot write s.npz"]);
    assert!(told.output.contains("report             r.json"), "{}", told.output);
    assert_eq!(names(root.path()), ["m.vapo", "r.json"]);
}

/// These models make no finite sample: who draws one before all is looked at says that instead.
#[test]
fn what_can_be_known_at_the_start_is_refused_at_the_start() {
    let root = TempDir::new().unwrap();
    let wild = |name: &str, image| write_model(&root.path().join(name), image, Homotopy::Linear, 1e15);
    wild("wild.vapo", GREY);
    wild("two.vapo", Shape { channels: 2, ..GREY });
    wild("large.vapo", Shape { channels: 3, height: 64, width: 64 });
    fs::write(root.path().join("two.npy"), npy(&[0.0; 128], Shape { channels: 2, ..GREY }).unwrap()).unwrap();
    fs::write(root.path().join("file"), "theirs").unwrap();
    vapo_train(root.path(), "fid-ref --dataset digits --split train --out s.npz").succeeded();
    let line = "eval --samples s.npz --dataset digits --features pixels --write-statistics t.npz --out t.json";
    vapo_train(root.path(), line).succeeded();
    let before = names(root.path());
    let pictures = ["1 channel", "these have 2", "vapo-train sample", ".npy"];
    let large = "eval --model large.vapo --dataset digits --out r.json";
    let cases: &[(&str, i32, &[&str])] = &[
        ("sample --model wild.vapo --out absent/x.npy", 1, &["no folder absent"]),
        ("sample --model wild.vapo --out x.npy --temperature -1", 2, &["--temperature -1"]),
        ("eval --model wild.vapo --dataset mnist --out r.json", 1, &["mnist is not here"]),
        ("eval --model wild.vapo --dataset digits --cache file --out r.json", 1, &["cannot write file"]),
        ("eval --model wild.vapo --dataset digits --reference absent.npz --out r.json", 1, &["absent.npz"]),
        // Refused before the classifier is trained, which would be said.
        (large, 2, &["expected samples of 8×8×1", "found 64×64×3"]),
        (&format!("{large} --features pixels"), 1, &["at most 4096 features", "found 12288"]),
        (&format!("{large} --reference t.npz"), 2, &["moments of 128 features", "found 64"]),
        ("neighbours --model wild.vapo --dataset mnist --out n.png", 1, &["mnist is not here"]),
        ("neighbours --model large.vapo --dataset digits --out n.png", 2, &["8×8×1", "64×64×3"]),
        ("neighbours --model wild.vapo --dataset digits --cache file --out n.png", 1, &["cannot write file"]),
        ("interpolate --model two.vapo --out i.png", 2, &pictures),
        ("inpaint --model two.vapo --images two.npy --box 0,0,2,2 --out i.png", 2, &["these have 2", ".npy"]),
        ("compose --model two.vapo --weight 1 --model two.vapo --weight 1 --out c.png", 2, &["these have 2", ".npy"]),
        ("interpolate --model wild.vapo --pairs 1024 --frames 1024 --out i.png", 2, &["pixels", "ask for fewer"]),
    ];
    for (line, code, parts) in cases {
        let told = vapo_train(root.path(), line).refused(*code, parts);
        assert!(!told.errors.contains("trained a classifier"), "{line}: {}", told.errors);
    }
    assert_eq!(names(root.path()), before);
}
