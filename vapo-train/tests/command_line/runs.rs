//! A whole run: its files, and that they depend on the seed alone.

use crate::program::{RUN_FILES, TINY, command, contents, names, outcome, png_extent, vapo_train};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use vapo_format::{Arithmetic, Encoding, Homotopy, Model};
use vapo_sampler::{Schedule, Solver, arena};
use vapo_train::calibration::inputs::Images;
use vapo_train::calibration::measure::{Measured, measure};
use vapo_train::calibration::{self, integer_model};
use vapo_train::dataset::{Dataset, Source, Split};
use vapo_train::export::picture::sample_grid;
use vapo_train::objective::Objective;
use vapo_train::optimiser::{Rule, learning_rate};
use vapo_train::path::{Draws, Times};
use vapo_train::quantise::model_file;
use vapo_train::run::checkpoint::Checkpoint;
use vapo_train::run::config::{Budget, Config, Device};
use vapo_train::run::preset::Preset;
use vapo_train::run::read_metrics;
use vapo_train::sampling::{Settings, agreement, sample};

/// A grid of 8 × 8 digits, each enlarged to 48 pixels, with gaps of one pixel between and around.
const GRID: u32 = 1 + 8 * 49;

fn config(run: &Path) -> Config {
    serde_json::from_slice(&fs::read(run.join("config.json")).unwrap()).unwrap()
}

fn steps(run: &Path) -> Vec<u64> {
    read_metrics(&run.join("metrics.jsonl")).unwrap().iter().map(|line| line.step).collect()
}

#[test]
fn a_run_leaves_its_files_and_nothing_else() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("a/run");
    vapo_train(root.path(), &format!("{TINY} --steps 120 --out a/run")).succeeded();
    assert_eq!(names(&run), RUN_FILES);
    assert_eq!(png_extent(&run.join("samples.png")), (GRID, GRID));
    assert_eq!(png_extent(&run.join("samples-integer.png")), (GRID, GRID));
    let (width, height) = png_extent(&run.join("loss.png"));
    assert!(width > 300 && height > 200, "{width}×{height}");
}

#[test]
fn the_configuration_is_what_was_asked_for() {
    let root = TempDir::new().unwrap();
    let chosen = "--homotopy bayes --objective vapo-bayes --lr 0.003 --seed 18446744073709551615 \
                  --times logit-normal --draws antithetic --optimiser adam";
    vapo_train(root.path(), &format!("{TINY} --steps 3 {chosen} --out run")).succeeded();
    let run = root.path().join("run");
    let (found, tiny) = (config(&run), Preset::named("tiny").unwrap());
    let expected = Config {
        dataset: Source::Digits,
        data_dir: None,
        preset: "tiny".into(),
        architecture: tiny.architecture(found.architecture.signal, Homotopy::Bayes),
        objective: Objective::VapoBayes,
        times: Times::LogitNormal,
        draws: Draws::Antithetic,
        optimiser: Rule::Adam,
        budget: Budget::Steps(3),
        batch: 8,
        learning_rate: 0.003,
        seed: u64::MAX,
        device: Device::Cpu,
        threads: 1,
        ema_decay: tiny.training.ema_decay,
        ..found.clone()
    };
    assert_eq!(found, expected);
    assert_eq!(found.architecture.signal.to_string(), "8×8×1");
    let text = fs::read_to_string(run.join("config.json")).unwrap();
    assert_eq!(text, serde_json::to_string_pretty(&found).unwrap() + "\n");
}

#[test]
fn the_metrics_are_a_line_of_these_keys_for_each_logged_step() {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 120 --out run")).succeeded();
    let run = root.path().join("run");
    for line in fs::read_to_string(run.join("metrics.jsonl")).unwrap().lines() {
        let keys: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        assert_eq!(keys, ["step", "loss", "lr", "grad_norm", "images_per_s", "seconds"]);
    }
    assert_eq!(steps(&run), [50, 100, 120]);
    let (lines, config) = (read_metrics(&run.join("metrics.jsonl")).unwrap(), config(&run));
    for line in &lines {
        let progress = (line.step - 1) as f32 / 120.0;
        assert_eq!(line.lr, learning_rate(config.learning_rate, line.step - 1, config.warm_up, progress));
        assert!(line.loss > 0.0 && line.grad_norm > 0.0 && line.images_per_s > 0.0, "{line:?}");
        assert!(line.loss.is_finite() && line.grad_norm.is_finite() && line.images_per_s.is_finite(), "{line:?}");
    }
    assert!(lines.is_sorted_by(|a, b| a.seconds < b.seconds) && lines[0].seconds > 0.0);
    // Images over the time of the window that they were seen in.
    let rate = 50.0 * 8.0 / (lines[1].seconds - lines[0].seconds);
    assert!((f64::from(lines[1].images_per_s) / rate - 1.0).abs() < 1e-5, "{} is not {rate}", lines[1].images_per_s);
}

