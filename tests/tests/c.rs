//! Programs in C: built by other compilers than Rust's, for a computer and for every emulated board, they print the bits that the host
//! computes.
//!
//! It takes what `vapo-sampler/bindings/c/toolchain` installs.

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;
use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_sampler::{Condition, Monitor, Noise, PlanFor, Sampler, Schedule, Solver, ThresholdLearner};
use vapo_tests::device::{EMULATED, firmware, models};
use vapo_train::export::c::{Name, sources};

fn bindings() -> PathBuf {
    firmware().join("../bindings/c")
}

/// Runs a program, and returns what it prints to its standard output.
#[track_caller]
fn run(command: &mut Command) -> String {
    let found = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}: run {}", hint()));
    let errors = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{command:?}: {}{errors}", String::from_utf8_lossy(&found.stdout));
    String::from_utf8(found.stdout).unwrap()
}

fn hint() -> String {
    bindings().join("toolchain").display().to_string()
}

/// The libraries of this machine and of the boards, made once. Making them checks that nothing in them can panic.
static LIBRARIES: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("archives");
    let targets = [
        "host",
        "thumbv6m-none-eabi",
        "thumbv7em-none-eabihf",
        "thumbv8m.main-none-eabihf",
        "riscv32imc-unknown-none-elf",
    ];
    let mut archives = Command::new(bindings().join("archives"));
    for variable in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC"] {
        archives.env_remove(variable);
    }
    let printed = run(archives.arg(&folder).args(targets));
    assert_eq!(printed.lines().count(), targets.len(), "{printed}");
    folder
});

/// A digit of a class, in ten steps.
fn digit(sampler: &mut Sampler<'_>, class: u16, seed: u64) -> [f32; 64] {
    let mut image = [0.0; 64];
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed));
    sampler.set_condition(Condition::of(Some(class))).unwrap();
    let temperature = Solver::Etd2.usual_temperature();
    sampler.sample(Schedule::usual(10).unwrap(), temperature, &mut noise, &mut image).unwrap();
    image
}

/// What the example prints, but for its pictures.
fn expected() -> String {
    let file = fs::read(firmware().join("models/digits.vapo")).unwrap();
    let model = Model::parse(&file).unwrap();
    let plan = PlanFor::<MAX_NODES>::new(&model).unwrap();
    let mut memory = vec![0.0; plan.elements_with(Solver::Etd2)];
    let mut sampler = Sampler::new(&model, &plan, Solver::Etd2, &mut memory).unwrap();
    let mut text = String::new();
    for class in 0..10 {
        let image = digit(&mut sampler, class, class.into());
        sampler.potential().set_class(None).unwrap();
        let energy = sampler.image_energy(&image, 0.5).unwrap().unwrap();
        text += "sample";
        image.iter().for_each(|value| write!(text, " {:08x}", value.to_bits()).unwrap());
        let found = sampler.classify(&image).unwrap().unwrap();
        write!(text, "\nenergy {:08x}\nclass {}\n", energy.to_bits(), found.class).unwrap();
    }
    text
}

/// What a program printed, without pictures and the stack.
fn bits(printed: &str) -> String {
    let said = |line: &&str| ["sample ", "energy ", "class "].iter().any(|word| line.starts_with(word));
    printed.lines().filter(said).flat_map(|line| [line, "\n"]).collect()
}

/// The example's sources.
fn example(sources: &[&str]) -> Vec<PathBuf> {
    sources.iter().map(|name| bindings().join("examples/digit").join(name)).collect()
}

/// Compiles the example for this machine. Returns what it prints.
fn on_host(compiler: &str, options: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("digit");
    let mut command = Command::new(compiler);
    command.args(options).args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]).arg(LIBRARIES.join("include"));
    command.args(example(&["digit.c", "digits.c", "host.c"]));
    run(command.args(["-x", "none"]).arg(LIBRARIES.join("host/libvapo.a")).arg("-o").arg(&program));
    run(&mut Command::new(program))
}

#[test]
fn c_and_cpp_print_the_bits_of_the_host() {
    let expected = expected();
    let c = ["-x", "c"];
    for (compiler, options) in [
        ("gcc", [&c[..], &["-std=c99", "-O2"]].concat()),
        ("gcc", [&c[..], &["-std=c11", "-O0"]].concat()),
        ("gcc", [&c[..], &["-std=c99", "-O2", "-DPARTS=1"]].concat()),
        ("g++", vec!["-x", "c++", "-std=c++11"]),
        ("g++", vec!["-x", "c++", "-std=c++20"]),
    ] {
        let printed = on_host(compiler, &options);
        assert!(bits(&printed) == expected, "{compiler} {options:?}: {printed}");
        assert_eq!(printed.lines().count(), 110);
    }
}

