//! Several arrays: splits and classes by their names.

use super::*;

#[test]
fn an_archive_of_splits_gives_each_with_its_classes() {
    // The layout of Keras' mnist.npz, whose classes are bytes; those of others are wider, or a column.
    let labels = npy("<i8", false, "(2, 1)", &[9_i64.to_le_bytes(), 4_i64.to_le_bytes()].concat());
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let file = npz(
            method,
            &[
                ("x_test.npy", &counting(1)),
                ("x_train.npy", &counting(2)),
                ("y_test.npy", &classes(&[3])),
                ("y_train.npy", &labels),
                ("note.txt", b"no array"),
            ],
        );
        let train = read(&file, Split::Train).unwrap();
        assert_eq!((train.len(), train.labels()), (2, Some(&[9, 4][..])));
        let test = read(&file, Split::Test).unwrap();
        assert_eq!((test.len(), test.labels()), (1, Some(&[3][..])));
    }
}

#[test]
fn the_images_are_told_by_name_or_by_being_the_only_ones() {
    let (one, two) = (counting(1), counting(2));
    let plain = |arrays: &[(&str, &[u8])]| npz(CompressionMethod::Stored, arrays);
    let found = |arrays: &[(&str, &[u8])]| {
        let set = read(&plain(arrays), Split::Train).unwrap();
        (set.len(), set.labels().map(<[u8]>::to_vec))
    };
    for name in ["images.npy", "x.npy", "arr_0.npy"] {
        assert_eq!(found(&[(name, &two), ("other.npy", &one)]), (2, None));
    }
    assert_eq!(found(&[("images.npy", &two), ("labels.npy", &classes(&[5, 6]))]), (2, Some(vec![5, 6])));
    assert_eq!(found(&[("arr_0.npy", &two), ("arr_1.npy", &classes(&[1, 2]))]), (2, Some(vec![1, 2])));
    assert_eq!(found(&[("faces.npy", &two), ("sums.npy", &classes(&[1, 2, 3]))]), (2, None));
    let both = plain(&[("cats.npy", &one), ("dogs.npy", &two)]);
    refused(&both, Split::Train, &["images, x or arr_0", "cats [1, 2, 3], dogs [2, 2, 3]"]);
    refused(&plain(&[]), Split::Train, &["found no array"]);
    refused(
        &plain(&[("x_test.npy", &one)]),
        Split::Train,
        &["expected an array x_train or train_images for the train split", "another split"],
    );
    refused(
        &plain(&[("x_train.npy", &one)]),
        Split::Test,
        &["expected an array x_test or test_images", "another split"],
    );
    refused(
        &plain(&[("images.npy", &one)]),
        Split::Test,
        &["x_test or test_images for the test split", "images [1, 2, 3]", "x_train and x_test"],
    );
    refused(&one, Split::Test, &["for the test split", "taken for train"]);
    let labels = plain(&[("y_train.npy", &classes(&[1, 2])), ("labels.npy", &classes(&[3]))]);
    for split in [Split::Train, Split::Test] {
        refused(&labels, split, &["found labels [1], y_train [2]: there are classes, and no images"]);
    }
}

#[test]
fn arrays_that_no_split_has_are_named() {
    let (one, two) = (counting(1), counting(2));
    let notes = |arrays: &[(&str, &[u8])], split| {
        let set = read(&npz(CompressionMethod::Stored, arrays), split).unwrap();
        // The images are dark, which is said last.
        set.notes().split_last().unwrap().1.to_vec()
    };
    let left_out = ["npy: left out: arr_1 [2, 2, 3]"];
    assert_eq!(notes(&[("arr_0.npy", &one), ("arr_1.npy", &two)], Split::Train), left_out);
    let left_out = ["npy: left out: images_test [1, 2, 3], x [2, 2, 3]"];
    assert_eq!(notes(&[("images.npy", &two), ("x.npy", &two), ("images_test.npy", &one)], Split::Train), left_out);
    let left_out = ["npy: left out: x [2, 2, 3]"];
    assert_eq!(notes(&[("x_train.npy", &two), ("x.npy", &two), ("x_test.npy", &one)], Split::Test), left_out);
    // Images of other splits, classes, and what can only be classes are no news.
    let (labels, labels_of_one) = (classes(&[1, 2]), classes(&[1]));
    let usual: [(&str, &[u8]); 6] = [
        ("X_train.npy", &two),
        ("y_train.npy", &labels),
        ("x_test.npy", &one),
        ("y_test.npy", &labels_of_one),
        ("val_images.npy", &one),
        ("ids.npy", &labels),
    ];
    for split in [Split::Train, Split::Valid, Split::Test] {
        assert_eq!(notes(&usual, split), [""; 0], "{split:?}");
    }
}

