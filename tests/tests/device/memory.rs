//! Flash and RAM: what the boards take, and what the build says of too large a model.

use crate::cases;
use vapo_sampler::Solver;
use vapo_tests::device::{Board, Image, Request, models, read_baseline};

/// RAM of a micro:bit, and the part of it that `memory.x` keeps for the stack.
const MICROBIT_RAM: u64 = 16 * 1024;
const MICROBIT_STACK: usize = 6 * 1024;
const MICROBIT_FLASH: u64 = 256 * 1024;

/// The deepest solver, with noise: everything that sampling can call.
#[test]
fn digits_run_in_the_16_kilobytes_of_a_microbit() {
    let image = &cases().microbit.image;
    let request = Request { seed: 3, solver: Solver::Heun, steps: 2, exponent: 0.7, temperature: 1.0, known: 0 };
    let cost = image.answer(&request).unwrap().cost;
    let (fixed, flash) = (image.ram().unwrap(), image.flash().unwrap());
    assert!(fixed >= cost.arena as u64 && cost.arena > 0, "{fixed} bytes fixed, {} of arena", cost.arena);
    assert!(cost.stack > 0 && cost.stack < MICROBIT_STACK, "{} bytes of stack", cost.stack);
    let used = fixed + cost.stack as u64;
    assert!(used <= MICROBIT_RAM, "{used} bytes: {fixed} fixed, {} of stack", cost.stack);
    assert!(flash <= MICROBIT_FLASH, "{flash} bytes of flash");
}

/// What `inspect` and the builds count with: `memory.x` says what a board's program takes, and the image takes it.
#[test]
fn the_program_of_every_board_takes_what_is_stated() {
    let compiler = read_baseline().unwrap()[0].compiler.clone();
    let model = models::digits();
    let file = model.read().unwrap();
    let request = Request { seed: 3, solver: Solver::Ab2, steps: 1, exponent: 0.7, temperature: 0.0, known: 0 };
    let arena = cases().microbit.image.answer(&request).unwrap().cost.arena as u64;
    for board in Board::ALL {
        let image = Image::build(board, model.path()).unwrap_or_else(|error| panic!("{}: {error}", board.name()));
        let script = vapo_fit::Memory::parse(&board.linker_script().unwrap()).unwrap();
        let stated = [script.program_flash, script.program_ram];
        let found = [image.flash().unwrap() - file.len() as u64, image.ram().unwrap() - arena];
        // Never less than is taken, or a model that does not fit is said to. Another compiler makes other code.
        let (less, more) = if image.compiler().unwrap() == compiler { (1.0, 1.02) } else { (0.9, 1.1) };
        for (stated, found) in stated.into_iter().zip(found) {
            let bounds = less * found as f64..=more * found as f64 + 8.0;
            assert!(
                bounds.contains(&(stated as f64)),
                "{}: memory.x states {stated} bytes, found {found}: expected {bounds:?}",
                board.name()
            );
        }
        let line = format!(": flash {} of ", file.len() as u64 + stated[0]);
        assert!(image.stated().contains(&line), "no `{line}` in {}", image.stated());
    }
}

/// What the build says of a preset that is too large for a micro:bit.
fn refusal(preset: &str) -> String {
    let file = models::random(preset).unwrap();
    let board = Board::Microbit;
    Image::build(board, file.path()).err().unwrap_or_else(|| panic!("{preset} was built for {}", board.name()))
}

#[test]
fn too_large_an_arena_is_a_compile_time_error_that_names_both_numbers() {
    let message = refusal("small");
    assert!(message.contains("the model does not fit the RAM of microbit: it needs "), "{message}");
    assert!(message.contains(&format!("the board has {MICROBIT_RAM}: train a model of fewer channels")), "{message}");
}

#[test]
fn too_large_a_model_is_a_compile_time_error_that_names_both_numbers() {
    let message = refusal("peer-16");
    assert!(message.contains("the model does not fit the flash of microbit: it needs "), "{message}");
    assert!(message.contains(&format!("the board has {MICROBIT_FLASH}: quantise the model")), "{message}");
}

/// The program of a micro:bit fits its flash only if it is optimised.
#[test]
fn a_build_without_release_that_overflows_says_so() {
    let model = models::digits();
    let message = Image::refused_without_release(Board::Microbit, model.path()).unwrap().unwrap();
    assert!(
        message.contains("the program overflows the flash: it was built without optimisation, add --release"),
        "{message}"
    );
    assert!(message.contains("This counts the program that --release builds"), "{message}");
}
