//! What an emulated board printed for some requests, kept for the page and the package of `vapo-sampler/bindings/web`, is what the host
//! computes. So the page may say that its bytes are a board's.

use std::fs;
use vapo_format::Model;
use vapo_request::Request;
use vapo_sampler::Solver;
use vapo_tests::device::{Answer, firmware, on_host};

#[test]
fn what_a_board_printed_is_what_the_host_computes() {
    let file = fs::read(firmware().join("models/digits.vapo")).unwrap();
    let model = Model::parse(&file).unwrap();
    let printed = fs::read_to_string(firmware().join("../bindings/web/tests/board.txt")).unwrap();
    let answers: Vec<(&str, &str)> =
        printed.split("$ ").skip(1).map(|answer| answer.split_once('\n').unwrap()).collect();
    assert!(answers.len() >= 5);
    for (asked, printed) in answers {
        let request = Request::parse(asked.as_bytes(), Solver::default(), model.signal(), model.classes()).unwrap();
        assert_eq!(Answer::parse(printed).unwrap().bits, on_host(&file, &request).unwrap(), "{asked}");
    }
}
