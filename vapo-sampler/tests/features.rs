//! A program is built for the arithmetic of its models, and refuses others. With the features of `float` and of `integer`, with
//! either, and with none:
//!
//! `cargo test -p vapo-sampler --test features --no-default-features --features float`

mod common;

use common::{digits, exponents, generator, plan, random_model, with_exponents};
use vapo_format::{Arithmetic, Encoding, Exponents, Model};
use vapo_sampler::{Error, Noise, Potential, Sampler, Schedule, Solver};

#[test]
fn a_model_of_an_arithmetic_that_is_not_built_in_is_refused() {
    let floats = random_model(&digits(), Encoding::Int8, 1);
    let integers = {
        let model = Model::parse(&floats).unwrap();
        with_exponents(&model, &exponents(&model, Exponents { value: 10, cotangent: 3 }))
    };
    for (file, arithmetic, built) in [
        (&floats, Arithmetic::Float, cfg!(feature = "float")),
        (&integers, Arithmetic::Integer, cfg!(feature = "integer")),
    ] {
        let model = Model::parse(file).unwrap();
        assert_eq!(model.arithmetic(), arithmetic);
        let plan = plan(&model);
        let mut memory = vec![f32::NAN; plan.elements_with(Solver::Etd2)];
        let refused = Error::Arithmetic { found: arithmetic };
        if built {
            let mut image = [f32::NAN; 64];
            let mut sampler = Sampler::new(&model, plan, Solver::Etd2, &mut memory).unwrap();
            sampler.sample(Schedule::uniform(2).unwrap(), 0.0, &mut Noise::new(generator(1)), &mut image).unwrap();
            assert!(image.iter().all(|value| value.is_finite()));
        } else {
            assert_eq!(Potential::new(&model, plan, &mut memory).unwrap_err(), refused);
            assert_eq!(Sampler::new(&model, plan, Solver::Etd2, &mut memory).unwrap_err(), refused);
        }
        assert!(refused.to_string().contains(&format!("the feature `{arithmetic}`")), "{refused}");
    }
}
