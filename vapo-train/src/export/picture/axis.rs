//! A chart's scales and the numbers beside them. Values are f32's, so that no ratio or difference overflows.

/// Most numbers beside an axis.
const MOST_TICKS: usize = 10;

/// A scale from values to the unit interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Axis {
    /// Equal distances are equal differences.
    Linear {
        /// Value at 0.
        low: f64,
        /// Value at 1.
        high: f64,
    },
    /// Equal distances are equal ratios.
    Logarithmic {
        /// Value at 0, above zero.
        low: f64,
        /// Value at 1.
        high: f64,
    },
}

impl Axis {
    /// A linear axis over `[low, high]`, a little wider where the two are one.
    pub(super) fn linear(low: f64, high: f64) -> Self {
        if low < high {
            Axis::Linear { low, high }
        } else {
            let margin = (0.1 * low.abs()).max(0.1);
            Axis::Linear { low: low - margin, high: high + margin }
        }
    }

    /// The axis that shows finite `values` best: logarithmic for positive values more than a decade apart,
    /// otherwise linear, with a margin of 4 % at both ends.
    pub(super) fn suited(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > 0.0 && high > 10.0 * low {
            let margin = libm::pow(high / low, 0.04);
            Axis::Logarithmic { low: low / margin, high: high * margin }
        } else {
            let margin = 0.04 * (high - low);
            Axis::linear(low - margin, high + margin)
        }
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end.
    pub(super) fn position(self, value: f64) -> f64 {
        match self {
            Axis::Linear { low, high } => (value - low) / (high - low),
            Axis::Logarithmic { low, high } => libm::log(value / low) / libm::log(high / low),
        }
    }

    /// Round numbers within the axis, and how to write them.
    pub(super) fn ticks(self) -> Vec<(f64, String)> {
        self.ticks_at_most(MOST_TICKS)
    }

    /// The same, no more than `most` of them, or one more where both ends are round. `most` is at least 1.
    pub(super) fn ticks_at_most(self, most: usize) -> Vec<(f64, String)> {
        match self {
            Axis::Linear { low, high } => linear_ticks(low, high, most),
            Axis::Logarithmic { low, high } => logarithmic_ticks(low, high, most),
        }
    }
}

/// Multiples of the smallest 1, 2 or 5 times a power of ten that keeps their number within bounds.
fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let least = (high - low) / most as f64;
    let exponent = libm::log10(least).floor() as i32;
    // One of them is large enough: the last is five times as large as `least` at the very least.
    for (digit, exponent) in round_numbers(exponent, exponent + 1) {
        let spacing = number(digit, exponent);
        if spacing >= least {
            // A multiple at the very end counts, whatever the division's rounding.
            let (first, last) = ((low / spacing - 1e-9).ceil() as i64, (high / spacing + 1e-9).floor() as i64);
            let decimals = usize::try_from(-exponent).unwrap_or(0);
            let long = low.abs().max(high.abs()) >= 1e6 || decimals > 5;
            let write = |value: f64| if long { scientific(value) } else { format!("{value:.decimals$}") };
            let values = (first..=last).map(|multiple| number(multiple * digit, exponent));
            return values.map(|value| (value, write(value))).collect();
        }
    }
    Vec::new()
}

/// 1, 2 and 5 times powers of ten where they are few enough, otherwise powers of ten, of a hundred, and so on.
fn logarithmic_ticks(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let (first, last) = (libm::log10(low).floor() as i32, libm::log10(high).ceil() as i32);
    let within = |value: &f64| (low..=high).contains(value);
    let mut values: Vec<f64> = round_numbers(first, last).map(|(d, e)| number(d, e)).filter(within).collect();
    let mut every = 1;
    while values.len() > most {
        values = (first..=last).filter(|e| e % every == 0).map(|e| number(1, e)).filter(within).collect();
        every += 1;
    }
    let write = |value: f64| if (1e-3..1e6).contains(&value) { format!("{value}") } else { scientific(value) };
    values.into_iter().map(|value| (value, write(value))).collect()
}

/// 1, 2 and 5 times every power of ten from 10^`first` to 10^`last`, as digits and exponents.
fn round_numbers(first: i32, last: i32) -> impl Iterator<Item = (i64, i32)> {
    (first..=last).flat_map(|exponent| [1, 2, 5].map(|digit| (digit, exponent)))
}

/// digits·10^exponent, rounded once: the errors of repeated rounding would show when it is written.
fn number(digits: i64, exponent: i32) -> f64 {
    format!("{digits}e{exponent}").parse().expect("an integer and an exponent are a number")
}

fn scientific(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: Axis) -> String {
        axis.ticks().into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(texts(Axis::linear(0.0, 1000.0)), "0 100 200 300 400 500 600 700 800 900 1000");
        assert_eq!(texts(Axis::linear(-0.13, 0.42)), "-0.1 0.0 0.1 0.2 0.3 0.4");
        assert_eq!(texts(Axis::linear(31.2, 38.9)), "32 33 34 35 36 37 38");
        assert_eq!(texts(Axis::linear(0.0, 1.0e7)), "0 1e6 2e6 3e6 4e6 5e6 6e6 7e6 8e6 9e6 1e7");
        assert_eq!(texts(Axis::linear(3.0, 3.0)), "2.7 2.8 2.9 3.0 3.1 3.2 3.3");
    }

    #[test]
    fn logarithmic_ticks_thin_out() {
        let axis = |low, high| Axis::Logarithmic { low, high };
        assert_eq!(texts(axis(0.3, 42.0)), "0.5 1 2 5 10 20");
        assert_eq!(texts(axis(0.001, 3e6)), "0.001 0.01 0.1 1 10 100 1000 10000 100000 1e6");
        assert_eq!(texts(axis(1e-9, 1e8)), "1e-8 1e-6 1e-4 0.01 1 100 10000 1e6 1e8");
    }

    #[test]
    fn the_scale_follows_the_values() {
        assert!(matches!(Axis::suited([1.0, 50.0].into_iter()), Axis::Logarithmic { .. }));
        assert!(matches!(Axis::suited([1.0, 5.0].into_iter()), Axis::Linear { .. }));
        assert!(matches!(Axis::suited([-1.0, 50.0].into_iter()), Axis::Linear { .. }));
        for values in [[1.0, 50.0], [1.0, 5.0], [-3.0, 5.0], [2.0, 2.0], [0.0, 0.0]] {
            let axis = Axis::suited(values.into_iter());
            for (value, _) in axis.ticks().into_iter().chain(values.map(|value| (value, String::new()))) {
                assert!((-1e-9..=1.0 + 1e-9).contains(&axis.position(value)), "{value} on {axis:?}");
            }
        }
        let decades = Axis::Logarithmic { low: 1.0, high: 100.0 };
        assert!((decades.position(10.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn every_range_has_a_few_ticks() {
        for exponent in -30..30 {
            let unit = 10_f64.powi(exponent);
            for factor in [1.0, 1.1, 1.9, 3.0, 5.1, 9.9] {
                for axis in [Axis::linear(-unit, factor * unit), Axis::suited([unit, 30.0 * factor * unit].into_iter())]
                {
                    assert!((3..=MOST_TICKS + 1).contains(&axis.ticks().len()), "{axis:?} {:?}", axis.ticks());
                }
            }
        }
    }
}
