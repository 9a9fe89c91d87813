//! `vapo-train inspect`.

use crate::models::{GREY, architecture, write_model};
use crate::program::{TINY, command, outcome, vapo_train};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use vapo_format::{Arithmetic, Encoding, Homotopy, Model, Scaling, Shape};
use vapo_sampler::{Solver, arena};
use vapo_train::potential::parameters::Layout;
use vapo_train::quantise::model_file;
use vapo_train::run::preset::Preset;

/// A row of the table: what a node computes, what it reads if not the one before, its output, and what it takes.
#[derive(Debug)]
struct Row {
    layer: String,
    reads: String,
    output: String,
    parameters: usize,
    bytes: usize,
    multiplications: u64,
}

fn rows(page: &str) -> Vec<Row> {
    let table = page.lines().skip(1).take_while(|line| !line.is_empty());
    let row = |(index, line): (usize, &str)| {
        let cell =
            |from: usize, width: usize| line.chars().skip(from).take(width).collect::<String>().trim().to_owned();
        assert_eq!(cell(0, 4), index.to_string());
        let numbers = cell(36, 100);
        let mut words = numbers.split_whitespace();
        let output = words.next().unwrap().to_owned();
        let mut number = || words.next().unwrap().parse::<u64>().unwrap();
        Row {
            layer: cell(6, 16),
            reads: cell(23, 12),
            output,
            parameters: number() as usize,
            bytes: number() as usize,
            multiplications: number(),
        }
    };
    table.enumerate().map(row).collect()
}

/// What follows the name of a total.
fn total<'p>(page: &'p str, name: &str) -> &'p str {
    let line = page.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in: {page}"));
    line[name.len()..].trim()
}

#[test]
fn totals_are_those_of_the_model() {
    let root = TempDir::new().unwrap();
    let presets = Preset::encoders();
    assert!(presets.len() >= 4);
    for preset in presets {
        for (encoding, homotopy) in [(Encoding::Int8, Homotopy::Linear), (Encoding::Float32, Homotopy::Bayes)] {
            let architecture = preset.architecture(Shape { channels: 1, height: 32, width: 32 }, homotopy);
            let file = model_file(&architecture, &vec![0.5; Layout::new(&architecture).len()], encoding).unwrap();
            fs::write(root.path().join("m.vapo"), &file).unwrap();
            let page = vapo_train(root.path(), "inspect m.vapo").succeeded().output;

            let rows = rows(&page);
            let walked =
                architecture.walk().map(|placed| (placed.node.layer.to_string(), placed.output.extent.to_string()));
            assert!(walked.eq(rows.iter().map(|row| (row.layer.clone(), row.output.clone()))), "{page}");
            let parameters = architecture.parameters();
            assert_eq!(rows.iter().map(|row| row.parameters).sum::<usize>(), parameters);
            assert_eq!(total(&page, "parameters"), parameters.to_string());
            let multiplications = rows.iter().map(|row| row.multiplications).sum::<u64>();
            assert_eq!(total(&page, "multiplications"), format!("{multiplications} a drift"));
            assert_eq!(multiplications, 2 * architecture.multiply_accumulates());
            let weights = Model::parse(&file).unwrap().weights().len();
            assert_eq!(rows.iter().map(|row| row.bytes).sum::<usize>(), weights);
            assert!(total(&page, "flash").starts_with(&format!("{} bytes", file.len())), "{page}");
            for (solver, name) in Solver::ALL.map(|solver| (solver, solver.name())) {
                let (arena, image) = (4 * arena::elements(&architecture, Arithmetic::Float, solver), 4 * 32 * 32);
                let expected = format!("{} bytes: arena {arena}, image {image};", arena + image);
                assert!(total(&page, &format!("RAM, {name}")).starts_with(&expected), "{page}");
            }
            let told = format!("32×32×1, homotopy {homotopy}, weights {encoding}");
            assert_eq!(total(&page, "image"), told);
        }
    }
}

#[test]
fn nodes_are_listed_in_their_order() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    let page = vapo_train(root.path(), "inspect m.vapo").succeeded().output;
    // Weights and biases: 32·8 + 8 and 8·8 + 8; 9·4 + 4; 36·4 + 4, 8·8 + 8 and 36·4 + 4; 16·8 + 8; 8·8 + 8; 8·9 + 9.
    let expected = [
        ("signal", "", "8×8×1", 0),
        ("time 32", "", "1×1×32", 0),
        ("linear 8", "", "1×1×8", 264),
        ("silu", "", "1×1×8", 0),
        ("linear 8", "", "1×1×8", 72),
        ("silu", "", "1×1×8", 0),
        ("conv 3×3 4", "0", "8×8×4", 40),
        ("silu", "", "8×8×4", 0),
        ("conv 3×3 4", "", "8×8×4", 148),
        ("linear 8", "5", "1×1×8", 72),
        ("silu", "8, 9", "8×8×4", 0),
        ("conv 3×3 4", "", "8×8×4", 148),
        ("add", "6, 11", "8×8×4", 0),
        ("down 2×2 8", "", "4×4×8", 136),
        ("silu", "", "4×4×8", 0),
        ("linear 8", "", "4×4×8", 72),
        ("linear 9", "5", "1×1×9", 81),
        ("readout", "15, 16, 0", "1×1×1", 0),
    ];
    let found: Vec<Row> = rows(&page);
    let found: Vec<_> = found.iter().map(|row| (&*row.layer, &*row.reads, &*row.output, row.parameters)).collect();
    assert_eq!(found, expected, "{page}");
    assert_eq!(total(&page, "format"), "version 2");
    assert!(!page.contains("raw numbers") && !page.contains("classes"), "{page}");
}

