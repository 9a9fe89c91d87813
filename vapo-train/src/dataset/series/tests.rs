//! Whole files and folders, to windows.

use crate::dataset::series::{SeriesOptions, load, recordings};
use crate::dataset::{Dataset, DatasetError, Split};
use std::fmt::Write as _;
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::{Scaling, Shape};

const SPLITS: [Split; 3] = [Split::Train, Split::Valid, Split::Test];

/// A folder with files of these names and contents.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(root.path().join(name), text).unwrap();
    }
    root
}

/// `time,a,b` of so many readings, a value at a time of each channel: all are others.
fn table(readings: usize) -> String {
    let mut text = "time,a,b\n".to_owned();
    for reading in 0..readings {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{},{reading},{}", 0.5 * reading as f64, libm::sin(reading as f64));
    }
    text
}

fn of_window(window: u16, stride: u32) -> SeriesOptions {
    SeriesOptions { window: Some(window), stride: NonZeroU32::new(stride), ..SeriesOptions::default() }
}

fn loaded(split: Split, path: &Path, options: &SeriesOptions) -> Dataset {
    load(split, path, options, None).unwrap().unwrap()
}

fn refused(split: Split, path: &Path, options: &SeriesOptions) -> String {
    load(split, path, options, None).unwrap_err().to_string()
}

/// The readings of the first channel that windows start with.
fn first_readings(dataset: &Dataset) -> Vec<f32> {
    let series = dataset.series().unwrap();
    (0..dataset.len()).map(|window| series.raw(window)[0]).collect()
}

#[test]
fn a_file_is_cut_in_the_order_of_time_and_no_window_straddles_a_cut() {
    let root = folder(&[("machine_TRAIN.csv", &table(100))]);
    let file = root.path().join("machine_TRAIN.csv");
    let starts = |split| first_readings(&loaded(split, &file, &of_window(4, 5)));
    let every = |from: usize, to: usize| (from..=to).step_by(5).map(|reading| reading as f32).collect::<Vec<_>>();
    assert_eq!(SPLITS.map(starts), [every(0, 65), every(70, 75), every(80, 95)]);
    let train = loaded(Split::Train, &file, &of_window(4, 5));
    assert_eq!(train.shape(), Shape { channels: 2, height: 1, width: 4 });
    let series = train.series().unwrap();
    assert_eq!(
        (series.channels(), series.rate(), series.window()),
        (&["a".to_owned(), "b".to_owned()][..], Some(2.0), 4)
    );
    assert_eq!(
        (
            series.segments()[0].first,
            loaded(Split::Test, &file, &of_window(4, 5)).series().unwrap().segments()[0].first
        ),
        (0, 80)
    );
    assert_eq!((train.labels(), series.is_anomalous(0)), (None, None));
    // Every window to train with, every eighth otherwise.
    let usual = SeriesOptions { window: Some(4), ..SeriesOptions::default() };
    assert_eq!(SPLITS.map(|split| loaded(split, &file, &usual).len()), [67, 1, 3]);
}

#[test]
fn scaling_is_learned_from_what_is_trained_on_and_is_that_of_all_splits() {
    let root = folder(&[("x.csv", &table(100))]);
    let [train, valid, test] = SPLITS.map(|split| loaded(split, &root.path().join("x.csv"), &of_window(4, 1)));
    assert_eq!((train.scaling(), train.scaling()), (valid.scaling(), test.scaling()));
    let Scaling { offset, scale } = train.scaling()[0];
    // 0 to 69, but for the outermost hundredth: the deviation of a uniform distribution is 70 / √12.
    assert!((34.0..36.0).contains(&offset) && (scale - 70.0 / 12_f32.sqrt()).abs() < 0.5, "{offset} {scale}");
    let mut data = vec![7.0; 3];
    test.fill(&[1], &mut data);
    let raw = test.series().unwrap().raw(1);
    assert_eq!((data.len(), raw[0]), (8, 81.0));
    // What lies beyond is kept.
    assert_eq!((data[0], data[1]), ((81.0 - offset) / scale, test.scaling()[1].value(raw[1])));
    assert!(data[0] > 2.0);

    let own = [Scaling { offset: 1.0, scale: 2.0 }, Scaling { offset: 0.0, scale: 1.0 }];
    let given = load(Split::Test, &root.path().join("x.csv"), &of_window(4, 1), Some(&own)).unwrap().unwrap();
    assert_eq!(given.scaling(), own);
    given.fill(&[0], &mut data);
    assert_eq!(data[0], 39.5);
    let told =
        load(Split::Test, &root.path().join("x.csv"), &of_window(4, 1), Some(&own[..1])).unwrap_err().to_string();
    assert!(told.contains("expected 1 channels") && told.contains("found 2: a, b"), "{told}");
}

