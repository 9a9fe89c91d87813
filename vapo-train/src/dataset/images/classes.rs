//! The classes of images in folders: the first folder of an image's path is its class.

use crate::dataset::images::listing::{Classes, Entry};
use std::collections::BTreeSet;

/// Most classes.
const MOST: usize = 256;

/// The first folder of an image's path; none of one that lies in no folder.
fn folder(entry: &Entry) -> Option<&str> {
    entry.name.split_once('/').map(|(folder, _)| folder)
}

/// The folders of images.
pub(super) fn names<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> BTreeSet<String> {
    entries.into_iter().filter_map(folder).map(str::to_owned).collect()
}

/// The classes of a split's images, of which training knows these names.
///
/// # Errors
/// Why there are none, as a sentence for a person.
pub(super) fn classes(entries: &[Entry], names: BTreeSet<String>) -> Result<Classes, String> {
    let names: Vec<String> = names.into_iter().collect();
    if !(2..=MOST).contains(&names.len()) {
        return Err(format!("images lie in {} folders, a class each: expected 2 to {MOST}", names.len()));
    }
    let label = |entry: &Entry| match folder(entry) {
        None => Err(format!("{} lies in no folder, which would be its class", entry.name)),
        Some(folder) => match names.binary_search_by(|name| name.as_str().cmp(folder)) {
            Ok(class) => Ok(class as u8),
            Err(_) => Err(format!("{} is of a class that there is none of to train on", entry.name)),
        },
    };
    let labels = entries.iter().map(label).collect::<Result<Vec<u8>, String>>()?;
    Ok(Classes { names, labels })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::images::listing::Place;

    fn entries(names: &[&str]) -> Vec<Entry> {
        names.iter().map(|name| Entry { name: (*name).to_owned(), place: Place::File((*name).into()) }).collect()
    }

    #[test]
    fn the_first_folder_is_the_class() {
        let found = entries(&["b/x/1.png", "a/2.png", "b/3.png"]);
        let Classes { names, labels } = classes(&found, super::names(&found)).unwrap();
        assert_eq!((names, labels), (vec!["a".to_owned(), "b".to_owned()], vec![1, 0, 1]));
        // A split may lack a class.
        let few = entries(&["b/1.png"]);
        assert_eq!(classes(&few, super::names(&found)).unwrap().labels, [1]);
    }

    #[test]
    fn why_there_are_no_classes_is_said() {
        let refused = |split: &[&str], train: &[&str]| classes(&entries(split), names(&entries(train))).unwrap_err();
        assert!(refused(&["a.png"], &["a.png"]).contains("0 folders"));
        assert!(refused(&["a/1.png"], &["a/1.png"]).contains("1 folders"));
        assert!(refused(&["a/1.png", "2.png"], &["a/1.png", "b/1.png"]).contains("2.png lies in no folder"));
        assert!(refused(&["c/1.png"], &["a/1.png", "b/1.png"]).contains("c/1.png is of a class"));
    }
}
