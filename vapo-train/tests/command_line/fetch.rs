//! Fetching a data set from a server on the loopback interface: what is kept, and what is not.

use crate::program::{Outcome, command, contents, names, outcome, vapo_train};
use crate::server::{Manner, Server};
use flate2::{Compression, write::GzEncoder};
use md5::{Digest, Md5};
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FILE: &str = "set.bin";

fn md5(bytes: &[u8]) -> String {
    format!("{:x}", Md5::digest(bytes))
}

/// Bytes that no shift of themselves equals.
fn bytes(count: usize) -> Vec<u8> {
    (0..count as u32).flat_map(|value| value.wrapping_mul(2_654_435_761).to_be_bytes()).take(count).collect()
}

/// A root with a manifest of these files.
fn root(files: &[(&str, &[u8])]) -> TempDir {
    let root = TempDir::new().unwrap();
    let entries: Vec<_> =
        files.iter().map(|(name, bytes)| serde_json::json!({ "name": name, "md5": md5(bytes) })).collect();
    let manifest = serde_json::json!({ "base": "http://127.0.0.1:9/", "files": entries });
    fs::write(root.path().join("manifest.json"), manifest.to_string()).unwrap();
    root
}

/// Fetches what the manifest names. A proxy of the machine's has no part in it.
fn fetch(root: &TempDir, base: &str, options: &str) -> Outcome {
    let line = format!("fetch mnist --manifest manifest.json --base {base} --data-dir files {options}");
    outcome(command(root.path(), &line).env("NO_PROXY", "127.0.0.1").output().unwrap())
}

fn file(root: &TempDir) -> PathBuf {
    root.path().join("files/mnist").join(FILE)
}

fn part(root: &TempDir) -> PathBuf {
    root.path().join("files/mnist").join(format!("{FILE}.part"))
}

fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_was_fetched_is_trained_on_and_not_fetched_again() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let images = gzip(&[&[0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0, 8][..], &bytes(9 * 64)].concat());
    let labels = gzip(&[0, 0, 8, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let files: [(&str, &[u8]); 2] = [("train-images-idx3-ubyte.gz", &images), ("train-labels-idx1-ubyte.gz", &labels)];
    let (root, server) = (root(&files), Server::start(&files, &[]));
    let told = fetch(&root, &server.base, "").succeeded();
    assert_eq!(told.output.matches("downloaded, its MD5 sum is right").count(), 2, "{}", told.output);
    let line = told.errors.lines().find_map(|line| line.strip_prefix("next: vapo-train ")).unwrap();
    assert_eq!(line, "--dataset mnist --data-dir files");
    let before = contents(root.path());
    let told = fetch(&root, server.base.trim_end_matches('/'), "").succeeded();
    assert_eq!(told.output.matches("is there already, its MD5 sum is right").count(), 2, "{}", told.output);
    assert!(contents(root.path()) == before && server.requests() == files.map(|(name, _)| name));
    let train = vapo_train(root.path(), &format!("{line} --preset tiny --batch 4 --threads 1 --steps 1")).succeeded();
    assert!(train.errors.contains("mnist: 9 images of 8×8×1"), "{}", train.errors);
}

#[test]
fn a_server_that_sends_without_end_does_not_fill_the_disk() {
    let long = bytes(300_000);
    let root = root(&[(FILE, &long)]);
    let path = root.path().join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["most"] = 100_000.into();
    fs::write(&path, manifest.to_string()).unwrap();
    for manner in [Manner::Good, Manner::Unmeasured] {
        let server = Server::start(&[(FILE, &long)], &[manner]);
        let told = fetch(&root, &server.base, "");
        told.refused(1, &["error[V0214]", "at most 100000 bytes, found more", "--base"]);
        assert!(!file(&root).exists() && !part(&root).exists());
        assert_eq!(server.requests(), [FILE]);
    }
}

#[test]
fn an_answer_cut_off_is_gone_on_with() {
    let bytes = bytes(300_000);
    let root = root(&[(FILE, &bytes)]);
    let server = Server::start(&[(FILE, &bytes)], &[Manner::CutOff(100_000), Manner::CutOff(50_000)]);
    let told = fetch(&root, &server.base, "").succeeded();
    assert!(told.errors.contains("ended after 100000 of 300000 bytes; trying again"), "{}", told.errors);
    assert_eq!(server.requests(), ["set.bin", "set.bin from 100000", "set.bin from 150000"]);
    assert!(fs::read(file(&root)).unwrap() == bytes && !part(&root).exists());
}

#[test]
fn an_unfinished_file_is_kept_aside_and_gone_on_with_by_the_next_command() {
    let bytes = bytes(300_000);
    let root = root(&[(FILE, &bytes)]);
    let server = Server::start(&[(FILE, &bytes)], &[Manner::CutOff(1000)]);
    let parts = ["1000 of 300000", "1000 bytes are kept in", "set.bin.part", "same command"];
    fetch(&root, &server.base, "--retries 0").refused(1, &parts);
    assert!(fs::read(part(&root)).unwrap() == bytes[..1000] && !file(&root).exists());
    fetch(&root, &server.base, "--retries 0").succeeded();
    assert_eq!(server.requests(), ["set.bin", "set.bin from 1000"]);
    assert!(fs::read(file(&root)).unwrap() == bytes && !part(&root).exists());
}

#[test]
fn every_answer_to_a_request_for_the_rest_ends_with_the_right_file() {
    let bytes = bytes(50_000);
    let other: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
    let (whole, from) = ("set.bin".to_owned(), |start: usize| format!("set.bin from {start}"));
    // What lies there, how the server answers, and what it is asked.
    for (there, manners, requests) in [
        (&bytes[..20_000], &[][..], vec![from(20_000)]),
        (&bytes[..20_000], &[Manner::Whole], vec![from(20_000)]),
        (&bytes[..20_000], &[Manner::OtherPart], vec![from(20_000), whole.clone()]),
        (&bytes[..20_000], &[Manner::Whole, Manner::Whole], vec![from(20_000)]),
        (&bytes[..20_000], &[Manner::Status(503)], vec![from(20_000), from(20_000)]),
        (&bytes[..], &[], vec![from(50_000)]),
        (&other[..20_000], &[], vec![from(20_000), whole.clone()]),
        (&[&bytes[..], &[0]].concat(), &[], vec![from(50_001), whole.clone()]),
        (&[], &[Manner::Unmeasured], vec![whole.clone()]),
    ] {
        let root = root(&[(FILE, &bytes)]);
        put(&part(&root), there);
        let server = Server::start(&[(FILE, &bytes)], manners);
        fetch(&root, &server.base, "").succeeded();
        assert_eq!(server.requests(), requests, "{manners:?}");
        assert!(fs::read(file(&root)).unwrap() == bytes && !part(&root).exists(), "{manners:?}");
    }
}

#[test]
fn other_contents_are_not_kept() {
    let (expected, found) = (bytes(5000), bytes(4999));
    for manner in [Manner::Good, Manner::Unmeasured] {
        let root = root(&[(FILE, &expected)]);
        let server = Server::start(&[(FILE, &found)], &[manner]);
        let parts = [&md5(&expected), &md5(&found), "expected a file with the MD5 sum", "nothing was kept", FILE];
        fetch(&root, &server.base, "").refused(1, &parts);
        assert_eq!((server.requests(), names(root.path())), (vec![FILE.to_owned()], vec!["manifest.json".to_owned()]));
    }
    // The published sums are the program's own.
    for (dataset, file, sum) in [
        ("mnist", "train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("fashion-mnist", "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("cifar10", "cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"),
    ] {
        let (root, server) = (TempDir::new().unwrap(), Server::start(&[(file, &found)], &[]));
        let line = format!("fetch {dataset} --base {}", server.base);
        let told = outcome(command(root.path(), &line).env("NO_PROXY", "127.0.0.1").output().unwrap());
        told.refused(1, &[sum, &md5(&found), file]);
        assert_eq!(names(root.path()), [""; 0]);
    }
}

#[test]
fn a_server_without_the_file_is_asked_once_and_one_that_is_busy_again() {
    let bytes = bytes(100);
    let fetched = |manners: &[Manner], options: &str| {
        let (root, server) = (root(&[(FILE, &bytes)]), Server::start(&[(FILE, &bytes)], manners));
        let told = fetch(&root, &server.base, options);
        (told, server.requests().len(), names(root.path()))
    };
    for status in [403, 404, 410] {
        let (told, requests, left) = fetched(&[Manner::Status(status)], "");
        told.refused(1, &[&format!("status {status}"), "set.bin", "--base"]);
        assert_eq!((requests, left), (1, vec!["manifest.json".to_owned()]));
    }
    let (told, requests, _) = fetched(&[Manner::Status(503), Manner::Status(429)], "");
    assert!(told.succeeded().errors.contains("status 503") && requests == 3);
    let (told, requests, left) = fetched(&[Manner::Status(503), Manner::Status(503)], "--retries 1");
    told.refused(1, &["status 503"]);
    assert_eq!((requests, left), (2, vec!["manifest.json".to_owned()]));
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let root = root(&[(FILE, b"bytes")]);
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let told = fetch(&root, &format!("http://{free}/"), "--retries 0");
    told.refused(1, &[&format!("http://{free}/set.bin"), "refused", "check the connection", "--base"]);
    assert_eq!(names(root.path()), ["manifest.json"]);
}

#[test]
fn a_file_of_other_contents_is_replaced_only_by_force_and_only_by_the_right_one() {
    let bytes = bytes(100);
    let root = root(&[(FILE, &bytes)]);
    put(&file(&root), b"mine");
    let server = Server::start(&[(FILE, &bytes)], &[Manner::Status(404)]);
    fetch(&root, &server.base, "").refused(2, &[FILE, &md5(b"mine"), &md5(&bytes), "--force"]);
    assert!(server.requests().is_empty());
    fetch(&root, &server.base, "--force").refused(1, &["status 404"]);
    assert_eq!(names(&root.path().join("files/mnist")), [FILE]);
    assert_eq!(fs::read(file(&root)).unwrap(), b"mine");
    fetch(&root, &server.base, "--force").succeeded();
    assert!(fs::read(file(&root)).unwrap() == bytes);
}

/// What came is kept to be gone on with; that is what an unfinished file is for. One without a byte is of no use.
#[cfg(unix)]
#[test]
fn an_interrupted_download_is_kept_and_gone_on_with() {
    use crate::process::{send, start, wait};
    let bytes = bytes(300_000);
    for (came, requests) in [(70_000, ["set.bin", "set.bin from 70000"]), (0, ["set.bin"; 2])] {
        let root = root(&[(FILE, &bytes)]);
        let server = Server::start(&[(FILE, &bytes)], &[Manner::Stall(came)]);
        let line = format!("fetch mnist --manifest manifest.json --base {} --data-dir files", server.base);
        let mut child = start(root.path(), &line, &[]);
        let there = || fs::metadata(part(&root)).is_ok_and(|part| part.len() == came as u64);
        wait(&mut child, || there() && !server.requests().is_empty());
        send("TERM HUP", &child);
        let told = outcome(child.wait_with_output().unwrap());
        assert_eq!(told.code, Some(130), "{}", told.errors);
        assert!(told.errors.contains(".part; the same command goes on with it"), "{}", told.errors);
        assert_eq!(part(&root).exists(), came > 0);
        fetch(&root, &server.base, "").succeeded();
        assert_eq!(server.requests(), requests);
        assert!(fs::read(file(&root)).unwrap() == bytes && !part(&root).exists());
    }
}

#[test]
fn a_file_in_the_way_is_told_before_the_first_is_fetched() {
    let files: [(&str, &[u8]); 2] = [("one.bin", b"one"), ("two.bin", b"two")];
    let (root, server) = (root(&files), Server::start(&files, &[]));
    put(&root.path().join("files/mnist/two.bin"), b"mine");
    fetch(&root, &server.base, "").refused(2, &["two.bin", &md5(b"mine"), "--force"]);
    assert!(server.requests().is_empty());
    assert_eq!(names(&root.path().join("files/mnist")), ["two.bin"]);
}

#[test]
fn two_programs_do_not_write_one_file() {
    let root = root(&[(FILE, b"bytes")]);
    put(&part(&root), b"by");
    let held = fs::File::open(part(&root)).unwrap();
    held.lock().unwrap();
    let server = Server::start(&[(FILE, b"bytes")], &[]);
    fetch(&root, &server.base, "").refused(1, &["set.bin.part", "another program"]);
    drop(held);
    fetch(&root, &server.base, "").succeeded();
    assert_eq!(server.requests(), ["set.bin from 2"]);
}

#[test]
fn what_cannot_be_fetched_is_refused_and_leaves_nothing() {
    let root = TempDir::new().unwrap();
    for (line, parts) in [
        (
            "celeba",
            &["terms", "no copies", "mmlab.ie.cuhk.edu.hk", "img_align_celeba.zip", "list_eval_partition.txt"][..],
        ),
        ("digits", &["built in"]),
        ("npy", &["your own", "--data-dir"]),
        ("imagenet", &["imagenet", "mnist, fashion-mnist, cifar10"]),
        ("mnist --base ftp://here/", &["--base ftp://here/", "http://"]),
        ("mnist --data-dir -", &["--data-dir -", "expected a name"]),
        ("mnist --retries 101", &["--retries", "0..=100"]),
        ("mnist --manifest absent.json", &["--manifest absent.json"]),
        ("", &["<NAME>"]),
    ] {
        let told = vapo_train(root.path(), &format!("fetch {line}")).refused(2, parts);
        assert_eq!(told.output, "", "{line}");
    }
    assert!(fs::read_dir(root.path()).unwrap().next().is_none());
    for name in ["../set.bin", "/set.bin", "folder/set.bin", "..", ""] {
        let manifest = serde_json::json!({ "base": "http://h/", "files": [{ "name": name, "md5": "00" }] });
        fs::write(root.path().join("manifest.json"), manifest.to_string()).unwrap();
        vapo_train(root.path(), "fetch mnist --manifest manifest.json").refused(2, &["without a folder"]);
    }
    assert_eq!(names(root.path()), ["manifest.json"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let root = root(&[(FILE, b"bytes")]);
    fs::write(root.path().join("files"), b"a file").unwrap();
    fetch(&root, "http://127.0.0.1:9/", "").refused(1, &["cannot make the folder", "files/mnist"]);
}