/// The program that the page shows, with the model that `vapo-train export` makes.
#[test]
fn the_program_of_the_page_draws_what_the_host_draws() {
    let page = fs::read_to_string(bindings().join("README.md")).unwrap();
    let (_, program) = page.split_once("```c\n").unwrap();
    let folder = TempDir::new().unwrap();
    let [source, binary] = ["main.c", "program"].map(|name| folder.path().join(name));
    fs::write(&source, program.split_once("```").unwrap().0).unwrap();
    let mut command = Command::new("gcc");
    command.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]).arg(LIBRARIES.join("include"));
    command.arg("-I").arg(bindings().join("examples/digit")).arg(source).args(example(&["digits.c"]));
    run(command.arg(LIBRARIES.join("host/libvapo.a")).arg("-o").arg(&binary));
    let printed = run(&mut Command::new(binary));

    let file = fs::read(firmware().join("models/digits.vapo")).unwrap();
    let model = Model::parse(&file).unwrap();
    let plan = PlanFor::<MAX_NODES>::new(&model).unwrap();
    let mut memory = vec![0.0; plan.elements_with(Solver::Etd2)];
    let image = digit(&mut Sampler::new(&model, &plan, Solver::Etd2, &mut memory).unwrap(), 3, 7);
    let row = |row: &[f32]| row.iter().map(|value| if *value > 0.0 { "##" } else { "  " }).collect::<String>() + "\n";
    assert_eq!(printed, image.chunks(8).map(row).collect::<String>());
}

