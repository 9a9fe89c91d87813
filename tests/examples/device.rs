//! Prints what the emulated boards take, and with `--write` makes that the committed table, and the tables of the pages: see
//! `vapo-sampler/firmware/bench`.

use std::process::ExitCode;
use vapo_tests::device::{Kernel, Ledger, Measurement, baseline_path, measure_all, renew_page};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let write = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--write"] => true,
        _ => {
            eprintln!("expected no argument, or --write");
            return ExitCode::FAILURE;
        }
    };
    match measure_all().and_then(|table| report(&table, write)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn report(table: &Ledger, write: bool) -> Result<(), String> {
    println!("{}", Measurement::COLUMNS);
    println!("|{}", "---|".repeat(Measurement::COLUMNS.matches('|').count() - 1));
    table.boards.iter().for_each(|row| println!("{}", row.row()));
    println!("\nInstructions a multiply-accumulate of one layer:\n\n{}", Kernel::table(&table.kernels));
    println!("{}", table.compiler);
    if write {
        let text = serde_json::to_string_pretty(table).map_err(|error| error.to_string())? + "\n";
        let path = baseline_path();
        std::fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        renew_page(table)?;
    }
    Ok(())
}