#[test]
fn model_and_pictures_are_those_of_the_averaged_parameters() {
    let root = TempDir::new().unwrap();
    let told = vapo_train(root.path(), &format!("{TINY} --steps 60 --seed 4 --out run")).succeeded();
    let run = root.path().join("run");
    let read = |name| fs::read(run.join(name)).unwrap();
    let architecture = config(&run).architecture;
    let checkpoint = Checkpoint::load(&run.join("checkpoint.safetensors"), &architecture).unwrap();
    let (last, before) = (checkpoint.now, checkpoint.before_rest.unwrap());
    assert_eq!((last.step, before.step), (60, 54));
    assert_ne!(last.ema, last.parameters);
    let int8 = model_file(&architecture, &last.ema, Encoding::Int8).unwrap();
    // The float model is that of before weights came to rest, and no other writing of the int8 model.
    let float = model_file(&architecture, &before.ema, Encoding::Float32).unwrap();
    let rounded = model_file(&architecture, &before.ema, Encoding::Int8).unwrap();
    assert_eq!(read("model-int8.vapo"), int8);
    let [of_float, of_int8] = [&float, &int8].map(|file| Model::parse(file).unwrap());
    // The integer model is made of the int8 one, by calibration on the images that were learned from.
    let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
    let calibration = calibration::Settings::default();
    let images = Images::new(&of_int8, Some(&dataset), &calibration).unwrap();
    let integer = integer_model(&of_int8, &images, &calibration, || ()).unwrap();
    assert_eq!((read("model.vapo"), &integer.float), (integer.file.clone(), &int8));
    let of_integer = Model::parse(&integer.file).unwrap();
    assert_eq!(read("model-float32.vapo"), float);
    assert_ne!(model_file(&architecture, &last.ema, Encoding::Float32).unwrap(), float);
    let settings = Settings {
        count: 64,
        solver: Solver::Etd2,
        schedule: Schedule::usual(20).unwrap(),
        temperature: 0.3,
        seed: 4,
        asked: Default::default(),
    };
    for (model, name) in [(&of_float, "samples.png"), (&of_integer, "samples-integer.png")] {
        let images = sample(model, &settings).unwrap();
        assert!(read(name) == sample_grid(&images, architecture.signal).unwrap().png(), "{name}");
    }
    // The table.
    let row = |name: &str| {
        let line = told.output.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{}", told.output));
        line[name.len()..].trim().to_owned()
    };
    assert_eq!(row("parameters"), architecture.parameters().to_string());
    assert_eq!(row("model"), format!("run/model.vapo ({} bytes)", integer.file.len()));
    assert_eq!(
        row("arena"),
        format!("{} bytes (solver etd2)", 4 * arena::elements(&architecture, Arithmetic::Integer, Solver::Etd2))
    );
    let rounded = Model::parse(&rounded).unwrap();
    for (name, other) in [("drift, float and int8", &of_int8), ("drift, only rounded", &rounded)] {
        let found = agreement(&of_float, other, &Settings { count: 16, ..settings }, || ()).unwrap();
        let expected = format!("cosine {:.6} (least {:.6})", found.mean_cosine, found.least_cosine);
        assert_eq!(row(name), expected);
        // Near each other, and not one model compared with itself.
        assert!((0.99..1.0 - 1e-8).contains(&found.mean_cosine), "{name}: {expected}");
    }
    let Measured { mean_cosine, least_cosine, saturated, saturated_on_no_data, .. } =
        measure(&of_int8, &of_integer, &images, &calibration).unwrap();
    assert_eq!(
        row("drift, integer"),
        format!(
            "cosine {mean_cosine:.6} (least {least_cosine:.6}), saturations {saturated}, on images that are no data \
             {saturated_on_no_data}"
        )
    );
    assert!(mean_cosine > 0.999 && saturated == 0, "{mean_cosine}, {saturated}");
    let report: serde_json::Value = serde_json::from_slice(&read("model.json")).unwrap();
    assert_eq!(report["saturated"], saturated);
    assert_eq!(report["bytes"], integer.file.len());
    assert_eq!(
        (row("samples, float"), row("samples, integer")),
        ("run/samples.png".into(), "run/samples-integer.png".into())
    );
}

