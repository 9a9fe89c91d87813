//! The export report: what a user wants to know of a model of integer arithmetic before it is flashed.

use super::board::BOARDS;
use super::speed;
use crate::calibration::bound::Coarser;
use crate::calibration::inputs::Images;
use crate::calibration::measure::{Measured, measure};
use crate::calibration::twin::twin;
use crate::calibration::{CalibrationError, Settings};
use crate::cli::{Code, Failure};
use crate::files::digest::sha256;
use serde::Serialize;
use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_format::fixed_point::MOST_MAGNITUDE;
use vapo_sampler::Solver;
use vapo_sampler::fit::{Demand, Device};
use vapo_sampler::plan::buffer::Role;
use vapo_sampler::plan::lifetimes::Lifetimes;

/// The report of one model file.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Report {
    /// SHA-256 of the file, in hexadecimal.
    sha256: String,
    /// Its bytes.
    bytes: usize,
    /// What its exponents were measured on, in hexadecimal.
    calibration: String,
    /// What integer arithmetic changed.
    #[serde(flatten)]
    pub(in crate::cli) measured: Measured,
    /// Matrices whose weights took larger scales; empty too where that is not known.
    larger_scales: Vec<Coarser>,
    /// Memory of the potential.
    buffers: Vec<BufferRow>,
    /// Multiplications of a drift, forward and in reverse.
    multiplications: u64,
    /// Every board.
    boards: Vec<BoardRow>,
}

/// A buffer of the potential's memory.
#[derive(Debug, Serialize)]
struct BufferRow {
    /// The node that it was first made for.
    node: u16,
    /// What it held first.
    role: &'static str,
    /// Its length.
    bytes: u32,
    /// Where it lies.
    offset: u32,
}

/// A board, with its usual solver.
#[derive(Debug, Serialize)]
struct BoardRow {
    board: &'static str,
    /// `fits`, or what it lacks.
    fits: String,
    /// Bytes of flash that are taken.
    flash: usize,
    /// Bytes of RAM that are taken, stack included.
    ram: usize,
    /// Instructions of a drift.
    instructions: u64,
    /// Milliseconds of a drift.
    milliseconds: f64,
}

impl Report {
    /// The report of a model of integer arithmetic, measured against float arithmetic on the same weights.
    ///
    /// # Errors
    /// As [`measure`].
    pub(in crate::cli) fn new(
        file: &[u8],
        float: &Model<'_>,
        images: &Images,
        settings: &Settings,
        larger_scales: Vec<Coarser>,
    ) -> Result<Self, CalibrationError> {
        let model = Model::parse(file)?;
        let architecture = model.architecture();
        let multiplications = 2 * architecture.multiply_accumulates();
        Ok(Report {
            sha256: sha256(file),
            bytes: file.len(),
            calibration: hexadecimal(model.calibration()),
            measured: measure(float, &model, images, settings)?,
            larger_scales,
            buffers: buffers(&model)?,
            multiplications,
            boards: boards(&model, multiplications)?,
        })
    }

    /// The report of a model file alone: samples of the model stand for its images.
    ///
    /// # Errors
    /// The model is not of integer arithmetic; as [`measure`].
    pub(in crate::cli) fn of_file(file: &[u8]) -> Result<Self, Failure> {
        let model = Model::parse(file)?;
        let Some(float) = twin(&model)? else {
            return Err(Failure::Refused(
                Code::ModelArithmetic,
                format!(
                    "--report: expected a model of integer arithmetic, found weights {}; make one with vapo-train calibrate",
                    model.encoding()
                ),
            ));
        };
        let (float, settings) = (Model::parse(&float)?, Settings::default());
        let images = Images::new(&float, None, &settings)?;
        Ok(Report::new(file, &float, &images, &settings, Vec::new())?)
    }

    /// The text of the file.
    pub(in crate::cli) fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report holds nothing that JSON cannot") + "\n"
    }

    /// What the exponents were measured on, in hexadecimal.
    pub(in crate::cli) fn calibration(&self) -> &str {
        &self.calibration
    }

    /// For people: a line for each matrix whose weights took larger scales.
    pub(in crate::cli) fn larger_scales(&self) -> String {
        let line = |&Coarser { node, sum, columns }: &Coarser| {
            format!(
                "larger scales  node {node}: {columns} outputs, since the weights of one sum to {sum} in magnitude, more than \
                 {MOST_MAGNITUDE}\n"
            )
        };
        self.larger_scales.iter().map(line).collect()
    }

    /// For people: how far the drift is from float arithmetic's, and what integers had no room for.
    pub(in crate::cli) fn drift(&self) -> String {
        let Measured { mean_cosine, least_cosine, saturated, saturated_on_no_data, .. } = &self.measured;
        format!(
            "cosine {mean_cosine:.6} (least {least_cosine:.6}), saturations {saturated}, on images that are no data \
             {saturated_on_no_data}"
        )
    }
}

/// The number that tells what exponents were measured on, as people see it.
pub(in crate::cli) fn hexadecimal(digest: Option<u32>) -> String {
    digest.map_or_else(String::new, |digest| format!("{digest:08x}"))
}

fn buffers(model: &Model<'_>) -> Result<Vec<BufferRow>, vapo_sampler::Error> {
    let lifetimes = Lifetimes::<MAX_NODES>::new(model.walk(), model.arithmetic())?;
    let rows = lifetimes.buffers().map(|buffer| {
        let role = match buffer.role {
            Role::Value => "value",
            Role::Cotangent => "cotangent",
            Role::Scratch => "contribution",
            Role::Kept => "kept for reverse",
            Role::Forward => "work forward",
            Role::Reverse => "work in reverse",
        };
        BufferRow { node: buffer.node, role, bytes: buffer.bytes, offset: buffer.offset }
    });
    Ok(rows.collect())
}

fn boards(model: &Model<'_>, multiplications: u64) -> Result<Vec<BoardRow>, vapo_format::Error> {
    let solver = Some(Solver::default());
    let demand = Demand::of(model, solver)?;
    let row = |board: &super::board::Board| {
        let device = Device { memory: board.memory, program: board.program(model.arithmetic()), solver };
        let cost = speed::cost(board.name, multiplications)?;
        Some(BoardRow {
            board: board.name,
            fits: device.lack(demand).to_string(),
            flash: device.flash(demand),
            ram: device.ram(demand),
            instructions: cost.instructions.round() as u64,
            milliseconds: cost.milliseconds,
        })
    };
    Ok(BOARDS.iter().filter_map(row).collect())
}
