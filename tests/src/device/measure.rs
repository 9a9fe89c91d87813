//! What the program takes of a board: instructions, flash, RAM.

use super::{Image, Kernel, MICROBIT, MPS2_AN386, MPS2_AN505, RISCV32_VIRT, measure_kernels, models};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use vapo_format::Model;
use vapo_request::Request;

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The board's folder.
    pub board: String,
    /// The model.
    pub model: String,
    /// Compiler of the image; one for all of the table.
    #[serde(skip)]
    pub compiler: String,
    /// Instructions of one evaluation of the drift.
    pub drift: u64,
    /// Instructions of one sample: 10 steps of the default solver on its grid, at its usual temperature.
    pub sample: u64,
    /// Multiply-accumulates of one evaluation of the drift, those by padding included.
    pub multiply_accumulates: u64,
    /// Bytes of flash that the model takes.
    pub model_bytes: u64,
    /// Bytes of flash that the program takes.
    pub code_bytes: u64,
    /// Bytes of RAM that sampling takes beside the stack: the sample and the sampler's arena.
    pub arena_bytes: u64,
    /// Bytes of RAM at fixed addresses, the arena included.
    pub static_bytes: u64,
    /// Bytes of stack in use at most.
    pub stack_bytes: u64,
}

impl Measurement {
    /// Measures one image of a model.
    ///
    /// # Errors
    /// Those of the image.
    pub fn new(board: &str, name: &str, image: &Image, file: &[u8]) -> Result<Self, String> {
        let cost = image.answer(&Request::default())?.cost;
        let model = Model::parse(file).map_err(|error| error.to_string())?;
        let drift = cost.steps.first().copied().ok_or("the board took no step")?;
        Ok(Measurement {
            board: board.into(),
            model: name.into(),
            compiler: image.compiler()?,
            drift,
            sample: cost.instructions,
            multiply_accumulates: 2 * model.architecture().multiply_accumulates(),
            model_bytes: file.len() as u64,
            code_bytes: image.flash()? - file.len() as u64,
            arena_bytes: cost.arena as u64,
            static_bytes: image.ram()?,
            stack_bytes: cost.stack as u64,
        })
    }

    /// Names of the columns of [`Measurement::row`].
    pub const COLUMNS: &str =
        "| board | model | instructions a drift | a sample | a MAC | model | code | arena | static | stack |";

    /// A row of a table in Markdown.
    pub fn row(&self) -> String {
        let numbers = [self.model_bytes, self.code_bytes, self.arena_bytes, self.static_bytes, self.stack_bytes];
        let bytes = numbers.map(|number| format!(" {number} |")).concat();
        let Measurement { board, model, drift, sample, .. } = self;
        format!("| {board} | {model} | {drift} | {sample} | {:.2} |{bytes}", self.instructions_a_product())
    }

    /// Instructions a multiply-accumulate.
    pub fn instructions_a_product(&self) -> f64 {
        self.drift as f64 / self.multiply_accumulates as f64
    }

    /// What must not grow, each with its name.
    pub fn bounded(&self) -> [(&'static str, u64); 5] {
        [
            ("instructions a drift", self.drift),
            ("instructions a sample", self.sample),
            ("bytes of code", self.code_bytes),
            ("bytes of static RAM", self.static_bytes),
            ("bytes of stack", self.stack_bytes),
        ]
    }
}

/// The committed table: whole samples, and the kernels alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Compiler of all images.
    pub compiler: String,
    /// Every model on the boards that it is measured on.
    pub boards: Vec<Measurement>,
    /// Every layer on every processor.
    pub kernels: Vec<Kernel>,
}

/// The models' names in the table, and the boards that each is measured on: every one that fits it in integers, one each in
/// floats.
pub const MEASURED: [(&str, &[&str]); 4] = [
    ("digits", &[MPS2_AN386, MPS2_AN505, MICROBIT, RISCV32_VIRT]),
    ("fashion", &[MPS2_AN386, MPS2_AN505, RISCV32_VIRT]),
    ("digits-int8", &[MPS2_AN386, MPS2_AN505, MICROBIT, RISCV32_VIRT]),
    ("fashion-int8", &[MPS2_AN386]),
];

/// Every row of the table.
///
/// # Errors
/// Those of the images.
pub fn measure_all() -> Result<Ledger, String> {
    let mut boards = Vec::new();
    for (model, on) in MEASURED {
        let file = models::committed(model);
        for board in on {
            boards.push(Measurement::new(board, model, &Image::build(board, file.path())?, &file.read()?)?);
        }
    }
    let compiler = boards.first().map(|row| row.compiler.clone()).unwrap_or_default();
    Ok(Ledger { compiler, boards, kernels: measure_kernels()? })
}

/// Where the committed table is.
pub fn baseline_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("device.json")
}

/// The committed table.
///
/// # Errors
/// The file is missing or is none.
pub fn read_baseline() -> Result<Ledger, String> {
    let path = baseline_path();
    let refused = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| refused(&error))?;
    serde_json::from_str(&text).map_err(|error| refused(&error))
}
