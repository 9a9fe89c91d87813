//! Many samples on many threads, with Python's lock released. What is computed does not depend on the threads.
//!
//! Threads live as long as a call: a process that is forked after it has none that hang.

use crate::error::Failure;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long Python's signals wait.
const PATIENCE: Duration = Duration::from_millis(50);

/// Whether work is to go on: what takes long asks between its parts.
pub(crate) enum Watch<'w> {
    /// Of the thread that Python called on: when it last asked for signals.
    Own(Cell<Instant>),
    /// Of a thread beside it, which is told to stop.
    Told(&'w AtomicBool),
}

impl Watch<'_> {
    /// # Errors
    /// There was an interrupt, or a failure elsewhere.
    pub(crate) fn go_on(&self) -> Result<(), Failure> {
        match self {
            Watch::Own(asked) if asked.get().elapsed() > PATIENCE => {
                asked.set(Instant::now());
                Python::attach(|py| py.check_signals()).map_err(Failure::Interrupted)
            }
            Watch::Told(stopped) if stopped.load(Ordering::Relaxed) => Err(Failure::Stopped),
            _ => Ok(()),
        }
    }
}

/// Does every job on so many threads, 0 for one a core. Each thread has memory of its own.
///
/// # Errors
/// The first failure, or an interrupt of Python's. What was begun is ended before, or given up where it asks.
pub(crate) fn spread<J: Send, M>(
    py: Python<'_>,
    threads: usize,
    jobs: impl ExactSizeIterator<Item = J> + Send,
    memory: impl Fn() -> M + Sync,
    work: impl Fn(&mut M, J, &Watch<'_>) -> Result<(), Failure> + Sync,
) -> PyResult<()> {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let threads = if threads == 0 { cores() } else { threads }.min(jobs.len());
    if threads <= 1 {
        return py.detach(|| alone(jobs, &memory, &work));
    }
    let (jobs, failure, stopped) = (Mutex::new(jobs), Mutex::new(None), AtomicBool::new(false));
    let share = |told: Sender<()>| {
        let (mut memory, watch) = (memory(), Watch::Told(&stopped));
        while !stopped.load(Ordering::Relaxed) {
            // A mistake in another thread is its own.
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(job) = job else { break };
            if let Err(cause) = work(&mut memory, job, &watch) {
                // The first failure tells the other threads to stop. That they did is none.
                if !stopped.swap(true, Ordering::Relaxed) {
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
                }
            }
        }
        drop(told);
    };
    py.detach(|| {
        thread::scope(|scope| {
            let (told, ended) = channel();
            for _ in 0..threads {
                let (told, share) = (told.clone(), &share);
                if let Err(cause) = thread::Builder::new().spawn_scoped(scope, move || share(told)) {
                    stopped.store(true, Ordering::Relaxed);
                    return Err(PyRuntimeError::new_err(format!("the system starts no thread: {cause}")));
                }
            }
            drop(told);
            // Nothing is sent: the last thread's end is heard of.
            while ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let asked = Python::attach(|py| py.check_signals());
                if asked.is_err() {
                    stopped.store(true, Ordering::Relaxed);
                    return asked;
                }
            }
            Ok(())
        })
    })?;
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(cause) => Err(cause.into()),
        None => Ok(()),
    }
}

/// Does every job on this thread.
fn alone<J, M>(
    jobs: impl Iterator<Item = J>,
    memory: impl Fn() -> M,
    work: impl Fn(&mut M, J, &Watch<'_>) -> Result<(), Failure>,
) -> PyResult<()> {
    let (mut memory, watch) = (memory(), Watch::Own(Cell::new(Instant::now())));
    for job in jobs {
        work(&mut memory, job, &watch)?;
        watch.go_on()?;
    }
    Ok(())
}
