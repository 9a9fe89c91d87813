//! Series: trained from start to end, and what is refused.

#[cfg(unix)]
use crate::process::{send, started};
#[cfg(unix)]
use crate::program::outcome;
use crate::program::{command, contents, names, vapo_train};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::{Model, Scaling, Shape};
use vapo_train::run::config::Config;

/// Options of a training that takes a few seconds.
const SHORT: &str = "--dataset series --preset series-tiny --batch 8 --threads 1";

/// A machine that turns, read 50 times a second: two channels, its temperature, and whether something was wrong.
fn machine(readings: u16) -> String {
    let mut text = "time,x,y,temperature,fault\n".to_owned();
    for reading in 0..readings {
        let (turn, reading) = (f64::from(reading) * 0.3, f64::from(reading));
        let (x, y) = (3.0 * libm::sin(turn), 500.0 + 20.0 * libm::cos(turn));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{},{x},{y},{},{}", reading / 50.0, 20.0 + reading / 100.0, reading % 7.0);
    }
    text
}

fn put(root: &Path, name: &str, text: &str) {
    fs::write(root.join(name), text).unwrap();
}

fn config(run: &Path) -> Config {
    serde_json::from_slice(&fs::read(run.join("config.json")).unwrap()).unwrap()
}

#[test]
fn a_series_is_trained_on_and_its_model_takes_raw_readings() {
    let root = TempDir::new().unwrap();
    put(root.path(), "machine.csv", &machine(400));
    let options = "--window 32 --columns x,y,temperature --labels fault";
    let line = format!("{SHORT} --data-dir machine.csv {options} --steps 30 --out run");
    let told = vapo_train(root.path(), &line).succeeded().errors;
    for part in ["the train split is 249 windows of 32 readings, 50 a second, from 1 part", "channels 3"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("images of"), "{told}");
    let run = root.path().join("run");
    let file = fs::read(run.join("model.vapo")).unwrap();
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.signal(), Shape { channels: 3, height: 1, width: 32 });
    let scaling: Vec<Scaling> = (0..3).map(|channel| model.scaling(channel)).collect();
    let kept = config(&run);
    assert_eq!(kept.architecture.scaling.as_slice(), scaling);
    // A sine of amplitude 20 about 500 has a deviation of 20 / √2.
    assert!((scaling[1].offset - 500.0).abs() < 2.0 && (scaling[1].scale - 14.1).abs() < 0.5, "{scaling:?}");
    let series = kept.series.unwrap();
    assert_eq!((series.window, series.labels.as_deref(), series.columns.len()), (Some(32), Some("fault"), 3));
}

/// A run from a table has the same bytes as one from the same readings in an array.
#[test]
fn a_table_and_an_array_train_to_the_same_bytes() {
    let root = TempDir::new().unwrap();
    put(root.path(), "machine.csv", &machine(400));
    let train = |rest: &str| vapo_train(root.path(), &format!("{SHORT} {rest} --steps 30")).succeeded();
    train("--data-dir machine.csv --columns x,y --out table");
    // As float64, time and labels left out.
    let rows: Vec<Vec<f64>> = machine(400)
        .lines()
        .skip(1)
        .map(|line| line.split(',').skip(1).take(2).map(|field| field.parse().unwrap()).collect())
        .collect();
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (400, 2), }";
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    fs::write(root.path().join("machine.npy"), file).unwrap();
    train("--data-dir machine.npy --out array");
    let model = |run: &str| fs::read(root.path().join(run).join("model.vapo")).unwrap();
    assert!(model("array") == model("table"));
    assert_eq!(config(&root.path().join("array")).images, config(&root.path().join("table")).images);
}

/// A run that was interrupted goes on as if it had not been.
#[cfg(unix)]
#[test]
fn a_resumed_run_has_the_same_bytes() {
    let root = TempDir::new().unwrap();
    put(root.path(), "machine.csv", &machine(300));
    let line = format!("{SHORT} --data-dir machine.csv --columns x,y --steps 300");
    let child = started(root.path(), &format!("{line} --out run"), 1);
    send("INT", &child);
    let told = outcome(child.wait_with_output().unwrap());
    assert_eq!(told.code, Some(130), "{}", told.errors);
    vapo_train(root.path(), "--resume --out run").succeeded();
    vapo_train(root.path(), &format!("{line} --out whole")).succeeded();
    for name in ["model.vapo", "checkpoint.safetensors"] {
        let of = |run: &str| fs::read(root.path().join(run).join(name)).unwrap();
        assert!(of("run") == of("whole"), "{name}");
    }
}

