//! The training loop with its run folder: metrics, checkpoints, and a way to stop.

use crate::export::picture::loss_curve;
use crate::run::checkpoint::error::contents;
use crate::run::checkpoint::{Checkpoint, CheckpointError};
use crate::run::config::Config;
use crate::run::folder::{CHECKPOINT, LOSS, METRICS};
use crate::run::{Metrics, RunError, RunFolder, read_metrics};
use crate::team::Team;
use crate::training::progress::Watch;
use crate::training::{Trainer, TrainingError};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Steps between two lines of the metrics. The step that a session ends with has a line too.
const LOG_EVERY: u64 = 50;
/// Time between two checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);

/// Why a session ended before its budget.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Training could not go on: it diverged, or the device failed.
    #[error("{cause}; {}", match kept { Some(step) => format!("the checkpoint of step {step} is kept"), None => "no checkpoint was written yet".into() })]
    Training {
        /// Why.
        cause: TrainingError,
        /// Step of the last good checkpoint.
        kept: Option<u64>,
    },
    /// A file of the run folder.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The budget is used up.
    Finished,
    /// It was asked to stop after this step; the checkpoint is written.
    Stopped(u64),
}

/// Trains until the budget is used up or `stop` is set, and tells `watch` of it. Returns the trainer with its last parameters.
///
/// # Errors
/// [`SessionError`]. The last good checkpoint stays.
pub fn train<'a>(
    config: &Config,
    folder: &RunFolder<'_>,
    mut trainer: Trainer<'a>,
    stop: &AtomicBool,
    watch: &mut dyn Watch,
) -> Result<(Trainer<'a>, Ending), SessionError> {
    let metrics_path = folder.file(METRICS);
    let mut log = folder.resume_log(trainer.step())?;
    let earlier = read_metrics(&metrics_path)?.last().map_or(0.0, |line| line.seconds);
    let start = Instant::now();
    let seconds = || earlier + start.elapsed().as_secs_f64();
    let mut window = Window::new(trainer.step(), seconds());
    let mut kept = (trainer.step() > 0).then(|| trainer.step());
    let mut last_checkpoint = Instant::now();

    let (mut used, mut stopped) = (config.budget.progress(trainer.step(), seconds()), false);
    let ending = loop {
        // However little time it is given, a run makes a step: without one there is no model.
        let ending = match used >= 1.0 && trainer.step() > 0 {
            true => Some(Ending::Finished),
            false => stopped.then_some(Ending::Stopped(trainer.step())),
        };
        // The other ranks of a team have neither its clock nor its signals.
        decided(used, ending.is_some(), trainer.team());
        if let Some(ending) = ending {
            break ending;
        }
        let report = trainer.advance(used).map_err(ended(kept))?;
        window.add(report.loss);
        let step = trainer.step();
        let now = seconds();
        (used, stopped) = (config.budget.progress(step, now), stop.load(Ordering::Relaxed));
        if step.is_multiple_of(LOG_EVERY) || used >= 1.0 || stopped {
            let metrics = Metrics {
                step,
                loss: window.mean_loss(),
                lr: report.learning_rate,
                grad_norm: report.gradient_norm,
                images_per_s: window.rate(step, config.batch, now),
                seconds: now,
            };
            folder.log(&mut log, &metrics)?;
            watch.logged(&metrics, config.budget, now - earlier);
            window = Window::new(step, now);
        }
        watch.stepped(config, &trainer);
        if last_checkpoint.elapsed() >= CHECKPOINT_EVERY {
            save(&trainer.checkpoint().map_err(ended(kept))?, config, folder)?;
            (last_checkpoint, kept) = (Instant::now(), Some(step));
        }
    };
    watch.finished();
    save(&trainer.checkpoint().map_err(ended(kept))?, config, folder)?;
    let points: Vec<_> = read_metrics(&metrics_path)?.iter().map(|line| (line.step, line.loss)).collect();
    // A run stopped before its first line of metrics has no curve yet.
    if let Ok(curve) = loss_curve(&points) {
        folder.write(LOSS, &curve.png())?;
    }
    Ok((trainer, ending))
}

/// Makes the steps that rank 0 of a team makes in [`train`], until that ends: for all other ranks. They keep nothing.
///
/// # Errors
/// Training could not go on. Where no state is to blame, but this rank alone, rank 0 does not know of it: whoever calls this has
/// to end it too.
pub fn follow(trainer: &mut Trainer<'_>) -> Result<(), TrainingError> {
    loop {
        // What rank 0 decides takes the place of these.
        let (used, over) = decided(0.0, false, trainer.team());
        if over {
            return Ok(());
        }
        trainer.advance(used)?;
    }
}

/// What rank 0 decides before a step, on every rank: the part of the budget that is used, and whether no step is made any more.
fn decided(used: f64, over: bool, team: &dyn Team) -> (f64, bool) {
    let mut decision = [used, f64::from(u8::from(over))];
    team.broadcast(0, bytemuck::cast_slice_mut(&mut decision));
    (decision[0], decision[1] > 0.0)
}

/// What ends a session whose last good checkpoint is that of the step `kept`.
fn ended(kept: Option<u64>) -> impl Fn(TrainingError) -> SessionError {
    move |cause| SessionError::Training { cause, kept }
}

/// Writes the checkpoint of a run.
///
/// # Errors
/// [`SessionError::Checkpoint`] for one that could not be loaded, [`SessionError::Run`] where the folder is refused.
pub(crate) fn save(checkpoint: &Checkpoint, config: &Config, folder: &RunFolder<'_>) -> Result<(), SessionError> {
    let bytes = checkpoint.to_bytes(&config.architecture).map_err(contents(&folder.file(CHECKPOINT)))?;
    Ok(folder.write(CHECKPOINT, &bytes)?)
}

/// Steps since the last line of the metrics.
struct Window {
    first_step: u64,
    start: f64,
    losses: f64,
    count: u64,
}

impl Window {
    fn new(first_step: u64, start: f64) -> Self {
        Window { first_step, start, losses: 0.0, count: 0 }
    }

    fn add(&mut self, loss: f64) {
        self.losses += loss;
        self.count += 1;
    }

    fn mean_loss(&self) -> f32 {
        (self.losses / self.count.max(1) as f64) as f32
    }

    /// Images a second.
    fn rate(&self, step: u64, batch: usize, now: f64) -> f32 {
        ((step - self.first_step) as f64 * batch as f64 / (now - self.start).max(1e-9)) as f32
    }
}
