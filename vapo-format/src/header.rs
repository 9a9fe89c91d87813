//! The header of a file: architecture, encoding of the weights, the calibration of integer arithmetic, and a threshold if
//! there is one.
//!
//! It is read in place: nothing of it is copied but a few numbers, and nodes are decoded one at a time.

mod judgement;
mod structure;

#[cfg(feature = "version-1")]
use crate::architecture;
use crate::architecture::{Architecture, DEVICE_NODES, Node};
use crate::checksum::checksum;
#[cfg(feature = "version-1")]
use crate::encoder::{self, Block, MAX_BLOCKS, Windows};
use crate::encoding::{Arithmetic, Encoding};
use crate::error::Error;
#[cfg(feature = "version-1")]
use crate::error::{ArchitectureError, Fault};
use crate::fixed_point::{Calibration, Exponents};
use crate::homotopy::Homotopy;
#[cfg(feature = "version-1")]
use crate::layer::{Layer, SpaceToDepth};
use crate::length::length;
use crate::signal::{Scaling, Shape};
pub(crate) use judgement::Judgement;
use serde::{Deserialize, Serialize};
pub use structure::Structure;

/// Largest channel count, height, width and embedding of version 1.
#[cfg(feature = "version-1")]
const MAX_EXTENT_1: u16 = 1024;
/// A header, its nodes and scalings still encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Header<'a> {
    pub(crate) signal: Shape,
    pub(crate) homotopy: Homotopy,
    pub(crate) classes: u16,
    pub(crate) encoding: Encoding,
    /// The fields before the threshold, padding included.
    pub(crate) structure: &'a [u8],
    pub(crate) judgement: Judgement<'a>,
    /// What the exponents of integer arithmetic were measured on.
    pub(crate) calibration: Option<u32>,
    scaling: Option<Fields<'a>>,
    nodes: Nodes<'a>,
    /// Two bytes a node: none for float arithmetic.
    exponents: &'a [[u8; 2]],
}

/// Encoded values of one type, one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fields<'a> {
    count: u16,
    bytes: &'a [u8],
}

/// Where the nodes are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Nodes<'a> {
    /// Blocks of an encoder, for a signal of so many channels.
    #[cfg(feature = "version-1")]
    Version1 {
        channels: u16,
        embedding: u16,
        blocks: Fields<'a>,
    },
    Version2(Fields<'a>),
}

impl<'a> Header<'a> {
    /// Reads a header that is the one encoding of its contents.
    pub(crate) fn read(version: u16, bytes: &'a [u8]) -> Result<Self, Error> {
        match version {
            #[cfg(feature = "version-1")]
            1 => Self::read_1(bytes),
            _ => Self::read_2(bytes),
        }
    }

    #[cfg(feature = "version-1")]
    fn read_1(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        let signal: Shape = field(&mut rest)?;
        let homotopy = field(&mut rest)?;
        let embedding: u16 = field(&mut rest)?;
        let blocks = Fields::read::<Block>(&mut rest, MAX_BLOCKS as u16)?;
        let encoding: Encoding = field(&mut rest)?;
        if !matches!(encoding, Encoding::Int8 | Encoding::Float32) {
            return Err(Error::Header);
        }
        let (structure, judgement) = end(bytes, rest, 0)?;
        let fault = |fault| Error::Architecture(ArchitectureError { node: 0, fault });
        let extents = [embedding, signal.channels, signal.height, signal.width].into_iter();
        let channels = blocks.decoded().scan(signal.channels, |channels, block: Block| {
            *channels = block.channels(*channels, Windows::Image);
            Some(*channels)
        });
        if let Some(found) = extents.chain(channels).find(|found| !(1..=MAX_EXTENT_1).contains(found)) {
            return Err(fault(Fault::Extent { found }));
        }
        if !encoder::has_one_head(blocks.decoded()) {
            return Err(fault(Fault::Head));
        }
        let nodes = encoder::nodes((signal.channels, Windows::Image), embedding, 0, blocks.decoded());
        refuse_narrow_blocks(signal, nodes).map_err(Error::Architecture)?;
        let nodes = Nodes::Version1 { channels: signal.channels, embedding, blocks };
        let (calibration, exponents) = (None, [].as_slice());
        Ok(Header {
            signal,
            homotopy,
            classes: 0,
            encoding,
            structure,
            judgement,
            calibration,
            scaling: None,
            nodes,
            exponents,
        })
    }

