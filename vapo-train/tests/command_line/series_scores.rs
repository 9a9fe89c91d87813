//! `vapo-train score` of a series.

use crate::models::{SERIES, write_series_model};
use crate::program::{names, png_extent, vapo_train};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::architecture::MAX_NODES;
use vapo_format::{Model, Shape};
use vapo_sampler::{PlanFor, Sampler, Solver};
use vapo_train::evaluation::detection::readings::anomalous_windows;
use vapo_train::evaluation::detection::{Confusion, auroc, average_precision, reading_scores};
use vapo_train::sampling::anomaly::threshold;

/// Readings of the series; those of its test split begin at the other.
const READINGS: usize = 1000;
const TEST: usize = 800;
/// Readings that are anomalous: all in the test split.
const FAULT: std::ops::Range<usize> = 900..912;

/// Raw readings of two channels.
fn reading(at: usize) -> [f32; 2] {
    let turn = at as f32 * 0.3;
    let fault = if FAULT.contains(&at) { 40.0 } else { 0.0 };
    [20.0 + 5.0 * libm::sinf(turn) + fault, 500.0 + 90.0 * libm::cosf(turn)]
}

fn root() -> (TempDir, Vec<u8>) {
    let root = TempDir::new().unwrap();
    let mut text = "x,y,fault\n".to_owned();
    for at in 0..READINGS {
        let [x, y] = reading(at);
        let _ = writeln!(text, "{x},{y},{}", u8::from(FAULT.contains(&at)));
    }
    fs::write(root.path().join("machine.csv"), text).unwrap();
    let file = write_series_model(&root.path().join("m.vapo"), SERIES);
    (root, file)
}

/// What a device computes for windows of raw readings that start at these.
fn energies(file: &[u8], starts: &[usize], time: f32) -> Vec<f32> {
    let model = Model::parse(file).unwrap();
    let plan = PlanFor::<MAX_NODES>::new(&model).unwrap();
    let mut memory = vec![0.0; plan.elements_with(Solver::Euler)];
    let mut sampler = Sampler::new(&model, &plan, Solver::Euler, &mut memory).unwrap();
    let width = usize::from(model.signal().width);
    let value = |at: usize| [0, 1].map(|channel| model.scaling(channel).value(reading(at)[channel]));
    let window = |start: usize| (start..start + width).flat_map(value).collect::<Vec<f32>>();
    starts.iter().map(|start| sampler.image_energy(&window(*start), time).unwrap().unwrap()).collect()
}

