//! Smaller variants of a model that does not fit a device.

use crate::calibration;
use crate::potential::encoder::Encoder;
use vapo_format::encoder::MAX_BLOCKS;
use vapo_format::{Architecture, Arithmetic, Bits, Block, Encoding};
use vapo_sampler::fit::{Demand, Device, Lack};

/// A smaller variant of a model.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Variant {
    /// What is changed.
    pub(in crate::cli) change: String,
    pub(in crate::cli) architecture: Architecture,
    /// Its blocks, if it is an encoder.
    pub(in crate::cli) encoder: Option<Encoder>,
    pub(in crate::cli) demand: Demand,
    pub(in crate::cli) lack: Lack,
}

/// The change that takes no training.
const INTEGER: &str = "integer arithmetic";

/// Variants, all of integer arithmetic with weights of as many bits, by one change each: that itself and, of an encoder, a space-to-depth stem, a block less, a
/// level less, and half the channels, halved again as often as it takes to fit.
pub(in crate::cli) fn variants(architecture: &Architecture, encoding: Encoding, device: Device) -> Vec<Variant> {
    let integer = Encoding::of(Arithmetic::Integer, encoding.bits().unwrap_or(Bits::Eight));
    let variant = |change: &str, architecture: Architecture, encoder: Option<Encoder>| {
        let demand = Demand::new(&architecture, integer, device.solver).ok()?;
        Some(Variant { change: change.to_owned(), architecture, encoder, demand, lack: device.lack(demand) })
    };
    let encoder = Encoder::of(architecture);
    let other = encoding != integer && calibration::check(architecture).is_ok();
    let integer = other.then(|| variant(INTEGER, architecture.clone(), encoder.clone())).flatten();
    let Some(encoder) = encoder else { return integer.into_iter().collect() };
    let variant = |change: &str, encoder: Option<Encoder>| {
        let encoder = encoder?;
        variant(change, encoder.architecture().ok()?, Some(encoder))
    };
    // Blocks differ in flash, by their channels, and in RAM, by their extent: what counts is which helps most.
    let block = without_block(&encoder)
        .filter_map(|smaller| variant("one block less", Some(smaller)))
        .min_by_key(|variant| (variant.lack.flash + variant.lack.ram, variant.demand.model + variant.demand.arena));
    let single = [
        integer,
        variant("space-to-depth stem", space_to_depth(&encoder)),
        block,
        variant("one level less", without_level(&encoder)),
    ];
    let mut variants: Vec<Variant> = single.into_iter().flatten().collect();
    for divisor in (1..16).map(|halvings| 1 << halvings) {
        let change = if divisor == 2 { "half the channels".to_owned() } else { format!("1/{divisor} of the channels") };
        let Some(narrower) = variant(&change, narrower(&encoder, divisor)) else { break };
        let fits = narrower.lack.fits();
        variants.push(narrower);
        if fits {
            break;
        }
    }
    variants
}

/// A page about the variants: what each takes, and the layers of those that fit.
pub(in crate::cli) fn describe(variants: &[Variant], device: Device) -> String {
    let mut text = format!("{:20} {:>10} {:>10} {:>10}\n", "smaller, in integers", "parameters", "flash", "RAM");
    let mut layers = String::new();
    for Variant { change, architecture, encoder, demand, lack } in variants {
        let [parameters, flash, ram] = [architecture.parameters(), device.flash(*demand), device.ram(*demand)];
        text += &format!("{change:20} {parameters:>10} {flash:>10} {ram:>10}  {lack}\n");
        // The same blocks are trained already.
        if let (true, Some(encoder)) = (lack.fits() && change != INTEGER, encoder) {
            let list: Vec<String> = encoder.layers.iter().map(Block::to_string).collect();
            layers += &format!("{change}: {}\n", list.join(", "));
        }
    }
    if variants.iter().any(|variant| variant.lack.fits() && variant.change == INTEGER) {
        text += "\nFor integer arithmetic: vapo-train calibrate\n";
    }
    if variants.iter().any(|variant| variant.lack.fits()) && layers.is_empty() {
        return text;
    }
    if layers.is_empty() {
        return text + "\nNone of these fits: combine them, or take a device of more memory.\n";
    }
    text + "\nBlocks of those that fit, for a preset to train:\n" + &layers
}

