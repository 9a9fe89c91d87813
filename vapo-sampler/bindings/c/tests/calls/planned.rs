//! What a model is of and takes: known before it is used, and the same wherever its memory lies.

use crate::common::plan;
use crate::lent::{Lent, arena_bytes, monitor_bytes, sampler};
use crate::models::{images, of_classes, of_series, planned};
use vapo_c::model::{VapoInfo, vapo_info};
use vapo_c::result::VapoResult;
use vapo_c::state::{VAPO_NODE_BYTES, VAPO_STATE_BYTES};
use vapo_format::Model;
use vapo_sampler::Solver;

#[test]
fn a_model_says_what_it_is_of_and_what_it_takes() {
    let files = images().into_iter().chain(of_classes()).chain(of_series());
    for file in files {
        let (model, bytes) = (Model::parse(&file).unwrap(), planned(&file));
        let mut info = VapoInfo {
            elements: 0,
            height: 0,
            width: 0,
            channels: 0,
            classes: 9,
            has_threshold: true,
            has_classifier: true,
        };
        // SAFETY: the model's own bytes, and what is set.
        assert_eq!(unsafe { vapo_info(bytes.as_ptr(), bytes.len(), &mut info) }, VapoResult::Ok);
        let signal = model.signal();
        let expected = VapoInfo {
            elements: signal.elements(),
            height: signal.height,
            width: signal.width,
            channels: signal.channels,
            classes: model.classes(),
            has_threshold: model.threshold().is_some(),
            has_classifier: model.classifier().is_some(),
        };
        assert_eq!(info, expected);
        let plan = plan(&model);
        let elements =
            if model.classes() > 0 { plan.elements_guided(Solver::Etd2) } else { plan.elements_with(Solver::Etd2) };
        let nodes = VAPO_STATE_BYTES + VAPO_NODE_BYTES * plan.steps().len();
        assert_eq!(arena_bytes(&bytes), Ok(nodes + 4 * elements));
        assert_eq!(monitor_bytes(&bytes), Ok(nodes + 4 * plan.monitor_elements()));
    }
}

/// Wherever the arena begins it takes no byte more, and one byte less is refused.
#[test]
fn an_arena_is_enough_at_every_alignment_and_one_byte_less_is_refused() {
    let [file, _] = images();
    let bytes = planned(&file);
    let needed = arena_bytes(&bytes).unwrap();
    for skew in 0..16 {
        let mut lent = Lent::new(needed, skew);
        assert!(sampler(&bytes, &mut lent).is_ok() && lent.is_intact(), "{skew}");
        for given in [needed - 1, needed / 2, 0] {
            let mut lent = Lent::new(given, skew);
            assert_eq!(sampler(&bytes, &mut lent), Err(VapoResult::Arena), "{skew} {given}");
            assert!(lent.is_intact());
        }
    }
}

#[test]
fn planning_takes_no_more_stack_than_the_header_says() {
    // An overflow ends the process.
    let files = images();
    let on_little = move || files.map(|file| planned(&file).len());
    let found = std::thread::Builder::new().stack_size(256 << 10).spawn(on_little).unwrap().join().unwrap();
    assert!(found.iter().all(|bytes| *bytes > 0));
}
