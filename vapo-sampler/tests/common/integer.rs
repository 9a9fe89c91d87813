//! Integer arithmetic a second time: section 13 of the format's specification, node by node, with no plan and no memory that is
//! used twice. Integers are i64 and tables are computed.

use vapo_format::architecture::Placed;
use vapo_format::layer::{self, Conv};
use vapo_format::matrix::{self, Weights};
use vapo_format::{Exponents, Layer, Matrix, MatrixShape, Model, Shape};

/// What the pass forward knows of a node.
struct Node {
    layer: Layer,
    inputs: Vec<usize>,
    extent: Shape,
    depends: bool,
    exponent: i64,
    cotangent_exponent: i64,
    /// Its output.
    value: Vec<i64>,
    /// Derivatives, of `silu`.
    kept: Vec<i64>,
    convolution: Option<Convolution>,
}

/// Φ(x, time) and its drift, of a class or of whatever class.
pub fn integer_potential(model: &Model<'_>, x: &[f32], time: f32, class: Option<u16>) -> (f32, Vec<f32>) {
    let mut matrices = model.matrices();
    let mut nodes: Vec<Node> = Vec::new();
    for (Placed { node, edges, output, .. }, exponents) in model.walk().zip(model.exponents()) {
        let Exponents { value, cotangent } = exponents;
        let inputs: Vec<usize> = edges.iter().map(|&edge| edge.into()).collect();
        let depends = matches!(node.layer, Layer::Signal(_)) || inputs.iter().any(|&input| nodes[input].depends);
        let convolution = match node.layer {
            Layer::Conv(conv) => Some(Convolution::new(conv, matrices.next().unwrap())),
            _ => None,
        };
        let mut made = Node {
            layer: node.layer,
            inputs,
            extent: output.extent,
            depends,
            exponent: value.into(),
            cotangent_exponent: cotangent.into(),
            value: Vec::new(),
            kept: Vec::new(),
            convolution,
        };
        (made.value, made.kept) = forward(&made, &nodes, x, (time, class));
        assert!(made.value.iter().all(|value| (-32768..=32767).contains(value)), "node {}", nodes.len());
        nodes.push(made);
    }
    (phi(&nodes, x), drift(&nodes, x))
}

// 13.1

fn sat(v: i64) -> i64 {
    v.clamp(-32768, 32767)
}

fn round(v: i64, n: i64) -> i64 {
    assert!((0..=31).contains(&n) && i32::try_from(v).is_ok(), "round({v}, {n})");
    if n == 0 { v } else { ((v >> (n - 1)) + 1) >> 1 }
}

fn high(v: i64, m: i64) -> i64 {
    (v * m) >> 16
}

fn moved(q: i64, a: i64, b: i64) -> i64 {
    if a >= b { sat(round(q, (a - b).min(31))) } else { (i128::from(q) << (b - a)).clamp(-32768, 32767) as i64 }
}

fn nearest(x: f32) -> i64 {
    (x + 0.5).floor().clamp(-32768.0, 32767.0) as i64
}

/// 2^e.
fn power(e: i64) -> f32 {
    2.0_f32.powi(e as i32)
}

// 13.2, values

/// Output and derivatives.
fn forward(node: &Node, nodes: &[Node], x: &[f32], (time, class): (f32, Option<u16>)) -> (Vec<i64>, Vec<i64>) {
    let e = node.exponent;
    let inputs: Vec<&Node> = node.inputs.iter().map(|&input| &nodes[input]).collect();
    let moved_input = |position: usize, element: usize| {
        let input = inputs[position];
        moved(input.value[element], input.exponent, e)
    };
    let value = match node.layer {
        Layer::Signal(_) => x.iter().map(|x| nearest(x * power(e))).collect(),
        Layer::Time(features) => {
            let angles = || features.frequencies().iter().map(|f| libm::sincosf(time * f));
            angles()
                .map(|(sine, _)| sine)
                .chain(angles().map(|(_, cosine)| cosine))
                .map(|y| nearest(y * power(e)))
                .collect()
        }
        Layer::Class(of) => (0..of.classes).map(|index| if class == Some(index) { 1 << e } else { 0 }).collect(),
        Layer::Conv(_) => node.convolution.as_ref().unwrap().value(inputs[0], node.extent),
        Layer::Silu(_) => return silu(node, &inputs),
        Layer::Add(_) => {
            (0..inputs[0].value.len()).map(|element| sat(moved_input(0, element) + moved_input(1, element))).collect()
        }
        Layer::SpaceToDepth(_) | Layer::Concat(_) | Layer::Up(_) => {
            sources(node, &inputs).into_iter().map(|(position, element)| moved_input(position, element)).collect()
        }
        Layer::Readout(_) => Vec::new(),
        // Those that the format may have beside these.
        #[allow(unreachable_patterns)]
        _ => unreachable!("of float arithmetic"),
    };
    (value, Vec::new())
}

