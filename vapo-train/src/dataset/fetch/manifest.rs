//! The files of a data set, where they are published and the sums that tell them.

use crate::dataset::{Source, cifar10};
use serde::Deserialize;

/// The files of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Address that a file's name is appended to.
    pub base: String,
    /// Bytes that each of them has, at most.
    #[serde(default = "most")]
    pub most: u64,
    /// The files.
    pub files: Vec<Entry>,
}

/// No published file has as many bytes: the largest, of CIFAR-10, has a third.
fn most() -> u64 {
    1 << 29
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name, there and here.
    pub name: String,
    /// The MD5 sum of its bytes, in hexadecimal. Publishers give no other; it tells damage and mix-ups.
    pub md5: String,
}

/// Published as IDX, gzipped; both sets use these names.
const IDX: [&str; 4] = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
];

impl Manifest {
    /// What is published of a data set; none for one that is not there for everybody to get.
    pub fn of(source: Source) -> Option<Self> {
        let (base, files): (_, Vec<(&str, &str)>) = match source {
            Source::Mnist => (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                IDX.into_iter()
                    .zip([
                        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                        "d53e105ee54ea40749a09fcbcd1e9432",
                        "9fb629c4189551a2d022fa330f9573f3",
                        "ec29112dd5afa0611ce80d1b7f02629c",
                    ])
                    .collect(),
            ),
            Source::FashionMnist => (
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                IDX.into_iter()
                    .zip([
                        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                        "25c81989df183df01b3e8a0aad5dffbe",
                        "bef4ecab320f06d8554ea6380940ec79",
                        "bb300cfdad3c16e7a12a480ee83cd310",
                    ])
                    .collect(),
            ),
            Source::Cifar10 => {
                ("https://www.cs.toronto.edu/~kriz/", vec![(cifar10::ARCHIVE, "c32a1d4ab5d03f1284b67883e8d87530")])
            }
            _ => return None,
        };
        let entry = |(name, md5): (&str, &str)| Entry { name: name.to_owned(), md5: md5.to_owned() };
        Some(Manifest { base: base.to_owned(), most: most(), files: files.into_iter().map(entry).collect() })
    }

    /// The address of a file.
    pub fn url(&self, entry: &Entry) -> String {
        format!("{}/{}", self.base.trim_end_matches('/'), entry.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_that_can_be_fetched_has_its_own_sums() {
        let sets: Vec<Manifest> = Source::ALL.into_iter().filter_map(Manifest::of).collect();
        let mut sums: Vec<&str> = sets.iter().flat_map(|set| &set.files).map(|file| file.md5.as_str()).collect();
        let hexadecimal = |sum: &&str| sum.len() == 32 && sum.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
        assert!(sums.len() == 9 && sums.iter().all(hexadecimal));
        sums.sort_unstable();
        sums.dedup();
        assert_eq!(sums.len(), 9);
        assert!(Manifest::of(Source::Digits).is_none() && Manifest::of(Source::Npy).is_none());
    }

    #[test]
    fn an_address_has_one_slash_before_the_name() {
        for base in ["http://here/there", "http://here/there/"] {
            let manifest = Manifest { base: base.to_owned(), ..Manifest::of(Source::Cifar10).unwrap() };
            assert_eq!(manifest.url(&manifest.files[0]), "http://here/there/cifar-10-binary.tar.gz");
        }
    }
}
