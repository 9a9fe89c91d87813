//! Rules of architectures, and the shapes and counts that follow from one.

#![allow(clippy::disallowed_methods)] // rounded to f32, which no system's last digit changes

use crate::models::{digits, example};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NotAName, StrDeserializer};
use vapo_format::ArchitectureError::{Activation, Extent, Head, OddExtent};
use vapo_format::architecture::{FREQUENCIES, MAX_LAYERS, TIME_FEATURES};
use vapo_format::{Architecture, ArchitectureError, Encoding, Homotopy, Layer, Shape};

const CONV: Layer = Layer::Conv { channels: 8 };
const DOWN: Layer = Layer::Down { channels: 8 };
const HEAD: Layer = Layer::Head { channels: 8 };

fn architecture((channels, height, width): (u16, u16, u16), embedding: u16, layers: &[Layer]) -> Architecture {
    Architecture {
        image: Shape { channels, height, width },
        homotopy: Homotopy::Linear,
        embedding,
        layers: layers.iter().copied().collect(),
    }
}

/// Channels, height and width of the image; embedding; layers; what validation says.
type Case<'l> = ((u16, u16, u16), u16, &'l [Layer], Result<(), ArchitectureError>);

#[test]
fn rules() {
    use Layer::{Residual, SpaceToDepth};
    let most = [[Residual; MAX_LAYERS - 1].as_slice(), &[HEAD]].concat();
    #[rustfmt::skip]
    let table: &[Case] = &[
        ((1, 1, 1), 1, &[HEAD], Ok(())),
        ((1, 1, 1), 1, &most, Ok(())),
        ((1, 1024, 1024), 1024, &[HEAD], Ok(())),
        ((16, 1024, 1024), 1024, &[Residual, Layer::Head { channels: 16 }], Ok(())),
        ((1024, 128, 128), 1, &[Layer::Head { channels: 1024 }], Ok(())),
        ((256, 2, 2), 1, &[SpaceToDepth, HEAD], Ok(())),
        ((1, 4, 4), 1, &[DOWN, SpaceToDepth, HEAD], Ok(())),
        // Extents
        ((1, 1, 1), 0, &[HEAD], Err(Extent { found: 0 })),
        ((1, 1, 1), 1025, &[HEAD], Err(Extent { found: 1025 })),
        ((0, 1, 1), 1, &[HEAD], Err(Extent { found: 0 })),
        ((1, 0, 1), 1, &[HEAD], Err(Extent { found: 0 })),
        ((1, 1, 0), 1, &[HEAD], Err(Extent { found: 0 })),
        ((1025, 1, 1), 1, &[HEAD], Err(Extent { found: 1025 })),
        ((1, 65535, 1), 1, &[HEAD], Err(Extent { found: 65535 })),
        ((1, 1, 65535), 1, &[HEAD], Err(Extent { found: 65535 })),
        ((65535, 65535, 65535), 1, &[HEAD], Err(Extent { found: 65535 })),
        ((1, 1, 1), 1, &[Layer::Conv { channels: 0 }, HEAD], Err(Extent { found: 0 })),
        ((1, 1, 1), 1, &[Layer::Conv { channels: 1025 }, HEAD], Err(Extent { found: 1025 })),
        ((1, 2, 2), 1, &[Layer::Down { channels: 0 }, HEAD], Err(Extent { found: 0 })),
        ((1, 1, 1), 1, &[Layer::Head { channels: 65535 }], Err(Extent { found: 65535 })),
        ((257, 2, 2), 1, &[SpaceToDepth, HEAD], Err(Extent { found: 1028 })),
        // Activations
        ((17, 1024, 1024), 1, &[HEAD], Err(Activation { elements: 17 << 20 })),
        ((1024, 1024, 1024), 1, &[HEAD], Err(Activation { elements: 1 << 30 })),
        ((1, 1024, 1024), 1, &[Layer::Conv { channels: 17 }, HEAD], Err(Activation { elements: 17 << 20 })),
        ((1, 1024, 1024), 1, &[Layer::Head { channels: 1024 }], Err(Activation { elements: 1 << 30 })),
        // Halving
        ((1, 3, 2), 1, &[DOWN, HEAD], Err(OddExtent { height: 3, width: 2 })),
        ((1, 2, 3), 1, &[SpaceToDepth, HEAD], Err(OddExtent { height: 2, width: 3 })),
        ((1, 1, 1), 1, &[DOWN, HEAD], Err(OddExtent { height: 1, width: 1 })),
        ((1, 6, 6), 1, &[DOWN, DOWN, HEAD], Err(OddExtent { height: 3, width: 3 })),
        // Head
        ((1, 1, 1), 1, &[], Err(Head)),
        ((1, 1, 1), 1, &[CONV], Err(Head)),
        ((1, 1, 1), 1, &[HEAD, HEAD], Err(Head)),
        ((1, 1, 1), 1, &[HEAD, Residual], Err(Head)),
    ];
    for (image, embedding, layers, expected) in table {
        let architecture = architecture(*image, *embedding, layers);
        assert_eq!(architecture.validate(), *expected, "{architecture:?}");
    }
}

#[test]
fn frequencies_are_geometric() {
    for (i, &frequency) in FREQUENCIES.iter().enumerate() {
        assert_eq!(frequency, (2.0 * 100_f64.powf(i as f64 / 15.0)) as f32, "frequency {i}");
    }
    assert_eq!(TIME_FEATURES, 32);
}

