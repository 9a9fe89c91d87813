use super::*;
use crate::potential::parameters::Layout;
use crate::quantise::model_file;
use crate::run::preset::Preset;
use vapo_format::{Architecture, Encoding, Homotopy, Shape};
use vapo_sampler::kernel::wide::Unpacked;
use vapo_sampler::{PlanFor, Potential};

const SHAPE: Shape = Shape { channels: 1, height: 8, width: 8 };

fn tiny() -> Architecture {
    Preset::named("tiny").unwrap().architecture(SHAPE, Homotopy::Linear)
}

/// A potential q·|x|²/2 whose q is `slope` at all times: its ways are x₀·exp(q·t).
fn quadratic(slope: f32) -> Vec<u8> {
    let layout = Layout::new(&tiny());
    let mut parameters = vec![0.0; layout.len()];
    parameters[layout.matrices.last().unwrap().bias().start] = slope;
    model_file(&tiny(), &parameters, Encoding::Float32).unwrap()
}

/// Random weights.
fn random(architecture: &Architecture, scale: f32) -> Vec<u8> {
    let mut noise = Noise::new(generator(1));
    let parameters: Vec<f32> = (0..Layout::new(architecture).len()).map(|_| scale * noise.draw()).collect();
    model_file(architecture, &parameters, Encoding::Float32).unwrap()
}

fn adaptive(method: Method) -> Adaptive {
    Adaptive { method, tolerance: TOLERANCE }
}

#[test]
fn samples_are_where_the_flow_leads() {
    let file = quadratic(-1.5);
    let model = Model::parse(&file).unwrap();
    for (method, tolerance) in Method::ALL.into_iter().flat_map(|method| [(method, 1e-3), (method, 1e-5)]) {
        let found = sample(&model, Adaptive { method, tolerance }, 3, 4, Asked::default()).unwrap();
        for (index, image) in (0..).zip(found.images.chunks_exact(64)) {
            let mut start = vec![0.0; 64];
            Noise::new(generator(4 + index)).fill(&mut start);
            let factor = libm::exp(-1.5 * (SPAN[1] - SPAN[0]));
            for (found, start) in image.iter().zip(start) {
                let expected = factor * f64::from(start);
                // Some steps, each of an error about the tolerance; rk23 takes more of them.
                assert!(
                    (f64::from(*found) - expected).abs() < 20.0 * tolerance,
                    "{method:?}: {found} is not {expected}"
                );
            }
        }
        assert!(found.evaluations.iter().all(|count| (8..200).contains(count)), "{:?}", found.evaluations);
    }
}

#[test]
fn a_sample_has_the_same_bytes_alone_and_among_others_on_any_number_of_threads() {
    let file = random(&tiny(), 0.3);
    let model = Model::parse(&file).unwrap();
    for method in Method::ALL {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sample(&model, adaptive(method), 9, 20, Asked::default())).unwrap()
        };
        let all = on(1);
        assert!(all == on(3));
        for index in 0..9 {
            let alone = sample(&model, adaptive(method), 1, 20 + index as u64, Asked::default()).unwrap();
            assert!(alone.images == all.images[index * 64..][..64], "{method:?} {index}");
            assert_eq!(alone.evaluations, [all.evaluations[index]]);
        }
        let mut counts = all.evaluations;
        counts.sort_unstable();
        counts.dedup();
        assert!(counts.len() > 1, "each has steps of its own: {counts:?}");
    }
}

/// By a drift that is put together here from those of the potential.
#[test]
fn classes_and_guidance_lead_as_their_formula_says() {
    let architecture = Preset::named("tiny").unwrap().conditional(SHAPE, Homotopy::Linear, 2);
    let file = random(&architecture, 0.3);
    let model = Model::parse(&file).unwrap();
    let (plan, unpacked) =
        (PlanFor::<{ vapo_format::architecture::MAX_NODES }>::new(&model).unwrap(), Unpacked::new(&model));
    let mut memory = vec![0.0; plan.elements()];
    let mut potential = Potential::new(&model, &plan, &mut memory).unwrap().unpacked(&unpacked);
    let mut ends = Vec::new();
    for guidance in [0.0, 1.5] {
        let asked = Asked { guidance, ..Asked::each(1) };
        let found = sample(&model, adaptive(Method::Rk45), 2, 7, asked).unwrap();
        for (class, image) in (0..).zip(found.images.chunks_exact(64)) {
            let mut start = vec![0.0; 64];
            Noise::new(generator(7 + u64::from(class))).fill(&mut start);
            let mut y: Vec<f64> = start.into_iter().map(f64::from).collect();
            let control = adaptive(Method::Rk45).control();
            let field = |time: f64, y: &[f64], slope: &mut [f64]| {
                let x: Vec<f32> = y.iter().map(|y| *y as f32).collect();
                let [mut of_class, mut of_null] = [[0.0; 64]; 2];
                potential.set_class(Some(class))?;
                potential.drift(&x, time as f32, &mut of_class)?;
                potential.set_class(None)?;
                potential.drift(&x, time as f32, &mut of_null)?;
                let guided =
                    of_class.iter().zip(of_null).map(|(of_class, null)| of_class + guidance * (of_class - null));
                slope.iter_mut().zip(guided).for_each(|(slope, drift)| *slope = f64::from(drift));
                Ok::<(), Error>(())
            };
            let evaluations = integrate(Method::Rk45, &control, SPAN, &mut y, field).unwrap();
            assert!(image.iter().zip(y).all(|(found, y)| *found == y as f32), "class {class}, guidance {guidance}");
            assert_eq!(evaluations, found.evaluations[usize::from(class)]);
        }
        ends.push(found.images);
    }
    assert!(ends[0] != ends[1], "guidance leads elsewhere");
}

#[test]
fn an_image_that_fails_is_named() {
    // Without end: each step's slope is some 10¹⁵ times the place.
    let file = random(&tiny(), 1e15);
    let model = Model::parse(&file).unwrap();
    let found = sample(&model, adaptive(Method::Rk45), 2, 0, Asked::default());
    assert_eq!(found, Err(SamplingError::NotFinite { image: 0 }));
    let stopped = |cause| failure(cause, 5).to_string();
    let told = stopped(Stopped::Evaluations { time: 0.25 });
    assert!(
        told.contains("image 5 is at time 0.25") && told.contains("10000") && told.contains("--tolerance"),
        "{told}"
    );
    let told = stopped(Stopped::Step { time: 0.5 });
    assert!(told.contains("image 5 is at time 0.5") && told.contains("0.0000001"), "{told}");
}
