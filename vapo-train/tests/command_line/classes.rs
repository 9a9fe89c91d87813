//! `--classes`, `--class`, `--guidance` and `vapo-train classify`.

use crate::archives::npz;
use crate::models::{GREY, write_model};
use crate::program::{names, png_extent, vapo_train};
use image::{GrayImage, ImageFormat, Luma};
use serde_json::Value;
use std::fs;
use tempfile::TempDir;
use vapo_format::{Homotopy, Model};

/// A run of the built-in digits, long enough to tell classes apart a little.
fn run() -> TempDir {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), "--preset tiny --steps 600 --batch 64 --seed 4 --threads 2 --out run").succeeded();
    root
}

fn json(root: &TempDir, name: &str) -> Value {
    serde_json::from_slice(&fs::read(root.path().join(name)).unwrap()).unwrap()
}

/// The samples that an option leads to, and the card beside them.
fn drawn(root: &TempDir, options: &str) -> (Vec<u8>, Value) {
    let line = format!("sample --model run/model.vapo --steps 6 --out x.npy --force {options}");
    vapo_train(root.path(), &line).succeeded();
    (fs::read(root.path().join("x.npy")).unwrap(), json(root, "x.npy.json"))
}

#[test]
fn digits_have_classes_unless_told_otherwise_and_samples_are_asked_for_one() {
    let root = run();
    for name in ["model.vapo", "model-int8.vapo", "model-float32.vapo"] {
        let file = fs::read(root.path().join("run").join(name)).unwrap();
        let model = Model::parse(&file).unwrap();
        assert_eq!((model.classes(), model.classifier().unwrap().offsets().count()), (10, 10), "{name}");
    }
    // A row a class.
    assert_eq!(png_extent(&root.path().join("run/samples.png")), (1 + 8 * 49, 1 + 10 * 49));
    let (any, card) = drawn(&root, "--count 3");
    assert!(card["sampler"].get("class").is_none());
    let (seven, card) = drawn(&root, "--count 3 --class 7");
    assert_eq!((&card["sampler"]["class"], &card["sampler"]["evaluations"]), (&7.into(), &6.into()));
    let (led, card) = drawn(&root, "--count 3 --class 7 --guidance 1.5");
    assert_eq!((&card["sampler"]["guidance"], &card["sampler"]["evaluations"]), (&1.5.into(), &12.into()));
    assert!(any != seven && seven != led);
    // Image i of all is the one that a seed of its own gives for its class.
    let image = |file: &[u8], index: usize| file[file.len() - 30 * 256..][index * 256..][..256].to_vec();
    let (all, card) = drawn(&root, "--count 30 --class all --seed 5");
    assert_eq!(card["sampler"]["class"], "all");
    for index in [0, 2, 3, 17, 29] {
        let (one, _) = drawn(&root, &format!("--count 1 --class {} --seed {}", index / 3, 5 + index));
        assert!(image(&all, index) == one[one.len() - 256..], "{index}");
    }
    vapo_train(root.path(), "sample --model run/model.vapo --class all --steps 3 --out all.png").succeeded();
    assert_eq!(png_extent(&root.path().join("all.png")), (1 + 8 * 49, 1 + 10 * 49));
}

/// Too short to tell classes apart.
#[test]
fn a_run_of_one_step_ends_as_any_other() {
    let root = TempDir::new().unwrap();
    let text = vapo_train(root.path(), "--preset tiny --steps 1 --out run").succeeded().output;
    assert!(text.contains("samples, integer"), "{text}");
}

