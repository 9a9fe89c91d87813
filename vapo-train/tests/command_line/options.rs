//! Options: which there are, and which are refused before anything is read or written.

use crate::program::{names, vapo_train};
use tempfile::TempDir;

/// Options that commands share.
const FILES: &str = "--dataset --data-dir --crop --size --filter --channels --background --cache-dir --window --stride \
                     --columns --labels --normal --rate";
const SAMPLER: &str = "--class --guidance --steps --temperature --solver --grading --extrapolation --seed --threads";

/// The options of every command, in the order of its help.
fn commands() -> Vec<(&'static str, String)> {
    let out = "--out --force --json --help";
    let data = format!("{FILES} --split");
    let features = "--features --onnx-range --cache";
    let adaptive = format!("{SAMPLER} --tolerance");
    let unconditional = SAMPLER.trim_start_matches("--class --guidance ");
    let judged = "--against --against-dir --seed --time --fpr --write-threshold --threads";
    vec![
        (
            "",
            format!(
                "{FILES} --flip --no-flip --preset --classes --no-classes --unconditional --from --distil --reflow --pairs --real --evaluations --steps --minutes --weights --int8-part --batch --accumulate --recompute --lr --data-noise --objective \
                 --times --draws --coupling --pool --optimiser --clip --weight-decay --homotopy --seed --device --threads --out --resume --force --json --version --verbose --help"
            ),
        ),
        ("demo", "--steps --seed --threads --out --force --json --help".to_owned()),
        (
            "plan",
            "--preset --dataset --size --channels --images --batch --accumulate --recompute --objective --optimiser --device --threads --steps --tflops \
             --json --help"
                .to_owned(),
        ),
        ("sample", format!("--model --count {adaptive} {out}")),
        ("eval", format!("--model --samples --count {data} {adaptive} {features} --reference --write-statistics {out}")),
        ("fid-ref", format!("{data} --count {out}")),
        ("neighbours", format!("--model --count --rows --nearest {data} {adaptive} {features} {out}")),
        ("paths", format!("--model --count {SAMPLER} {out}")),
        ("interpolate", format!("--model --pairs --frames {SAMPLER} {out}")),
        ("inspect", "--board --flash --ram --stack --solver --plan --report --force --json --help".to_owned()),
        ("score", format!("--model {data} {judged} --out --picture --force --json --help")),
        ("likelihood", format!("--model {data} --count --probes --seed --tolerance --threads {out}")),
        ("classify", format!("--model {data} --time --learn --write-classifier --threads {out}")),
        ("inpaint", format!("--model --images {data} --index --mask --box --count {SAMPLER} {out}")),
        (
            "restore",
            format!("--model --series --columns --labels --count {unconditional} --out --picture --force --json --help"),
        ),
        ("compose", format!("--model --weight --count {unconditional} {out}")),
        ("calibrate", format!("--model --weights {data} --headroom --evaluations --drop-threshold --threads {out}")),
        ("export", format!("--c --name --energies {out}")),
        ("board", "--json --help".to_owned()),
        ("board list", "--json --help".to_owned()),
        ("board run", format!("--board --class --seed --count --steps --solver --firmware {out}")),
        ("fetch", "--data-dir --base --retries --force --json --help".to_owned()),
        ("explain", "--json --help".to_owned()),
        ("completions", "--json --help".to_owned()),
        ("man", "--force --json --help".to_owned()),
    ]
}

/// Options that a help page lists, each with what it says about it.
fn listed(page: &str) -> Vec<(String, String)> {
    let mut options: Vec<(String, String)> = Vec::new();
    for line in page.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let name = words.iter().take(2).find(|word| word.starts_with("--"));
        match (name, options.last_mut()) {
            (Some(name), _) if line.starts_with("  ") => options.push(((*name).to_owned(), line.to_owned())),
            (_, Some((_, about))) => *about += line,
            (_, None) => {}
        }
    }
    options
}

/// Options of a training that its page does not name.
fn unnamed<'o>(options: &'o str, page: &str) -> Vec<&'o str> {
    // An option's name ends where the next character is none of a name.
    let named: Vec<&str> = page.split(|letter: char| letter != '-' && !letter.is_ascii_alphanumeric()).collect();
    options.split(' ').filter(|option| !named.contains(option)).collect()
}

#[test]
fn the_page_of_options_names_each_of_a_training() {
    let (_, options) = &commands()[0];
    let missing = unnamed(options, include_str!("../../docs/options.md"));
    assert!(missing.is_empty(), "vapo-train/docs/options.md does not say when to touch {missing:?}");
    assert_eq!(unnamed("--lr --int8-part --int8", "| `--int8-part N` | `--lr` |"), ["--int8"]);
}

