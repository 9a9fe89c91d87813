//! The command line from outside: the program itself, started in an empty folder, and what it says, leaves and refuses.

mod adaptive;
mod archives;
mod boards;
mod calibration;
mod celeba;
mod classes;
#[cfg(unix)]
mod codes;
mod composition;
mod datasets;
mod demo;
mod distillation;
mod evaluation;
mod export;
mod extension;
mod fetch;
mod ignored;
mod images;
mod inpainting;
mod inspect;
mod json;
#[cfg(unix)]
mod likelihood;
mod locking;
mod models;
mod neighbours;
mod next;
mod objectives;
mod options;
mod outcome;
mod overwriting;
mod plan;
#[cfg(unix)]
mod process;
mod program;
mod reflow;
mod results;
#[cfg(unix)]
mod resumption;
mod runs;
mod same_images;
mod sampling;
mod scoring;
mod series;
mod series_samples;
mod series_scores;
mod server;
mod shell;
#[cfg(unix)]
mod signals;
mod start;

#[path = "../../examples/celeba_stand_in/stand_in.rs"]
mod stand_in;
