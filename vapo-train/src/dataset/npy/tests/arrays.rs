//! One array: its type, its order, its extents.

use super::*;

#[test]
fn grey_and_colour_images_of_bytes_are_taken_as_they_are() {
    let set = read(&counting(2), Split::Train).unwrap();
    assert_eq!((set.shape(), set.len()), (Shape { channels: 1, height: 2, width: 3 }, 2));
    let dark = "npy: array: no value is above 11 of 255: images will be dark; scale them if 11 is white";
    assert_eq!(set.notes().iter().map(|note| note.replace("file:", "array:")).collect::<Vec<_>>(), [dark]);
    for (greatest, notes) in [(127, 1), (128, 0), (255, 0)] {
        let set = read(&npy("|u1", false, "(1, 2, 3)", &[0, 1, 2, 3, 4, greatest]), Split::Train).unwrap();
        assert_eq!(set.notes().len(), notes, "{greatest}");
    }
    assert_eq!((set.images().unwrap().image(1), set.labels()), (&[6, 7, 8, 9, 10, 11][..], None));
    let colour: Vec<u8> = (0..12).collect();
    let set = read(&npy("|u1", false, "(2, 1, 2, 3)", &colour), Split::Train).unwrap();
    assert_eq!(
        (set.shape(), set.images().unwrap().image(1)),
        (Shape { channels: 3, height: 1, width: 2 }, &colour[6..])
    );
}

#[test]
fn floats_of_every_width_and_order_are_rounded() {
    // 0.5 / 255 is halfway between two levels, and goes to the farther from zero.
    let unit = [0.0, 1.0, 0.2, 0.5, 0.5 / 255.0, 0.499 / 255.0];
    let signed = [-1.0, 1.0, 0.0, -0.2, 0.5, -0.999];
    let files = |values: [f64; 6]| {
        [
            ("<f8", values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>()),
            (">f8", values.iter().flat_map(|value| value.to_be_bytes()).collect()),
            ("<f4", values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect()),
            (">f4", values.iter().flat_map(|&value| (value as f32).to_be_bytes()).collect()),
        ]
    };
    for (values, expected, found) in
        [(unit, [0, 255, 51, 128, 1, 0], "[0, 1]"), (signed, [0, 255, 128, 102, 191, 0], "[-1, 1]")]
    {
        for (descr, bytes) in files(values) {
            let set = read(&npy(descr, false, "(1, 2, 3)", &bytes), Split::Train).unwrap();
            assert_eq!(set.images().unwrap().image(0), &expected[..], "{descr}");
            assert_eq!(set.notes(), [format!("npy: floats of {found} are rounded to 256 grey levels")], "{descr}");
        }
    }
}

#[test]
fn fortran_order_gives_the_same_images() {
    // Value (n, h, w) = 6 n + 3 h + w, first axis fastest.
    let values: Vec<u8> =
        (0..3).flat_map(|w| (0..2).flat_map(move |h| (0..2).map(move |n| 6 * n + 3 * h + w))).collect();
    assert_eq!(pixels(&npy("|u1", true, "(2, 2, 3)", &values)), pixels(&counting(2)));
    let floats: Vec<u8> = values.iter().flat_map(|&value| (f32::from(value) / 255.0).to_be_bytes()).collect();
    assert_eq!(pixels(&npy(">f4", true, "(2, 2, 3)", &floats)), pixels(&counting(2)));
}

#[test]
fn floats_out_of_range_or_no_numbers_are_refused() {
    let floats = |values: [f32; 6]| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        npy("<f4", false, "(1, 2, 3)", &bytes)
    };
    refused(
        &floats([0.0, 255.0, 3.5, 0.0, 0.0, 0.0]),
        Split::Train,
        &["[0, 1] or [-1, 1]", "found 0 to 255", "x / 255"],
    );
    refused(
        &floats([-1.5, 0.25, 0.0, 0.0, 0.0, 0.0]),
        Split::Train,
        &["found -1.5 to 0.25", "numpy.interp(x, (-1.5, 0.25), (0, 1))"],
    );
    for (values, advice) in [
        ([0.0, 16.0, 5.0], "save x / 16 if 16 is white, x / 255 if 255 is"),
        ([0.0, 1.02, 0.5], "numpy.clip(x, 0, 1)"),
        ([-0.03, 1.02, 0.5], "numpy.clip(x, 0, 1)"),
        ([-1.04, 1.02, 0.5], "numpy.clip(x, -1, 1)"),
        ([2.0, 2.0, 2.0], "nothing to see"),
    ] {
        let [a, b, c] = values;
        refused(&floats([a, b, c, a, b, c]), Split::Train, &[advice]);
    }
    refused(&floats([0.0, 1.0, 0.0, f32::NAN, 7.0, 0.0]), Split::Train, &["found NaN at index 3"]);
    refused(&floats([0.0, f32::INFINITY, 0.0, 0.0, 0.0, 0.0]), Split::Train, &["found inf at index 1"]);
}

