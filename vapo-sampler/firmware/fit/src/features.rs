//! Whether a program has what its model needs: the board's features `float`, `integer` and `few-bits`.

use vapo_format::{Arithmetic, Bits, Encoding};

/// What the package that is built can do with models.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    float: bool,
    integer: bool,
    few_bits: bool,
}

/// Those of the package that is built. `is_set` says which variables a build script has.
pub(crate) fn of_package(is_set: impl Fn(&str) -> bool) -> Features {
    let [float, integer, few_bits] =
        ["CARGO_FEATURE_FLOAT", "CARGO_FEATURE_INTEGER", "CARGO_FEATURE_FEW_BITS"].map(is_set);
    Features { float, integer, few_bits }
}

/// Arguments of a Cargo build whose program has the arithmetic and the width of weights that a model needs.
pub fn build_arguments(encoding: Encoding) -> &'static [&'static str] {
    let few_bits = encoding.bits().is_some_and(|bits| bits != Bits::Eight);
    match (encoding.arithmetic(), few_bits) {
        (Arithmetic::Integer, false) => &[],
        (Arithmetic::Integer, true) => &["--features", "few-bits"],
        (Arithmetic::Float, false) => &["--no-default-features", "--features", "float"],
        (Arithmetic::Float, true) => &["--no-default-features", "--features", "float,few-bits"],
    }
}

/// Checks that the program computes in a model's arithmetic, and takes its weights.
pub(crate) fn check(needed: Encoding, features: Features) -> Result<(), String> {
    let Features { float, integer, few_bits } = features;
    let few = needed.bits().filter(|bits| *bits != Bits::Eight);
    // What else the same build lacks.
    let also = if few.is_some() && !few_bits { ",few-bits" } else { "" };
    match (needed.arithmetic(), few) {
        (Arithmetic::Float, _) if !float => Err(format!(
            "the model is computed in floats, the program in integers: build with --no-default-features \
             --features float{also}, or make an integer model by vapo-train calibrate"
        )),
        (Arithmetic::Integer, _) if !integer => Err(format!(
            "the model is computed in integers, the program is not: build without --no-default-features, or with \
             --features integer{also}"
        )),
        (_, Some(bits)) if !few_bits => Err(format!(
            "the model's weights have {} bits, the program takes 8: build with --features few-bits as well",
            bits.count()
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{build_arguments, check, of_package};
    use vapo_format::Encoding;

    const FLOAT: &str = "CARGO_FEATURE_FLOAT";
    const INTEGER: &str = "CARGO_FEATURE_INTEGER";
    const FEW_BITS: &str = "CARGO_FEATURE_FEW_BITS";

    fn checked(needed: Encoding, features: &[&str]) -> Result<(), String> {
        check(needed, of_package(|name| features.contains(&name)))
    }

    #[test]
    fn a_program_needs_the_arithmetic_of_its_model() {
        for features in [[FLOAT, FLOAT], [FLOAT, INTEGER]] {
            assert_eq!(checked(Encoding::Int8, &features), Ok(()));
            assert_eq!(checked(Encoding::Float32, &features), Ok(()));
        }
        for features in [[INTEGER, INTEGER], [FLOAT, INTEGER]] {
            assert_eq!(checked(Encoding::Integer, &features), Ok(()));
        }
        let error = checked(Encoding::Int8, &[INTEGER]).unwrap_err();
        assert!(error.contains("build with --no-default-features --features float, or"), "{error}");
        for features in [vec![FLOAT], vec![]] {
            let error = checked(Encoding::Integer, &features).unwrap_err();
            assert!(error.ends_with("build without --no-default-features, or with --features integer"), "{error}");
        }
    }

    #[test]
    fn a_program_needs_to_unpack_weights_of_few_bits() {
        for (encoding, bits) in [(Encoding::Integer4, "4"), (Encoding::Integer6, "6")] {
            assert_eq!(checked(encoding, &[INTEGER, FEW_BITS]), Ok(()));
            let error = checked(encoding, &[INTEGER]).unwrap_err();
            assert!(error.contains(&format!("weights have {bits} bits")), "{error}");
            assert!(error.ends_with("build with --features few-bits as well"), "{error}");
        }
        // All that is lacking, at once.
        let error = checked(Encoding::Int4, &[INTEGER]).unwrap_err();
        assert!(error.contains("--no-default-features --features float,few-bits,"), "{error}");
        let error = checked(Encoding::Integer4, &[FLOAT]).unwrap_err();
        assert!(error.ends_with("--features integer,few-bits"), "{error}");
    }

    #[test]
    fn a_build_by_the_arguments_for_a_model_takes_it() {
        use Encoding::{Float32, Int4, Int6, Int8, Integer, Integer4, Integer6};
        for encoding in [Float32, Int8, Int6, Int4, Integer, Integer6, Integer4] {
            let arguments = build_arguments(encoding);
            let integer = if arguments.contains(&"--no-default-features") { vec![] } else { vec![INTEGER] };
            let asked = arguments.last().into_iter().flat_map(|list| list.split(','));
            let asked = asked.map(|name| format!("CARGO_FEATURE_{}", name.to_uppercase().replace('-', "_")));
            let features: Vec<String> = integer.into_iter().map(str::to_owned).chain(asked).collect();
            let features: Vec<&str> = features.iter().map(String::as_str).collect();
            assert_eq!(checked(encoding, &features), Ok(()), "{encoding:?}");
        }
    }
}