#[test]
fn the_names_of_files_say_their_splits() {
    let root = folder(&[
        ("a_TRAIN.csv", &table(10)),
        ("b-train.csv", &table(8)),
        ("Test1.csv", &table(9)),
        ("plain.csv", &table(100)),
        ("notes.md", "x"),
        (".hidden.csv", "x"),
    ]);
    let train = loaded(Split::Train, root.path(), &of_window(8, 1));
    let segments = |set: &Dataset| {
        set.series()
            .unwrap()
            .segments()
            .iter()
            .map(|part| (part.name.clone(), part.readings.len() / 2))
            .collect::<Vec<_>>()
    };
    let expected =
        |names: &[(&str, usize)]| names.iter().map(|(name, length)| ((*name).to_owned(), *length)).collect::<Vec<_>>();
    assert_eq!(segments(&train), expected(&[("a_TRAIN.csv", 10), ("b-train.csv", 8), ("plain.csv", 70)]));
    assert_eq!(train.len(), 3 + 1 + 63);
    assert!(train.notes()[0].contains("1 .md, 1 hidden"), "{:?}", train.notes());
    assert_eq!(segments(&loaded(Split::Valid, root.path(), &of_window(8, 1))), expected(&[("plain.csv", 10)]));
    assert_eq!(
        segments(&loaded(Split::Test, root.path(), &of_window(8, 1))),
        expected(&[("Test1.csv", 9), ("plain.csv", 20)])
    );
    fs::remove_file(root.path().join("plain.csv")).unwrap();
    let told = refused(Split::Valid, root.path(), &of_window(8, 1));
    assert!(told.contains("no valid split") && told.contains("VALID"), "{told}");
    fs::write(root.path().join("train_test.csv"), table(9)).unwrap();
    assert!(refused(Split::Train, root.path(), &of_window(8, 1)).contains("words of several splits"));
    assert!(load(Split::Train, &root.path().join("absent"), &of_window(8, 1), None).unwrap().is_none());
}

#[test]
fn windows_that_touch_gaps_are_left_out_and_counted() {
    let mut lines: Vec<String> = table(40).lines().map(str::to_owned).collect();
    // Reading 5 has a missing value; after reading 20 two are missing, and time shows it.
    lines[6] = "2.5,,0.1".to_owned();
    lines.drain(22..24);
    let root = folder(&[("x_train.csv", &lines.join("\n"))]);
    let set = loaded(Split::Train, &root.path().join("x_train.csv"), &of_window(4, 1));
    // 38 readings, of which 26 are to train with: 23 windows, 4 of them over reading 5, 3 over the gap.
    assert_eq!(set.len(), 23 - 4 - 3);
    let told = set.notes().last().unwrap();
    assert!(told.contains("7 of 23 windows left out: 4 with missing values, 3 across gaps in time"), "{told}");
    let starts = first_readings(&set);
    assert!(!starts.iter().any(|start| (2.0..=5.0).contains(start) || (18.0..=20.0).contains(start)), "{starts:?}");
    // Nothing is missing in what is read uncut.
    assert_eq!(recordings(&root.path().join("x_train.csv"), &of_window(4, 1)).unwrap()[0].len(), 38);
    let all = table(40).replace(",", ",NaN,");
    fs::write(root.path().join("y.csv"), all.replace("time,NaN,a,NaN,b", "time,x,a,y,b")).unwrap();
    let options = SeriesOptions { columns: vec!["x".to_owned(), "a".to_owned()], ..of_window(4, 1) };
    let told =
        load(Split::Train, &root.path().join("y.csv"), &options, Some(&[Scaling::BYTES; 2])).unwrap_err().to_string();
    assert!(told.contains("no window of 4 readings is left") && told.contains("25 of 25"), "{told}");
}

