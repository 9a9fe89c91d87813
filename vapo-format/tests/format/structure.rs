//! A device reads a file of a known structure as a host does.

use crate::corruption::fix_checksum;
use crate::models::example_files;
use vapo_format::writer::replace_threshold;
use vapo_format::{Error, Model, Structure, Threshold, threshold};

/// Files of the newest version, and their structures.
fn files() -> Vec<(Vec<u8>, Structure)> {
    let all = example_files().into_iter().map(|(file, _)| file);
    let newest = all.filter(|file| file[4] == 2);
    newest.map(|file| (Model::parse(&file).unwrap().structure().unwrap(), file)).map(|(s, file)| (file, s)).collect()
}

#[test]
fn a_file_is_read_as_by_the_reader_that_decodes_it() {
    let files = files();
    assert!(files.len() > 4);
    for (file, structure) in &files {
        let (whole, known) = (Model::parse(file).unwrap(), Model::parse_as(file, structure).unwrap());
        assert_eq!(known, whole);
        assert_eq!(known.fingerprint(), whole.fingerprint());
        assert_eq!(known.calibration(), whole.calibration());
        assert_eq!(known.architecture(), whole.architecture());
        assert_eq!(known.structure(), Some(*structure));
    }
}

#[test]
fn weights_homotopy_and_threshold_may_be_others() {
    for (mut file, structure) in files() {
        let model = Model::parse(&file).unwrap();
        let mut judging = vec![0; file.len() + threshold::BYTES];
        let judged = Threshold { energy: -1.5, time: 0.5, false_positive_rate: 0.05 };
        let length = replace_threshold(&model, Some(judged), &mut judging).unwrap();
        judging.truncate(length);
        assert_eq!(Model::parse_as(&judging, &structure).unwrap().threshold(), Some(judged));
        let homotopy = 8 + usize::from(structure.homotopy);
        file[homotopy] ^= 1;
        let last = file.len() - 5;
        file[last] ^= 0;
        fix_checksum(&mut file);
        assert_eq!(Model::parse_as(&file, &structure), Model::parse(&file));
        assert_ne!(Model::parse(&file).unwrap().homotopy(), Model::parse(&judging).unwrap().homotopy());
        file[homotopy] = 2;
        fix_checksum(&mut file);
        assert_eq!(Model::parse_as(&file, &structure), Err(Error::Header));
    }
}

#[test]
fn another_structure_is_refused() {
    let files = files();
    for (place, (file, structure)) in files.iter().enumerate() {
        for (other, (_, another)) in files.iter().enumerate() {
            let result = Model::parse_as(file, another);
            let same = structure == another;
            assert_eq!(result.is_ok(), same, "{place} as {other}");
            assert!(same || result == Err(Error::Header), "{place} as {other}: {result:?}");
        }
    }
}

#[test]
fn damage_is_refused() {
    for (file, structure) in files() {
        for position in 0..file.len() {
            let mut file = file.clone();
            file[position] ^= 0x10;
            let error = Model::parse_as(&file, &structure).unwrap_err();
            let expected = match position {
                0..4 => matches!(error, Error::Magic { .. }),
                4..6 => matches!(error, Error::Version { .. }),
                _ => matches!(error, Error::Checksum { .. }),
            };
            assert!(expected, "byte {position}: {error:?}");
            let shorter = Model::parse_as(&file[..position], &structure);
            assert!(shorter.is_err());
        }
    }
}
