//! `vapo-train sample` and `vapo-train restore` of a series.

use crate::models::{GREY, SERIES, write_model, write_series_model};
use crate::program::{names, png_extent, vapo_train};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::architecture::MAX_NODES;
use vapo_format::{Homotopy, Model, Shape};
use vapo_sampler::{Noise, PlanFor, Sampler, Schedule, Solver};

fn root() -> (TempDir, Vec<u8>) {
    let root = TempDir::new().unwrap();
    let file = write_series_model(&root.path().join("m.vapo"), SERIES);
    (root, file)
}

/// What a device draws with a seed, in raw units: four steps of Heun.
fn drawn(file: &[u8], seed: u64, known: Option<&dyn Fn(usize) -> Option<f32>>) -> Vec<f32> {
    let model = Model::parse(file).unwrap();
    let plan = PlanFor::<MAX_NODES>::new(&model).unwrap();
    let mut memory = vec![0.0; plan.elements_with(Solver::Heun)];
    let mut sampler = Sampler::new(&model, &plan, Solver::Heun, &mut memory).unwrap();
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed));
    let mut window = vec![0.0; model.signal().elements()];
    let schedule = Schedule::graded(4, 1.5).unwrap();
    match known {
        Some(known) => sampler.inpaint(schedule, 1.0, &mut noise, known, &mut window).unwrap(),
        None => sampler.sample(schedule, 1.0, &mut noise, &mut window).unwrap(),
    }
    window.iter().enumerate().map(|(index, value)| model.scaling(index % 2).raw(*value)).collect()
}

const SAMPLER: &str = "--steps 4 --solver heun --grading 1.5 --temperature 1";

fn floats(path: &Path, name: &str) -> (Vec<u64>, Vec<f32>) {
    let file = fs::read(path).unwrap();
    let array = |bytes: &[u8]| {
        let array = npyz::NpyFile::new(bytes).unwrap();
        (array.shape().to_vec(), array.into_vec::<f32>().unwrap())
    };
    if name.is_empty() {
        return array(&file);
    }
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name(name).unwrap(), &mut bytes).unwrap();
    array(&bytes)
}

#[test]
fn samples_are_those_of_the_device_in_raw_units() {
    let (root, file) = root();
    for out in ["s.npy", "s.npz", "s.csv"] {
        vapo_train(root.path(), &format!("sample --model m.vapo --count 3 --seed 5 {SAMPLER} --out {out}")).succeeded();
    }
    let expected: Vec<f32> = (5..8).flat_map(|seed| drawn(&file, seed, None)).collect();
    // About offsets of 20 and 500, not of 0.
    assert!(expected[1] > 100.0, "{expected:?}");
    assert_eq!(floats(&root.path().join("s.npy"), ""), (vec![3, 32, 2], expected.clone()));
    assert_eq!(floats(&root.path().join("s.npz"), "arr_0.npy"), (vec![3, 32, 2], expected.clone()));
    let mut text = "sample,reading,1,2\n".to_owned();
    for (index, pair) in expected.chunks_exact(2).enumerate() {
        let _ = writeln!(text, "{},{},{},{}", index / 32, index % 32, pair[0], pair[1]);
    }
    assert_eq!(fs::read_to_string(root.path().join("s.csv")).unwrap(), text);
    let card: Value = serde_json::from_slice(&fs::read(root.path().join("s.csv.json")).unwrap()).unwrap();
    assert_eq!(card["settings"]["values"], "raw readings");
}

#[test]
fn plots_are_the_same_every_time() {
    let (root, _) = root();
    let draw = |name: &str, options: &str| {
        vapo_train(root.path(), &format!("sample --model m.vapo --count 5 {SAMPLER} {options} --out {name}"))
            .succeeded();
        fs::read(root.path().join(name)).unwrap()
    };
    let first = draw("a.png", "");
    assert_eq!(first, draw("b.png", "--threads 1"));
    assert!(first != draw("c.png", "--seed 9"));
    let (width, height) = png_extent(&root.path().join("a.png"));
    assert!(width > 300 && height > 100, "{width} {height}");
}

