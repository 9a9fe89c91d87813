//! The pages: every link leads to a file and to a heading of it, every line for a shell is a command, the book lists each page, and the
//! README stays short.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Lines that a newcomer reads, at most.
const README_LINES: usize = 150;
/// The list of the book's pages.
const BOOK: &str = "vapo-train/book/SUMMARY.md";
/// Folders that hold no pages of the project.
const OTHERS: [&str; 4] = ["target", "node_modules", "site", "shared"];

/// Programs that pages tell a reader to start, beside those of the project.
const PROGRAMS: [&str; 15] = [
    "cargo",
    "cd",
    "cmake",
    "mkdir",
    "mpirun",
    "perl",
    "pip",
    "python",
    "python3",
    "qemu-system-arm",
    "rm",
    "tail",
    "timeout",
    "unzip",
    "vapo-train",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The pages below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !name.starts_with('.') && !OTHERS.contains(&name) {
            found.extend(pages(&path));
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

/// A page without its blocks of code.
fn prose(page: &Path) -> String {
    let text = std::fs::read_to_string(page).unwrap();
    let mut code = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Where the links and pictures of a text lead.
fn links(text: &str) -> Vec<String> {
    // What stands between backticks is code.
    let shown: String = text.split('`').step_by(2).collect();
    let after = |start: &str, end: char| -> Vec<String> {
        shown.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0.to_owned())).collect()
    };
    let all = [after("](", ')'), after("src=\"", '"')].concat();
    all.into_iter().filter(|link| !link.contains(':')).collect()
}

/// The name by which a link leads to a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = |letter: &char| letter.is_alphanumeric() || "-_ ".contains(*letter);
    // Of a link in a heading, its text.
    let text: String = heading
        .split("](")
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once(')').map_or("", |cut| cut.1) })
        .collect();
    text.trim().to_lowercase().chars().filter(kept).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

fn anchors(page: &Path) -> BTreeSet<String> {
    let text = prose(page);
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
    headings.map(anchor).collect()
}

/// What a link of a page misses.
fn fault(page: &Path, link: &str) -> Option<&'static str> {
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let to = if path.is_empty() { page.to_owned() } else { page.parent()?.join(path) };
    if !to.exists() {
        return Some("no such file");
    }
    if to.is_dir() {
        return Some("a folder, which the book cannot show: give a file of it");
    }
    let is_page = to.extension().is_some_and(|extension| extension == "md");
    (is_page && !heading.is_empty() && !anchors(&to).contains(heading)).then_some("no such heading")
}