/// A valid encoder with other layers.
fn with_layers(encoder: &Encoder, layers: impl IntoIterator<Item = Block>) -> Option<Encoder> {
    let smaller = Encoder { layers: layers.into_iter().collect(), ..encoder.clone() };
    let valid = smaller.architecture().is_ok_and(|architecture| architecture.validate().is_ok());
    (valid && smaller.layers.len() <= MAX_BLOCKS).then_some(smaller)
}

/// The first level, at full resolution, makes way for a 2×2 space to depth; where there is only one level, it moves to
/// half the resolution.
fn space_to_depth(encoder: &Encoder) -> Option<Encoder> {
    let layers = &encoder.layers;
    if layers.first() == Some(&Block::SpaceToDepth) {
        return None;
    }
    let stem = layers.iter().enumerate().find_map(|(index, layer)| match *layer {
        Block::Down { channels } => Some((index + 1, Some(Block::Conv { channels }))),
        _ => None,
    });
    let (rest, conv) = stem.unwrap_or_default();
    let rest = layers.iter().skip(rest).copied();
    with_layers(encoder, [Block::SpaceToDepth].into_iter().chain(conv).chain(rest))
}

/// One residual block less, each in turn.
fn without_block(encoder: &Encoder) -> impl Iterator<Item = Encoder> + '_ {
    let layers = &encoder.layers;
    let blocks = (0..layers.len()).filter(|&index| layers[index] == Block::Residual);
    blocks.filter_map(|block| with_layers(encoder, [&layers[..block], &layers[block + 1..]].concat()))
}

/// Without the lowest level: the last downsampling, and all between it and the head.
fn without_level(encoder: &Encoder) -> Option<Encoder> {
    let layers = &encoder.layers;
    let down = layers.iter().rposition(|layer| matches!(layer, Block::Down { .. }))?;
    with_layers(encoder, layers[..down].iter().chain(layers.last()).copied())
}

