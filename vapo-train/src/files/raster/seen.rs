//! What a person should know of many images.

use super::{Background, Decoded};
use serde::{Deserialize, Serialize};

/// Images of 16 bits whose values stay below this use a small part of their range.
const DARK: u16 = 1 << 15;

/// Images of 8 bits whose values stay up to this do likewise.
pub const DARK_BYTE: u8 = 127;

/// What a person should know of images of 8 bits a value, of which `greatest` is the greatest.
pub fn dark(greatest: u8) -> Option<String> {
    match greatest {
        0 => Some("every value is 0: the images are black".to_owned()),
        1..=DARK_BYTE => {
            Some(format!("no value is above {greatest} of 255: images will be dark; scale them if {greatest} is white"))
        }
        _ => None,
    }
}

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
    /// The largest value of images of 8 bits a value.
    pub byte_peak: u8,
}

impl Seen {
    /// Counts an image.
    pub fn add(&mut self, image: &Decoded) {
        self.add_all(Seen {
            transparent: usize::from(image.transparent),
            sixteen_bits: usize::from(image.peak.is_some()),
            peak: image.peak.unwrap_or(0),
            byte_peak: match image.peak {
                None => image.raster.pixels.iter().copied().max().unwrap_or_default(),
                Some(_) => 0,
            },
        });
    }

    /// Counts what was seen elsewhere.
    pub fn add_all(&mut self, other: Seen) {
        self.transparent += other.transparent;
        self.sixteen_bits += other.sixteen_bits;
        self.peak = self.peak.max(other.peak);
        self.byte_peak = self.byte_peak.max(other.byte_peak);
    }

    /// What is worth saying of it, for `all` images.
    pub fn notes(&self, all: usize, background: Background) -> Vec<String> {
        let Seen { transparent, sixteen_bits, peak, byte_peak } = self;
        let laid = format!(
            "{transparent} of {all} images are partly transparent, and are laid on {background} (--background)"
        );
        let deep = format!(
            "{sixteen_bits} of {all} images have 16 bits a value, and no value of them is above {peak} of 65535, so \
             they are dark: scale them first"
        );
        let notes = [(*transparent > 0, laid), (*sixteen_bits > 0 && *peak < DARK, deep)];
        let byte_dark = dark(*byte_peak).filter(|_| *sixteen_bits < all).map(|told| match sixteen_bits {
            0 => told,
            _ => format!("of the images of 8 bits a value, {told}"),
        });
        notes.into_iter().filter_map(|(said, note)| said.then_some(note)).chain(byte_dark).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_worth_it_is_said() {
        assert!(Seen { byte_peak: 128, ..Seen::default() }.notes(9, Background::WHITE).is_empty());
        let bright = Seen { sixteen_bits: 4, peak: 40_000, transparent: 0, byte_peak: 255 };
        assert!(bright.notes(9, Background::WHITE).is_empty());
        let mut seen = Seen { sixteen_bits: 4, peak: 4095, transparent: 2, byte_peak: 3 };
        seen.add_all(Seen { sixteen_bits: 1, peak: 9, transparent: 1, byte_peak: 16 });
        let notes = seen.notes(9, Background::WHITE);
        assert_eq!(notes[0], "3 of 9 images are partly transparent, and are laid on 255 (--background)");
        assert!(notes[1].starts_with("5 of 9 images have 16 bits") && notes[1].contains("4095 of 65535"), "{notes:?}");
        let dark = "no value is above 16 of 255: images will be dark; scale them if 16 is white";
        assert_eq!(notes[2], format!("of the images of 8 bits a value, {dark}"));
        // No image of 8 bits is there.
        assert_eq!(seen.notes(5, Background::WHITE).len(), 2);
        assert_eq!(Seen { sixteen_bits: 0, transparent: 0, ..seen }.notes(9, Background::WHITE), [dark]);
    }
}
