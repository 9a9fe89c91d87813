//! The published U-Net: its number of parameters, what its layers refuse, and its file.

use crate::models::{random_numbers, rewrite, write, write_integer};
use vapo_format::layer::{Attention, Conv, Distance, GroupNorm, Pool, Readout, Time, Timestep};
use vapo_format::unet::Unet;
use vapo_format::{Architecture, ArchitectureError, Calibration, Encoding, Error, Exponents, Fault, Homotopy, Layer};
use vapo_format::{Model, Shape};

const IMAGE: Shape = Shape { channels: 3, height: 32, width: 32 };
const SMALL: Unet = Unet { features: 6, embedding: 5, levels: &[4, 6], blocks: 1, attention: 1, heads: 2, groups: 2 };

#[test]
fn the_published_one_has_as_many_parameters_as_the_publication_says() {
    let architecture = Unet::PUBLISHED.architecture(IMAGE, Homotopy::Linear, 0).unwrap();
    assert_eq!(architecture.validate(), Ok(()));
    assert_eq!(architecture.parameters(), 55_676_419);
    // Of 64×64 images it is the same.
    let large = Shape { height: 64, width: 64, ..IMAGE };
    let architecture = Unet::PUBLISHED.architecture(large, Homotopy::Linear, 0).unwrap();
    assert_eq!((architecture.validate(), architecture.parameters()), (Ok(()), 55_676_419));
}

/// What the number of parameters decides.
#[test]
fn others_have_another_number_of_parameters() {
    let unet = Unet::PUBLISHED;
    let others = [
        Unet { features: 32, ..unet },
        Unet { embedding: 256, ..unet },
        Unet { levels: &[128, 256, 256], ..unet },
        Unet { levels: &[256, 256], ..unet },
        Unet { blocks: 3, ..unet },
        Unet { attention: 3, ..unet },
    ];
    for other in others {
        let architecture = other.architecture(IMAGE, Homotopy::Linear, 0).unwrap();
        assert_eq!(architecture.validate(), Ok(()), "{other:?}");
        assert!(architecture.parameters() != 55_676_419, "{other:?}");
    }
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let signal = Shape { channels: 2, height: 4, width: 6 };
    let architecture = SMALL.architecture(signal, Homotopy::Bayes, 3).unwrap();
    for encoding in [Encoding::Float32, Encoding::Int8] {
        let file = write(&architecture, encoding, &random_numbers(&architecture, encoding, 1)).unwrap();
        let model = Model::parse(&file).unwrap();
        assert_eq!(model.architecture(), architecture);
        assert_eq!(rewrite(&model).unwrap(), file);
    }
}

#[test]
fn there_are_no_integers_of_it() {
    let signal = Shape { channels: 2, height: 4, width: 6 };
    let architecture = SMALL.architecture(signal, Homotopy::Linear, 0).unwrap();
    let exponents = vec![Exponents::default(); architecture.nodes.len()];
    let calibration = Calibration { digest: 1, exponents: &exponents };
    let numbers = random_numbers(&architecture, Encoding::Int8, 1);
    let refused = Error::Architecture(ArchitectureError { node: 1, fault: Fault::FloatOnly });
    assert_eq!(write_integer(&architecture, calibration, None, &numbers), Err(refused));
}

fn refused(signal: Shape, layers: &[(Layer, &[u16])]) -> Result<(), (u16, Fault)> {
    let mut architecture = Architecture::new(signal, Homotopy::Linear);
    for (layer, inputs) in layers {
        architecture.push(*layer, inputs).unwrap();
    }
    architecture.validate().map_err(|ArchitectureError { node, fault }| (node, fault))
}

#[test]
fn what_does_not_fit_is_refused() {
    let signal = Shape { channels: 6, height: 4, width: 4 };
    let norm = |groups| refused(signal, &[(GroupNorm { groups }.into(), &[0]), (Distance.into(), &[1, 0])]);
    assert_eq!([norm(1), norm(3), norm(6)], [Ok(()); 3]);
    for groups in [0, 4, 12] {
        assert_eq!(norm(groups), Err((1, Fault::Groups { channels: 6, found: groups })));
    }
    let attention = |channels, heads| {
        let attention = Attention { heads }.into();
        refused(signal, &[(Conv::linear(channels).into(), &[0]), (attention, &[1]), (Distance.into(), &[2, 0])])
    };
    assert_eq!([attention(18, 1), attention(18, 6)], [Ok(()); 2]);
    for (channels, heads) in [(18, 0), (17, 1), (18, 4), (18, 65_535)] {
        assert_eq!(attention(channels, heads), Err((2, Fault::Heads { channels, found: heads })));
    }
    let pool = |block| refused(signal, &[(Pool { block }.into(), &[0]), (Distance.into(), &[1, 0])]);
    let small = Shape { height: 2, width: 2, ..signal };
    assert_eq!(pool([2, 2]), Err((2, Fault::Unlike { first: small, second: signal })));
    assert_eq!(pool([3, 1]), Err((1, Fault::Factor { found: [3, 1] })));
    let odd = Shape { height: 3, ..signal };
    let divide = Fault::Divide { extent: odd, rows: 2, columns: 2 };
    assert_eq!(refused(odd, &[(Pool::BOTH.into(), &[0]), (Distance.into(), &[1, 0])]), Err((1, divide)));
    for features in [0, 3, 4098] {
        let nodes: [(Layer, &[u16]); 1] = [(Timestep { features }.into(), &[])];
        assert_eq!(refused(signal, &nodes), Err((1, Fault::Steps { found: features })));
    }
    // A distance is the last node, and that to the signal.
    let again: [(Layer, &[u16]); 3] =
        [(GroupNorm { groups: 1 }.into(), &[0]), (GroupNorm { groups: 2 }.into(), &[0]), (Distance.into(), &[2, 1])];
    assert_eq!(refused(signal, &again), Err((3, Fault::Edge { found: 1 })));
    let twice: [(Layer, &[u16]); 4] = [
        (GroupNorm { groups: 1 }.into(), &[0]),
        (Distance.into(), &[1, 0]),
        (Time { features: 2 }.into(), &[]),
        (Readout.into(), &[1, 3, 0]),
    ];
    assert_eq!(refused(signal, &twice), Err((2, Fault::Readout)));
}
