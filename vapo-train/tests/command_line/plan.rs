//! `vapo-train plan`: memory as trainings take it, and operations as they are counted by hand.

use crate::program::{command, vapo_train};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use vapo_format::{Homotopy, Shape};
use vapo_train::export::npy;
use vapo_train::run::preset::{Design, Preset};

fn plan(root: &Path, line: &str) -> Value {
    serde_json::from_str(&vapo_train(root, &format!("plan --json {line}")).succeeded().output).unwrap()
}

/// Mebibytes of resident memory at the peak of a run of the program, up to its last step. In pages of 4 KiB that are given back at
/// once: how many of the others there are depends on the system, and on how busy it is.
#[cfg(target_os = "linux")]
fn peak(root: &Path, line: &str) -> f64 {
    let mut command = command(root, line);
    command.env("MIMALLOC_ALLOW_THP", "0").env("MIMALLOC_PURGE_DELAY", "0");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let ended = said.any(|line| line.starts_with("all steps are done"));
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ended, "{line}");
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")).unwrap();
    kibibytes.parse::<f64>().unwrap() / 1024.0
}

/// Mebibytes of a plan, without those of the program.
#[cfg(target_os = "linux")]
fn planned(plan: &Value) -> f64 {
    let parts = plan["parts"].as_array().unwrap();
    let bytes = |of: &dyn Fn(&&Value) -> bool| -> u64 {
        parts.iter().filter(of).map(|part| part["bytes"].as_u64().unwrap()).sum()
    };
    assert_eq!(plan["bytes"], bytes(&|_| true));
    bytes(&|part| part["what"] != "program") as f64 / f64::from(1 << 20)
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_within_a_fifth_of_what_trainings_take() {
    let root = TempDir::new().unwrap();
    let small = "--preset tiny --batch 4 --threads 2";
    // What the program takes for itself, which may be more than a release build does, as a training of next to nothing has it.
    let of_small = planned(&plan(root.path(), small));
    let program = peak(root.path(), &format!("{small} --steps 3 --out small")) - of_small;
    assert!(of_small < 1.0 && program < 24.0, "{of_small} {program}");
    for (options, images, channels, side) in [
        ("--preset digits --batch 128 --threads 2", 0, 1, 8),
        ("--preset small --batch 64 --threads 2", 400, 1, 28),
        ("--preset cifar10-device --batch 8 --threads 2", 200, 3, 32),
        ("--preset tiny --batch 64 --threads 2 --objective energy", 64, 1, 64),
        ("--preset tiny --batch 64 --threads 2 --objective energy --recompute", 64, 1, 64),
    ] {
        let shape = Shape { channels, height: side, width: side };
        let values: Vec<f32> = (0..images * shape.elements()).map(|index| (index % 251) as f32 / 125.0 - 1.0).collect();
        let (mut training, mut same) =
            (format!("{options} --steps 3 --int8-part 0.5 --force --out run"), options.to_owned());
        if images > 0 {
            fs::write(root.path().join("images.npy"), npy(&values, shape).unwrap()).unwrap();
            training += " --dataset npy --data-dir images.npy";
            same += &format!(" --size {side} --channels {channels} --images {images}");
        }
        let expected = program + planned(&plan(root.path(), &same));
        let found = peak(root.path(), &training);
        println!("{options}: {expected:.1} MiB planned, {found:.1} found");
        assert!((expected / found - 1.0).abs() < 0.2, "{options}: planned {expected:.1} MiB, found {found:.1}");
    }
}

/// Six multiply-accumulates for one of the potential, but for the cotangents of what reads the image and time; and Muon's.
#[test]
fn operations_are_those_counted_by_hand() {
    let root = TempDir::new().unwrap();
    let found = plan(root.path(), "--preset tiny --batch 2");
    // By layers: the embedding of time, the stem, the block with its scales and shifts, and the rest.
    let (time, stem) = (32 * 8, 64 * 9 * 4);
    let potential = time + 8 * 8 + stem + 2 * 64 * 36 * 4 + 8 * 8 + 16 * 16 * 8 + 16 * 8 * 8 + 8 * 9;
    // Muon moves matrices of 36×4 twice, 16×8, 8×8 twice: five times two products with the long side and one without.
    let muon = |long: u64, short: u64| 5 * (2 * long + short) * short * short;
    let muon = 2 * muon(36, 4) + muon(16, 8) + 2 * muon(8, 8);
    let expected = serde_json::json!({
        "forward": 2 * potential,
        "drift": 2 * potential,
        "tangents": 2 * potential,
        "gradient": 2 * (3 * potential - time - stem),
        "optimiser": muon,
    });
    assert_eq!(found["operations"], expected);
    let flops = 2 * (2 * (6 * potential - time - stem) + muon);
    assert_eq!(found["flops"], flops);
    // The preset has 1,000 steps.
    let timed = plan(root.path(), "--preset tiny --batch 2 --tflops 0.001");
    assert_eq!(timed["seconds"].as_f64().unwrap(), flops as f64 * 1000.0 / 1e9);
    // What is not kept is computed again.
    let again = plan(root.path(), "--preset tiny --batch 2 --objective energy --accumulate 2");
    assert_eq!(
        (&again["operations"]["forward"], &again["operations"]["drift"]),
        (&(4 * potential).into(), &(4 * potential).into())
    );
    assert_eq!(again["operations"]["tangents"], 2 * potential);
    let adam = plan(root.path(), "--preset tiny --batch 2 --optimiser adam");
    assert_eq!(adam["operations"]["optimiser"], 0);
}

#[test]
fn every_preset_is_planned_for_images_of_its_own() {
    let root = TempDir::new().unwrap();
    for preset in Preset::all() {
        let found = plan(root.path(), &format!("--preset {}", preset.name));
        let [height, width, channels] = [0, 1, 2].map(|axis| found["image"][axis].as_u64().unwrap() as u16);
        let architecture = preset.architecture(Shape { channels, height, width }, Homotopy::default());
        assert_eq!(found["parameters"], architecture.parameters());
        assert_eq!(found["operations"]["forward"], preset.training.batch as u64 * architecture.multiply_accumulates());
        assert_eq!(found["steps"], preset.training.steps);
    }
}

/// The pass forward has the products that the network has, each pass in reverse and of tangents those of the same again, and attention's
/// tables are computed again.
#[test]
fn the_published_network_is_planned_on_cuda() {
    let root = TempDir::new().unwrap();
    for preset in Preset::all().into_iter().filter(|preset| matches!(preset.design, Design::Unet(_))) {
        let found = plan(root.path(), &format!("--device cuda --objective flow --preset {}", preset.name));
        let [height, width, channels] = [0, 1, 2].map(|axis| found["image"][axis].as_u64().unwrap() as u16);
        let architecture = preset.architecture(Shape { channels, height, width }, Homotopy::default());
        let forward = preset.training.batch as u64 * architecture.multiply_accumulates();
        assert_eq!(found["operations"]["forward"], forward);
        for sweep in ["drift", "tangents", "gradient"] {
            let ratio = found["operations"][sweep].as_u64().unwrap() as f64 / forward as f64;
            let expected = if sweep == "gradient" { 2.9..3.4 } else { 0.9..1.4 };
            assert!(expected.contains(&ratio), "{}, {sweep}: {ratio}", preset.name);
        }
    }
}

#[test]
fn the_table_says_what_there_is_and_nothing_is_left_behind() {
    let root = TempDir::new().unwrap();
    let page = vapo_train(root.path(), "plan --preset small --batch 32 --threads 2 --tflops 0.5").succeeded().output;
    for part in [
        "preset small: 93553 parameters, images of 28×28×1, 32 a step, 2 threads\n",
        "\n  activations kept for reverse ",
        "\n  optimiser ",
        "\ntime, at least ",
    ] {
        assert!(page.contains(part), "no {part:?} in: {page}");
    }
    let page = vapo_train(root.path(), "plan --preset digits --device cuda").succeeded().output;
    for part in ["128 a step, on a CUDA device\n", "\n  available now", "\nlaunches of a step ", " 121\n"] {
        assert!(page.contains(part), "no {part:?} in: {page}");
    }
    vapo_train(root.path(), "plan --preset small --size 30 --channels 1")
        .refused(2, &["preset small cannot take", "give 28x28 or 32x32 with --size"]);
    vapo_train(root.path(), "plan --dataset cifar10 --size 32 --channels 3").refused(2, &["cannot be used with"]);
    vapo_train(root.path(), "plan --batch 8 --accumulate 3").refused(2, &["--accumulate 3 does not divide --batch 8"]);
    assert!(crate::program::names(root.path()).is_empty());
}
