//! Makes a model part of a board's image. A board's `build.rs` calls [`build`], which
//!
//! 1. reads the model's file, that of the environment variable `VAPO_MODEL` or `models/digits.vapo`,
//! 2. plans the memory that sampling it takes by any solver, or by the one of the environment variable `VAPO_SOLVER`, or with
//!    the feature `monitor` the memory that watching a series takes,
//! 3. refuses the model if the program was asked for without its arithmetic or the width of its weights,
//! 4. refuses the model if the board's `memory.x` has too little flash or RAM for it, or says what it takes of both,
//! 5. writes `model.rs`, which the board's program includes, and hands `memory.x` to the linker.
//!
//! The compiler then knows the memory's size, and what the linker finds too large is not the model.

mod board;
mod features;
mod memory;
mod monitor;
mod plan;
mod refusal;
mod script;

pub use board::Board;
pub use features::build_arguments;
pub use memory::Memory;
use refusal::Refusal;
pub use script::Unreadable;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};
use vapo_format::architecture::MAX_NODES;
use vapo_format::model::VERSION;
use vapo_format::threshold::BYTES;
use vapo_format::writer::{file_bytes, renew};
use vapo_format::{Encoding, Model, Structure};
use vapo_sampler::fit::Demand;
use vapo_sampler::{PlanFor, Solver};

/// Beside what a model takes, which is counted for a release.
const NOT_OPTIMISED: &str = ". This counts the program that --release builds; without it, the program takes several times \
                             the flash and the stack, and may overflow either";

