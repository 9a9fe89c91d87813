//! What the decoder of JPEG lets pass: a file cut off in the middle, whose rest it makes up, and the four inks of
//! printing, whose colours depend on a profile.

/// Refuses such a file, with the reason.
pub(super) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    let cut_off = Err("the JPEG is cut off");
    let Some(mut rest) = bytes.get(2..) else { return cut_off };
    loop {
        // A segment: ff, its kind, its length with these two bytes. Any number of ff may fill the space before.
        let [0xff, kind, tail @ ..] = rest else { return cut_off };
        match kind {
            0xff => {
                rest = &rest[1..];
                continue;
            }
            // Kinds without contents.
            0x01 | 0xd0..=0xd8 => {
                rest = tail;
                continue;
            }
            0xd9 => return Err("the JPEG holds no image"),
            _ => {}
        }
        let length = tail.first_chunk().map(|&length| usize::from(u16::from_be_bytes(length)));
        let Some((segment, next)) = length.and_then(|length| tail.split_at_checked(length)) else { return cut_off };
        match kind {
            // A frame: length, bits, height, width, number of components.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf if segment.get(7) == Some(&4) => {
                return Err("it is a CMYK JPEG: convert it to RGB");
            }
            // The scan. In its data ff is followed by 00, so ff d9 is the end and nothing else.
            0xda => return if next.windows(2).any(|pair| pair == [0xff, 0xd9]) { Ok(()) } else { cut_off },
            _ => rest = next,
        }
    }
}
