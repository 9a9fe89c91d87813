//! Tells Armv8-M from other architectures, which the compiler does not tell the source.

use std::env;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(armv8m)");
    if env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv8m")) {
        println!("cargo::rustc-cfg=armv8m");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