#[test]
fn a_resumed_run_of_classes_gives_the_same_bytes() {
    let root = TempDir::new().unwrap();
    let options = "--preset tiny --batch 32 --unconditional 0.3 --int8-part 0";
    vapo_train(root.path(), &format!("{options} --steps 40 --out whole")).succeeded();
    vapo_train(root.path(), &format!("{options} --steps 25 --out parts")).succeeded();
    vapo_train(root.path(), "--resume --steps 40 --out parts").succeeded();
    let model = |run: &str| fs::read(root.path().join(run).join("model-float32.vapo")).unwrap();
    // The rate follows the length of the run, so that the first steps are others; what classes are drawn is not.
    assert_eq!(model("whole").len(), model("parts").len());
    vapo_train(root.path(), &format!("{options} --steps 40 --out again")).succeeded();
    assert!(model("whole") == model("again"));
    for (options, found) in [("--no-classes", "--classes"), ("--unconditional 0.2", "--unconditional 0.3")] {
        vapo_train(root.path(), &format!("--resume --out whole {options}")).refused(2, &[options, found]);
    }
    // Another share of images without a class is another training.
    vapo_train(root.path(), "--preset tiny --batch 32 --int8-part 0 --unconditional 0.1 --steps 40 --out other")
        .succeeded();
    assert!(model("whole") != model("other"));
}

#[test]
fn energies_tell_the_class_better_than_chance() {
    let root = run();
    let line = "classify --model run/model.vapo --dataset digits --out confusion.png";
    vapo_train(root.path(), line).succeeded();
    let card = json(&root, "confusion.png.json");
    let accuracy = card["results"]["accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.3, "{accuracy}");
    let rows = card["results"]["confusion"].as_array().unwrap();
    let counts: Vec<Vec<u64>> =
        rows.iter().map(|row| row.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).collect()).collect();
    let (all, right): (u64, u64) =
        (counts.iter().flatten().sum(), counts.iter().enumerate().map(|(class, row)| row[class]).sum());
    assert_eq!(all, 299);
    assert!((right as f64 / all as f64 - accuracy).abs() < 1e-12);
    // Learned anew at another time, and written; the file is then used as it is.
    let learned = format!("{line} --force --time 0.5 --write-classifier other.vapo");
    let text = vapo_train(root.path(), &learned).succeeded().output;
    assert!(text.contains("learned from 1498 images"), "{text}");
    let file = fs::read(root.path().join("other.vapo")).unwrap();
    assert_eq!(Model::parse(&file).unwrap().classifier().unwrap().time(), 0.5);
    let again = "classify --model other.vapo --dataset digits --out again.png";
    let text = vapo_train(root.path(), again).succeeded().output;
    assert!(text.contains("time 0.5, the model's own"), "{text}");
    let results = |name: &str| json(&root, name)["results"].clone();
    assert_eq!(results("again.png.json"), results("confusion.png.json"));
}

#[test]
fn what_cannot_be_asked_for_is_refused_and_leaves_nothing() {
    let root = run();
    write_model(&root.path().join("plain.vapo"), GREY, Homotopy::Linear, 0.3);
    let before = names(root.path());
    let sample = |options: &str| format!("sample --model run/model.vapo --out x.png {options}");
    let cases: &[(&str, &[&str])] = &[
        (&sample("--class 10"), &["--class 10", "0 to 9"]),
        (&sample("--class -1"), &["--class"]),
        (&sample("--class seven"), &["seven", "number of a class, or all"]),
        (&sample("--guidance 1"), &["--class"]),
        (&sample("--class 1 --guidance nan"), &["--guidance NaN", "finite"]),
        (&sample("--class all --count 64"), &["--class all", "found 64", "60 or 70"]),
        (&sample("--class all --count 3"), &["found 3", "--count 10"]),
        ("sample --model plain.vapo --out x.png --class 1", &["no classes", "--classes"]),
        ("sample --model plain.vapo --out x.png --class all", &["no classes"]),
        ("classify --model plain.vapo --dataset digits --out x.png", &["found 0", "--classes"]),
        ("classify --model run/model.vapo --dataset digits --out x.jpg", &["--out x.jpg"]),
        ("classify --model run/model.vapo --dataset digits --out x.png --time 1", &["--time 1"]),
        ("classify --model run/model.vapo --dataset digits --out x.png --write-classifier x.bin", &["x.bin", ".vapo"]),
        ("--classes --no-classes --out other", &["--no-classes"]),
        ("--no-classes --unconditional 0.5 --out other", &["--unconditional"]),
        ("--unconditional 1.5 --out other", &["1.5"]),
    ];
    for (line, parts) in cases {
        vapo_train(root.path(), line).refused(2, parts);
    }
    assert_eq!(names(root.path()), before);
}

