//! A training of several ranks: rank 0 tells the others what the run is and where it stands, and they make its steps.

use super::kept::same_images;
use super::{Arguments, refused};
use crate::cli::options::data::load;
use crate::cli::{Code, Failure, interrupt, team};
use crate::dataset::Split;
use crate::run::checkpoint::{Checkpoint, Mismatch};
use crate::run::config::Config;
use crate::team::tell;
use crate::training::{self, Trainer};
use std::num::NonZeroUsize;
use std::path::Path;

/// Tells the other ranks what the run is, and where it stands.
///
/// # Errors
/// A state that could not be loaded again.
pub(super) fn lead(config: &Config, trainer: &Trainer<'_>) -> Result<(), Failure> {
    let team = team::team();
    if team.size() == 1 {
        return Ok(());
    }
    tell(serde_json::to_vec(config)?, 0, team);
    tell(trainer.checkpoint()?.to_bytes(&config.architecture).map_err(mismatch)?, 0, team);
    Ok(())
}

/// Makes the steps of the run that rank 0 leads, of images that this rank reads itself. Writes nothing.
///
/// # Errors
/// Images that are none of the run's, or a training that cannot go on.
pub(super) fn follow(arguments: &Arguments, path: &Path) -> Result<(), Failure> {
    let team = team::team();
    let mut config: Config = serde_json::from_slice(&tell(Vec::new(), 0, team))?;
    let checkpoint = tell(Vec::new(), 0, team);
    let checkpoint = Checkpoint::from_bytes(&checkpoint, &config.architecture).map_err(mismatch)?;
    // Its machine may have others than rank 0's.
    config.threads =
        arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get));
    // And the data elsewhere.
    config.data_dir = arguments.files.data_dir.clone().or(config.data_dir);
    config.cache_dir = arguments.files.cache_dir.clone().or(config.cache_dir);
    let dataset = load(config.dataset, Split::Train, &config.files())?;
    same_images(&config, &dataset, path)?;
    let trainer = Trainer::restore(&config, &dataset, checkpoint).map_err(refused)?;
    let mut trainer = trainer.in_team(team).map_err(refused)?;
    // A launcher sends a signal to all ranks: rank 0 heeds it for them.
    interrupt::after_step();
    Ok(training::follow(&mut trainer)?)
}

/// A checkpoint that is none.
fn mismatch(cause: Mismatch) -> Failure {
    Failure::told(Code::Ranks, format!("the state of the training, between ranks: {cause}"))
}
