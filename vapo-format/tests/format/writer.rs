//! What the writer refuses.

use crate::models::{OwnedWeights, THRESHOLD, example, example_file, write, write_with_threshold};
use vapo_format::writer::{Values, Writer, file_bytes, replace_threshold};
use vapo_format::{Architecture, ArchitectureError, Encoding, Error, Fault, Model, Shape, Threshold};

#[test]
fn buffer_of_too_few_bytes() {
    let architecture = example().0.architecture();
    let expected = file_bytes(&architecture, Encoding::Int8).unwrap();
    for found in 0..expected {
        let refused = Writer::new(&mut vec![0; found], &architecture, Encoding::Int8).map(drop);
        assert_eq!(refused, Err(Error::TooShort { expected, found }));
    }
}

#[test]
fn buffer_of_too_many_bytes_is_left_alone_past_the_end() {
    let (encoder, matrices) = example();
    let architecture = encoder.architecture();
    let file = write(&architecture, Encoding::Int8, &matrices).unwrap();
    let mut buffer = vec![0xa5; file.len() + 40];
    let mut writer = Writer::new(&mut buffer, &architecture, Encoding::Int8).unwrap();
    for matrix in &matrices {
        writer.matrix(&matrix.biases, matrix.weights.values()).unwrap();
    }
    let length = writer.finish().unwrap();
    let (written, rest) = buffer.split_at(length);
    assert_eq!(written, file);
    assert!(rest.iter().all(|&byte| byte == 0xa5));
}

#[test]
fn architecture_that_is_not_valid() {
    let architecture =
        Architecture { signal: Shape { channels: 0, height: 2, width: 3 }, ..example().0.architecture() };
    let refused = Error::Architecture(ArchitectureError { node: 0, fault: Fault::Extent { found: 0 } });
    assert_eq!(file_bytes(&architecture, Encoding::Int8), Err(refused));
    assert_eq!(Writer::new(&mut [0; 256], &architecture, Encoding::Int8).map(drop), Err(refused));
}

#[test]
fn matrix_of_another_extent_or_encoding() {
    let architecture = example().0.architecture();
    let mut buffer = [0; 256];
    let mut writer = Writer::new(&mut buffer, &architecture, Encoding::Int8).unwrap();
    let (values, floats) = ([1_i8; 33], [1.0_f32; 33]);
    let refused = Err(Error::Extent { matrix: 0 });
    let int8 = |weights: usize, scales: usize| Values::Int8 { values: &values[..weights], scales: &floats[..scales] };
    assert_eq!(writer.matrix(&[], int8(32, 1)), refused);
    assert_eq!(writer.matrix(&[0.0; 2], int8(32, 1)), refused);
    assert_eq!(writer.matrix(&[0.0], int8(31, 1)), refused);
    assert_eq!(writer.matrix(&[0.0], int8(33, 1)), refused);
    assert_eq!(writer.matrix(&[0.0], int8(32, 0)), refused);
    assert_eq!(writer.matrix(&[0.0], int8(32, 2)), refused);
    assert_eq!(writer.matrix(&[0.0], Values::Float32(&floats[..32])), refused);
    // A refusal leaves the writer where it was.
    assert_eq!(writer.matrix(&[0.0], int8(32, 1)), Ok(()));
    assert_eq!(writer.matrix(&[0.0], int8(32, 1)), Err(Error::Extent { matrix: 1 }));
}

#[test]
fn matrix_too_many_or_too_few() {
    let (encoder, matrices) = example();
    let architecture = encoder.architecture();
    for given in 0..matrices.len() {
        let refused = write(&architecture, Encoding::Int8, &matrices[..given]);
        assert_eq!(refused, Err(Error::Unfinished { expected: 5, found: given as u16 }));
    }
    let more = [matrices.as_slice(), &matrices[4..]].concat();
    assert_eq!(write(&architecture, Encoding::Int8, &more), Err(Error::Extent { matrix: 5 }));
}

#[test]
fn number_that_is_not_finite_or_no_scale() {
    let (encoder, matrices) = example();
    let architecture = encoder.architecture();
    let refused = Err(Error::Number { matrix: 2 });
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut bias = matrices.clone();
        bias[2].biases[0] = number;
        assert_eq!(write(&architecture, Encoding::Int8, &bias), refused);
        let mut weight = crate::models::dequantised(&matrices);
        weight[2].weights = OwnedWeights::Float32([[0.0; 8].as_slice(), &[number]].concat());
        assert_eq!(write(&architecture, Encoding::Float32, &weight), refused);
    }
    // 2^121, of which -128 times is infinite.
    let least_refused = 2.0_f32.powi(121);
    for number in [f32::NAN, f32::INFINITY, -1.0, -f32::MIN_POSITIVE, least_refused, f32::MAX] {
        let mut scale = matrices.clone();
        scale[2].weights = OwnedWeights::Int8 { values: vec![0; 9], scales: vec![number] };
        assert_eq!(write(&architecture, Encoding::Int8, &scale), refused);
    }
    let mut greatest = matrices.clone();
    greatest[2].weights = OwnedWeights::Int8 { values: vec![-128; 9], scales: vec![least_refused.next_down()] };
    assert!((-128.0 * least_refused.next_down()).is_finite());
    assert!(write(&architecture, Encoding::Int8, &greatest).is_ok());
}

#[test]
fn threshold_that_is_none() {
    let (encoder, matrices) = example();
    let architecture = encoder.architecture();
    let file = example_file(Encoding::Int8, None);
    let model = Model::parse(&file).unwrap();
    for threshold in [
        Threshold { energy: f32::NAN, ..THRESHOLD },
        Threshold { time: 1.0, ..THRESHOLD },
        Threshold { false_positive_rate: 0.0, ..THRESHOLD },
    ] {
        let refused = Err(Error::Threshold);
        assert_eq!(write_with_threshold(&architecture, Encoding::Int8, Some(threshold), &matrices), refused);
        assert_eq!(replace_threshold(&model, Some(threshold), &mut [0; 256]), Err(Error::Threshold));
    }
    let expected = file.len() + 12;
    for found in 0..expected {
        let refused = replace_threshold(&model, Some(THRESHOLD), &mut vec![0; found]);
        assert_eq!(refused, Err(Error::TooShort { expected, found }));
    }
}
