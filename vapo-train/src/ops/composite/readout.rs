//! From the head's output to the potential.

use super::streams::{join, plus, recorded, reshaped, rows, split, times};
use crate::ops::{Images, Pass, Table};
use dfdx::prelude::*;
use vapo_format::layer::SQUARES;

pub(super) fn readout<E: Dtype, D: Device<E>>(
    head: &Images<E, D>,
    factors: &Images<E, D>,
    image: &Images<E, D>,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> Images<E, D> {
    let (samples, height, width, channels) = *head.shape();
    let number = |value: f64| E::from_f64(value).unwrap_or_default();
    let size = height * width * channels;
    let of_image = image.shape().num_elements() / samples;
    let head = recorded(head, tape, |head| head.reshape_like(&(samples, size)));
    let image = recorded(image, tape, |image| image.reshape_like(&(samples, of_image)));
    let count = samples * (1 + channels);
    let factors = recorded(factors, tape, |factors| factors.reshape_like(&(count, 1usize)));
    let quadratic = rows(&factors, (0..samples).map(|n| n * (1 + channels)).collect(), tape);
    let linear = (0..samples * size).map(|i| i / size * (1 + channels) + 1 + i % channels).collect();
    let linear = rows(&factors, linear, tape);
    let linear = reshaped(&linear, (samples, size), tape);

    let (o, o_tangent) = split(&head, pass, tape);
    let (l, l_tangent) = split(&linear, pass, tape);
    let (q, q_tangent) = split(&quadratic, pass, tape);
    let (x, x_tangent) = split(&image, pass, tape);
    let squares = f64::from(SQUARES) / channels as f64;

    let sum = |table: &Table<E, D>, factor: f64, tape: &mut OwnedTape<E, D>| -> Table<E, D> {
        let rows = table.shape().0;
        let sums: Tensor<(usize,), E, D> = recorded(table, tape, |table| table.sum::<_, Axis<1>>());
        recorded(&sums, tape, |sums| (sums * number(factor)).reshape_like(&(rows, 1usize)))
    };
    let dot = |a: &Table<E, D>, b: &Table<E, D>, factor: f64, tape: &mut OwnedTape<E, D>| {
        let product = times(a, b, tape);
        sum(&product, factor, tape)
    };
    let add_all = |terms: Vec<Table<E, D>>, tape: &mut OwnedTape<E, D>| {
        let mut terms = terms.into_iter();
        let first = terms.next().unwrap_or_else(|| unreachable!("a potential has terms"));
        terms.fold(first, |total, term| plus(&total, &term, tape))
    };

    let o_squared = recorded(&o, tape, |o| o.square());
    let x_squared = recorded(&x, tape, |x| x.square());
    let norm = sum(&x_squared, 0.5, tape);
    let terms = vec![dot(&o, &l, 1.0, tape), sum(&o_squared, squares, tape), times(&q, &norm, tape)];
    let value = add_all(terms, tape);
    let tangent = o_tangent.zip(l_tangent).zip(q_tangent.zip(x_tangent)).map(
        |((o_tangent, l_tangent), (q_tangent, x_tangent))| {
            let along_x = dot(&x, &x_tangent, 1.0, tape);
            let terms = vec![
                dot(&o_tangent, &l, 1.0, tape),
                dot(&o, &l_tangent, 1.0, tape),
                dot(&o, &o_tangent, 2.0 * squares, tape),
                times(&q_tangent, &norm, tape),
                times(&q, &along_x, tape),
            ];
            add_all(terms, tape)
        },
    );
    let output = join(value, tangent, tape);
    recorded(&output, tape, |output| output.reshape_like(&(samples, 1, 1, 1)))
}
