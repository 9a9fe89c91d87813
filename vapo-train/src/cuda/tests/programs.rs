//! What is known of a program without a device.

use crate::cuda::network::Network;
use crate::cuda::passes::Options;
use crate::cuda::program::{Phase, Placement};
use crate::run::preset::Preset;
use vapo_format::{Homotopy, Shape};

#[test]
fn print() {
    for preset in Preset::all() {
        let image = match preset.name {
            "digits" | "tiny" => Shape { channels: 1, height: 8, width: 8 },
            "small" | "medium" | "peer-8" | "peer-16" => Shape { channels: 1, height: 28, width: 28 },
            n if n.starts_with("cifar") => Shape { channels: 3, height: 32, width: 32 },
            _ => Shape { channels: 3, height: 64, width: 64 },
        };
        for (time_rate, recompute) in [(false, false), (true, false), (false, true)] {
            let n = Network::new(
                &preset.architecture(image, Homotopy::Linear),
                Options { images: preset.batch, time_rate, recompute },
            );
            let p = &n.program;
            let place = Placement::new(p, 4);
            let live = |at: usize| -> usize {
                (0..p.buffers.len())
                    .filter(|&i| !p.buffers[i].role.lasts() && p.lifetimes[i].is_some_and(|(a, b)| a <= at && b >= at))
                    .map(|i| p.bytes(crate::cuda::program::Buffer(i), 4))
                    .sum()
            };
            let peak = (0..p.launches()).map(live).max().unwrap();
            println!(
                "{} {time_rate} {recompute}: launches {:?} bytes {} lasting {} peak live {} kept {} GFLOP {:.3}",
                preset.name,
                Phase::ALL.map(|ph| p.phase(ph).len()),
                place.bytes,
                place.lasting,
                peak,
                p.kept(4),
                Phase::ALL.map(|ph| p.operations(ph)).iter().sum::<u64>() as f64 / 1e9
            );
        }
    }
}
