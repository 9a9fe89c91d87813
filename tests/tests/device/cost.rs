//! Instructions and memory against the committed table, `tests/device.json`.

use crate::cases;
use std::fs;
use vapo_request::Request;
use vapo_sampler::Solver;
use vapo_tests::device::{MEASURED, Measurement, Steps, count_steps, firmware, measure_kernels, read_baseline};

/// Growth that is allowed: counts repeat exactly, but layout may cost a little.
const SAME_COMPILER: f64 = 1.02;
/// Another compiler makes other code.
const OTHER_COMPILER: f64 = 1.10;

/// What a compiler's images may have of what the table says.
fn allowed(compiler: &str, of_table: &str) -> f64 {
    if compiler == of_table {
        return SAME_COMPILER;
    }
    println!("{compiler} is not the table's compiler, {of_table}: allowing 10 %");
    OTHER_COMPILER
}

#[test]
fn neither_instructions_nor_memory_grow() {
    let ledger = read_baseline().unwrap();
    let rows: usize = MEASURED.iter().map(|(_, boards)| boards.len()).sum();
    assert_eq!(ledger.boards.len(), rows, "the table has a row for each case");
    for case in cases().all() {
        let found = Measurement::new(case.board, case.model, &case.image, &case.file).unwrap();
        let row = ledger.boards.iter().find(|row| row.board == found.board && row.model == found.model);
        let row = row.unwrap_or_else(|| panic!("the table has no row for {} on {}", found.model, found.board));
        let allowed = allowed(&found.compiler, &ledger.compiler);
        for ((name, found_value), (_, expected)) in found.bounded().into_iter().zip(row.bounded()) {
            assert!(
                found_value as f64 <= allowed * expected as f64,
                "{} on {}: {found_value} {name}, {expected} in the table ({}, now {}). If that is meant, run \
                 vapo-sampler/firmware/bench --write",
                found.model,
                found.board,
                ledger.compiler,
                found.compiler
            );
        }
    }
}

/// The page about steps has a row of numbers for each.
#[test]
fn steps_take_what_the_page_says() {
    let page = fs::read_to_string(firmware().join("../docs/steps.md")).unwrap();
    let allowed = allowed(&cases().mps2_an386.image.compiler().unwrap(), &read_baseline().unwrap().compiler);
    let found = count_steps().unwrap();
    assert_eq!(found.len(), 6);
    for Steps { processor, model, numbers } in found {
        let row = page.lines().find_map(|line| line.strip_prefix(&format!("| {processor} | `{model}` | ")));
        let row = row.unwrap_or_else(|| panic!("the page has no row for {model} on {processor}"));
        let stated = row.trim_end_matches(" |").split(" | ").map(|number| number.replace(',', "").parse().unwrap());
        let stated: Vec<u64> = stated.collect();
        assert_eq!((stated.len(), stated[0]), (numbers.len(), numbers[0]), "{model} on {processor}");
        for (stated, found) in stated.into_iter().zip(numbers) {
            let (stated, found) = (stated as f64, found as f64);
            assert!(
                (stated / allowed..=stated * allowed).contains(&found),
                "{model} on {processor}: {numbers:?}, {row} on the page. If that is meant, renew the page"
            );
        }
    }
}

/// Measuring compares every value with the definition, too.
#[test]
fn kernels_do_not_grow() {
    let ledger = read_baseline().unwrap();
    let allowed = allowed(&cases().mps2_an386.image.compiler().unwrap(), &ledger.compiler);
    let found = measure_kernels().unwrap();
    assert_eq!(found.len(), ledger.kernels.len(), "the table has a row for each layer");
    for (found, row) in found.iter().zip(&ledger.kernels) {
        assert_eq!((&found.processor, &found.layer), (&row.processor, &row.layer));
        // Three decimals are printed.
        let grown = |found: f64, row: f64| found > allowed * row + 0.0005;
        let in_place = found.in_place.zip(row.in_place).is_some_and(|(found, row)| grown(found, row));
        assert!(
            !grown(found.apart, row.apart) && !in_place && found.in_place.is_some() == row.in_place.is_some(),
            "{found:?}, {row:?} in the table. If that is meant, run vapo-sampler/firmware/bench --write"
        );
        assert!(found.scratch <= row.scratch, "{found:?}, {row:?} in the table");
    }
}

#[test]
fn instructions_repeat_exactly() {
    let request = Request { seed: 5, steps: 2, exponent: 0.7, temperature: 1.0, ..Request::of(Solver::Heun) };
    for case in [&cases().mps2_an386, &cases().mps2_an505, &cases().riscv32_virt] {
        let [first, second] = [(); 2].map(|()| case.image.answer(&request).unwrap());
        assert_eq!(first, second, "{}", case.board);
    }
}
