//! Networks written here, of which every feature is known.

use super::*;
use prost::Message;
use std::fs;
use tempfile::TempDir;
use tract_onnx::pb::*;

fn value_info(name: &str, extents: &[i64]) -> ValueInfoProto {
    use tensor_shape_proto::{Dimension, dimension::Value};
    let dim = extents.iter().map(|&extent| Dimension {
        value: Some(if extent < 0 { Value::DimParam("n".to_owned()) } else { Value::DimValue(extent) }),
        ..Dimension::default()
    });
    let shape = Some(TensorShapeProto { dim: dim.collect() });
    let tensor = type_proto::Tensor { elem_type: tensor_proto::DataType::Float as i32, shape };
    let value = Some(type_proto::Value::TensorType(tensor));
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto { value, ..TypeProto::default() }),
        ..Default::default()
    }
}

fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(|name| name.to_string()).collect(),
        output: vec![output.to_owned()],
        name: output.to_owned(),
        op_type: op.to_owned(),
        ..NodeProto::default()
    }
}

/// A file of a network that flattens its input of these extents and multiplies it with `weights` (inputs, outputs).
fn write(path: &Path, extents: &[i64], weights: &[f32]) {
    let inputs: i64 = extents[1..].iter().map(|&extent| extent.max(1)).product();
    let weights = TensorProto {
        dims: vec![inputs, weights.len() as i64 / inputs],
        data_type: tensor_proto::DataType::Float as i32,
        float_data: weights.to_vec(),
        name: "weights".to_owned(),
        ..TensorProto::default()
    };
    let graph = GraphProto {
        name: "features".to_owned(),
        input: vec![value_info("image", extents)],
        output: vec![value_info("features", &[-1, weights.dims[1]])],
        node: vec![node("Flatten", &["image"], "flat"), node("MatMul", &["flat", "weights"], "features")],
        initializer: vec![weights],
        ..GraphProto::default()
    };
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 13 }],
        graph: Some(graph),
        ..ModelProto::default()
    };
    fs::write(path, model.encode_to_vec()).unwrap();
}

fn identity(size: usize) -> Vec<f32> {
    (0..size * size).map(|index| f32::from(u8::from(index / size == index % size))).collect()
}

fn features(
    extents: &[i64],
    weights: &[f32],
    range: (f32, f32),
    images: &ImageSet,
) -> Result<Features, EvaluationError> {
    let root = TempDir::new().unwrap();
    let path = root.path().join("n.onnx");
    write(&path, extents, weights);
    Network::load(&path, range)?.features(images)
}

#[test]
fn features_are_the_networks_output() {
    // Nine images, one more than a batch. Two features: the first pixel, and the sum of all.
    let shape = Shape { channels: 1, height: 2, width: 2 };
    let images = ImageSet::new(shape, (0..36).map(|value| value * 5).collect()).unwrap();
    let weights = [1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
    let found = features(&[-1, 1, 2, 2], &weights, (0.0, 255.0), &images).unwrap();
    assert_eq!((found.count(), found.dimension()), (9, 2));
    for row in 0..9 {
        let first = (row * 20) as f32;
        for (found, expected) in found.row(row).iter().zip([first, 4.0 * first + 30.0]) {
            assert!((found - expected).abs() < 1e-3, "{row}: {found} is not {expected}");
        }
    }
}

#[test]
fn black_and_white_are_the_numbers_of_the_range() {
    let images = ImageSet::new(Shape { channels: 1, height: 1, width: 3 }, vec![0, 255, 51]).unwrap();
    for (range, expected) in [((-1.0, 1.0), [-1.0, 1.0, -0.6]), ((0.0, 1.0), [0.0, 1.0, 0.2])] {
        let found = features(&[1, 1, 1, 3], &identity(3), range, &images).unwrap();
        assert!(
            found.row(0).iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6),
            "{found:?}"
        );
    }
}

#[test]
fn channels_go_where_the_network_wants_them() {
    let grey = ImageSet::new(Shape { channels: 1, height: 1, width: 2 }, vec![10, 20]).unwrap();
    let coloured = ImageSet::new(Shape { channels: 3, height: 1, width: 2 }, vec![1, 2, 3, 4, 5, 6]).unwrap();
    let of_grey = [10.0, 20.0, 10.0, 20.0, 10.0, 20.0];
    for (images, expected) in [(&grey, of_grey), (&coloured, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0])] {
        let found = features(&[-1, 3, 1, 2], &identity(6), (0.0, 255.0), images).unwrap();
        assert!(found.row(0).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{found:?}");
    }
    let refused = features(&[-1, 1, 1, 2], &identity(2), (0.0, 1.0), &coloured).unwrap_err().to_string();
    assert!(refused.contains("takes 1 channels") && refused.contains("have 3"), "{refused}");
    let last = ImageSet::new(Shape { channels: 3, height: 2, width: 2 }, (0..12).collect()).unwrap();
    let found = features(&[-1, 2, 2, 3], &identity(12), (0.0, 255.0), &last).unwrap();
    assert!(found.row(0).iter().zip(0..12).all(|(a, b)| (a - b as f32).abs() < 1e-4), "{found:?}");
}

#[test]
fn images_are_resized_to_what_the_network_takes() {
    let flat = ImageSet::new(Shape { channels: 1, height: 3, width: 5 }, vec![77; 15]).unwrap();
    let found = features(&[-1, 3, 4, 4], &identity(48), (0.0, 255.0), &flat).unwrap();
    assert!(found.values().iter().all(|value| (value - 77.0).abs() < 1e-3));
    // Two pixels become four, whose centres lie at -¼, ¼, ¾ and 1¼ of the old ones.
    let edge = ImageSet::new(Shape { channels: 1, height: 1, width: 2 }, vec![0, 100]).unwrap();
    let found = features(&[-1, 1, 1, 4], &identity(4), (0.0, 255.0), &edge).unwrap();
    assert!(found.row(0).iter().zip([0.0, 25.0, 75.0, 100.0]).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?}");
}

#[test]
fn what_is_no_extractor_is_refused() {
    let images = ImageSet::new(Shape { channels: 1, height: 1, width: 2 }, vec![1, 2]).unwrap();
    for extents in [&[-1, 2][..], &[-1, 1, -1, -1], &[-1, 4, 2, 2]] {
        let inputs: i64 = extents[1..].iter().map(|&extent| extent.max(1)).product();
        let refused = features(extents, &vec![0.0; inputs as usize], (0.0, 1.0), &images).unwrap_err().to_string();
        assert!(refused.contains("n.onnx") && refused.contains("(N, C, H, W)"), "{refused}");
    }
    let infinite = features(&[-1, 1, 1, 2], &[f32::INFINITY, 0.0], (0.0, 1.0), &images).unwrap_err().to_string();
    assert!(infinite.contains("image 0") && infinite.contains("--onnx-range"), "{infinite}");
    let root = TempDir::new().unwrap();
    let path = root.path().join("text.onnx");
    fs::write(&path, "text").unwrap();
    for path in [path, root.path().join("absent.onnx")] {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Err(refused) = Network::load(&path, (0.0, 1.0)) else { panic!("{name}") };
        assert!(refused.to_string().contains(&name), "{refused}");
    }
}
