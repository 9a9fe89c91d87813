//! What errors say: what was found, and what to do.

use vapo_format::{ArchitectureError, Error, Fault, Shape};

#[test]
fn every_error_says_what_was_found() {
    let architecture = ArchitectureError { node: 7, fault: Fault::Unused };
    #[rustfmt::skip]
    let table = [
        (Error::TooShort { expected: 12, found: 7 }, "the model needs 12 bytes, only 7 are there: the file was cut off"),
        (Error::TooLong { expected: 12, found: 13 }, "the model ends after 12 bytes, but 13 are there: give its own bytes only"),
        (Error::Magic { found: *b"vAPO" }, "a model starts with the bytes `VAPO`, this starts with [76, 41, 50, 4f]: it is not a .vapo file"),
        (Error::Version { found: 3 }, "format version 3 is none of 1 to 2: read the file with the version that wrote it"),
        (Error::Checksum { computed: 0xabc, stored: 0x1234_5678 },
         "the checksum of the contents is 00000abc, the file says 12345678: the file is damaged"),
        (Error::Header, if cfg!(feature = "published") {
            "the header is not one of a model: the file is damaged or was not written by a trainer"
        } else {
            "the header is not one of a model: the file is damaged or was not written by a trainer, or it has layers that only \
             programs built with the feature `published` read"
        }),
        (Error::Architecture(architecture),
         "the architecture is refused: node 7: no node reads it: take it out, or let another node read it"),
        (Error::Threshold,
         "an anomaly threshold has a finite energy, a time from 0 to 1 (below 1 for the linear homotopy) and a rate between 0 \
          and 1, found another number: choose the threshold anew"),
        (Error::Number { matrix: 5 },
         "matrix 5 must hold finite numbers, and scales from 0 to below 2^121, found another: train or quantise anew"),
        (Error::Padding { matrix: 5 }, "the padding after matrix 5 must be zero, found another byte: write the file anew"),
        (Error::Calibration,
         "integer arithmetic needs a calibration, and no other encoding has one: give both or neither"),
        (Error::Shift { matrix: 5 },
         "the exponents at matrix 5 are too far apart for integer arithmetic: calibrate anew, or keep float arithmetic"),
        (Error::Magnitude { matrix: 5, found: 65536 },
         "the weights of an output of matrix 5 sum to at most 65535 in magnitude, found 65536: take larger scales"),
        (Error::Weight { matrix: 5, found: 9, bits: 4 },
         "weights of 4 bits lie in -8 to 7, found 9 in matrix 5: take larger scales"),
        (Error::Extent { matrix: 5 },
         "matrix 5 has another extent or encoding than the architecture says, or is one too many: give the matrices of \
          `Architecture::matrices`, in order"),
        (Error::Unfinished { expected: 5, found: 4 },
         "the architecture has 5 matrices, only 4 were written: write the others first"),
    ];
    for (error, text) in table {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn every_fault_says_what_was_found() {
    let shape = |channels, height, width| Shape { channels, height, width };
    #[rustfmt::skip]
    let table = [
        (Fault::Extent { found: 4097 }, "heights and widths lie in 1 to 1024, channels in 1 to 4096, found 4097"),
        (Fault::Activation { elements: 17 << 20 }, "an activation has at most 16777216 elements, found 17825792"),
        (Fault::Weights, "matrices have at most 2147418112 bytes in float32: take fewer channels"),
        (Fault::Nodes, if cfg!(feature = "published") {
            "an architecture has at most 384 nodes, found more"
        } else {
            "an architecture has at most 160 nodes, found more"
        }),
        #[cfg(feature = "published")]
        (Fault::Groups { channels: 6, found: 4 }, "groups are a divisor of the 6 channels that they part, found 4"),
        #[cfg(feature = "published")]
        (Fault::Heads { channels: 10, found: 2 },
         "attention reads queries, keys and values of as many heads: a multiple of 3 times 2 channels, found 10"),
        #[cfg(feature = "published")]
        (Fault::Steps { found: 3 }, "a time step has an even number of features from 2 to 4096, found 3"),
        #[cfg(feature = "published")]
        (Fault::FloatOnly, "the layer is computed in floats alone: write the file in float arithmetic"),
        (Fault::Signal, "the first node, and only the first, is the signal"),
        (Fault::Readout, "the last node, and only the last, is a read-out"),
        (Fault::Head, "the last block, and only the last, is a head"),
        (Fault::Unused, "no node reads it: take it out, or let another node read it"),
        (Fault::Inputs { least: 2, most: 2, found: 1 }, "the layer reads 2 nodes, found 1"),
        (Fault::Inputs { least: 1, most: 2, found: 3 }, "the layer reads 1 to 2 nodes, found 3"),
        (Fault::Edge { found: 9 },
         "a node lists earlier nodes, none twice, and the one before alone is not listed; a read-out's last is node 0; found 9"),
        (Fault::Divide { extent: shape(4, 3, 2), rows: 2, columns: 1 }, "windows of 2×1 must tile the input, found 3×2"),
        (Fault::Window { window: [3, 2], stride: [1, 5] },
         "a window of up to 15 has odd extents and stride 1, or a stride as large as itself, found 3×2 and 1×5"),
        (Fault::Features { found: 3 }, "time has an even number of features from 2 to 32, found 3"),
        (Fault::Unlike { first: shape(1, 2, 3), second: shape(4, 5, 6) }, "its inputs have one extent, found 2×3×1 and 5×6×4"),
        (Fault::Vector { channels: 4, found: shape(3, 1, 1), of_signal: false },
         "it reads a vector of 4 channels that does not depend on the signal, found 1×1×3 that does not"),
        (Fault::Vector { channels: 4, found: shape(4, 2, 1), of_signal: true },
         "it reads a vector of 4 channels that does not depend on the signal, found 2×1×4 that does"),
        (Fault::NotOfSignal, "its first input must depend on the signal"),
        (Fault::Exponents,
         "integer arithmetic has exponents for every node, near enough to those of its inputs that shifts are 0 to 31: calibrate anew"),
        (Fault::Classes { expected: 10, found: 0 }, "there are 10 classes, so a node reads them, found none"),
        (Fault::Classes { expected: 10, found: 9 }, "there are 10 classes, and a class node has as many, found 9"),
        (Fault::Scaling,
         "there is one scaling, or one a channel, each of a finite offset and a finite scale above 0, found others"),
    ];
    for (fault, text) in table {
        assert_eq!(fault.to_string(), text);
        assert_eq!(ArchitectureError { node: 3, fault }.to_string(), format!("node 3: {text}"));
    }
}
