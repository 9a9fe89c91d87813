//! Weights of 8, 6 or 4 bits, packed in groups of four.
//!
//! A group is one little-endian number of 4·bits bits: 4, 3 or 2 bytes. The first weight has its lowest bits, and each is
//! two's complement. Where four weights do not fill the last group, zeros do.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Bits, Packed};
//!
//! let bits = Bits::Six;
//! assert_eq!((bits.count(), bits.most(), bits.group_bytes()), (6, 31, 3));
//! assert!(bits.hold(-32) && !bits.hold(32));
//!
//! // Six weights take two groups, of which the last is filled with zeros.
//! let weights = [1, -2, 31, -32, 5, 6];
//! let mut bytes = Vec::new();
//! for group in [[1, -2, 31, -32], [5, 6, 0, 0]] {
//!     bytes.extend(&bits.pack(group)[..bits.group_bytes()]);
//! }
//! assert_eq!(bytes.len(), bits.bytes(weights.len()));
//!
//! let packed = Packed { bytes: &bytes, bits };
//! assert_eq!(packed.get(3), -32);
//! assert!(packed.first(6).eq(weights) && packed.from(4).eq([5, 6, 0, 0]));
//! let mut words = [0];
//! packed.unpack(1, &mut words); // a weight a byte
//! assert_eq!(words, [0x0000_0605]);
//! assert_eq!(Packed::eight(&[255]).get(0), -1);
//! ```

/// Bits of a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Bits {
    /// -8 to 7.
    Four,
    /// -32 to 31.
    Six,
    /// -128 to 127.
    Eight,
}

/// Weights of a group.
pub const GROUP: usize = 4;

impl Bits {
    /// How many.
    pub const fn count(self) -> u8 {
        match self {
            Bits::Four => 4,
            Bits::Six => 6,
            Bits::Eight => 8,
        }
    }

    /// The largest weight. The least is one further from zero.
    pub const fn most(self) -> i8 {
        match self {
            Bits::Four => 7,
            Bits::Six => 31,
            Bits::Eight => 127,
        }
    }

    /// Whether a weight has so few bits.
    pub const fn hold(self, weight: i8) -> bool {
        weight <= self.most() && weight >= -self.most() - 1
    }

    /// Bytes of a group.
    pub const fn group_bytes(self) -> usize {
        self.count() as usize * GROUP / 8
    }

    /// Bytes of the groups of so many weights, or `usize::MAX`.
    pub const fn bytes(self, weights: usize) -> usize {
        weights.div_ceil(GROUP).saturating_mul(self.group_bytes())
    }

    /// A group: of the four bytes returned, the first [`Bits::group_bytes`] are of the file. Bits that a weight has too many are
    /// dropped.
    pub const fn pack(self, weights: [i8; GROUP]) -> [u8; GROUP] {
        let [a, b, c, d] = weights;
        let mask = u8::MAX >> (8 - self.count());
        let [a, b, c, d] = [a as u8 & mask, b as u8 & mask, c as u8 & mask, d as u8 & mask];
        match self {
            Bits::Four => [a | b << 4, c | d << 4, 0, 0],
            Bits::Six => [a | b << 6, b >> 2 | c << 4, c >> 4 | d << 2, 0],
            Bits::Eight => [a, b, c, d],
        }
    }
}

/// The four bytes of a group of 4 bits a weight.
#[inline(always)]
const fn of_four(group: [u8; 2]) -> u32 {
    let [low, high] = group;
    let spread = low as u32 | (high as u32) << 16;
    let nibbles = (spread | spread << 4) & 0x0f0f_0f0f;
    // A set sign, 8, becomes the upper half of its byte: 8·30 is 0xf0.
    nibbles | ((nibbles & 0x0808_0808) * 30)
}

/// The four bytes of a group of 6 bits a weight.
#[inline(always)]
const fn of_six(group: [u8; 3]) -> u32 {
    let [low, middle, high] = group;
    let all = low as u32 | (middle as u32) << 8 | (high as u32) << 16;
    let spread = all & 0x3f | (all & 0xfc0) << 2 | (all & 0x3_f000) << 4 | (all & 0xfc_0000) << 6;
    // A set sign, 32, becomes the two upper bits of its byte: 32·6 is 0xc0.
    spread | ((spread & 0x2020_2020) * 6)
}

