//! A series watched on the boards: the host's energies, thresholds, verdicts and explanations, to the bit.

use std::io::Write;
use std::sync::OnceLock;
use tempfile::{NamedTempFile, TempPath};
use vapo_format::{Model, Threshold};
use vapo_request::Watch;
use vapo_sampler::fit::Demand;
use vapo_tests::device::{Image, Line, MICROBIT, MPS2_AN386, RISCV32_VIRT, Watched, models, watched_on_host};

const CHANNELS: usize = 3;
const READINGS: usize = 400;

/// An image that explains, and the file of its model.
struct Case {
    board: &'static str,
    image: Image,
    file: Vec<u8>,
}

impl Case {
    fn new(board: &'static str, file: &models::File, features: &[&str]) -> Self {
        let image = Image::build_with(board, file.path(), features).unwrap_or_else(|error| panic!("{error}"));
        Case { board, image, file: file.read().unwrap() }
    }
}

/// In integers on three boards, in floats on two.
fn cases() -> &'static [Case; 5] {
    static CASES: OnceLock<[Case; 5]> = OnceLock::new();
    CASES.get_or_init(|| {
        let (integer, float) = (models::integer_series().unwrap(), models::series().unwrap());
        let integers = ["--features", "explain"];
        let floats = ["--no-default-features", "--features", "float,explain"];
        [
            Case::new(MICROBIT, &integer, &integers),
            Case::new(MPS2_AN386, &integer, &integers),
            Case::new(RISCV32_VIRT, &integer, &integers),
            Case::new(MICROBIT, &float, &floats),
            Case::new(MPS2_AN386, &float, &floats),
        ]
    })
}

/// Three channels that go up and down, with gaps, and with a fault towards the end: the second channel stays where it is.
fn readings() -> Vec<f32> {
    let mut readings: Vec<f32> = (0..READINGS)
        .flat_map(|reading| {
            let phase = reading as f32 / 9.0;
            [20.0 + 5.0 * libm::sinf(phase), -1000.0 + 0.25 * libm::cosf(phase), 1e4 * libm::sinf(2.0 * phase)]
        })
        .collect();
    readings[100 * CHANNELS + 1] = f32::NAN;
    readings[230 * CHANNELS] = f32::INFINITY;
    (330..READINGS).for_each(|reading| readings[reading * CHANNELS + 1] = -998.0);
    readings
}

/// A file of readings, as boards take it.
fn written(readings: &[f32], beside: &[u8]) -> TempPath {
    let mut file = NamedTempFile::new().unwrap();
    for reading in readings {
        file.write_all(&reading.to_le_bytes()).unwrap();
    }
    file.write_all(beside).unwrap();
    file.into_temp_path()
}

fn watch(path: &TempPath) -> Watch<'_> {
    Watch { readings: path.as_os_str().as_encoded_bytes(), stride: 8, learn: 12, rate: 0.1, explain: true }
}

fn answer(case: &Case, watch: &Watch<'_>) -> Watched {
    Watched::parse(&case.image.run(&watch.to_string()).unwrap()).unwrap()
}

#[test]
fn boards_find_what_the_host_finds() {
    let readings = readings();
    let path = written(&readings, &[]);
    for case in cases() {
        // Windows that overlap, that touch, and that leave readings out; learned thresholds, and none.
        for (stride, learn, explain) in [(8, 12, true), (1, 40, false), (16, 5, true), (50, 0, false)] {
            let watch = Watch { stride, learn, explain, ..watch(&path) };
            let host = watched_on_host(&case.file, &watch, &readings).unwrap();
            assert_eq!(answer(case, &watch).lines, host, "{} {watch}", case.board);
            let anomalies = host.iter().filter(|line| matches!(line, Line::Verdict { anomalous: true, .. })).count();
            let explained = host.iter().filter(|line| matches!(line, Line::Explanation { .. })).count();
            assert_eq!(explained, if explain { anomalies } else { 0 });
            assert_eq!(learn > 0, anomalies > 0, "{} {watch}", case.board);
            assert_eq!(host.last(), Some(&Line::Gaps(2)));
        }
    }
}

#[test]
fn boards_judge_by_the_threshold_of_the_model() {
    let readings = readings();
    let path = written(&readings, &[]);
    for case in &cases()[..3] {
        let unlimited = Watch { learn: 0, ..watch(&path) };
        // At time 0.25, the first window is just an anomaly or just none.
        let time = 0.25;
        let with =
            |energy| models::with_threshold(&case.file, Threshold { energy, time, false_positive_rate: 0.1 }).unwrap();
        let first = |file: &[u8]| watched_on_host(file, &unlimited, &readings).unwrap()[0];
        let Line::Verdict { energy, .. } = first(&with(0.0).read().unwrap()) else { panic!("no verdict") };
        let energy = f32::from_bits(energy);
        for (limit, expected) in [(energy, false), (energy.next_down(), true)] {
            let model = with(limit);
            let image = Image::build_with(case.board, model.path(), &["--features", "explain"]).unwrap();
            let case = Case { board: case.board, image, file: model.read().unwrap() };
            let found = answer(&case, &unlimited).lines;
            assert_eq!(found, watched_on_host(&case.file, &unlimited, &readings).unwrap());
            assert!(matches!(found[0], Line::Verdict { anomalous, .. } if anomalous == expected), "{:?}", found[0]);
        }
    }
}

