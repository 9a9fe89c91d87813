//! Attention, head by head: A = softmax(Q·Kᵀ/√c) by rows, and Y = A·V.
//!
//! What both passes compute is in `ops/fused/attention.rs`, in the same symbols. A table of pixels by pixels lives for the launches of
//! one node alone: it is computed again, as on the processor.

use super::{Emit, kernel};
use crate::cuda::emitter::{Emitter, Pass};
use crate::cuda::program::{Argument, BLOCKS, Buffer, Launch, Role};
use vapo_format::layer::Attention;

impl Emit for Attention {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let input = emitter.nodes.input(node, 0);
        let tangent = emitter.tangent(input).filter(|_| pass == Pass::Second);
        if pass == Pass::Second && tangent.is_none() {
            return;
        }
        let extent = Extent::new(*self, node, emitter);
        let value = extent.parts(emitter.value(input));
        let [_, _, v] = value;
        let to = To { matrices: extent.output(emitter.new_output(pass, node)), base: Argument::Null };
        let a = extent.weights(value, emitter);
        let sum = match tangent.map(|tangent| extent.parts(tangent)) {
            None => Sum::of(a, v),
            Some(along) => {
                let turned = extent.turned(value, along, emitter);
                extent.rows("attention_along", &[a, turned], emitter);
                Sum::of(turned, v).and(a, along[2])
            }
        };
        extent.product(Form::Means, sum, 1.0, to, emitter);
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let Some(cotangent) = emitter.cotangent(pass, node) else { return };
        let input = emitter.nodes.input(node, 0);
        let Some((to, base)) = emitter.part(pass, input) else { return };
        let extent = Extent::new(*self, node, emitter);
        let value = extent.parts(emitter.value(input));
        let [q, k, v] = value;
        let (a, of_y) = (extent.weights(value, emitter), extent.output(cotangent));
        // Without a tangent there is no need of the first pass's cotangent.
        let second = emitter.tangent(input).zip(emitter.cotangent(Pass::First, node)).filter(|_| pass == Pass::Second);
        let [of_q, of_k, of_v] = match second {
            None => {
                let of_scores = extent.table(Form::Scores, Sum::of(of_y, v), 1.0, emitter);
                extent.rows("attention_along", &[a, of_scores], emitter);
                [Sum::of(of_scores, k), Sum::of(of_scores, q), Sum::of(a, of_y)]
            }
            Some((tangent, first)) => {
                let (along, first) = (extent.parts(tangent), extent.output(first));
                let turned = extent.turned(value, along, emitter);
                let of_first = extent.table(Form::Scores, Sum::of(first, v), 1.0, emitter);
                let of_second = extent.table(Form::Scores, Sum::of(of_y, v).and(first, along[2]), 1.0, emitter);
                // The tangent Ȧ, and the cotangents S̄ and Ŝ, take the places of what they are made from.
                extent.rows("attention_reverse", &[a, turned, of_first, of_second], emitter);
                [
                    Sum::of(of_second, k).and(of_first, along[1]),
                    Sum::of(of_second, q).and(of_first, along[0]),
                    Sum::of(a, of_y).and(turned, first),
                ]
            }
        };
        let bases = extent.starts(base);
        let to = extent.parts(to).into_iter().zip(bases).map(|(matrices, base)| To { matrices, base });
        let factor = extent.factor();
        let products = [(Form::Means, of_q, factor), (Form::Turned, of_k, factor), (Form::Turned, of_v, 1.0)];
        for (to, (form, sum, factor)) in to.zip(products) {
            extent.product(form, sum, factor, to, emitter);
        }
    }
}

/// Which product of matrices, by the file `attention_product.cu`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// a·bᵀ: pixels by pixels.
    Scores,
    /// a·b of a table of pixels by pixels.
    Means,
    /// aᵀ·b of such a table.
    Turned,
}

/// Rows and columns of a tile, and the kernels of every form; the largest first.
const TILES: [(usize, [&str; 3]); 2] = [
    (64, ["attention_scores_64", "attention_means_64", "attention_turned_64"]),
    (32, ["attention_scores_32", "attention_means_32", "attention_turned_32"]),
];

/// The matrices of all heads of all images.
#[derive(Clone, Copy)]
struct Matrices {
    start: Argument,
    /// How far apart rows are, images and heads.
    apart: [usize; 3],
}

/// a·b, or a·b + c·d.
#[derive(Clone, Copy)]
struct Sum {
    first: [Matrices; 2],
    second: Option<[Matrices; 2]>,
}

impl Sum {
    fn of(a: Matrices, b: Matrices) -> Self {
        Sum { first: [a, b], second: None }
    }

    fn and(self, c: Matrices, d: Matrices) -> Self {
        Sum { second: Some([c, d]), ..self }
    }
}

