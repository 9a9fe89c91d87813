//! What is done to every image of a data set before it is learned from.
//!
//! | module | concept |
//! |---|---|
//! | [`crop`] | what is kept |
//! | [`resize`] | the extent afterwards |

pub mod crop;
pub mod resize;

pub use crop::Crop;
pub use resize::Filter;

use crate::dataset::Source;
use crate::files::raster::Background;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use vapo_format::layer::MAX_EXTENT;

/// What is done to every image: it is laid on the background, cropped, resized, and brought to the number of channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preparation {
    /// What is kept.
    pub crop: Crop,
    /// Extent afterwards; the extent of the crop, which all images must then share, if none.
    pub size: Option<Size>,
    /// How it is resized.
    pub filter: Filter,
    /// 1 for grey, 3 for colour; what the first image has, if none.
    pub channels: Option<u16>,
    /// What partly transparent images are laid on.
    #[serde(default)]
    pub background: Background,
}

impl Preparation {
    /// What is done unless chosen otherwise; none for data sets that are used as they are.
    pub const fn of(source: Source) -> Option<Self> {
        match source {
            Source::Celeba => Some(Preparation {
                crop: Crop::Centre(140),
                size: Some(Size { height: 64, width: 64 }),
                filter: Filter::Triangle,
                channels: Some(3),
                background: Background::WHITE,
            }),
            Source::Folder => Some(Preparation {
                crop: Crop::None,
                size: None,
                filter: Filter::Triangle,
                channels: None,
                background: Background::WHITE,
            }),
            _ => None,
        }
    }
}

/// Extent of an image in pixels. In text `64`, or `48x64` for 48 rows of 64 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size {
    /// Rows.
    pub height: u16,
    /// Columns.
    pub width: u16,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { height, width } = self;
        if height == width { write!(f, "{height}") } else { write!(f, "{height}x{width}") }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (height, width) = text.split_once(['x', '×']).unwrap_or((text, text));
        let number = |text: &str| text.parse::<u16>().ok().filter(|number| (1..=MAX_EXTENT).contains(number));
        match (number(height), number(width)) {
            (Some(height), Some(width)) => Ok(Size { height, width }),
            _ => Err(format!("expected a side as 64, or HEIGHTxWIDTH as 48x64, each of 1 to {MAX_EXTENT} pixels")),
        }
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> String {
        size.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_back_and_nonsense_refused() {
        for (text, height, width) in [("64", 64, 64), ("48x64", 48, 64), ("1x1024", 1, 1024)] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size, size.to_string().as_str()), (Size { height, width }, text));
        }
        for text in ["", "0", "1025", "64x", "x64", "64x64x3", "-64", "6.4"] {
            assert!(text.parse::<Size>().unwrap_err().contains("48x64"), "{text}");
        }
    }

    #[test]
    fn json_says_it_in_the_words_of_the_command_line() {
        let celeba = Preparation::of(Source::Celeba).unwrap();
        let text = serde_json::to_string(&celeba).unwrap();
        assert_eq!(text, r#"{"crop":"140","size":"64","filter":"triangle","channels":3,"background":"255"}"#);
        assert_eq!(serde_json::from_str::<Preparation>(&text).unwrap(), celeba);
        // As runs wrote it before there was a choice.
        let earlier = text.replace(r#","background":"255""#, "");
        assert_eq!(serde_json::from_str::<Preparation>(&earlier).unwrap(), celeba);
    }
}