#[test]
fn a_scaling_other_than_that_of_a_pictures_bytes_is_told() {
    let root = TempDir::new().unwrap();
    let mut architecture = architecture(GREY, Homotopy::Linear);
    architecture.scaling = [Scaling { offset: 20.0, scale: 0.5 }].into_iter().collect();
    let file = model_file(&architecture, &vec![0.5; architecture.parameters()], Encoding::Int8).unwrap();
    fs::write(root.path().join("scaled.vapo"), &file).unwrap();
    let page = vapo_train(root.path(), "inspect scaled.vapo").succeeded().output;
    assert_eq!(total(&page, "raw numbers"), "20 + 0.5·value");
}

#[test]
fn a_missing_file_is_told() {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), "inspect absent.vapo").refused(1, &["cannot read absent.vapo"]);
}

/// Of nothing but zeros, longer than any memory. It takes no room on the disk.
fn endless(path: &Path) {
    fs::File::create(path).unwrap().set_len(1 << 40).unwrap();
}

#[test]
fn what_is_too_large_or_no_file_is_refused_before_it_is_read() {
    let root = TempDir::new().unwrap();
    let path = |name: &str| root.path().join(name);
    write_model(&path("m.vapo"), GREY, Homotopy::Linear, 0.3);
    for name in ["big.vapo", "big.npy", "big.png", "big.npz", "big.onnx", "set/train-images-idx3-ubyte"] {
        fs::create_dir_all(path(name).parent().unwrap()).unwrap();
        endless(&path(name));
    }
    for (line, parts) in [
        ("inspect big.vapo", ["big.vapo is no model", "VAPO"]),
        ("sample --model big.vapo --out x.png", ["big.vapo is no model", ""]),
        ("inspect .", ["cannot read .", "found a folder"]),
        ("inpaint --model m.vapo --box 2,3,4,5 --out x.png --images big.npy", ["--images big.npy", "no NumPy array"]),
        ("inpaint --model m.vapo --box 2,3,4,5 --out x.png --images big.png", ["--images big.png", "more than the"]),
        ("fid-ref --dataset mnist --data-dir set --split train --out x.npz", ["train-images", "magic"]),
    ] {
        vapo_train(root.path(), line).refused(1, &parts);
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/zero", path("zero.npy")).unwrap();
        for line in [
            "inspect zero.npy",
            "inpaint --model m.vapo --box 2,3,4,5 --out x.png --images zero.npy",
            "fid-ref --dataset npy --data-dir zero.npy --split train --out x.npz",
        ] {
            vapo_train(root.path(), line).refused(1, &["zero.npy", "a pipe or a device"]);
        }
    }
    // A run whose files were replaced.
    vapo_train(root.path(), &format!("{TINY} --steps 1 --out run")).succeeded();
    for name in ["run/checkpoint.safetensors", "run/config.json"] {
        endless(&path(name));
        vapo_train(root.path(), "--resume --out run --steps 2").refused(1, &[name, "more than the"]);
    }
}

#[test]
fn a_reader_may_leave_early() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    let mut child =
        command(root.path(), "inspect m.vapo").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = outcome(child.wait_with_output().unwrap());
    assert_eq!((ended.code, ended.errors.as_str()), (Some(0), "next: vapo-train export --c m.vapo --out c\n"));
}

/// Only the end of one of the pages is shown, and the error that follows it.
#[test]
fn the_page_on_a_models_way_to_a_board_shows_what_is_printed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shown = fs::read_to_string(folder.join("vapo-sampler/docs/ten-minutes.md")).unwrap();
    let models = folder.join("vapo-sampler/firmware/models");
    let inspect = |line: &str| {
        let printed = vapo_train(&models, &format!("inspect {line}"));
        (printed.output, printed.errors)
    };
    let (fits, _) = inspect("digits.vapo --board microbit");
    assert!(shown.contains(&format!("```text\n{fits}```")), "the page does not show:\n{fits}");
    let (page, error) = inspect("fashion.vapo --flash 256K --ram 32K");
    let end = &page[page.find("the model does not fit").unwrap()..];
    assert!(shown.contains(&format!("```text\n{end}{error}```")), "the page does not show:\n{end}{error}");
}