/// Where a product is written, and what it is added to.
#[derive(Clone, Copy)]
struct To {
    matrices: Matrices,
    base: Argument,
}

/// The extents of a node.
#[derive(Clone, Copy)]
struct Extent {
    images: usize,
    pixels: usize,
    /// Of the output.
    channels: usize,
    heads: usize,
}

impl Extent {
    fn new(attention: Attention, node: usize, emitter: &Emitter<'_>) -> Self {
        let extent = emitter.nodes.extent(node);
        let (pixels, channels) = (extent.pixels(), extent.channels.into());
        Extent { images: emitter.batch, pixels, channels, heads: attention.heads.into() }
    }

    /// Channels of a head.
    fn of_head(&self) -> usize {
        self.channels / self.heads
    }

    /// 1/√c.
    fn factor(&self) -> f64 {
        1.0 / libm::sqrt(self.of_head() as f64)
    }

    /// Where queries, keys and values begin in what follows an address.
    fn starts(&self, address: Argument) -> [Argument; 3] {
        [0, 1, 2].map(|part| match address {
            Argument::At(buffer, element) => Argument::At(buffer, element + part * self.channels),
            other => other,
        })
    }

    /// Queries, keys and values.
    fn parts(&self, buffer: Buffer) -> [Matrices; 3] {
        let stride = 3 * self.channels;
        let apart = [stride, self.pixels * stride, self.of_head()];
        self.starts(buffer.into()).map(|start| Matrices { start, apart })
    }

    /// The matrices of an output.
    fn output(&self, buffer: Buffer) -> Matrices {
        Matrices { start: buffer.into(), apart: [self.channels, self.pixels * self.channels, self.of_head()] }
    }

    /// New tables of pixels by pixels, which a product makes.
    fn table(&self, form: Form, sum: Sum, factor: f64, emitter: &mut Emitter<'_>) -> Matrices {
        let size = self.pixels * self.pixels;
        let buffer = emitter.builder.buffer(Role::Scratch, self.images * self.heads * size);
        let matrices = Matrices { start: buffer.into(), apart: [self.pixels, self.heads * size, size] };
        self.product(form, sum, factor, To { matrices, base: Argument::Null }, emitter);
        matrices
    }

    /// A.
    fn weights(&self, [q, k, _]: [Matrices; 3], emitter: &mut Emitter<'_>) -> Matrices {
        let a = self.table(Form::Scores, Sum::of(q, k), self.factor(), emitter);
        self.rows("attention_softmax", &[a], emitter);
        a
    }

    /// Ṡ.
    fn turned(&self, [q, k, _]: [Matrices; 3], along: [Matrices; 3], emitter: &mut Emitter<'_>) -> Matrices {
        self.table(Form::Scores, Sum::of(along[0], k).and(q, along[1]), self.factor(), emitter)
    }

    /// Launches a kernel, a block a row of tables of pixels by pixels.
    fn rows(&self, name: &'static str, tables: &[Matrices], emitter: &mut Emitter<'_>) {
        let blocks = self.images * self.heads * self.pixels;
        let arguments = tables.iter().map(|table| table.start).chain([self.pixels.into()]).collect();
        emitter.builder.launch(Launch::new(kernel("attention", name), blocks, arguments));
    }

    /// Launches a product of every head.
    fn product(&self, form: Form, sum: Sum, factor: f64, to: To, emitter: &mut Emitter<'_>) {
        let (rows, matrices) = (self.pixels, self.images * self.heads);
        let (columns, inner) = match form {
            Form::Scores => (self.pixels, self.of_head()),
            Form::Means | Form::Turned => (self.of_head(), self.pixels),
        };
        let blocks = |size: usize| matrices * rows.div_ceil(size) * columns.div_ceil(size);
        // The largest tile that keeps every multiprocessor busy, or the smallest.
        let busy = TILES.iter().find(|&&(size, _)| blocks(size) >= BLOCKS / 2);
        let (size, names) = busy.unwrap_or(&TILES[1]);
        let Sum { first: [a, b], second } = sum;
        let second = second.map_or([Argument::Null; 2], |pair| pair.map(|matrices| matrices.start));
        let buffers = [a.start, b.start].into_iter().chain(second).chain([to.base, to.matrices.start, factor.into()]);
        let extents = [rows, columns, inner, self.heads].into_iter().chain(a.apart).chain(b.apart);
        let extents = extents.chain(to.matrices.apart).map(Argument::from);
        let arguments = buffers.chain(extents).collect();
        let launch = Launch::new(kernel("attention_product", names[form as usize]), blocks(*size), arguments);
        let streams = if sum.second.is_some() { 2 } else { 1 };
        let operations = 2 * (streams * matrices * rows * columns * inner) as u64;
        emitter.builder.launch(Launch { operations, ..launch });
    }
}