#[test]
fn the_help_lists_every_option_and_says_what_it_does() {
    let root = TempDir::new().unwrap();
    for (command, expected) in commands() {
        for flag in ["--help", "-h"] {
            let page = vapo_train(root.path(), &format!("{command} {flag}")).succeeded().output;
            let (found, about): (Vec<_>, Vec<_>) = listed(&page).into_iter().unzip();
            assert_eq!(found.join(" "), expected, "{page}");
            for about in about {
                // Past the option and its value, and before its default.
                let said = about.split(" [").next().unwrap().split('>').next_back().unwrap();
                let words = said.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic));
                assert!(words.count() >= 2, "says too little: {about}");
            }
        }
    }
}

#[test]
fn the_help_lists_commands_names_and_defaults() {
    let root = TempDir::new().unwrap();
    let page = vapo_train(root.path(), "--help").succeeded().output;
    let train = [
        "sample ",
        "paths ",
        "inspect ",
        "calibrate ",
        "export ",
        "fetch ",
        "digits, mnist, fashion-mnist, cifar10, celeba, folder, npy, series",
        "tiny:",
        "small:",
        "energy:",
        "vapo-bayes:",
    ];
    for part in train.iter().chain(&[
        "linear or bayes",
        "runs/DATASET",
        "[default: digits]",
        "[default: flow]",
        "[default: muon for flow, else adam]",
        "logit-normal:",
    ]) {
        assert!(page.contains(part), "no {part:?} in: {page}");
    }
    let page = vapo_train(root.path(), "sample --help").succeeded().output;
    for part in [
        "euler:",
        "heun:",
        "ab2:",
        "etd2:",
        "rk45:",
        "rk23:",
        "[default: 0.001]",
        "[default: 64; 8 of each class",
        "[default: 20]",
        "[default: 0.5]",
        ".png",
        ".npy",
    ] {
        assert!(page.contains(part), "no {part:?} in: {page}");
    }
    let version = vapo_train(root.path(), "--version").succeeded().output;
    assert_eq!(version, concat!("vapo-train ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn parameters_of_presets_are_as_many_as_the_help_says() {
    let root = TempDir::new().unwrap();
    let page = vapo_train(root.path(), "-h").succeeded().output + &vapo_train(root.path(), "--help").succeeded().output;
    for preset in vapo_train::run::preset::Preset::all() {
        let mut sides = preset.about.split(['×', ' ']).map(|side| side.parse().unwrap());
        let [height, width] = [(); 2].map(|()| sides.next().unwrap());
        let channels = if preset.about.contains("colour") { 3 } else { 1 };
        let image = vapo_format::Shape { channels, height, width };
        let architecture = preset.architecture(image, Default::default());
        let thousands = (architecture.parameters() + 500) / 1000;
        assert!(preset.about.contains(&format!(", {thousands}k parameters")), "{}: {thousands}k", preset.name);
        assert!(page.contains(preset.about), "{}", preset.name);
    }
}

#[test]
fn what_cannot_be_meant_is_refused_and_leaves_nothing() {
    let root = TempDir::new().unwrap();
    let cases: &[(&str, &[&str])] = &[
        ("--dataset imagenet", &["'imagenet'", "digits, mnist, fashion-mnist, cifar10, celeba, folder, npy"]),
        ("--preset huge", &["'huge'", "tiny, digits, small, medium, peer-8, peer-16"]),
        ("--objective mse", &["'mse'", "flow, energy, vapo-bayes"]),
        ("--homotopy cubic", &["'cubic'", "linear or bayes"]),
        ("--device tpu", &["'tpu'", "cpu, cuda"]),
        ("--steps 0", &["--steps", "0 is not in 1..="]),
        ("--steps 1.5", &["--steps", "'1.5'", "expected a whole number, as 8"]),
        ("--steps=", &["--steps"]),
        ("--batch 0", &["--batch", "0 is not in 1..="]),
        ("--batch 18446744073709551615", &["--batch", "is not in 1..="]),
        ("--accumulate 0", &["--accumulate", "0 is not in 1..=65536"]),
        ("--accumulate 65537", &["--accumulate", "is not in 1..=65536"]),
        ("--batch 96 --accumulate 20", &["--accumulate 20 does not divide --batch 96: give 16 or 24"]),
        ("--preset tiny --accumulate 100", &["--accumulate 100 does not divide --batch 64: give 64"]),
        ("--threads 0", &["--threads", "0 is not in 1..="]),
        ("--threads 100000", &["--threads", "is not in 1..="]),
        ("--minutes 0", &["--minutes", "above zero"]),
        ("--minutes -1", &["--minutes", "above zero"]),
        ("--minutes inf", &["--minutes", "above zero"]),
        ("--int8-part 1.1", &["--int8-part", "from 0 to 1"]),
        ("--weight-decay -0.1", &["--weight-decay", "from 0 to 10"]),
        ("--clip value", &["'value'", "norm, second-moment"]),
        (
            "--clip second-moment",
            &["--clip second-moment: adam alone keeps", "muon", "give --optimiser adam, or --clip norm"],
        ),
        ("--int8-part nan", &["--int8-part", "from 0 to 1"]),
        ("--lr 0", &["--lr", "above zero"]),
        ("--lr -0.1", &["--lr", "above zero"]),
        ("--lr nan", &["--lr", "above zero"]),
        ("--lr 1e39", &["--lr", "above zero"]),
        ("--seed -1", &["--seed", "'-1'", "without a sign"]),
        ("--seed 18446744073709551616", &["--seed", "expected a smaller number"]),
        ("--steps 5 --minutes 1", &["--steps", "--minutes"]),
        ("--resume --force", &["--resume", "--force"]),
        ("--data-dir files", &["--data-dir files", "built in", "--dataset"]),
        ("--epochs 3", &["--epochs"]),
        ("--dataset folder", &["--dataset folder", "--data-dir"]),
        ("--crop 8", &["--crop 8", "digits are used as they are"]),
        ("--dataset mnist --size 32", &["--size 32", "mnist are used as they are"]),
        ("--dataset mnist --cache-dir c", &["--cache-dir c", "mnist are used as they are"]),
        ("--dataset celeba --crop centre", &["--crop", "15,40,163,188"]),
        ("--dataset celeba --size 64x", &["--size", "48x64"]),
        ("--dataset celeba --filter cubic", &["'cubic'", "triangle, catmull-rom"]),
        ("--dataset celeba --channels 2", &["--channels", "1 for grey"]),
        ("--dataset celeba --size 62", &["preset celeba", "62×62", "56x56 and 64x64", "--size"]),
        ("--flip --no-flip", &["--flip", "--no-flip"]),
        ("--out -", &["--out -", "expected a name"]),
        ("trian", &["trian"]),
        ("--seed 3 inspect model.vapo", &["--seed", "inspect"]),
        ("inspect", &["<F.vapo>"]),
        ("demo --steps 0", &["--steps", "0 is not in 1..="]),
        ("demo --out -", &["--out -", "expected a name"]),
        ("board run", &["<F.vapo>"]),
        ("board run m.vapo --board arduino", &["'arduino'", "microbit, microbit-v2, stm32f411"]),
        ("board run m.vapo --count 0", &["--count", "0 is not in 1..="]),
        ("board run m.vapo --force", &["--force: nothing is written without --out"]),
        ("board run m.vapo --out samples.txt", &["--out samples.txt", ".png, .npy or .npz"]),
        ("board run m.vapo --board pico --class 7", &["--class: pico draws", "takes no requests"]),
        ("board run m.vapo --board pico --out s.npy", &["--out: pico draws", "give an emulated board"]),
        ("sample --out x.png", &["--model"]),
        ("sample --model model.vapo", &["--out"]),
        ("sample --model m --out x.png --count 0", &["--count", "0 is not in 1..="]),
        ("sample --model m --out x.png --count 99999999999999999", &["--count", "is not in 1..="]),
        ("sample --model m --out x.png --steps 0", &["--steps", "0 is not in 1..="]),
        ("sample --model m --out x.png --steps 65536", &["--steps", "65536 is not in 1..=65535"]),
        ("sample --model m --out x.png --grading steep", &["--grading", "'steep'", "expected a number, as 0.5"]),
        ("sample --model m --out x.png --grading 0", &["--grading 0", "positive"]),
        ("sample --model m --out x.png --grading -2", &["--grading -2", "positive"]),
        ("sample --model m --out x.png --solver rk4", &["'rk4'", "euler, heun, ab2, etd2, rk45, rk23"]),
        ("sample --model m --out x.png --seed -1", &["--seed", "'-1'"]),
    ];
    for (line, parts) in cases {
        let told = vapo_train(root.path(), line).refused(2, parts);
        assert_eq!(told.output, "", "{line}");
    }
    assert_eq!(names(root.path()), [""; 0]);
    assert!(!root.path().join("runs").exists());
}

/// The pages say `cargo run`. It asks which program is meant where a workspace has several and none is named.
#[test]
fn cargo_run_means_the_trainer() {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    let output = cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).output().unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let named: Vec<&str> = packages.iter().filter_map(|package| package["default_run"].as_str()).collect();
    assert_eq!(named, ["vapo-train"]);
}
