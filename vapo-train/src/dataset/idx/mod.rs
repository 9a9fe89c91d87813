//! The IDX format of MNIST and its successors, gzipped or not.
//!
//! ```text
//! 0  0  08  D      magic: two zeros, the type (08 = unsigned bytes), the number of dimensions
//! extent × D       big-endian u32, the number of images or labels first
//! values           row-major
//! ```

mod folder;
mod names;

pub(super) use folder::load;

use crate::dataset::Corruption;
use crate::files::{bounded, inflation};
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::path::Path;
use vapo_format::Shape;
use vapo_format::layer::MAX_EXTENT;

/// Extent and pixels of the images in `file`, an IDX file of three dimensions (images, rows, columns).
///
/// # Errors
/// The first thing wrong with the file. Memory is taken as values arrive, not as the header promises.
pub fn images(file: &[u8]) -> Result<(Shape, Vec<u8>), Corruption> {
    let mut shape = Shape { channels: 1, height: 0, width: 0 };
    let pixels = contents(file, |[count, height, width]| {
        let refused = Corruption::Extent { channels: 1, height, width };
        let (Some(rows), Some(columns)) = (extent(height), extent(width)) else { return Err(refused) };
        shape = Shape { channels: 1, height: rows, width: columns };
        Ok(u64::from(count) * shape.elements() as u64)
    })?;
    Ok((shape, pixels))
}

/// The labels in `file`, an IDX file of one dimension.
///
/// # Errors
/// The first thing wrong with the file.
pub fn labels(file: &[u8]) -> Result<Vec<u8>, Corruption> {
    contents(file, |[count]| Ok(u64::from(count)))
}

/// Whether a file begins as one of this format, gzipped or not.
fn is_idx(path: &Path) -> bool {
    let mut start = [0; 3];
    let opened = bounded::open(path).map(BufReader::new).and_then(|mut file| {
        let gzipped = std::io::BufRead::fill_buf(&mut file)?.starts_with(&GZIP);
        if gzipped { MultiGzDecoder::new(file).read_exact(&mut start) } else { file.read_exact(&mut start) }
    });
    opened.is_ok() && start == [0, 0, 8]
}

/// Bytes of a file at most.
const MAX_FILE: u64 = 1 << 32;

/// The bytes of a file, no more than show that it holds more than its header says. Of a file that is not of this
/// format, the first.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = bounded::open(path)?;
    let mut bytes = Vec::new();
    (&mut file).take(bounded::BEGINNING).read_to_end(&mut bytes)?;
    let length = file.metadata()?.len();
    let most = if bytes.starts_with(&GZIP) { length } else { claimed(&bytes).min(length) };
    if most > MAX_FILE {
        return Err(bounded::too_large(MAX_FILE));
    }
    file.take((most + 1).saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Bytes of a file that begins so, by its header; none of one that is not of this format.
fn claimed(start: &[u8]) -> u64 {
    let [0, 0, 8, dimensions, rest @ ..] = start else { return 0 };
    let extents = rest.as_chunks().0.iter().take((*dimensions).into());
    let values =
        extents.fold(1, |values: u64, &extent: &[u8; 4]| values.saturating_mul(u32::from_be_bytes(extent).into()));
    values.saturating_add(4 + 4 * u64::from(*dimensions))
}

fn extent(found: u32) -> Option<u16> {
    u16::try_from(found).ok().filter(|found| (1..=MAX_EXTENT).contains(found))
}

/// The values of an IDX file of `D` dimensions, whose number `length` tells (or refuses to) from the extents.
fn contents<const D: usize>(
    file: &[u8],
    length: impl FnOnce([u32; D]) -> Result<u64, Corruption>,
) -> Result<Vec<u8>, Corruption> {
    let mut stream = Stream::open(file);
    let expected = 0x0800 + D as u32;
    let [found] = stream.words()?;
    if found != expected {
        return Err(Corruption::Magic { expected, found });
    }
    let length = length(stream.words()?)?;
    if length == 0 {
        return Err(Corruption::Empty);
    }
    if length > stream.most {
        return Err(Corruption::Inflation { expected: length, most: stream.most });
    }
    let values = stream.bytes(length)?;
    stream.end()?;
    Ok(values)
}

/// The decompressed bytes of a file, counted.
struct Stream<'f> {
    reader: Box<dyn Read + 'f>,
    used: u64,
    /// Values that may come of the file.
    most: u64,
}

/// The first bytes of a gzip stream.
const GZIP: [u8; 2] = [0x1f, 0x8b];