    fn read_2(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        let signal = field(&mut rest)?;
        let scaling = Some(Fields::read::<Scaling>(&mut rest, u16::MAX)?);
        let homotopy = field(&mut rest)?;
        let classes = field(&mut rest)?;
        let nodes = Nodes::Version2(Fields::read::<Node>(&mut rest, u16::MAX)?);
        let encoding: Encoding = field(&mut rest)?;
        let (mut calibration, mut exponents) = (None, [].as_slice());
        if encoding.arithmetic() == Arithmetic::Integer {
            let (digest, after) = rest.split_first_chunk().ok_or(Error::Header)?;
            calibration = Some(u32::from_le_bytes(*digest));
            rest = after;
            (exponents, _) = Fields::read::<Exponents>(&mut rest, DEVICE_NODES as u16)?.bytes.as_chunks();
        }
        let (structure, judgement) = end(bytes, rest, classes)?;
        Ok(Header { signal, homotopy, classes, encoding, structure, judgement, calibration, scaling, nodes, exponents })
    }

    /// Every node, in order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node> + use<'a> {
        #[cfg(feature = "version-1")]
        let (one, two) = match self.nodes {
            Nodes::Version1 { channels, embedding, blocks } => {
                (Some(encoder::nodes((channels, Windows::Image), embedding, 0, blocks.decoded())), None)
            }
            Nodes::Version2(nodes) => (None, Some(nodes.decoded())),
        };
        #[cfg(feature = "version-1")]
        return one.into_iter().flatten().chain(two.into_iter().flatten());
        #[cfg(not(feature = "version-1"))]
        match self.nodes {
            Nodes::Version2(nodes) => nodes.decoded(),
        }
    }

    /// The exponents of every node, in order.
    pub(crate) fn exponents(&self) -> impl Iterator<Item = Exponents> + Clone + use<'a> {
        self.exponents.iter().map(|&[value, cotangent]| Exponents { value: value as i8, cotangent: cotangent as i8 })
    }

    /// CRC-32 of the signal's extent, the nodes, the encoding of the weights and the exponents.
    pub(crate) fn fingerprint(&self) -> u32 {
        let (embedding, nodes) = match self.nodes {
            #[cfg(feature = "version-1")]
            Nodes::Version1 { embedding, blocks, .. } => (embedding, blocks),
            Nodes::Version2(nodes) => (0, nodes),
        };
        let Shape { channels, height, width } = self.signal;
        let [e0, e1] = (self.encoding as u16).to_le_bytes();
        let numbers = [channels, height, width, embedding].map(u16::to_le_bytes);
        checksum([numbers.as_flattened(), &[e0, e1], nodes.bytes, self.exponents.as_flattened()])
    }

    /// One scaling, or one a channel.
    pub(crate) fn scaling(&self) -> impl Iterator<Item = Scaling> + use<'a> {
        let (bytes, listed) = match self.scaling {
            None => (Some(Scaling::BYTES), None),
            Some(listed) => (None, Some(listed.decoded())),
        };
        bytes.into_iter().chain(listed.into_iter().flatten())
    }
}

/// Refuses a space-to-depth of one row or one column, which version 1 has not.
#[cfg(feature = "version-1")]
#[inline(never)] // what it remembers of nodes leaves the stack before anything else is checked
fn refuse_narrow_blocks(signal: Shape, nodes: impl Iterator<Item = Node>) -> Result<(), ArchitectureError> {
    let narrow = architecture::walk(signal, nodes).find_map(|placed| {
        let extent = placed.inputs().first()?.extent;
        let narrow = matches!(placed.node.layer, Layer::SpaceToDepth(_)) && SpaceToDepth::block(extent) != [2, 2];
        narrow.then_some((placed.index, extent))
    });
    narrow.map_or(Ok(()), |(node, extent)| {
        Err(ArchitectureError { node, fault: Fault::Divide { extent, rows: 2, columns: 2 } })
    })
}

