//! Images and classes in NumPy's files: `.npy`, `.npz`, or a folder of `.npy` files.
//!
//! | module | concept |
//! |---|---|
//! | `collection` | the arrays of a place, by name |
//! | `choice` | which of them are the images and the classes of a split |
//! | [`levels`] | from values to grey levels and classes |
//! | `advice` | what to do with values that are not read |
//! | [`error`] | what is wrong with an array |
//!
//! | images | classes, where there are any | split |
//! |---|---|---|
//! | `x_train`, `x_val` or `x_valid`, `x_test` | `y_train`, `y_val` or `y_valid`, `y_test` | the one of its name |
//! | `train_images`, `val_images`, `test_images` | `train_labels`, `val_labels`, `test_labels` | the one of its name |
//! | `images`, `x`, `arr_0`, or the only array of 3 or 4 axes | `labels`, `y_train`, `arr_1` beside `arr_0` | train alone |
//!
//! Images are (N, H, W) or (N, H, W, C) of `uint8`, of `bool`, or of `float16`, `float32` or `float64` in [0, 1] or
//! [-1, 1], in either byte order and either order of axes. Classes that cannot be read are left out, and why is kept.

mod advice;
mod choice;
mod collection;
pub mod error;
pub mod levels;
#[cfg(test)]
mod tests;

pub use error::ArrayError;
pub use levels::Range;

use crate::dataset::{Corruption, Dataset, DatasetError, Source, Split};
use crate::files::array::{Class, Element, Header, order};
use choice::{Choice, choose, others};
use collection::{Collection, corrupt, listed};
use std::path::Path;
use vapo_format::Shape;

/// One split of the images at `path`. None if nothing is there.
/// Takes memory for the file's values and, from floats, for their grey levels beside them.
///
/// # Errors
/// No array can be told to be the images, it is of another type or extent, or a file is damaged: see [`ArrayError`].
pub fn load(split: Split, path: &Path) -> Result<Option<Dataset>, DatasetError> {
    let Some(arrays) = Collection::open(path)? else { return Ok(None) };
    let Choice { images: (name, header), classes: labels, left_out } =
        choose(&arrays, split).map_err(|cause| corrupt(path, cause))?;
    let refused = |cause: Corruption| corrupt(arrays.path(name), cause);
    // Of what is no number, the shape says little: an array of objects has one axis whatever the objects are.
    let element = numbers(name, header).map_err(|cause| refused(cause.into()))?;
    let shape = shape(name, header).map_err(refused)?;
    let signed = signed(&arrays, split, name, element);
    let values = arrays.values(name, element)?;
    if !levels::are_read(element) {
        return Err(refused(other_integers(name, header, element, &values).into()));
    }
    let (mut values, note) = levels::of(name, element, values, signed).map_err(|cause| refused(cause.into()))?;
    if header.fortran {
        values = order::row_major(&values, &header.shape);
    }
    let (labels, fault) = match labels.map(|(name, header)| classes(&arrays, name, header)).transpose()? {
        Some(Ok(labels)) => (Some(labels), None),
        Some(Err(cause)) => (None, Some(cause.to_string())),
        None => (None, None),
    };
    let dataset = Dataset::new(Source::Npy.name(), shape, u8::MAX, values, labels);
    let mut dataset = dataset.map_err(refused)?;
    if !arrays.left_out.is_empty() {
        dataset.notes.push(format!("npy: passed over {} in {}", arrays.left_out, path.display()));
    }
    if !left_out.is_empty() {
        dataset.notes.push(format!("npy: left out: {}", listed(left_out.into_iter())));
    }
    dataset.notes.extend(note);
    dataset.notes.extend(fault.iter().map(|cause| format!("npy: the images are taken without classes; {cause}")));
    dataset.label_fault = fault;
    Ok(Some(dataset))
}

/// An array of another split whose floats are in [-1, 1], for images of a split whose floats may not show it.
/// What is wrong with that array is said where its split is read.
fn signed<'a>(arrays: &'a Collection, split: Split, images: &str, element: Element) -> Option<&'a str> {
    let is_float = |element: &Element| element.class == Class::Float && levels::are_read(*element);
    if !is_float(&element) {
        return None;
    }
    let others = others(arrays, split, images).into_iter();
    let mut floats = others.filter_map(|(name, header)| Some((name, header.element.filter(is_float)?)));
    floats
        .find(|(name, element)| arrays.values(name, *element).is_ok_and(|values| levels::are_signed(*element, &values)))
        .map(|(name, _)| name)
}

/// The type of an array's values, which are numbers.
fn numbers(name: &str, header: &Header) -> Result<Element, ArrayError> {
    header.element.filter(|element| element.is_number()).ok_or_else(|| ArrayError::Type {
        array: name.to_owned(),
        found: header.description.clone(),
        advice: advice::no_numbers(header.element).to_owned(),
    })
}

/// What is said of integers that are not `uint8`, by their values.
fn other_integers(name: &str, header: &Header, element: Element, values: &[u8]) -> ArrayError {
    let (least, greatest) = advice::extremes(element.numbers(values)).unwrap_or_default();
    ArrayError::Type {
        array: name.to_owned(),
        found: format!("{} of {least} to {greatest}", header.description),
        advice: advice::integers(least, greatest),
    }
}

/// The classes in an array, or why it holds none. A damaged file is an error all the same.
fn classes(arrays: &Collection, name: &str, header: &Header) -> Result<Result<Vec<u8>, ArrayError>, DatasetError> {
    let label = |found: String, advice| Ok(Err(ArrayError::Label { array: name.to_owned(), found, advice }));
    let of_shape = format!("the shape {:?}", header.shape);
    match *header.shape.as_slice() {
        // Keras keeps the classes of CIFAR-10 in a column.
        [_] | [_, 1] => {}
        [_, _] => return label(of_shape, "save y.argmax(1) if each row is 1 at its class and 0 elsewhere"),
        _ => return label(of_shape, "save an array (N) of classes"),
    }
    match header.element {
        Some(element) if matches!(element.class, Class::Int | Class::Uint) => {
            Ok(levels::classes(name, element, &arrays.values(name, element)?))
        }
        element => {
            let advice = match element.map(|element| element.class) {
                Some(Class::Float | Class::Bool) => "save y.astype('uint8') if these are whole numbers of 0 to 255",
                Some(Class::Text) => "number the classes: numpy.unique(y, return_inverse=True)[1]",
                _ => "save an array of integers",
            };
            label(header.description.clone(), advice)
        }
    }
}

/// Extent of an image.
fn shape(name: &str, header: &Header) -> Result<Shape, Corruption> {
    let (array, found) = (name.to_owned(), header.shape.clone());
    let [height, width, channels] = match *found.as_slice() {
        [count, height, 3 | 4] if count > 4 && height > 4 => return Err(ArrayError::OneImage { array, found }.into()),
        [_, height, width] => [height, width, 1],
        [_, 1..=4, _, width] if width > 4 => return Err(ArrayError::ChannelsFirst { array, found }.into()),
        [_, height, width, channels] => [height, width, channels],
        [_, _] => {
            let advice = "use x.reshape(-1, H, W) if each row is a grey image, x[None] if this is one image";
            return Err(ArrayError::Axes { array, found, advice }.into());
        }
        _ => return Err(ArrayError::Axes { array, found, advice: "reshape it" }.into()),
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
