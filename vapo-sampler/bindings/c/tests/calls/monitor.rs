//! A series is watched, and a threshold learned, as `vapo_sampler` does.

use crate::common::plan;
use crate::lent::{Lent, bits, monitor, monitor_bytes};
use crate::models::{CHANNELS, WIDTH, of_series, planned, planned_for_energies, with_threshold};
use std::ptr;
use vapo_c::learner::{vapo_learner_bytes, vapo_learner_init, vapo_learner_push, vapo_learner_threshold};
use vapo_c::monitor::{
    VapoExplanation, VapoMonitor, vapo_monitor_explain, vapo_monitor_gaps, vapo_monitor_push,
    vapo_monitor_set_threshold,
};
use vapo_c::result::VapoResult;
use vapo_c::sampler::VapoVerdict;
use vapo_format::Model;
use vapo_sampler::{Monitor, ThresholdLearner};

/// A reading of a series with gaps.
fn reading(number: u32) -> [f32; CHANNELS] {
    let phase = (number * 7 % 11) as f32;
    let first = if number == 31 { f32::NAN } else { 20.0 + phase };
    [first, -1000.0 + 0.1 * phase, if number.is_multiple_of(13) { 3e4 } else { 1e3 * phase }]
}

fn push(monitor: *mut VapoMonitor, reading: &[f32]) -> Option<VapoVerdict> {
    let (mut verdict, mut judged) = (VapoVerdict { energy: f32::NAN, anomalous: false }, false);
    // SAFETY: a monitor, so many numbers, and what is set.
    let result = unsafe { vapo_monitor_push(monitor, reading.as_ptr(), reading.len(), &mut verdict, &mut judged) };
    assert_eq!(result, VapoResult::Ok);
    judged.then_some(verdict)
}

#[test]
fn verdicts_explanations_and_learned_thresholds_are_those_of_the_monitor() {
    for (skew, file) in of_series().into_iter().flat_map(|file| [with_threshold(&file, 1.0), file]).enumerate() {
        let model = Model::parse(&file).unwrap();
        let plan = plan(&model);
        for stride in [1, 5, 17] {
            let mut memory = vec![f32::NAN; plan.monitor_elements()];
            let mut rust = Monitor::new(&model, plan, stride, &mut memory).unwrap();
            let mut largest = [0.0; ThresholdLearner::room(0.25, 8)];
            let mut learner = ThresholdLearner::new(0.25, &mut largest).unwrap();

            let bytes = planned(&file);
            let mut lent = Lent::new(monitor_bytes(&bytes).unwrap(), skew);
            let watching = monitor(&bytes, stride, &mut lent).unwrap();
            let mut learning = Lent::new(vapo_learner_bytes(0.25, 8), skew + 1);
            let mut learned = ptr::null_mut();
            // SAFETY: memory of so many bytes, and a pointer to set.
            let made = unsafe { vapo_learner_init(0.25, learning.start(), learning.bytes(), &mut learned) };
            assert_eq!(made, VapoResult::Ok);

            let mut verdicts = 0;
            for number in 0..200 {
                let reading = reading(number);
                let found = push(watching, &reading);
                let expected = rust.push(&reading).unwrap();
                let plain = |verdict: vapo_sampler::anomaly::Verdict| (verdict.energy.to_bits(), verdict.anomalous);
                assert_eq!(found.map(|found| (found.energy.to_bits(), found.anomalous)), expected.map(plain));
                let Some(expected) = expected else { continue };
                verdicts += 1;
                let mut correction = [f32::NAN; CHANNELS * WIDTH];
                let mut explanation = VapoExplanation { channel: 9, from: 9, to: 9, change: 9.0, share: 9.0 };
                let count = correction.len();
                // SAFETY: a monitor, so many numbers, and what is set.
                let told = unsafe { vapo_monitor_explain(watching, correction.as_mut_ptr(), count, &mut explanation) };
                let mut other = [f32::NAN; CHANNELS * WIDTH];
                let vapo_sampler::Explanation { channel, from, to, change, share } =
                    rust.explain(&mut other).unwrap().unwrap();
                assert_eq!(told, VapoResult::Ok);
                assert_eq!(explanation, VapoExplanation { channel, from, to, change, share });
                assert_eq!(bits(&correction), bits(&other));

                let mut threshold = f32::NAN;
                // SAFETY: a learner, a monitor, and a number to set.
                let results = unsafe {
                    [
                        vapo_learner_push(learned, expected.energy),
                        vapo_learner_threshold(learned, &mut threshold),
                        vapo_monitor_set_threshold(watching, threshold),
                    ]
                };
                let room = learner.push(expected.energy).is_ok();
                rust.set_threshold(learner.threshold());
                assert_eq!(
                    results,
                    [if room { VapoResult::Ok } else { VapoResult::Room }, VapoResult::Ok, VapoResult::Ok]
                );
                assert_eq!(Some(threshold), learner.threshold());
            }
            assert!(verdicts > 8);
            let mut gaps = 0;
            // SAFETY: a monitor, and a number to set.
            assert_eq!(unsafe { vapo_monitor_gaps(watching, &mut gaps) }, VapoResult::Ok);
            assert_eq!((gaps, rust.gaps()), (1, 1));
            // SAFETY: a monitor.
            assert_eq!(unsafe { vapo_monitor_set_threshold(watching, f32::NAN) }, VapoResult::Ok);
            assert!(lent.is_intact() && learning.is_intact());
        }
    }
}

#[test]
fn a_plan_of_energies_alone_takes_less_memory_and_judges_alike() {
    for file in of_series() {
        let [both, alone] = [planned(&file), planned_for_energies(&file)];
        let bytes = [&both, &alone].map(|bytes| monitor_bytes(bytes).unwrap());
        assert!(bytes[1] < bytes[0], "{bytes:?}");
        let mut lent = bytes.map(|bytes| Lent::new(bytes, 3));
        let [of_both, of_alone] = &mut lent;
        let of_both = monitor(&both, 3, of_both).unwrap();
        let of_alone = monitor(&alone, 3, of_alone).unwrap();
        let mut verdicts = 0;
        for number in 0..60 {
            let found = [of_both, of_alone].map(|monitor| push(monitor, &reading(number)));
            assert_eq!(found[0], found[1]);
            verdicts += usize::from(found[0].is_some());
        }
        assert!(verdicts > 10);
        let (mut correction, mut explanation) =
            ([0.0; CHANNELS * WIDTH], VapoExplanation { channel: 0, from: 0, to: 0, change: 0.0, share: 0.0 });
        let mut explain = |monitor| {
            // SAFETY: a monitor, so many numbers, and what is set.
            unsafe { vapo_monitor_explain(monitor, correction.as_mut_ptr(), correction.len(), &mut explanation) }
        };
        // The last reading of 60 is one that a verdict was given on, or not, for both.
        push(of_both, &[f32::NAN; CHANNELS]);
        assert_eq!(explain(of_both), VapoResult::Verdict);
        for number in 0..WIDTH as u32 {
            push(of_alone, &reading(number));
        }
        push(of_alone, &[f32::NAN; CHANNELS]);
        (0..WIDTH as u32).for_each(|number| _ = push(of_alone, &reading(number)));
        assert_eq!(explain(of_alone), VapoResult::Plan);
    }
}
