//! Which arrays are the images and the classes of a split.

use super::ArrayError;
use super::collection::Collection;
use crate::dataset::Split;
use crate::files::array::Header;

/// An array's name and header.
pub(super) type Array<'a> = (&'a str, &'a Header);

const SPLITS: [Split; 3] = [Split::Train, Split::Valid, Split::Test];

/// Names of the images and the classes of a split, in files that hold several: Keras', and MedMNIST's.
struct Names {
    images: &'static [&'static str],
    classes: &'static [&'static str],
}

const fn names(split: Split) -> Names {
    match split {
        Split::Train => Names { images: &["x_train", "train_images"], classes: &["y_train", "train_labels"] },
        Split::Valid => {
            Names { images: &["x_val", "x_valid", "val_images"], classes: &["y_val", "y_valid", "val_labels"] }
        }
        Split::Test => Names { images: &["x_test", "test_images"], classes: &["y_test", "test_labels"] },
    }
}

/// The arrays of a split.
#[derive(Debug)]
pub(super) struct Choice<'a> {
    pub(super) images: Array<'a>,
    /// Their classes, where there are any.
    pub(super) classes: Option<Array<'a>>,
    /// Arrays that could be images or something else, and are not read for any split.
    pub(super) left_out: Vec<Array<'a>>,
}

/// The images of a split, their classes, and what no split has.
pub(super) fn choose(arrays: &Collection, split: Split) -> Result<Choice<'_>, ArrayError> {
    let (images, classes) = of_split(arrays, split)?;
    let left_out = arrays.arrays.iter().filter(|(name, header)| {
        let chosen = name == images.0 || classes.is_some_and(|(classes, _)| name == classes);
        // One axis, or a column, can only be classes.
        !chosen && !is_named(name) && !matches!(*header.shape.as_slice(), [] | [_] | [_, 1])
    });
    let left_out = left_out.map(|(name, header)| (name.as_str(), header)).collect();
    Ok(Choice { images, classes, left_out })
}

/// The images of the other splits, where those of `split` are told by its name.
pub(super) fn others<'a>(arrays: &'a Collection, split: Split, images: &str) -> Vec<Array<'a>> {
    let is_of = |split, name: &str| names(split).images.iter().any(|known| name.eq_ignore_ascii_case(known));
    let of_others = arrays.arrays.iter().filter(|(name, _)| {
        is_of(split, images) && SPLITS.into_iter().any(|other| other != split && is_of(other, name))
    });
    of_others.map(|(name, header)| (name.as_str(), header)).collect()
}

/// Whether an array's name says that it is classes, and its axes allow it.
fn are_classes(array: &str, header: &Header) -> bool {
    let mut known = SPLITS.map(names).into_iter().flat_map(|names| names.classes);
    let named = array.eq_ignore_ascii_case("labels") || known.any(|name| array.eq_ignore_ascii_case(name));
    named && header.shape.len() <= 2
}

/// Whether an array's name says that it is the images of a split, or classes.
fn is_named(array: &str) -> bool {
    let mut known = SPLITS.map(names).into_iter().flat_map(|names| names.images.iter().chain(names.classes));
    array.eq_ignore_ascii_case("labels") || known.any(|name| array.eq_ignore_ascii_case(name))
}

fn of_split(arrays: &Collection, split: Split) -> Result<(Array<'_>, Option<Array<'_>>), ArrayError> {
    let named = |wanted: &&str| {
        let mut all = arrays.arrays.iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(name, header)| (name.as_str(), header))
    };
    let first = |wanted: &[&str]| wanted.iter().find_map(named);
    let missing = |advice| ArrayError::NoSplit {
        expected: names(split).images.join(" or "),
        split: split.name(),
        found: arrays.listing(),
        advice,
    };
    let is_of_split = |name: &str| names(split).images.iter().any(|wanted| name.eq_ignore_ascii_case(wanted));
    let of_split: Vec<&str> =
        arrays.arrays.iter().map(|(name, _)| name.as_str()).filter(|name| is_of_split(name)).collect();
    if of_split.len() > 1 {
        return Err(ArrayError::Several { split: split.name(), found: of_split.join(" and ") });
    }
    for (images, classes) in names(split).images.iter().zip(names(split).classes) {
        if let Some(images) = named(images) {
            return Ok((images, named(classes)));
        }
    }
    if !arrays.arrays.is_empty() && arrays.arrays.iter().all(|(name, header)| are_classes(name, header)) {
        return Err(ArrayError::OnlyClasses { found: arrays.listing() });
    }
    if SPLITS.iter().any(|&other| first(names(other).images).is_some()) {
        return Err(missing("choose another split, or add the array"));
    }
    if split != Split::Train {
        return Err(missing(
            "the file is one split, taken for train: choose that, or name the arrays x_train and x_test",
        ));
    }
    let images = match first(&["images", "x", "arr_0"]) {
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
    let second = || named(&"arr_1").filter(|(_, header)| images.0 == "arr_0" && header.shape.len() == 1);
    Ok((images, first(&["labels", "y_train"]).or_else(second)))
}
