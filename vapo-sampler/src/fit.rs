//! How much memory of a device a model takes, and how much the device lacks: for a build script, or to choose a device.
//!
//! # Example
//!
//! ```
//! use vapo_format::Model;
//! use vapo_sampler::fit::{Demand, Device, Lack, Memory, Placed, Program, one_piece};
//! use vapo_sampler::Solver;
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let demand = Demand::of(&model, Some(Solver::Etd2))?;
//! assert_eq!(demand, Demand::new(&model.architecture(), model.encoding(), Some(Solver::Etd2))?);
//!
//! // A micro:bit, and a program that takes 52 KB of its flash.
//! let memory = Memory { flash: 256 << 10, ram: one_piece(16 << 10), stack: 6 << 10 };
//! let device = Device { memory, program: Program { flash: 52 << 10, ram: 0 }, solver: Some(Solver::Etd2) };
//! println!("flash {} of {}, of which the program {}", device.flash(demand), memory.flash, device.program_flash(demand));
//! println!("RAM {} of {}", device.ram(demand), memory.ram());
//! let lack: Lack = device.lack(demand);
//! assert!(lack.fits(), "{lack}");
//! let Placed { lack, pieces } = device.placed(demand);
//! assert_eq!((lack, pieces), (0, [0; 3])); // all in its only piece of RAM
//!
//! // A monitor of a series takes less: no solver, and a window in place of an image.
//! # let bytes = example::series();
//! let of_series = Demand::of_monitor(&Model::parse(&bytes)?, false)?;
//! assert!(of_series.arena < demand.arena);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::arena;
use crate::solver::Solver;
use core::fmt;
use vapo_format::writer::file_bytes;
use vapo_format::{Architecture, Bits, Encoding, Model, classifier, threshold};

/// Memory of a device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Holds the program and the model.
    pub flash: usize,
    /// Pieces of RAM, the largest first, the stack's included. A piece is a range of addresses without a gap. If a device has
    /// fewer pieces, the others have 0 bytes.
    pub ram: [usize; PIECES],
    /// The part of `ram` that is reserved for the stack.
    pub stack: usize,
}

/// Pieces of RAM that a device has at most.
pub const PIECES: usize = 4;

impl Memory {
    /// RAM of all pieces.
    pub fn ram(self) -> usize {
        self.ram.iter().fold(0, |sum, piece| sum.saturating_add(*piece))
    }
}

/// RAM in one piece.
pub const fn one_piece(bytes: usize) -> [usize; PIECES] {
    [bytes, 0, 0, 0]
}

/// What the program takes of a device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Beside the model.
    pub flash: usize,
    /// Beside sample, arena and stack.
    pub ram: usize,
}

/// Most flash, in bytes, that the crate's feature `few-bits` takes: what unpacks weights of fewer than 8 bits.
pub const UNPACKING: usize = 1792;

/// What a model takes of a device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The model file.
    pub model: usize,
    /// Flash of the program that no other model needs: [`UNPACKING`], or nothing.
    pub unpacking: usize,
    /// Memory lent to the sampler, or to the potential of a monitor.
    pub arena: usize,
    /// One sample; of a monitor its window, and as much again where it explains anomalies.
    pub image: usize,
}

impl Demand {
    /// Of a model that there is, its threshold included: as a board takes it, in the newest version of the format.
    ///
    /// # Errors
    /// The architecture is none that validates.
    pub fn of(model: &Model<'_>, solver: Option<Solver>) -> Result<Self, vapo_format::Error> {
        let threshold = model.threshold().map_or(0, |_| threshold::BYTES);
        let classifier = model.classifier().map_or(0, |_| classifier::bytes(model.classes()));
        let demand = Demand::new(&model.architecture(), model.encoding(), solver)?;
        Ok(Demand { model: demand.model + threshold + classifier, ..demand })
    }

    /// Of a model of a series that a [`crate::Monitor`] watches by, its threshold included.
    ///
    /// # Errors
    /// As [`Demand::of`].
    pub fn of_monitor(model: &Model<'_>, explains: bool) -> Result<Self, vapo_format::Error> {
        let window = 4 * model.signal().elements();
        let elements = arena::monitor_elements(&model.architecture(), model.arithmetic(), explains);
        let arena = elements.saturating_mul(4).saturating_sub(window);
        Ok(Demand { arena, image: if explains { 2 * window } else { window }, ..Demand::of(model, None)? })
    }

    /// For one solver, or for the one that takes most.
    ///
    /// # Errors
    /// The architecture is none that validates.
    pub fn new(
        architecture: &Architecture,
        encoding: Encoding,
        solver: Option<Solver>,
    ) -> Result<Self, vapo_format::Error> {
        let model = file_bytes(architecture, encoding)?;
        let chosen = Solver::ALL.into_iter().filter(|each| solver.is_none_or(|solver| solver == *each));
        let elements = chosen.map(|solver| arena::elements(architecture, encoding.arithmetic(), solver)).max();
        // What may be asked for with guidance takes a buffer more.
        let guidance = if architecture.classes > 0 { architecture.signal.elements() } else { 0 };
        let elements = elements.unwrap_or_default().saturating_add(guidance);
        let unpacking = if encoding.bits().is_some_and(|bits| bits < Bits::Eight) { UNPACKING } else { 0 };
        Ok(Demand { model, unpacking, arena: elements.saturating_mul(4), image: 4 * architecture.signal.elements() })
    }
}

/// A device, and how it is to sample.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// What there is.
    pub memory: Memory,
    /// What the program takes of it.
    pub program: Program,
    /// The only solver that the program uses; none where it may use each.
    pub solver: Option<Solver>,
}

