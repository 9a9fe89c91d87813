//! Reads arbitrary text as the request of a board, as how a board watches a series, or as a board's `memory.x`; `READER` says
//! which: `request`, `watch` or `memory`.
//! `tests/fuzz` in the repository's root builds and runs this.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use vapo_fit::Memory;
use vapo_format::Shape;
use vapo_request::{Refused, Request, Watch};
use vapo_sampler::Solver;

static READER: LazyLock<String> = LazyLock::new(|| std::env::var("READER").expect("READER=request, watch or memory"));

fuzz_target!(|bytes: &[u8]| {
    match READER.as_str() {
        "request" => request(bytes),
        "watch" => watch(bytes),
        "memory" => memory(bytes),
        other => panic!("READER is {other}, expected request, watch or memory"),
    }
});

/// What follows `name=` in a text of arguments.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut values = text.split(' ').filter_map(|argument| argument.strip_prefix(name)?.strip_prefix('='));
    let value = values.next();
    assert_eq!(values.next(), None, "{name} is given twice");
    value
}

/// What is refused is one of the arguments; what is taken are the numbers that the standard library reads.
fn request(bytes: &[u8]) {
    let mut arguments = bytes.split(|&byte| byte == b' ').filter(|argument| !argument.is_empty());
    let image = Shape { channels: 1, height: 8, width: 8 };
    let classes = 10;
    let request = match Request::parse(bytes, Solver::default(), image, classes) {
        Ok(request) => request,
        Err(Refused { found, .. }) => return assert!(arguments.any(|argument| argument == found)),
    };
    assert!(request.schedule().is_ok() && request.known <= image.height);
    let text = std::str::from_utf8(bytes).expect("what is taken is ASCII");
    let value = |name| value(text, name);
    let default = Request::default();
    assert_eq!(request.seed, value("seed").map_or(default.seed, |text| text.parse().expect("a seed")));
    assert_eq!(request.steps, value("steps").map_or(default.steps, |text| text.parse().expect("steps")));
    assert_eq!(request.known, value("known").map_or(default.known, |text| text.parse().expect("rows")));
    assert_eq!(request.solver.name(), value("solver").unwrap_or(default.solver.name()));
    assert_eq!(request.exponent, value("exponent").map_or(default.exponent, |text| text.parse().expect("an exponent")));
    let extrapolation =
        value("extrapolation").map_or(default.extrapolation, |text| text.parse().expect("an extrapolation"));
    assert_eq!(request.extrapolation, extrapolation);
    let usual = match request.known {
        0 => request.solver.usual_temperature(),
        _ => request.solver.restoring_temperature(),
    };
    assert_eq!(request.temperature, value("temperature").map_or(usual, |text| text.parse().expect("a temperature")));
    assert_eq!(request.condition.class, value("class").map(|text| text.parse().expect("a class")));
    assert_eq!(request.condition.guidance, value("guidance").map_or(0.0, |text| text.parse().expect("a guidance")));
    assert_eq!(request.condition.check(classes), Ok(()));
}

/// As a request; the path of the readings is any bytes.
fn watch(bytes: &[u8]) {
    let mut arguments = bytes.split(|&byte| byte == b' ').filter(|argument| !argument.is_empty());
    let watch = match Watch::parse(bytes) {
        Ok(watch) => watch,
        Err(Refused { found, .. }) => return assert!(found == bytes || arguments.any(|argument| argument == found)),
    };
    assert!(!watch.readings.is_empty() && watch.stride > 0 && watch.rate > 0.0 && watch.rate < 1.0);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let value = |name| value(text, name);
    let usual = Watch::USUAL;
    assert_eq!(Some(watch.readings), value("readings").map(str::as_bytes));
    assert_eq!(watch.stride, value("stride").map_or(usual.stride, |text| text.parse().expect("a stride")));
    assert_eq!(watch.learn, value("learn").map_or(usual.learn, |text| text.parse().expect("windows")));
    assert_eq!(watch.rate, value("rate").map_or(usual.rate, |text| text.parse().expect("a rate")));
    assert_eq!(watch.explain, value("explain").map_or(usual.explain, |text| text.parse() == Ok(1u16)));
}

/// A script is read or refused, and blanks, comments and attributes change nothing.
fn memory(bytes: &[u8]) {
    let script = String::from_utf8_lossy(bytes);
    let found = Memory::parse(&script);
    if !script.contains("/*") {
        let commented = format!("/* MEMORY {{ FLASH : ORIGIN = 0, LENGTH = 1 }} */ {script} /* more */");
        assert_eq!(Memory::parse(&commented), found);
    }
}
