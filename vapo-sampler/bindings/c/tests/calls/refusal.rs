//! What a caller does wrong is told, and nothing else happens.

use crate::lent::{Lent, arena_bytes, monitor, monitor_bytes, sampler};
use crate::models::{CHANNELS, images, of_classes, of_series, planned, planned_for_energies};
use std::ffi::CStr;
use std::ptr;
use vapo_c::learner::{vapo_learner_bytes, vapo_learner_init, vapo_learner_push, vapo_learner_threshold};
use vapo_c::model::vapo_info;
use vapo_c::monitor::{vapo_monitor_gaps, vapo_monitor_init, vapo_monitor_push};
use vapo_c::planned::vapo_plan;
use vapo_c::result::VapoResult::{self, *};
use vapo_c::result::vapo_error_text;
use vapo_c::sampler::{
    VapoVerdict, vapo_drift, vapo_energy, vapo_image_energy, vapo_init, vapo_inpaint, vapo_sample, vapo_verdict,
};
use vapo_c::settings::{VapoSettings, vapo_settings};

const NAN: f32 = f32::NAN;

#[test]
fn every_result_has_a_text_of_its_own() {
    // SAFETY: texts that lie in the program.
    let text = |result| unsafe { CStr::from_ptr(vapo_error_text(result)) }.to_str().unwrap();
    let unknown = text(i32::MIN);
    for (number, result) in VapoResult::ALL.into_iter().enumerate() {
        assert_eq!(result as usize, number);
        assert!(text(number as i32).len() > 7 && text(number as i32) != unknown, "{result:?}");
    }
    let mut all: Vec<_> = (0..VapoResult::ALL.len() as i32).map(text).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), VapoResult::ALL.len());
    assert_eq!([-1, VapoResult::ALL.len() as i32, i32::MAX].map(text), [unknown; 3]);
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let file = planned(&of_classes()[0]);
    let mut lent = Lent::new(arena_bytes(&file).unwrap(), 0);
    let sampler = sampler(&file, &mut lent).unwrap();
    let usual = vapo_settings(2);
    let mut image = vec![0.0; 48];
    let mut draw = |settings: VapoSettings| {
        // SAFETY: a sampler, and so many numbers.
        unsafe { vapo_sample(sampler, &settings, image.as_mut_ptr(), image.len()) }
    };
    for (settings, expected) in [
        (VapoSettings { steps: 0, ..usual }, Schedule),
        (VapoSettings { exponent: 0.0, ..usual }, Schedule),
        (VapoSettings { exponent: NAN, ..usual }, Schedule),
        (VapoSettings { extrapolation: -1.0, ..usual }, Schedule),
        (VapoSettings { solver: 4, ..usual }, Solver),
        (VapoSettings { solver: u32::MAX, ..usual }, Solver),
        (VapoSettings { temperature: -0.5, ..usual }, Temperature),
        (VapoSettings { temperature: f32::INFINITY, ..usual }, Temperature),
        (VapoSettings { class_index: 3, ..usual }, Class),
        (VapoSettings { class_index: -2, ..usual }, Class),
        (VapoSettings { class_index: 65_536, ..usual }, Class),
        (VapoSettings { guidance: 1.0, ..usual }, Guidance),
        (VapoSettings { class_index: 0, guidance: NAN, ..usual }, Guidance),
        (usual, Ok),
    ] {
        assert_eq!(draw(settings), expected, "{settings:?}");
    }
    let (x, mut energy) = (vec![0.0; 48], NAN);
    // SAFETY: a sampler, so many numbers, and a number to set.
    assert_eq!(unsafe { vapo_energy(sampler, x.as_ptr(), 48, 1.0, -1, &mut energy) }, Energy);
    // SAFETY: likewise.
    assert_eq!(unsafe { vapo_energy(sampler, x.as_ptr(), 48, 0.5, 7, &mut energy) }, Class);
    for time in [NAN, -0.001, 1.001, f32::INFINITY, f32::NEG_INFINITY] {
        let mut drift = vec![0.0; 48];
        // SAFETY: a sampler, so many numbers, and numbers to set.
        let found = unsafe {
            [
                vapo_drift(sampler, x.as_ptr(), time, -1, drift.as_mut_ptr(), 48, ptr::null_mut()),
                vapo_energy(sampler, x.as_ptr(), 48, time, -1, &mut energy),
                vapo_image_energy(sampler, x.as_ptr(), 48, time, -1, &mut energy),
            ]
        };
        assert_eq!(found, [Time; 3], "{time}");
    }
}

