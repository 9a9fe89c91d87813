//! The header is the one that the sources make. `VAPO_WRITE_HEADER=1 cargo test -p vapo-c --test header` renews it.

use std::fs;
use std::path::Path;

#[test]
fn the_header_is_that_of_the_sources() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_root_or_default(folder);
    let mut made = Vec::new();
    cbindgen::generate_with_config(folder, config).unwrap().write(&mut made);
    let made = String::from_utf8(made).unwrap();
    let path = folder.join("include/vapo.h");
    if std::env::var_os("VAPO_WRITE_HEADER").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == made,
        "include/vapo.h is stale: renew it by VAPO_WRITE_HEADER=1 cargo test -p vapo-c --test header"
    );
    // Nothing of it is without the prefix, and nothing that is exported is missing.
    let sources =
        fs::read_dir(folder.join("src")).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let exported: Vec<String> = sources.flat_map(|text| names(&text)).collect();
    assert!(exported.len() > 15 && exported.iter().all(|name| name.starts_with("vapo_")), "{exported:?}");
    for name in exported {
        assert!(
            made.contains(&format!(" {name}(")) || made.contains(&format!("*{name}(")),
            "{name} is not in the header"
        );
    }
}

/// Functions that a source exports.
fn names(source: &str) -> Vec<String> {
    let after = source.split("#[unsafe(no_mangle)]").skip(1);
    let name = |text: &str| Some(text.split_once("fn ")?.1.split_once('(')?.0.to_owned());
    after.filter_map(name).collect()
}
