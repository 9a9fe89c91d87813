//! Distances between sets of features against SciPy, and against the formulas of pytorch-fid and torch-fidelity; detection of
//! anomalies against scikit-learn.

use std::collections::HashMap;
use std::fs::{self, File};
use vapo_train::evaluation::detection::{Confusion, auroc, average_precision};
use vapo_train::evaluation::{Features, Moments, kernel_distance, rank_sum, statistics};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/evaluation.npz");
const DETECTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/detection.npz");

struct Golden(HashMap<String, Vec<f64>>);

impl Golden {
    fn read(path: &str) -> Self {
        let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
        let mut arrays = HashMap::new();
        for index in 0..archive.len() {
            let file = archive.by_index(index).unwrap();
            let name = file.name().trim_end_matches(".npy").to_owned();
            let array = npyz::NpyFile::new(file).unwrap();
            let values = match array.dtype().descr().contains("f4") {
                true => array.into_vec::<f32>().unwrap().into_iter().map(f64::from).collect(),
                false => array.into_vec().unwrap(),
            };
            arrays.insert(name, values);
        }
        Golden(arrays)
    }

    fn number(&self, name: &str) -> f64 {
        self.0[name][0]
    }

    /// The first `rows` rows of six features.
    fn features(&self, name: &str, rows: usize) -> Features {
        Features::new(6, self.0[name][..6 * rows].iter().map(|&value| value as f32).collect()).unwrap()
    }

    fn moments(&self, name: &str, rows: usize) -> Moments {
        Moments::of(self.features(name, rows).values(), 6).unwrap()
    }
}

fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{what}: {found} is not {expected}");
}

#[test]
fn moments_are_those_of_numpy() {
    let golden = Golden::read(GOLDEN);
    for (name, rows) in [("a", 300), ("b", 250)] {
        let moments = golden.moments(name, rows);
        let pairs = [
            (moments.mean(), &golden.0[&format!("mu_{name}")]),
            (moments.covariance(), &golden.0[&format!("sigma_{name}")]),
        ];
        for (found, expected) in pairs {
            assert_eq!(found.len(), expected.len());
            assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
        }
    }
}

#[test]
fn the_frechet_distance_is_scipys() {
    let golden = Golden::read(GOLDEN);
    let (a, b) = (golden.moments("a", 300), golden.moments("b", 250));
    assert_close(a.distance(&b).unwrap(), golden.number("frechet"), 1e-9, "distance");
    assert_close(b.distance(&a).unwrap(), golden.number("frechet"), 1e-9, "distance back");
    // Five rows for six features: pytorch-fid adds 1e-6 to the diagonals there, this project needs nothing.
    let (a, b) = (golden.moments("a", 5), golden.moments("b", 5));
    assert!(a.is_singular() && b.is_singular());
    assert_close(a.distance(&b).unwrap(), golden.number("singular"), 1e-3, "distance without full rank");
}

#[test]
fn the_kernel_distance_is_torch_fidelitys() {
    let golden = Golden::read(GOLDEN);
    // As many of both: the one subset is all there is.
    let found = kernel_distance(&golden.features("a", 250), &golden.features("b", 250), 0).unwrap();
    assert_eq!(found.subsets, 1);
    assert_close(found.mean, golden.number("mmd"), 1e-10, "kernel distance");
}

#[test]
fn the_rank_sum_is_scipys() {
    let golden = Golden::read(GOLDEN);
    let found = rank_sum(&golden.0["x"], &golden.0["y"]).unwrap();
    assert_eq!(found.statistic, golden.number("u"));
    assert_close(found.p_value, golden.number("p"), 1e-12, "p-value");
}

#[test]
fn statistics_that_numpy_wrote_are_read() {
    let golden = Golden::read(GOLDEN);
    // The arrays of the archive under pytorch-fid's names.
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("reference.npz");
    let mut archive = zip::ZipArchive::new(File::open(GOLDEN).unwrap()).unwrap();
    let mut renamed = zip::ZipWriter::new(File::create(&path).unwrap());
    for (from, to) in [("mu_a.npy", "mu.npy"), ("sigma_a.npy", "sigma.npy")] {
        renamed
            .start_file(
                to,
                zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated),
            )
            .unwrap();
        std::io::copy(&mut archive.by_name(from).unwrap(), &mut renamed).unwrap();
    }
    renamed.finish().unwrap();
    let reference = statistics::read(&path).unwrap();
    let samples = golden.moments("b", 250);
    assert_close(samples.distance(&reference).unwrap(), golden.number("frechet"), 1e-9, "distance");
    fs::write(&path, statistics::to_bytes(&samples)).unwrap();
    assert_eq!(statistics::read(&path).unwrap().covariance(), samples.covariance());
}

/// Ties included.
#[test]
fn detection_is_scikit_learns() {
    let golden = Golden::read(DETECTION);
    let labels: Vec<bool> = golden.0["labels"].iter().map(|label| *label == 1.0).collect();
    for name in ["ties", "floats"] {
        let scores: Vec<f32> = golden.0[name].iter().map(|score| *score as f32).collect();
        let number = |what: &str| golden.number(&format!("{name}_{what}"));
        assert_close(auroc(&scores, &labels).unwrap(), number("auroc"), 1e-12, name);
        assert_close(average_precision(&scores, &labels).unwrap(), number("ap"), 1e-12, name);
        let Confusion { true_positives, false_positives, true_negatives, false_negatives } =
            Confusion::at(number("threshold") as f32, &scores, &labels);
        let found = [true_negatives, false_positives, false_negatives, true_positives].map(|count| count as f64);
        assert_eq!(found[..], golden.0[&format!("{name}_confusion")], "{name}");
    }
}