/// Which element of which input each element of the output is.
fn sources(node: &Node, inputs: &[&Node]) -> Vec<(usize, usize)> {
    let [height, width, channels] = extent(node);
    let pixels = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
    let elements = pixels.flat_map(|(row, column)| (0..channels).map(move |channel| (row, column, channel)));
    let [height, width, channels] = extent(inputs[0]);
    // Rows and columns of a block: 2, but 1 along an axis of extent 1.
    let [rows, columns] = [height, width].map(|extent| extent.min(2));
    elements
        .map(|(row, column, channel)| match node.layer {
            Layer::SpaceToDepth(_) => {
                let (tap, channel) = (channel / channels, channel % channels);
                (0, ((rows * row + tap / columns) * width + columns * column + tap % columns) * channels + channel)
            }
            Layer::Up(layer::Up { factor: [down, right] }) => {
                (0, (row / usize::from(down) * width + column / usize::from(right)) * channels + channel)
            }
            _ if channel < channels => (0, (row * width + column) * channels + channel),
            _ => (1, (row * width + column) * extent(inputs[1])[2] + channel - channels),
        })
        .collect()
}

/// Rows, columns and channels.
fn extent(node: &Node) -> [usize; 3] {
    [node.extent.height, node.extent.width, node.extent.channels].map(usize::from)
}

// 13.2, the potential and the drift

fn quadratic(factors: &Node) -> f32 {
    factors.value[0] as f32 * power(-factors.exponent)
}

fn phi(nodes: &[Node], x: &[f32]) -> f32 {
    let inputs = &nodes.last().unwrap().inputs;
    let (o, v) = (&nodes[inputs[0]], &nodes[inputs[1]]);
    let channels = v.value.len() - 1;
    let linear: i64 = o.value.iter().enumerate().map(|(i, o)| o * v.value[1 + i % channels]).sum();
    let squares: i64 = o.value.iter().map(|o| o * o).sum();
    let linear = linear as f32 * power(-o.exponent) * power(-v.exponent);
    let squares = squares as f32 * power(-o.exponent) * power(-o.exponent);
    let norm = x.iter().fold(0.0_f32, |sum, x| sum + x * x);
    linear + (0.05 / channels as f32) * squares + (0.5 * quadratic(v)) * norm
}

fn drift(nodes: &[Node], x: &[f32]) -> Vec<f32> {
    let mut drift: Vec<f32> = Vec::new();
    let mut cotangents: Vec<Option<Vec<i64>>> = nodes.iter().map(|_| None).collect();
    for (index, node) in nodes.iter().enumerate().rev() {
        for (position, &input) in node.inputs.iter().enumerate() {
            let of = &nodes[input];
            if !of.depends {
                continue;
            }
            if let (Layer::Readout(_), 2) = (node.layer, position) {
                let quadratic = quadratic(&nodes[node.inputs[1]]);
                drift = x.iter().map(|x| quadratic * x).collect();
                continue;
            }
            let contribution = contribution(node, nodes, cotangents[index].as_deref(), position);
            assert_eq!(contribution.len(), of.value.len());
            cotangents[input] = Some(match cotangents[input].take() {
                _ if input == 0 => {
                    // The read-out, the last node, has set the drift.
                    let scale = power(-of.cotangent_exponent);
                    drift.iter_mut().zip(contribution).for_each(|(drift, u)| *drift += u as f32 * scale);
                    continue;
                }
                None => contribution,
                Some(before) => before.iter().zip(contribution).map(|(a, b)| sat(a + b)).collect(),
            });
        }
    }
    drift
}