#[test]
fn labels_of_readings_say_which_windows_hold_anomalies() {
    let rows: String = (0..50).map(|reading| format!("{reading},{}\n", u8::from(reading == 45))).collect();
    let root = folder(&[("x.csv", &format!("a,y\n{rows}"))]);
    let options = SeriesOptions { labels: Some("y".to_owned()), ..of_window(2, 1) };
    let test = loaded(Split::Test, &root.path().join("x.csv"), &options);
    let series = test.series().unwrap();
    let anomalous: Vec<usize> = (0..test.len()).filter(|&window| series.is_anomalous(window).unwrap()).collect();
    assert_eq!((test.len(), anomalous, series.channels().len()), (9, vec![4, 5], 1));
    assert_eq!((test.labels(), test.classes()), (None, 0));
    // Those that are trained on are counted.
    let rows: String = (0..50).map(|reading| format!("{reading},{}\n", u8::from(reading == 5))).collect();
    fs::write(root.path().join("x.csv"), format!("a,y\n{rows}")).unwrap();
    let notes = loaded(Split::Train, &root.path().join("x.csv"), &options).notes().join(" ");
    assert!(notes.contains("2 of 34 windows to train with hold anomalies"), "{notes}");
}

const CASES: &str = "@classLabel true up down\n@data\n1,2,3,4:up\n5,6,7,9:down\n2,3,4,5:up\n0,1,0,1:up\n";

#[test]
fn cases_are_windows_of_classes() {
    let root = folder(&[("x_TRAIN.ts", CASES), ("x_TEST.ts", CASES), ("x_TRAIN.tsv", "left out")]);
    let train = loaded(Split::Train, root.path(), &SeriesOptions::default());
    assert_eq!((train.len(), train.shape().width, train.classes()), (4, 4, 2));
    let names: Vec<&str> = train.class_names().unwrap().iter().map(String::as_str).collect();
    assert_eq!((names, train.labels()), (vec!["down", "up"], Some(&[1, 0, 1, 1][..])));
    assert_eq!(train.series().unwrap().is_anomalous(1), None);

    let normal = SeriesOptions { normal: Some("up".to_owned()), ..SeriesOptions::default() };
    let [train, test] = [Split::Train, Split::Test].map(|split| loaded(split, root.path(), &normal));
    assert_eq!((train.labels(), train.classes()), (Some(&[1, 1, 1][..]), 2));
    let anomalous = (0..4).map(|case| test.series().unwrap().is_anomalous(case).unwrap());
    assert_eq!(anomalous.collect::<Vec<_>>(), [false, true, false, false]);
    assert_eq!(train.scaling(), test.scaling());

    // Of one file, each class is cut for itself: seven of ten to train, two to test.
    let lines: String =
        (0..20).map(|case| format!("{case},{}:{}\n", case * case, if case < 10 { "a" } else { "b" })).collect();
    fs::write(root.path().join("one.ts"), format!("@classlabel true\n@data\n{lines}")).unwrap();
    let of = |split| first_readings(&loaded(split, &root.path().join("one.ts"), &SeriesOptions::default()));
    assert_eq!(
        (of(Split::Train).len(), of(Split::Valid), of(Split::Test)),
        (14, vec![7.0, 17.0], vec![8.0, 9.0, 18.0, 19.0])
    );

    let two = folder(&[("x.ts", "@data\n1,2\n2,1\n")]);
    let told = refused(Split::Valid, &two.path().join("x.ts"), &SeriesOptions::default());
    assert!(told.contains("of 2 cases none is in its valid part"), "{told}");

    let told = |options| refused(Split::Train, root.path(), &options);
    let other = SeriesOptions { normal: Some("left".to_owned()), ..SeriesOptions::default() };
    fs::remove_file(root.path().join("one.ts")).unwrap();
    assert!(told(other).contains("--normal left: expected one of its classes, down, up"));
    fs::write(root.path().join("table.csv"), table(100)).unwrap();
    assert!(told(normal.clone()).contains("files of one kind, found table.csv and x_TEST.ts"));
    let told = refused(Split::Train, &root.path().join("table.csv"), &normal);
    assert!(told.contains("--labels COLUMN"), "{told}");
}

#[test]
fn cases_of_several_lengths_need_a_window() {
    let root = folder(&[(
        "x.ts",
        "@data\n1,2,3,4\n3,4,5,6,7,8\n8,9\n2,3,4,5\n5,6,7,8\n1,1,1,2\n1,2,3,4\n1,2,3,4\n0,1,2,3\n1,2,3,4\n",
    )]);
    let file = root.path().join("x.ts");
    let told = refused(Split::Train, &file, &SeriesOptions::default());
    assert!(told.contains("one length, found 2 to 6 readings: give --window"), "{told}");
    let set = loaded(Split::Train, &file, &of_window(4, 2));
    assert_eq!(set.len(), 5 + 2);
    assert!(set.notes().last().unwrap().contains("1 case shorter than a window left out"), "{:?}", set.notes());
    assert!(refused(Split::Train, &file, &of_window(7, 1)).contains("at least 7 readings"));
}

