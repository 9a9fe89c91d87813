//! The list of CelebA that says which split each image is in.

use crate::dataset::Split;
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes of the largest list that is read.
pub(super) const MAX_FILE: u64 = 1 << 26;
/// Letters of a line that are shown.
const SHOWN: usize = 60;

/// Which split each image is in, by its name.
pub(crate) type Partition = BTreeMap<String, Split>;

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is no text in UTF-8.
    Text,
    /// A line of it is wrong.
    Line {
        /// The line, from 1.
        line: usize,
        /// What would be right.
        expected: &'static str,
        /// Its start.
        found: String,
    },
}

/// Lines of a name and 0 for train, 1 for valid or 2 for test. Tables have a comma or a semicolon between them, a heading, and
/// quotes if the program that wrote them likes them. A byte-order mark is passed over.
pub(crate) fn parse(bytes: &[u8]) -> Result<Partition, Wrong> {
    let text = std::str::from_utf8(bytes).map_err(|_| Wrong::Text)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut map = Partition::new();
    for (index, line) in text.lines().enumerate() {
        let wrong = |expected| Wrong::Line { line: index + 1, expected, found: line.chars().take(SHOWN).collect() };
        let words = line.split([' ', '\t', ',', ';']).map(|word| word.trim_matches(['"', '\'']));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let split = match words[..] {
            [] => continue,
            [_, heading] if heading.eq_ignore_ascii_case("partition") && map.is_empty() => continue,
            [_, "0"] => Split::Train,
            [_, "1"] => Split::Valid,
            [_, "2"] => Split::Test,
            _ => return Err(wrong("an image's name and 0, 1 or 2")),
        };
        if map.insert(words[0].to_owned(), split).is_some_and(|other| other != split) {
            return Err(wrong("each image in one split, not in another too"));
        }
    }
    if map.is_empty() {
        let expected = "an image's name and 0, 1 or 2";
        return Err(Wrong::Line { line: 1, expected, found: String::new() });
    }
    Ok(map)
}

/// The partition with the names that the images have. Where the list says `000001.jpg` and the image is `000001.png`,
/// they are the same; how many names are such is told.
pub(super) fn fitted<Place>(partition: Partition, images: &BTreeMap<String, Place>) -> (Partition, usize) {
    if partition.keys().all(|name| images.contains_key(name)) {
        return (partition, 0);
    }
    let by_stem: BTreeMap<&str, &String> = images.keys().map(|name| (stem(name), name)).collect();
    let (mut fitted, mut renamed) = (Partition::new(), 0);
    for (name, split) in partition {
        match by_stem.get(stem(&name)) {
            Some(&image) if !images.contains_key(&name) => {
                renamed += 1;
                // A name that the list has as it is comes first.
                fitted.entry(image.clone()).or_insert(split);
            }
            _ => {
                fitted.insert(name, split);
            }
        }
    }
    (fitted, renamed)
}

fn stem(name: &str) -> &str {
    Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_programs_write_them() {
        let expected = [("a.jpg", Split::Train), ("b.jpg", Split::Valid), ("c.jpg", Split::Test)]
            .map(|(name, split)| (name.to_owned(), split));
        for text in [
            "a.jpg 0\nb.jpg 1\nc.jpg 2\n",
            "image_id,partition\r\na.jpg,0\r\nb.jpg,1\r\nc.jpg,2\r\n",
            "\"image_id\",\"partition\"\n\"a.jpg\",\"0\"\n\"b.jpg\",1\n'c.jpg','2'\n",
            "\u{feff}a.jpg 0\nb.jpg 1\nc.jpg 2",
            "\u{feff}image_id;Partition\na.jpg;0\nb.jpg;1\nc.jpg;2",
            "\n  a.jpg\t0 \n\nb.jpg   1\nc.jpg 2\na.jpg 0\n",
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), Partition::from(expected.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_line() {
        for (text, at, found) in [
            ("a.jpg 0\nb.jpg 3\n", 2, "b.jpg 3"),
            ("a.jpg\n", 1, "a.jpg"),
            ("", 1, ""),
            ("a 0 0", 1, "a 0 0"),
            ("image_id,partition\n", 1, ""),
            ("a.jpg 0\nimage_id,partition\n", 2, "image_id,partition"),
            ("a.jpg 0\nb.jpg 0\na.jpg 1\n", 3, "a.jpg 1"),
        ] {
            match parse(text.as_bytes()) {
                Err(Wrong::Line { line, found: shown, .. }) => {
                    assert_eq!((line, shown.as_str()), (at, found), "{text}")
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        // UTF-16, as some programs save it.
        assert_eq!(parse(b"\xff\xfea\0.\0j\0p\0g\0"), Err(Wrong::Text));
    }

    #[test]
    fn the_end_of_a_name_does_not_matter_unless_both_are_there() {
        let list = parse(b"1.jpg 0\n2.jpg 2\n3.jpg 1\n").unwrap();
        let images = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), ())).collect::<BTreeMap<_, _>>();
        let (same, renamed) = fitted(list.clone(), &images(&["1.jpg", "2.jpg", "3.jpg"]));
        assert_eq!((same, renamed), (list.clone(), 0));
        let (other, renamed) = fitted(list.clone(), &images(&["1.png", "2.png", "3.jpg", "3.png"]));
        assert_eq!((other, renamed), (parse(b"1.png 0\n2.png 2\n3.jpg 1\n").unwrap(), 2));
        let (missing, renamed) = fitted(list, &images(&["1.png"]));
        assert_eq!((missing, renamed), (parse(b"1.png 0\n2.jpg 2\n3.jpg 1\n").unwrap(), 1));
    }
}
