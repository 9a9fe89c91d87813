//! Flash and RAM: what the boards take, and what the build says of too large a model.

use crate::{Case, cases};
use vapo_format::Model;
use vapo_request::Request;
use vapo_sampler::Solver;
use vapo_tests::device::{Image, MICROBIT, models, on_host, read_baseline};

/// What the linker script of a board says.
fn memory(board: &str) -> vapo_fit::Memory {
    let boards = vapo_fit::Board::all().unwrap();
    boards.into_iter().find(|each| each.name == board).unwrap().memory
}

/// The deepest solver, with noise: everything that sampling can call.
#[test]
fn digits_run_in_the_16_kilobytes_of_a_microbit() {
    let image = &cases().microbit.image;
    let request = Request { seed: 3, steps: 2, exponent: 0.7, temperature: 1.0, ..Request::of(Solver::Heun) };
    let cost = image.answer(&request).unwrap().cost;
    let (fixed, flash) = (image.ram().unwrap(), image.flash().unwrap());
    let there = memory(MICROBIT);
    assert!(fixed >= cost.arena as u64 && cost.arena > 0, "{fixed} bytes fixed, {} of arena", cost.arena);
    assert!(cost.stack > 0 && (cost.stack as u64) < there.stack, "{} bytes of stack", cost.stack);
    let used = fixed + cost.stack as u64;
    assert!(used <= there.ram + there.stack, "{used} bytes: {fixed} fixed, {} of stack", cost.stack);
    assert!(flash <= there.flash, "{flash} bytes of flash");
}

/// The program, a window and the stack, with the deepest solver and noise.
#[test]
fn windows_of_a_series_run_in_8_kilobytes() {
    let image = &cases().series_tiny.image;
    let request = Request { seed: 3, steps: 2, exponent: 0.7, temperature: 1.0, ..Request::of(Solver::Heun) };
    let cost = image.answer(&request).unwrap().cost;
    let (fixed, flash) = (image.ram().unwrap(), image.flash().unwrap());
    assert!(fixed >= cost.arena as u64 && cost.arena > 0 && cost.stack > 0, "{fixed} bytes fixed, {cost:?}");
    let used = fixed + cost.stack as u64;
    println!("series-tiny: {fixed} bytes fixed, {} of stack, {flash} of flash", cost.stack);
    assert!(used <= 8192, "{used} bytes: {fixed} fixed, {} of stack", cost.stack);
}

/// What `inspect` and the builds count with: `memory.x` says what a board's programs take, and the images take it.
#[test]
fn the_programs_of_every_board_take_what_is_stated() {
    let float = not_as_stated(&models::float_digits(), &cases().float_digits[0]);
    let wrong = [float, not_as_stated(&models::digits(), &cases().microbit)].concat();
    // All at once: building all boards takes a minute.
    assert!(wrong.is_empty(), "memory.x states other bytes than are taken:\n{}", wrong.join("\n"));
}

/// A line for each number that `memory.x` states and the image of a board does not take.
fn not_as_stated(model: &models::File, on_microbit: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let compiler = read_baseline().unwrap().compiler;
    let file = model.read().unwrap();
    let arithmetic = Model::parse(&file).unwrap().arithmetic();
    let request = Request { seed: 3, steps: 1, exponent: 0.7, temperature: 0.0, ..Request::of(Solver::Ab2) };
    let arena = on_microbit.image.answer(&request).unwrap().cost.arena as u64;
    for vapo_fit::Board { name: board, memory } in vapo_fit::Board::all().unwrap() {
        let image = Image::build(&board, model.path()).unwrap_or_else(|error| panic!("{board}: {error}"));
        let stated = [memory.program_flash(arithmetic), memory.program_ram];
        let found = [image.flash().unwrap() - file.len() as u64, image.ram().unwrap() - arena];
        // Never less than is taken, or a model that does not fit is said to. Another compiler makes other code.
        let (less, more) = if image.compiler().unwrap() == compiler { (1.0, 1.02) } else { (0.9, 1.1) };
        for (stated, found) in stated.into_iter().zip(found) {
            let bounds = less * found as f64..=more * found as f64 + 8.0;
            if !bounds.contains(&(stated as f64)) {
                wrong.push(format!("{board} in {arithmetic}: {stated} are stated, {found} found, expected {bounds:?}"));
            }
        }
        let line = format!(": flash {} of ", file.len() as u64 + stated[0]);
        assert!(image.stated().contains(&line), "no `{line}` in {}", image.stated());
    }
    wrong
}

