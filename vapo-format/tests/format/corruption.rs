//! A damaged file is refused, and no input makes the reader panic.

use crate::graphs::architectures;
use crate::models::{
    encodings, encodings_of_version_1, example_file, example_files, random_numbers, rewrite, thresholds,
    write_with_threshold,
};
use crate::version_1::{self, encoders};
use proptest::collection::vec;
use proptest::prelude::*;
use vapo_format::writer::replace_threshold;
use vapo_format::{Encoding, Error, Model};

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// Makes the checksum that of the bytes before it, so that damage gets past it.
pub(crate) fn fix_checksum(file: &mut [u8]) {
    if let Some((contents, checksum)) = file.split_last_chunk_mut() {
        *checksum = CRC.checksum(contents).to_le_bytes();
    }
}

#[test]
fn every_truncation_is_too_short() {
    for (file, header_end) in example_files() {
        for length in 0..file.len() {
            match Model::parse(&file[..length]) {
                Err(Error::TooShort { expected, found }) => {
                    assert_eq!(found, length);
                    // Before it has the header, the reader knows a lower bound; from then on, the length.
                    assert!(if length < header_end { expected > length } else { expected == file.len() });
                }
                other => panic!("{length} bytes: {other:?}"),
            }
        }
    }
}

#[test]
fn every_extension_is_too_long() {
    let mut file = example_file(Encoding::Int8, None);
    let expected = file.len();
    for found in expected + 1..expected + 20 {
        file.push(0);
        assert_eq!(Model::parse(&file), Err(Error::TooLong { expected, found }));
    }
}

#[test]
fn every_change_of_one_byte_is_refused() {
    for (mut file, header_end) in example_files() {
        for position in 0..file.len() {
            let original = file[position];
            for change in 1..=255 {
                file[position] = original ^ change;
                let result = Model::parse(&file);
                assert!(result.is_err(), "byte {position:#x} from {original:02x} to {:02x}", file[position]);
                // Past the header, nothing but the checksum can notice.
                if position >= header_end {
                    assert!(matches!(result, Err(Error::Checksum { .. })), "byte {position:#x}: {result:?}");
                }
            }
            file[position] = original;
        }
        assert!(Model::parse(&file).is_ok());
    }
}

/// With a checksum made to fit, a change of one byte is refused or gives the model that the changed bytes spell out.
#[test]
fn every_change_of_one_byte_past_the_checksum_is_honest() {
    for (file, _) in example_files() {
        let mut accepted = 0;
        for position in 0..file.len() - 4 {
            for change in 1..=255 {
                let mut file = file.clone();
                file[position] ^= change;
                fix_checksum(&mut file);
                accepted += usize::from(spells_itself(&file));
            }
        }
        // Most of the bytes are weights, which may have any value.
        assert!(accepted > 255 * 40, "{accepted} accepted");
    }
}

/// Whether `file` is accepted; if so, writing its model again must give the same bytes.
fn spells_itself(file: &[u8]) -> bool {
    let Ok(model) = Model::parse(file) else { return false };
    assert_eq!(model.architecture().validate(), Ok(()));
    assert!(model.matrices().map(|(shape, _)| shape).eq(model.architecture().matrices()));
    let mut same = vec![0xa5; file.len()];
    assert_eq!(replace_threshold(&model, model.threshold(), &mut same), Ok(file.len()));
    assert_eq!(same, file);
    match model.version() {
        1 => assert_eq!(version_1::rewrite(file, &model), file),
        _ => assert_eq!(rewrite(&model).as_deref(), Ok(file)),
    }
    true
}

/// One random edit of a file.
#[derive(Clone, Debug)]
enum Edit {
    Put(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        4 => any::<(prop::sample::Index, u8)>().prop_map(|(at, byte)| Edit::Put(at, byte)),
        1 => any::<(prop::sample::Index, u8)>().prop_map(|(at, byte)| Edit::Insert(at, byte)),
        1 => any::<prop::sample::Index>().prop_map(Edit::Remove),
        1 => any::<(prop::sample::Index, prop::sample::Index)>().prop_map(|(a, b)| Edit::Swap(a, b)),
    ];
    vec(edit, 1..12)
}

fn edit(file: &mut Vec<u8>, edits: &[Edit], limit: usize) {
    for edit in edits {
        let length = file.len().min(limit);
        match edit {
            Edit::Put(at, byte) => file[at.index(length)] = *byte,
            Edit::Insert(at, byte) => file.insert(at.index(length), *byte),
            Edit::Remove(at) => drop(file.remove(at.index(length))),
            Edit::Swap(a, b) => file.swap(a.index(length), b.index(length)),
        }
    }
}

/// Magic and version.
fn preamble(version: u8) -> Vec<u8> {
    [b"VAPO".as_slice(), &[version, 0]].concat()
}

/// The file of a random encoder in version 1 or of a random graph in version 2.
fn files() -> impl Strategy<Value = Vec<u8>> {
    let version_1 = (encoders(), encodings_of_version_1(), thresholds(), any::<u64>()).prop_map(
        |(encoder, encoding, threshold, seed)| {
            encoder.file(encoding, threshold, &random_numbers(&encoder.architecture(), encoding, seed))
        },
    );
    let version_2 =
        (architectures(), encodings(), thresholds(), any::<u64>()).prop_map(|(graph, encoding, threshold, seed)| {
            let matrices = random_numbers(&graph, encoding, seed);
            write_with_threshold(&graph, encoding, threshold, &matrices).expect("valid")
        });
    prop_oneof![version_1, version_2]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes_do_not_panic(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(Model::parse(&bytes).is_err());
    }

    #[test]
    fn random_bytes_after_a_preamble_do_not_panic(bytes in vec(any::<u8>(), 4..400), header in 0..120_u16, version in 1..=2_u8) {
        let mut file = preamble(version);
        file.extend(header.to_le_bytes());
        file.extend(bytes);
        fix_checksum(&mut file);
        spells_itself(&file);
    }

    #[test]
    fn random_headers_of_small_numbers_do_not_panic(
        header in vec(0..7_u8, 8..24), body in vec(any::<u8>(), 0..400), version in 1..=2_u8,
    ) {
        let mut file = preamble(version);
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header);
        file.extend(body);
        fix_checksum(&mut file);
        spells_itself(&file);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn damaged_models_are_refused(original in files(), edits in edits()) {
        let mut damaged = original.clone();
        edit(&mut damaged, &edits, usize::MAX);
        // The edits may undo each other.
        prop_assert_eq!(Model::parse(&damaged).is_ok(), damaged == original);
    }

    /// Edits of the first bytes only, where the structure is, with a checksum that fits.
    #[test]
    fn damaged_headers_are_refused_or_honest(file in files(), edits in edits()) {
        let mut damaged = file;
        edit(&mut damaged, &edits, 100);
        fix_checksum(&mut damaged);
        spells_itself(&damaged);
    }
}
