//! `vapo-train explain`: what a code of an error means, out of the page that this program has with it.

use crate::cli::{Failure, answer};

/// The page, one entry a code.
const PAGE: &str = include_str!("../../../docs/troubleshooting.md");
/// What an entry begins with.
const HEADING: &str = "## ";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The code that an error has, V0203 for instance [default: list all codes]
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(asked) = &arguments.code else {
        let lines = entries(PAGE).map(|entry| format!("{}  {}\n", entry.code, entry.title));
        return answer::text("explain", &lines.collect::<String>());
    };
    // Also as it stands in a message, `error[V0203]:`, and without its letter.
    let named = asked.trim_start_matches("error").trim_matches(['[', ']', ':']);
    let found = entries(PAGE).find(|entry| entry.code.eq_ignore_ascii_case(named) || entry.code[1..] == *named);
    let entry = found.ok_or_else(|| {
        let codes: Vec<&str> = entries(PAGE).map(|entry| entry.code).collect();
        Failure::Usage(format!("explain {asked}: no error has this code: expected one of {}", codes.join(", ")))
    })?;
    answer::text("explain", &format!("{} {}\n\n{}", entry.code, entry.title, plain(entry.text.trim())))
}

/// What the page has, as a terminal shows it best: examples are indented, words are not marked, and a link names its page.
fn plain(markdown: &str) -> String {
    let parts = markdown.split("```").enumerate().map(|(index, part)| match index % 2 {
        0 => without_links(&part.replace("**", "")),
        _ => indented(part),
    });
    parts.collect::<String>() + "\n"
}

/// An example, whose first line names its language.
fn indented(example: &str) -> String {
    let lines: Vec<String> = example.lines().skip(1).map(|line| format!("    {line}").trim_end().to_owned()).collect();
    lines.join("\n")
}

/// A text with `words (page.md)` in place of each `[words](folder/page.md#heading)`.
fn without_links(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, words, target, after)) = link(rest) {
        let page = target.split('#').next().unwrap_or(target);
        let page = page.rsplit('/').next().unwrap_or(page);
        shown.push_str(&format!("{before}{words} ({page})"));
        rest = after;
    }
    shown + rest
}

/// The first link of a text: what is before it, its words, its target, and what is after it.
fn link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let middle = text.find("](")?;
    let begin = text[..middle].rfind('[')?;
    let end = middle + text[middle..].find(')')?;
    Some((&text[..begin], &text[begin + 1..middle], &text[middle + 2..end], &text[end + 1..]))
}

/// What the page says of a code.
struct Entry<'p> {
    code: &'p str,
    title: &'p str,
    text: &'p str,
}

/// The entries of the page, in its order. Other headings are none.
fn entries(page: &str) -> impl Iterator<Item = Entry<'_>> {
    let parts = page.match_indices(HEADING).filter(|(at, _)| *at == 0 || page[..*at].ends_with('\n'));
    let begins: Vec<usize> = parts.map(|(at, _)| at).collect();
    let ends: Vec<usize> = begins.iter().copied().skip(1).chain([page.len()]).collect();
    begins.into_iter().zip(ends).filter_map(|(begin, end)| {
        let (heading, text) = page[begin + HEADING.len()..end].split_once('\n')?;
        let (code, title) = heading.split_once(' ')?;
        let digits = code.strip_prefix('V')?;
        let is_code = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(Entry { code, title, text })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Code;

    /// Every code that the program can give. A code that is not given anywhere is dead code to the compiler; one that this list
    /// lacks is found by its entry.
    const CODES: [Code; 49] = [
        Code::CommandLine,
        Code::Settings,
        Code::Network,
        Code::Classes,
        Code::Batch,
        Code::Tolerance,
        Code::DataMissing,
        Code::DataDamaged,
        Code::DataForeign,
        Code::DataLayout,
        Code::DataExtent,
        Code::DataSplit,
        Code::DataArray,
        Code::DataKind,
        Code::DataUnlike,
        Code::DataCount,
        Code::SeriesTable,
        Code::SeriesWindow,
        Code::FetchServer,
        Code::FetchFile,
        Code::ModelUnreadable,
        Code::ModelDamaged,
        Code::ModelArithmetic,
        Code::ModelNotFinite,
        Code::ModelIntegers,
        Code::Features,
        Code::RunExists,
        Code::RunBusy,
        Code::RunAbsent,
        Code::RunSettings,
        Code::RunOther,
        Code::RunDamaged,
        Code::RunDiverged,
        Code::RunAccess,
        Code::OutputName,
        Code::OutputExists,
        Code::OutputClash,
        Code::OutputAccess,
        Code::OutputPicture,
        Code::DeviceAbsent,
        Code::NotBuilt,
        Code::DeviceMemory,
        Code::DeviceFails,
        Code::Ranks,
        Code::BoardRoom,
        Code::CSources,
        Code::BoardTools,
        Code::BoardFails,
        Code::Unexpected,
    ];

    #[test]
    fn every_code_has_one_entry_and_every_entry_a_code() {
        let listed: Vec<&str> = entries(PAGE).map(|entry| entry.code).collect();
        assert_eq!(listed, CODES.map(|code| code.to_string()));
        // Released codes keep their meaning: whoever changes a number changes this too.
        let source = include_str!("../failure/code.rs");
        let numbered = source.lines().filter(|line| line.trim_end().ends_with(',') && line.contains(" = ")).count();
        assert_eq!(numbered, CODES.len(), "a code is in neither list");
    }

    #[test]
    fn every_entry_shows_an_error_and_says_what_to_do() {
        for Entry { code, title, text } in entries(PAGE) {
            assert!(title.len() > 10, "{code}: {title}");
            assert!(text.contains(&format!("```text\nerror[{code}]: ")), "{code} shows no error of its own");
            assert!(text.contains("**Why.**") && text.contains("**What to do.**"), "{code}");
        }
    }

    #[test]
    fn a_terminal_shows_no_marks_of_the_page() {
        let shown = plain(
            "```text\nerror[V0101]: x **y** [1](2)\n\n  z\n```\n\n**Why.** See [a\npage](../b/c.md#d), [d](d.md) or `[e]`.",
        );
        assert_eq!(
            shown,
            "    error[V0101]: x **y** [1](2)\n\n      z\n\nWhy. See a\npage (c.md), d (d.md) or `[e]`.\n"
        );
        for Entry { code, text, .. } in entries(PAGE) {
            let shown = plain(text);
            assert!(!shown.contains("**") && !shown.contains("```") && !shown.contains("]("), "{code}: {shown}");
        }
    }

    #[test]
    fn headings_within_a_line_and_other_headings_are_no_entries() {
        let page = "# T\n\n## A table\n\n## V0101 one\na ## V0102 two\n## V01 x\n## V0103 three\nb\n";
        let found: Vec<_> = entries(page).map(|entry| (entry.code, entry.title, entry.text)).collect();
        assert_eq!(found, [("V0101", "one", "a ## V0102 two\n"), ("V0103", "three", "b\n")]);
    }
}
