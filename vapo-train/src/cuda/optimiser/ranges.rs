//! Parameters that lie together: their table, and the launches over it.

use super::{CHUNK, OptimiserState};
use crate::cuda::emitter::Stores;
use crate::cuda::program::{Argument, Buffer, Builder, Element, Kernel, Launch, Role, Scalar};
use crate::optimiser::adam::{BETAS, EPSILON};
use crate::optimiser::clip::{DEVIATIONS, MARGIN};
use std::ops::Range;

/// A table of ranges of parameters, and the blocks of a launch over them.
pub(super) struct Ranges {
    table: Buffer,
    count: usize,
    blocks: usize,
}

impl Ranges {
    /// Writes the table: `Range` of the file `values.cuh`.
    pub(super) fn new(builder: &mut Builder, ranges: &[Range<usize>]) -> Self {
        let mut blocks = 0;
        let mut contents = Vec::with_capacity(3 * ranges.len());
        for range in ranges {
            contents.extend([range.start, range.len(), blocks].map(|value| value as u64));
            blocks += range.len().div_ceil(CHUNK);
        }
        Ranges { table: builder.table(contents), count: ranges.len(), blocks }
    }

    /// Appends the sum of the squares of the gradient.
    pub(super) fn measure(&self, builder: &mut Builder, stores: Stores, state: OptimiserState) {
        let parts = builder.buffer_of(Element::Double, Role::Scratch, self.blocks);
        let arguments = [stores.gradient.into()].into_iter().chain(self.arguments());
        let arguments = arguments.chain([parts, stores.counters, state.squares].map(Argument::from)).collect();
        builder.launch(Launch::new(Kernel { file: "norm", name: "squares" }, self.blocks, arguments));
    }

    /// Appends Adam and the moving average.
    pub(super) fn adam(&self, builder: &mut Builder, stores: Stores, state: OptimiserState) {
        let OptimiserState { first, second, average, .. } = state;
        let buffers = [stores.parameters, stores.gradient, first, second, average].map(Argument::from);
        let scalars = [
            Scalar::Shorten,
            Scalar::LearningRate,
            Scalar::AverageRate,
            Scalar::Corrections(0),
            Scalar::Corrections(1),
            Scalar::Clip,
        ];
        let numbers = [BETAS[0], BETAS[1], EPSILON, DEVIATIONS, MARGIN].map(Argument::from);
        let arguments = buffers.into_iter().chain(self.arguments()).chain(scalars.map(Argument::from)).chain(numbers);
        let kernel = Kernel { file: "adam", name: "adam" };
        builder.launch(Launch::new(kernel, self.blocks, arguments.collect()));
    }

    fn arguments(&self) -> [Argument; 2] {
        [self.table.into(), self.count.into()]
    }
}