/// What a column of labels says changes nothing that is learned.
#[test]
fn labels_are_never_learned() {
    let root = TempDir::new().unwrap();
    put(root.path(), "a.csv", &machine(300));
    let others: Vec<String> = machine(300)
        .lines()
        .enumerate()
        .map(|(line, text)| match text.rsplit_once(',') {
            Some((rest, _)) if line > 0 => format!("{rest},{}", line % 2),
            _ => text.to_owned(),
        })
        .collect();
    put(root.path(), "b.csv", &others.join("\n"));
    for name in ["a", "b"] {
        let line = format!("{SHORT} --data-dir {name}.csv --labels fault --steps 5 --out {name}");
        vapo_train(root.path(), &line).succeeded();
    }
    let [a, b] = ["a", "b"].map(|run| fs::read(root.path().join(run).join("model.vapo")).unwrap());
    assert!(a == b);
}

#[test]
fn gaps_are_counted() {
    let root = TempDir::new().unwrap();
    // Without readings 99 to 101, and a value of reading 29.
    let line = |(line, text): (usize, &str)| match text.split_once(',') {
        Some((time, rest)) if line == 30 => format!("{time},,{}\n", rest.split_once(',').unwrap().1),
        _ => format!("{text}\n"),
    };
    let lines = machine(300);
    let lines = lines.lines().enumerate().filter(|(line, _)| !(100..103).contains(line)).map(line);
    put(root.path(), "gaps.csv", &lines.collect::<String>());
    let line = format!("{SHORT} --data-dir gaps.csv --columns x,y --window 16 --steps 1 --out run");
    let told = vapo_train(root.path(), &line).succeeded().errors;
    // 207 readings to train with.
    let expected = "31 of 192 windows left out: 16 with missing values, 15 across gaps in time";
    assert!(told.contains(expected) && told.contains("161 windows"), "{told}");
}

#[test]
fn what_can_be_refused_is_before_there_is_a_run() {
    let root = TempDir::new().unwrap();
    let constant =
        machine(400).replace("temperature,fault", "temperature,speed").lines().fold(String::new(), |text, line| {
            let (rest, last) = line.rsplit_once(',').unwrap();
            text + rest + if last == "speed" { ",speed\n" } else { ",1500\n" }
        });
    put(root.path(), "constant.csv", &constant);
    put(root.path(), "machine.csv", &machine(400));
    put(root.path(), "backwards.csv", &(machine(400) + "0,1,2,3,0\n"));
    let before = names(root.path());
    let refused = |code: i32, line: &str, parts: &[&str]| {
        vapo_train(root.path(), &format!("{line} --steps 1 --out run")).refused(code, parts);
    };
    let of = |file: &str, rest: &str| format!("{SHORT} --data-dir {file} {rest}");
    refused(1, &of("constant.csv", ""), &["channel speed", "1500 in every reading", "--columns"]);
    refused(1, &of("machine.csv", "--columns z"), &["--columns z", "time, x, y, temperature, fault"]);
    refused(1, &of("machine.csv", "--normal 0"), &["--normal 0", "--labels COLUMN"]);
    refused(1, &of("machine.csv", "--window 512"), &["at least 512 readings", "found 280"]);
    refused(1, &of("backwards.csv", ""), &["line 402", "column time", "not before 7.98"]);
    refused(1, &of("none.csv", ""), &["series is not here"]);
    refused(2, &of("machine.csv", "--window 30"), &["windows of 30 readings", "--window 24 and --window 32"]);
    refused(2, &of("machine.csv", "--flip"), &["--flip", "not mirrored"]);
    refused(2, &of("machine.csv", "--crop 8"), &["--crop 8", "the windows of series are used as they are"]);
    refused(2, SHORT, &["--data-dir"]);
    refused(2, "--window 8", &["--window 8", "digits is no series"]);
    assert_eq!(names(root.path()), before);
}

#[test]
fn a_resumed_run_keeps_its_series() {
    let root = TempDir::new().unwrap();
    put(root.path(), "machine.csv", &machine(300));
    vapo_train(root.path(), &format!("{SHORT} --data-dir machine.csv --columns x,y --steps 2 --out run")).succeeded();
    let before = contents(root.path());
    let resumed = |rest: &str| vapo_train(root.path(), &format!("--resume --out run --steps 4 {rest}"));
    resumed("--columns x").refused(2, &["--columns x", "the run in run has --columns x,y"]);
    resumed("--window 32").refused(2, &["--window 32", "--window 64"]);
    resumed("--stride 2").refused(2, &["--stride 2", "--stride unset"]);
    assert_eq!(contents(root.path()), before);
    put(root.path(), "machine.csv", &machine(310));
    resumed("").refused(2, &["windows of series", "are not those", "147 windows of SHA-256", "154 windows of"]);
}

#[test]
fn commands_of_images_say_what_to_do_with_a_series() {
    let root = TempDir::new().unwrap();
    put(root.path(), "machine.csv", &machine(300));
    let data = "--dataset series --data-dir machine.csv";
    for line in [
        format!("fid-ref {data} --out ref"),
        format!("eval --model none.vapo {data} --out e.json"),
        format!("neighbours --model none.vapo {data} --out n.png"),
    ] {
        let ended = command(root.path(), &line).output().unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        assert!(
            ended.status.code() == Some(2) && told.contains("expected images, found the windows of a series"),
            "{told}"
        );
    }
}