/// Nothing of floats beside integers, and nothing of integers beside floats.
#[test]
fn images_link_the_arithmetic_of_their_model_alone() {
    // Names of modules with their lengths, as linkers have them.
    let linked = |case: &Case, module: &str| {
        let symbols = case.image.symbols().unwrap();
        symbols.into_iter().any(|name| name.contains("vapo_sampler") && name.contains(module))
    };
    for (integer, float) in cases().digits().into_iter().zip(&cases().float_digits) {
        assert!(linked(integer, "11convolution") && linked(float, "5float"), "{}", integer.board);
        assert!(!linked(integer, "5float"), "{}", integer.board);
        assert!(!linked(float, "11convolution") && !linked(float, "7integer"), "{}", float.board);
    }
}

/// What the build says of a preset that is too large for a micro:bit.
fn refusal(preset: &str) -> String {
    let file = models::random(preset).unwrap();
    Image::build(MICROBIT, file.path()).err().unwrap_or_else(|| panic!("{preset} was built for {MICROBIT}"))
}

#[test]
fn too_large_an_arena_is_a_compile_time_error_that_names_both_numbers() {
    let message = refusal("small");
    assert!(message.contains("the model does not fit the RAM of microbit: it needs "), "{message}");
    let vapo_fit::Memory { ram, stack, .. } = memory(MICROBIT);
    assert!(message.contains(&format!("the board has {}: train a model of fewer channels", ram + stack)), "{message}");
}

#[test]
fn too_large_a_model_is_a_compile_time_error_that_names_both_numbers() {
    let message = refusal("peer-16");
    assert!(message.contains("the model does not fit the flash of microbit: it needs "), "{message}");
    let flash = memory(MICROBIT).flash;
    assert!(message.contains(&format!("the board has {flash}: give its weights fewer bits")), "{message}");
}

/// With the features of the other arithmetic; both are fine.
#[test]
fn a_program_that_lacks_the_models_arithmetic_is_refused_with_what_to_do() {
    let (float, integer) = (models::float_digits(), models::digits());
    let refused = |model: &models::File, features: &[&str]| Image::build_with(MICROBIT, model.path(), features).err();
    let message = refused(&float, &[]).unwrap();
    assert!(message.contains("build with --no-default-features --features float"), "{message}");
    let message = refused(&integer, &["--no-default-features", "--features", "float"]).unwrap();
    assert!(message.contains("build without --no-default-features"), "{message}");
    let request = Request { seed: 3, steps: 1, exponent: 1.0, temperature: 0.0, ..Request::of(Solver::Euler) };
    for model in [&float, &integer] {
        let image = Image::build_with(MICROBIT, model.path(), &["--features", "float"]).unwrap();
        assert_eq!(image.answer(&request).unwrap().bits, on_host(&model.read().unwrap(), &request).unwrap());
    }
}

/// Beside such a model, the program of a micro:bit fits its flash only if it is optimised.
#[test]
fn a_build_without_release_that_overflows_says_so() {
    let model = models::of_many_weights().unwrap();
    let message = Image::refused_without_release(MICROBIT, model.path()).unwrap().unwrap();
    assert!(
        message.contains("the program overflows the flash: it was built without optimisation, add --release"),
        "{message}"
    );
    assert!(message.contains("This counts the program that --release builds"), "{message}");
}