/// Every layer with its channels divided; none where one has too few.
fn narrower(encoder: &Encoder, divisor: u16) -> Option<Encoder> {
    // A layer without channels does not validate.
    let narrow = |layer: &Block| match *layer {
        Block::Conv { channels } => Block::Conv { channels: channels / divisor },
        Block::Down { channels } => Block::Down { channels: channels / divisor },
        Block::Head { channels } => Block::Head { channels: channels / divisor },
        Block::SpaceToDepth | Block::Residual => *layer,
    };
    with_layers(encoder, encoder.layers.iter().map(narrow))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::device::board::{largest_program, named};
    use crate::run::preset::Preset;
    use vapo_format::{Arithmetic, Homotopy, Shape};
    use vapo_sampler::fit::{Memory, one_piece};

    fn architecture(preset: &str, extent: u16) -> Architecture {
        let image = Shape { channels: 1, height: extent, width: extent };
        Preset::named(preset).unwrap().architecture(image, Homotopy::Linear)
    }

    fn encoder(preset: &str, extent: u16) -> Encoder {
        Encoder::of(&architecture(preset, extent)).unwrap()
    }

    fn layers(encoder: &Encoder) -> String {
        encoder.layers.iter().map(Block::to_string).collect::<Vec<_>>().join(", ")
    }

    fn device(board: &str) -> Device {
        let board = named(board).unwrap();
        Device { memory: board.memory, program: board.program(Arithmetic::Float), solver: None }
    }

    #[test]
    fn a_space_to_depth_stem_takes_the_place_of_the_first_level() {
        let smaller = space_to_depth(&encoder("digits", 8)).unwrap();
        assert_eq!(layers(&smaller), "space-to-depth, conv 16, residual, down 32, residual, head 32");
        assert_eq!(space_to_depth(&smaller), None);
        assert_eq!(space_to_depth(&encoder("peer-16", 27 + 1)).map(|smaller| smaller.layers.len()), Some(7));
    }

    #[test]
    fn a_single_level_moves_to_half_the_resolution() {
        let single = without_level(&encoder("tiny", 8)).unwrap();
        assert_eq!(layers(&single), "conv 4, residual, head 8");
        assert_eq!(without_level(&single), None);
        assert_eq!(layers(&space_to_depth(&single).unwrap()), "space-to-depth, conv 4, residual, head 8");
        let odd = Encoder { image: Shape { channels: 1, height: 7, width: 8 }, ..single };
        assert_eq!(space_to_depth(&odd), None);
    }

    #[test]
    fn the_longest_list_of_layers_takes_no_stem() {
        let mut long = without_level(&encoder("tiny", 8)).unwrap();
        let head = long.layers.pop().unwrap();
        while long.layers.len() + 1 < MAX_BLOCKS {
            long.layers.push(Block::Residual);
        }
        long.layers.push(head);
        assert_eq!((long.architecture().unwrap().validate(), space_to_depth(&long)), (Ok(()), None));
    }

    #[test]
    fn channels_are_divided_until_there_are_none() {
        let tiny = encoder("tiny", 8);
        assert_eq!(layers(&narrower(&tiny, 4).unwrap()), "conv 1, residual, down 2, head 2");
        assert_eq!(narrower(&tiny, 8), None);
    }

    /// Of RAM, the block at full resolution takes most; of flash, the one of most channels.
    #[test]
    fn the_block_that_helps_most_is_taken_away() {
        let digits = architecture("digits", 8);
        let block = |memory| {
            let device = Device { memory, program: largest_program(Arithmetic::Integer), solver: None };
            let variants = variants(&digits, Encoding::Integer, device);
            let found = variants.into_iter().find(|variant| variant.change == "one block less").unwrap();
            layers(&found.encoder.unwrap())
        };
        let short_of_ram = Memory { flash: 1 << 20, ram: one_piece(8 * 1024), stack: 2048 };
        assert_eq!(block(short_of_ram), "conv 8, down 16, residual, down 32, residual, head 32");
        let short_of_flash = Memory { flash: 64 * 1024, ram: one_piece(1 << 20), stack: 2048 };
        assert_eq!(block(short_of_flash), "conv 8, residual, down 16, residual, down 32, head 32");
    }

    #[test]
    fn halving_ends_where_it_fits() {
        let variants = variants(&architecture("small", 28), Encoding::Integer, device("microbit-v2"));
        assert_eq!(variants.last().unwrap().change, "half the channels");
        assert!(variants.last().unwrap().lack.fits());
    }

    #[test]
    fn integers_stay_integers() {
        let of = |encoding| {
            let variants = variants(&architecture("digits", 8), encoding, device("microbit"));
            variants.into_iter().map(|variant| variant.change).collect::<Vec<_>>()
        };
        let integers = of(Encoding::Integer);
        assert_eq!(integers, ["space-to-depth stem", "one block less", "one level less", "half the channels"]);
        for encoding in [Encoding::Float32, Encoding::Int8] {
            assert_eq!(of(encoding).first().unwrap(), "integer arithmetic");
            assert_eq!(of(encoding)[1..], integers);
        }
    }

    /// Nothing but its weights can be made smaller where there are no blocks.
    #[test]
    fn nodes_that_are_no_encoder_have_no_smaller_ones() {
        let mut tiny = architecture("tiny", 8);
        tiny.nodes[12].inputs.reverse();
        assert_eq!((tiny.validate(), Encoder::of(&tiny)), (Ok(()), None));
        let device = device("microbit");
        assert_eq!(variants(&tiny, Encoding::Integer, device), []);
        let variants = variants(&tiny, Encoding::Float32, device);
        assert_eq!(variants.iter().map(|variant| &*variant.change).collect::<Vec<_>>(), ["integer arithmetic"]);
        assert!(describe(&variants, device).ends_with("  fits\n\nFor integer arithmetic: vapo-train calibrate\n"));
    }
}
