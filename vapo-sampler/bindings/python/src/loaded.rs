//! A model's bytes, with all that is made of them once and shared by everything that computes.

use crate::error::refused;
use pyo3::PyResult;
use self_cell::self_cell;
use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_sampler::kernel::wide::Unpacked;
use vapo_sampler::{Error, PlanFor, Potential, Sampler, Solver};

self_cell!(
    /// The bytes of a file and the model in them.
    pub(crate) struct Loaded {
        owner: Vec<u8>,
        #[covariant]
        dependent: Prepared,
    }
);

/// A model, where its activations lie, and its weights as this processor multiplies them.
pub(crate) struct Prepared<'a> {
    pub(crate) model: Model<'a>,
    pub(crate) plan: Box<PlanFor<MAX_NODES>>,
    unpacked: Unpacked,
}

impl Loaded {
    /// Checks a file.
    pub(crate) fn parse(file: Vec<u8>) -> PyResult<Self> {
        Loaded::try_new(file, |file| {
            let model = Model::parse(file).map_err(refused)?;
            let plan = Box::new(PlanFor::new(&model).map_err(refused)?);
            Ok(Prepared { model, plan, unpacked: Unpacked::new(&model) })
        })
    }

    pub(crate) fn prepared(&self) -> &Prepared<'_> {
        self.borrow_dependent()
    }
}

impl<'a> Prepared<'a> {
    /// Numbers of a sample.
    pub(crate) fn elements(&self) -> usize {
        self.model.signal().elements()
    }

    /// Memory for one sampler, guided or not.
    pub(crate) fn arena(&self, solver: Solver) -> Vec<f32> {
        vec![0.0; self.plan.elements_guided(solver)]
    }

    /// A sampler in such memory.
    pub(crate) fn sampler<'s>(&'s self, solver: Solver, arena: &'s mut [f32]) -> Result<Sampler<'s>, Error> {
        Ok(Sampler::new(&self.model, &self.plan, solver, arena)?.unpacked(&self.unpacked))
    }

    /// Memory for one potential.
    pub(crate) fn memory(&self) -> Vec<f32> {
        vec![0.0; self.plan.elements()]
    }

    /// A potential in such memory.
    pub(crate) fn potential<'s>(&'s self, memory: &'s mut [f32]) -> Result<Potential<'s>, Error> {
        Ok(Potential::new(&self.model, &self.plan, memory)?.unpacked(&self.unpacked))
    }
}
