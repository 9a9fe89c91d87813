//! Programs of all presets: what they hold, and what they compute.

#[cfg(feature = "cuda")]
mod equality;
mod optimiser;
mod programs;

use vapo_format::Shape;

/// The images or windows that a preset is usually for.
fn usual_image(preset: &str) -> Shape {
    let (channels, extent) = match preset {
        "series-tiny" | "series" => return Shape { channels: 1, height: 1, width: 64 },
        "tiny" | "digits" => (1, 8),
        "small" | "medium" | "peer-8" | "peer-16" => (1, 28),
        "cifar10" | "cifar10-device" => (3, 32),
        _ => (3, 64),
    };
    Shape { channels, height: extent, width: extent }
}