#[test]
fn the_seed_alone_decides_every_byte() {
    let root = TempDir::new().unwrap();
    // Batches of 80 are three shards for the threads.
    let runs = [("one", 5, 1), ("again", 5, 1), ("threads", 5, 3), ("other", 6, 1)].map(|(out, seed, threads)| {
        let line = format!("--preset tiny --batch 80 --steps 25 --seed {seed} --threads {threads} --out {out}");
        vapo_train(root.path(), &line).succeeded();
        contents(&root.path().join(out))
    });
    let [one, again, threads, other] = runs;
    for name in RUN_FILES.into_iter().filter(|name| !["config.json", "metrics.jsonl", "loss.png"].contains(name)) {
        let name = Path::new(name);
        assert!(one[name] == again[name], "{} differs between two runs", name.display());
        assert!(one[name] == threads[name], "{} depends on the threads", name.display());
        assert!(one[name] != other[name], "{} does not depend on the seed", name.display());
    }
    assert_eq!(one[Path::new("config.json")], again[Path::new("config.json")]);
}

#[test]
fn without_options_it_trains_the_digits_preset_on_the_digits() {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), "--steps 2 --batch 2").succeeded();
    let run = root.path().join("runs/digits");
    assert_eq!(names(&run), RUN_FILES);
    let config = config(&run);
    assert_eq!((config.dataset, config.preset.as_str()), (Source::Digits, "digits"));
    assert_eq!((config.objective, config.architecture.homotopy, config.seed), Default::default());
}

#[test]
fn minutes_are_a_budget_of_at_least_one_step() {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), &format!("{TINY} --minutes 0.005 --out run")).succeeded();
    let last = read_metrics(&root.path().join("run/metrics.jsonl")).unwrap().pop().unwrap();
    assert!(last.step > 1 && last.seconds >= 0.3, "{last:?}");
    vapo_train(root.path(), &format!("{TINY} --minutes 1e-12 --out shortest")).succeeded();
    let run = root.path().join("shortest");
    assert_eq!((names(&run), steps(&run)), (RUN_FILES.map(String::from).to_vec(), vec![1]));
    // The time is used up: nothing is left to resume.
    let before = contents(root.path());
    vapo_train(root.path(), "--resume --out run").succeeded();
    vapo_train(root.path(), "--resume --out shortest").succeeded();
    assert!(contents(root.path()) == before);
}

#[test]
fn a_run_that_diverges_stops_and_names_the_step() {
    let root = TempDir::new().unwrap();
    let told = vapo_train(root.path(), &format!("{TINY} --steps 100 --lr 1e30 --out run"));
    told.refused(1, &["diverged at step 2:", "NaN", "--lr", "no checkpoint was written yet"]);
    // The configuration was written before the first step, and no model of broken numbers after the last.
    assert_eq!(names(&root.path().join("run")), ["config.json", "metrics.jsonl"]);
    // This one takes its last step before its loss tells.
    let told = vapo_train(root.path(), &format!("{TINY} --steps 1 --lr 1e36 --out last"));
    told.refused(1, &["not finite", "--lr"]);
    assert!(!root.path().join("last/samples.png").exists());
}

#[test]
fn nobody_needs_to_read_along() {
    let root = TempDir::new().unwrap();
    let line = format!("{TINY} --steps 60 --out run");
    let mut child = command(root.path(), &line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Both pipes are closed, as by `head` or a lost connection.
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(names(&root.path().join("run")), RUN_FILES);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let root = TempDir::new().unwrap();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let ended = command(root.path(), &format!("{TINY} --steps 2 --out run")).stdout(full).output().unwrap();
    outcome(ended).refused(1, &["standard output"]);
}

/// The most memory that a process has had, in bytes.
#[cfg(target_os = "linux")]
fn peak(child: &std::process::Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| 1024 * kilobytes)
}

#[cfg(target_os = "linux")]
#[test]
fn memory_for_gradients_does_not_grow_with_the_batch() {
    let root = TempDir::new().unwrap();
    // An image a shard, and 7.9 MB a gradient: a gradient a shard would be more than half a gigabyte.
    let mut header = "{'descr': '|u1', 'fortran_order': False, 'shape': (64, 32, 32, 3), }".to_owned();
    header += &" ".repeat(2 * 64 - 11 - header.len());
    let start = [b"\x93NUMPY\x01\x00", &(header.len() as u16 + 1).to_le_bytes()[..], header.as_bytes(), b"\n"];
    let pixels = (0..64 * 3072).map(|index| (index * 37 % 251) as u8);
    fs::write(root.path().join("a.npy"), start.concat().into_iter().chain(pixels).collect::<Vec<_>>()).unwrap();
    let line = "--dataset npy --data-dir a.npy --preset cifar10 --batch 64 --steps 1 --threads 2 --out run";
    let mut child = command(root.path(), line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let logged = || read_metrics(&root.path().join("run/metrics.jsonl")).is_ok_and(|lines| lines.len() == 1);
    while !logged() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let most = peak(&child);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(logged(), "it ended before its step");
    let megabytes = most.unwrap() >> 20;
    // Measured: 651 with a gradient a shard.
    assert!((100..400).contains(&megabytes), "{megabytes} MB");
}