/// The comparison would notice the smallest change of a reading, of a weight or of the stride.
#[test]
fn what_is_off_by_one_is_noticed() {
    let readings = readings();
    let path = written(&readings, &[]);
    let watch = watch(&path);
    for case in cases() {
        let host = watched_on_host(&case.file, &watch, &readings).unwrap();
        let mut other = readings.clone();
        // A number of the first window.
        other[20 * CHANNELS] += 1e-3;
        let changed = written(&other, &[]);
        let found = answer(case, &Watch { readings: changed.as_os_str().as_encoded_bytes(), ..watch }).lines;
        assert_ne!(found[0], host[0], "{}", case.board);
        assert_eq!(found, watched_on_host(&case.file, &watch, &other).unwrap());
        let perturbed = models::perturbed(&case.file).unwrap();
        let image = case.image.with_model(&case.file, &perturbed).unwrap();
        let found = answer(&Case { board: case.board, image, file: perturbed.clone() }, &watch).lines;
        assert_ne!(found[0], host[0], "{}", case.board);
        assert_eq!(found, watched_on_host(&perturbed, &watch, &readings).unwrap());
        assert_ne!(answer(case, &Watch { stride: 9, ..watch }).lines[1], host[1]);
    }
}

#[test]
fn what_cannot_be_watched_is_refused_with_what_to_do() {
    let readings = readings();
    let (path, cut_off) = (written(&readings, &[]), written(&readings[..99], &[0, 0]));
    let (whole, cut_off) = (path.display(), cut_off.display());
    for case in cases() {
        for (arguments, message) in [
            (
                format!("stride=4 readings={whole}x"),
                format!("found {whole}x\nerror expected readings= with the path of"),
            ),
            ("stride=4".to_owned(), "found  stride=4\nerror expected readings= with the path of a file\n".to_owned()),
            (
                format!("readings={whole} stride=0"),
                "found stride=0\nerror expected stride= with a whole number".to_owned(),
            ),
            (
                format!("readings={whole} learn=170 rate=0.1"),
                "learning takes 18 elements, the image has 16\nerror expected a lower learn= or rate=\n".to_owned(),
            ),
        ] {
            let text = case.image.run(&arguments).unwrap_err();
            assert!(text.starts_with(&message), "{arguments} on {}: {text}", case.board);
        }
        let text = case.image.run(&format!("readings={cut_off}")).unwrap_err();
        assert!(text.contains("error the file of readings ends within a reading"), "{text}");
    }
}

/// As `check-symbols` looks for them.
#[test]
fn no_monitor_can_panic_or_format() {
    for case in cases() {
        let symbols = case.image.symbols().unwrap();
        assert!(symbols.iter().any(|name| name.contains("vapo_sampler")), "{}", case.board);
        let forbidden: Vec<_> =
            symbols.iter().filter(|name| name.contains("4core9panicking") || name.contains("4core3fmt")).collect();
        assert!(forbidden.is_empty(), "{}: {forbidden:?}", case.board);
    }
}

/// The build says it, and counts no less than the image takes.
#[test]
fn a_monitor_takes_less_ram_than_the_microbit_has() {
    let path = written(&readings(), &[]);
    let [microbit, ..] = cases();
    let found = answer(microbit, &watch(&path));
    let fixed = microbit.image.ram().unwrap();
    assert_eq!(fixed, found.arena as u64);
    let boards = vapo_fit::Board::all().unwrap();
    let memory = &boards.iter().find(|board| board.name == MICROBIT).unwrap().memory;
    assert!(found.stack > 0 && (found.stack as u64) < memory.stack, "{} bytes of stack", found.stack);
    assert!(microbit.image.flash().unwrap() - microbit.file.len() as u64 <= memory.program_flash);
    let line = format!("(arena {}, stack {}, program 0)", found.arena, memory.stack);
    assert!(microbit.image.stated().contains(&line), "no `{line}` in {}", microbit.image.stated());
}

/// Without it, there is neither the pass in reverse nor memory for what it would find.
#[test]
fn what_a_monitor_without_explanations_takes() {
    let file = models::integer_series().unwrap();
    let image = Image::build_with(MICROBIT, file.path(), &["--features", "monitor"]).unwrap();
    let [explains, ..] = cases();
    let model = Model::parse(&explains.file).unwrap();
    let [more, less] = [true, false].map(|explains| {
        let Demand { arena, image, .. } = Demand::of_monitor(&model, explains).unwrap();
        (arena + image) as u64
    });
    assert_eq!(explains.image.ram().unwrap() - image.ram().unwrap(), more - less);
    assert!(explains.image.flash().unwrap() - image.flash().unwrap() > 4000);
    let path = written(&readings(), &[]);
    let watch = watch(&path);
    assert!(image.run(&watch.to_string()).unwrap_err().contains("build it with --features explain"));
    let watch = Watch { explain: false, ..watch };
    let found = Watched::parse(&image.run(&watch.to_string()).unwrap()).unwrap();
    assert_eq!(found.lines, watched_on_host(&explains.file, &watch, &readings()).unwrap());
}

#[test]
fn images_are_not_watched() {
    let error = Image::build_with(MICROBIT, models::digits().path(), &["--features", "monitor"]).unwrap_err();
    assert!(error.contains("the model is of images of 8×8×1: a monitor takes a series, of height 1"), "{error}");
}
