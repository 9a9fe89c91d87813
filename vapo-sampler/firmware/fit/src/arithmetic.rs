//! Whether a program computes in what its model needs: the board's features `float` and `integer`.

use vapo_format::Arithmetic;

/// What the features of the package that is built compute in. `is_set` says which variables a build script has.
pub(crate) fn of_features(is_set: impl Fn(&str) -> bool) -> impl Fn(Arithmetic) -> bool {
    let [float, integer] = ["CARGO_FEATURE_FLOAT", "CARGO_FEATURE_INTEGER"].map(is_set);
    move |arithmetic| match arithmetic {
        Arithmetic::Float => float,
        Arithmetic::Integer => integer,
    }
}

/// Checks that the program computes in a model's arithmetic.
pub(crate) fn check(needed: Arithmetic, computes: impl Fn(Arithmetic) -> bool) -> Result<(), String> {
    if computes(needed) {
        return Ok(());
    }
    Err(match needed {
        Arithmetic::Float => {
            "the model is computed in floats, the program in integers: build with --no-default-features \
                              --features float, or make an integer model by vapo-train calibrate"
        }
        Arithmetic::Integer => {
            "the model is computed in integers, the program is not: build without \
                                --no-default-features, or with --features integer"
        }
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::{check, of_features};
    use vapo_format::Arithmetic;

    fn checked(needed: Arithmetic, features: &[&str]) -> Result<(), String> {
        check(needed, of_features(|name| features.contains(&name)))
    }

    #[test]
    fn a_program_needs_the_arithmetic_of_its_model() {
        let (float, integer) = ("CARGO_FEATURE_FLOAT", "CARGO_FEATURE_INTEGER");
        for features in [[float, float], [float, integer]] {
            assert_eq!(checked(Arithmetic::Float, &features), Ok(()));
        }
        for features in [[integer, integer], [float, integer]] {
            assert_eq!(checked(Arithmetic::Integer, &features), Ok(()));
        }
        let error = checked(Arithmetic::Float, &[integer]).unwrap_err();
        assert!(error.contains("build with --no-default-features --features float"), "{error}");
        for features in [vec![float], vec![]] {
            let error = checked(Arithmetic::Integer, &features).unwrap_err();
            assert!(error.contains("build without --no-default-features, or with --features integer"), "{error}");
        }
    }
}
