//! A series that lies in flash, for a board without a sensor.

/// A sensor of readings that lie one after another, a number a channel, each a little-endian f32. After the last comes the first
/// again.
pub fn recorded(bytes: &'static [u8]) -> impl FnMut(&mut [f32]) -> bool {
    let mut rest = bytes;
    move |reading| {
        let length = size_of_val(reading);
        if rest.len() < length {
            rest = bytes;
        }
        let Some((numbers, after)) = rest.split_at_checked(length) else { return false };
        rest = after;
        let (numbers, _) = numbers.as_chunks();
        reading.iter_mut().zip(numbers).for_each(|(raw, bytes)| *raw = f32::from_le_bytes(*bytes));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::recorded;

    #[test]
    fn readings_repeat_and_what_is_left_over_is_none() {
        static BYTES: [u8; 21] =
            [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40, 0, 0, 0xa0, 0x40, 0];
        let mut sensor = recorded(&BYTES);
        for expected in [[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]] {
            let mut reading = [0.0; 2];
            assert!(sensor(&mut reading));
            assert_eq!(reading, expected);
        }
        assert!(!recorded(&[])(&mut [0.0]));
        assert!(!recorded(&BYTES)(&mut [0.0; 6]));
    }
}