#[test]
fn every_link_leads_somewhere() {
    let (mut faults, mut looked_at) = (Vec::new(), 0);
    for page in pages(root()) {
        for link in links(&prose(&page)) {
            looked_at += 1;
            faults.extend(fault(&page, &link).map(|what| format!("{}: {link}: {what}", page.display())));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(looked_at > 150, "only {looked_at} links were found");
}

/// What the list of a book in a folder misses of pages, and what it has twice.
fn book_faults(folder: &Path, list: &str, pages: &[PathBuf]) -> Vec<String> {
    let listed: Vec<PathBuf> = links(list).iter().filter_map(|link| folder.join(link).canonicalize().ok()).collect();
    let times = |page: &PathBuf| listed.iter().filter(|other| *other == page).count();
    pages
        .iter()
        .filter(|page| times(page) != 1)
        .map(|page| format!("{} is in {BOOK} {} times", page.display(), times(page)))
        .collect()
}

#[test]
fn the_book_has_every_page_once() {
    let book = root().join(BOOK);
    let pages: Vec<PathBuf> = pages(root()).iter().map(|page| page.canonicalize().unwrap()).collect();
    let (lists, pages): (Vec<_>, Vec<_>) = pages.into_iter().partition(|page| page.ends_with(BOOK));
    assert_eq!(lists.len(), 1);
    let faults = book_faults(book.parent().unwrap(), &prose(&book), &pages);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn faults_of_the_book_are_found() {
    let page = |name: &str| root().join(name).canonicalize().unwrap();
    let pages = [page("README.md"), page("CHANGELOG.md"), page("CONTRIBUTING.md")];
    let list = "[a](README.md) [b](CHANGELOG.md) [c](CHANGELOG.md) [d]()";
    let times: Vec<String> =
        book_faults(root(), list, &pages).iter().map(|fault| fault[fault.len() - 7..].into()).collect();
    assert_eq!(times, ["2 times", "0 times"]);
}

/// The lines of a page's blocks that a shell reads, a command on each. A script of its own is left out.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let commands = blocks.filter(|block| !block.starts_with("#!")).map(|block| block.replace("\\\n", " "));
    let lines = commands.flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>());
    lines
        .map(|line| line.split('#').next().unwrap_or_default().trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// What is wrong with a line that a page gives to a shell.
fn command_fault(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().map(|word| word.trim_matches(['(', ')', '\'']));
    let program = words.clone().find(|word| !word.contains('='))?;
    if !PROGRAMS.contains(&program) && !program.contains('/') {
        return Some(format!("{program} is no program: is it the rest of the line before?"));
    }
    let folders = ["tests/", "vapo-train/", "vapo-format/", "vapo-sampler/"];
    let features = line.contains("--features");
    let missing = words.find(|word| {
        let is_ours =
            folders.iter().any(|folder| word.starts_with(folder)) && !(features && word.split('/').count() == 2);
        is_ours && !root().join(word).exists()
    });
    missing.map(|word| format!("{word} is not in the project"))
}

#[test]
fn every_line_for_a_shell_is_a_command() {
    let (mut faults, mut looked_at) = (Vec::new(), 0);
    for page in pages(root()) {
        for line in commands(&std::fs::read_to_string(&page).unwrap()) {
            looked_at += 1;
            faults.extend(command_fault(&line).map(|what| format!("{}: {line}: {what}", page.display())));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(looked_at > 200, "only {looked_at} commands were found");
}

/// Otherwise Cargo takes other versions of all crates than those that were tested, and compiles them anew.
#[test]
fn what_is_installed_is_what_was_tested() {
    let mut looked_at = 0;
    for page in pages(root()) {
        let text = std::fs::read_to_string(&page).unwrap();
        for command in
            text.split("cargo install ").skip(1).filter(|rest| rest.lines().next().unwrap().contains("--path"))
        {
            looked_at += 1;
            assert!(command.starts_with("--locked "), "{}: cargo install without --locked", page.display());
        }
    }
    assert!(looked_at >= 3, "{looked_at}");
}

#[test]
fn faults_of_commands_are_found() {
    let page =
        "```text\nno command\n```\n```sh\ncd a     # there\n# alone\n./b \\\n    c\n```\n```sh\n#!/bin/sh\nfi\n```\n";
    assert_eq!(commands(page), ["cd a", "./b      c"]);
    for line in [
        "cd x",
        "(cd x && ./y)",
        "A=b ../cargo run",
        "cargo build --features vapo-train/mpi",
        "python3 tests/golden/score.py",
    ] {
        assert_eq!(command_fault(line), None, "{line}");
    }
    for line in ["that time", "python3 tests/golden/none.py", "A=b then"] {
        assert!(command_fault(line).is_some(), "{line}");
    }
}

#[test]
fn the_readme_is_short() {
    let lines = std::fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines <= README_LINES, "{lines} lines: move some to a page that it leads to");
}

#[test]
fn faults_of_links_are_found() {
    let page = root().join("README.md");
    assert_eq!(fault(&page, "CONTRIBUTING.md"), None);
    assert_eq!(fault(&page, "#start"), None);
    assert_eq!(fault(&page, "tests/README.md#what-is-tested"), None);
    assert_eq!(fault(&page, "none.md"), Some("no such file"));
    assert!(fault(&page, "tests").is_some());
    assert_eq!(fault(&page, "#none"), Some("no such heading"));
    assert_eq!(anchor(" What `a` [b](c.md) does, and why"), "what-a-b-does-and-why");
    assert_eq!(links("[a](b.md) `[c](d.md)` <img src=\"e.png\"> [f](https://g)"), ["b.md", "e.png"]);
}
