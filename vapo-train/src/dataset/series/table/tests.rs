use super::*;

fn read_with(text: &[u8], options: &SeriesOptions) -> Result<Contents, SeriesError> {
    read("x.csv", text, options).unwrap()
}

fn usual(text: &str) -> Recording {
    let Contents { mut recordings, cases, .. } = read_with(text.as_bytes(), &SeriesOptions::default()).unwrap();
    assert!(recordings.len() == 1 && !cases);
    recordings.remove(0)
}

fn refused(text: &[u8]) -> String {
    read_with(text, &SeriesOptions::default()).unwrap_err().to_string()
}

#[test]
fn every_way_to_write_a_table_is_the_same_series() {
    let expected = usual("time,a,b\n0,1,2\n1,3,4\n");
    assert_eq!(
        (expected.channels.as_slice(), expected.readings.as_slice()),
        (&["a".to_owned(), "b".to_owned()][..], &[1.0, 2.0, 3.0, 4.0][..])
    );
    assert_eq!(expected.times.as_deref(), Some(&[0.0, 1.0][..]));
    for text in [
        "time;a;b\n0;1;2\n1;3;4",
        "time\ta\tb\r\n0\t1\t2\r\n1\t3\t4\r\n",
        "\u{feff}\"time\",\"a\",\"b\"\n\"0\",\"1\",\"2\"\n\n1,3,4\n",
        "# time, a , b\n0, 1.0 ,2e0\n1,3,+4.\n",
    ] {
        assert_eq!(usual(text), expected, "{text:?}");
    }
    let bare = usual("1,2\n3,4\n");
    assert_eq!((bare.channels[1].as_str(), bare.readings, bare.times), ("2", vec![1.0, 2.0, 3.0, 4.0], None));
    assert_eq!(usual("a\n1\n2").readings, [1.0, 2.0]);
    assert_eq!(usual("\"a;b\",c\n1,2\n").channels, ["a;b", "c"]);
}

#[test]
fn what_is_missing_is_no_number() {
    let readings = usual("a,b\n1,\nNaN,2\nnull,NA\n1e300,inf\n").readings;
    let missing: Vec<bool> = readings.iter().map(|reading| reading.is_nan()).collect();
    assert_eq!(missing, [false, true, true, false, true, true, true, true]);
}

#[test]
fn text_is_refused_by_its_line_and_column() {
    for (text, parts) in [
        (&b"a,b\n1,2\n3\n"[..], &["line 3", "expected 2 fields", "found 1"][..]),
        (b"a,b\n1,2\n3,x\n", &["line 3", "column b", "\"x\""]),
        (b"a;b\n1;2\n3;4,5\n", &["line 3", "decimal point"]),
        (b"a\n1\n2 3\n", &["line 3", "spaces"]),
        (b"time,a\n2,0\n1,0\n", &["line 3", "column time", "not before 2", "found 1"]),
        (b"time,a\n2,0\nx,0\n", &["line 3", "column time", "\"x\""]),
        (b"time,a\n2024-01-01,0\n2024-13-01,0\n", &["line 3", "2024-13-01"]),
        (b"", &["at least one reading"]),
        (b"a,b\n", &["at least one reading"]),
        (b"\xff\xfea\0,\0", &["UTF-16"]),
        (b"a,b\n1,\0\n", &["bytes of 0"]),
    ] {
        let told = refused(text);
        assert!(parts.iter().all(|part| told.contains(part)), "{told}");
    }
    let wide: String = (0..33).map(|column| format!("{column},")).collect();
    assert!(refused(wide.trim_end_matches(',').as_bytes()).contains("1 to 32 channels, found 33"));
}

#[test]
fn labels_are_read_and_are_no_channel() {
    let labels = SeriesOptions { labels: Some("y".to_owned()), ..SeriesOptions::default() };
    let read = |text: &str| read_with(text.as_bytes(), &labels);
    let recording = read("a,y\n1,0\n2,1\n3,0.0\n4,anomaly\n5,Normal\n6,-1\n").unwrap().recordings.remove(0);
    assert_eq!((recording.channels.len(), recording.readings.len()), (1, 6));
    assert_eq!(recording.anomalous.unwrap(), [false, true, false, true, false, true]);
    let told = read("a,y\n1,0\n2,\n").unwrap_err().to_string();
    assert!(told.contains("line 3, column y"), "{told}");
    assert!(read("a,b\n1,0\n").unwrap_err().to_string().contains("--labels y: expected one of its columns, a, b"));
}

#[test]
fn times_have_the_unit_that_their_name_or_size_says() {
    let times = |text: &str| usual(text).times.unwrap();
    assert_eq!(times("time_ms,a\n0,1\n500,2\n"), [0.0, 0.5]);
    let since_1970 = times("timestamp,a\n1714564800000,1\n1714564800500,2\n");
    assert_eq!(since_1970, [1_714_564_800.0, 1_714_564_800.5]);
    assert_eq!(
        times("Date,Time,a\n2024-05-01,12:00:00,1\n2024-05-01,12:00:01,1\n"),
        [1_714_564_800.0, 1_714_564_801.0]
    );
}

/// The first lines show what columns are, and those after them are read likewise.
#[test]
fn many_lines_are_read_to_their_end() {
    let lines: String = (0..3 * SHOWN).map(|line| format!("{line},{}\n", line * line)).collect();
    let recording = usual(&format!("time,a\n{lines}"));
    assert_eq!(recording.readings.len(), 3 * SHOWN);
    assert!(recording.readings.iter().enumerate().all(|(line, reading)| *reading == (line * line) as f32));
    let told = refused(format!("time,a\n{lines}x,1\n").as_bytes());
    assert!(told.contains(&format!("line {}", 3 * SHOWN + 2)), "{told}");
}
