//! What the decoder of PNG takes memory for though nothing here uses it: a colour profile, which is compressed, and may
//! unpack to hundreds of MiB.

use std::borrow::Cow;

/// Bytes of the signature.
const SIGNATURE: usize = 8;
/// Bytes of a chunk beside its contents: length, kind and sum.
const FRAME: usize = 12;

/// A file without its colour profile. What cannot be made out is left to the decoder.
pub(super) fn without_profile(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut file = Cow::Borrowed(bytes);
    let mut at = SIGNATURE;
    // A profile lies before the pixels, and any behind them is not looked at.
    while let Some((length, kind)) = chunk(&file, at).filter(|(_, kind)| kind != b"IDAT") {
        let Some(end) = at.checked_add(FRAME).and_then(|end| end.checked_add(length)) else { break };
        if &kind == b"iCCP" {
            let end = end.min(file.len());
            file.to_mut().drain(at..end);
        } else {
            at = end;
        }
    }
    file
}

/// Length and kind of the chunk that begins at a position.
fn chunk(bytes: &[u8], at: usize) -> Option<(usize, [u8; 4])> {
    let (length, rest) = bytes.get(at..)?.split_first_chunk()?;
    Some((usize::try_from(u32::from_be_bytes(*length)).ok()?, *rest.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, contents) in chunks {
            bytes.extend((contents.len() as u32).to_be_bytes());
            bytes.extend([&kind[..], contents, b"sum!"].concat());
        }
        bytes
    }

    #[test]
    fn profiles_before_the_pixels_are_taken_out_and_all_else_stays() {
        let rest: [(&[u8; 4], &[u8]); 3] = [(b"IHDR", b"head"), (b"IDAT", b"pixels"), (b"IEND", b"")];
        let [head, pixels, end] = rest;
        let profile: (&[u8; 4], &[u8]) = (b"iCCP", b"a profile");
        for with in [[head, profile, pixels, end].to_vec(), [head, profile, profile, pixels, end].to_vec()] {
            assert_eq!(without_profile(&file(&with)), file(&rest));
        }
        for bytes in [file(&rest), file(&[head, pixels, profile, end]), b"\x89PNG".to_vec(), vec![]] {
            assert!(matches!(without_profile(&bytes), Cow::Borrowed(same) if same == bytes));
        }
        // Cut off, and of a length that there is not.
        let cut = file(&[head, profile]);
        assert_eq!(without_profile(&cut[..cut.len() - 6]), file(&[head]));
        let endless = [&file(&[head])[..], b"\xff\xff\xff\xffiCCPx"].concat();
        assert_eq!(without_profile(&endless), file(&[head]));
    }
}
