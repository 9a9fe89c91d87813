//! The command line from outside: the program itself, started in an empty folder, and what it says, leaves and refuses.

mod celeba;
mod datasets;
mod inspect;
mod models;
mod objectives;
mod options;
mod overwriting;
mod program;
#[cfg(unix)]
mod resumption;
mod runs;
mod sampling;

#[path = "../../examples/celeba_stand_in/stand_in.rs"]
mod stand_in;