#[test]
fn arrays_hold_what_tables_and_cases_do() {
    use crate::files::array::write::header;
    let root = folder(&[("x.csv", &table(100))]);
    let values: Vec<f64> = (0..100).flat_map(|reading| [f64::from(reading), libm::sin(f64::from(reading))]).collect();
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let npy = |extents: &[usize], bytes: &[u8]| [&header("<f8", extents), bytes].concat();
    fs::write(root.path().join("x.npy"), npy(&[100, 2], &bytes)).unwrap();
    let load = |name: &str| loaded(Split::Train, &root.path().join(name), &of_window(4, 1));
    let (of_table, of_array) = (load("x.csv"), load("x.npy"));
    assert_eq!(of_table.series().unwrap().digest(), of_array.series().unwrap().digest());
    assert_eq!(of_table.scaling(), of_array.scaling());
    // 50 cases of two readings of two channels.
    fs::write(root.path().join("cases.npy"), npy(&[50, 2, 2], &bytes)).unwrap();
    let cases = loaded(Split::Test, &root.path().join("cases.npy"), &SeriesOptions::default());
    assert_eq!((cases.len(), cases.shape().width, first_readings(&cases)[0]), (10, 2, 80.0));
    // A column of labels is no channel.
    let labelled = SeriesOptions { labels: Some("2".to_owned()), ..of_window(4, 1) };
    assert_eq!(loaded(Split::Train, &root.path().join("x.npy"), &labelled).shape().channels, 1);
    fs::write(root.path().join("wide.npy"), npy(&[2, 100], &bytes)).unwrap();
    assert!(refused(Split::Train, &root.path().join("wide.npy"), &of_window(4, 1)).contains("x.T"));
    fs::write(root.path().join("deep.npy"), npy(&[5, 2, 2, 10], &bytes)).unwrap();
    assert!(refused(Split::Train, &root.path().join("deep.npy"), &of_window(4, 1)).contains("(N, W, C)"));
}

#[test]
fn archives_of_arrays_have_splits_and_labels() {
    use crate::files::array::write::header;
    use std::io::Write;
    let root = TempDir::new().unwrap();
    let write = |name: &str, arrays: &[(&str, &str, &[usize], &[u8])]| {
        let mut zip = zip::ZipWriter::new(fs::File::create(root.path().join(name)).unwrap());
        for (name, descr, extents, bytes) in arrays {
            zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&[&header(descr, extents), *bytes].concat()).unwrap();
        }
        zip.finish().unwrap();
        root.path().join(name)
    };
    let values: Vec<u8> = (0..24).collect();
    let split = write(
        "splits.npz",
        &[
            ("x_train", "|u1", &[6, 4, 1], &values),
            ("y_train", "|u1", &[6], &[0, 0, 3, 0, 3, 0]),
            ("x_test", "|u1", &[2, 4, 1], &values[..8]),
            ("y_test", "|u1", &[2], &[3, 0]),
        ],
    );
    let options = SeriesOptions { normal: Some("0".to_owned()), ..SeriesOptions::default() };
    let (train, test) = (loaded(Split::Train, &split, &options), loaded(Split::Test, &split, &options));
    assert_eq!(
        (train.len(), test.labels(), test.class_names().unwrap()),
        (4, Some(&[1, 0][..]), &["0".to_owned(), "3".to_owned()][..])
    );
    let series = write("series.npz", &[("x", "|u1", &[24], &values), ("y", "|u1", &[24], &[0; 24])]);
    let train = loaded(Split::Train, &series, &of_window(4, 1));
    assert_eq!((train.len(), train.series().unwrap().is_anomalous(0)), (13, Some(false)));
    let two = write("two.npz", &[("a", "|u1", &[24], &values), ("b", "|u1", &[24], &values)]);
    assert!(refused(Split::Train, &two, &of_window(4, 1)).contains("one array of readings, named x or data"));
    let unlike = write("unlike.npz", &[("x", "|u1", &[24], &values), ("y", "|u1", &[6], &values[..6])]);
    assert!(refused(Split::Train, &unlike, &of_window(4, 1)).contains("found 6 for 24"));
}

