//! Pickles as Python writes them, and pickles that nobody should open.

use super::*;
use crate::dataset::cifar10::python::tests::pickled;
use proptest::prelude::*;

/// Three images of four values, as Python's own pickler wrote them for NumPy 1.26, with the names of CIFAR-10's
/// Python version: bytes are written as Python 2 did (`tests/data/README.md` has the program).
const BY_PYTHON: &[u8] = include_bytes!("../../../../tests/data/three-images.pickle");

#[test]
fn what_python_wrote_is_read() {
    let pickle = read(BY_PYTHON).unwrap();
    assert_eq!(pickle.keys(), "batch_label, labels, data, filenames");
    assert_eq!(pickle.entry("batch_label"), Some(&Value::Bytes(b"training batch 1 of 5")));
    let Some(Value::Array(array)) = pickle.entry("data") else { panic!("{pickle:?}") };
    assert_eq!((array.shape.as_slice(), array.values), (&[3, 4][..], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 250, 251, 255][..]));
    let Some(Value::List(labels)) = pickle.entry("labels") else { panic!("{pickle:?}") };
    let labels: Vec<&Value<'_>> = labels.iter().map(|&label| pickle.value(label)).collect();
    assert_eq!(labels, [6, 9, 300].map(Value::Integer).iter().collect::<Vec<_>>());
    let Some(Value::List(names)) = pickle.entry("filenames") else { panic!("{pickle:?}") };
    assert_eq!(pickle.value(names[2]), &Value::Bytes(b"third.png"));
}

#[test]
fn nothing_is_executed() {
    // What os.system("true") pickles to; and the same by the instructions of other protocols.
    let told = |file: &[u8]| read(file).unwrap_err().to_string();
    assert!(told(b"\x80\x02cos\nsystem\nU\x04true\x85R.").contains("asks for \"os system\": it is not executed"));
    assert!(told(b"\x80\x02c__builtin__\neval\n.").contains("__builtin__ eval"));
    for (file, name) in [
        (&b"\x80\x02(ios\nsystem\n."[..], "INST at byte 3"),
        (b"\x80\x02}\x81.", "NEWOBJ at byte 3"),
        (b"\x80\x02\x8c\x02os\x93.", "SHORT_BINUNICODE"),
        (b"\x80\x04\x95\0", "PROTO of another protocol than 2 at byte 0"),
        (b"\x80\x02\x8a\x01\x05.", "LONG1"),
        (b"\x80\x02Pid\n.", "PERSID"),
        (b"\x80\x020.", "0x30"),
    ] {
        let told = told(file);
        assert!(told.contains(name), "{name}: {told}");
    }
}

#[test]
fn instructions_that_do_not_go_together_are_refused() {
    for (file, found) in [
        (&b"\x80\x02."[..], "an empty stack"),
        (b"\x80\x02N.", "no dictionary"),
        (b"\x80\x02}e.", "the end of a list without its start"),
        (b"\x80\x02}(Nu.", "no dictionary"),
        (b"\x80\x02NNa.", "no list"),
        (b"\x80\x02h\x07.", "not kept"),
        (b"\x80\x02q\x07.", "an empty stack"),
        (b"\x80\x02N\x86.", "an empty stack"),
        (b"\x80\x02N(a.", "an empty stack"),
        (b"\x80\x02NNR.", "no arguments"),
        (b"\x80\x02N)R.", "a call of something else"),
        (b"\x80\x02NNb.", "a state for something else"),
        (b"\x80\x02cnumpy\ndtype\nU\x02f4K\0K\x01\x87R.", "another type than bytes"),
    ] {
        assert!(matches!(read(file), Err(PickleError::Damaged { found: told, .. }) if told.contains(found)), "{found}");
    }
    let file = pickled(&[1, 2, 3, 4], 2, &[5, 6]);
    for length in 0..file.len() {
        assert_eq!(read(&file[..length]).unwrap_err(), PickleError::Short, "{length}");
    }
    assert!(read(&file).is_ok());
}

#[test]
fn a_pickle_that_would_fill_memory_or_never_end_is_refused() {
    // Lists that hold each other many times over: they are one value each, however often they are taken.
    let mut file = b"\x80\x02]q\0".to_vec();
    (0..100).for_each(|_| file.extend(b"(h\0h\0h\0h\0e"));
    assert_eq!(
        read(&[&file[..], b"."].concat()).unwrap_err(),
        PickleError::Damaged { found: "no dictionary", place: file.len() }
    );
    assert_eq!(read(&[&b"\x80\x02"[..], &[b'N'; 1 << 19]].concat()).unwrap_err(), PickleError::Long);
    // A length of four billion bytes.
    assert_eq!(read(b"\x80\x02T\xff\xff\xff\xffabc").unwrap_err(), PickleError::Short);
}

proptest! {
    #[test]
    fn no_changed_pickle_panics(place in 0usize..220, byte: u8) {
        let mut file = pickled(&[1, 2, 3, 4], 2, &[5, 6]);
        let place = place % file.len();
        file[place] = byte;
        let _ = read(&file);
    }

    #[test]
    fn no_instructions_panic(codes in "[(\\])}NKMUqhtaesucRb.\u{80}-\u{89}\u{0}-\u{4}]{0,60}") {
        let codes: Vec<u8> = codes.chars().map(|code| code as u32 as u8).collect();
        let _ = read(&codes);
    }
}
