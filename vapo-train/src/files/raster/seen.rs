//! What a person should know of many images.

use super::{Background, Decoded};
use serde::{Deserialize, Serialize};

/// Images of 16 bits whose values stay below this use a small part of their range.
const DARK: u16 = 1 << 15;

/// Counts of what was done to images as they were decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Images that were partly transparent, and are laid on the background.
    pub transparent: usize,
    /// Images of 16 bits a value.
    pub sixteen_bits: usize,
    /// The largest value of those.
    pub peak: u16,
}

impl Seen {
    /// Counts an image.
    pub fn add(&mut self, image: &Decoded) {
        self.add_all(Seen {
            transparent: usize::from(image.transparent),
            sixteen_bits: usize::from(image.peak.is_some()),
            peak: image.peak.unwrap_or(0),
        });
    }

    /// Counts what was seen elsewhere.
    pub fn add_all(&mut self, other: Seen) {
        self.transparent += other.transparent;
        self.sixteen_bits += other.sixteen_bits;
        self.peak = self.peak.max(other.peak);
    }

    /// What is worth saying of it, for `all` images.
    pub fn notes(&self, all: usize, background: Background) -> Vec<String> {
        let Seen { transparent, sixteen_bits, peak } = self;
        let laid = format!(
            "{transparent} of {all} images are partly transparent, and are laid on {background} (--background)"
        );
        let dark = format!(
            "{sixteen_bits} of {all} images have 16 bits a value, and no value of them is above {peak} of 65535, so \
             they are dark: scale them first"
        );
        let notes = [(*transparent > 0, laid), (*sixteen_bits > 0 && *peak < DARK, dark)];
        notes.into_iter().filter_map(|(said, note)| said.then_some(note)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_worth_it_is_said() {
        assert!(Seen::default().notes(9, Background::WHITE).is_empty());
        let bright = Seen { sixteen_bits: 4, peak: 40_000, transparent: 0 };
        assert!(bright.notes(9, Background::WHITE).is_empty());
        let mut seen = Seen { sixteen_bits: 4, peak: 4095, transparent: 2 };
        seen.add_all(Seen { sixteen_bits: 1, peak: 9, transparent: 1 });
        let notes = seen.notes(9, Background::WHITE);
        assert_eq!(notes[0], "3 of 9 images are partly transparent, and are laid on 255 (--background)");
        assert!(notes[1].starts_with("5 of 9 images have 16 bits") && notes[1].contains("4095 of 65535"), "{notes:?}");
    }
}
