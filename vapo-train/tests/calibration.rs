//! Integer arithmetic on the trained digits: how far it is from float arithmetic on the same weights, what it saturates, and
//! whether it judges the same.

use vapo_format::Model;
use vapo_train::calibration::inputs::Images;
use vapo_train::calibration::measure::{Measured, measure};
use vapo_train::calibration::{Calibrated, Settings, integer_model};
use vapo_train::dataset::{Dataset, Source, Split};
use vapo_train::sampling::anomaly::{ScoredImages, TIME, auroc, energies, share_above, threshold};

const INT8: &[u8] = include_bytes!("../../vapo-sampler/tests/version-1/digits.vapo");

fn digits(split: Split) -> Dataset {
    Dataset::load(Source::Digits, split, None).unwrap()
}

fn calibrated(headroom: f32) -> (Calibrated, Measured) {
    let model = Model::parse(INT8).unwrap();
    let settings = Settings { headroom, ..Settings::default() };
    let images = Images::new(&model, Some(&digits(Split::Train)), &settings).unwrap();
    let found = integer_model(&model, &images, &settings, || ()).unwrap();
    let (float, integer) = (Model::parse(&found.float).unwrap(), Model::parse(&found.file).unwrap());
    let measured = measure(&float, &integer, &images, &settings).unwrap();
    (found, measured)
}

#[test]
fn the_drift_of_integers_is_that_of_floats_to_five_digits_and_nothing_saturates() {
    let (found, measured) = calibrated(2.0);
    assert!(found.coarser.is_empty());
    let Measured { mean_cosine, least_cosine, saturated, saturated_on_no_data, .. } = measured;
    println!("cosine {mean_cosine} (least {least_cosine})");
    // Measured: 0.999997, 0.99997.
    assert!(mean_cosine > 0.999_99 && least_cosine > 0.9999, "{mean_cosine}, {least_cosine}");
    assert_eq!((saturated, saturated_on_no_data), (0, 0));
    assert!(measured.tensors.iter().filter_map(|tensor| tensor.headroom).all(|headroom| headroom > 1.2));
    assert!(measured.steps.iter().all(|step| step.error < 0.02), "{:?}", measured.steps);
}

/// With half the room that was seen, values have none.
#[test]
fn what_has_no_room_is_counted_where_it_is() {
    let (_, measured) = calibrated(0.25);
    assert!(measured.saturated > 0 && measured.saturated_on_no_data > 0);
    let of_tensors: u64 = measured.tensors.iter().map(|tensor| tensor.saturated).sum();
    assert_eq!(of_tensors, measured.saturated);
    for tensor in measured.tensors.iter().filter(|tensor| tensor.saturated > 0) {
        // SiLU's output is a little less than what it is of.
        assert!(tensor.headroom.is_some_and(|headroom| headroom < 1.05), "{tensor:?}");
    }
    assert!(measured.least_cosine < 0.9999, "{}", measured.least_cosine);
}

#[test]
fn anomalies_are_told_as_in_float_arithmetic() {
    let (found, _) = calibrated(2.0);
    let test = digits(Split::Test);
    let shape = test.shape();
    // Turned upside down: exactly their pixels, and hard to tell.
    let turned = (0..test.len())
        .flat_map(|index| test.images().unwrap().image(index).iter().rev().copied().collect::<Vec<u8>>());
    let turned = Dataset::new("turned", shape, 16, turned.collect(), None).unwrap();
    let noise = ScoredImages::Noise { shape, count: test.len(), seed: 1 };
    let sets = [ScoredImages::Dataset(&test), ScoredImages::Dataset(&turned), ScoredImages::permuted(&test, 1), noise];
    let scored = |file: &[u8]| {
        let model = Model::parse(file).unwrap();
        sets.each_ref().map(|images| energies(&model, images, TIME, || ()).unwrap())
    };
    let (float, integer) = (scored(&found.float), scored(&found.file));
    assert_ne!(float[0], integer[0]);
    for other in 1..sets.len() {
        let [in_float, in_integers] = [&float, &integer].map(|scored| auroc(&scored[0], &scored[other]));
        println!("AUROC {in_float} in float, {in_integers} in integer arithmetic");
        assert!((in_float - in_integers).abs() < 0.005, "{other}: {in_float} and {in_integers}");
    }
    // A threshold fitted by either arithmetic lets as many through.
    let [in_float, in_integers] = [&float, &integer].map(|scored| threshold(&scored[0], 0.05));
    println!("threshold {in_float} in float, {in_integers} in integer arithmetic");
    let shares = [&float, &integer].map(|scored| share_above(&scored[0], in_integers));
    assert!(shares[1] <= 0.05 && (shares[0] - shares[1]).abs() < 0.005, "{shares:?}");
}
