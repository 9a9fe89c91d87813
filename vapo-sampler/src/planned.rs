//! A model with its plan in front of it, in one piece of bytes. It is for programs that get a model as bytes and cannot plan
//! its memory.
//!
//! Planning takes more stack than small devices have, and several KB of flash. So a host plans once, and puts the plan in front
//! of the model's file. The rest of a step is in the file's header, and is read from there. All numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `PLAN` |
//! | 2 | version of these bytes, [`VERSION`] |
//! | 2 | nodes, n |
//! | 4 | fingerprint of the model: [`Model::fingerprint`] |
//! | 4 | bytes of all buffers together: [`Plan::bytes`] |
//! | 36·n | a record a node: `value`, `cotangent`, `scratch`, `kept`, offset and bytes of both `work`, and four bytes of bits |
//! | 4 | CRC-32 of all bytes before it |
//! | … | the model's file, all of it |
//!
//! Of the bits, two from each even one up to bit 5 say what is done with an input's cotangent (0 nothing, 1 set, 2 add), and bit 6
//! whether the node is computed again.
//!
//! # Example
//!
//! ```
//! use vapo_format::Model;
//! use vapo_sampler::planned::{self, Planned, PlannedError};
//! use vapo_sampler::{PlanFor, Sampler, Solver};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! // On a host: `vapo-train export` does this.
//! let plan = PlanFor::<32>::new(&Model::parse(&bytes)?)?;
//! let mut file = vec![0; planned::length(&plan, &bytes)];
//! planned::write(&plan, &bytes, &mut file);
//!
//! // On a device, which plans nothing.
//! let planned = Planned::parse(&file)?;
//! let model = planned.model();
//! let mut plan = PlanFor::<32> { fingerprint: 0, bytes: 0, count: 0, steps: [vapo_sampler::plan::Step::EMPTY; 32] };
//! assert!(planned.nodes() <= 32);
//! planned.lay(&mut plan)?;
//! let mut arena = vec![0.0; planned.sampler_elements()]; // for any solver, with guidance
//! assert!(arena.len() >= planned.monitor_elements());
//! Sampler::new(&model, &plan, Solver::Etd2, &mut arena)?;
//!
//! assert_eq!(Planned::parse(&bytes), Err(PlannedError::Unplanned));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::error::Error;
use crate::plan::{Contribution, Plan, Step, Work};
use crate::solver::Solver;
use core::fmt;
use vapo_format::Model;
use vapo_format::layer::MAX_INPUTS;
use vapo_format::model::checksum;

/// First bytes.
pub const MAGIC: [u8; 4] = *b"PLAN";
/// Version of what lies before the model's file.
pub const VERSION: u16 = 1;

/// Bytes before the records.
const HEAD: usize = 16;
/// Numbers of a record.
const NUMBERS: usize = 9;
/// Bytes of a record.
const RECORD: usize = 4 * NUMBERS;
/// Bytes of the checksum.
const CHECKSUM: usize = 4;
/// The bit that says that a node is computed again: above those of the contributions.
const AGAIN: u32 = 1 << (2 * MAX_INPUTS);

/// Why bytes are not a model with its plan.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PlannedError {
    /// They do not begin with a plan.
    Unplanned,
    /// The plan is of another version.
    Version {
        /// The version.
        found: u16,
    },
    /// The plan is cut off or damaged.
    Damaged,
    /// What follows is no model.
    Model(vapo_format::Error),
    /// The plan is another model's.
    Unlike,
}

impl fmt::Display for PlannedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlannedError::Unplanned => f.write_str("no plan lies before the model: export the model anew"),
            PlannedError::Version { found } => {
                write!(f, "the plan is of version {found}, expected {VERSION}: export the model anew")
            }
            PlannedError::Damaged => f.write_str("the plan is damaged or cut off: export the model anew"),
            PlannedError::Model(error) => error.fmt(f),
            PlannedError::Unlike => f.write_str("the plan is another model's: export the model anew"),
        }
    }
}

impl core::error::Error for PlannedError {}

/// A checked model and the plan that lies before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planned<'a> {
    model: Model<'a>,
    bytes: u32,
    records: &'a [[u8; RECORD]],
}