#[test]
fn two_arrays_of_one_split_are_refused_by_name() {
    let (one, two) = (counting(1), counting(2));
    for (first, second) in [("train_images", "x_train"), ("X_train", "x_train")] {
        let names = [first, second].map(|name| format!("{name}.npy"));
        let file = npz(CompressionMethod::Stored, &[(&names[0], &one), (&names[1], &two), ("x_test.npy", &one)]);
        refused(
            &file,
            Split::Train,
            &["one array of images for the train split", &format!("found {first} and {second}")],
        );
        assert_eq!(read(&file, Split::Test).unwrap().len(), 1);
    }
}

#[test]
fn classes_that_cannot_be_read_are_left_out_and_why_is_kept() {
    let with = |labels: &[u8]| npz(CompressionMethod::Stored, &[("x.npy", &counting(2)), ("labels.npy", labels)]);
    for (labels, parts) in [
        (npy("<f4", false, "(2,)", &[0; 8]), &["labels: expected one class", "<f4: save y.astype('uint8')"][..]),
        (npy("<U5", false, "(2,)", &[0; 40]), &["<U5: number the classes: numpy.unique"]),
        (npy("|O", false, "(2,)", &[0; 16]), &["|O: save an array of integers"]),
        (npy("<i2", false, "(2,)", &[1, 0, 0xff, 0xff]), &["0 to 255", "found -1: number the classes from 0"]),
        (npy("<i2", false, "(2,)", &[1, 0, 0, 1]), &["0 to 255", "found 256"]),
        // A column for each class, as Keras' to_categorical has it, and MedMNIST's sets of several findings.
        (npy("|u1", false, "(2, 10)", &[0; 20]), &["one class", "the shape [2, 10]: save y.argmax(1) if each row"]),
        (npy("|u1", false, "(2, 1, 1)", &[0; 2]), &["the shape [2, 1, 1]"]),
    ] {
        let set = read(&with(&labels), Split::Train).unwrap();
        assert_eq!((set.len(), set.labels()), (2, None));
        let fault = set.label_fault().unwrap();
        assert!(parts.iter().all(|part| fault.contains(part)), "{fault}");
        assert!(set.notes().contains(&format!("npy: the images are taken without classes; {fault}")));
    }
    // Damage is no matter of kind.
    refused(&with(&classes(&[1, 2, 3])), Split::Train, &["expected 2 labels", "found 3"]);
    refused(&with(&npy("|u1", false, "(2,)", &[1])), Split::Train, &["labels: expected 2 bytes of values, found 1"]);
}

