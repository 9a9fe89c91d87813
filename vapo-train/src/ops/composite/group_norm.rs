//! Group normalisation, of tables with a row a group.

use super::streams::{join, plus, recorded, reshaped, rows, split, times};
use crate::ops::{Images, Matrix, Pass, Table};
use dfdx::prelude::*;
use vapo_format::layer::EPSILON;

/// z = (x − mean x)/√(variance + ε), and ż = (ẋ − mean ẋ − z·mean(z·ẋ))/√(variance + ε), each times the weights; values get the
/// biases.
pub(super) fn group_norm<E: Dtype, D: Device<E>>(
    groups: usize,
    matrix: &Matrix<E, D>,
    input: &Images<E, D>,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> Images<E, D> {
    let shape @ (images, height, width, channels) = *input.shape();
    let (pixels, count) = (height * width, channels / groups);
    let all = images * pixels * channels;
    let of_group = pixels * count;
    // The elements of a batch, group by group, and back.
    let place = |image: usize, group: usize, pixel: usize, channel: usize| {
        (image * pixels + pixel) * channels + group * count + channel
    };
    let by_group: Vec<usize> = (0..images * groups)
        .flat_map(|row| (0..of_group).map(move |i| (row / groups, row % groups, i / count, i % count)))
        .map(|(image, group, pixel, channel)| place(image, group, pixel, channel))
        .collect();
    let mut by_pixel = vec![0; all];
    by_group.iter().enumerate().for_each(|(to, &from)| by_pixel[from] = to);

    let column = recorded(input, tape, |input| input.reshape_like(&(all, 1usize)));
    let table = rows(&column, by_group.clone(), tape);
    let table = reshaped(&table, (images * groups, of_group), tape);
    let (x, x_tangent) = split(&table, pass, tape);
    let in_values = x.shape().num_elements();
    // The mean of each row, in all its columns.
    let mean = |table: &Table<E, D>, tape: &mut OwnedTape<E, D>| -> Table<E, D> {
        let (shape, part) = (*table.shape(), E::from_f64(1.0 / of_group as f64).unwrap_or_default());
        let sums: Tensor<(usize,), E, D> = recorded(table, tape, |table| table.sum::<_, Axis<1>>());
        recorded(&sums, tape, |sums| (sums * part).broadcast_like::<_, Axis<1>>(&shape))
    };
    let minus = |a: &Table<E, D>, b: &Table<E, D>, tape: &mut OwnedTape<E, D>| recorded(a, tape, |a| a - b.clone());

    let middle = mean(&x, tape);
    let centred = minus(&x, &middle, tape);
    let squares = recorded(&centred, tape, |centred| centred.square());
    let variance = mean(&squares, tape);
    let epsilon = E::from_f64(f64::from(EPSILON)).unwrap_or_default();
    let deviation = recorded(&variance, tape, |variance| (variance + epsilon).sqrt());
    let over =
        |table: &Table<E, D>, tape: &mut OwnedTape<E, D>| recorded(table, tape, |table| table / deviation.clone());
    let z = over(&centred, tape);

    let of_channels = |vector: &Table<E, D>, tape: &mut OwnedTape<E, D>| {
        let column = reshaped(vector, (channels, 1), tape);
        let column = rows(&column, by_group[..in_values].iter().map(|i| i % channels).collect(), tape);
        reshaped(&column, *z.shape(), tape)
    };
    let scales = of_channels(&matrix.weight, tape);
    let shifts = of_channels(&matrix.bias, tape);
    let scaled = times(&z, &scales, tape);
    let value = plus(&scaled, &shifts, tape);
    let tangent = x_tangent.map(|x_tangent| {
        let middle = mean(&x_tangent, tape);
        let centred = minus(&x_tangent, &middle, tape);
        let products = times(&z, &x_tangent, tape);
        let turn = mean(&products, tape);
        let turned = times(&z, &turn, tape);
        let projected = minus(&centred, &turned, tape);
        let z_tangent = over(&projected, tape);
        times(&z_tangent, &scales, tape)
    });
    let table = join(value, tangent, tape);
    let column = reshaped(&table, (all, 1), tape);
    let column = rows(&column, by_pixel, tape);
    recorded(&column, tape, |column| column.reshape_like(&shape))
}
