//! Prints how well a model's energy tells the images of its data set from others, for several times and for three points
//! at which to score an image: the image itself, the homotopy's mean mean(t)·image, and a sample of the homotopy
//! mean(t)·image + std(t)·noise. The areas under the receiver operating characteristic are `vapo_train::sampling::anomaly::TIME`'s
//! reason.
//!
//!     cargo run --release -p vapo-train --example anomaly_times -- F.vapo DATASET [COUNT]

use rayon::prelude::*;
use std::error::Error;
use vapo_format::architecture::MAX_NODES;
use vapo_format::{Model, Shape};
use vapo_sampler::homotopy::coefficients;
use vapo_sampler::{Noise, PlanFor, Potential};
use vapo_train::arithmetic::random::generator;
use vapo_train::dataset::{Dataset, Source, Split};
use vapo_train::sampling::anomaly::{ScoredImages, auroc};

const TIMES: [f32; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99];

/// Where an image is scored.
#[derive(Clone, Copy, Debug)]
enum Point {
    Image,
    Mean,
    Sample,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, name, count @ ..] = arguments.as_slice() else {
        return Err("expected F.vapo DATASET [COUNT]".into());
    };
    let file = std::fs::read(path)?;
    let model = Model::parse(&file)?;
    let dataset = Dataset::load(name.parse::<Source>()?, Split::Test, None)?;
    let count = count.first().map_or(Ok(dataset.len()), |count| count.parse())?.min(dataset.len());
    let shape = dataset.shape();
    let all = |images: &ScoredImages<'_>| -> Vec<Vec<f32>> {
        let image = |index| {
            let mut image = Vec::new();
            images.fill(index, &mut image);
            image
        };
        (0..count).map(image).collect()
    };
    let ordinary = all(&ScoredImages::Dataset(&dataset));
    let of_ordinary = |change: &dyn Fn(&[f32]) -> Vec<f32>| ordinary.iter().map(|image| change(image)).collect();
    let mut sets: Vec<(&str, Vec<Vec<f32>>)> = vec![
        // Seeds far from those of the noise that images are scored with.
        ("noise", all(&ScoredImages::Noise { shape, count, seed: 1 << 32 })),
        ("permuted", all(&ScoredImages::permuted(&dataset, 0))),
        ("inverted", of_ordinary(&|image| image.iter().map(|value| -value).collect())),
        ("upside down", of_ordinary(&|image| rows(image, shape).rev().flatten().copied().collect())),
        ("on its side", of_ordinary(&|image| on_its_side(image, shape))),
    ];
    if shape == (Shape { channels: 1, height: 28, width: 28 }) {
        sets.push(("digits", enlarged_digits(count)?));
    }

    println!("{count} images of {name}, split test\n");
    for point in [Point::Image, Point::Mean, Point::Sample] {
        let titles: Vec<&str> = sets.iter().map(|(name, _)| *name).collect();
        println!("| {point:?}, time | {} |\n|---|{}", titles.join(" | "), "---|".repeat(titles.len()));
        for time in TIMES {
            let of_ordinary = energies(&model, &ordinary, time, point)?;
            let mut row = format!("| {time} |");
            for (_, images) in &sets {
                row += &format!(" {:.3} |", auroc(&of_ordinary, &energies(&model, images, time, point)?));
            }
            println!("{row}");
        }
        println!();
    }
    Ok(())
}

fn energies(model: &Model<'_>, images: &[Vec<f32>], time: f32, point: Point) -> Result<Vec<f32>, vapo_sampler::Error> {
    let at = coefficients(model.homotopy(), time);
    let plan = PlanFor::<MAX_NODES>::new(model)?;
    let memory = || vec![0.0; plan.elements()];
    let energy = |memory: &mut Vec<f32>, (index, image): (usize, &Vec<f32>)| {
        let mut noise = Noise::new(generator(index as u64));
        let x: Vec<f32> = match point {
            Point::Image => image.clone(),
            Point::Mean => image.iter().map(|value| at.mean * value).collect(),
            Point::Sample => image.iter().map(|value| at.mean * value + at.std * noise.draw()).collect(),
        };
        Ok(Potential::new(model, &plan, memory)?.energy(&x, time)?.unwrap_or(f32::NAN))
    };
    images.par_iter().enumerate().map_init(memory, energy).collect()
}

fn rows(image: &[f32], shape: Shape) -> std::slice::ChunksExact<'_, f32> {
    image.chunks_exact(usize::from(shape.width) * usize::from(shape.channels))
}

/// Rows become columns, where an image is as wide as high.
fn on_its_side(image: &[f32], shape: Shape) -> Vec<f32> {
    let (side, channels) = (usize::from(shape.width), usize::from(shape.channels));
    let pixels = (0..side * side).map(|pixel| (pixel % side) * side + pixel / side);
    pixels.flat_map(|pixel| image.get(pixel * channels..).unwrap_or_default().iter().take(channels).copied()).collect()
}

/// The built-in digits, three times as large on black: 28×28 pixels.
fn enlarged_digits(count: usize) -> Result<Vec<Vec<f32>>, Box<dyn Error>> {
    let digits = Dataset::load(Source::Digits, Split::Train, None)?;
    let enlarge = |index| {
        let mut digit = Vec::new();
        digits.fill(&[index], &mut digit);
        let pixel = |pixel: usize| match (pixel / 28, pixel % 28) {
            (row @ 2..26, column @ 2..26) => digit[(row - 2) / 3 * 8 + (column - 2) / 3],
            _ => -1.0,
        };
        (0..784).map(pixel).collect()
    };
    Ok((0..count.min(digits.len())).map(enlarge).collect())
}
