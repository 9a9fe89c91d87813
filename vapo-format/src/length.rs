//! How many bytes a field of a header takes in its one encoding.
//!
//! Numbers take 7 bits a byte, variants and lists a number before them. Postcard says this too, by encoding: with checks of bounds
//! that a compiler leaves in, though they hold, and a reader must not be able to panic.

use core::fmt;
use serde::ser::{self, Impossible, Serialize, Serializer};

/// Bytes of a value's encoding; none of a type that no header has.
pub(crate) fn length(value: &impl Serialize) -> Option<usize> {
    let mut length = Length(0);
    value.serialize(&mut length).ok()?;
    Some(length.0)
}

/// Bytes so far.
struct Length(usize);

impl Length {
    fn add(&mut self, bytes: usize) -> Result<(), fmt::Error> {
        self.0 = self.0.saturating_add(bytes);
        Ok(())
    }

    /// A number of 7 bits a byte.
    fn number(&mut self, number: u32) -> Result<(), fmt::Error> {
        let bits = (u32::BITS - number.leading_zeros()).max(1);
        self.add(bits.div_ceil(7) as usize)
    }
}

/// Methods that refuse their type.
macro_rules! refuse {
    ($($method:ident($kind:ty);)*) => { $(
        fn $method(self, _: $kind) -> Result<(), fmt::Error> {
            Err(fmt::Error)
        }
    )* };
}

/// Parts of a value, one after another.
macro_rules! parts {
    ($($of:ident::$method:ident($($name:ty)?);)*) => { $(
        impl ser::$of for &mut Length {
            type Ok = ();
            type Error = fmt::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, $(_: $name,)? value: &T) -> Result<(), fmt::Error> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), fmt::Error> {
                Ok(())
            }
        }
    )* };
}

parts! {
    SerializeSeq::serialize_element();
    SerializeTuple::serialize_element();
    SerializeStruct::serialize_field(&'static str);
    SerializeStructVariant::serialize_field(&'static str);
}

type Done = Result<(), fmt::Error>;

impl<'l> Serializer for &'l mut Length {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = &'l mut Length;
    type SerializeTuple = &'l mut Length;
    type SerializeStruct = &'l mut Length;
    type SerializeStructVariant = &'l mut Length;
    type SerializeTupleStruct = Impossible<(), fmt::Error>;
    type SerializeTupleVariant = Impossible<(), fmt::Error>;
    type SerializeMap = Impossible<(), fmt::Error>;

    refuse! {
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u64(u64);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
    }

    fn serialize_bool(self, _: bool) -> Done {
        self.add(1)
    }

    fn serialize_i8(self, _: i8) -> Done {
        self.add(1)
    }

    fn serialize_u8(self, _: u8) -> Done {
        self.add(1)
    }

    fn serialize_u16(self, number: u16) -> Done {
        self.number(number.into())
    }

    fn serialize_u32(self, number: u32) -> Done {
        self.number(number)
    }

    fn serialize_f32(self, _: f32) -> Done {
        self.add(size_of::<f32>())
    }

    fn serialize_none(self) -> Done {
        self.add(1)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.add(1)?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, variant: u32, _: &'static str) -> Done {
        self.number(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        value: &T,
    ) -> Done {
        self.number(variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, fmt::Error> {
        let length = length.and_then(|length| u32::try_from(length).ok()).ok_or(fmt::Error)?;
        self.number(length)?;
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, fmt::Error> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, fmt::Error> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, fmt::Error> {
        self.number(variant)?;
        Ok(self)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Done {
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::length;
    use crate::layer::{Conv, Silu};
    use crate::{Encoding, Node, Scaling, Shape};
    use serde::Serialize;

    /// As many bytes as postcard writes.
    fn assert_length(value: &impl Serialize) {
        let mut bytes = [0; 64];
        let written = postcard::to_slice(value, &mut bytes).unwrap().len();
        assert_eq!(length(value), Some(written), "{:?}", &bytes[..written]);
    }

    #[test]
    fn a_length_is_that_of_what_postcard_writes() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u16::MAX] {
            assert_length(&number);
            assert_length(&Shape { channels: number, height: 1, width: number });
            assert_length(&Node::new(Conv::same3x3(number), 400, &[number, 300]));
            assert_length(&[number, 3].as_slice());
        }
        for number in [0, 127, 128, 2_097_151, 2_097_152, 268_435_455, 268_435_456, u32::MAX] {
            assert_length(&number);
        }
        assert_length(&Node::new(Silu, 1, &[]));
        assert_length(&Scaling { offset: 1.5, scale: f32::NAN });
        assert_length(&(Encoding::Integer, true, -3_i8, 200_u8));
        assert_eq!(length(&1.0_f64), None);
    }
}
