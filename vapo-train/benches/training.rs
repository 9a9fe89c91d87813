//! Whole training steps of a few presets, on as many threads as there are cores, and the passes of the potential and the products of
//! convolutions on one.
//!
//!     cargo bench -p vapo-train                                      # compares with the run before
//!     cargo bench -p vapo-train -- --save-baseline main              # and this with a run that is kept:
//!     cargo bench -p vapo-train -- --baseline main

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dfdx::prelude::Cpu;
use mimalloc::MiMalloc;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;
use std::hint::black_box;
use vapo_format::{Homotopy, Shape};
use vapo_train::dataset::{Dataset, Files, Source};
use vapo_train::ops::Fused;
use vapo_train::ops::fused::memory::Memory;
use vapo_train::ops::kernel::panels::Panels;
use vapo_train::ops::kernel::product::{Product, contiguous, product};
use vapo_train::ops::kernel::weight_gradient::{WeightGradient, weight_gradient};
use vapo_train::ops::kernel::window::{Extent, Window};
use vapo_train::potential::parameters::Layout;
use vapo_train::potential::{Potential, Samples, Seeds};
use vapo_train::run::config::{Choices, Config};
use vapo_train::run::preset::Preset;
use vapo_train::training::Trainer;

/// That of the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Images of the data set.
const IMAGES: usize = 1024;
/// Samples of a pass.
const SAMPLES: usize = 4;

fn shape(preset: &Preset) -> Shape {
    let side = if preset.name == "digits" { 8 } else { 28 };
    Shape { channels: 1, height: side, width: side }
}

fn preset(name: &str) -> Preset {
    Preset::named(name).expect("there is such a preset")
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    for preset in ["digits", "small", "peer-8", "peer-16"].map(preset) {
        let shape = shape(&preset);
        let mut images = vec![0; IMAGES * shape.elements()];
        Xoshiro128PlusPlus::seed_from_u64(1).fill_bytes(&mut images);
        let dataset = Dataset::new("random", shape, u8::MAX, images, None).expect("as many values as pixels");
        let config = Config::new(Source::FashionMnist, &dataset, &Files::default(), &preset, &Choices::default());
        let mut trainer = Trainer::new(&config, &dataset).expect("settings of a preset");
        group.throughput(Throughput::Elements(config.batch as u64));
        group.bench_function(preset.name, |bencher| bencher.iter(|| trainer.advance(0.5)));
    }
}

fn passes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pass");
    group.throughput(Throughput::Elements(SAMPLES as u64));
    for preset in ["digits", "small", "peer-16"].map(preset) {
        let architecture = preset.architecture(shape(&preset), Homotopy::Linear);
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(2);
        let parameters = Layout::new(&architecture).initial(&mut generator);
        let potential = Potential::new(&architecture, &parameters, &Cpu::default());
        let images = vec![0.5; SAMPLES * architecture.signal.elements()];
        let samples = Samples { images: &images, times: &[0.5; SAMPLES], classes: &[], dropout: None };
        let seeds = Seeds { potential: &[0.0; SAMPLES], drift: &images, time_rate: &[0.0; SAMPLES] };
        let mut memory = Memory::default();
        group.bench_function(format!("{} evaluate", preset.name), |bencher| {
            bencher.iter(|| black_box(potential.evaluate::<Fused>(samples, &mut memory)));
        });
        // The second pass follows a first one: what that leaves is used up.
        group.bench_function(format!("{} evaluate and gradient", preset.name), |bencher| {
            bencher.iter(|| {
                black_box(potential.evaluate::<Fused>(samples, &mut memory));
                black_box(potential.gradient::<Fused>(samples, seeds, &mut memory))
            });
        });
    }
}

/// Multiply-accumulates a second of 3×3 convolutions: from channels to channels, of as many images as a thread takes at a time.
fn products(criterion: &mut Criterion) {
    const CASES: [(Extent, usize); 6] = [
        ((4, 14, 14, 16), 16),
        ((4, 7, 7, 32), 32),
        ((4, 7, 7, 64), 64),
        ((8, 8, 8, 8), 8),
        ((4, 14, 14, 4), 16),
        ((4, 14, 14, 16), 4),
    ];
    let mut group = criterion.benchmark_group("products");
    for (extent, columns) in CASES {
        let (images, height, width, channels) = extent;
        let window = Window::SAME_3X3;
        let mut input = vec![0.0; window.placed(extent)];
        window.place(&vec![0.5; images * height * width * channels], extent, &mut input);
        let ((rows, run), row_stride) = (window.rows(channels), window.row_stride(extent));
        let (input, starts) = (&*input, &*window.starts(extent));
        let places = &*contiguous(starts.len(), columns);
        let weights = &Panels::of_rows(&vec![0.5; rows * run * columns], columns, rows);
        let mut output = vec![0.0f32; starts.len() * columns];
        let cotangent = output.clone();
        let mut gradient = vec![0.0; rows * run * columns];
        group.throughput(Throughput::Elements((starts.len() * gradient.len()) as u64));
        group.bench_function(format!("{channels} to {columns} channels"), |bencher| {
            bencher.iter(|| {
                let (bias, add, output) = (None, true, &mut *output);
                product(Product { input, starts, rows, run, row_stride, weights, bias, add, output, places });
            });
        });
        group.bench_function(format!("{channels} to {columns} channels, gradient of the weights"), |bencher| {
            bencher.iter(|| {
                let (cotangent, gradient) = (&*cotangent, &mut *gradient);
                let of = WeightGradient { input, starts, rows, run, row_stride, cotangent, places, columns, gradient };
                weight_gradient(of);
            });
        });
    }
}

criterion_group!(benches, steps, passes, products);
criterion_main!(benches);
