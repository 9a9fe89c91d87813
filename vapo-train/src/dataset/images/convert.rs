//! Every image of a listing, decoded and prepared on all cores, in the order of the listing.

use crate::dataset::Preparation;
use crate::dataset::images::error::ImagesError;
use crate::dataset::images::listing::{Entry, ImageFiles, Listing, Place};
use crate::dataset::images::progress::Progress;
use crate::files::raster::{Decoded, Raster, Seen, decode};
use fast_image_resize::Resizer;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::io;
use vapo_format::Shape;
use vapo_format::layer::MAX_EXTENT;

/// Images that are decoded before they are written: enough for every core, few enough for any memory.
const CHUNK: usize = 256;
/// One damaged image in so many is left out; more are an error.
const PER_DAMAGED: usize = 100;
/// Damaged images that are named, and the most letters of each name.
const NAMED: usize = 8;
const NAME: usize = 160;

/// What came out beside the pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Converted {
    /// Extent of every image.
    pub(super) shape: Shape,
    /// Images written.
    pub(super) count: usize,
    /// Images left out.
    pub(super) damaged: usize,
    /// The first of them, each with the reason.
    pub(super) examples: Vec<String>,
    /// Images that were grey among colour ones or the other way round.
    pub(super) recoloured: usize,
    /// What else is worth knowing of those written.
    pub(super) seen: Seen,
}

/// Why it was given up.
#[derive(Debug)]
pub(super) enum Stop {
    Images(ImagesError),
    /// What was prepared could not be written.
    Write(io::Error),
}

impl From<ImagesError> for Stop {
    fn from(error: ImagesError) -> Self {
        Stop::Images(error)
    }
}

/// Extent and channels that every image is brought to.
#[derive(Clone, Debug)]
struct Target {
    shape: Shape,
    /// The image that set the extent, where it was not chosen.
    first: Option<String>,
}

