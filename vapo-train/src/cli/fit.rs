//! What a model takes of a device, and how much of that the device lacks.

use super::board::Memory;
use vapo_format::writer::file_bytes;
use vapo_format::{Architecture, Encoding};
use vapo_sampler::{Solver, arena};

/// Flash that the firmware's program takes at least, beside the model.
pub(super) const PROGRAM: usize = 56 * 1024;
/// RAM that the firmware's program takes at least, beside sample, arena and stack.
pub(super) const STATICS: usize = 64;

/// What a model takes of a device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Demand {
    /// The model file.
    pub(super) model: usize,
    /// Memory lent to the sampler.
    pub(super) arena: usize,
    /// One sample.
    pub(super) image: usize,
}

impl Demand {
    /// For one solver, or for the one that takes most.
    ///
    /// # Errors
    /// The architecture is none that validates.
    pub(super) fn new(
        architecture: &Architecture,
        encoding: Encoding,
        solver: Option<Solver>,
    ) -> Result<Self, vapo_format::Error> {
        let model = file_bytes(architecture, encoding)?;
        let chosen = Solver::ALL.into_iter().filter(|each| solver.is_none_or(|solver| solver == *each));
        let elements = chosen.map(|solver| arena::elements(architecture, solver)).max().unwrap_or_default();
        Ok(Demand { model, arena: 4 * elements, image: 4 * architecture.image.elements() })
    }

    /// Flash, program included.
    pub(super) fn flash(self) -> usize {
        self.model + PROGRAM
    }

    /// RAM, the stack included.
    pub(super) fn ram(self, stack: usize) -> usize {
        self.arena + self.image + STATICS + stack
    }
}

/// A device, and how it is to sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Device {
    pub(super) memory: Memory,
    /// The only solver that the program uses; none where it may use each.
    pub(super) solver: Option<Solver>,
}

impl Device {
    /// What the device lacks.
    pub(super) fn lack(self, demand: Demand) -> Lack {
        let Memory { flash, ram, stack } = self.memory;
        Lack { flash: demand.flash().saturating_sub(flash), ram: demand.ram(stack).saturating_sub(ram) }
    }
}

/// Bytes that a device has too few; zeros where all fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lack {
    pub(super) flash: usize,
    pub(super) ram: usize,
}

impl Lack {
    /// Whether the device has enough.
    pub(super) fn fits(self) -> bool {
        self == Lack::default()
    }
}

/// `fits`, or `lacks 2432 bytes of RAM`.
impl std::fmt::Display for Lack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Lack { flash: 0, ram: 0 } => f.write_str("fits"),
            Lack { flash, ram: 0 } => write!(f, "lacks {flash} bytes of flash"),
            Lack { flash: 0, ram } => write!(f, "lacks {ram} bytes of RAM"),
            Lack { flash, ram } => write!(f, "lacks {flash} bytes of flash, {ram} of RAM"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;
    use crate::quantise::model_file;
    use vapo_format::{Homotopy, Shape};

    fn digits() -> Architecture {
        let image = Shape { channels: 1, height: 8, width: 8 };
        Preset::named("digits").unwrap().architecture(image, Homotopy::Linear)
    }

    #[test]
    fn the_model_counts_with_every_byte_of_its_file() {
        let parameters = vec![0.0; digits().parameters()];
        for encoding in [Encoding::Int8, Encoding::Float32] {
            let file = model_file(&digits(), &parameters, encoding).unwrap();
            assert_eq!(Demand::new(&digits(), encoding, None).unwrap().model, file.len());
        }
    }

    /// By hand: 2,256 elements for the potential, one or two buffers of 64 for the solver, 64 for the sample.
    #[test]
    fn the_arena_is_that_of_the_solver_or_of_the_hungriest() {
        let arena = |solver| Demand::new(&digits(), Encoding::Int8, solver).unwrap().arena;
        assert_eq!([Some(Solver::Euler), Some(Solver::Ab2), None].map(arena), [9280, 9536, 9536]);
        assert_eq!(Demand::new(&digits(), Encoding::Int8, None).unwrap().ram(6144), 9536 + 256 + 64 + 6144);
    }

    #[test]
    fn what_fits_to_the_byte_fits_and_a_byte_less_does_not() {
        let lack = |flash, ram, stack| {
            let device = Device { memory: Memory { flash, ram, stack }, solver: None };
            device.lack(Demand { model: 1000, arena: 600, image: 36 })
        };
        assert!(lack(1000 + PROGRAM, 1000, 300).fits());
        assert_eq!(lack(1000 + PROGRAM, 1000, 300).to_string(), "fits");
        assert_eq!(lack(999 + PROGRAM, 1000, 300).to_string(), "lacks 1 bytes of flash");
        assert_eq!(lack(1000 + PROGRAM, 1000, 302).to_string(), "lacks 2 bytes of RAM");
        assert_eq!(lack(PROGRAM, 0, 300).to_string(), "lacks 1000 bytes of flash, 1000 of RAM");
    }

    /// The build of an image refuses a model by the same numbers.
    #[test]
    fn the_program_takes_what_the_firmware_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vapo-sampler/firmware/fit/src/refusal.rs");
        let source = std::fs::read_to_string(path).unwrap();
        let constant = |name: &str| -> usize {
            let start = format!("pub(crate) const {name}: u64 = ");
            let value = source.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix(';')).unwrap();
            value.split(" * ").map(|factor| factor.parse::<usize>().unwrap()).product()
        };
        assert_eq!([constant("PROGRAM"), constant("STATICS")], [PROGRAM, STATICS]);
    }
}
