//! Images and classes in NumPy's files: `.npy`, `.npz`, or a folder of `.npy` files.
//!
//! | module | concept |
//! |---|---|
//! | `collection` | the arrays of a place, by name |
//! | `header` | an array's type, axes and order |
//! | [`levels`] | from values to grey levels and classes |
//! | [`error`] | what is wrong with an array |
//!
//! | images | classes, where there are any | split |
//! |---|---|---|
//! | `x_train`, `x_test` | `y_train`, `y_test` | the one of its name |
//! | `images`, `x`, `arr_0`, or the only array of 3 or 4 axes | `labels`, `y_train`, `arr_1` beside `arr_0` | train alone |
//!
//! Images are (N, H, W) or (N, H, W, C) of `uint8`, or of `float32` or `float64` in [0, 1] or [-1, 1], in either byte
//! order and either order of axes.

mod collection;
pub mod error;
mod header;
pub mod levels;
#[cfg(test)]
mod tests;

pub use error::ArrayError;
pub use levels::Range;

use crate::dataset::{Corruption, Dataset, DatasetError, Source, Split};
use collection::{Collection, corrupt};
use header::Header;
use levels::Kind;
use npyz::TypeChar;
use std::path::Path;
use vapo_format::Shape;

/// One split of the images at `path`, and the range of their floats if they were floats. None if nothing is there.
/// Takes memory for the file's values and, from floats, for their grey levels beside them.
///
/// # Errors
/// No array can be told to be the images, it is of another type or extent, or a file is damaged: see [`ArrayError`].
pub fn load(split: Split, path: &Path) -> Result<Option<Dataset>, DatasetError> {
    let Some(arrays) = Collection::open(path)? else { return Ok(None) };
    let (images, labels) = choose(&arrays, split).map_err(|cause| corrupt(path, cause))?;
    let (name, header) = images;
    let shape = shape(name, header).map_err(|cause| corrupt(arrays.path(name), cause))?;
    let wanted = |char, width| matches!((char, width), (TypeChar::Uint, 1) | (TypeChar::Float, 4 | 8));
    let kind = kind(name, header, wanted, "uint8, float32 or float64", "uint8");
    let kind = kind.map_err(|cause| corrupt(arrays.path(name), cause))?;
    let mut values = arrays.values(name, header, kind.width)?;
    let mut range = None;
    if kind.is_float() {
        let (levels, found) = levels::round(name, kind, &values).map_err(|cause| corrupt(arrays.path(name), cause))?;
        (values, range) = (levels, Some(found));
    }
    if header.fortran {
        values = levels::row_major(&values, &header.shape);
    }
    let labels = labels.map(|(name, header)| classes(&arrays, name, header)).transpose()?;
    let dataset = Dataset::new(Source::Npy.name(), shape, u8::MAX, values, labels);
    let mut dataset = dataset.map_err(|cause| corrupt(arrays.path(name), cause))?;
    dataset.notes.extend(range.map(|range| format!("npy: floats of {range} are rounded to 256 grey levels")));
    Ok(Some(dataset))
}

fn classes(arrays: &Collection, name: &str, header: &Header) -> Result<Vec<u8>, DatasetError> {
    let refused = |cause| corrupt(arrays.path(name), cause);
    let one_each = match header.shape.as_slice() {
        [_] => true,
        // Keras keeps the classes of CIFAR-10 in a column.
        [_, columns] => *columns == 1,
        _ => false,
    };
    if !one_each {
        let found = format!("the shape {:?}", header.shape);
        return Err(refused(ArrayError::Label { array: name.to_owned(), found }));
    }
    let wanted = |char, width| matches!(char, TypeChar::Int | TypeChar::Uint) && matches!(width, 1 | 2 | 4 | 8);
    let kind = kind(name, header, wanted, "integers", "uint8").map_err(refused)?;
    levels::classes(name, kind, &arrays.values(name, header, kind.width)?).map_err(refused)
}

fn kind(
    name: &str,
    header: &Header,
    wanted: impl Fn(TypeChar, u64) -> bool,
    expected: &'static str,
    suggested: &'static str,
) -> Result<Kind, ArrayError> {
    Kind::of(header, wanted).ok_or_else(|| ArrayError::Type {
        array: name.to_owned(),
        expected,
        found: header.description.clone(),
        suggested,
    })
}

/// An array's name and header.
type Array<'a> = (&'a str, &'a Header);

/// The images of a split, and their classes if there are any.
fn choose(arrays: &Collection, split: Split) -> Result<(Array<'_>, Option<Array<'_>>), ArrayError> {
    let named = |wanted: &str| {
        arrays.arrays.iter().find(|(name, _)| name == wanted).map(|(name, header)| (name.as_str(), header))
    };
    let (expected, classes, split_name) = match split {
        Split::Test => ("x_test", "y_test", "test"),
        _ => ("x_train", "y_train", "train"),
    };
    let missing = |advice| ArrayError::NoSplit { expected, split: split_name, found: arrays.listing(), advice };
    if let Some(images) = named(expected) {
        return Ok((images, named(classes)));
    }
    if named("x_train").or(named("x_test")).is_some() {
        return Err(missing("choose the other split, or add the array"));
    }
    if split == Split::Test {
        return Err(missing(
            "the file is one split, taken for train: choose that, or name the arrays x_train and x_test",
        ));
    }
    let images = match ["images", "x", "arr_0"].into_iter().find_map(named) {
        Some(images) => images,
        None => {
            let mut pictures = arrays.arrays.iter().filter(|(_, header)| matches!(header.shape.len(), 3 | 4));
            match (pictures.next(), pictures.next(), arrays.arrays.as_slice()) {
                (Some((name, header)), None, _) => (name.as_str(), header),
                // The only array there is must be meant: what is wrong with it says more than that none was found.
                (None, _, [(name, header)]) => (name.as_str(), header),
                _ => return Err(ArrayError::NoImages { found: arrays.listing() }),
            }
        }
    };
    // What savez names arr_1 is the classes only where it can be; arrays of another sense are left alone.
    let second = || named("arr_1").filter(|(_, header)| images.0 == "arr_0" && header.shape.len() == 1);
    Ok((images, named("labels").or_else(|| named(classes)).or_else(second)))
}

/// Extent of an image.
fn shape(name: &str, header: &Header) -> Result<Shape, Corruption> {
    let array = || name.to_owned();
    let found = header.shape.clone();
    let [height, width, channels] = match *found.as_slice() {
        [_, height, width] => [height, width, 1],
        [_, 1..=4, _, width] if width > 4 => return Err(ArrayError::ChannelsFirst { array: array(), found }.into()),
        [_, height, width, channels] => [height, width, channels],
        _ => return Err(ArrayError::Axes { array: array(), found }.into()),
    };
    match [height, width, channels].map(u16::try_from) {
        [Ok(height), Ok(width), Ok(channels)] => Ok(Shape { channels, height, width }),
        _ => {
            let [height, width, channels] =
                [height, width, channels].map(|extent| extent.try_into().unwrap_or(u32::MAX));
            Err(Corruption::Extent { channels, height, width })
        }
    }
}
