//! Models that were distilled, as their run folder knows them: the file itself does not say.

use crate::files::bounded;
use crate::run::folder::{CONFIG, MAX_CONFIG};
use serde_json::Value;
use std::path::Path;

/// The evaluations that the model of a file was distilled for, where the run folder around it says so.
pub(super) fn evaluations(model: &Path) -> Option<u64> {
    // Whatever lies there under this name: a pipe would never end.
    let config = bounded::read_file(&model.parent()?.join(CONFIG), MAX_CONFIG).ok()?;
    let config: Value = serde_json::from_slice(&config).ok()?;
    config.get("distillation")?.get("evaluations")?.as_u64()
}

/// What such a model is not for, in a line; none of a model that was not distilled.
pub(super) fn warning(model: &Path) -> Option<String> {
    let count = evaluations(model)?;
    Some(format!(
        "{} was distilled to draw in {count} evaluations, by --solver euler --steps {count} --temperature 0; its energies, \
         restorations and samples of other steps mean nothing",
        model.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_folder_says_it() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model.vapo");
        assert_eq!(evaluations(&model), None);
        for (config, expected) in [("{}", None), (r#"{"distillation":null}"#, None), ("no JSON", None)] {
            std::fs::write(folder.path().join(CONFIG), config).unwrap();
            assert_eq!(evaluations(&model), expected);
        }
        std::fs::write(folder.path().join(CONFIG), r#"{"distillation":{"evaluations":2}}"#).unwrap();
        assert_eq!(evaluations(&model), Some(2));
        assert!(warning(&model).unwrap().contains("--steps 2 "));
        // No configuration is so large.
        let padded = format!("{}{}", r#"{"distillation":{"evaluations":2}}"#, " ".repeat(MAX_CONFIG as usize));
        std::fs::write(folder.path().join(CONFIG), padded).unwrap();
        assert_eq!(evaluations(&model), None);
    }
}
