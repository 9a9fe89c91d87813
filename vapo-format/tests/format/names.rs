//! Names, as users read and write them.

use crate::models::digits;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NotAName, MapAccessDeserializer, MapDeserializer, StrDeserializer, UnitDeserializer};
use vapo_format::layer::{Add, Concat, Conv, Readout, Signal, Silu, SpaceToDepth, Time, Up};
use vapo_format::{Arithmetic, Block, Encoding, Homotopy, Layer, MatrixShape, Shape};

fn parsed<'n, T: Deserialize<'n>>(name: &'n str) -> Result<T, NotAName> {
    let deserializer: StrDeserializer<'n, NotAName> = name.into_deserializer();
    T::deserialize(deserializer)
}

#[test]
fn names_are_those_of_configurations() {
    for (homotopy, name) in [(Homotopy::Linear, "linear"), (Homotopy::Bayes, "bayes")] {
        assert_eq!(homotopy.to_string(), name);
        assert_eq!(name.parse(), Ok(homotopy));
        assert_eq!(parsed(name), Ok(homotopy));
    }
    let encodings = [
        (Encoding::Int8, "int8", Arithmetic::Float, 8),
        (Encoding::Float32, "float32", Arithmetic::Float, 32),
        (Encoding::Integer, "integer", Arithmetic::Integer, 8),
        (Encoding::Int6, "int6", Arithmetic::Float, 6),
        (Encoding::Int4, "int4", Arithmetic::Float, 4),
        (Encoding::Integer6, "integer6", Arithmetic::Integer, 6),
        (Encoding::Integer4, "integer4", Arithmetic::Integer, 4),
    ];
    assert_eq!(Encoding::ALL, encodings.map(|(encoding, ..)| encoding));
    for (encoding, name, arithmetic, bits) in encodings {
        assert_eq!(encoding.arithmetic(), arithmetic);
        assert_eq!(encoding.bits().map_or(32, |bits| bits.count()), bits);
        assert_eq!(encoding.bits().map_or(encoding, |bits| Encoding::of(arithmetic, bits)), encoding);
        assert_eq!(encoding.to_string(), name);
        assert_eq!(name.parse(), Ok(encoding));
        assert_eq!(parsed(name), Ok(encoding));
    }
    assert_eq!([Arithmetic::Float, Arithmetic::Integer].map(|it| it.to_string()), ["float", "integer"]);
    assert_eq!("Linear".parse::<Homotopy>().unwrap_err().to_string(), "expected linear or bayes");
    assert_eq!(
        "int5".parse::<Encoding>().unwrap_err().to_string(),
        "expected int8, float32, integer, int6, int4, integer6 or integer4"
    );
    assert_eq!(parsed("space-to-depth"), Ok(Block::SpaceToDepth));
    assert_eq!(parsed("residual"), Ok(Block::Residual));
}

#[test]
fn blocks_are_named_with_their_channels() {
    let blocks: Vec<_> = digits().blocks.iter().map(Block::to_string).collect();
    assert_eq!(blocks, ["conv 8", "residual", "down 16", "residual", "down 32", "residual", "head 32"]);
    assert_eq!(Block::SpaceToDepth.to_string(), "space-to-depth");
}

#[test]
fn layers_are_named_with_their_attributes() {
    let conv = |window, stride, channels| Conv { window, stride, channels }.into();
    let layers: [(Layer, &str); 18] = [
        (Signal.into(), "signal"),
        (Time { features: 32 }.into(), "time 32"),
        (Conv::same3x3(8).into(), "conv 3×3 8"),
        (Conv::down2x2(8).into(), "down 2×2 8"),
        (Conv::linear(8).into(), "linear 8"),
        (conv([1, 3], [1, 1], 4), "conv 1×3 4"),
        (conv([5, 7], [1, 1], 4), "conv 5×7 4"),
        (conv([2, 1], [2, 1], 4), "down 2×1 4"),
        (conv([3, 3], [3, 3], 4), "down 3×3 4"),
        (Silu.into(), "silu"),
        (Add.into(), "add"),
        (SpaceToDepth.into(), "space-to-depth"),
        (Readout.into(), "readout"),
        (Conv::same1x3(8).into(), "conv 1×3 8"),
        (Conv::down1x2(8).into(), "down 1×2 8"),
        (Up::BOTH.into(), "up 2×2"),
        (Up::ALONG.into(), "up 1×2"),
        (Concat.into(), "concat"),
    ];
    for (layer, name) in layers {
        assert_eq!(layer.to_string(), name);
    }
    assert_eq!(Shape { channels: 3, height: 32, width: 64 }.to_string(), "32×64×3");
    assert_eq!(MatrixShape { node: 7, window: [1, 1], rows: 1, columns: 2 }.to_string(), "nodes.7");
}

/// In a text, a layer is its kind's name with its attributes.
#[test]
fn layers_read_by_the_names_of_their_kinds() {
    let without: [(Layer, &str); 6] = [
        (Signal.into(), "signal"),
        (Silu.into(), "silu"),
        (Add.into(), "add"),
        (SpaceToDepth.into(), "space-to-depth"),
        (Readout.into(), "readout"),
        (Concat.into(), "concat"),
    ];
    for (layer, name) in without {
        let entry: MapDeserializer<'_, _, NotAName> =
            MapDeserializer::new([(name, UnitDeserializer::new())].into_iter());
        assert_eq!(Layer::deserialize(MapAccessDeserializer::new(entry)), Ok(layer));
    }
    let time = |attribute| {
        let attributes: MapDeserializer<'_, _, NotAName> = MapDeserializer::new([(attribute, 6_u8)].into_iter());
        let entry: MapDeserializer<'_, _, NotAName> = MapDeserializer::new([("time", attributes)].into_iter());
        Layer::deserialize(MapAccessDeserializer::new(entry))
    };
    assert_eq!(time("features"), Ok(Time { features: 6 }.into()));
    assert!(time("frequencies").is_err());
}
