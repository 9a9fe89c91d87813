//! CIFAR-10 and arrays of NumPy, from files to a trained model.

use crate::program::{TINY, names, vapo_train};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;
use vapo_train::files::array::write::header;

/// A `.npy` file of floats with the axes (2, 8, 8, 3).
fn colours(values: impl Fn(usize) -> f32) -> Vec<u8> {
    let text = format!("{:117}\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 8, 8, 3), }");
    let mut file = b"\x93NUMPY\x01\x00v\x00".to_vec();
    file.extend(text.bytes());
    file.extend((0..2 * 8 * 8 * 3).flat_map(|index| values(index).to_le_bytes()));
    file
}

fn train(root: &Path, options: &str) -> crate::program::Outcome {
    vapo_train(root, &format!("{TINY} --steps 2 {options}"))
}

#[test]
fn the_published_archive_of_cifar10_trains_and_its_folder_to_the_same_bytes() {
    let root = TempDir::new().unwrap();
    let folder = "cifar-10-batches-bin";
    // Real sizes, six files of 10,000 records; all that differs between them is the class and one row of each image.
    let files = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"];
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut archive = tar::Builder::new(encoder);
    fs::create_dir_all(root.path().join("unpacked").join(folder)).unwrap();
    for (class, name) in files.iter().enumerate() {
        let mut bytes = vec![0; 30_730_000];
        for (index, record) in bytes.chunks_exact_mut(3073).enumerate() {
            record[0] = class as u8;
            record[1..33].fill((index * 41 + class) as u8);
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, format!("{folder}/{name}.bin"), bytes.as_slice()).unwrap();
        fs::write(root.path().join("unpacked").join(folder).join(format!("{name}.bin")), &bytes).unwrap();
    }
    let archive = archive.into_inner().unwrap().finish().unwrap();
    fs::create_dir(root.path().join("data")).unwrap();
    fs::write(root.path().join("data/cifar-10-binary.tar.gz"), archive).unwrap();
    let told = train(root.path(), "--dataset cifar10").succeeded();
    assert!(told.errors.contains("cifar10: 50000 images of 32×32×3"), "{}", told.errors);
    train(root.path(), "--dataset cifar10 --data-dir unpacked --out folder").succeeded();
    train(root.path(), "--dataset cifar10 --data-dir data/cifar-10-binary.tar.gz --out named").succeeded();
    let checkpoint = |run: &str| fs::read(root.path().join(run).join("checkpoint.safetensors")).unwrap();
    assert!(checkpoint("runs/cifar10") == checkpoint("folder") && checkpoint("folder") == checkpoint("named"));
}

#[test]
fn missing_files_of_cifar10_are_told_with_where_and_how() {
    let root = TempDir::new().unwrap();
    let parts = ["cifar10 is not here", "cifar-10-binary.tar.gz", "data_batch_1.bin to data_batch_5.bin"];
    let more = ["files/cifar10\n", "files/CIFAR10\n", "vapo-train fetch cifar10", "--data-dir"];
    train(root.path(), "--dataset cifar10 --data-dir files").refused(1, &[&parts[..], &more].concat());
    train(root.path(), "--dataset cifar10").refused(1, &["data/cifar10\n"]);
    for dataset in ["mnist", "fashion-mnist"] {
        train(root.path(), &format!("--dataset {dataset} --data-dir files"))
            .refused(1, &[&format!("`vapo-train fetch {dataset}`")]);
    }
    assert_eq!(names(root.path()), [""; 0]);
}

#[test]
fn an_array_trains_and_its_rounding_is_said() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("unit.npy"), colours(|index| (index % 256) as f32 / 255.0)).unwrap();
    fs::write(root.path().join("signed.npy"), colours(|index| (index % 256) as f32 / 127.5 - 1.0)).unwrap();
    for (name, range) in [("unit", "[0, 1]"), ("signed", "[-1, 1]")] {
        let told = train(root.path(), &format!("--dataset npy --data-dir {name}.npy --out {name}")).succeeded();
        assert!(told.errors.contains(&format!("npy: floats of {range} are rounded to 256")), "{}", told.errors);
        assert!(told.errors.contains("npy: 2 images of 8×8×3"), "{}", told.errors);
    }
    let checkpoint = |run: &str| fs::read(root.path().join(run).join("checkpoint.safetensors")).unwrap();
    assert!(checkpoint("unit") == checkpoint("signed"));
    vapo_train(root.path(), "--resume --out unit").succeeded();
}