#[test]
fn files_of_a_folder_are_alike() {
    let root = folder(&[("a.csv", &table(100)), ("b.csv", &table(100).replace("a,b", "a,c"))]);
    let told = refused(Split::Train, root.path(), &of_window(4, 1));
    assert!(told.contains("expected the channels a, b as in a.csv, found a, c"), "{told}");
    let options = SeriesOptions { columns: vec!["a".to_owned()], ..of_window(4, 1) };
    assert_eq!(loaded(Split::Train, root.path(), &options).shape().channels, 1);
    let slower: String = (0..100).map(|reading| format!("{reading},{reading}\n")).collect();
    fs::write(root.path().join("b.csv"), format!("time,a\n{slower}")).unwrap();
    assert!(refused(Split::Train, root.path(), &options).contains("one rate, found 2 and 1"));
    let rate = SeriesOptions { rate: Some(2.0), ..options };
    assert_eq!(loaded(Split::Train, root.path(), &rate).series().unwrap().rate(), Some(2.0));
}

#[test]
fn short_cases_do_not_take_the_memory_of_many() {
    use crate::files::array::write::header;
    let root = TempDir::new().unwrap();
    let path = root.path().join("x.npy");
    fs::write(&path, [header("|u1", &[(1 << 22) + 1, 1, 1]), vec![0; (1 << 22) + 1]].concat()).unwrap();
    assert!(refused(Split::Train, &path, &SeriesOptions::default()).contains("at most 4194304 cases"));
}

#[test]
fn what_cannot_be_windowed_or_is_no_series_is_refused() {
    let constant = table(100)
        .replace(",a,b", ",a,b,c")
        .lines()
        .enumerate()
        .fold(String::new(), |text, (line, row)| text + row + if line == 0 { "\n" } else { ",7\n" });
    let root = folder(&[
        ("short.csv", &table(20)),
        ("constant.csv", &constant),
        ("page.csv", "<!DOCTYPE html><title>404</title>"),
        ("sheet.xlsx", "PK\x03\x04"),
    ]);
    let told = |name: &str| refused(Split::Train, &root.path().join(name), &SeriesOptions::default());
    assert!(
        told("short.csv").contains("at least 64 readings") && told("short.csv").contains("found 14 in its train part")
    );
    assert!(told("constant.csv").contains("channel c: expected readings that differ, found 7 in every reading"));
    assert!(told("page.csv").contains("a page of the web"));
    assert!(told("sheet.xlsx").contains("a spreadsheet: save it as"));
    let path = root.path().join("constant.csv");
    let options = SeriesOptions { window: Some(1025), ..SeriesOptions::default() };
    fs::write(&path, table(3000)).unwrap();
    assert!(matches!(load(Split::Train, &path, &options, None), Err(DatasetError::Corrupt { .. })));
    // What begins as a picture does is text all the same.
    fs::write(&path, table(200).replace("time,a,b", "BME280,a,b")).unwrap();
    assert_eq!(loaded(Split::Train, &path, &SeriesOptions::default()).shape().channels, 3);
}

#[test]
fn the_digest_is_of_readings_and_windows_alone() {
    let root =
        folder(&[("x.csv", &table(100)), ("y.csv", &table(100).replace("time,a,b", "t_ms;u;v").replace(',', ";"))]);
    let digest = |name: &str, options: &SeriesOptions| {
        loaded(Split::Train, &root.path().join(name), options).series().unwrap().digest()
    };
    let first = digest("x.csv", &of_window(4, 1));
    for other in
        [of_window(4, 2), of_window(5, 1), SeriesOptions { columns: vec!["b".into(), "a".into()], ..of_window(4, 1) }]
    {
        assert_ne!(digest("x.csv", &other), first);
    }
    // As many windows, elsewhere.
    assert_ne!(digest("x.csv", &of_window(4, 60)), digest("x.csv", &of_window(4, 66)));
    let labelled = SeriesOptions { rate: Some(3.0), ..of_window(4, 1) };
    assert_eq!(digest("x.csv", &labelled), first);
    let renamed = SeriesOptions { columns: vec!["u".into(), "v".into()], ..of_window(4, 1) };
    assert_eq!(digest("y.csv", &renamed), first);
    let other = table(100).replace("\n3.5,7,", "\n3.5,8,");
    fs::write(root.path().join("x.csv"), other).unwrap();
    assert_ne!(digest("x.csv", &of_window(4, 1)), first);
}
