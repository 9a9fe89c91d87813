//! Instructions and memory against the committed table, `tests/device.json`.

use crate::cases;
use vapo_request::Request;
use vapo_sampler::Solver;
use vapo_tests::device::{Measurement, read_baseline};

/// Growth that is allowed: counts repeat exactly, but layout may cost a little.
const SAME_COMPILER: f64 = 1.02;
/// Another compiler makes other code.
const OTHER_COMPILER: f64 = 1.10;

#[test]
fn neither_instructions_nor_memory_grow() {
    let baseline = read_baseline().unwrap();
    assert_eq!(baseline.len(), cases().all().count(), "the table has a row for each case");
    for case in cases().all() {
        let found = Measurement::new(case.board, case.model, &case.image, &case.file).unwrap();
        let row = baseline.iter().find(|row| row.board == found.board && row.model == found.model);
        let row = row.unwrap_or_else(|| panic!("the table has no row for {} on {}", found.model, found.board));
        let same = row.compiler == found.compiler;
        let allowed = if same { SAME_COMPILER } else { OTHER_COMPILER };
        if !same {
            println!("{} is not the table's compiler, {}: allowing 10 %", found.compiler, row.compiler);
        }
        for ((name, found_value), (_, expected)) in found.bounded().into_iter().zip(row.bounded()) {
            assert!(
                found_value as f64 <= allowed * expected as f64,
                "{} on {}: {found_value} {name}, {expected} in the table ({}, now {}). If that is meant, run \
                 vapo-sampler/firmware/bench --write",
                found.model,
                found.board,
                row.compiler,
                found.compiler
            );
        }
    }
}

#[test]
fn instructions_repeat_exactly() {
    let request = Request { seed: 5, solver: Solver::Heun, steps: 2, exponent: 0.7, temperature: 1.0, known: 0 };
    for case in [&cases().mps2_an386, &cases().mps2_an505] {
        let [first, second] = [(); 2].map(|()| case.image.answer(&request).unwrap());
        assert_eq!(first, second, "{}", case.board);
    }
}