#[test]
fn commands_for_images_refuse_a_series() {
    let (root, _) = root();
    let before = names(root.path());
    vapo_train(root.path(), "sample --model m.vapo --out x/").refused(2, &["--out x/", ".png, .csv, .npy or .npz"]);
    vapo_train(root.path(), "sample --model m.vapo --out x.jpg").refused(2, &["--out x.jpg"]);
    vapo_train(root.path(), "sample --model m.vapo --count 1000000 --out x.png").refused(2, &["too large", ".csv"]);
    for line in [
        "interpolate --model m.vapo --out x.png",
        "compose --model m.vapo --weight 1 --model m.vapo --weight 1 --out x.png",
        "inpaint --model m.vapo --dataset digits --box 0,0,1,1 --out x.png",
        "eval --model m.vapo --dataset digits --features pixels --out x.json",
        "neighbours --model m.vapo --dataset digits --features pixels --out x.png",
    ] {
        vapo_train(root.path(), line).refused(1, &["expected a model of pictures", "sample, score, restore"]);
    }
    let page = vapo_train(root.path(), "inspect m.vapo").succeeded().output;
    assert!(page.contains("series           32 readings, channels 2") && !page.contains("image"), "{page}");
    assert!(page.contains("raw numbers      20 + 5·value, 500 + 90·value"), "{page}");
    write_model(&root.path().join("grey.vapo"), GREY, Homotopy::Linear, 0.3);
    vapo_train(root.path(), "sample --model grey.vapo --out x.csv").refused(2, &["--out x.csv", ".png, .npy or .npz"]);
    assert_eq!(
        names(root.path()),
        [before, vec!["grey.vapo".to_owned()]].concat().into_iter().rev().collect::<Vec<_>>()
    );
}

/// Two channels, a text and a time, with values missing at some readings.
fn table(missing: impl Fn(usize, usize) -> bool) -> String {
    let mut text = "time;x;note;y\n".to_owned();
    for at in 0..200 {
        let turn = at as f32 * 0.3;
        let values = [20.0 + 5.0 * libm::sinf(turn), 500.0 + 90.0 * libm::cosf(turn)];
        let field =
            |channel: usize| if missing(at, channel) { String::new() } else { format!("{:.3}", values[channel]) };
        let _ = writeln!(text, "{};{};n{at};{}", at as f32 / 8.0, field(0), field(1));
    }
    text
}