#[test]
fn the_names_of_medmnist_give_three_splits() {
    let file = npz(
        CompressionMethod::Deflated,
        &[
            ("train_images.npy", &counting(3)),
            ("val_images.npy", &counting(2)),
            ("test_images.npy", &counting(1)),
            ("train_labels.npy", &npy("|u1", false, "(3, 1)", &[4, 5, 6])),
            ("val_labels.npy", &npy("|u1", false, "(2, 1)", &[7, 8])),
            ("test_labels.npy", &npy("|u1", false, "(1, 14)", &[1; 14])),
        ],
    );
    for (split, count, labels) in
        [(Split::Train, 3, Some(&[4, 5, 6][..])), (Split::Valid, 2, Some(&[7, 8])), (Split::Test, 1, None)]
    {
        let set = read(&file, split).unwrap();
        assert_eq!((set.len(), set.labels()), (count, labels));
    }
    let keras = npz(CompressionMethod::Stored, &[("X_train.npy", &counting(2)), ("y_train.npy", &classes(&[1, 0]))]);
    assert_eq!(read(&keras, Split::Train).unwrap().labels(), Some(&[1, 0][..]));
    refused(&keras, Split::Valid, &["expected an array x_val or x_valid or val_images for the valid split"]);
}

#[test]
fn an_archive_of_something_else_is_named() {
    for (entry, part) in [
        ("model/data.pkl", "found a file of PyTorch: save its tensor with numpy.save"),
        ("images/0.png", "found a zip archive of pictures: unpack it, and give --dataset folder"),
        ("readme.txt", "found a zip archive without an array"),
    ] {
        refused(&npz(CompressionMethod::Stored, &[(entry, b"")]), Split::Train, &[part]);
    }
    let entries: [(&str, &[u8]); 2] = [("x.npy", &counting(2)), ("__MACOSX/._x.npy", b"\0\x05\x16\x07")];
    assert_eq!(read(&npz(CompressionMethod::Stored, &entries), Split::Train).unwrap().len(), 2);
}

#[test]
fn a_damaged_archive_is_refused() {
    let file = npz(CompressionMethod::Stored, &[("images.npy", &counting(40))]);
    refused(&file[..file.len() - 30], Split::Train, &["archive is damaged or cut off"]);
    // A value: the archive's own sum no longer fits.
    let mut changed = file;
    changed[250] ^= 1;
    refused(&changed, Split::Train, &["images: the values cannot be read"]);
}

#[test]
fn a_folder_is_read_as_an_archive_of_its_files() {
    let root = TempDir::new().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(root.path().join(name), bytes).unwrap();
    let found = |split| load(split, root.path());
    assert!(found(Split::Train).unwrap().is_none());
    assert!(load(Split::Train, &root.path().join("absent.npy")).unwrap().is_none());
    put("notes.txt", b"");
    put("set.npz", &npz(CompressionMethod::Deflated, &[("images.npy", &counting(3))]));
    assert_eq!(found(Split::Train).unwrap().unwrap().len(), 3);
    put("x_train.npy", &counting(2));
    let told = found(Split::Train).unwrap_err().to_string();
    assert!(told.contains("name one file"), "{told}");
    fs::remove_file(root.path().join("set.npz")).unwrap();
    put("x_test.npy", &counting(1));
    put("y_train.npy", &classes(&[8, 7]));
    let train = found(Split::Train).unwrap().unwrap();
    assert_eq!((train.len(), train.labels()), (2, Some(&[8, 7][..])));
    assert_eq!(found(Split::Test).unwrap().unwrap().len(), 1);
    assert_eq!(train.notes()[0], format!("npy: passed over 1 .txt in {}", root.path().display()));
    // What systems leave beside files is no array, however its name ends.
    put("._x_train.npy", b"\0\x05\x16\x07");
    #[cfg(unix)]
    std::os::unix::fs::symlink(root.path().join("gone.npy"), root.path().join("dangling.npy")).unwrap();
    assert_eq!(found(Split::Train).unwrap().unwrap().len(), 2);
    put("y_train.npy", b"rubbish");
    let told = found(Split::Train).unwrap_err().to_string();
    assert!(told.contains("y_train.npy: y_train: the header"), "{told}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_changed_archive_panics(place in 0usize..300, byte: u8) {
        let mut file = npz(CompressionMethod::Deflated, &[("images.npy", &counting(2)), ("labels.npy", &classes(&[1, 2]))]);
        let place = place % file.len();
        file[place] = byte;
        let _ = read(&file, Split::Train);
    }
}