#[test]
fn matrices_of_the_digits_potential() {
    let expected = [
        ("embedding.0", 32, 16),
        ("embedding.1", 16, 16),
        ("layers.0.conv", 9, 8),
        ("layers.1.conv1", 72, 8),
        ("layers.1.film", 16, 16),
        ("layers.1.conv2", 72, 8),
        ("layers.2.down", 32, 16),
        ("layers.3.conv1", 144, 16),
        ("layers.3.film", 16, 32),
        ("layers.3.conv2", 144, 16),
        ("layers.4.down", 64, 32),
        ("layers.5.conv1", 288, 32),
        ("layers.5.film", 16, 64),
        ("layers.5.conv2", 288, 32),
        ("layers.6.head", 32, 32),
        ("readout", 16, 33),
    ];
    let found: Vec<_> = digits().matrices().map(|m| (m.name.to_string(), m.rows, m.columns)).collect();
    assert_eq!(found, expected.map(|(name, rows, columns)| (name.to_string(), rows, columns)));
    // 30,936 weights and 377 biases.
    assert_eq!(digits().parameters(), 31_313);
}

#[test]
fn walk_of_every_layer_kind() {
    use Layer::{Residual, SpaceToDepth};
    let shape = |channels, height, width| Shape { channels, height, width };
    let shapes: Vec<_> = architecture((3, 8, 4), 1, &[SpaceToDepth, CONV, Residual, DOWN, HEAD])
        .walk()
        .map(|(_, _, output)| output)
        .collect();
    assert_eq!(shapes, [shape(12, 4, 2), shape(8, 4, 2), shape(8, 4, 2), shape(8, 2, 1), shape(8, 2, 1)]);
    // Ends before the layer that does not fit.
    assert_eq!(architecture((1, 6, 6), 1, &[DOWN, DOWN, HEAD]).walk().count(), 1);
}

#[test]
fn multiply_accumulates_by_hand() {
    // Example: 2×3 pixels; embedding 32·1 + 1·1, conv 6·9·1, head 6·1·1, readout 1·2.
    assert_eq!(example().0.multiply_accumulates(), 33 + 54 + 6 + 2);
    // 4×4×1, embedding 2: 32·2 + 2·2; down to 2×2×3: 4·(4·3); residual: 2·4·(27·3) + film 2·6; head 4·(3·5);
    // readout 2·6.
    let layers = [Layer::Down { channels: 3 }, Layer::Residual, Layer::Head { channels: 5 }];
    assert_eq!(architecture((1, 4, 4), 2, &layers).multiply_accumulates(), 68 + 48 + 648 + 12 + 60 + 12);
}

/// 2²⁴ elements × 9,216 taps is beyond 32 bits.
#[test]
fn multiply_accumulates_of_the_widest_convolution() {
    let widest = architecture((1024, 128, 128), 1, &[Layer::Conv { channels: 1024 }, Layer::Head { channels: 1 }]);
    assert_eq!(widest.validate(), Ok(()));
    assert_eq!(widest.multiply_accumulates(), (1 << 24) * 9216 + (1 << 24) + 33 + 2);
}

/// No method overflows for an architecture that validation would refuse.
#[test]
fn counts_of_invalid_architectures_are_finite() {
    let all = u16::MAX;
    for layers in
        [[Layer::Residual; MAX_LAYERS], [Layer::Conv { channels: all }; MAX_LAYERS], [Layer::SpaceToDepth; MAX_LAYERS]]
    {
        let architecture = architecture((all, all, all), all, &layers);
        assert!(architecture.validate().is_err());
        assert!(architecture.image.elements() >= 1 << 31);
        // No layer fits, which leaves the embedding and a readout of one column: above 2³² parameters.
        let all = u64::from(all);
        let parameters = 33 * all + (all + 1) * all + (all + 1);
        assert_eq!(architecture.parameters(), usize::try_from(parameters).unwrap_or(usize::MAX));
        assert_eq!(architecture.multiply_accumulates(), 32 * all + all * all + all);
    }
}

#[test]
fn names_are_those_of_configurations() {
    fn parsed<'n, T: Deserialize<'n>>(name: &'n str) -> Result<T, NotAName> {
        let deserializer: StrDeserializer<'n, NotAName> = name.into_deserializer();
        T::deserialize(deserializer)
    }
    for (homotopy, name) in [(Homotopy::Linear, "linear"), (Homotopy::Bayes, "bayes")] {
        assert_eq!(homotopy.to_string(), name);
        assert_eq!(name.parse(), Ok(homotopy));
        assert_eq!(parsed(name), Ok(homotopy));
    }
    for (encoding, name) in [(Encoding::Int8, "int8"), (Encoding::Float32, "float32")] {
        assert_eq!(encoding.to_string(), name);
        assert_eq!(name.parse(), Ok(encoding));
        assert_eq!(parsed(name), Ok(encoding));
    }
    assert_eq!("Linear".parse::<Homotopy>().unwrap_err().to_string(), "expected linear or bayes");
    assert_eq!("int4".parse::<Encoding>().unwrap_err().to_string(), "expected int8 or float32");
    let layers: Vec<_> = digits().layers.iter().map(Layer::to_string).collect();
    assert_eq!(layers, ["conv 8", "residual", "down 16", "residual", "down 32", "residual", "head 32"]);
    assert_eq!(Layer::SpaceToDepth.to_string(), "space-to-depth");
    assert_eq!(Shape { channels: 3, height: 32, width: 64 }.to_string(), "32×64×3");
}
