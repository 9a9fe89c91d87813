//! What a program takes that watches a series.

use crate::read;
use std::ffi::OsString;
use std::path::Path;
use vapo_format::{Model, Shape};
use vapo_sampler::fit::Demand;

/// Energies that there is room to keep while a threshold is learned: that of up to 1,599 windows at a rate of 0.01.
pub(crate) const LEARNED: usize = 16;

/// Of a model: memory for the monitor, for a reading, and for learning.
pub(crate) fn demand(model: &Model<'_>, explains: bool) -> Result<Demand, String> {
    let signal = model.signal();
    if signal.height != 1 {
        return Err(format!("the model is of images of {signal}: a monitor takes a series, of height 1"));
    }
    let demand = Demand::of_monitor(model, explains).map_err(|error| error.to_string())?;
    let beside = (usize::from(signal.channels) + LEARNED) * size_of::<f32>();
    Ok(Demand { arena: demand.arena + beside, ..demand })
}

/// The readings of the file of `VAPO_SERIES`, an absolute path, as Rust, and their bytes; none where there is no such variable.
pub(crate) fn series(path: Option<OsString>, signal: Shape) -> Result<(String, usize), String> {
    const STATIC: &str = "/// Readings that a board without a sensor watches.\n#[allow(dead_code)] // emulated boards take them from the host\nstatic SERIES: &[u8] = ";
    let Some(path) = path else { return Ok((format!("{STATIC}&[];\n"), 0)) };
    let path = Path::new(&path);
    println!("cargo::rerun-if-changed={}", path.display());
    if path.is_relative() {
        return Err(format!(
            "VAPO_SERIES is {}: give an absolute path, a build script has no working folder",
            path.display()
        ));
    }
    let bytes = read(path)?.len();
    let reading = size_of::<f32>() * usize::from(signal.channels);
    if bytes == 0 || !bytes.is_multiple_of(reading) {
        return Err(format!(
            "{}: expected readings of {reading} bytes, a float of 32 bits for each of {} channels, found {bytes} bytes",
            path.display(),
            signal.channels
        ));
    }
    Ok((format!("{STATIC}include_bytes!({path:?});\n"), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vapo_format::model::VERSION;

    fn committed(name: &str) -> Vec<u8> {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name)).unwrap()
    }

    #[test]
    fn images_are_not_watched() {
        let file = committed("digits.vapo");
        let model = Model::parse(&file).unwrap();
        assert_eq!(model.version(), VERSION);
        let error = demand(&model, false).unwrap_err();
        assert_eq!(error, "the model is of images of 8×8×1: a monitor takes a series, of height 1");
    }

    #[test]
    fn a_series_has_a_float_a_channel() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/digits.vapo");
        let bytes = committed("digits.vapo").len();
        assert_eq!(bytes % 4, 0);
        let of = |channels| series(Some(path.clone().into()), Shape { channels, height: 1, width: 8 });
        let (text, counted) = of(1).unwrap();
        assert!(text.contains("static SERIES: &[u8] = include_bytes!(\"") && counted == bytes, "{counted}: {text}");
        let error = of(bytes as u16).unwrap_err();
        assert!(error.contains(&format!("found {bytes} bytes")), "{error}");
        let (text, counted) = series(None, Shape::default()).unwrap();
        assert!(text.ends_with("static SERIES: &[u8] = &[];\n") && counted == 0);
        let error = series(Some("series.f32".into()), Shape::default()).unwrap_err();
        assert!(error.starts_with("VAPO_SERIES is series.f32: give an absolute path"), "{error}");
    }
}
