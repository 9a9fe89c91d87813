//! Where a drift's memory lies, and what a device takes.

use crate::error::refused;
use crate::model::Model;
use pyo3::prelude::*;
use vapo_format::architecture::MAX_NODES;
use vapo_sampler::Solver;
use vapo_sampler::fit::Demand;
use vapo_sampler::plan::lifetimes::Lifetimes;

/// What it holds, the node that it is of, its place, its bytes, and the first and last times at which it matters.
type Buffer = (String, u16, u32, u32, Vec<(u16, u16)>);
/// Bytes of the model file, of a sample, of the arena of each solver, and of a monitor's arena and window, without and with explanations.
type Demands = (usize, usize, Vec<(&'static str, usize)>, Option<[(usize, usize); 2]>);
/// Times of a drift, the bytes that no plan can do without, and every buffer.
type Lives = (u16, u32, Vec<Buffer>);

#[pymethods]
impl Model {
    /// What a device takes for this model.
    fn demands(&self) -> PyResult<Demands> {
        let model = &self.prepared().model;
        let of = |solver| Demand::of(model, Some(solver)).map_err(refused);
        let arenas: PyResult<Vec<_>> =
            Solver::ALL.into_iter().map(|solver| Ok((solver.name(), of(solver)?.arena))).collect();
        let of_monitor = |explains| {
            let demand = Demand::of_monitor(model, explains).map_err(refused)?;
            Ok::<_, PyErr>((demand.arena, demand.image))
        };
        let monitor = if model.signal().height == 1 { Some([of_monitor(false)?, of_monitor(true)?]) } else { None };
        let demand = of(Solver::default())?;
        Ok((demand.model, demand.image, arenas?, monitor))
    }

    /// Where everything lies while a drift is computed, and when.
    fn buffers(&self) -> PyResult<Lives> {
        let model = &self.prepared().model;
        let lifetimes = Lifetimes::<MAX_NODES>::new(model.walk(), model.arithmetic()).map_err(refused)?;
        let buffers = lifetimes.buffers().map(|buffer| {
            let lives = buffer.lives.iter().filter(|life| life.first <= life.last).map(|life| (life.first, life.last));
            let role = format!("{:?}", buffer.role).to_lowercase();
            (role, buffer.node, buffer.offset, buffer.bytes, lives.collect())
        });
        Ok((lifetimes.end(), lifetimes.lower_bound(), buffers.collect()))
    }
}
