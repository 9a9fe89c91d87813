//! What an array that NumPy opens begins with. Written here: a header is one line of text, and crates that write arrays bring
//! their readers along, where ours has bounds that theirs have not.

use super::header::MAGIC;

/// What a `.npy` file (version 1.0) begins with, before the values in C order: their type as NumPy writes it (`<f4`,
/// `|u1`), and the extents of the array.
pub fn header(descr: &str, extents: &[usize]) -> Vec<u8> {
    let mut list = extents.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    if extents.len() == 1 {
        list.push(',');
    }
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({list}), }}");
    // Spaces and a line feed bring the values to a multiple of 64 bytes, past ten bytes of magic, version and length.
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header.extend(std::iter::repeat_n(' ', length - header.len() - 1));
    let mut file = [&MAGIC[..], b"\x01\x00"].concat();
    file.extend((length as u16).to_le_bytes());
    file.extend(header.bytes());
    file.push(b'\n');
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_the_comma_of_a_tuple() {
        // numpy.save(file, numpy.zeros(3))
        let header = String::from_utf8_lossy(&header("<f8", &[3])).into_owned();
        assert!(header.contains("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"), "{header}");
    }

    #[test]
    fn values_start_at_a_multiple_of_64_for_every_extent() {
        for width in [1, 10, 100, 1000] {
            assert_eq!(header("<f4", &[1, 1, width, 1000]).len() % 64, 0);
        }
    }

    #[test]
    fn another_reader_takes_it() {
        let file = [header("<f4", &[2, 1]), 1.5_f32.to_le_bytes().to_vec(), 2.5_f32.to_le_bytes().to_vec()].concat();
        let array = npyz::NpyFile::new(file.as_slice()).unwrap();
        assert_eq!(array.shape(), [2, 1]);
        assert_eq!(array.into_vec::<f32>().unwrap(), [1.5, 2.5]);
    }
}
