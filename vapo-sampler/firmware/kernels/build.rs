//! The emulated board's memory, 4 MiB in place of flash and 4 MiB of RAM, and its clock.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let target = env::var("TARGET").expect("Cargo sets it");
    // The board with a Cortex-M33, or that with a Cortex-M4. The emulator takes a nanosecond for an instruction.
    let (flash, ram, megahertz) =
        if target.starts_with("thumbv8m") { (0x1000_0000, 0x3800_0000, 20) } else { (0, 0x2000_0000, 25) };
    let memory = format!(
        "MEMORY
{{
  FLASH : ORIGIN = {flash:#x}, LENGTH = 4096K
  RAM   : ORIGIN = {ram:#x}, LENGTH = 4096K
}}
"
    );
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it"));
    fs::write(folder.join("memory.x"), memory).expect("the build's folder can be written");
    fs::write(folder.join("megahertz.rs"), format!("{megahertz}")).expect("the build's folder can be written");
    println!("cargo::rustc-link-search={}", folder.display());
    println!("cargo::rustc-link-arg=-Tlink.x");
    println!("cargo::rerun-if-changed=build.rs");
}
