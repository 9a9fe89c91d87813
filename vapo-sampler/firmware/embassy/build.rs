//! The emulated board's memory. No `memory.x` lies in this folder: it is an example, and not one of the boards.

use std::path::PathBuf;
use std::{env, fs};

/// 4 MiB in place of flash and 4 MiB of RAM.
const MEMORY: &str = "MEMORY
{
  FLASH : ORIGIN = 0x00000000, LENGTH = 4096K
  RAM   : ORIGIN = 0x20000000, LENGTH = 4096K
}
";

fn main() {
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it"));
    fs::write(folder.join("memory.x"), MEMORY).expect("the build's folder can be written");
    println!("cargo::rustc-link-search={}", folder.display());
    println!("cargo::rustc-link-arg=-Tlink.x");
    if env::var_os("CARGO_FEATURE_DEFMT").is_some() {
        println!("cargo::rustc-link-arg=-Tdefmt.x");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
