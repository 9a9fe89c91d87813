//! Where the firmware's sources are: they are no part of the program.

use crate::cli::{Code, Failure};
use std::env;
use std::path::{Path, PathBuf};

/// The firmware's folder in a checkout of the repository.
const WITHIN: &str = "vapo-sampler/firmware";
/// Files that no other folder has together.
const MARKS: [&str; 3] = ["emulate", "cargo", "fit/Cargo.toml"];

/// The firmware's folder: the one given, or that of the checkout which the working folder or this program lies in.
///
/// # Errors
/// There is none.
pub(in crate::cli) fn find(given: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(given) = given {
        return given_or_within(given).ok_or_else(|| {
            Failure::told(Code::BoardTools, format!(
                "--firmware {}: expected the folder {WITHIN} of this program's repository, which holds {}; found no such files there",
                given.display(),
                MARKS.join(", ")
            ))
        });
    }
    let starts = [env::current_dir().ok(), env::current_exe().ok()];
    found_above(starts.iter().flatten()).ok_or_else(|| {
        Failure::told(Code::BoardTools, format!(
            "the boards' firmware is not here: expected a folder {WITHIN} at or above the working folder or this program; clone this \
             program's repository, and give --firmware REPOSITORY/{WITHIN}"
        ))
    })
}

/// The first that is found at or above one of some folders.
fn found_above<'p>(mut starts: impl Iterator<Item = &'p PathBuf>) -> Option<PathBuf> {
    starts.find_map(|start| start.ancestors().find_map(given_or_within))
}

/// A folder that is the firmware's, or the firmware's within a checkout.
fn given_or_within(folder: &Path) -> Option<PathBuf> {
    let found = [folder.to_owned(), folder.join(WITHIN)].into_iter().find(|folder| is_firmware(folder))?;
    // A build runs elsewhere.
    std::path::absolute(found).ok()
}

fn is_firmware(folder: &Path) -> bool {
    MARKS.into_iter().all(|mark| folder.join(mark).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    #[test]
    fn the_firmware_is_found_from_any_folder_of_a_checkout() {
        let root = TempDir::new().unwrap();
        let firmware = root.path().join(WITHIN);
        for mark in MARKS {
            assert_eq!(find(Some(root.path())).map_err(|failure| failure.exit()).unwrap_err(), 1, "before {mark}");
            fs::create_dir_all(firmware.join(mark).parent().unwrap()).unwrap();
            fs::write(firmware.join(mark), "").unwrap();
        }
        for given in [root.path(), &firmware] {
            assert_eq!(find(Some(given)).unwrap(), firmware);
        }
        let below = root.path().join("target/release");
        let board = firmware.join("microbit");
        for start in [&below, &board] {
            assert_eq!(found_above([start].into_iter()), Some(firmware.clone()));
        }
        let elsewhere = TempDir::new().unwrap();
        assert_eq!(found_above([&elsewhere.path().to_owned()].into_iter()), None);
    }

    #[test]
    fn what_is_no_firmware_is_refused_with_what_was_expected() {
        let root = TempDir::new().unwrap();
        let refused = find(Some(root.path())).unwrap_err().to_string();
        assert!(
            refused.starts_with("--firmware ") && refused.contains("expected the folder vapo-sampler/firmware"),
            "{refused}"
        );
    }
}
