//! Many samples on many threads, with Python's lock released. What is computed does not depend on the threads.
//!
//! Threads live as long as a call: a process that is forked after it has none that hang.

use crate::error::Failure;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long Python's signals wait.
const PATIENCE: Duration = Duration::from_millis(50);

/// Does every job on so many threads, 0 for one a core. Each thread has memory of its own.
///
/// # Errors
/// The first failure, or an interrupt of Python's. What was begun is ended before.
pub(crate) fn spread<J: Send, M>(
    py: Python<'_>,
    threads: usize,
    jobs: impl ExactSizeIterator<Item = J> + Send,
    memory: impl Fn() -> M + Sync,
    work: impl Fn(&mut M, J) -> Result<(), Failure> + Sync,
) -> PyResult<()> {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let threads = if threads == 0 { cores() } else { threads }.min(jobs.len());
    if threads <= 1 {
        return py.detach(|| alone(jobs, &memory, &work));
    }
    let (jobs, failure, stopped) = (Mutex::new(jobs), Mutex::new(None), AtomicBool::new(false));
    let share = |told: Sender<()>| {
        let mut memory = memory();
        while !stopped.load(Ordering::Relaxed) {
            // A mistake in another thread is its own.
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(job) = job else { break };
            if let Err(cause) = work(&mut memory, job) {
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(cause);
                stopped.store(true, Ordering::Relaxed);
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
    work: impl Fn(&mut M, J) -> Result<(), Failure>,
) -> PyResult<()> {
    let (mut memory, mut asked) = (memory(), Instant::now());
    for job in jobs {
        work(&mut memory, job)?;
        if asked.elapsed() > PATIENCE {
            Python::attach(|py| py.check_signals())?;
            asked = Instant::now();
        }
    }
    Ok(())
}
