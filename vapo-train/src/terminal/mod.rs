//! What a person sees on a terminal.
//!
//! | module | concept |
//! |---|---|
//! | [`mosaic`] | images side by side, as text |
//! | [`curve`] | numbers over time, as text |
//! | [`screen`] | lines that are drawn again where they stand |

pub(crate) mod curve;
pub(crate) mod mosaic;
pub(crate) mod screen;

use console::Term;
use std::env;

/// Columns and lines of what does not say how many it has.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// The colours that text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    /// 24 bits a pixel.
    Full,
    /// The 256 that most terminals have.
    Few,
    /// None: no terminal, one that has none, or a person who wants none.
    None,
}

impl Colours {
    /// Those of the standard output. The variable `NO_COLOR` forbids them, and so does `TERM=dumb`.
    pub(crate) fn of_output() -> Self {
        let output = Term::stdout();
        if !output.features().colors_supported() {
            return Colours::None;
        }
        if output.features().true_colors_supported() {
            return Colours::Full;
        }
        let variable = |name: &str| env::var(name).unwrap_or_default();
        Colours::of_name(&variable("TERM"), &variable("COLORTERM"))
    }

    /// Those of a terminal of this name, with or without a word on its colours.
    fn of_name(term: &str, colorterm: &str) -> Self {
        let is_one_of = |names: &[&str]| names.iter().any(|name| term.contains(name));
        if is_one_of(&["-direct", "alacritty", "foot", "ghostty", "kitty", "wezterm"]) {
            Colours::Full
        } else if is_one_of(&["256color"]) || !colorterm.is_empty() {
            Colours::Few
        } else {
            Colours::None
        }
    }
}

/// Whether the terminal of the standard output, or of the error stream, can draw again what it shows.
pub(crate) fn redraws(stream: &Term) -> bool {
    stream.is_term() && !console::is_dumb()
}

/// Columns and lines of the standard output.
pub(crate) fn size() -> (usize, usize) {
    match Term::stdout().size_checked() {
        // A terminal that was never told its size says 0.
        Some((lines, columns)) if lines > 0 && columns > 0 => (columns.into(), lines.into()),
        _ => USUAL_SIZE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_terminal() {
        for (term, colorterm, expected) in [
            ("xterm-256color", "", Colours::Few),
            ("xterm", "yes", Colours::Few),
            ("xterm-kitty", "", Colours::Full),
            ("xterm-direct", "", Colours::Full),
            ("vt100", "", Colours::None),
            ("", "", Colours::None),
        ] {
            assert_eq!(Colours::of_name(term, colorterm), expected, "{term} {colorterm}");
        }
    }
}
