//! What shells, `man` and reports of faults take from the program.

use crate::program::{contents, names, vapo_train};
use std::fs;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The commands that the help lists.
fn commands() -> Vec<String> {
    let root = TempDir::new().unwrap();
    let page = vapo_train(root.path(), "-h").succeeded().output;
    let list = page.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

#[test]
fn every_shell_gets_completions_of_every_command() {
    let root = TempDir::new().unwrap();
    let commands = commands();
    assert!(commands.len() >= 20, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let told = vapo_train(root.path(), &format!("completions {shell}")).succeeded();
        // A shell reads it as it comes: nothing else is said.
        assert_eq!(told.errors, "", "{shell}");
        for part in commands.iter().map(String::as_str).chain(["explain", "tolerance", "fashion-mnist"]) {
            assert!(told.output.contains(part), "{shell}: no {part}");
        }
    }
    vapo_train(root.path(), "completions tcsh").refused(2, &["'tcsh'", "bash, elvish, fish, powershell, zsh"]);
    assert_eq!(names(root.path()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn bash_takes_its_completions() {
    let root = TempDir::new().unwrap();
    let script = vapo_train(root.path(), "completions bash").succeeded().output;
    fs::write(root.path().join("script"), &script).unwrap();
    let run = |line: &str| {
        let bash =
            Command::new("bash").current_dir(root.path()).args(["--norc", "-c", line]).stdin(Stdio::null()).output();
        let told = bash.unwrap();
        assert!(told.status.success() && told.stderr.is_empty(), "{}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8(told.stdout).unwrap()
    };
    run("bash -n script");
    // What a person gets who types these words and the key.
    let function = script.split_once("complete -F ").unwrap().1.split(' ').next().unwrap();
    fs::create_dir(root.path().join("my run")).unwrap();
    for (words, expected) in [
        ("sam", "sample\n"),
        ("sample --model my", "my run\n"),
        ("--from my", "my run\n"),
        ("sample --mo", "--model\n"),
        ("sample --solver e", "euler etd2\n"),
        ("board r", "run\n"),
        ("board run --cla", "--class\n"),
    ] {
        let last = words.split(' ').next_back().unwrap();
        let before = words.split(' ').rev().nth(1).unwrap_or("vapo-train");
        let count = words.split(' ').count();
        let line = format!(
            "source ./script; COMP_WORDS=(vapo-train {words}); COMP_CWORD={count}; \
             {function} vapo-train {last} {before}; echo \"${{COMPREPLY[@]}}\""
        );
        assert_eq!(run(&line), expected, "{words}");
    }
}

#[test]
fn a_folder_gets_a_page_a_command_and_none_is_overwritten() {
    let root = TempDir::new().unwrap();
    let told = vapo_train(root.path(), "man pages").succeeded();
    let mut expected: Vec<String> = commands().iter().map(|name| format!("vapo-train-{name}.1")).collect();
    expected.extend(["vapo-train", "vapo-train-board-list", "vapo-train-board-run"].map(|name| format!("{name}.1")));
    expected.sort();
    assert_eq!(names(&root.path().join("pages")), expected);
    assert_eq!(told.output, format!("{} pages in pages\n", expected.len()));
    assert_eq!(told.errors, "next: man pages/vapo-train.1\n");
    // One page is that of the program: it names every command, and every other tells its own options.
    let whole = fs::read_to_string(root.path().join("pages/vapo-train.1")).unwrap();
    assert_eq!(vapo_train(root.path(), "man").succeeded().output, whole);
    for name in commands() {
        let escaped = name.replace('-', "\\-");
        assert!(whole.contains(&format!("vapo\\-train\\-{escaped}(1)")), "{name}: {whole}");
        let page = fs::read_to_string(root.path().join(format!("pages/vapo-train-{name}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains("\\-\\-help"), "{name}: {page}");
    }
    let before = contents(root.path());
    vapo_train(root.path(), "man pages").refused(2, &["pages/vapo-train.1", "--force to replace"]);
    assert!(contents(root.path()) == before);
    fs::write(root.path().join("pages/vapo-train.1"), "mine").unwrap();
    vapo_train(root.path(), "man pages --force").succeeded();
    assert!(contents(root.path()) == before);
}

#[test]
fn the_version_says_what_was_built_and_names_no_place() {
    let root = TempDir::new().unwrap();
    let short = concat!("vapo-train ", env!("CARGO_PKG_VERSION"), "\n");
    for line in ["--version", "-V"] {
        assert_eq!(vapo_train(root.path(), line).succeeded().output, short);
    }
    let told = vapo_train(root.path(), "--version --verbose").succeeded().output;
    assert_eq!(vapo_train(root.path(), "-V -v").succeeded().output, told);
    assert_eq!(vapo_train(root.path(), "-Vv").succeeded().output, told);
    let rows: Vec<&str> = told.lines().skip(1).map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(told.starts_with(short), "{told}");
    assert_eq!(rows, ["vapo-format", "vapo-sampler", "target", "build", "features", "processor", "threads"]);
    let built = |name: &str, is: bool| format!("{name} {}", if is { "yes" } else { "no" });
    for part in [
        built("cuda", cfg!(feature = "cuda")),
        built("onnx", cfg!(feature = "onnx")),
        built("mpi", cfg!(feature = "mpi")),
        format!("model files of version {}", vapo_format::model::VERSION),
        std::env::consts::ARCH.to_owned(),
        std::thread::available_parallelism().unwrap().to_string(),
    ] {
        assert!(told.contains(&part), "no {part:?} in {told}");
    }
    #[cfg(target_arch = "x86_64")]
    assert_eq!(told.contains("avx2"), is_x86_feature_detected!("avx2"), "{told}");
    assert!(!told.contains(['/', '\\']), "a place: {told}");
    vapo_train(root.path(), "--verbose").refused(2, &["--version"]);
}
