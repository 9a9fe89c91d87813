//! Models with their plans.

use crate::common::{architecture, conditional, digits, integer_model, random_model};
use vapo_c::planned::{VAPO_PURPOSE_MONITOR, VAPO_PURPOSE_SAMPLE, vapo_plan};
use vapo_c::result::VapoResult;
use vapo_format::architecture::MAX_SCALINGS;
use vapo_format::writer::{replace_classifier, replace_threshold};
use vapo_format::{
    Architecture, Block, Classifier, Encoding, Homotopy, Model, Scaling, Threshold, classifier, threshold,
};

/// Readings of three channels, twelve a window.
pub(crate) const CHANNELS: usize = 3;
pub(crate) const WIDTH: usize = 12;

fn series() -> Architecture {
    let blocks = [Block::Conv { channels: 4 }, Block::Residual, Block::Head { channels: 5 }];
    let architecture = architecture(Homotopy::Linear, (CHANNELS as u16, 1, WIDTH as u16), 6, &blocks);
    let scaling = [(20.0, 5.0), (-1000.0, 0.25), (0.0, 1e4)].map(|(offset, scale)| Scaling { offset, scale });
    let scaling: heapless::Vec<Scaling, MAX_SCALINGS> = scaling.into_iter().collect();
    Architecture { scaling, ..architecture }
}

fn in_integers(float: &[u8]) -> Vec<u8> {
    integer_model(&Model::parse(float).unwrap(), 4.0, 0.02).unwrap()
}

/// A model of 8×8 images without classes, with a threshold: in floats, and in integers.
pub(crate) fn images() -> [Vec<u8>; 2] {
    let float = random_model(&digits(), Encoding::Int8, 4);
    [in_integers(&float), float].map(|file| with_threshold(&file, 12.5))
}

/// A model with three classes and a classifier: of float32 weights, of 8 bits, of 4, and in integers.
pub(crate) fn of_classes() -> Vec<Vec<u8>> {
    let models =
        [Encoding::Float32, Encoding::Int8, Encoding::Int4].map(|encoding| random_model(&conditional(), encoding, 9));
    let integers = in_integers(&models[1]);
    models.into_iter().chain([integers]).map(|file| with_classifier(&file)).collect()
}

/// A model of a series, in floats and in integers.
pub(crate) fn of_series() -> [Vec<u8>; 2] {
    let float = random_model(&series(), Encoding::Int8, 4);
    [in_integers(&float), float]
}

pub(crate) fn with_threshold(file: &[u8], energy: f32) -> Vec<u8> {
    let threshold = Threshold { energy, time: 0.5, false_positive_rate: 0.01 };
    let mut bytes = vec![0; file.len() + threshold::BYTES];
    let length = replace_threshold(&Model::parse(file).unwrap(), Some(threshold), &mut bytes).unwrap();
    bytes.truncate(length);
    bytes
}

fn with_classifier(file: &[u8]) -> Vec<u8> {
    let model = Model::parse(file).unwrap();
    let numbers = [0.5_f32, 1.0, 0.0, 0.25, -0.5];
    let section: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let mut bytes = vec![0; file.len() + classifier::bytes(model.classes())];
    let length = replace_classifier(&model, Some(Classifier::new(&section).unwrap()), &mut bytes).unwrap();
    bytes.truncate(length);
    bytes
}

/// A model's file with its plan before it, by the function that C programs have for it.
pub(crate) fn planned_for(file: &[u8], purpose: u32) -> Vec<u8> {
    let mut needed = 0;
    let mut plan = |to: *mut u8, capacity| {
        // SAFETY: the file's own bytes, memory of `capacity` bytes, and a number to set.
        unsafe { vapo_plan(file.as_ptr(), file.len(), purpose, to, capacity, &mut needed) }
    };
    assert_eq!(plan(std::ptr::null_mut(), 0), VapoResult::Arena);
    let mut bytes = vec![0xaa; needed];
    let mut plan = |capacity| {
        // SAFETY: as above.
        unsafe { vapo_plan(file.as_ptr(), file.len(), purpose, bytes.as_mut_ptr(), capacity, &mut needed) }
    };
    assert_eq!((plan(file.len()), plan(file.len() + 20)), (VapoResult::Arena, VapoResult::Arena));
    assert_eq!(bytes, vec![0xaa; needed]);
    // SAFETY: as above.
    let done = unsafe { vapo_plan(file.as_ptr(), file.len(), purpose, bytes.as_mut_ptr(), bytes.len(), &mut needed) };
    assert_eq!((done, needed), (VapoResult::Ok, bytes.len()));
    bytes
}

pub(crate) fn planned(file: &[u8]) -> Vec<u8> {
    planned_for(file, VAPO_PURPOSE_SAMPLE)
}

pub(crate) fn planned_for_energies(file: &[u8]) -> Vec<u8> {
    planned_for(file, VAPO_PURPOSE_MONITOR)
}
