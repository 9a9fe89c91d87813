//! The potential, its drift, the `flow` loss and every parameter gradient against PyTorch's double backward.

use dfdx::prelude::Cpu;
use std::collections::HashMap;
use std::fs::File;
use vapo_format::{Block, Homotopy, Shape};
use vapo_train::ops::Fused;
use vapo_train::ops::fused::memory::Memory;
use vapo_train::potential::encoder::Encoder;
use vapo_train::potential::parameters::{Layout, Place};
use vapo_train::potential::{Potential, Samples, Seeds};

/// f32 sums of a few hundred terms against f64: measured below 2e-5.
const TOLERANCE: f64 = 1e-4;

struct Golden(HashMap<String, Vec<f64>>);

impl Golden {
    fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/encoder-potential.npz");
        let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
        let mut arrays = HashMap::new();
        for index in 0..archive.len() {
            let file = archive.by_index(index).unwrap();
            let name = file.name().trim_end_matches(".npy").to_owned();
            arrays.insert(name, npyz::NpyFile::new(file).unwrap().into_vec::<f64>().unwrap());
        }
        Golden(arrays)
    }

    fn array(&self, name: &str) -> &[f64] {
        self.0.get(name).unwrap_or_else(|| panic!("no array {name}"))
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        self.array(name).iter().map(|&value| value as f32).collect()
    }

    /// A matrix of ours from a tensor of the peer's: `kind` is `p` for parameters, `g` for their gradients.
    fn matrix(&self, kind: &str, place: &Place, matrix: &str) -> (Vec<f64>, Vec<f64>) {
        let (block, part) = matrix.rsplit_once('.').unwrap_or((matrix, matrix));
        let name = peer_name(block, part);
        let (weight, bias) = (self.array(&format!("{kind}:{name}.weight")), self.array(&format!("{kind}:{name}.bias")));
        let outputs = bias.len();
        // The peer's readout has a second output that nothing uses.
        let used: Vec<usize> = (0..outputs).filter(|&o| part != "readout" || o != 1).collect();
        let taps = match part {
            "conv" | "conv1" | "conv2" => 9,
            "down" => 4,
            _ => 1,
        };
        let inputs = place.shape.rows / taps;
        // (outputs, inputs, taps) there, (taps, inputs, outputs) here.
        let at = |row: usize, o: usize| weight[(o * inputs + row % inputs) * taps + row / inputs];
        let weight = (0..place.shape.rows).flat_map(|row| used.iter().map(move |&o| at(row, o))).collect();
        (weight, used.iter().map(|&o| bias[o]).collect())
    }
}

/// The peer's name of a matrix: of the embedding, of a layer, or of the read-out.
fn peer_name(block: &str, part: &str) -> String {
    const LAYERS: [&str; 8] = ["stem", "level1.0", "down1", "level2.0", "down2", "level3.0", "level3.1", "head"];
    let layer = block.strip_prefix("layers.").map(|layer| LAYERS[layer.parse::<usize>().unwrap()]);
    match (layer, part) {
        (None, "0") => "embed.0".into(),
        (None, "1") => "embed.2".into(),
        (None, part) => part.into(),
        (Some(layer), "conv1" | "conv2" | "film") => format!("{layer}.{part}"),
        (Some(layer), _) => layer.into(),
    }
}

/// `torch_peer.py`'s network of width 2.
fn encoder() -> Encoder {
    use Block::{Conv, Down, Head, Residual};
    let layers = vec![
        Conv { channels: 2 },
        Residual,
        Down { channels: 4 },
        Residual,
        Down { channels: 8 },
        Residual,
        Residual,
        Head { channels: 8 },
    ];
    Encoder {
        image: Shape { channels: 1, height: 8, width: 8 },
        homotopy: Homotopy::Linear,
        embedding: 64,
        classes: 0,
        layers,
    }
}

fn assert_equal(found: &[f32], exact: &[f64], what: &str) {
    assert_eq!(found.len(), exact.len(), "{what}");
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let error = norm(&mut found.iter().zip(exact).map(|(&found, exact)| f64::from(found) - exact));
    let scale = norm(&mut exact.iter().copied());
    assert!(scale > 0.0, "{what} is zero");
    assert!(error <= TOLERANCE * scale, "{what}: relative error {:.1e}", error / scale);
}

#[test]
fn gradients_equal_pytorch_tensor_by_tensor() {
    let (golden, encoder) = (Golden::read(), encoder());
    let (architecture, names) = (encoder.architecture().unwrap(), encoder.matrix_names());
    let layout = Layout::new(&architecture);
    let mut parameters = vec![0.0; layout.len()];
    for (place, name) in layout.matrices.iter().zip(&names) {
        let (weight, bias) = golden.matrix("p", place, name);
        parameters[place.weight()].iter_mut().zip(weight).for_each(|(to, from)| *to = from as f32);
        parameters[place.bias()].iter_mut().zip(bias).for_each(|(to, from)| *to = from as f32);
    }
    let (data, noise, times) = (golden.array("data"), golden.array("noise"), golden.array("time"));
    let size = architecture.signal.elements();
    let path = |i: usize| times[i / size] * data[i] + (1.0 - times[i / size]) * noise[i];
    let images: Vec<f32> = (0..data.len()).map(|i| path(i) as f32).collect();
    let samples_times = golden.floats("time");
    let samples = Samples { images: &images, times: &samples_times, classes: &[], dropout: None };
    let potential = Potential::new(&architecture, &parameters, &Cpu::default());

    let mut memory = Memory::default();
    let found = potential.evaluate::<Fused>(samples, &mut memory);
    assert_equal(&found.potential, golden.array("potential"), "potential");
    assert_equal(&found.drift, golden.array("drift"), "drift");

    // The loss is the mean over batch and pixels of (drift − velocity)².
    let difference: Vec<f32> = (0..data.len()).map(|i| found.drift[i] - (data[i] - noise[i]) as f32).collect();
    let mean = difference.iter().map(|d| f64::from(*d).powi(2)).sum::<f64>() / data.len() as f64;
    assert_equal(&[mean as f32], golden.array("loss"), "loss");
    let drift: Vec<f32> = difference.iter().map(|d| 2.0 * d / data.len() as f32).collect();
    let zeros = vec![0.0; times.len()];
    let seeds = Seeds { potential: &zeros, drift: &drift, time_rate: &zeros };
    let gradient = potential.gradient::<Fused>(samples, seeds, &mut memory);
    for (place, name) in layout.matrices.iter().zip(&names) {
        let (weight, bias) = golden.matrix("g", place, name);
        assert_equal(&gradient[place.weight()], &weight, &format!("gradient of {name}.weight"));
        assert_equal(&gradient[place.bias()], &bias, &format!("gradient of {name}.bias"));
    }
}