/// Borrowed weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed<'a> {
    /// The groups.
    pub bytes: &'a [u8],
    /// Bits of a weight.
    pub bits: Bits,
}

impl<'a> Packed<'a> {
    /// Weights of 8 bits: a byte each.
    pub const fn eight(bytes: &'a [u8]) -> Self {
        Packed { bytes, bits: Bits::Eight }
    }

    /// One weight; 0 past the end.
    pub fn get(self, index: usize) -> i8 {
        let mut group = [0];
        match self.bits {
            Bits::Eight => return self.bytes.get(index).map_or(0, |&byte| byte as i8),
            _ => self.unpack(index / GROUP, &mut group),
        }
        let [group] = group;
        (group >> (8 * (index % GROUP))) as i8
    }

    /// The first weights: as many as a matrix has.
    pub fn first(self, count: usize) -> impl Iterator<Item = i8> + use<'a> {
        (0..count).map(move |index| self.get(index))
    }

    /// All weights from one on, those that fill the last group too.
    pub fn from(self, first: usize) -> impl Iterator<Item = i8> + use<'a> {
        let count = match self.bits {
            Bits::Eight => self.bytes.len(),
            bits => self.bytes.len() / bits.group_bytes() * GROUP,
        };
        (first..count).map(move |index| self.get(index))
    }

    /// Unpacks groups from one on, a weight a byte, the first in the lowest. What lies past the end stays as it is.
    pub fn unpack(self, first: usize, to: &mut [u32]) {
        let bytes = self.bytes.get(first.saturating_mul(self.bits.group_bytes())..).unwrap_or_default();
        match self.bits {
            Bits::Four => to.iter_mut().zip(bytes.as_chunks().0).for_each(|(to, group)| *to = of_four(*group)),
            Bits::Six => to.iter_mut().zip(bytes.as_chunks().0).for_each(|(to, group)| *to = of_six(*group)),
            Bits::Eight => {
                to.iter_mut().zip(bytes.as_chunks().0).for_each(|(to, group)| *to = u32::from_le_bytes(*group));
            }
        }
    }

    /// Whether all is zero from a weight on.
    pub(crate) fn is_zero_from(self, first: usize) -> bool {
        self.from(first).all(|weight| weight == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_of_every_place_is_packed_and_unpacked() {
        for bits in [Bits::Four, Bits::Six, Bits::Eight] {
            for weight in i8::MIN..=i8::MAX {
                if !bits.hold(weight) {
                    assert!(weight > bits.most() || i32::from(weight) < -i32::from(bits.most()) - 1);
                    continue;
                }
                for place in 0..GROUP {
                    // Neighbours of other signs, which nothing of it may reach.
                    let mut group = [bits.most(), -1, -bits.most() - 1, 1];
                    group[place] = weight;
                    let bytes =
                        [[0x5a; GROUP], bits.pack(group)].map(|bytes| bytes[..bits.group_bytes()].to_vec()).concat();
                    let packed = Packed { bytes: &bytes, bits };
                    assert_eq!(core::array::from_fn(|index| packed.get(GROUP + index)), group, "{bits:?}");
                    assert!(packed.from(GROUP).eq(group));
                    let mut word = [0; 2];
                    packed.unpack(1, &mut word);
                    assert_eq!((word[0].to_le_bytes().map(|byte| byte as i8), word[1]), (group, 0));
                }
            }
        }
    }

    #[test]
    fn groups_are_as_long_as_their_bits() {
        for (bits, bytes) in [(Bits::Four, [0, 2, 2, 4]), (Bits::Six, [0, 3, 3, 6]), (Bits::Eight, [0, 4, 4, 8])] {
            assert_eq!([0, 1, 4, 5].map(|weights| bits.bytes(weights)), bytes);
        }
        assert_eq!(Packed { bytes: &[], bits: Bits::Six }.get(3), 0);
    }
}