impl<'f> Stream<'f> {
    /// Contents, not the name, tell whether the file is gzipped: browsers and download tools rename files.
    fn open(file: &'f [u8]) -> Self {
        if file.starts_with(&GZIP) {
            let most = inflation::most(file.len() as u64);
            Stream { reader: Box::new(MultiGzDecoder::new(file)), used: 0, most }
        } else {
            // What is not there is found out by reading.
            Stream { reader: Box::new(file), used: 0, most: u64::MAX }
        }
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, Corruption> {
        let mut bytes = Vec::new();
        (&mut self.reader).take(length).read_to_end(&mut bytes).map_err(Corruption::Gzip)?;
        let (expected, found) = (self.used + length, self.used + bytes.len() as u64);
        self.used = found;
        if found == expected { Ok(bytes) } else { Err(Corruption::TooShort { expected, found }) }
    }

    fn words<const N: usize>(&mut self) -> Result<[u32; N], Corruption> {
        let bytes = self.bytes(4 * N as u64)?;
        let mut words = [0; N];
        words.iter_mut().zip(bytes.as_chunks().0).for_each(|(word, &chunk)| *word = u32::from_be_bytes(chunk));
        Ok(words)
    }

    /// Nothing may follow. Reading to the end also has gzip check its own sum.
    fn end(mut self) -> Result<(), Corruption> {
        match self.reader.read(&mut [0]).map_err(Corruption::Gzip)? {
            0 => Ok(()),
            _ => Err(Corruption::TooLong { expected: self.used }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    fn idx(extents: &[u32], values: &[u8]) -> Vec<u8> {
        let mut file = vec![0, 0, 8, extents.len() as u8];
        extents.iter().for_each(|extent| file.extend(extent.to_be_bytes()));
        file.extend(values);
        file
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn images_and_labels_are_read_plain_and_gzipped() {
        let values: Vec<u8> = (0..2 * 3 * 4).collect();
        let (file, shape) = (idx(&[2, 3, 4], &values), Shape { channels: 1, height: 3, width: 4 });
        assert_eq!(images(&file).unwrap(), (shape, values.clone()));
        assert_eq!(images(&gzip(&file)).unwrap(), (shape, values));
        assert_eq!(labels(&gzip(&idx(&[3], &[7, 8, 9]))).unwrap(), [7, 8, 9]);
    }

    #[test]
    fn every_truncation_is_refused() {
        let file = idx(&[2, 2, 2], &[0, 50, 100, 150, 200, 250, 40, 90]);
        for file in [file.clone(), gzip(&file)] {
            for length in 0..file.len() {
                let refused = images(&file[..length]).unwrap_err();
                assert!(matches!(refused, Corruption::TooShort { .. } | Corruption::Gzip(_)), "{length}: {refused}");
            }
        }
    }

    #[test]
    fn every_flipped_byte_of_a_gzip_stream_is_refused_or_harmless() {
        let whole = images(&gzip(&idx(&[2, 2, 2], &[9, 8, 7, 6, 5, 4, 3, 2]))).unwrap();
        let file = gzip(&idx(&[2, 2, 2], &[9, 8, 7, 6, 5, 4, 3, 2]));
        for index in 0..file.len() {
            let mut file = file.clone();
            file[index] ^= 0xff;
            // Time stamp, system and compression level in gzip's header mean nothing to the contents.
            if let Ok(read) = images(&file) {
                assert!(index < 10 && read == whole, "byte {index}");
            }
        }
    }

    #[test]
    fn what_follows_the_end_is_refused() {
        let file = idx(&[1], &[3]);
        let longer = [file.as_slice(), &[0]].concat();
        for file in [longer.clone(), gzip(&longer)] {
            assert!(matches!(labels(&file), Err(Corruption::TooLong { expected: 9 })));
        }
        let rubbish = [gzip(&file).as_slice(), b"rubbish"].concat();
        assert!(matches!(labels(&rubbish), Err(Corruption::Gzip(_))));
    }

    #[test]
    fn headers_that_promise_nonsense_are_refused() {
        let refused = images(&idx(&[4], &[0; 4])).unwrap_err();
        assert!(matches!(refused, Corruption::Magic { expected: 0x0803, found: 0x0801 }));
        let mut floats = idx(&[1, 1, 1], &[0; 4]);
        floats[2] = 0x0d;
        assert!(matches!(images(&floats), Err(Corruption::Magic { found: 0x0d03, .. })));
        assert!(matches!(images(&idx(&[0, 28, 28], &[])), Err(Corruption::Empty)));
        assert!(matches!(labels(&idx(&[0], &[])), Err(Corruption::Empty)));
        for [height, width] in [[0, 28], [28, 0], [1025, 1], [1, 1025], [u32::MAX, u32::MAX], [65_537, 1]] {
            assert!(matches!(images(&idx(&[1, height, width], &[0])), Err(Corruption::Extent { .. })));
        }
        // Four peta-values announced, none there: this must end at once.
        let refused = images(&idx(&[u32::MAX, 1024, 1024], &[])).unwrap_err();
        assert!(
            matches!(refused, Corruption::TooShort { expected, found: 16 } if expected == 16 + (u64::from(u32::MAX) << 20))
        );
    }

    #[test]
    fn what_unpacks_to_more_than_images_can_is_refused_before_it_is_unpacked() {
        // A gigabyte in a megabyte: streams of gzip may follow each other.
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
        let zeros = encoder.finish().unwrap();
        let mut file = gzip(&idx(&[1 << 10, 1024, 1024], &[]));
        (0..1 << 10).for_each(|_| file.extend(&zeros));
        assert!(
            matches!(images(&file), Err(Corruption::Inflation { expected, most }) if expected == 1 << 30 && most < expected),
            "{} bytes",
            file.len()
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = (images(&bytes), labels(&bytes));
            let _ = (images(&gzip(&bytes)), labels(&gzip(&bytes)));
        }

        #[test]
        fn arbitrary_headers_never_panic(extents: [u32; 3], small: [u8; 3], values: Vec<u8>) {
            let _ = images(&idx(&extents, &values));
            if let Ok((shape, pixels)) = images(&idx(&small.map(u32::from), &values)) {
                prop_assert_eq!(pixels.len(), usize::from(small[0]) * shape.elements());
                prop_assert_eq!(pixels, values);
            }
        }
    }
}
