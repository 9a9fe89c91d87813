//! What the text of a field says.

use crate::dataset::series::times;

/// Words for a value that is missing, in any case.
const MISSING: [&str; 6] = ["", "nan", "na", "n/a", "null", "none"];

/// A field of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::dataset::series) enum Value {
    /// Nothing was measured.
    Missing,
    /// A number in decimal text.
    Number(f64),
    /// Neither.
    Text,
}

impl Value {
    /// Of the bytes between two separators.
    pub(in crate::dataset::series) fn of(field: &[u8]) -> Value {
        let field = field.trim_ascii();
        if MISSING.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(field)) {
            return Value::Missing;
        }
        // Rust reads words such as `infinity` too.
        let decimal = field.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
        let text = std::str::from_utf8(field).ok().filter(|_| decimal);
        match text.and_then(|text| text.parse().ok()) {
            Some(number) => Value::Number(number),
            None if is_infinite(field) => Value::Missing,
            None => Value::Text,
        }
    }

    /// The reading that it stands for; not a number where there is none, or none that a float holds.
    pub(in crate::dataset::series) fn reading(self) -> Option<f32> {
        match self {
            Value::Missing => Some(f32::NAN),
            Value::Number(number) => Some(finite(number)),
            Value::Text => None,
        }
    }
}

/// A reading; not a number where a float holds none.
pub(in crate::dataset::series) fn finite(number: f64) -> f32 {
    let reading = number as f32;
    if reading.is_finite() { reading } else { f32::NAN }
}

fn is_infinite(field: &[u8]) -> bool {
    let word = field.strip_prefix(b"-").or(field.strip_prefix(b"+")).unwrap_or(field);
    word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity")
}

/// Whether text is a date, with or without a time.
pub(in crate::dataset::series) fn is_date(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| times::date_time(text.trim()).is_some())
}

/// What to do with text that is no number.
pub(in crate::dataset::series) fn advice(field: &[u8]) -> &'static str {
    let comma = field.iter().filter(|byte| **byte == b',').count() == 1;
    let digits = field.iter().all(|byte| byte.is_ascii_digit() || b"+-, ".contains(byte));
    if comma && digits {
        "write a decimal point in place of the comma"
    } else if field.contains(&b' ') {
        "are the columns separated by spaces? Separate them by commas, semicolons or tabs"
    } else {
        "write a decimal number, or nothing where the value is missing"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_is_a_number_and_words_for_nothing_are_missing() {
        for (text, expected) in [
            ("1.5", Value::Number(1.5)),
            (" -2e3 ", Value::Number(-2000.0)),
            ("+.5", Value::Number(0.5)),
            ("", Value::Missing),
            (" NaN", Value::Missing),
            ("null", Value::Missing),
            ("N/A", Value::Missing),
            ("-inf", Value::Missing),
            ("0x10", Value::Text),
            ("1_000", Value::Text),
            ("1,5", Value::Text),
            ("-", Value::Text),
            ("e", Value::Text),
            ("1 2", Value::Text),
        ] {
            assert_eq!(Value::of(text.as_bytes()), expected, "{text:?}");
        }
        assert!(Value::Number(1e300).reading().unwrap().is_nan());
        assert_eq!(Value::of(b"\xff"), Value::Text);
        assert!(advice(b"1,5").contains("decimal point") && advice(b"1 2").contains("spaces"));
    }
}
