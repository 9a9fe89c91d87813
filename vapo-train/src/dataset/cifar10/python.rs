//! A file of the Python version: a dictionary of `data`, an array of bytes (10,000, 3,072), and `labels`, a list.

use super::pickle::{self, Value};
use super::{CifarError, RECORD, RECORDS};

/// Bytes of such a file, at most. Those that are published have 31,035,526 to 31,035,999.
pub(super) const MOST: u64 = 32 << 20;
const ELEMENTS: usize = RECORD - 1;

/// The records of a file, as the binary version has them.
///
/// # Errors
/// The file is no such pickle, or holds something else than 10,000 images with their labels.
pub(crate) fn records(name: &'static str, file: &[u8]) -> Result<Vec<u8>, CifarError> {
    let contents = |expected, found: &dyn ToString| CifarError::Contents { name, expected, found: found.to_string() };
    let pickle = pickle::read(file).map_err(|cause| CifarError::Pickle { name, cause })?;
    let Some(Value::Array(array)) = pickle.entry("data") else {
        return Err(contents("an array called data", &pickle.keys()));
    };
    if array.shape != [RECORDS as u64, ELEMENTS as u64] || array.values.len() != RECORDS * ELEMENTS {
        let found = format!("{} bytes of the shape {:?}", array.values.len(), array.shape);
        return Err(contents("bytes of the shape [10000, 3072]", &found));
    }
    let Some(Value::List(labels)) = pickle.entry("labels") else {
        return Err(contents("a list called labels (CIFAR-100 has others)", &pickle.keys()));
    };
    if labels.len() != RECORDS {
        return Err(contents("10,000 labels", &labels.len()));
    }
    let mut records = Vec::with_capacity(RECORDS * RECORD);
    for (record, (label, image)) in labels.iter().zip(array.values.chunks_exact(ELEMENTS)).enumerate() {
        let Value::Integer(found) = *pickle.value(*label) else {
            return Err(contents("whole numbers as labels", &format!("another label at record {record}")));
        };
        records.push(u8::try_from(found).map_err(|_| CifarError::Label { name, record, found })?);
        records.extend_from_slice(image);
    }
    Ok(records)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A pickle as Python 2 wrote CIFAR-10's: keys and values in the order of the published files, values kept for
    /// later, lists in parts of 1,000.
    pub(in crate::dataset::cifar10) fn pickled(values: &[u8], images: u16, labels: &[u8]) -> Vec<u8> {
        let mut file =
            b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q\x05".to_vec();
        for part in labels.chunks(1000) {
            file.push(b'(');
            part.iter().for_each(|&label| file.extend([b'K', label]));
            file.push(b'e');
        }
        file.extend(b"U\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85q\tU\x01bq\n\x87Rq\x0b(K\x01");
        for extent in [images, (values.len() / usize::from(images)) as u16] {
            file.push(b'M');
            file.extend(extent.to_le_bytes());
        }
        file.extend(b"\x86q\x0ccnumpy\ndtype\nq\rU\x02u1K\x00K\x01\x87Rq\x0e(K\x03U\x01|q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x10b\x89T");
        file.extend((values.len() as u32).to_le_bytes());
        file.extend(values);
        file.extend(b"tq\x11bu.");
        file
    }

    #[test]
    fn what_is_no_file_of_cifar_is_told() {
        let told = |file: &[u8]| records("test_batch", file).unwrap_err().to_string();
        let images = vec![7; RECORDS * ELEMENTS];
        let labels = vec![3; RECORDS];
        let whole = pickled(&images, RECORDS as u16, &labels);
        assert_eq!(records("test_batch", &whole).unwrap().len(), RECORDS * RECORD);
        assert!(told(&whole[..whole.len() - 9]).contains("test_batch: the pickle is cut off"));
        assert!(told(&pickled(&images[..12], 3, &labels)).contains("12 bytes of the shape [3, 4]"));
        assert!(
            told(&pickled(&images, RECORDS as u16, &labels[1..])).contains("10,000 labels in test_batch, found 9999")
        );
        let name = |from: &[u8], to: &[u8]| {
            let mut file = whole.clone();
            let at = file.windows(from.len()).position(|bytes| bytes == from).unwrap();
            file[at..][..to.len()].copy_from_slice(to);
            told(&file)
        };
        assert!(name(b"labels", b"fables").contains("found batch_label, fables, data"));
        assert!(name(b"data", b"date").contains("an array called data"));
        // The first label, a number, becomes nothing.
        assert!(name(b"(K\x03K\x03", b"(N)K\x03").contains("expected"));
    }
}
