//! What to do with an array that is not read as images: the line of Python that makes the right images of its values.

use crate::files::array::{Class, Element};
use crate::files::raster::seen::DARK_BYTE as DARK;

/// There is no scale to be told.
const NOTHING: &str = "every value is the same, so there is nothing to see";

/// The least and the greatest of some numbers; none where there are none.
pub(super) fn extremes(numbers: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    numbers.fold(None, |found, number| {
        let (least, greatest) = found.unwrap_or((number, number));
        Some((least.min(number), greatest.max(number)))
    })
}

/// What to do with whole numbers from `least` to `greatest`.
pub(super) fn integers(least: f64, greatest: f64) -> String {
    if least == greatest {
        NOTHING.to_owned()
    } else if least >= 0.0 && greatest <= 1.0 {
        "save x.astype('bool') for black and white, or x.astype('uint8') if these are two of 256 grey levels".to_owned()
    } else if least >= 0.0 && greatest <= f64::from(DARK) {
        format!(
            "save (x * (255 / {greatest})).round().astype('uint8') if {greatest} is white, x.astype('uint8') if 255 is"
        )
    } else if least >= 0.0 && greatest <= 255.0 {
        "save x.astype('uint8')".to_owned()
    } else {
        scaled(least, greatest)
    }
}

/// What to do with floats that are neither in [0, 1] nor in [-1, 1].
pub(super) fn floats(least: f64, greatest: f64) -> String {
    if least == greatest {
        NOTHING.to_owned()
    } else if least > -0.5 && greatest < 2.0 {
        "save numpy.clip(x, 0, 1) if 0 is black and 1 is white".to_owned()
    } else if least >= -1.1 && greatest <= 1.1 {
        "save numpy.clip(x, -1, 1) if -1 is black and 1 is white".to_owned()
    } else if least >= 0.0 && greatest <= f64::from(DARK) {
        format!("save x / {greatest} if {greatest} is white, x / 255 if 255 is")
    } else if least >= 0.0 && greatest <= 255.0 {
        "save x / 255 if these are grey levels of 0 to 255".to_owned()
    } else {
        scaled(least, greatest)
    }
}

/// Any numbers to [0, 1]. The line computes in float64 and divides by no zero.
fn scaled(least: f64, greatest: f64) -> String {
    if least == greatest {
        return NOTHING.to_owned();
    }
    format!("scale them, with black and white of your choice: numpy.interp(x, ({least}, {greatest}), (0, 1))")
}

/// What to do with values that are no numbers, or none that are read. `None` stands for records.
pub(super) fn no_numbers(element: Option<Element>) -> &'static str {
    match element.map(|element| element.class) {
        None => "save one field, x['NAME'], or several as channels, numpy.stack([x['NAME'], …], -1)",
        Some(Class::Complex) => "save abs(x), scaled to [0, 1]",
        Some(Class::Object) => {
            "these are Python's objects, pickled, which are not read; if all are images of one extent, save \
             numpy.stack(list(x)), where x is from numpy.load(FILE, allow_pickle=True)"
        }
        Some(Class::Text) => "these are texts, not pixels: save the images that they stand for",
        Some(Class::Time) => "these are times, not pixels",
        Some(Class::Raw) => {
            "NumPy kept bytes without their type, as it does for bfloat16: convert to float32 before saving"
        }
        _ => "save x.astype('float64')",
    }
}
