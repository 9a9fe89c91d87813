//! What the name of an IDX file says, however the file was renamed on its way.

use crate::dataset::Split;

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Images,
    Labels,
}

/// What a file's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// What comes before the usual name, in lower case: `emnist-letters`. Empty for the files as MNIST has them.
    pub(super) set: String,
    pub(super) split: Split,
    pub(super) part: Part,
}

/// The endings of names, by split and part.
const ENDINGS: [(&str, Split, Part); 6] = [
    ("train-images-idx3-ubyte", Split::Train, Part::Images),
    ("t10k-images-idx3-ubyte", Split::Test, Part::Images),
    ("test-images-idx3-ubyte", Split::Test, Part::Images),
    ("train-labels-idx1-ubyte", Split::Train, Part::Labels),
    ("t10k-labels-idx1-ubyte", Split::Test, Part::Labels),
    ("test-labels-idx1-ubyte", Split::Test, Part::Labels),
];

impl Name {
    /// Reads a name. Case, the number that browsers add to a second copy, dots or underscores in place of dashes, and
    /// the end of a compressed file do not matter.
    pub(super) fn parse(file: &str) -> Option<Self> {
        let plain = without_copy(&file.to_lowercase()).replace(['.', '_', ' '], "-");
        let plain = plain.strip_suffix("-gz").or(plain.strip_suffix("-gzip")).unwrap_or(&plain);
        ENDINGS.iter().find_map(|&(ending, split, part)| {
            let set = plain.strip_suffix(ending)?;
            let apart = set.is_empty() || set.ends_with('-');
            apart.then(|| Name { set: set.trim_matches('-').to_owned(), split, part })
        })
    }
}

/// Which of several files of one meaning is taken: the least. The name as published comes first, unpacked before
/// gzipped, a second copy last.
pub(super) fn rank(file: &str) -> (bool, bool, bool, String) {
    let lower = file.to_lowercase();
    (without_copy(&lower) != lower, lower.contains(".idx"), lower.ends_with("gz"), file.to_owned())
}

/// `train-images-idx3-ubyte (1).gz` without ` (1)`.
fn without_copy(name: &str) -> String {
    let number = |open: usize| {
        let close = open + name[open..].find(')')?;
        let digits = &name[open + 1..close];
        (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(close)
    };
    match name.rfind('(').and_then(|open| Some((open, number(open)?))) {
        Some((open, close)) => format!("{}{}", name[..open].trim_end(), &name[close + 1..]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renamed_files_are_told() {
        for (file, set, split, part) in [
            ("train-images-idx3-ubyte", "", Split::Train, Part::Images),
            ("t10k-labels-idx1-ubyte.gz", "", Split::Test, Part::Labels),
            // Kaggle's.
            ("train-images.idx3-ubyte", "", Split::Train, Part::Images),
            ("t10k-labels.idx1-ubyte", "", Split::Test, Part::Labels),
            ("TRAIN-IMAGES-IDX3-UBYTE.GZ", "", Split::Train, Part::Images),
            // A browser's second copy.
            ("train-images-idx3-ubyte (1)", "", Split::Train, Part::Images),
            ("train-images-idx3-ubyte(2).gz", "", Split::Train, Part::Images),
            ("train-images (1).idx3-ubyte", "", Split::Train, Part::Images),
            ("emnist-balanced-train-images-idx3-ubyte", "emnist-balanced", Split::Train, Part::Images),
            ("emnist-letters-test-labels-idx1-ubyte.gz", "emnist-letters", Split::Test, Part::Labels),
            ("kmnist_train_images_idx3_ubyte", "kmnist", Split::Train, Part::Images),
        ] {
            assert_eq!(Name::parse(file), Some(Name { set: set.to_owned(), split, part }), "{file}");
        }
        for file in [
            "train.csv",
            "train-images-idx3-ubyte.png",
            "constrain-images-idx3-ubyte",
            "train-images-idx1-ubyte",
            "emnist-letters-mapping.txt",
            "(",
            "é(é)train-images-idx3-ubytes",
            "",
        ] {
            assert_eq!(Name::parse(file), None, "{file}");
        }
    }

    #[test]
    fn the_published_name_goes_before_others() {
        let mut files = [
            "train-images-idx3-ubyte (1)",
            "train-images.idx3-ubyte.gz",
            "train-images.idx3-ubyte",
            "train-images-idx3-ubyte.gz",
            "train-images-idx3-ubyte",
        ];
        files.sort_by_key(|file| rank(file));
        assert_eq!(
            files,
            [
                "train-images-idx3-ubyte",
                "train-images-idx3-ubyte.gz",
                "train-images.idx3-ubyte",
                "train-images.idx3-ubyte.gz",
                "train-images-idx3-ubyte (1)",
            ]
        );
    }
}
