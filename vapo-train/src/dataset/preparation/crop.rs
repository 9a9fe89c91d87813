//! The part of an image that is kept.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The part of an image that is kept before it is resized. In text `none`, `140` or `15,40,163,188`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Crop {
    /// All of it.
    #[default]
    None,
    /// The square of this side around the centre; where a side is odd, the half pixel goes to the top left.
    Centre(u32),
    /// A box in pixels from the top left: columns `left` to `right`, rows `top` to `bottom`, both ends excluded.
    Box {
        /// First column.
        left: u32,
        /// First row.
        top: u32,
        /// Column after the last.
        right: u32,
        /// Row after the last.
        bottom: u32,
    },
}

/// A rectangle inside an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Crop {
    /// What the crop keeps of an image; none where the image is too small for it.
    pub fn window(self, width: u32, height: u32) -> Option<Window> {
        let window = match self {
            Crop::None => Window { left: 0, top: 0, width, height },
            Crop::Centre(side) => Window {
                left: width.checked_sub(side)? / 2,
                top: height.checked_sub(side)? / 2,
                width: side,
                height: side,
            },
            Crop::Box { left, top, right, bottom } => Window { left, top, width: right - left, height: bottom - top },
        };
        let inside = window.left + window.width <= width && window.top + window.height <= height;
        inside.then_some(window)
    }
}

impl fmt::Display for Crop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Crop::None => f.pad("none"),
            Crop::Centre(side) => write!(f, "{side}"),
            Crop::Box { left, top, right, bottom } => write!(f, "{left},{top},{right},{bottom}"),
        }
    }
}

impl FromStr for Crop {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Crop::None);
        }
        // Below 2¹⁶, so that no sum of two overflows.
        let numbers: Result<Vec<u32>, _> = text.split(',').map(|number| number.parse::<u16>().map(u32::from)).collect();
        match numbers.as_deref() {
            Ok(&[side]) if side > 0 => Ok(Crop::Centre(side)),
            Ok(&[left, top, right, bottom]) if left < right && top < bottom => {
                Ok(Crop::Box { left, top, right, bottom })
            }
            _ => Err("expected the side of a centred square as 140, a box LEFT,TOP,RIGHT,BOTTOM as 15,40,163,188, \
                      or none"
                .to_owned()),
        }
    }
}

impl TryFrom<String> for Crop {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Crop> for String {
    fn from(crop: Crop) -> String {
        crop.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(crop: &str, width: u32, height: u32) -> Option<[u32; 4]> {
        let window = crop.parse::<Crop>().unwrap().window(width, height);
        window.map(|Window { left, top, width, height }| [left, top, width, height])
    }

    #[test]
    fn the_conventions_of_celeba() {
        assert_eq!(window("140", 178, 218), Some([19, 39, 140, 140]));
        assert_eq!(window("148", 178, 218), Some([15, 35, 148, 148]));
        assert_eq!(window("178", 178, 218), Some([0, 20, 178, 178]));
        assert_eq!(window("15,40,163,188", 178, 218), Some([15, 40, 148, 148]));
        assert_eq!(window("25,57,153,185", 178, 218), Some([25, 57, 128, 128]));
        assert_eq!(window("none", 178, 218), Some([0, 0, 178, 218]));
    }

    #[test]
    fn half_a_pixel_goes_to_the_top_left() {
        assert_eq!(window("2", 5, 4), Some([1, 1, 2, 2]));
    }

    #[test]
    fn an_image_that_is_too_small_has_no_window() {
        for (crop, width, height) in [("140", 139, 218), ("140", 178, 139), ("0,0,9,9", 8, 9), ("0,0,9,9", 9, 8)] {
            assert_eq!(window(crop, width, height), None);
        }
        assert_eq!(window("140", 140, 140), Some([0, 0, 140, 140]));
        assert_eq!(window("65534,65534,65535,65535", 9, 9), None);
    }

    #[test]
    fn text_is_read_back_and_nonsense_refused() {
        for text in ["none", "140", "15,40,163,188"] {
            assert_eq!(text.parse::<Crop>().unwrap().to_string(), text);
        }
        for text in ["", "0", "-1", "centre", "1,2,3", "5,5,5,9", "9,0,5,9", "65536", "1,2,3,4,5", "None"] {
            assert!(text.parse::<Crop>().unwrap_err().contains("15,40,163,188"), "{text}");
        }
    }
}