impl<'a> Planned<'a> {
    /// Checks `bytes`, a plan and a whole file, and borrows both.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PlannedError> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(PlannedError::Unplanned)?;
        let [m0, m1, m2, m3, v0, v1, n0, n1, f0, f1, f2, f3, b0, b1, b2, b3] = *head;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(PlannedError::Unplanned);
        }
        let version = u16::from_le_bytes([v0, v1]);
        if version != VERSION {
            return Err(PlannedError::Version { found: version });
        }
        let nodes = usize::from(u16::from_le_bytes([n0, n1]));
        let (records, rest) = rest.split_at_checked(RECORD * nodes).ok_or(PlannedError::Damaged)?;
        let (stored, file) = rest.split_first_chunk::<CHECKSUM>().ok_or(PlannedError::Damaged)?;
        if checksum([head.as_slice(), records]) != u32::from_le_bytes(*stored) {
            return Err(PlannedError::Damaged);
        }
        let model = Model::parse(file).map_err(PlannedError::Model)?;
        if model.fingerprint() != u32::from_le_bytes([f0, f1, f2, f3]) || model.nodes().count() != nodes {
            return Err(PlannedError::Unlike);
        }
        Ok(Planned { model, bytes: u32::from_le_bytes([b0, b1, b2, b3]), records: records.as_chunks().0 })
    }

    /// The model.
    pub fn model(&self) -> Model<'a> {
        self.model
    }

    /// Steps of the plan.
    pub fn nodes(&self) -> usize {
        self.records.len()
    }

    /// Elements that a [`crate::Sampler`] takes with any solver, with guidance too where there are classes.
    pub fn sampler_elements(&self) -> usize {
        let buffers = Solver::ALL.into_iter().map(Solver::buffers).max().unwrap_or_default();
        let samples = buffers + usize::from(self.model.classes() > 0);
        self.elements().saturating_add(samples.saturating_mul(self.model.signal().elements()))
    }

    /// Elements that a [`crate::Monitor`] takes.
    pub fn monitor_elements(&self) -> usize {
        self.elements().saturating_add(self.model.signal().elements())
    }

    fn elements(&self) -> usize {
        self.bytes as usize / crate::plan::ELEMENT
    }

    /// Lays the plan out in the steps of `plan`.
    ///
    /// # Errors
    /// [`Error::Nodes`] where `plan` has fewer steps than [`Planned::nodes`].
    pub fn lay(&self, plan: &mut Plan) -> Result<(), Error> {
        let (most, given) = (plan.steps.len(), self.nodes());
        if most < given {
            return Err(Error::Nodes { most, given });
        }
        let mut weights = 0;
        for ((placed, record), step) in self.model.walk().zip(self.records).zip(&mut plan.steps) {
            *step = Step::unplaced(&self.model, &placed, &mut weights);
            place(step, record);
        }
        plan.fingerprint = self.model.fingerprint();
        plan.bytes = self.bytes;
        plan.count = given as u16;
        Ok(())
    }
}

/// Bytes of a plan and of the model's file behind it.
pub fn length(plan: &Plan, file: &[u8]) -> usize {
    (HEAD + RECORD * plan.steps().len() + CHECKSUM).saturating_add(file.len())
}

/// Writes a plan and then the model's file to the first [`length()`] bytes of `to`; none, and nothing is written, if `to` has
/// fewer.
///
/// It does not check whether the plan is the model's: [`Planned::parse`] does.
pub fn write(plan: &Plan, file: &[u8], to: &mut [u8]) -> Option<usize> {
    let length = length(plan, file);
    let (before, after) = to.get_mut(..length)?.split_at_mut_checked(length - file.len())?;
    let (contents, stored) = before.split_last_chunk_mut::<CHECKSUM>()?;
    let (head, records) = contents.split_first_chunk_mut::<HEAD>()?;
    let [m0, m1, m2, m3] = MAGIC;
    let ([v0, v1], [n0, n1]) = (VERSION.to_le_bytes(), plan.count.to_le_bytes());
    let ([f0, f1, f2, f3], [b0, b1, b2, b3]) = (plan.fingerprint.to_le_bytes(), plan.bytes.to_le_bytes());
    *head = [m0, m1, m2, m3, v0, v1, n0, n1, f0, f1, f2, f3, b0, b1, b2, b3];
    for (record, step) in records.as_chunks_mut().0.iter_mut().zip(plan.steps()) {
        *record = self::record(step);
    }
    *stored = checksum([&*contents]).to_le_bytes();
    after.iter_mut().zip(file).for_each(|(to, from)| *to = *from);
    Some(length)
}

/// What planning found of a step.
fn record(step: &Step) -> [u8; RECORD] {
    let [forward, reverse] = step.work;
    let contributions = step.contributions.iter().rev().fold(0, |bits, contribution| bits << 2 | *contribution as u32);
    let bits = if step.again { contributions | AGAIN } else { contributions };
    let numbers: [u32; NUMBERS] = [
        step.value,
        step.cotangent,
        step.scratch,
        step.kept,
        forward.offset,
        forward.bytes,
        reverse.offset,
        reverse.bytes,
        bits,
    ];
    let mut record = [0; RECORD];
    for (bytes, number) in record.as_chunks_mut().0.iter_mut().zip(numbers) {
        *bytes = number.to_le_bytes();
    }
    record
}

/// The reverse of [`record`].
fn place(step: &mut Step, record: &[u8; RECORD]) {
    let mut numbers = [0; NUMBERS];
    for (number, bytes) in numbers.iter_mut().zip(record.as_chunks().0) {
        *number = u32::from_le_bytes(*bytes);
    }
    let [value, cotangent, scratch, kept, forward, forward_bytes, reverse, reverse_bytes, bits] = numbers;
    (step.value, step.cotangent, step.scratch, step.kept) = (value, cotangent, scratch, kept);
    step.work = [Work { offset: forward, bytes: forward_bytes }, Work { offset: reverse, bytes: reverse_bytes }];
    for (position, contribution) in step.contributions.iter_mut().enumerate() {
        *contribution = match bits >> (2 * position) & 3 {
            1 => Contribution::Set,
            2 => Contribution::Add,
            _ => Contribution::None,
        };
    }
    step.again = bits & AGAIN != 0;
}