/// Starts of the windows in a part.
fn starts(part: std::ops::Range<usize>) -> Vec<usize> {
    (part.start..).step_by(8).take_while(|start| start + 32 <= part.end).collect()
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn near(found: &Value, expected: f64) -> bool {
    (found.as_f64().unwrap() - expected).abs() <= 1e-9 * expected.abs()
}

const SCORE: &str = "score --model m.vapo --dataset series --data-dir machine.csv --labels fault";

#[test]
fn energies_are_those_of_the_device_and_a_line_a_window() {
    let (root, file) = root();
    for (options, time) in [("", 0.9), ("--time 0.5 --threads 1", 0.5)] {
        vapo_train(root.path(), &format!("{SCORE} {options} --out s.csv --force")).succeeded();
        let starts = starts(TEST..READINGS);
        let mut expected = "part,start,end,energy,anomalous\n".to_owned();
        for (start, energy) in starts.iter().zip(energies(&file, &starts, time)) {
            let label = u8::from(start + 32 > FAULT.start && *start < FAULT.end);
            let _ = writeln!(expected, "machine.csv,{start},{},{energy},{label}", start + 32);
        }
        assert_eq!(fs::read_to_string(root.path().join("s.csv")).unwrap(), expected, "{options}");
    }
}

#[test]
fn what_is_detected_is_on_the_card() {
    let (root, file) = root();
    let told = vapo_train(root.path(), &format!("{SCORE} --fpr 0.2 --rate 64 --out s.csv")).succeeded().output;
    let starts = starts(TEST..READINGS);
    let energies_of_test = energies(&file, &starts, 0.9);
    let labels: Vec<bool> = (TEST..READINGS).map(|at| FAULT.contains(&at)).collect();
    let within: Vec<usize> = starts.iter().map(|start| start - TEST).collect();
    let (mut scores, mut known) = (Vec::new(), Vec::new());
    for (score, label) in reading_scores(READINGS - TEST, &within, 32, &energies_of_test).into_iter().zip(&labels) {
        // The last windows end before the last readings.
        if let Some(score) = score {
            scores.push(score);
            known.push(*label);
        }
    }
    let windows = anomalous_windows(&labels, &within, 32);
    let results = read_json(&root.path().join("s.csv.json"))["results"].take();
    for (what, scores, labels) in [("readings", &scores, &known), ("windows", &energies_of_test, &windows)] {
        assert!(near(&results[what]["auroc"], auroc(scores, labels).unwrap()), "{what}: {results}");
        assert!(near(&results[what]["average_precision"], average_precision(scores, labels).unwrap()), "{what}");
        assert_eq!(results[what]["anomalies"], labels.iter().filter(|label| **label).count(), "{what}");
    }
    // The threshold is of the valid split, which has no anomaly.
    let limit = threshold(&energies(&file, &self::starts(700..TEST), 0.9), 0.2);
    assert!(near(&results["threshold"]["energy"], limit.to_string().parse().unwrap()), "{results}");
    let confusion = Confusion::at(limit, &energies_of_test, &windows);
    assert_eq!(results["threshold"]["judgement"]["confusion"], json!(confusion));
    let normal = energies_of_test.iter().zip(&windows).filter(|(_, anomalous)| !**anomalous).count();
    let alarms = &results["threshold"]["false_alarms"];
    assert_eq!((&alarms["windows"], &alarms["above"]), (&json!(normal), &json!(confusion.false_positives)));
    let a_day = alarms["runs"].as_f64().unwrap() / normal as f64 * 86_400.0 * 64.0 / 8.0;
    assert!(near(&results["threshold"]["false_alarms_a_day"], a_day), "{results}");
    let greatest = energies_of_test.iter().copied().fold(f32::MIN, f32::max);
    let top = starts[energies_of_test.iter().position(|energy| *energy == greatest).unwrap()];
    assert_eq!(results["top_window"]["readings"], json!({"start": top, "end": top + 32}));
    for part in ["AUROC ", " a reading, ", "1 found; ", "(UCR's rule)", " a day at 64 Hz, a verdict every 8 readings"] {
        assert!(told.contains(part), "no {part:?} in: {told}");
    }
}

#[test]
fn arrays_hold_windows_and_readings() {
    let (root, file) = root();
    vapo_train(root.path(), &format!("{SCORE} --out s.npz")).succeeded();
    let mut archive = zip::ZipArchive::new(fs::File::open(root.path().join("s.npz")).unwrap()).unwrap();
    let mut floats = |name: &str| {
        let array = npyz::NpyFile::new(archive.by_name(&format!("{name}.npy")).unwrap()).unwrap();
        array.into_vec::<f32>().unwrap()
    };
    let starts = starts(TEST..READINGS);
    assert_eq!(floats("energies"), energies(&file, &starts, 0.9));
    let scores = floats("scores");
    // 200 readings: 22 windows reach to the 200th but for none, since 168 + 32 is 200.
    assert!(scores.len() == 200 && scores.iter().all(|score| score.is_finite()), "{scores:?}");
    let array = npyz::NpyFile::new(archive.by_name("window_starts.npy").unwrap()).unwrap();
    let found: Vec<i64> = array.into_vec().unwrap();
    assert_eq!(found, starts.iter().map(|start| *start as i64).collect::<Vec<_>>());
    let array = npyz::NpyFile::new(archive.by_name("anomalous.npy").unwrap()).unwrap();
    let found: Vec<bool> = array.into_vec().unwrap();
    assert_eq!(found.iter().filter(|label| **label).count(), FAULT.len());
}

#[test]
fn the_picture_is_the_same_every_time() {
    let (root, _) = root();
    let draw = |name: &str, options: &str| {
        let line = format!("{SCORE} --out s.csv --picture {name} --force {options}");
        assert!(vapo_train(root.path(), &line).succeeded().output.contains(&format!("picture        {name}")));
        fs::read(root.path().join(name)).unwrap()
    };
    let (first, second) = (draw("a.png", ""), draw("b.png", "--threads 1"));
    assert_eq!(first, second);
    assert!(draw("c.png", "--split train") != first);
    let (width, height) = png_extent(&root.path().join("a.png"));
    assert!(width > 1000 && height > 300, "{width} {height}");
}

#[test]
fn a_threshold_goes_into_a_copy_of_the_model() {
    let (root, file) = root();
    vapo_train(root.path(), &format!("{SCORE} --write-threshold t.vapo --out s.csv")).succeeded();
    let written = fs::read(root.path().join("t.vapo")).unwrap();
    let found = Model::parse(&written).unwrap().threshold().unwrap();
    let limit = threshold(&energies(&file, &starts(700..TEST), 0.9), 0.01);
    assert_eq!((found.energy, found.time, found.false_positive_rate), (limit, 0.9, 0.01));
    // Its own time and threshold are those of the copy.
    let line = SCORE.replace("m.vapo", "t.vapo");
    let told = vapo_train(root.path(), &format!("{line} --out t.json")).succeeded().output;
    assert!(told.contains("time           0.9\n") && told.contains(&format!("model's own    {limit}, for")), "{told}");
}

/// Without labels all windows are taken to be normal. Without a valid split, the windows trained on are held out.
#[test]
fn what_is_not_known_is_said() {
    let (root, _) = root();
    let line = SCORE.replace("--labels fault", "--columns x,y");
    let told = vapo_train(root.path(), &format!("{line} --out s.json")).succeeded().output;
    for part in ["AUROC          not known", "--labels COLUMN", "all taken to be normal", "--rate HZ"] {
        assert!(told.contains(part), "no {part:?} in: {told}");
    }
    let found = read_json(&root.path().join("s.json"));
    assert!(found.get("against").is_none() && found["energies"].as_array().unwrap().len() == 22);
    fs::create_dir(root.path().join("folder")).unwrap();
    for name in ["TRAIN.csv", "TEST.csv"] {
        fs::copy(root.path().join("machine.csv"), root.path().join("folder").join(name)).unwrap();
    }
    let line = SCORE.replace("machine.csv", "folder");
    let told = vapo_train(root.path(), &format!("{line} --out f.csv")).succeeded();
    assert!(told.errors.contains("there is no valid split"), "{}", told.errors);
    assert!(told.output.contains("of the train split"), "{}", told.output);
}

#[test]
fn cases_of_other_classes_are_anomalies() {
    let (root, _) = root();
    write_series_model(&root.path().join("one.vapo"), Shape { channels: 1, ..SERIES });
    fs::create_dir(root.path().join("cases")).unwrap();
    for (name, cases) in [("TRAIN", 24), ("TEST", 12)] {
        let mut text = "@problemname x\n@timestamps false\n@univariate true\n@classlabel true 1 2\n@data\n".to_owned();
        for case in 0..cases {
            let class = 1 + case % 3 / 2;
            let value = |at: usize| libm::sinf(at as f32 * 0.4 * class as f32 + case as f32) * 9.0 + 20.0;
            let values: Vec<String> = (0..32).map(|at| value(at).to_string()).collect();
            let _ = writeln!(text, "{}:{class}", values.join(","));
        }
        fs::write(root.path().join(format!("cases/{name}.ts")), text).unwrap();
    }
    let line = "score --model one.vapo --dataset series --data-dir cases --normal 1 --out s.csv";
    let told = vapo_train(root.path(), line).succeeded().output;
    assert!(told.contains(" a case, ") && told.contains("anomalous are 4 of 12 cases"), "{told}");
    assert!(!told.contains("UCR"), "{told}");
    let results = read_json(&root.path().join("s.csv.json"))["results"].take();
    // A case is one window.
    assert_eq!(results["cases"]["auroc"], results["windows"]["auroc"]);
    assert_eq!(results["threshold"]["judgement"]["anomalies"], 4);
}

#[test]
fn what_cannot_be_scored_is_refused_and_leaves_nothing() {
    let (root, _) = root();
    write_series_model(&root.path().join("three.vapo"), Shape { channels: 3, ..SERIES });
    crate::models::write_model(&root.path().join("grey.vapo"), crate::models::GREY, vapo_format::Homotopy::Linear, 0.3);
    let before = names(root.path());
    let cases: &[(&str, i32, &[&str])] = &[
        ("--out s.txt", 2, &["--out s.txt", ".csv, .npz, .json or .npy"]),
        ("--out s.csv --against noise", 2, &["--against noise", "--labels COLUMN", "--normal CLASS"]),
        ("--out s.csv --picture s.jpg", 2, &["--picture s.jpg", ".png"]),
        ("--out s.csv --time 1", 2, &["--time 1"]),
        ("--out s.csv --fpr 0", 2, &["--fpr 0"]),
        ("--out s.csv --write-threshold t.bin", 2, &["--write-threshold t.bin", ".vapo"]),
    ];
    for (options, code, parts) in cases {
        vapo_train(root.path(), &format!("{SCORE} {options}")).refused(*code, parts);
    }
    for (model, parts) in [("three", &["3 channels"][..]), ("grey", &["8×8"])] {
        let line = SCORE.replace("m.vapo", &format!("{model}.vapo"));
        let found = vapo_train(root.path(), &format!("{line} --out s.csv"));
        assert_ne!(found.code, Some(0));
        assert!(found.errors.contains("error[V"), "{model} {parts:?}: {}", found.errors);
    }
    let line = "score --model grey.vapo --dataset digits --out s.json --picture s.png";
    vapo_train(root.path(), line).refused(2, &["--picture s.png", "--dataset series"]);
    assert_eq!(names(root.path()), before);
}
