//! What a host found in a model's header, for a device that takes files of the same structure and need not decode it again.

use super::{DIGEST, Fields, Header, Judgement, Nodes};
use crate::checksum::checksum;
use crate::encoding::Encoding;
use crate::error::Error;
use crate::homotopy::Homotopy;
use crate::preamble::{CHECKSUM, VERSION, check_checksum, preamble};
use crate::signal::Shape;

/// Where everything lies in the files of one structure: those that differ in weights, homotopy, threshold and classifier alone.
///
/// A build makes one of a checked model, by [`Model::structure`](crate::Model::structure), and puts it beside the model into
/// flash. The device reads the model by [`Model::parse_as`](crate::Model::parse_as): without a decoder of headers and without
/// checks of nodes, which take several KB of flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structure {
    /// Extent of a data sample.
    pub signal: Shape,
    /// Number of classes.
    pub classes: u16,
    /// How the weights are stored.
    pub encoding: Encoding,
    /// CRC-32 of the header before a threshold, without the homotopy.
    pub checksum: u32,
    /// Bytes of the header before a threshold.
    pub header: u16,
    /// Bytes before the homotopy.
    pub homotopy: u16,
    /// Number of scalings, bytes before the first, bytes before the end of the last.
    pub scaling: [u16; 3],
    /// The same of nodes.
    pub nodes: [u16; 3],
    /// The same of exponents: zeros for float arithmetic.
    pub exponents: [u16; 3],
    /// Bytes of all matrices.
    pub weights: u32,
}

impl Structure {
    /// The structure of a model of this header; none of one in an older version of the format.
    pub(crate) fn new(header: &Header<'_>, weights: &[u8]) -> Option<Self> {
        #[cfg_attr(not(feature = "version-1"), expect(irrefutable_let_patterns, reason = "the one version"))]
        let Nodes::Version2(nodes) = header.nodes else { return None };
        let scaling = header.scaling?;
        let structure = header.structure;
        let before = |part: &[u8]| u16::try_from(part.as_ptr().addr().checked_sub(structure.as_ptr().addr())?).ok();
        let list = |count: u16, part: &[u8]| {
            let start = before(part)?;
            Some([count, start, start.checked_add(u16::try_from(part.len()).ok()?)?])
        };
        let exponents = header.exponents.as_flattened();
        let exponents = if exponents.is_empty() { [0; 3] } else { list(nodes.count, exponents)? };
        let scaling = list(scaling.count, scaling.bytes)?;
        // The homotopy lies after the scalings.
        let [.., homotopy] = scaling;
        Some(Structure {
            signal: header.signal,
            classes: header.classes,
            encoding: header.encoding,
            checksum: checksum_without(structure, homotopy)?,
            header: structure.len() as u16,
            homotopy,
            scaling,
            nodes: list(nodes.count, nodes.bytes)?,
            exponents,
            weights: u32::try_from(weights.len()).ok()?,
        })
    }

    /// The header of a file of this structure, and its weights.
    pub(crate) fn read<'a>(&self, bytes: &'a [u8]) -> Result<(Header<'a>, &'a [u8]), Error> {
        let (version, length, rest) = preamble(bytes)?;
        if version != VERSION {
            return Err(Error::Version { found: version });
        }
        // First whether the file is as it was written: then another structure is that of another model.
        let (contents, &stored) = bytes.split_last_chunk::<CHECKSUM>().ok_or(Error::Header)?;
        check_checksum(contents, stored)?;
        let (header, rest) = rest.split_at_checked(length).ok_or(Error::Header)?;
        let (structure, judgement) = header.split_at_checked(self.header.into()).ok_or(Error::Header)?;
        let judgement = Judgement::split(judgement, self.classes)?;
        if checksum_without(structure, self.homotopy) != Some(self.checksum) {
            return Err(Error::Header);
        }
        let homotopy = match structure.get(usize::from(self.homotopy)) {
            Some(0) => Homotopy::Linear,
            Some(1) => Homotopy::Bayes,
            _ => return Err(Error::Header),
        };
        judgement.check(homotopy, self.classes)?;
        let list = |[count, start, end]: [u16; 3]| {
            let bytes = structure.get(start.into()..end.into()).ok_or(Error::Header)?;
            Ok::<_, Error>(Fields { count, bytes })
        };
        let exponents = list(self.exponents)?;
        let [_, first, _] = self.exponents;
        let digest = || {
            let (before, _) =
                structure.split_at_checked(usize::from(first).checked_sub(count_bytes(exponents.count))?)?;
            Some(u32::from_le_bytes(*before.last_chunk::<DIGEST>()?))
        };
        let header = Header {
            signal: self.signal,
            homotopy,
            classes: self.classes,
            encoding: self.encoding,
            structure,
            judgement,
            calibration: if first == 0 { None } else { digest() },
            scaling: Some(list(self.scaling)?),
            nodes: Nodes::Version2(list(self.nodes)?),
            exponents: exponents.bytes.as_chunks().0,
        };
        let (weights, stored) = rest.split_at_checked(self.weights as usize).ok_or(Error::Header)?;
        if stored.len() == CHECKSUM { Ok((header, weights)) } else { Err(Error::Header) }
    }
}

/// Bytes of the number of exponents.
fn count_bytes(count: u16) -> usize {
    if count < 128 { 1 } else { 2 }
}

/// CRC-32 of a header's fields without the homotopy; none of fewer fields.
#[inline(never)] // one copy takes less flash
fn checksum_without(structure: &[u8], homotopy: u16) -> Option<u32> {
    let (before, after) = structure.split_at_checked(homotopy.into())?;
    let (_, after) = after.split_first()?;
    Some(checksum([before, after]))
}