#[test]
fn pointers_that_are_null_unaligned_or_overlap_are_refused() {
    let [file, _] = images().map(|file| planned(&file));
    let mut lent = Lent::new(arena_bytes(&file).unwrap(), 0);
    let inside = lent.start().wrapping_add(64).cast::<f32>();
    let made = sampler(&file, &mut lent).unwrap();
    let settings = vapo_settings(1);
    let (mut image, mut x, known) = ([0.0_f32; 65], [0.0_f32; 65], [1_u8; 64]);
    let (image, x) = (image.as_mut_ptr(), x.as_mut_ptr());
    let odd = |pointer: *mut f32| pointer.cast::<u8>().wrapping_add(2).cast::<f32>();
    let mut verdict = VapoVerdict { energy: 0.0, anomalous: false };
    // SAFETY: pointers to what is expected there, or none; those that lead into other memory are refused before they are used.
    unsafe {
        assert_eq!(vapo_sample(ptr::null_mut(), &settings, image, 64), Null);
        assert_eq!(vapo_sample(made, ptr::null(), image, 64), Null);
        assert_eq!(vapo_sample(made, &settings, ptr::null_mut(), 64), Null);
        assert_eq!(vapo_sample(made, &settings, odd(image), 64), Alignment);
        assert_eq!(vapo_sample(made, &settings, inside, 64), Overlap);
        for count in [0, 63, 65, usize::MAX] {
            assert_eq!(vapo_sample(made, &settings, image, count), Length);
        }
        assert_eq!(vapo_drift(made, x, 0.5, -1, x, 64, ptr::null_mut()), Overlap);
        assert_eq!(vapo_drift(made, x, 0.5, -1, x.add(1), 64, ptr::null_mut()), Overlap);
        assert_eq!(vapo_drift(made, x, 0.5, -1, image, 64, inside), Overlap);
        assert_eq!(vapo_drift(made, x, 0.5, -1, image, 64, odd(image)), Alignment);
        assert_eq!(vapo_drift(made, x, 0.5, -1, image, 64, image.add(5)), Overlap);
        assert_eq!(vapo_drift(made, x, 0.5, -1, image, 64, x.add(5)), Overlap);
        assert_eq!(vapo_drift(made, x, 0.5, -1, image, 64, ptr::null_mut()), Ok);
        assert_eq!(vapo_inpaint(made, &settings, image, known.as_ptr(), image, 64), Overlap);
        assert_eq!(vapo_inpaint(made, &settings, x, ptr::null(), image, 64), Null);
        assert_eq!(vapo_inpaint(made, &settings, ptr::null(), known.as_ptr(), image, 64), Null);
        assert_eq!(vapo_inpaint(made, &settings, x, known.as_ptr(), image, 64), Ok);
        assert_eq!(vapo_verdict(made, x, 64, ptr::null_mut()), Null);
        assert_eq!(vapo_verdict(made, inside, 64, &mut verdict), Overlap);
        assert_eq!(vapo_verdict(made, x, 63, &mut verdict), Length);
        assert_eq!(vapo_info(file.as_ptr(), file.len(), ptr::null_mut()), Null);
        assert_eq!(vapo_info(ptr::null(), 0, ptr::null_mut()), Null);
    }
}

#[test]
fn what_was_not_initialised_or_was_moved_is_refused() {
    let [file, _] = images().map(|file| planned(&file));
    let needed = arena_bytes(&file).unwrap();
    let (mut lent, mut other) = (Lent::new(needed, 0), Lent::new(needed, 0));
    let settings = vapo_settings(1);
    let mut image = [0.0; 64];
    let mut draw = |sampler| {
        // SAFETY: memory of a sampler, and so many numbers.
        unsafe { vapo_sample(sampler, &settings, image.as_mut_ptr(), 64) }
    };
    assert_eq!(draw(other.start().cast()), State);
    let made = sampler(&file, &mut lent).unwrap();
    // SAFETY: as many bytes of either.
    unsafe { other.start().copy_from(lent.start(), needed) };
    assert_eq!((draw(made), draw(other.start().cast())), (Ok, State));
    // A monitor that cannot be made in the same place leaves none.
    assert_eq!(monitor(&file, 1, &mut lent), Err(Series));
    assert_eq!(draw(made), State);
    assert_eq!(draw(made.cast::<u8>().wrapping_add(4).cast()), Alignment);

    // Nor is a monitor taken for the sampler that was there before.
    let [file, _] = of_series().map(|file| planned(&file));
    let mut lent = Lent::new(arena_bytes(&file).unwrap(), 0);
    let before = sampler(&file, &mut lent).unwrap();
    let watching = monitor(&file, 1, &mut lent).unwrap();
    assert_eq!(watching.addr(), before.addr());
    assert_eq!(draw(before), State);
}