/// Has the linker say what to do where it finds the program too large.
fn overflow(optimised: bool) -> String {
    let cause = if optimised {
        "it takes more than memory.x says that programs do: take another compiler, or a smaller model"
    } else {
        "it was built without optimisation, add --release"
    };
    format!(
        "
ASSERT(SIZEOF(.vector_table) + SIZEOF(.text) + SIZEOF(.rodata) + SIZEOF(.data) <= LENGTH(FLASH), \
\"the program overflows the flash: {cause}\");
ASSERT(SIZEOF(.data) + SIZEOF(.bss) + SIZEOF(.uninit) <= LENGTH(RAM), \
\"the program overflows the RAM: {cause}\");
"
    )
}

/// Prepares the image of the board whose build script calls this.
///
/// # Errors
/// Why the model cannot be part of the image, as text for whoever builds it.
pub fn build() -> Result<(), String> {
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let model = model_path(env::var_os("VAPO_MODEL"), &folder)?;
    println!("cargo::rerun-if-env-changed=VAPO_MODEL");
    println!("cargo::rerun-if-env-changed=VAPO_SOLVER");
    println!("cargo::rerun-if-env-changed=VAPO_SERIES");
    println!("cargo::rerun-if-changed={}", model.display());
    println!("cargo::rerun-if-changed=memory.x");

    let (layout, memory) = board::linker_script(&folder)?;
    let board = variable("CARGO_PKG_NAME")?;
    let solver = solver(env::var_os("VAPO_SOLVER"))?;
    let is_set = |name: &str| env::var_os(name).is_some();
    let purpose = Purpose::of_features(is_set, solver);
    let Prepared { bytes, encoding, demand, structure, plan } = prepared(&model, purpose)?;
    features::check(encoding, features::of_package(is_set))
        .map_err(|missing| format!("{}: {missing}", model.display()))?;
    let (series, series_bytes) = match purpose {
        Purpose::Monitor { .. } => monitor::series(env::var_os("VAPO_SERIES"), structure.signal)?,
        Purpose::Sample(_) => (String::new(), 0),
    };
    // Readings lie in flash beside the model.
    let in_flash = Demand { model: demand.model + series_bytes, ..demand };
    let taken = refusal::check(&board, in_flash, memory, encoding.arithmetic())
        .map_err(|refusal: Refusal| refusal.to_string())?;
    let optimised = variable("OPT_LEVEL")? != "0";
    // The one way in which a build script can speak to whoever builds.
    println!("cargo::warning={taken}{}", if optimised { "" } else { NOT_OPTIMISED });

    let script = script(&layout, &out);
    write(&out.join("memory.x"), (layout + &overflow(optimised)).as_bytes())?;
    write(&out.join("model.vapo"), &bytes)?;
    let text = source(demand, structure, &plan, solver.unwrap_or_default()) + &series;
    write(&out.join("model.rs"), text.as_bytes())?;
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-T{script}");
    println!("cargo::rustc-link-arg-bins=--nmagic");
    Ok(())
}

/// The linker's script: that of the runtime, which includes `memory.x`; or `memory.x` itself, where that includes a runtime's parts.
fn script(layout: &str, out: &Path) -> String {
    let is_whole = layout.lines().any(|line| line.trim_start().starts_with("INCLUDE "));
    if is_whole { out.join("memory.x").display().to_string() } else { "link.x".to_owned() }
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}: call this from a board's build script"))
}

/// The file of `VAPO_MODEL`, an absolute path, or the default of a board's folder.
fn model_path(path: Option<OsString>, board: &Path) -> Result<PathBuf, String> {
    match path {
        Some(path) if path.is_empty() => {
            Err("VAPO_MODEL is empty: give the absolute path of a model, or unset it for models/digits.vapo".into())
        }
        Some(path) if Path::new(&path).is_relative() => Err(format!(
            "VAPO_MODEL is {}: give an absolute path, a build script has no working folder",
            path.display()
        )),
        Some(path) => Ok(PathBuf::from(path)),
        None => Ok(board.join("../models/digits.vapo")),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write(path: &Path, contents: &[u8]) -> Result<(), String> {
    fs::write(path, contents).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// The one solver of `VAPO_SOLVER`; none where every solver may be asked for.
fn solver(name: Option<OsString>) -> Result<Option<Solver>, String> {
    let Some(name) = name else { return Ok(None) };
    let solver = Solver::ALL.into_iter().find(|solver| name == solver.name());
    let names = Solver::ALL.map(Solver::name).join(", ");
    let found = if name.is_empty() { "empty".into() } else { name.display().to_string() };
    solver.map(Some).ok_or(format!("VAPO_SOLVER is {found}, expected one of {names}"))
}

/// A model as it goes into an image.
struct Prepared {
    /// Its file.
    bytes: Vec<u8>,
    /// How its weights are stored, and what it is computed in.
    encoding: Encoding,
    /// What it takes of a board.
    demand: Demand,
    /// Where everything lies in its file.
    structure: Structure,
    /// Where everything lies in the memory that it takes.
    plan: PlanFor<MAX_NODES>,
}

/// What a program does with its model.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// Samples it, by one solver or by any.
    Sample(Option<Solver>),
    /// Watches a series.
    Monitor {
        /// Says of anomalies which readings are other than expected.
        explains: bool,
    },
}

impl Purpose {
    /// That of the features of the package that is built. `is_set` says which variables a build script has.
    fn of_features(is_set: impl Fn(&str) -> bool, solver: Option<Solver>) -> Self {
        if is_set("CARGO_FEATURE_MONITOR") {
            Purpose::Monitor { explains: is_set("CARGO_FEATURE_EXPLAIN") }
        } else {
            Purpose::Sample(solver)
        }
    }
}

fn prepared(path: &Path, purpose: Purpose) -> Result<Prepared, String> {
    let bytes = read(path)?;
    let refused = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bytes = renewed(bytes).map_err(|error| refused(&error))?;
    let model = Model::parse(&bytes).map_err(|error| refused(&error))?;
    let plan = match purpose {
        Purpose::Monitor { explains: false } => PlanFor::forward(&model),
        Purpose::Monitor { explains: true } | Purpose::Sample(_) => PlanFor::new(&model),
    };
    let plan = plan.map_err(|error| refused(&error))?;
    let demand = match purpose {
        Purpose::Sample(solver) => Demand::of(&model, solver).map_err(|error| refused(&error))?,
        Purpose::Monitor { explains } => monitor::demand(&model, explains).map_err(|error| refused(&error))?,
    };
    let encoding = model.encoding();
    // Of the newest version.
    let structure = model.structure().ok_or_else(|| refused(&vapo_format::Error::Header))?;
    Ok(Prepared { bytes, encoding, demand, structure, plan })
}

/// The model in the version of the format that boards read.
fn renewed(file: Vec<u8>) -> Result<Vec<u8>, vapo_format::Error> {
    let model = Model::parse(&file)?;
    if model.version() == VERSION {
        return Ok(file);
    }
    let threshold = model.threshold().map_or(0, |_| BYTES);
    let mut renewed = vec![0; file_bytes(&model.architecture(), model.encoding())? + threshold];
    renew(&model, &mut renewed)?;
    Ok(renewed)
}

/// What the board's program includes.
fn source(demand: Demand, structure: Structure, plan: &vapo_sampler::Plan, solver: Solver) -> String {
    let Demand { model, arena, image, .. } = demand;
    let elements = (arena + image) / size_of::<f32>();
    format!(
        "/// The model's file, in flash.\n\
         static MODEL: &vapo_program::Aligned<[u8; {model}]> =\n    \
             &vapo_program::Aligned(*include_bytes!(concat!(env!(\"OUT_DIR\"), \"/model.vapo\")));\n\
         /// Where everything lies in it.\n\
         static STRUCTURE: ::vapo_program::Structure = {};\n\
         /// Elements of memory that sampling the model takes.\n\
         const ELEMENTS: usize = {elements};\n\
         /// Where everything lies in that memory, planned as the image was built.\n\
         static PLAN: {};\n\
         /// The solver of samples that are shown.\n\
         #[allow(dead_code)] // a monitor shows none\n\
         const SOLVER: vapo_program::Solver = vapo_program::Solver::{solver:?};\n",
        plan::structure(structure),
        plan::source(plan)
    )
}

#[cfg(test)]
mod tests {
    use super::{Purpose, model_path, prepared, solver, source};
    use std::path::Path;
    use vapo_sampler::Solver;

    #[test]
    fn one_solver_takes_no_more_memory_than_it_needs() {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/digits.vapo");
        let included = |name: Option<&str>| {
            let solver = solver(name.map(Into::into)).unwrap();
            let prepared = prepared(&model, Purpose::Sample(solver)).unwrap();
            source(prepared.demand, prepared.structure, &prepared.plan, solver.unwrap_or_default())
        };
        let (all, etd2, euler) = (included(None), included(Some("etd2")), included(Some("euler")));
        assert!(all == etd2 && all.contains("Solver::Etd2"), "{all}");
        assert!(euler.contains("Solver::Euler"), "{euler}");
        let elements = |text: &str| -> usize {
            let (_, rest) = text.split_once("const ELEMENTS: usize = ").unwrap();
            rest.split_once(';').unwrap().0.parse().unwrap()
        };
        // One buffer of 8×8 elements less.
        assert_eq!(elements(&all) - elements(&euler), 64);
    }

    #[test]
    fn a_model_of_version_1_is_brought_to_the_version_that_boards_read() {
        let model = |file: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
        let old = prepared(&model("tests/version-1/digits.vapo"), Purpose::Sample(None)).unwrap();
        let new = prepared(&model("tests/version-2/digits.vapo"), Purpose::Sample(None)).unwrap();
        assert_eq!(old.bytes, new.bytes);
        assert_eq!(old.plan, new.plan);
    }

    #[test]
    fn other_solvers_are_refused_by_name() {
        for name in Solver::ALL.map(Solver::name) {
            assert_eq!(solver(Some(name.into())).unwrap().map(Solver::name), Some(name));
        }
        let error = solver(Some("rk4".into())).unwrap_err();
        assert_eq!(error, "VAPO_SOLVER is rk4, expected one of euler, heun, ab2, etd2");
        let error = solver(Some("".into())).unwrap_err();
        assert_eq!(error, "VAPO_SOLVER is empty, expected one of euler, heun, ab2, etd2");
    }

    #[test]
    fn a_model_is_named_by_an_absolute_path() {
        let path = |name: Option<&str>| model_path(name.map(Into::into), Path::new("/firmware/board"));
        assert_eq!(path(Some("/model.vapo")), Ok("/model.vapo".into()));
        assert_eq!(path(None), Ok("/firmware/board/../models/digits.vapo".into()));
        let error = path(Some("")).unwrap_err();
        assert!(error.starts_with("VAPO_MODEL is empty: give the absolute path of a model, or unset it"), "{error}");
        let error = path(Some("model.vapo")).unwrap_err();
        assert!(error.starts_with("VAPO_MODEL is model.vapo: give an absolute path"), "{error}");
    }
}
