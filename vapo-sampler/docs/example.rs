// Models for the examples of the documentation, which include this file: small and untrained.

use vapo_format::writer::{Values, file_bytes};
use vapo_format::{Block, Encoding, Homotopy, Shape, Writer, encoder};

/// Of images of 8×8 and two classes.
pub fn model() -> Vec<u8> {
    file(Shape { channels: 1, height: 8, width: 8 }, 2)
}

/// Of a series: windows of 16 readings of one channel.
pub fn series() -> Vec<u8> {
    file(Shape { channels: 1, height: 1, width: 16 }, 0)
}

fn file(signal: Shape, classes: u16) -> Vec<u8> {
    let blocks = [Block::Conv { channels: 4 }, Block::Residual, Block::Head { channels: 4 }];
    let architecture = encoder::conditional(signal, Homotopy::Linear, 8, classes, &blocks).unwrap();
    let mut bytes = vec![0; file_bytes(&architecture, Encoding::Float32).unwrap()];
    let mut writer = Writer::new(&mut bytes, &architecture, Encoding::Float32).unwrap();
    for shape in architecture.matrices() {
        let weights: Vec<f32> = (0..shape.rows * shape.columns).map(|index| 0.01 * (index % 7) as f32 - 0.02).collect();
        writer.matrix(&vec![0.0; shape.columns], Values::Float32(&weights)).unwrap();
    }
    writer.finish().unwrap();
    bytes
}
