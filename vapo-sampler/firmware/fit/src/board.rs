//! The boards: folders of the firmware with a `memory.x`.

use crate::memory::Memory;
use crate::read;
use std::path::Path;

/// A board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// The name of its folder, and of the package and the program in it.
    pub name: String,
    /// What its `memory.x` says.
    pub memory: Memory,
}

impl Board {
    /// Every board of the firmware, in the order of their names.
    ///
    /// # Errors
    /// A folder or a file that cannot be read.
    pub fn all() -> Result<Vec<Board>, String> {
        let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let refused = |error: std::io::Error| format!("cannot read {}: {error}", firmware.display());
        let mut boards = Vec::new();
        for entry in firmware.read_dir().map_err(refused)? {
            let entry = entry.map_err(refused)?;
            if entry.path().join("memory.x").exists() {
                let name = entry.file_name().to_string_lossy().into_owned();
                boards.push(Board { name, memory: linker_script(&entry.path())?.1 });
            }
        }
        boards.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(boards)
    }
}

/// The text of a board's `memory.x`, and what it says.
pub(crate) fn linker_script(folder: &Path) -> Result<(String, Memory), String> {
    let path = folder.join("memory.x");
    let text = String::from_utf8_lossy(&read(&path)?).into_owned();
    let memory = Memory::parse(&text).map_err(|error| error.to_string())?;
    Ok((text, memory))
}