/// A `.npz` archive of bytes: name, axes and values of each array.
pub(crate) fn npz(path: &Path, arrays: &[(&str, &[usize], &[u8])]) {
    let mut archive = zip::ZipWriter::new(fs::File::create(path).unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, axes, values) in arrays {
        archive.start_file(format!("{name}.npy"), stored).unwrap();
        archive.write_all(&[&header("|u1", axes), *values].concat()).unwrap();
    }
    archive.finish().unwrap();
}

#[test]
fn labels_that_cannot_be_read_do_not_stop_training_and_a_classifier_says_why() {
    let root = TempDir::new().unwrap();
    let pixels: Vec<u8> = (0..4 * 64).map(|value| (value * 7 % 256) as u8).collect();
    // A column for each class.
    let columns = [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0];
    let arrays: [(&str, &[usize], &[u8]); 4] = [
        ("train_images", &[4, 8, 8], &pixels),
        ("train_labels", &[4, 3], &columns),
        ("val_images", &[2, 8, 8], &pixels[..128]),
        ("test_images", &[3, 8, 8], &pixels[..192]),
    ];
    npz(&root.path().join("set.npz"), &arrays);
    let told = train(root.path(), "--dataset npy --data-dir set.npz --out run").succeeded();
    let note = "npy: the images are taken without classes; train_labels: expected one class of 0 to 255 an image, found the \
                shape [4, 3]: save y.argmax(1)";
    assert!(told.errors.contains(note), "{}", told.errors);
    let line = "eval --model run/model.vapo --count 2 --steps 2 --dataset npy --data-dir set.npz --out r.json";
    let parts = ["npy has no labels of two or more classes", "(train_labels: expected one class", "save y.argmax(1)"];
    vapo_train(root.path(), line).refused(1, &parts);
    // What is not asked of the classes works without them; MedMNIST's third split is there.
    vapo_train(root.path(), &format!("{line} --features pixels --split valid")).succeeded();
}

#[test]
fn arrays_that_cannot_be_learnt_from_are_refused_and_nothing_is_written() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("wide.npy"), colours(|index| index as f32)).unwrap();
    fs::write(root.path().join("text.npy"), "no array").unwrap();
    fs::create_dir(root.path().join("empty")).unwrap();
    fs::create_dir(root.path().join("tables")).unwrap();
    fs::write(root.path().join("tables/train.csv"), "label,pixel0,pixel1\n5,0,0\n").unwrap();
    fs::write(root.path().join("model.pt"), b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.").unwrap();
    train(root.path(), "--dataset npy").refused(2, &["--dataset npy", ".npz", "--data-dir"]);
    for (path, parts) in [
        ("wide.npy", &["wide.npy: wide: ", "[0, 1] or [-1, 1], found 0 to 383"][..]),
        ("text.npy", &["text.npy: text: ", "magic"]),
        ("model.pt", &["model.pt: found a file of PyTorch", "numpy.save('x.npy', torch.load(FILE).numpy())"]),
        ("tables", &["npy is not here", "train.csv: found a table of numbers with commas", "numpy.savez('x.npz'"]),
        ("absent.npz", &["npy is not here", "absent.npz", "numpy.savez"]),
        ("empty", &["npy is not here", "*.npz, *.npy", "empty"]),
    ] {
        train(root.path(), &format!("--dataset npy --data-dir {path}")).refused(1, parts);
    }
    assert_eq!(names(root.path()), ["model.pt", "tables/train.csv", "text.npy", "wide.npy"]);
}
