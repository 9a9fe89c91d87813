//! `vapo-train board list`: the boards.

use crate::cli::device::board::{BOARDS, Board};
use crate::cli::{Failure, answer, print};
use serde::Serialize;
use serde_json::json;

/// A board, for programs.
#[derive(Debug, Serialize)]
struct Row {
    /// What `--board` takes.
    board: &'static str,
    core: &'static str,
    megahertz: f64,
    /// Bytes.
    flash: usize,
    /// Bytes of all its pieces.
    ram: usize,
    /// Bytes of the pieces, the largest first.
    ram_pieces: Vec<usize>,
    /// Whether QEMU runs it.
    emulated: bool,
}

impl Row {
    fn new(board: &Board) -> Self {
        let (core, megahertz) = board.core;
        let memory = board.memory;
        Row {
            board: board.name,
            core: core.name(),
            megahertz,
            flash: memory.flash,
            ram: memory.ram(),
            ram_pieces: memory.ram.into_iter().filter(|&bytes| bytes > 0).collect(),
            emulated: board.is_emulated(),
        }
    }
}

pub(super) fn run() -> Result<(), Failure> {
    let rows: Vec<Row> = BOARDS.iter().map(Row::new).collect();
    print(&table(&rows))?;
    answer::object(&json!({ "command": "board list", "boards": rows }))
}

/// For people.
fn table(rows: &[Row]) -> String {
    let line = |[board, core, megahertz, flash, ram]: [&str; 5], emulated: &str| {
        format!("{board:14} {core:12} {megahertz:>6} {flash:>10} {ram:>10}  {emulated}").trim_end().to_owned() + "\n"
    };
    let mut text = line(["board", "core", "MHz", "flash", "RAM"], "");
    for row in rows {
        let [megahertz, flash, ram] = [row.megahertz.to_string(), kibibytes(row.flash), kibibytes(row.ram)];
        text += &line([row.board, row.core, &megahertz, &flash, &ram], if row.emulated { "emulated" } else { "" });
    }
    text
}

fn kibibytes(bytes: usize) -> String {
    format!("{} KiB", bytes / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_is_listed_with_its_memory() {
        let rows: Vec<Row> = BOARDS.iter().map(Row::new).collect();
        let table = table(&rows);
        assert_eq!(table.lines().count(), 1 + BOARDS.len());
        for line in [
            "board          core            MHz      flash        RAM\n",
            "microbit       Cortex-M0        16    256 KiB     16 KiB  emulated\n",
            "stm32h743      Cortex-M7       400   2048 KiB    992 KiB\n",
        ] {
            assert!(table.contains(line), "{table}");
        }
        assert_eq!(table.matches("emulated").count(), 4);
        let json = serde_json::to_value(Row::new(crate::cli::device::board::named("stm32h743").unwrap())).unwrap();
        let expected = serde_json::json!({
            "board": "stm32h743", "core": "Cortex-M7", "megahertz": 400.0, "flash": 2 << 20, "ram": 992 << 10,
            "ram_pieces": [512 << 10, 288 << 10, 128 << 10, 64 << 10], "emulated": false,
        });
        assert_eq!(json, expected);
    }
}
