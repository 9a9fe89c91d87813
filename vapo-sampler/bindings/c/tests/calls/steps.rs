//! Samples drawn a layer a call are those of one call.

use crate::lent::{Lent, arena_bytes, bits, sampler};
use crate::models::{images, planned};
use crate::sampler::{each, partly_known, sample, settings};
use std::ptr;
use vapo_c::result::VapoResult::{self, *};
use vapo_c::sampler::{VapoSampler, vapo_energy, vapo_inpaint, vapo_sample};
use vapo_c::settings::{VapoSettings, vapo_settings};
use vapo_c::steps::{VapoProgress, vapo_begin, vapo_begin_inpaint, vapo_step};

fn step(sampler: *mut VapoSampler, parts: u32) -> Result<VapoProgress, VapoResult> {
    let mut progress = VapoProgress { done: 77, all: 0 };
    // SAFETY: a sampler, and progress to set.
    let result = unsafe { vapo_step(sampler, parts, &mut progress) };
    if result == Ok { Result::Ok(progress) } else { Err(result) }
}

/// Steps to the end; how many it took.
fn finish(sampler: *mut VapoSampler, parts: u32) -> u32 {
    let mut calls = 1;
    let mut last = step(sampler, parts).unwrap();
    while last.done < last.all {
        let next = step(sampler, parts).unwrap();
        assert!(next.done > last.done && next.all == last.all, "{last:?} {next:?}");
        assert!(parts > 1 || next.done == last.done + 1);
        (last, calls) = (next, calls + 1);
    }
    assert_eq!(step(sampler, parts), Result::Ok(last));
    calls
}

#[test]
fn samples_by_steps_are_those_of_one_call() {
    each(|model, sampler| {
        let count = model.signal().elements();
        for settings in settings(model.classes()) {
            let expected = sample(sampler, &settings, count);
            let mut calls = Vec::new();
            for parts in [0, 1, 5, u32::MAX] {
                let mut image = vec![f32::NAN; count];
                // SAFETY: a sampler, and so many numbers, which stay there.
                assert_eq!(unsafe { vapo_begin(sampler, &settings, image.as_mut_ptr(), count) }, Ok);
                calls.push(finish(sampler, parts));
                assert_eq!(bits(&image), bits(&expected), "{settings:?} {parts}");
            }
            assert!(calls[0] == calls[1] && calls[1] > calls[2] && calls[2] > calls[3], "{calls:?}");
        }
    });
}

#[test]
fn what_is_missing_is_restored_by_steps() {
    each(|model, sampler| {
        let count = model.signal().elements();
        let (given, known) = partly_known(count);
        for settings in settings(model.classes()) {
            let (mut expected, mut found) = (vec![f32::NAN; count], vec![f32::NAN; count]);
            let (given, known) = (given.as_ptr(), known.as_ptr());
            // SAFETY: a sampler, and pieces of so many numbers and bytes, which stay there.
            unsafe {
                assert_eq!(vapo_inpaint(sampler, &settings, given, known, expected.as_mut_ptr(), count), Ok);
                assert_eq!(vapo_begin_inpaint(sampler, &settings, given, known, found.as_mut_ptr(), count), Ok);
            }
            finish(sampler, 3);
            assert_eq!(bits(&found), bits(&expected), "{settings:?}");
        }
    });
}

