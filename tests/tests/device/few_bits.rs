//! Weights of 6 and 4 bits: the host's bits, by every processor's kernels, by the one in Rust, and in floats.

use crate::Case;
use crate::equivalence::{assert_equal, few_requests};
use vapo_format::{Encoding, Model};
use vapo_sampler::fit::UNPACKING;
use vapo_tests::device::{EMULATED, Image, MICROBIT, MPS2_AN386, models};

fn assert_all_equal(case: &Case) {
    let model = Model::parse(&case.file).unwrap();
    let few = model.matrices().filter(|(shape, _)| shape.bits(model.encoding()) == model.encoding().bits()).count();
    assert!(few > 4, "{} has {few} matrices of few bits", case.model);
    assert_equal(case, &case.image, &case.file, few_requests());
}

#[test]
fn all_boards_and_the_host_sample_the_same_from_4_bits() {
    let file = models::integer_of_few_bits(Encoding::Int4).unwrap();
    for board in EMULATED {
        assert_all_equal(&Case::new(board, "integer4", &file));
    }
}

#[test]
fn boards_and_the_host_sample_the_same_from_6_bits() {
    let file = models::integer_of_few_bits(Encoding::Int6).unwrap();
    for board in [MICROBIT, MPS2_AN386] {
        assert_all_equal(&Case::new(board, "integer6", &file));
    }
}

#[test]
fn the_kernel_in_rust_and_the_host_sample_the_same_from_4_bits() {
    let file = models::integer_of_few_bits(Encoding::Int4).unwrap();
    let image = Image::build_portable(MPS2_AN386, file.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_all_equal(&Case { board: MPS2_AN386, model: "integer4, portable", image, file: file.read().unwrap() });
}

#[test]
fn boards_and_the_host_sample_the_same_from_few_bits_in_floats() {
    for (board, encoding) in [(MPS2_AN386, Encoding::Int4), (MICROBIT, Encoding::Int6)] {
        assert_all_equal(&Case::new(board, "few bits in floats", &models::of_few_bits(encoding).unwrap()));
    }
}

/// What builds and `inspect` count with: unpacking takes some flash, and never more than is stated.
#[test]
fn unpacking_takes_the_flash_that_is_stated() {
    for (encoding, model) in [
        (Encoding::Int4, models::of_few_bits(Encoding::Int4).unwrap()),
        (Encoding::Int4, models::integer_of_few_bits(Encoding::Int4).unwrap()),
        (Encoding::Int6, models::integer_of_few_bits(Encoding::Int6).unwrap()),
    ] {
        let file = model.read().unwrap();
        let arithmetic = Model::parse(&file).unwrap().arithmetic();
        for vapo_fit::Board { name: board, memory } in vapo_fit::Board::all().unwrap() {
            if !EMULATED.contains(&&*board) {
                continue;
            }
            let image = Image::build(&board, model.path()).unwrap_or_else(|error| panic!("{board}: {error}"));
            let (found, least) = (image.flash().unwrap() - file.len() as u64, memory.program_flash(arithmetic));
            let stated = least + UNPACKING as u64;
            assert!((least..=stated).contains(&found), "{board}, {encoding} in {arithmetic}: {found}, stated {stated}");
            let line = format!(": flash {} of ", file.len() as u64 + stated);
            assert!(image.stated().contains(&line), "no `{line}` in {}", image.stated());
        }
    }
}

#[test]
fn a_program_that_cannot_unpack_is_not_built_for_such_a_model() {
    let file = models::integer_of_few_bits(Encoding::Int4).unwrap();
    let error = Image::build_with(MPS2_AN386, file.path(), &[]).unwrap_err();
    assert!(
        error.contains("the model's weights have 4 bits, the program takes 8: build with --features few-bits"),
        "{error}"
    );
}