/// One image of these values, and what is said of it.
fn of_floats(values: [f64; 6]) -> (Vec<u8>, Vec<String>) {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let set = read(&npy("<f8", false, "(1, 2, 3)", &bytes), Split::Train).unwrap();
    (set.images().unwrap().image(0).to_vec(), set.notes().to_vec())
}

#[test]
fn a_value_a_hair_outside_leaves_the_scale_as_it_is() {
    let rounded = "npy: floats of [0, 1] are rounded to 256 grey levels";
    let clipped = |range: &str| format!("; they are of {range}, and what is outside is clipped");
    let (image, notes) = of_floats([0.0, 1.0, 0.2, -1e-3, 1.001, 0.0]);
    assert_eq!((image, notes), (vec![0, 255, 51, 0, 255, 0], vec![rounded.to_owned() + &clipped("-0.001 to 1.001")]));
    let (image, notes) = of_floats([0.0, 1.0, 0.2, -0.004, 0.0, 0.0]);
    assert_eq!(image, [128, 255, 153, 127, 128, 128]);
    assert!(notes[0].contains("[-1, 1]") && notes[0].contains("the least is -0.004: if 0 is black"), "{notes:?}");
    let (image, notes) = of_floats([-1.001, 1.001, 0.0, -1.0, 1.0, -0.2]);
    assert_eq!(image, [0, 255, 128, 0, 255, 102]);
    assert!(notes[0].ends_with(&clipped("-1.001 to 1.001")), "{notes:?}");
}