#[test]
fn sanitizers_find_nothing() {
    let options = ["-x", "c", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    for by_steps in [&[][..], &["-DPARTS=2"]] {
        assert!(bits(&on_host("gcc", &[&options, by_steps].concat())) == expected(), "{by_steps:?}");
    }
}

#[test]
fn emulated_boards_print_the_bits_of_the_host() {
    let expected = expected();
    let folder = TempDir::new().unwrap();
    let by_steps = [(EMULATED[0], Some("-DPARTS=1")), (EMULATED[3], Some("-DPARTS=7"))];
    for (board, option) in EMULATED.map(|board| (board, None)).into_iter().chain(by_steps) {
        let image = folder.path().join(board);
        let build = bindings().join("examples/digit/board/build");
        run(Command::new(build).arg(board).arg(&*LIBRARIES).arg(&image).args(option));
        let printed = run(Command::new(firmware().join("emulate")).arg(board).arg(&image));
        assert!(bits(&printed) == expected, "{board} {option:?}: {printed}");
        let stack = printed.lines().find_map(|line| line.strip_prefix("stack ")?.strip_suffix(" bytes")).unwrap();
        // What the pages say is enough.
        assert!(stack.parse::<u32>().unwrap() <= 7000, "{board}: {stack}");
    }
}

#[test]
fn an_arena_beyond_the_ram_is_an_error_of_the_compiler() {
    for (compiler, standard) in [("gcc", "-std=c99"), ("gcc", "-std=c11"), ("g++", "-std=c++11")] {
        let compiles = |ram: &str| {
            let language = if compiler == "g++" { "c++" } else { "c" };
            let mut command = Command::new(compiler);
            command.args([standard, "-x", language, "-fsyntax-only", ram, "-I"]).arg(bindings().join("include"));
            command.args(example(&["digit.c"])).output().unwrap()
        };
        let found = compiles("-DVAPO_RAM=4096");
        let errors = String::from_utf8_lossy(&found.stderr).into_owned();
        assert!(
            !found.status.success() && errors.contains("digits_fits_arena") || errors.contains("VAPO_RAM"),
            "{errors}"
        );
        assert!(compiles("-DVAPO_RAM=16384").status.success());
    }
}

/// The example's model is what `vapo-train export --c` makes of the firmware's.
#[test]
fn the_models_of_the_examples_are_those_that_export_makes() {
    let file = fs::read(firmware().join("models/digits.vapo")).unwrap();
    let made = sources(&Name::new("digits").unwrap(), &file, false).unwrap();
    for (name, text) in [("digits.h", made.header), ("digits.c", made.source)] {
        let path = bindings().join("examples/digit").join(name);
        assert!(fs::read_to_string(path).unwrap() == text, "{name} is stale: export the model anew");
    }
}

#[test]
fn cmake_builds_the_example() {
    let (built, expected) = (TempDir::new().unwrap(), expected());
    let archives = format!("-DVAPO_ARCHIVES={}", LIBRARIES.display());
    let source = bindings().join("examples/digit");
    run(Command::new("cmake").arg("-S").arg(source).arg("-B").arg(built.path()).arg(archives));
    run(Command::new("cmake").arg("--build").arg(built.path()));
    assert!(bits(&run(&mut Command::new(built.path().join("digit")))) == expected);
}

/// Readings of a sensor that wavers, with a jump, one a line.
fn readings(channels: usize, count: usize) -> Vec<Vec<f32>> {
    let at = |reading: usize, channel: usize| {
        let jump = if reading % 97 < 3 { 40.0 } else { 0.0 };
        ((reading * (channel + 3)) % 13) as f32 * 0.75 + jump
    };
    (0..count).map(|reading| (0..channels).map(|channel| at(reading, channel)).collect()).collect()
}

/// The example of a monitor learns the threshold that the host learns, and gives its verdicts.
#[test]
fn a_series_is_watched_as_the_host_does() {
    const LEARNED: u32 = 20;
    let folder = TempDir::new().unwrap();
    for (file, energies) in [(models::series().unwrap(), false), (models::integer_series().unwrap(), true)] {
        let file = file.read().unwrap();
        let model = Model::parse(&file).unwrap();
        let made = sources(&Name::new("machine").unwrap(), &file, energies).unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("machine.h"), made.header).unwrap();
        fs::write(at("machine.c"), made.source).unwrap();
        let mut command = Command::new("gcc");
        command.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsanitize=address,undefined"]);
        command
            .arg(format!("-DLEARNED={LEARNED}"))
            .arg("-I")
            .arg(LIBRARIES.join("include"))
            .arg("-I")
            .arg(folder.path());
        command.arg(bindings().join("examples/monitor/monitor.c")).arg(at("machine.c"));
        run(command.arg(LIBRARIES.join("host/libvapo.a")).arg("-o").arg(at("monitor")));

        let readings = readings(model.signal().channels.into(), 400);
        let line = |reading: &Vec<f32>| reading.iter().map(|raw| format!("{raw} ")).collect::<String>() + "\n";
        fs::write(at("readings"), readings.iter().map(line).collect::<String>()).unwrap();
        let input = Stdio::from(fs::File::open(at("readings")).unwrap());
        let printed = run(Command::new(at("monitor")).stdin(input));

        let plan = PlanFor::<MAX_NODES>::forward(&model).unwrap();
        let (mut memory, mut largest) = (vec![0.0; plan.monitor_elements()], [0.0; 8]);
        let mut monitor = Monitor::new(&model, &plan, 8, &mut memory).unwrap();
        monitor.set_threshold(None);
        let mut learner = ThresholdLearner::new(0.01, &mut largest).unwrap();
        let mut lines = printed.lines();
        let mut seen = [0; 2];
        for (number, reading) in readings.iter().enumerate() {
            let Some(verdict) = monitor.push(reading).unwrap() else { continue };
            if learner.count() < LEARNED {
                learner.push(verdict.energy).unwrap();
                if learner.count() == LEARNED {
                    monitor.set_threshold(learner.threshold());
                }
            }
            let words: Vec<&str> = lines.next().unwrap().split(' ').collect();
            assert_eq!(words[0], number.to_string());
            assert_eq!(words[1].parse::<f32>().unwrap().to_bits(), verdict.energy.to_bits());
            assert_eq!(words[2], if verdict.anomalous { "anomaly" } else { "normal" });
            seen[usize::from(verdict.anomalous)] += 1;
        }
        assert!(lines.next().is_none() && seen[0] > 20, "{seen:?}");
    }
}

/// Arduino's own tools are not here. What they would compile, a compiler takes.
#[test]
fn the_sketches_are_programs() {
    let folder = TempDir::new().unwrap();
    let file = models::integer_series().unwrap().read().unwrap();
    let made = sources(&Name::new("machine").unwrap(), &file, true).unwrap();
    fs::write(folder.path().join("machine.h"), made.header).unwrap();
    let stub = "#pragma once\nstruct Port { void begin(long); void print(const char *); void println(const char *); \
                void println(float); };\nextern Port Serial;\nvoid delay(unsigned long);\nint analogRead(int);\n\
                const int A0 = 14;\n";
    fs::write(folder.path().join("Arduino.h"), stub).unwrap();
    for sketch in ["Digit/Digit.ino", "Monitor/Monitor.ino"] {
        let mut command = Command::new("g++");
        command.args([
            "-std=gnu++11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fsyntax-only",
            "-include",
            "Arduino.h",
            "-x",
            "c++",
        ]);
        command.arg("-I").arg(folder.path()).arg("-I").arg(LIBRARIES.join("include"));
        command.arg("-I").arg(bindings().join("examples/digit"));
        run(command.arg(bindings().join("arduino/examples").join(sketch)));
    }
}
