//! Data sets of image files: decoded once, cropped, resized, and kept in a memory-mapped file of bytes.
//!
//! ```text
//! celeba, folder → listing → decode → crop → resize → cache → map
//! ```
//!
//! | module | concept |
//! |---|---|
//! | `celeba`, `folder` | which files make up a split, by the layout of the data set |
//! | `classes` | the first folder of an image's path as its class |
//! | `partition` | the list of CelebA that says which split an image is in |
//! | `listing` | those files, in a zip archive or a folder, and their checksum |
//! | `convert` | all of them, in parallel, into one file |
//! | `cache` | that file: its header, where it lies, when it is used |
//! | [`error`] | why there are no images |

pub(super) mod cache;
pub(super) mod celeba;
mod classes;
pub(super) mod convert;
pub mod error;
pub(super) mod folder;
pub(crate) mod listing;
pub(crate) mod partition;
mod progress;

pub use error::ImagesError;

use crate::dataset::pixels::Pixels;
use crate::dataset::{Dataset, DatasetError, Files, Preparation, Source, Split};
use crate::files::incidental::LeftOut;
use cache::{Cache, Key, Places};
use listing::{Classes, Listing};
use std::num::NonZeroUsize;

/// One split of a data set of image files: out of the cache, which is written first where there is none that fits.
pub(super) fn load(source: Source, split: Split, files: &Files) -> Result<Dataset, DatasetError> {
    let listing = match source {
        Source::Folder => folder::listing(split, files.data_dir.as_deref())?,
        _ => celeba::listing(split, files.data_dir.as_deref())?,
    };
    let preparation = files.preparation.unwrap_or_else(|| Preparation::of(source).unwrap_or_default());
    let places = Places::new(&listing, files.cache_dir.as_deref(), cache::user_folder());
    let Cache { header, sha256, map } = prepared(source, split, &listing, preparation, &places)?;
    let notes = [listing.notes, header.notes(source, preparation.background)].concat();
    // A cache without an image is never found.
    let count = NonZeroUsize::new(header.count)
        .ok_or(ImagesError::Empty { origin: listing.origin, left_out: LeftOut::default() })?;
    let pixels = Pixels::Mapped { file: map, start: cache::HEADER };
    let classes = match listing.classes {
        // Which images were left out is not known any more.
        Ok(_) if header.damaged > 0 => Err(format!("{} images cannot be decoded: take them out", header.damaged)),
        classes => classes,
    };
    let dataset = Dataset::prepared(source.name(), header.shape, count, pixels, sha256, preparation, notes);
    Ok(match classes {
        Ok(Classes { names, labels }) => dataset.labelled(labels, names),
        Err(fault) => dataset.unlabelled(fault),
    })
}

/// The cache of a listing: one that fits, or a new one.
fn prepared(
    source: Source,
    split: Split,
    listing: &Listing,
    preparation: Preparation,
    places: &Places,
) -> Result<Cache, ImagesError> {
    let key = Key::new(source, split, preparation, listing.checksum()?);
    match places.find(&key) {
        Some(cache) => Ok(cache),
        None => places.build(&key, listing),
    }
}
