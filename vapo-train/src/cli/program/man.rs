//! `vapo-train man`: pages for `man`, one a command.

use crate::cli::options::Plan;
use crate::cli::options::plan::refuse_standard_output;
use crate::cli::{Code, CommandLine, Failure, answer};
use clap::CommandFactory;
use clap_mangen::Man;
use std::fs;
use std::io;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The folder of the pages, made if it is not there [default: the page of the whole program, to the standard output]
    #[arg(value_name = "FOLDER")]
    pub(in crate::cli) folder: Option<PathBuf>,
    /// Replace pages that exist
    #[arg(long, requires = "folder")]
    force: bool,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let pages = pages()?;
    let Some(folder) = &arguments.folder else {
        let (_, page) = &pages[0];
        return answer::text("man", &String::from_utf8_lossy(page));
    };
    refuse_standard_output("FOLDER", folder)?;
    let failed = |cause: io::Error| {
        Failure::told(Code::OutputAccess, format!("cannot make the folder {}: {cause}", folder.display()))
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let paths: Vec<PathBuf> = pages.iter().map(|(name, _)| folder.join(name)).collect();
    let outputs = Plan::new(arguments.force).writes("the page", &paths).check()?;
    for (path, (_, page)) in paths.iter().zip(&pages) {
        outputs.write(path, page)?;
    }
    answer::text("man", &format!("{} pages in {}\n", pages.len(), folder.display()))
}

/// The pages by the names of their files: that of the program, then one a command.
fn pages() -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut program = CommandLine::command().disable_help_subcommand(true);
    program.build();
    let mut all = vec![program];
    // Commands within commands too, as `board run`.
    for at in 0.. {
        let Some(command) = all.get(at) else { break };
        let within = command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
        let within: Vec<clap::Command> = within.cloned().collect();
        all.extend(within);
    }
    let page = |command| {
        let (man, mut page) = (Man::new(command), Vec::new());
        man.render(&mut page)?;
        Ok((man.get_filename(), page))
    };
    let all: io::Result<Vec<_>> = all.into_iter().map(page).collect();
    all.map_err(|cause| Failure::told(Code::Unexpected, format!("cannot make the pages: {cause}")))
}