impl<'a> Fields<'a> {
    /// Reads a count, then as many values, each in its one encoding.
    fn read<T: Serialize + Deserialize<'a>>(rest: &mut &'a [u8], most: u16) -> Result<Self, Error> {
        let count: u16 = field(rest)?;
        if count > most {
            return Err(Error::Header);
        }
        let bytes = *rest;
        for _ in 0..count {
            field::<T>(rest)?;
        }
        let used = bytes.len() - rest.len();
        Ok(Fields { count, bytes: bytes.get(..used).ok_or(Error::Header)? })
    }

    /// The values. They were decoded once, so none is missing.
    fn decoded<T: Deserialize<'a>>(self) -> impl Iterator<Item = T> + use<'a, T> {
        let mut rest = self.bytes;
        (0..self.count).map_while(move |_| {
            let (value, after) = postcard::take_from_bytes(rest).ok()?;
            rest = after;
            Some(value)
        })
    }
}

/// Takes a value that is encoded in the one way that [`write`] has, which is the shortest. Postcard alone would take longer forms of the
/// same numbers: one model would have many files.
fn field<'a, T: Serialize + Deserialize<'a>>(rest: &mut &'a [u8]) -> Result<T, Error> {
    let (value, after) = postcard::take_from_bytes::<T>(rest).map_err(|_| Error::Header)?;
    let taken = rest.len().checked_sub(after.len());
    if taken.is_none() || taken != length(&value) {
        return Err(Error::Header);
    }
    *rest = after;
    Ok(value)
}

/// What a header is made of: the fields with their padding, and the bytes of a threshold.
type Parts<'a> = (&'a [u8], Judgement<'a>);

/// Checks the padding, and that a threshold or nothing follows.
fn end<'a>(bytes: &'a [u8], rest: &'a [u8], classes: u16) -> Result<Parts<'a>, Error> {
    let used = bytes.len() - rest.len();
    let (structure, judgement) = bytes.split_at_checked(used.next_multiple_of(4)).ok_or(Error::Header)?;
    if structure.get(used..).is_none_or(|padding| padding.iter().any(|&byte| byte != 0)) {
        return Err(Error::Header);
    }
    Ok((structure, Judgement::split(judgement, classes)?))
}

/// Bytes of a header without what samples are judged by.
///
/// # Errors
/// [`Error::Header`] where it is longer than a header may be, which no architecture that validates is.
pub(crate) fn bytes(architecture: &Architecture, encoding: Encoding) -> Result<usize, Error> {
    let fields = length(&(Fields2::new(architecture), encoding)).ok_or(Error::Header)?;
    let of_integers = match encoding.arithmetic() {
        Arithmetic::Float => 0,
        Arithmetic::Integer => {
            let count = architecture.nodes.len();
            DIGEST + length(&(count as u16)).ok_or(Error::Header)? + 2 * count
        }
    };
    Ok((fields + of_integers).next_multiple_of(4))
}

/// Bytes of the number that tells what exponents were measured on.
const DIGEST: usize = 4;

/// Encodes the header at the start of `buffer`: architecture and encoding, the calibration of integer arithmetic, padded, and
/// what samples are judged by. Returns its length. None if it does not fit, which [`bytes`] and those of the judgement
/// rule out.
pub(crate) fn write(
    architecture: &Architecture,
    encoding: Encoding,
    calibration: Option<Calibration<'_>>,
    judgement: Judgement<'_>,
    buffer: &mut [u8],
) -> Option<usize> {
    let mut used = postcard::to_slice(&(Fields2::new(architecture), encoding), buffer).ok()?.len();
    if let Some(Calibration { exponents, digest }) = calibration {
        *buffer.get_mut(used..)?.first_chunk_mut()? = digest.to_le_bytes();
        used += DIGEST;
        used += postcard::to_slice(exponents, buffer.get_mut(used..)?).ok()?.len();
    }
    let padded = used.next_multiple_of(4);
    buffer.get_mut(used..padded)?.fill(0);
    judgement.write(padded, buffer)
}

/// The fields of version 2, in the order of the file.
#[derive(Serialize)]
struct Fields2<'a> {
    signal: Shape,
    scaling: &'a [Scaling],
    homotopy: Homotopy,
    classes: u16,
    nodes: &'a [Node],
}

impl<'a> Fields2<'a> {
    fn new(architecture: &'a Architecture) -> Self {
        let Architecture { signal, scaling, homotopy, classes, nodes } = architecture;
        Fields2 { signal: *signal, scaling, homotopy: *homotopy, classes: *classes, nodes }
    }
}
