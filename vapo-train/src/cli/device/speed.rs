//! How long a drift takes on a board, from the instructions of its multiplications: before anything is flashed.

use super::board::named;

/// What a drift of integer arithmetic costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cli) struct Cost {
    /// Instructions.
    pub(in crate::cli) instructions: f64,
    /// Milliseconds.
    pub(in crate::cli) milliseconds: f64,
}

/// The cost, on a board, of a drift of so many multiplications; none for what is no board.
pub(in crate::cli) fn cost(board: &str, multiplications: u64) -> Option<Cost> {
    let (core, megahertz) = named(board)?.core;
    let instructions = multiplications as f64 * core.instructions_a_multiplication(multiplications);
    Some(Cost { instructions, milliseconds: instructions * core.cycles_an_instruction() / (1000.0 * megahertz) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::device::core::Core;

    #[test]
    fn milliseconds_are_cycles_over_the_clock() {
        let Cost { instructions, milliseconds } = cost("microbit", 16_000).unwrap();
        assert_eq!(instructions, 16_000.0 * Core::M0.instructions_a_multiplication(16_000));
        let expected = instructions * Core::M0.cycles_an_instruction() / 16e3;
        assert!((milliseconds / expected - 1.0).abs() < 1e-12);
        assert_eq!(cost("arduino", 1), None);
    }
}