#[test]
fn gaps_are_filled_as_a_device_fills_them_and_nothing_else_changes() {
    let (root, file) = root();
    // Reading 3 of one channel, four of both, and more than a window of both.
    let missing =
        |at: usize, channel: usize| (at == 3 && channel == 1) || (60..64).contains(&at) || (100..140).contains(&at);
    fs::write(root.path().join("gaps.csv"), table(missing)).unwrap();
    let line = format!(
        "restore --model m.vapo --series gaps.csv --count 2 --seed 7 {SAMPLER} --out filled.csv --picture p.png"
    );
    let told = vapo_train(root.path(), &line).succeeded().output;
    assert!(told.contains("filled         2 gaps, 5 of 200 readings"), "{told}");
    assert!(told.contains("not filled     1 gap, 40 readings") && told.contains("100 to 139"), "{told}");
    let filled = fs::read_to_string(root.path().join("filled.csv")).unwrap();
    let whole = table(|_, _| false);
    let fields =
        |text: &str| text.lines().map(|line| line.split(';').map(str::to_owned).collect()).collect::<Vec<Vec<_>>>();
    let (found, original) = (fields(&filled), fields(&whole));
    assert_eq!(found.len(), original.len());
    for (line, (found, original)) in found.iter().zip(&original).enumerate() {
        for (column, channel) in [(0, None), (1, Some(0)), (2, None), (3, Some(1))] {
            let lacks = line > 0 && channel.is_some_and(|channel| missing(line - 1, channel));
            match (lacks, (101..141).contains(&line)) {
                (false, _) => assert_eq!(found[column], original[column], "line {line}"),
                (true, true) => assert_eq!(found[column], "", "line {line}"),
                (true, false) => assert!(found[column].parse::<f32>().unwrap().is_finite(), "line {line}"),
            }
        }
    }
    // The second gap, in the window from 46 on: the mean of the restorations of seeds 9 and 10.
    let model = Model::parse(&file).unwrap();
    let raw = |index: usize| original[1 + 46 + index / 2][1 + 2 * (index % 2)].parse::<f32>().unwrap();
    let known = |index: usize| {
        let value = || model.scaling(index % 2).value(raw(index));
        (!missing(46 + index / 2, index % 2)).then(value)
    };
    let both = [9, 10].map(|seed| drawn(&file, seed, Some(&known)));
    for index in 28..36 {
        let mean = ((f64::from(both[0][index]) + f64::from(both[1][index])) / 2.0) as f32;
        assert_eq!(found[1 + 46 + index / 2][1 + 2 * (index % 2)].parse::<f32>().unwrap(), mean, "{index}");
    }
    let picture = fs::read(root.path().join("p.png")).unwrap();
    vapo_train(root.path(), &format!("{line} --threads 1 --force")).succeeded();
    assert_eq!(fs::read(root.path().join("p.png")).unwrap(), picture);
    assert_eq!(fs::read_to_string(root.path().join("filled.csv")).unwrap(), filled);
    // As an array, without the columns that are no channels.
    vapo_train(root.path(), &line.replace("filled.csv", "filled.npy").replace("p.png", "q.png")).succeeded();
    let (shape, values) = floats(&root.path().join("filled.npy"), "");
    assert_eq!((shape, values[7].to_string()), (vec![200, 2], found[4][3].clone()));
}

#[test]
fn a_series_without_gaps_stays_and_what_cannot_be_filled_is_refused() {
    let (root, _) = root();
    fs::write(root.path().join("whole.csv"), table(|_, _| false)).unwrap();
    let told = vapo_train(root.path(), &format!("restore --model m.vapo --series whole.csv {SAMPLER} --out same.csv"));
    assert!(told.succeeded().errors.contains("nothing is missing"));
    assert_eq!(fs::read_to_string(root.path().join("same.csv")).unwrap(), table(|_, _| false));
    write_model(&root.path().join("grey.vapo"), GREY, Homotopy::Linear, 0.3);
    write_series_model(&root.path().join("one.vapo"), Shape { channels: 1, ..SERIES });
    fs::write(root.path().join("short.csv"), table(|_, _| false).lines().take(20).collect::<Vec<_>>().join("\n"))
        .unwrap();
    let before = names(root.path());
    let cases: &[(&str, i32, &[&str])] = &[
        ("--model m.vapo --series whole.csv --out x.png", 2, &["--out x.png", ".csv, .tsv or .npy"]),
        ("--model m.vapo --series whole.npy --out x.csv", 2, &["--out x.csv", "whole.npy is no table"]),
        ("--model m.vapo --series whole.csv --out same.csv", 2, &["same.csv", "exists", "--force"]),
        ("--model m.vapo --series whole.csv --out x.csv --picture x.jpg", 2, &["--picture x.jpg", ".png"]),
        ("--model m.vapo --series absent.csv --out x.csv", 1, &["--series absent.csv", "cannot read it"]),
        ("--model m.vapo --series whole.csv --columns x --out x.csv", 2, &["the 2 channels of the model, found 1, x"]),
        (
            "--model one.vapo --series whole.csv --out x.csv",
            2,
            &["the 1 channels of the model, found 2, x, y", "--columns"],
        ),
        ("--model m.vapo --series short.csv --out x.csv", 2, &["at least the 32 readings", "found 19"]),
        ("--model grey.vapo --series whole.csv --out x.csv", 2, &["found one of images", "inpaint"]),
    ];
    for (options, code, parts) in cases {
        vapo_train(root.path(), &format!("restore {options}")).refused(*code, parts);
    }
    assert_eq!(names(root.path()), before);
}
