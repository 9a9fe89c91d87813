//! From an array's bytes to grey levels and classes.

use super::{ArrayError, advice};
use crate::files::array::{Class, Element};
use crate::files::raster::seen;
use std::fmt;

/// Floats that leave a range by no more are in it, but for the rounding of what computed them.
const TOLERANCE: f64 = 1e-3;

/// Which of the two usual ranges floats are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// [0, 1].
    ZeroToOne,
    /// [-1, 1].
    MinusOneToOne,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Range::ZeroToOne => "[0, 1]",
            Range::MinusOneToOne => "[-1, 1]",
        })
    }
}

/// Whether images are read of such elements.
pub(super) fn are_read(element: Element) -> bool {
    matches!((element.class, element.width), (Class::Uint | Class::Bool, 1) | (Class::Float, 2 | 4 | 8))
}

/// Elements that are read, to grey levels; with a line for people where they were not grey levels before.
/// `signed` names an array of another split that has negative floats: all splits have one scale.
pub(super) fn of(
    array: &str,
    element: Element,
    bytes: Vec<u8>,
    signed: Option<&str>,
) -> Result<(Vec<u8>, Option<String>), ArrayError> {
    match element.class {
        Class::Float => {
            let (levels, told) = round(array, element, &bytes, signed)?;
            Ok((levels, Some(told)))
        }
        Class::Bool => {
            let levels = bytes.into_iter().map(|truth| if truth == 0 { 0 } else { u8::MAX }).collect();
            Ok((levels, Some("npy: False is black and True is white".to_owned())))
        }
        _ => {
            let dark = seen::dark(bytes.iter().copied().max().unwrap_or_default());
            Ok((bytes, dark.map(|told| format!("npy: {array}: {told}"))))
        }
    }
}

/// The range of floats from `least` to `greatest`; none of these two if they lie outside.
fn range(least: f64, greatest: f64) -> Option<Range> {
    if least < -1.0 - TOLERANCE || greatest > 1.0 + TOLERANCE {
        return None;
    }
    Some(if least < -TOLERANCE { Range::MinusOneToOne } else { Range::ZeroToOne })
}

/// Whether an array's floats are in [-1, 1].
pub(super) fn are_signed(element: Element, bytes: &[u8]) -> bool {
    let (least, greatest) = advice::extremes(element.numbers(bytes)).unwrap_or_default();
    range(least, greatest) == Some(Range::MinusOneToOne)
}

/// Floats to the nearest of 256 grey levels, and what a person should know of it. Which of the two ranges they are in,
/// they tell themselves, or those of another split.
fn round(array: &str, element: Element, bytes: &[u8], signed: Option<&str>) -> Result<(Vec<u8>, String), ArrayError> {
    let array = || array.to_owned();
    let floats = || element.numbers(bytes);
    if let Some((index, found)) = floats().enumerate().find(|(_, value)| !value.is_finite()) {
        return Err(ArrayError::NotANumber { array: array(), found, index });
    }
    let (least, greatest) = advice::extremes(floats()).unwrap_or_default();
    let Some(own) = range(least, greatest) else {
        return Err(ArrayError::Range { array: array(), least, greatest, advice: advice::floats(least, greatest) });
    };
    let range = if signed.is_some() { Range::MinusOneToOne } else { own };
    let (black, scale) = match range {
        Range::ZeroToOne => (0.0, 255.0),
        Range::MinusOneToOne => (-1.0, 127.5),
    };
    let mut told = format!("npy: floats of {range} are rounded to 256 grey levels");
    if let (Some(other), Range::ZeroToOne) = (signed, own) {
        told += &format!("; that is the range of {other}, and one scale holds for all splits");
    } else if own == Range::MinusOneToOne && least > -0.5 {
        told += &format!("; the least is {least}: if 0 is black, save numpy.clip(x, 0, 1)");
    }
    if least < black || greatest > 1.0 {
        told += &format!("; they are of {least} to {greatest}, and what is outside is clipped");
    }
    Ok((floats().map(|value| ((value.clamp(black, 1.0) - black) * scale).round() as u8).collect(), told))
}

/// Integers to classes.
pub(super) fn classes(array: &str, element: Element, bytes: &[u8]) -> Result<Vec<u8>, ArrayError> {
    let integers = element.integers(bytes);
    integers
        .map(|value| {
            u8::try_from(value).map_err(|_| ArrayError::Label {
                array: array.to_owned(),
                found: value.to_string(),
                advice: "number the classes from 0",
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_width_and_order_are_classes() {
        for (class, width) in [(Class::Int, 8), (Class::Int, 2), (Class::Uint, 4), (Class::Uint, 1)] {
            for big in [false, true] {
                let element = Element { class, width, big };
                let place = if big { width as usize - 1 } else { 0 };
                let mut bytes = vec![0; width as usize];
                bytes[place] = 9;
                assert_eq!(classes("y", element, &bytes).unwrap(), [9]);
            }
        }
        let element = |class| Element { class, width: 2, big: false };
        for (class, bytes, found) in [(Class::Int, [0xff, 0xff], "-1"), (Class::Uint, [0, 1], "256")] {
            let message = classes("y", element(class), &bytes).unwrap_err().to_string();
            assert!(message.contains("0 to 255") && message.contains(&format!("found {found}:")), "{message}");
        }
    }
}