/// Prepares every image and hands the bytes on, in order.
pub(super) fn convert(
    listing: &Listing,
    preparation: Preparation,
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<Converted, Stop> {
    let target = target(listing, preparation)?;
    let mut out =
        Converted { shape: target.shape, count: 0, damaged: 0, examples: vec![], recoloured: 0, seen: Seen::default() };
    let mut progress = Progress::new(listing.entries.len());
    for chunk in listing.entries.chunks(CHUNK) {
        let prepared: Vec<_> = chunk
            .par_iter()
            .map_init(
                || (listing.files.clone(), Resizer::new()),
                |(files, resizer), entry| prepare(listing, entry, files, resizer, preparation, &target),
            )
            .collect();
        for (entry, prepared) in chunk.iter().zip(prepared) {
            match prepared? {
                Ok((pixels, recoloured, seen)) => {
                    write(&pixels).map_err(Stop::Write)?;
                    out.count += 1;
                    out.recoloured += usize::from(recoloured);
                    out.seen.add_all(seen);
                }
                Err(reason) => out.leave_out(&entry.name, &reason),
            }
        }
        out.check(listing)?;
        progress.show(out.count + out.damaged);
    }
    Ok(out)
}

impl Converted {
    pub(super) fn leave_out(&mut self, name: &str, reason: &str) {
        self.damaged += 1;
        if self.examples.len() < NAMED {
            let start = |text: &str| text.chars().filter(|letter| !letter.is_control()).take(NAME).collect::<String>();
            self.examples.push(format!("{} ({})", start(name), start(reason)));
        }
    }

    /// Names some of the images left out.
    pub(super) fn examples(&self) -> String {
        let more = self.damaged - self.examples.len();
        let named = self.examples.join(", ");
        if more == 0 { named } else { format!("{named} and {more} more") }
    }

    /// Too many are damaged where more than one in a hundred of all is, which is known before all are read.
    fn check(&self, listing: &Listing) -> Result<(), ImagesError> {
        if self.damaged * PER_DAMAGED <= listing.entries.len() {
            return Ok(());
        }
        let (origin, read) = (listing.origin.clone(), self.count + self.damaged);
        Err(ImagesError::Damaged { origin, damaged: self.damaged, read, examples: self.examples() })
    }
}

/// An image's bytes, whether its channels were changed, and what else is worth knowing; or why it is damaged.
type Prepared = Result<(Vec<u8>, bool, Seen), String>;

fn prepare(
    listing: &Listing,
    entry: &Entry,
    files: &mut ImageFiles,
    resizer: &mut Resizer,
    preparation: Preparation,
    target: &Target,
) -> Result<Prepared, ImagesError> {
    let (raster, seen) = match cropped(listing, entry, files, preparation)? {
        Ok(image) => image,
        Err(reason) => return Ok(Err(reason)),
    };
    let Shape { channels, height, width } = target.shape;
    let (width, height) = (u32::from(width), u32::from(height));
    if let Some(first) = target.first.as_ref().filter(|_| (raster.width, raster.height) != (width, height)) {
        return Err(ImagesError::Extents {
            origin: listing.origin.clone(),
            first: first.clone(),
            first_extent: (width, height),
            other: entry.name.clone(),
            other_extent: (raster.width, raster.height),
        });
    }
    let recoloured = raster.channels != channels;
    let resized = raster.with_channels(channels).resized(width, height, preparation.filter, resizer);
    Ok(resized.map(|raster| (raster.pixels, recoloured, seen)).map_err(|cause| cause.to_string()))
}

/// The part of an image that is kept, or why it is damaged.
fn cropped(
    listing: &Listing,
    entry: &Entry,
    files: &mut ImageFiles,
    preparation: Preparation,
) -> Result<Result<(Raster, Seen), String>, ImagesError> {
    let bytes = match (files.read(&entry.place), &entry.place) {
        (Ok(bytes), _) => bytes,
        // In an archive this is damage of its contents; a file is gone or closed to us, unless it is too large.
        (Err(cause), Place::Archive(_)) => return Ok(Err(cause.to_string())),
        (Err(cause), _) if cause.kind() == io::ErrorKind::FileTooLarge => return Ok(Err(cause.to_string())),
        (Err(cause), Place::File(path)) => return Err(ImagesError::Read { path: path.clone(), cause }),
    };
    let (name, origin) = (|| entry.name.clone(), || listing.origin.clone());
    let decoded = match decode(&bytes, preparation.background) {
        Ok(decoded) => decoded,
        Err(reason) => return Ok(Err(reason.to_string())),
    };
    let mut seen = Seen::default();
    seen.add(&decoded);
    let Decoded { raster, .. } = decoded;
    let (width, height, crop) = (raster.width, raster.height, preparation.crop);
    match crop.window(width, height) {
        Some(window) => Ok(Ok((raster.cropped(window), seen))),
        None => Err(ImagesError::Crop { name: name(), origin: origin(), width, height, crop }),
    }
}

/// What was chosen, completed by what the first sound image has.
fn target(listing: &Listing, preparation: Preparation) -> Result<Target, ImagesError> {
    let Preparation { size, channels, .. } = preparation;
    if let (Some(size), Some(channels)) = (size, channels) {
        let shape = Shape { channels, height: size.height, width: size.width };
        return Ok(Target { shape, first: None });
    }
    let origin = || listing.origin.clone();
    let (mut files, mut reasons) = (listing.files.clone(), Vec::new());
    for entry in listing.entries.iter().take(1 + listing.entries.len() / PER_DAMAGED) {
        let first = match cropped(listing, entry, &mut files, preparation)? {
            Ok((first, _)) => first,
            Err(reason) => {
                reasons.push(format!("{} ({reason})", entry.name));
                continue;
            }
        };
        let channels = channels.unwrap_or(first.channels);
        if let Some(size) = size {
            let shape = Shape { channels, height: size.height, width: size.width };
            return Ok(Target { shape, first: None });
        }
        let side = |side: u32| u16::try_from(side).ok().filter(|side| (1..=MAX_EXTENT).contains(side));
        let (Some(width), Some(height)) = (side(first.width), side(first.height)) else {
            return Err(ImagesError::Extent { origin: origin(), extent: (first.width, first.height) });
        };
        return Ok(Target { shape: Shape { channels, height, width }, first: Some(entry.name.clone()) });
    }
    let examples = reasons.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    Err(ImagesError::Damaged { origin: origin(), damaged: reasons.len(), read: reasons.len(), examples })
}