/// To the cotangent of an input, from that of the node.
fn contribution(node: &Node, nodes: &[Node], u: Option<&[i64]>, position: usize) -> Vec<i64> {
    let inputs: Vec<&Node> = node.inputs.iter().map(|&input| &nodes[input]).collect();
    if let Layer::Readout(_) = node.layer {
        return readout(inputs[0], inputs[1]);
    }
    let u = u.expect("a cotangent of every node that depends on the signal");
    let (input, g, gx) = (inputs[position], node.cotangent_exponent, inputs[position].cotangent_exponent);
    match node.layer {
        Layer::Conv(_) => node.convolution.as_ref().unwrap().contribution(input.extent, node.extent, u),
        Layer::Silu(_) => silu_contribution(node, &inputs, u),
        Layer::Add(_) => u.to_vec(),
        _ => {
            let mut sum = vec![0; input.value.len()];
            for ((of, element), &u) in sources(node, &inputs).into_iter().zip(u) {
                if of == position {
                    sum[element] = sat(sum[element] + moved(u, g, gx));
                }
            }
            sum
        }
    }
}

fn readout(o: &Node, v: &Node) -> Vec<i64> {
    let channels = v.value.len() - 1;
    let go = o.cotangent_exponent;
    let (mut factor, mut shift) = (107_374_182 / channels as i64, 30 + o.exponent - go);
    while shift > 31 || factor > 32767 {
        factor = (factor + 1) / 2;
        shift -= 1;
    }
    if shift < 0 {
        (factor, shift) = (32767, 0);
    }
    let of = |(i, o): (usize, &i64)| sat(moved(v.value[1 + i % channels], v.exponent, go) + round(o * factor, shift));
    o.value.iter().enumerate().map(of).collect()
}

// 13.4

struct Convolution {
    conv: Conv,
    /// w(row, column, input, output).
    weights: Vec<i64>,
    channels: [usize; 2],
    biases: Vec<i64>,
    forward: Vec<i64>,
    reverse: Vec<i64>,
    /// n, m and k.
    shifts: [i64; 3],
}

impl Convolution {
    fn new(conv: Conv, (shape, matrix): (MatrixShape, Matrix<'_>)) -> Self {
        let Weights::Integer { words, forward, reverse, shifts } = matrix.weights else { panic!("a model of floats") };
        let [rows, columns] = conv.window.map(usize::from);
        let channels = [shape.rows / (rows * columns), shape.columns];
        let mut weights = Vec::new();
        for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
            for (c, o) in (0..channels[0]).flat_map(|c| (0..channels[1]).map(move |o| (c, o))) {
                let word = ((o / 2 * rows + y) * channels[0].div_ceil(2) + c / 2) * columns + x;
                weights.push(words.get(4 * word + 2 * (c % 2) + o % 2).into());
            }
        }
        Convolution {
            conv,
            weights,
            channels,
            biases: matrix::integers(matrix.biases).map(i64::from).collect(),
            forward: matrix::halves(forward).map(i64::from).collect(),
            reverse: matrix::halves(reverse).map(i64::from).collect(),
            shifts: [shifts.forward, shifts.reverse, shifts.sum].map(i64::from),
        }
    }