#[test]
fn a_sample_ends_with_whatever_else_is_asked() {
    let [file, _] = images().map(|file| planned(&file));
    let mut lent = Lent::new(arena_bytes(&file).unwrap(), 0);
    let made = sampler(&file, &mut lent).unwrap();
    let (usual, other) = (vapo_settings(2), VapoSettings { solver: 9, ..vapo_settings(2) });
    let (mut image, x, mut energy) = ([0.0_f32; 64], [0.0_f32; 64], 0.0);
    let image = image.as_mut_ptr();
    assert_eq!(step(made, 1), Err(Sample), "nothing was begun");
    let begin = |settings: &VapoSettings| {
        // SAFETY: a sampler, and so many numbers, which stay there.
        unsafe { vapo_begin(made, settings, image, 64) }
    };
    // SAFETY: a sampler, so many numbers, and a number to set. What is null is refused.
    let ends: [&mut dyn FnMut() -> VapoResult; 5] = unsafe {
        [
            &mut || vapo_begin(made, &usual, ptr::null_mut(), 64),
            &mut || vapo_begin_inpaint(made, ptr::null(), image, [1; 64].as_ptr(), image, 65),
            &mut || vapo_sample(made, &usual, image, 64),
            &mut || vapo_energy(made, x.as_ptr(), 64, 0.5, -1, &mut energy),
            &mut || vapo_begin(made, &other, image, 64),
        ]
    };
    for end in ends {
        assert_eq!(begin(&usual), Ok);
        assert_eq!(step(made, 1).map(|progress| progress.done), Result::Ok(1));
        end();
        assert_eq!(step(made, 1), Err(Sample));
    }
    // Another begins anew.
    assert_eq!(begin(&usual), Ok);
    step(made, 1).unwrap();
    assert_eq!(begin(&usual), Ok);
    assert_eq!(step(made, 1).map(|progress| progress.done), Result::Ok(1));
}

#[test]
fn steps_refuse_what_one_call_refuses() {
    let [file, _] = images().map(|file| planned(&file));
    let mut lent = Lent::new(arena_bytes(&file).unwrap(), 0);
    let inside = lent.start().wrapping_add(64).cast::<f32>();
    let made = sampler(&file, &mut lent).unwrap();
    let (settings, known) = (vapo_settings(1), [1_u8; 64]);
    let (mut image, mut given) = ([0.0_f32; 64], [0.0_f32; 64]);
    let (image, given, known) = (image.as_mut_ptr(), given.as_mut_ptr(), known.as_ptr());
    let null: *mut f32 = ptr::null_mut();
    // SAFETY: pointers to what is expected there, or none; those that lead into other memory are refused before they are used.
    unsafe {
        assert_eq!(vapo_begin(null.cast(), &settings, image, 64), Null);
        assert_eq!(vapo_begin(made, ptr::null(), image, 64), Null);
        assert_eq!(vapo_begin(made, &settings, null, 64), Null);
        assert_eq!(vapo_begin(made, &settings, inside, 64), Overlap);
        assert_eq!(vapo_begin(made, &settings, image, 63), Length);
        assert_eq!(vapo_begin_inpaint(made, &settings, image, known, image, 64), Overlap);
        assert_eq!(vapo_begin_inpaint(made, &settings, null, known, image, 64), Null);
        assert_eq!(vapo_begin_inpaint(made, &settings, given, ptr::null(), image, 64), Null);
        assert_eq!(vapo_begin_inpaint(made, &settings, given, known, image, 65), Length);
        assert_eq!(vapo_begin(made, &settings, image, 64), Ok);
        assert_eq!(vapo_step(made, 1, ptr::null_mut()), Null);
        assert_eq!(vapo_step(made, 1, image.cast()), Overlap);
        assert_eq!(vapo_step(made, 1, inside.cast()), Overlap);
        // Of what is known nothing may be overwritten.
        let aligned = [1_u32; 16];
        let known = aligned.as_ptr().cast::<u8>();
        assert_eq!(vapo_begin_inpaint(made, &settings, given, known, image, 64), Ok);
        assert_eq!(vapo_step(made, 1, known.cast_mut().cast()), Overlap);
        assert_eq!(vapo_step(made, 1, given.cast()), Overlap);
        for number in [f32::NAN, f32::INFINITY] {
            given.write(number);
            assert_eq!(vapo_begin_inpaint(made, &settings, given, known, image, 64), Number);
            assert_eq!(vapo_inpaint(made, &settings, given, known, image, 64), Number);
        }
        given.write(0.0);
        assert_eq!(vapo_begin(made, &settings, image, 64), Ok);
        assert_eq!(vapo_step(null.cast(), 1, &mut VapoProgress { done: 0, all: 0 }), Null);
    }
    // What was refused changed nothing.
    assert_eq!(step(made, 1).map(|progress| progress.done), Result::Ok(1));
}
