//! One launch of a kernel.

use super::Buffer;

/// Threads of a block, where a kernel has no extent of its own.
pub(in crate::cuda) const THREADS: u32 = 256;

/// Blocks that keep a large device busy: two for each of its multiprocessors.
pub(in crate::cuda) const BLOCKS: usize = 264;

/// A kernel by the file that it is in and its name there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::cuda) struct Kernel {
    /// The file, without its ending.
    pub(in crate::cuda) file: &'static str,
    /// The function.
    pub(in crate::cuda) name: &'static str,
}

/// A number that changes from step to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cuda) enum Scalar {
    /// 1 where a gradient is added to the one there is, 0 where it takes its place.
    Accumulate,
    /// What the gradient is multiplied by, so that it is not too long.
    Shorten,
    /// The learning rate.
    LearningRate,
    /// What the moving average moves by.
    AverageRate,
    /// What corrects Adam's first moment for its start at zero, and its second.
    Corrections(usize),
    /// What corrects Adam's second moment as it was before the update, where elements of the gradient are clipped by it; else 0.
    Clip,
}

impl Scalar {
    /// How many there are.
    pub(in crate::cuda) const COUNT: usize = 7;

    /// Those of launches that take none.
    pub(in crate::cuda) const NONE: [f64; Scalar::COUNT] = [0.0; Scalar::COUNT];

    /// Its place among all.
    pub(in crate::cuda) fn index(self) -> usize {
        match self {
            Scalar::Accumulate => 0,
            Scalar::Shorten => 1,
            Scalar::LearningRate => 2,
            Scalar::AverageRate => 3,
            Scalar::Corrections(which) => 4 + which,
            Scalar::Clip => 6,
        }
    }
}

/// An argument of a kernel: eight bytes each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cuda) enum Argument {
    /// The address of a buffer's element.
    At(Buffer, usize),
    /// No address.
    Null,
    /// A count, `unsigned long long`.
    Count(u64),
    /// A number, `double`.
    Number(f64),
    /// A number that changes from step to step, `double`.
    Scalar(Scalar),
}

impl From<Buffer> for Argument {
    fn from(buffer: Buffer) -> Self {
        Argument::At(buffer, 0)
    }
}

impl From<Option<Buffer>> for Argument {
    fn from(buffer: Option<Buffer>) -> Self {
        buffer.map_or(Argument::Null, Argument::from)
    }
}

impl From<usize> for Argument {
    fn from(count: usize) -> Self {
        Argument::Count(count as u64)
    }
}

impl From<f64> for Argument {
    fn from(number: f64) -> Self {
        Argument::Number(number)
    }
}

impl From<Scalar> for Argument {
    fn from(scalar: Scalar) -> Self {
        Argument::Scalar(scalar)
    }
}

/// A launch.
#[derive(Clone, Debug)]
pub(in crate::cuda) struct Launch {
    pub(in crate::cuda) kernel: Kernel,
    /// Blocks in x and in y.
    pub(in crate::cuda) blocks: (usize, usize),
    /// Threads of a block in x and in y.
    pub(in crate::cuda) threads: (u32, u32),
    pub(in crate::cuda) arguments: Vec<Argument>,
    /// Floating-point operations of a product of matrices, 0 for others.
    pub(in crate::cuda) operations: u64,
}

impl Launch {
    /// A launch of blocks of [`THREADS`] threads.
    pub(in crate::cuda) fn new(kernel: Kernel, blocks: usize, arguments: Vec<Argument>) -> Self {
        Launch { kernel, blocks: (blocks, 1), threads: (THREADS, 1), arguments, operations: 0 }
    }

    /// A launch of a thread for each of `count` elements.
    pub(in crate::cuda) fn each(kernel: Kernel, count: usize, arguments: Vec<Argument>) -> Self {
        Launch::new(kernel, count.div_ceil(THREADS as usize), arguments)
    }

    /// The buffers that it reads or writes.
    pub(in crate::cuda) fn buffers(&self) -> impl Iterator<Item = Buffer> + '_ {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::At(buffer, _) => Some(*buffer),
            _ => None,
        })
    }
}
