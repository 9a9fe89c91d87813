//! Prints how fast this machine's kernels are: multiply-accumulates a second of each layer of two networks, both ways.
//!
//! ```text
//! cargo run --release -p vapo-sampler --features wide --example kernels
//! ```
//!
//! After `--`, a part of the names of the layers to be measured.

use std::time::{Duration, Instant};
use vapo_format::{Packed, Shape};
use vapo_sampler::kernel::convolution::{Buffers, Direction, Geometry, Weights};
use vapo_sampler::kernel::silu::Film;
use vapo_sampler::kernel::wide::{convolve, scratch_words, silu, unpack, unpacked_words};

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    println!("{:34} {:>10} {:>9} {:>10} {:>9}", "layer", "forward", "GMAC/s", "reverse", "GMAC/s");
    for (name, window, tiles, channels, extent) in [
        ("fashion: 3×3 4→16 @14", 3, false, [4, 16], 14),
        ("fashion: 3×3 16→16 @14", 3, false, [16, 16], 14),
        ("fashion: 2×2 16→32 @7", 2, true, [16, 32], 7),
        ("fashion: 3×3 32→32 @7", 3, false, [32, 32], 7),
        ("digits: 3×3 1→8 @8", 3, false, [1, 8], 8),
        ("digits: 3×3 8→8 @8", 3, false, [8, 8], 8),
        ("digits: 2×2 8→16 @4", 2, true, [8, 16], 4),
        ("digits: 3×3 16→16 @4", 3, false, [16, 16], 4),
        ("digits: 2×2 16→32 @2", 2, true, [16, 32], 2),
        ("digits: 3×3 32→32 @2", 3, false, [32, 32], 2),
        ("linear 64→64", 1, false, [64, 64], 1),
        ("3×3 32→32 @32", 3, false, [32, 32], 32),
    ] {
        if !name.contains(&filter) {
            continue;
        }
        let step = if tiles { window as u16 } else { 1 };
        let input = Shape { channels: channels[0], height: extent * step, width: extent * step };
        let output = Shape { channels: channels[1], height: extent, width: extent };
        convolution(name, Geometry { window: [window; 2], tiles, input, output });
    }
    println!("\n{:34} {:>9} {:>9} {:>9} {:>9}", "SiLU, ns an element", "forward", "reverse", "FiLM", "reverse");
    for (name, channels, pixels) in
        [("16 @14", 16, 196), ("32 @7", 32, 49), ("8 @8", 8, 64), ("32 @2", 32, 4), ("24 @14", 24, 196)]
    {
        elementwise(name, channels, pixels);
    }
}

/// Nanoseconds an element of SiLU, without FiLM and with it, for the values of one layer.
fn elementwise(name: &str, channels: usize, pixels: usize) {
    let elements = channels * pixels;
    // Values as a trained layer has them: of deviation 1, few beyond 4.
    let normal = |i: usize| (0..12).map(|k| ((i * 12 + k) * 7919 % 10_007) as f64 / 10_007.0).sum::<f64>() - 6.0;
    let source: Vec<i16> = (0..elements).map(|i| (normal(i) * 2048.0) as i16).collect();
    let (mut values, mut kept) = (source.clone(), vec![0; elements]);
    let vector: Vec<i16> = (0..channels as i16).map(|c| c * 31 - 200).collect();
    let film = Film { scale: &vector, shift: &vector, exponent: 12 };
    let mut time = |work: &mut dyn FnMut(&mut [i16], &mut [u8])| {
        seconds(|| {
            values.copy_from_slice(&source);
            work(&mut values, &mut kept);
        })
    };
    let copy = time(&mut |_, _| ());
    let times = [
        time(&mut |values, kept| silu::forward(11, values, kept)),
        time(&mut |values, kept| silu::reverse(12, 12, kept, values)),
        time(&mut |values, kept| silu::forward_film(film, 11, 11, values, kept)),
        time(&mut |values, kept| silu::reverse_film(film, 12, 12, kept, values)),
    ];
    let [forward, reverse, film_forward, film_reverse] = times.map(|time| (time - copy) / elements as f64 * 1e9);
    println!("{name:34} {forward:9.3} {reverse:9.3} {film_forward:9.3} {film_reverse:9.3}");
}

fn convolution(name: &str, geometry: Geometry) {
    let Geometry { window: [rows, columns], input, output, .. } = geometry;
    let pairs = usize::from(output.channels.div_ceil(2)) * usize::from(input.channels.div_ceil(2));
    let words: Vec<u8> = (0..4 * pairs * rows * columns).map(|i| (i * 37 % 251) as u8).collect();
    let mut unpacked = vec![0; unpacked_words(&geometry)];
    unpack(&geometry, Packed::eight(&words), &mut unpacked);
    let mut scratch = vec![0; scratch_words(&geometry)];
    let factors: Vec<u8> = (0..output.channels).flat_map(|o| (20_000 + 31 * o).to_le_bytes()).collect();
    let biases = vec![0; 4 * usize::from(output.channels)];
    let weights = Weights {
        words: Packed::eight(&words),
        forward: &factors,
        reverse: &factors,
        biases: &biases,
        shifts: [3, 15, 8],
    };
    let mut x: Vec<i16> = (0..input.elements()).map(|i| (i * 7919 % 4001) as i16 - 2000).collect();
    let mut y: Vec<i16> = (0..output.elements()).map(|i| (i * 7919 % 4001) as i16 - 2000).collect();
    let macs = (output.elements() * rows * columns * usize::from(input.channels)) as f64;
    let mut once = |direction, buffers: Buffers<'_>| {
        convolve(direction, &geometry, &unpacked, &weights, buffers, &mut scratch);
    };
    let to = seconds(|| once(Direction::Forward, Buffers::Apart(&x, &mut y)));
    let fro = seconds(|| once(Direction::Reverse, Buffers::Apart(&y, &mut x)));
    println!("{name:34} {:7.3} µs {:9.1} {:7.3} µs {:9.1}", to * 1e6, macs / to / 1e9, fro * 1e6, macs / fro / 1e9);
}

/// The best of several runs: other work on the machine only ever slows one down.
fn seconds(mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..40 {
        let (start, mut count) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_millis(2) {
            (0..16).for_each(|_| work());
            count += 16;
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(count));
    }
    best
}
