//! `vapo-train export`: a model as sources that other programs compile.

use crate::cli::card::{Card, ModelCard};
use crate::cli::options::Plan;
use crate::cli::options::plan::refuse_standard_output;
use crate::cli::{Code, Failure, parse_any_model, print, read_model};
use crate::export::c::{Name, sources};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Model file to write as C sources; they need the library that vapo-sampler/bindings/c makes
    #[arg(long, value_name = "F.vapo")]
    c: PathBuf,
    /// Prefix of the names of files, macros and the array [default: the name of the model file]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Plan memory for energies only: enough for a monitor without explanations, not for samples
    #[arg(long)]
    energies: bool,
    /// Folder for the sources; made if it does not exist
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,
    /// Replace the sources and their card if they exist
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { c: path, out, energies, .. } = arguments;
    refuse_standard_output("--out", out)?;
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let name = arguments.name.as_deref().map_or_else(|| Name::of_file(stem), Name::new).ok_or_else(|| {
        let found = arguments.name.as_ref().map_or(format!("--c {}", path.display()), |name| format!("--name {name}"));
        Failure::Refused(Code::CSources, format!(
            "{found}: expected a name of small letters, digits and `_` that begins with a letter, is no word of C, and has 40 \
             letters at most; give one, as --name digits"
        ))
    })?;
    let bytes = read_model(path)?;
    let model = parse_any_model(path, &bytes)?;
    if *energies && model.signal().height != 1 {
        return Err(Failure::Refused(
            Code::DataKind,
            format!(
                "--energies: a monitor takes a model of a series, of height 1, found one of {}: leave it out",
                model.signal()
            ),
        ));
    }
    let made = sources(&name, &bytes, *energies)
        .map_err(|cause| Failure::told(Code::CSources, format!("{}: {cause}", path.display())))?;

    let [header, source] = ["h", "c"].map(|extension| out.join(format!("{}.{extension}", name.as_str())));
    fs::create_dir_all(out).map_err(|cause| {
        Failure::told(Code::OutputAccess, format!("cannot make the folder {}: {cause}", out.display()))
    })?;
    let plan = Plan::new(arguments.force).reads("--c", [path]);
    let outputs = plan.writes("--out", [&header]).writes_with_card("--out", [&source]).check()?;
    let mut card = Card { models: vec![ModelCard::new(path, &bytes, &model)], ..Card::new("export") };
    card.settings.insert("name".to_owned(), json!(name.as_str()));
    card.settings.insert("energies".to_owned(), json!(energies));
    for (result, value) in [
        ("bytes", Some(made.bytes)),
        ("nodes", Some(made.nodes)),
        ("sampler_elements", made.sampler),
        ("monitor_elements", made.monitor),
    ] {
        value.map(|value| card.results.insert(result.to_owned(), json!(value)));
    }
    outputs.write(&header, made.header.as_bytes())?;
    outputs.write_with_card(&source, made.source.as_bytes(), &card)?;
    let prefix = name.as_str().to_uppercase();
    let mut text = format!("{} bytes of flash in {} and {}\n", made.bytes, source.display(), header.display());
    for (elements, macro_name) in [(made.sampler, "ARENA_BYTES"), (made.monitor, "MONITOR_BYTES")] {
        if let Some(elements) = elements {
            text +=
                &format!("{prefix}_{macro_name} is the RAM: {elements} numbers of 4 bytes, and {} nodes\n", made.nodes);
        }
    }
    print(&text)
}
