//! A sample that is drawn between the other tasks of an embassy executor.

use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_request::Request;
use vapo_sampler::solver::GROUP;
use vapo_sampler::{PlanFor, Solver};
use vapo_tests::device::{Image, MPS2_AN386, models, on_host};

/// Microseconds from one beat of the example's heart to the next.
const BEAT: u64 = 200;
/// Microseconds that a beat may be late: the longest layer has 56,000 instructions, of a nanosecond each, and time has ticks of ten.
const LATE: u64 = 80;

/// What the example prints.
#[derive(Debug)]
struct Printed {
    /// Beats while the sample was drawn, of so many microseconds, and the longest time between two.
    beats: u64,
    elapsed: u64,
    longest: u64,
    /// How many times others could run.
    yields: u64,
    sample: Vec<u32>,
}

fn run(image: &Image, layers: u32) -> Printed {
    let printed = image.run(&format!("layers={layers}")).unwrap_or_else(|error| panic!("{error}"));
    let word = |name: &str| {
        let line = printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no `{name}` in `{printed}`"))
    };
    let number = |name| word(name).parse().unwrap();
    let digits = word("sample").as_bytes().chunks(8);
    let sample = digits.map(|digits| u32::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap()).collect();
    Printed {
        beats: number("beats"),
        elapsed: number("elapsed"),
        longest: number("longest"),
        yields: number("yields"),
        sample,
    }
}

#[test]
fn others_run_between_the_layers_of_a_sample() {
    let image = Image::build_example("embassy", MPS2_AN386, &[]).unwrap_or_else(|error| panic!("{error}"));
    let file = models::digits().read().unwrap();
    let model = Model::parse(&file).unwrap();
    let host = on_host(&file, &Request { seed: 7, steps: 10, ..Request::of(Solver::Etd2) }).unwrap().sample;
    let nodes = PlanFor::<MAX_NODES>::new(&model).unwrap().steps().len() as u64;
    let groups = model.signal().elements().div_ceil(GROUP) as u64;

    let each = run(&image, 1);
    assert_eq!(each.sample, host);
    assert_eq!(each.yields + 1, groups + 10 * (2 * nodes - 1 + groups));
    assert!(each.elapsed > 10_000 && each.beats + 2 >= each.elapsed / BEAT, "{each:?}");
    assert!(each.longest <= BEAT + LATE, "{each:?}");

    // A drift at a time, and all at once: the same sample, and the test would notice either.
    let whole = run(&image, u32::MAX);
    assert_eq!((&whole.sample, whole.yields), (&host, 20));
    assert!(whole.longest > 4 * BEAT, "{whole:?}");
    let never = run(&image, 0);
    assert_eq!((never.sample, never.yields, never.beats), (host, 0, 0));
}

/// Texts of errors stay on the host, and nothing of defmt is where it was not asked for.
#[test]
fn errors_are_formatted_by_defmt_where_it_is_asked_for() {
    let linked = |features: &[&str]| {
        let image = Image::build_example("embassy", MPS2_AN386, features).unwrap_or_else(|error| panic!("{error}"));
        let symbols = image.symbols().unwrap();
        let with = |text: &str| symbols.iter().any(|name| name.contains(text));
        (with("no digit: {}"), with("Arena {{ needed: {=usize:?}, given: {=usize:?} }}"), with("defmt"))
    };
    assert_eq!(linked(&["--features", "defmt"]), (true, true, true));
    // Last what a person runs.
    assert_eq!(linked(&[]), (false, false, false));
}
