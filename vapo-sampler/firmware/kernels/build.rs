//! The emulated board's memory, 4 MiB in place of flash and 4 MiB of RAM.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let target = env::var("TARGET").expect("Cargo sets it");
    // The board with a core of RV32IMC, that with a Cortex-M33, or that with a Cortex-M4.
    let (flash, ram) = match &*target {
        "riscv32imc-unknown-none-elf" => (0x8000_0000_u32, 0x8040_0000_u32),
        "thumbv8m.main-none-eabihf" => (0x1000_0000, 0x3800_0000),
        _ => (0, 0x2000_0000),
    };
    let mut memory = format!(
        "MEMORY
{{
  FLASH : ORIGIN = {flash:#x}, LENGTH = 4096K
  RAM   : ORIGIN = {ram:#x}, LENGTH = 4096K
}}
"
    );
    if target.starts_with("riscv32") {
        for (region, of) in [("TEXT", "FLASH"), ("RODATA", "FLASH")]
            .into_iter()
            .chain(["DATA", "BSS", "HEAP", "STACK"].map(|region| (region, "RAM")))
        {
            memory += &format!("REGION_ALIAS(\"REGION_{region}\", {of});\n");
        }
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it"));
    fs::write(folder.join("memory.x"), memory).expect("the build's folder can be written");
    println!("cargo::rustc-link-search={}", folder.display());
    println!("cargo::rustc-link-arg=-Tlink.x");
    // The compiler does not tell Armv8-M from others.
    println!("cargo::rustc-check-cfg=cfg(armv8m)");
    if target.starts_with("thumbv8m") {
        println!("cargo::rustc-cfg=armv8m");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
