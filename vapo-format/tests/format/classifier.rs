//! A classifier beside a threshold, and without one.

use crate::corruption::fix_checksum;
use crate::models::{THRESHOLD, random_numbers, write};
use crate::specification::{all_bytes, table};
use vapo_format::writer::{renew, replace_classifier, replace_threshold};
use vapo_format::{
    Block, Classifier, Encoding, Error, Homotopy, Model, Shape, Threshold, classifier, encoder, threshold,
};

/// A model of so many classes.
fn file(classes: u16) -> Vec<u8> {
    let signal = Shape { channels: 1, height: 2, width: 3 };
    let blocks = [Block::Conv { channels: 2 }, Block::Head { channels: 1 }];
    let architecture = encoder::conditional(signal, Homotopy::Linear, 2, classes, &blocks).unwrap();
    write(&architecture, Encoding::Int8, &random_numbers(&architecture, Encoding::Int8, 1)).unwrap()
}

fn section(classes: u16) -> Vec<u8> {
    let numbers = [0.5, 2.0].into_iter().chain((0..classes).map(|class| f32::from(class) - 1.5));
    numbers.flat_map(f32::to_le_bytes).collect()
}

fn with(file: &[u8], threshold: Option<Threshold>, section: Option<&[u8]>) -> Vec<u8> {
    let model = Model::parse(file).unwrap();
    let mut one = vec![0xa5; file.len() + 64 + section.map_or(0, <[u8]>::len)];
    let length = replace_threshold(&model, threshold, &mut one).unwrap();
    one.truncate(length);
    let model = Model::parse(&one).unwrap();
    let mut both = vec![0xa5; one.len() + 64 + section.map_or(0, <[u8]>::len)];
    let length = replace_classifier(&model, section.and_then(Classifier::new), &mut both).unwrap();
    both.truncate(length);
    both
}

#[test]
fn both_are_added_and_taken_away_in_whatever_order() {
    // With two classes, a classifier and a threshold are nearest to each other in length.
    for classes in [2, 3, 10] {
        let (file, section) = (file(classes), section(classes));
        assert_eq!(section.len(), classifier::bytes(classes));
        let structure = Model::parse(&file).unwrap().structure().unwrap();
        for threshold in [None, Some(THRESHOLD)] {
            let judging = with(&file, threshold, Some(&section));
            assert_eq!(judging.len(), file.len() + section.len() + threshold.map_or(0, |_| threshold::BYTES));
            let model = Model::parse(&judging).unwrap();
            let found = model.classifier().unwrap();
            assert_eq!((found.time(), found.sharpness(), model.threshold()), (0.5, 2.0, threshold));
            assert!(found.offsets().eq((0..classes).map(|class| f32::from(class) - 1.5)));
            assert_eq!(model.classes(), classes);
            assert_eq!(Model::parse_as(&judging, &structure), Ok(model));
            assert_eq!(with(&judging, threshold, Some(&section)), judging);
            assert_eq!(with(&judging, None, None), file);
            let mut renewed = vec![0; judging.len()];
            assert_eq!(renew(&model, &mut renewed), Ok(judging.len()));
            assert_eq!(renewed, judging);
        }
    }
}

#[test]
fn a_part_of_one_and_a_longer_one_are_refused() {
    let file = file(3);
    let judging = with(&file, Some(THRESHOLD), Some(&section(3)));
    let header = usize::from(u16::from_le_bytes([judging[6], judging[7]]));
    for change in [-16, -8, -4, 4, 8] {
        let mut other = judging.clone();
        let length = header as i32 + change;
        if change > 0 {
            other.splice(8 + header..8 + header, vec![0; change as usize]);
        } else {
            other.drain((8 + length) as usize..8 + header);
        }
        other[6..8].copy_from_slice(&(length as u16).to_le_bytes());
        fix_checksum(&mut other);
        assert_eq!(Model::parse(&other).map(drop), Err(Error::Header), "{change}");
    }
}

#[test]
fn numbers_that_are_none_of_a_classifier_are_refused() {
    for (place, wrong) in
        [(0, 1.0_f32), (0, -0.5), (0, f32::NAN), (1, 0.0), (1, -1.0), (1, f32::INFINITY), (2, f32::NAN)]
    {
        let file = file(3);
        let mut numbers = section(3);
        numbers[4 * place..4 * place + 4].copy_from_slice(&wrong.to_le_bytes());
        let refused = replace_classifier(&Model::parse(&file).unwrap(), Classifier::new(&numbers), &mut [0; 4096]);
        assert_eq!(refused, Err(Error::Classifier), "{place}: {wrong}");
        let mut judging = with(&file, None, Some(&section(3)));
        let header = usize::from(u16::from_le_bytes([judging[6], judging[7]]));
        let start = 8 + header - numbers.len();
        judging[start..8 + header].copy_from_slice(&numbers);
        fix_checksum(&mut judging);
        assert_eq!(Model::parse(&judging).map(drop), Err(Error::Classifier), "{place}: {wrong}");
    }
    // Of fewer classes, and of a model without.
    for classes in [0, 1, 2, 4] {
        let (file, numbers) = (file(classes), section(3));
        let refused = replace_classifier(&Model::parse(&file).unwrap(), Classifier::new(&numbers), &mut [0; 4096]);
        assert_eq!(refused, Err(Error::Classifier), "{classes}");
    }
}

#[test]
fn bytes_are_as_specified() {
    let expected: Vec<u8> = [0.5, 2.0, -1.5, 0.25].into_iter().flat_map(f32::to_le_bytes).collect();
    assert_eq!(all_bytes(&table("5.7")), expected);
    assert_eq!(expected.len(), classifier::bytes(2));
}