#[test]
fn models_that_are_damaged_of_another_kind_or_unplanned_are_refused() {
    let [image, _] = images();
    let bytes = planned(&image);
    let mut lent = Lent::new(arena_bytes(&bytes).unwrap(), 0);
    let mut refused = |bytes: &[u8]| {
        let found = sampler(bytes, &mut lent).unwrap_err();
        assert_eq!(arena_bytes(bytes), Err(found));
        found
    };
    assert_eq!(refused(&image), Unplanned);
    assert_eq!(refused(&[]), Unplanned);
    let before = bytes.len() - image.len();
    for place in (0..bytes.len()).step_by(61) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        let expected = if place < 4 {
            Unplanned
        } else if place < before {
            Plan
        } else {
            Model
        };
        assert_eq!(refused(&damaged), expected, "{place}");
        let expected = if place < 16 {
            Unplanned
        } else if place < before {
            Plan
        } else {
            Model
        };
        assert_eq!(refused(&bytes[..place]), expected, "{place}");
    }
    let other = planned(&of_classes()[0]);
    assert_eq!(refused(&[&bytes[..before], &other[other.len() - of_classes()[0].len()..]].concat()), Plan);

    let [series, _] = of_series();
    let alone = planned_for_energies(&series);
    let mut lent = Lent::new(arena_bytes(&alone).unwrap(), 0);
    assert_eq!(sampler(&alone, &mut lent), Err(Plan));
    let mut written = 0;
    // SAFETY: the file's own bytes, no memory, and a number to set.
    let plan = |file: &[u8], purpose, written| unsafe {
        vapo_plan(file.as_ptr(), file.len(), purpose, ptr::null_mut(), 0, written)
    };
    assert_eq!(plan(&series, 2, &mut written), Plan);
    assert_eq!(plan(&series[1..], 0, &mut written), Model);
    assert_eq!(plan(&series, 0, ptr::null_mut()), Null);
    // SAFETY: the file's own bytes, which nothing is written to.
    let within =
        unsafe { vapo_plan(series.as_ptr(), series.len(), 0, series.as_ptr().cast_mut(), series.len(), &mut written) };
    assert_eq!(within, Overlap);
}

#[test]
fn what_cannot_be_watched_or_learned_is_refused() {
    let [file, _] = of_series().map(|file| planned(&file));
    let mut lent = Lent::new(monitor_bytes(&file).unwrap(), 0);
    assert_eq!(monitor(&file, 0, &mut lent), Err(Stride));
    let mut small = Lent::new(lent.bytes() - 1, 0);
    assert_eq!(monitor(&file, 1, &mut small), Err(Arena));
    let watching = monitor(&file, 1, &mut lent).unwrap();
    let reading = [0.0; CHANNELS];
    let (mut verdict, mut judged) = (VapoVerdict { energy: 0.0, anomalous: false }, false);
    // SAFETY: pointers to what is expected there, or none.
    unsafe {
        let mut made = ptr::null_mut();
        assert_eq!(vapo_monitor_init(file.as_ptr(), file.len(), 1, ptr::null_mut(), 9999, &mut made), Null);
        assert_eq!(vapo_monitor_push(watching, reading.as_ptr(), CHANNELS - 1, &mut verdict, &mut judged), Length);
        assert_eq!(vapo_monitor_push(watching, ptr::null(), CHANNELS, &mut verdict, &mut judged), Null);
        assert_eq!(vapo_monitor_push(watching, reading.as_ptr(), CHANNELS, ptr::null_mut(), &mut judged), Null);
        assert_eq!(vapo_monitor_push(ptr::null_mut(), reading.as_ptr(), CHANNELS, &mut verdict, &mut judged), Null);
        assert_eq!(vapo_monitor_gaps(watching, ptr::null_mut()), Null);
    }

    let mut memory = Lent::new(vapo_learner_bytes(0.5, 4), 5);
    let (mut made, mut energy) = (ptr::null_mut(), NAN);
    let (start, bytes) = (memory.start(), memory.bytes());
    // SAFETY: memory of so many bytes, and what is set.
    unsafe {
        assert_eq!(vapo_learner_push(start.wrapping_add(3).cast(), 1.0), State);
        for rate in [0.0, 1.0, -0.5, NAN] {
            assert_eq!(vapo_learner_init(rate, start, bytes, &mut made), Rate);
        }
        assert_eq!(vapo_learner_init(0.5, start, 20, &mut made), Room);
        assert_eq!(vapo_learner_init(0.5, ptr::null_mut(), bytes, &mut made), Null);
        assert_eq!(vapo_learner_init(0.5, start, bytes, &mut made), Ok);
        assert_eq!(vapo_learner_threshold(made, &mut energy), Threshold);
        for number in 0..4 {
            assert_eq!(vapo_learner_push(made, number as f32), Ok);
        }
        assert_eq!(vapo_learner_threshold(made, made.cast()), Overlap);
        assert_eq!(vapo_learner_threshold(made, &mut energy), Ok);
        assert_eq!((energy, vapo_learner_push(made, 9.0), vapo_learner_push(made, 9.0)), (1.0, Ok, Room));
        assert_eq!(vapo_learner_push(ptr::null_mut(), 9.0), Null);
    }
    assert!(memory.is_intact());
    let mut sampler = ptr::null_mut();
    // SAFETY: pieces that overlap are refused before they are used.
    let within = unsafe { vapo_init(file.as_ptr(), file.len(), file.as_ptr().cast_mut(), file.len(), &mut sampler) };
    assert_eq!(within, Overlap);
}
