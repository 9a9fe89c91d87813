//! The layers of the published model in f64, by definition.

use vapo_format::Shape;

/// Every group of channels at mean 0 and variance 1, then scale and shift.
pub(super) fn group_norm(scales: &[f32], shifts: impl Iterator<Item = f32>, groups: usize, x: &[f64]) -> Vec<f64> {
    let shifts: Vec<f32> = shifts.collect();
    let channels = scales.len();
    let group = |i: usize| i % channels / (channels / groups);
    let moments: Vec<(f64, f64)> = (0..groups)
        .map(|of| {
            let values: Vec<f64> = (0..x.len()).filter(|&i| group(i) == of).map(|i| x[i]).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64;
            (mean, (variance + f64::from(1e-5_f32)).sqrt())
        })
        .collect();
    let normalised = |(i, x): (usize, &f64)| {
        let (mean, deviation) = moments[group(i)];
        (x - mean) / deviation * f64::from(scales[i % channels]) + f64::from(shifts[i % channels])
    };
    x.iter().enumerate().map(normalised).collect()
}

/// softmax(Q·Kᵀ/√c)·V, head by head.
pub(super) fn attention(heads: usize, channels: usize, x: &[f64]) -> Vec<f64> {
    let (count, pixels) = (channels / heads, x.len() / (3 * channels));
    let at = |pixel: usize, part: usize, channel: usize| x[pixel * 3 * channels + part * channels + channel];
    let mut y = vec![0.0; pixels * channels];
    for (pixel, channel) in (0..pixels).flat_map(|pixel| (0..channels).map(move |channel| (pixel, channel))) {
        let first = channel / count * count;
        let score = |other: usize| -> f64 {
            let products = (first..first + count).map(|c| at(pixel, 0, c) * at(other, 1, c));
            products.sum::<f64>() / (count as f64).sqrt()
        };
        let exponentials: Vec<f64> = (0..pixels).map(|other| score(other).exp()).collect();
        let sum: f64 = exponentials.iter().sum();
        y[pixel * channels + channel] =
            (0..pixels).map(|other| exponentials[other] / sum * at(other, 2, channel)).sum();
    }
    y
}

/// Means of blocks.
pub(super) fn pool([rows, columns]: [u8; 2], input: Shape, x: &[f64]) -> Vec<f64> {
    let (rows, columns) = (usize::from(rows), usize::from(columns));
    let (height, width, channels) = (usize::from(input.height), usize::from(input.width), usize::from(input.channels));
    let mut y = Vec::new();
    for (row, column) in (0..height / rows).flat_map(|row| (0..width / columns).map(move |column| (row, column))) {
        for channel in 0..channels {
            let block = (0..rows).flat_map(|dy| (0..columns).map(move |dx| (row * rows + dy, column * columns + dx)));
            let sum: f64 = block.map(|(y, x_)| x[(y * width + x_) * channels + channel]).sum();
            y.push(sum / (rows * columns) as f64);
        }
    }
    y
}