/// The folder of each image is its class, in every split.
#[test]
fn folders_of_images_are_classes() {
    let root = TempDir::new().unwrap();
    for (split, class, level) in [("train", "dark", 20), ("train", "light", 230), ("test", "light", 220)] {
        let folder = root.path().join("images").join(split).join(class);
        fs::create_dir_all(&folder).unwrap();
        for index in 0..4_u8 {
            let image = GrayImage::from_pixel(8, 8, Luma([level + index]));
            image.save_with_format(folder.join(format!("{index}.png")), ImageFormat::Png).unwrap();
        }
    }
    let data = "--dataset folder --data-dir images --channels 1 --size 8";
    let line = format!("{data} --classes --preset tiny --steps 60 --batch 8 --out run");
    let text = vapo_train(root.path(), &line).succeeded().errors;
    assert!(text.contains("classes: 0 dark, 1 light"), "{text}");
    vapo_train(root.path(), &format!("classify --model run/model.vapo {data} --out x.png")).succeeded();
    let results = json(&root, "x.png.json")["results"].clone();
    assert_eq!(results["confusion"], serde_json::json!([[0, 0], [0, 4]]));
    // An image beside the folders has no class.
    let stray = root.path().join("images/train/stray.png");
    GrayImage::from_pixel(8, 8, Luma([99])).save_with_format(&stray, ImageFormat::Png).unwrap();
    let line = format!("{data} --classes --preset tiny --steps 2 --out other");
    vapo_train(root.path(), &line).refused(2, &["--classes", "stray.png lies in no folder"]);
    assert!(!root.path().join("other").exists());
}

/// Images and their pixels stay the same: only what they are called changes.
#[test]
fn a_resumed_run_keeps_its_classes() {
    let root = TempDir::new().unwrap();
    let pixels: Vec<u8> = (0..40 * 64).map(|n| (n * 7 % 256) as u8).collect();
    let images: (&str, &[usize], &[u8]) = ("x_train", &[40, 8, 8], &pixels);
    // Classes in turn, so many of them, from one of them on.
    let write = |labels: Option<(u8, u8)>| {
        let labels: Option<Vec<u8>> = labels.map(|(classes, first)| (0..40).map(|n| (n + first) % classes).collect());
        let labels = labels.as_deref().map(|labels| ("y_train", &[40][..], labels));
        npz(&root.path().join("set.npz"), &[images].into_iter().chain(labels).collect::<Vec<_>>());
    };
    let run = "--preset tiny --dataset npy --data-dir set.npz --batch 8 --steps 2 --threads 1";
    write(Some((3, 0)));
    vapo_train(root.path(), &format!("{run} --classes --out run")).succeeded();
    vapo_train(root.path(), &format!("{run} --out without")).succeeded();
    let resumed = |run: &str| vapo_train(root.path(), &format!("--resume --out {run} --steps 3"));
    for (labels, expected) in [
        (None, "expected 3 classes, found no labels"),
        (Some((4, 0)), "expected 3 classes, found 4"),
        (Some((3, 1)), "expected the labels that it had, found others for the same images"),
    ] {
        write(labels);
        let parts =
            ["V0405", "the classes of npy are not those that the run in run began with", expected, "--data-dir"];
        resumed("run").refused(2, &parts);
    }
    // A run that learns no classes does not ask.
    resumed("without").succeeded();
    write(Some((3, 0)));
    resumed("run").succeeded();
    // Settings of before the labels were kept know the number of classes alone.
    let config = root.path().join("run/config.json");
    let text = fs::read_to_string(&config).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| !line.contains("\"labels\"")).collect();
    assert_eq!(kept.len() + 1, text.lines().count(), "{text}");
    fs::write(&config, kept.join("\n")).unwrap();
    write(Some((4, 0)));
    resumed("run").refused(2, &["expected 3 classes, found 4"]);
}
