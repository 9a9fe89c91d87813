//! What `inspect` answers a program.

use crate::cli::device::report::hexadecimal;
use crate::files::digest::sha256;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use vapo_format::architecture::Placed;
use vapo_format::{Architecture, Encoding, Error, Model, Shape};
use vapo_sampler::Solver;
use vapo_sampler::fit::{Demand, Device};

/// A node of a network, and what it takes.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) node: u16,
    /// What it computes.
    pub(super) layer: String,
    /// The nodes that it reads.
    pub(super) reads: Vec<u16>,
    #[serde(serialize_with = "extent")]
    pub(super) output: Shape,
    pub(super) parameters: usize,
    /// Of its matrix in the file.
    pub(super) bytes: usize,
    /// Of a drift, forward and in reverse.
    pub(super) multiplications: u64,
}

/// An extent as `plan --json` writes it: height, width and channels.
fn extent<S: Serializer>(shape: &Shape, serializer: S) -> Result<S::Ok, S::Error> {
    [shape.height, shape.width, shape.channels].serialize(serializer)
}

/// The nodes of a network in their order.
pub(super) fn nodes(architecture: &Architecture, encoding: Encoding) -> Vec<Row> {
    let row = |placed: Placed| {
        let (parameters, bytes) =
            placed.matrix().map_or((0, 0), |matrix| (matrix.parameters(), matrix.bytes(encoding)));
        let output = placed.output.extent;
        let of_potential = placed.node.layer.kind().multiply_accumulates(placed.inputs(), output);
        Row {
            node: placed.index,
            layer: placed.node.layer.to_string(),
            reads: placed.node.inputs.iter().copied().collect(),
            output,
            parameters,
            bytes,
            multiplications: 2 * of_potential,
        }
    };
    architecture.walk().map(row).collect()
}

/// Of a model file: its network, its sizes in bytes, and its multiplications a drift, forward and in reverse.
///
/// # Errors
/// The model has no plan of memory.
pub(super) fn of(file: &[u8], model: &Model<'_>) -> Result<Value, Error> {
    let (architecture, encoding) = (model.architecture(), model.encoding());
    let extent = architecture.signal;
    let mut memory = Vec::new();
    for solver in Solver::ALL {
        let Demand { arena, image, .. } = Demand::of(model, Some(solver))?;
        memory.push(json!({ "solver": solver.name(), "arena": arena, "image": image }));
    }
    let mut facts = json!({
        "command": "inspect",
        "bytes": file.len(),
        "sha256": sha256(file),
        "version": model.version(),
        "image": [extent.height, extent.width, extent.channels],
        "homotopy": architecture.homotopy.to_string(),
        "weights": encoding.to_string(),
        "arithmetic": model.arithmetic().to_string(),
        "scaling": architecture.scaling,
        "classes": architecture.classes,
        "parameters": architecture.parameters(),
        "multiplications": 2 * architecture.multiply_accumulates(),
        "nodes": nodes(&architecture, encoding),
        "memory": memory,
    });
    if let Some(digest) = model.calibration() {
        facts["calibration"] = hexadecimal(Some(digest)).into();
    }
    if let Some(threshold) = model.threshold() {
        facts["threshold"] = json!({
            "energy": threshold.energy,
            "time": threshold.time,
            "false_positive_rate": threshold.false_positive_rate,
        });
    }
    Ok(facts)
}

/// Whether the model fits a device, and the bytes that it needs of those that are there.
///
/// # Errors
/// The model has no plan of memory.
pub(super) fn verdict(model: &Model<'_>, name: &str, device: Device) -> Result<Value, Error> {
    let demand = Demand::of(model, device.solver)?;
    let lack = device.lack(demand);
    Ok(json!({
        "name": name,
        "fits": lack.fits(),
        "verdict": lack.to_string(),
        "flash": { "needed": device.flash(demand), "there": device.memory.flash },
        "ram": { "needed": device.ram(demand), "there": device.memory.ram() },
    }))
}