impl Device {
    /// Flash that is taken: by model and program.
    pub fn flash(self, demand: Demand) -> usize {
        demand.model + self.program_flash(demand)
    }

    /// Flash that the program takes.
    pub fn program_flash(self, demand: Demand) -> usize {
        self.program.flash + demand.unpacking
    }

    /// RAM that is taken: by arena, sample, program and stack.
    pub fn ram(self, demand: Demand) -> usize {
        demand.arena + demand.image + self.program.ram + self.memory.stack
    }

    /// What the device lacks.
    pub fn lack(self, demand: Demand) -> Lack {
        let ram = self.placed(demand).lack;
        Lack { flash: self.flash(demand).saturating_sub(self.memory.flash), ram }
    }

    /// The pieces of RAM for the arena, for the image, and for the program's RAM with its stack. Each needs one piece. All go
    /// into the largest if they fit, and otherwise where the device lacks least.
    pub fn placed(self, demand: Demand) -> Placed {
        let sizes = [demand.arena, demand.image, self.program.ram + self.memory.stack];
        let ways = (0..PIECES.pow(sizes.len() as u32)).map(|way| {
            let mut left = way;
            // The last changes fastest: the arena stays in the largest piece for longest.
            let mut pieces = sizes.map(|_| {
                let piece = left % PIECES;
                left /= PIECES;
                piece
            });
            pieces.reverse();
            let taken = |piece: usize| -> usize {
                sizes.iter().zip(&pieces).filter(|(_, at)| **at == piece).map(|(size, _)| size).sum()
            };
            let over = self.memory.ram.iter().enumerate().map(|(piece, bytes)| taken(piece).saturating_sub(*bytes));
            Placed { lack: over.sum(), pieces }
        });
        // The first of the best.
        ways.min_by_key(|placed| placed.lack).unwrap_or_default()
    }
}

/// In which piece of RAM the parts of a demand lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// Bytes that the pieces have too few.
    pub lack: usize,
    /// Pieces of arena, image, and the program with its stack.
    pub pieces: [usize; 3],
}

/// Bytes that a device has too few; zeros where all fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    /// For model and program.
    pub flash: usize,
    /// For arena, sample, program and stack.
    pub ram: usize,
}

impl Lack {
    /// Whether the device has enough.
    pub fn fits(self) -> bool {
        self == Lack::default()
    }
}

/// `fits`, or `lacks 2432 bytes of RAM`.
impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    use std::string::ToString;
    use vapo_format::{Block, Homotopy, Shape, encoder};

    fn digits() -> Architecture {
        let blocks = [
            Block::Conv { channels: 8 },
            Block::Residual,
            Block::Down { channels: 16 },
            Block::Residual,
            Block::Down { channels: 32 },
            Block::Residual,
            Block::Head { channels: 32 },
        ];
        encoder::architecture(Shape { channels: 1, height: 8, width: 8 }, Homotopy::Linear, 16, &blocks).unwrap()
    }

    /// By hand: 2,192 elements for the potential, one or two buffers of 64 for the solver, 64 for the sample.
    #[test]
    fn the_arena_is_that_of_the_solver_or_of_the_hungriest() {
        let arena = |solver| Demand::new(&digits(), Encoding::Int8, solver).unwrap().arena;
        assert_eq!([Some(Solver::Euler), Some(Solver::Ab2), None].map(arena), [9024, 9280, 9280]);
        let memory = Memory { flash: 0, ram: one_piece(0), stack: 6144 };
        let device = Device { memory, program: Program { flash: 0, ram: 64 }, solver: None };
        let demand = Demand::new(&digits(), Encoding::Int8, None).unwrap();
        assert_eq!(device.ram(demand), 9280 + 256 + 64 + 6144);
    }

    #[test]
    fn what_fits_to_the_byte_fits_and_a_byte_less_does_not() {
        let lack = |flash, ram, stack| {
            let program = Program { flash: 5000, ram: 64 };
            let memory = Memory { flash, ram: one_piece(ram), stack };
            let device = Device { memory, program, solver: None };
            device.lack(Demand { model: 1000, unpacking: 0, arena: 600, image: 36 })
        };
        assert!(lack(6000, 1000, 300).fits());
        assert_eq!(lack(6000, 1000, 300).to_string(), "fits");
        assert_eq!(lack(5999, 1000, 300).to_string(), "lacks 1 bytes of flash");
        assert_eq!(lack(6000, 1000, 302).to_string(), "lacks 2 bytes of RAM");
        assert_eq!(lack(5000, 0, 300).to_string(), "lacks 1000 bytes of flash, 1000 of RAM");
    }

    #[test]
    fn each_part_lies_whole_in_one_piece() {
        let placed = |ram: [usize; PIECES]| {
            let memory = Memory { flash: 6000, ram, stack: 300 };
            let device = Device { memory, program: Program { flash: 5000, ram: 64 }, solver: None };
            device.placed(Demand { model: 1000, unpacking: 0, arena: 600, image: 36 })
        };
        let fits = |pieces| Placed { lack: 0, pieces };
        assert_eq!(placed([1000, 500, 0, 0]), fits([0, 0, 0]));
        assert_eq!(placed([999, 400, 40, 0]), fits([0, 0, 1]));
        assert_eq!(placed([635, 364, 40, 0]), fits([0, 2, 1]));
        assert_eq!(placed([600, 364, 35, 1]), Placed { lack: 1, pieces: [0, 2, 1] });
        // A thousand bytes, in pieces that are too small.
        assert_eq!(placed([250, 250, 250, 250]).lack, 350 + 114);
        assert_eq!(placed(one_piece(990)).lack, 10);
    }
}