#[test]
fn all_splits_of_floats_have_one_scale() {
    let floats = |values: [f32; 6]| {
        npy("<f4", false, "(1, 2, 3)", &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
    };
    let (train, test) = (floats([-1.0, 1.0, 0.0, -0.2, 0.5, 1.0]), floats([0.0, 1.0, 0.2, 0.0, 0.0, 0.0]));
    let levels = |arrays: &[(&str, &[u8])]| {
        let set = read(&npz(CompressionMethod::Stored, arrays), Split::Test).unwrap();
        (set.images().unwrap().image(0)[..3].to_vec(), set.notes().to_vec())
    };
    let (image, notes) = levels(&[("x_train.npy", &train), ("x_test.npy", &test)]);
    assert_eq!(image, [128, 255, 153]);
    assert!(notes[0].contains("floats of [-1, 1]") && notes[0].contains("the range of x_train"), "{notes:?}");
    // Not of an array that is none of the splits', nor of one out of range or of another type.
    for other in [("z.npy", &train), ("x_train.npy", &floats([-9.0; 6])), ("x_train.npy", &counting(2))] {
        assert_eq!(levels(&[(other.0, other.1), ("x_test.npy", &test)]).0, [0, 255, 51]);
    }
}

/// What NumPy wrote of two images of 2×2, in types that are read and others (`tests/data/README.md` has the program).
const BY_NUMPY: &[u8] = include_bytes!("../../../../tests/data/types.npz");

/// The `.npy` file of an array that NumPy wrote.
fn by_numpy(name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(BY_NUMPY)).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(&format!("{name}.npy")).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn every_type_of_numpy_that_is_read_gives_the_same_images() {
    for (name, note) in [
        ("uint8", None),
        ("bool", Some("npy: False is black and True is white")),
        ("float16", Some("npy: floats of [0, 1] are rounded to 256 grey levels")),
        ("float16_big", Some("npy: floats of [-1, 1] are rounded to 256 grey levels")),
        ("float32", Some("npy: floats of [0, 1] are rounded to 256 grey levels")),
        ("float64_fortran", Some("npy: floats of [-1, 1] are rounded to 256 grey levels")),
    ] {
        let bytes = by_numpy(name);
        assert_eq!(pixels(&bytes), [0, 255, 255, 0, 255, 255, 0, 0], "{name}");
        let set = read(&bytes, Split::Train).unwrap();
        assert_eq!(set.notes().iter().map(String::as_str).collect::<Vec<_>>(), note.as_slice(), "{name}");
    }
}

#[test]
fn other_types_are_refused_with_the_line_that_makes_images_of_their_values() {
    for (name, parts) in [
        ("int64", &["found <i8 of 0 to 255", "save x.astype('uint8')"][..]),
        ("uint16", &["found <u2 of 0 to 65535", "numpy.interp(x, (0, 65535), (0, 1))"]),
        ("int8", &["found |i1 of -128 to 127", "numpy.interp(x, (-128, 127), (0, 1))"]),
        ("zero_one", &["found <i4 of 0 to 1", "save x.astype('bool')"]),
        ("float_levels", &["in [0, 1] or [-1, 1], found 0 to 255: save x / 255"]),
        ("float_wide", &["found -100 to 920", "numpy.interp(x, (-100, 920), (0, 1))"]),
        ("complex64", &["found <c8: save abs(x)"]),
        ("longdouble", &["found <f16: save x.astype('float64')"]),
        // The array has one axis, whatever its objects are: a word on axes would mislead.
        ("object", &["found |O", "allow_pickle=True", "numpy.stack(list(x))"]),
        ("string", &["found <U21", "texts, not pixels"]),
        ("record", &["found records of red, green", "save one field, x['NAME']"]),
        ("date", &["found <M8[s]", "times, not pixels"]),
        ("raw", &["found |V2", "bfloat16"]),
    ] {
        refused(&by_numpy(name), Split::Train, parts);
        let told = read(&by_numpy(name), Split::Train).unwrap_err();
        assert!(name == "int64" || !told.contains("save x.astype('uint8')"), "{told}");
    }
    let sixteen: Vec<u8> = [0, 16, 3, 4, 5, 6].into_iter().flat_map(i64::to_le_bytes).collect();
    let both = "save (x * (255 / 16)).round().astype('uint8') if 16 is white, x.astype('uint8') if 255 is";
    refused(&npy("<i8", false, "(1, 2, 3)", &sixteen), Split::Train, &["<i8 of 0 to 16", both]);
    // All values are 300: no line divides by zero.
    refused(&npy("<u2", false, "(1, 2, 3)", &[44, 1].repeat(6)), Split::Train, &["300 to 300", "nothing to see"]);
}

#[test]
fn other_shapes_are_refused_by_name() {
    for (shape, values, parts) in [
        ("(6,)", 6, ["(N, H, W) or (N, H, W, C)", "found the shape [6]: reshape it"]),
        ("(2, 3)", 6, ["the shape [2, 3]: use x.reshape(-1, H, W) if each row", "x[None] if this is one image"]),
        ("(8, 8, 3)", 192, ["looks like one image (H, W, C)", "x[None]"]),
        ("(0, 28, 28)", 0, ["at least one image", "none"]),
        ("(1, 1, 1, 2, 3)", 6, ["(N, H, W)", "[1, 1, 1, 2, 3]"]),
        ("(1, 3, 8, 8)", 192, ["looks like (N, C, H, W)", ".transpose(0, 2, 3, 1)"]),
        ("(2, 1, 28, 28)", 1568, ["channels last", "[2, 1, 28, 28]"]),
        ("(0, 2, 3)", 0, ["at least one image", "none"]),
        ("(1, 0, 3)", 0, ["1 to 1024", "1×0×3"]),
        ("(1, 2000, 2)", 4000, ["1 to 1024", "1×2000×2"]),
        ("(1, 70000, 2)", 140_000, ["1 to 1024", "1×70000×2"]),
    ] {
        refused(&npy("|u1", false, shape, &vec![0; values]), Split::Train, &parts);
    }
}

#[test]
fn values_that_end_early_or_go_on_are_refused() {
    let whole = counting(2);
    refused(&whole[..whole.len() - 1], Split::Train, &["expected 12 bytes of values, found 11", "cut off"]);
    refused(&[&whole[..], &[0]].concat(), Split::Train, &["expected 12 bytes of values, found more"]);
    refused(&npy("<f8", false, "(1152921504606846976, 1, 2)", &[]), Split::Train, &["axes are too long"]);
    refused(&npy("|u1", false, "(1099511627776, 8, 8)", &[0; 9]), Split::Train, &["found 9"]);
    refused(b"", Split::Train, &["header"]);
    refused(b"\x93NUMPY", Split::Train, &["header"]);
    refused(b"no array", Split::Train, &["header", "magic", "numpy.save"]);
    refused(b"<!DOCTYPE html>", Split::Train, &["found a page of the web", "the download went wrong"]);
    refused(b"\x1f\x8b\x08\0\0\0\0\0", Split::Train, &["found compressed by gzip: unpack it with gunzip"]);
}
