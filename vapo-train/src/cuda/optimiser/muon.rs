//! Muon for all its matrices.

use super::OptimiserState;
use super::matrices::{Matrices, TILE};
use crate::cuda::emitter::Stores;
use crate::cuda::program::{Argument, BLOCKS, Buffer, Builder, Element, Kernel, Launch, Role, Scalar};
use crate::optimiser::muon::{COEFFICIENTS, DECAY, ITERATIONS, SIZE};

/// Rows that a block adds up, at least.
const ROWS: usize = 64;

impl Matrices {
    /// Appends the steps of all matrices and their moving average.
    pub(super) fn muon(&self, builder: &mut Builder, stores: Stores, state: OptimiserState, decay: f32) {
        let x = [(); 2].map(|()| builder.buffer(Role::Scratch, self.elements));
        let [gram, factor] = [(); 2].map(|()| builder.buffer(Role::Scratch, self.gram_elements));
        let parts = builder.buffer_of(Element::Double, Role::Scratch, self.chunks);
        let norms = builder.buffer_of(Element::Double, Role::Scratch, self.count);
        builder.extend(stores.counters, self.count);

        let of_gradient = [Scalar::Shorten.into(), f64::from(DECAY).into()];
        let buffers = [parts, stores.counters, norms].map(Argument::from).into_iter();
        let momentum = [stores.gradient, state.first, x[0]];
        self.launch(builder, "muon_momentum", self.chunks, &momentum, buffers.chain(of_gradient));
        self.launch(builder, "muon_scale", self.chunks, &[x[0], norms], []);
        for iteration in 0..ITERATIONS {
            let (from, to) = (x[iteration % 2], x[(iteration + 1) % 2]);
            self.gram(builder, stores, from, gram);
            let coefficients = COEFFICIENTS.map(|coefficient| f64::from(coefficient).into());
            self.product(builder, ("muon_factor", self.triangles), &[gram, factor], coefficients, self.operations[1]);
            self.product(builder, ("muon_product", self.tiles), &[from, factor, to], [], self.operations[2]);
        }
        let rates = [Scalar::LearningRate.into(), f64::from(decay).into(), f64::from(SIZE).into()];
        let scalars = rates.into_iter().chain([Scalar::AverageRate.into()]);
        let buffers = [stores.parameters, x[ITERATIONS % 2], state.average];
        self.launch(builder, "muon_step", self.chunks, &buffers, scalars);
    }

    /// Appends xᵀ·x. Its sums are cut into slices where there are too few tiles to keep a device busy.
    fn gram(&self, builder: &mut Builder, stores: Stores, x: Buffer, gram: Buffer) {
        let slices = BLOCKS.div_ceil(self.triangles).clamp(1, self.rows.div_ceil(ROWS));
        let slice = self.rows.div_ceil(slices);
        let slices = self.rows.div_ceil(slice);
        let parts = (slices > 1).then(|| builder.buffer(Role::Scratch, slices * self.triangles * TILE * TILE));
        builder.extend(stores.counters, self.triangles);
        let others = [parts.into(), stores.counters.into(), slice.into()];
        let launch = self.prepared("muon_gram", self.triangles, &[x, gram], others);
        builder.launch(Launch { blocks: (self.triangles, slices), operations: self.operations[0], ..launch });
    }

    fn product<const N: usize>(
        &self,
        builder: &mut Builder,
        (name, blocks): (&'static str, usize),
        buffers: &[Buffer],
        others: [Argument; N],
        operations: u64,
    ) {
        let launch = self.prepared(name, blocks, buffers, others);
        builder.launch(Launch { operations, ..launch });
    }

    fn launch(
        &self,
        builder: &mut Builder,
        name: &'static str,
        blocks: usize,
        buffers: &[Buffer],
        others: impl IntoIterator<Item = Argument>,
    ) {
        builder.launch(self.prepared(name, blocks, buffers, others));
    }

    /// A launch whose arguments are buffers, the matrices, and others.
    fn prepared(
        &self,
        name: &'static str,
        blocks: usize,
        buffers: &[Buffer],
        others: impl IntoIterator<Item = Argument>,
    ) -> Launch {
        let buffers = buffers.iter().map(|&buffer| buffer.into());
        let arguments = buffers.chain(self.arguments()).chain(others).collect();
        Launch::new(Kernel { file: "muon", name }, blocks, arguments)
    }
}
