//! Makes the model part of the image, for every board.

use std::process::ExitCode;

fn main() -> ExitCode {
    match vapo_fit::build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            println!("cargo::error={refusal}");
            ExitCode::FAILURE
        }
    }
}
