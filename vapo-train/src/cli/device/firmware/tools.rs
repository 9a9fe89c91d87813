//! What a board takes beside the firmware's sources: a tool-chain, an emulator, or what writes to its flash. What is missing is told
//! before a build, with the command that installs it.

use crate::cli::device::board::Board;
use crate::cli::device::core::Core;
use crate::cli::{Code, Failure, quoted};
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether this machine can build for the boards, in the words of the script that knows.
const CAN_BUILD: &str = r#". "$0/route.sh" && { targets_installed || debian_sources_installed; }"#;

/// Checks that a board's firmware can be built and run here.
///
/// # Errors
/// What is missing, and the command that installs it.
pub(super) fn check(board: &Board, firmware: &Path) -> Result<(), Failure> {
    let toolchain = quoted(&firmware.join("toolchain"));
    let missing = |what: String, install: &str| {
        Err(Failure::told(Code::BoardTools, format!("{what}: run {install}, then start again")))
    };
    if !is_installed("bash") {
        return missing(
            "bash is missing, which the firmware's scripts are written for".to_owned(),
            "your system's installer for it",
        );
    }
    if board.is_emulated() {
        let emulator = emulator(board);
        if !is_installed(emulator) {
            return missing(format!("{emulator} is missing, which emulates {}", board.name), &toolchain);
        }
    } else if let Some(program) = runner(board, firmware)?.split_whitespace().next()
        && !is_installed(program)
    {
        return missing(format!("{program} is missing, which writes to the flash of {}", board.name), install(program));
    }
    let can_build =
        Command::new("bash").args(["-c", CAN_BUILD]).arg(firmware).stdin(Stdio::null()).stderr(Stdio::null()).status();
    if !can_build.is_ok_and(|status| status.success()) {
        return missing("the compiler's libraries for the boards are missing".to_owned(), &toolchain);
    }
    Ok(())
}

/// What runs a board's image: of the environment, as Cargo reads it, or of the board's folder.
fn runner(board: &Board, firmware: &Path) -> Result<String, Failure> {
    let path = firmware.join(board.folder).join(".cargo/config.toml");
    let settings = fs::read_to_string(&path)
        .map_err(|cause| Failure::told(Code::BoardTools, format!("cannot read {}: {cause}", path.display())))?;
    let value = |name: &str| {
        settings.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix('"')?.strip_suffix('"'))
    };
    let (Some(runner), Some(target)) = (value("runner ="), value("target =")) else {
        let cause = format!("{}: expected lines `target = \"…\"` and `runner = \"…\"`", path.display());
        return Err(Failure::told(Code::BoardTools, cause));
    };
    let variable = format!("CARGO_TARGET_{}_RUNNER", target.to_uppercase().replace(['-', '.'], "_"));
    Ok(env::var(variable).unwrap_or_else(|_| runner.to_owned()))
}

/// The emulator that the firmware's script `emulate` starts for a board.
fn emulator(board: &Board) -> &'static str {
    if board.core.0 == Core::Rv32 { "qemu-system-riscv32" } else { "qemu-system-arm" }
}

fn install(program: &str) -> &'static str {
    match program {
        "probe-rs" => "cargo install probe-rs-tools --locked (or as https://probe.rs says)",
        "espflash" => "cargo install espflash --locked",
        _ => "its installer",
    }
}

/// Whether a program is there, by its path or in the folders of the variable `PATH`.
fn is_installed(program: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    let is_there = |path: &Path| path.is_file() || path.with_extension("exe").is_file();
    is_there(Path::new(program)) && program.contains('/')
        || env::split_paths(&folders).any(|folder| is_there(&folder.join(program)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::device::board::{BOARDS, named};

    fn firmware() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../vapo-sampler/firmware"))
    }

    #[test]
    fn what_writes_to_each_board_is_known_with_what_installs_it() {
        for board in BOARDS.iter().filter(|board| !board.is_emulated()) {
            let runner = runner(board, firmware()).unwrap();
            let program = runner.split(' ').next().unwrap();
            assert!(install(program).starts_with("cargo install "), "{}: {runner}", board.name);
        }
    }

    /// The script says which it starts.
    #[test]
    fn the_emulators_are_those_of_the_script() {
        let script = fs::read_to_string(firmware().join("emulate")).unwrap();
        assert!(script.contains("emulator=qemu-system-arm\n"));
        for board in BOARDS.iter().filter(|board| board.is_emulated()) {
            let line =
                script.lines().find(|line| line.trim_start().starts_with(&format!("{})", board.folder))).unwrap();
            let other =
                line.split_once("emulator=").map_or("qemu-system-arm", |(_, rest)| rest.split(' ').next().unwrap());
            assert_eq!(emulator(board), other, "{}", board.name);
        }
    }

    #[test]
    fn programs_are_looked_for_where_shells_look() {
        assert!(is_installed("sh") && is_installed("/bin/sh"));
        assert!(
            !is_installed("no-such-program") && !is_installed("/bin/no-such-program") && !is_installed("Cargo.toml")
        );
    }

    #[test]
    fn a_folder_without_settings_is_refused_by_its_path() {
        let root = tempfile::TempDir::new().unwrap();
        let board = named("microbit").unwrap();
        let refused = |root: &Path| runner(board, root).unwrap_err().to_string();
        assert!(refused(root.path()).contains("microbit/.cargo/config.toml: "), "{}", refused(root.path()));
        let folder = root.path().join("microbit/.cargo");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), "[build]\ntarget = \"thumbv6m-none-eabi\"\n").unwrap();
        assert!(refused(root.path()).contains("expected lines"), "{}", refused(root.path()));
    }
}
