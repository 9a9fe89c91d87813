//! What lies behind transparent pixels.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The colour that partly transparent images are laid on: white, unless chosen otherwise. In text `255` for a grey level, or
/// `255,128,0` for red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Background {
    /// Red, green and blue.
    pub colour: [u8; 3],
}

impl Background {
    /// White.
    pub const WHITE: Background = Background { colour: [u8::MAX; 3] };

    /// Whether red, green and blue are the same.
    pub fn is_grey(self) -> bool {
        let [red, green, blue] = self.colour;
        red == green && green == blue
    }

    /// A pixel of this opacity, 0 to 255, on the background.
    pub(super) fn behind(self, pixel: [u8; 3], alpha: u8) -> [u8; 3] {
        let alpha = u32::from(alpha);
        std::array::from_fn(|channel| {
            let [front, back] = [pixel[channel], self.colour[channel]].map(u32::from);
            ((front * alpha + back * (255 - alpha) + 127) / 255) as u8
        })
    }
}

impl Default for Background {
    fn default() -> Self {
        Background::WHITE
    }
}

impl fmt::Display for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.colour;
        if self.is_grey() { write!(f, "{red}") } else { write!(f, "{red},{green},{blue}") }
    }
}

impl FromStr for Background {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "expected a grey level as 255, or red, green and blue as 255,128,0 or '#ff8000', each of 0 to 255"
                .to_owned()
        };
        if let Some(digits) = text.strip_prefix('#') {
            // A sign is no digit, whatever the parser says.
            let whole = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| whole).ok_or_else(wrong)?;
            let [_, colour @ ..] = number.to_be_bytes();
            return Ok(Background { colour });
        }
        let levels: Vec<u8> =
            text.split(',').map(|level| level.trim().parse()).collect::<Result<_, _>>().map_err(|_| wrong())?;
        match levels[..] {
            [grey] => Ok(Background { colour: [grey; 3] }),
            [red, green, blue] => Ok(Background { colour: [red, green, blue] }),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Background {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Background> for String {
    fn from(background: Background) -> String {
        background.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_back_and_nonsense_refused() {
        for (text, colour, shown) in [
            ("255", [255; 3], "255"),
            ("0", [0; 3], "0"),
            ("255,128,0", [255, 128, 0], "255,128,0"),
            ("7, 7, 7", [7; 3], "7"),
            ("#ff8000", [255, 128, 0], "255,128,0"),
            ("#FFFFFF", [255; 3], "255"),
        ] {
            let background: Background = text.parse().unwrap();
            assert_eq!((background.colour, background.to_string().as_str()), (colour, shown));
            assert_eq!(shown.parse::<Background>().unwrap(), background);
        }
        for text in ["", "256", "-1", "1,2", "1,2,3,4", "white", "#fff", "#+12345", "#1234567", "1.5"] {
            assert!(text.parse::<Background>().unwrap_err().contains("255,128,0"), "{text}");
        }
    }

    #[test]
    fn opacity_is_the_share_of_the_pixel() {
        let on = Background { colour: [0, 100, 255] };
        assert_eq!(on.behind([200, 200, 200], 255), [200, 200, 200]);
        assert_eq!(on.behind([200, 200, 200], 0), [0, 100, 255]);
        // 200·51/255 = 40; and 100·204/255 = 80, 255·204/255 = 204 more.
        assert_eq!(on.behind([200, 200, 200], 51), [40, 120, 244]);
    }
}