    /// Calls `with` an element of the input, one of the output, and the weight between them.
    fn each(&self, input: Shape, output: Shape, mut with: impl FnMut(usize, usize, i64)) {
        let [rows, columns] = self.conv.window.map(i64::from);
        let [down, right] = self.conv.stride.map(i64::from);
        let padding = if [rows, columns] == [down, right] { [0, 0] } else { [rows / 2, columns / 2] };
        let (height, width) = (i64::from(input.height), i64::from(input.width));
        let [inputs, outputs] = self.channels;
        let mut pixel = 0;
        for (oy, ox) in (0..output.height).flat_map(|y| (0..output.width).map(move |x| (i64::from(y), i64::from(x)))) {
            for (ky, kx) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
                let (y, x) = (oy * down + ky - padding[0], ox * right + kx - padding[1]);
                if !(0..height).contains(&y) || !(0..width).contains(&x) {
                    continue;
                }
                let (of, tap) = ((y * width + x) as usize * inputs, (ky * columns + kx) as usize);
                for (c, o) in (0..inputs).flat_map(|c| (0..outputs).map(move |o| (c, o))) {
                    with(of + c, pixel * outputs + o, self.weights[(tap * inputs + c) * outputs + o]);
                }
            }
            pixel += 1;
        }
    }

    fn value(&self, input: &Node, output: Shape) -> Vec<i64> {
        let mut sums = vec![0_i32; output.elements()];
        self.each(input.extent, output, |of, to, weight| {
            sums[to] = sums[to].wrapping_add((weight * input.value[of]) as i32);
        });
        let value = |(i, &sum): (usize, &i32)| {
            let o = i % self.channels[1];
            sat(round(high(sum.into(), self.forward[o]), self.shifts[0]) + self.biases[o])
        };
        sums.iter().enumerate().map(value).collect()
    }

    fn contribution(&self, input: Shape, output: Shape, u: &[i64]) -> Vec<i64> {
        let [_, m, k] = self.shifts;
        let t = |(i, u): (usize, &i64)| sat(round(u * self.reverse[i % self.channels[1]], m));
        let t: Vec<i64> = u.iter().enumerate().map(t).collect();
        let mut sums = vec![0_i32; input.elements()];
        self.each(input, output, |of, to, weight| sums[of] = sums[of].wrapping_add((weight * t[to]) as i32));
        sums.into_iter().map(|sum| sat(round(sum.into(), k))).collect()
    }
}

// 13.5 and 13.6

/// Knots of R and of D.
fn knots(i: i64) -> [i64; 2] {
    let x = i as f64 / 16.0;
    let s = 1.0 / (1.0 + (-x).exp());
    let (r, d) = (x * (1.0 - s) * 32768.0, 52429.0 * (1.0 - s * (1.0 + x * (1.0 - s))));
    [r, d].map(|knot| knot.round() as i64)
}

/// Its value, and the byte that is kept.
fn silu_of(q: i64, e: i64) -> (i64, i64) {
    let a = if e <= 11 { q.abs().min(16 * (1 << e) - 1) } else { q.abs() };
    let h = e - 4;
    let (i, f) = (a >> h, a % (1 << h));
    let (below, above) = (knots(i), knots(i + 1));
    let [r, d] = [0, 1].map(|table| below[table] + (((above[table] - below[table]) * f) >> h));
    let kept = if q < 0 { 6144 + d } else { 58573 - d };
    (q.max(0) - round(r, 15 - e), (kept + 128) >> 8)
}

/// Scale and shift of a channel, of the exponent of FiLM.
fn film(film: &Node, element: usize) -> (i64, i64) {
    let channels = film.value.len() / 2;
    let channel = element % channels;
    (sat((1 << film.exponent) + film.value[channel]), film.value[channels + channel])
}

fn silu(node: &Node, inputs: &[&Node]) -> (Vec<i64>, Vec<i64>) {
    let (e, ex) = (node.exponent, inputs[0].exponent);
    let of = |(i, &x): (usize, &i64)| {
        let q = match inputs.get(1) {
            None => moved(x, ex, e),
            Some(second) => {
                let ((scale, shift), f) = (film(second, i), second.exponent);
                let shift = if f >= e { round(shift, f - e) } else { shift << (e - f) };
                sat(round(x * scale, ex + f - e) + shift)
            }
        };
        silu_of(q, e)
    };
    inputs[0].value.iter().enumerate().map(of).unzip()
}

fn silu_contribution(node: &Node, inputs: &[&Node], u: &[i64]) -> Vec<i64> {
    let (g, gx) = (node.cotangent_exponent, inputs[0].cotangent_exponent);
    let of = |(i, (u, d)): (usize, (&i64, &i64))| {
        let slope = 5 * (d - 24) * u;
        match inputs.get(1) {
            None => sat(round(slope, 10 + g - gx)),
            Some(second) => sat(round(round(slope, 11) * film(second, i).0, g - 1 + second.exponent - gx)),
        }
    };
    u.iter().zip(&node.kept).enumerate().map(of).collect()
}
