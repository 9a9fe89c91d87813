//! What interrupts the program, and what it does then.
//!
//! INT, TERM and HUP ask for the same: to end soon. On Windows, Ctrl-C and a console that closes do. A signal that was
//! ignored when the program started stays ignored: so `nohup` has it, and so shells have it for what runs in the background.
//!
//! Often one intent comes several times: a terminal that closes sends HUP, and so does its shell; `timeout` sends TERM to a process
//! and to its group. All that come within [`SAME`] of the first are one request.

use super::note;
use crate::files::temporary;
use crate::terminal::screen;
use std::io;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Exit code of what was interrupted, as shells have it.
pub(super) const CODE: u8 = 130;

/// Requests within this time of the first are the same request.
const SAME: Duration = Duration::from_secs(1);

/// How a request is met.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Manner {
    /// The program ends at once. What it says then.
    AtOnce(String),
    /// It ends when the step is done and saved; at a second request at once.
    AfterStep,
}

/// What to do about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Leave(String),
    Stop,
    Nothing,
}

struct State {
    manner: Manner,
    /// When the first request came that was not met at once.
    first: Option<Instant>,
}

static STATE: Mutex<State> = Mutex::new(State { manner: Manner::AtOnce(String::new()), first: None });
static STOP: AtomicBool = AtomicBool::new(false);

impl State {
    fn answer(&mut self, now: Instant) -> Answer {
        match (&self.manner, self.first) {
            (Manner::AtOnce(said), _) => Answer::Leave(said.clone()),
            (Manner::AfterStep, None) => {
                self.first = Some(now);
                Answer::Stop
            }
            (Manner::AfterStep, Some(first)) if now.duration_since(first) > SAME => {
                Answer::Leave("left at once: the last checkpoint, if one was written, is whole".to_owned())
            }
            (Manner::AfterStep, Some(_)) => Answer::Nothing,
        }
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on the program ends at once, says so, and leaves no temporary file. Returns whether it was asked to end before:
/// then nothing changes, and the caller ends it.
pub(super) fn at_once(said: &str) -> bool {
    let mut state = state();
    if state.first.is_none() {
        state.manner = Manner::AtOnce(said.to_owned());
    }
    state.first.is_some()
}

/// From now on the first request sets the flag that is returned.
pub(super) fn after_step() -> &'static AtomicBool {
    state().manner = Manner::AfterStep;
    &STOP
}

/// Whether a step shall be the last.
pub(super) fn is_asked() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Meets a request. Nothing else changes the manner meanwhile.
fn request() {
    let mut state = state();
    // What is said comes after the frame that is being drawn.
    let _screen = screen::whole();
    match state.answer(Instant::now()) {
        Answer::Leave(said) => {
            // Held to the end: nobody makes another temporary file.
            let _guard = temporary::remove_all();
            note(&on_its_own_line(&said));
            process::exit(CODE.into());
        }
        Answer::Stop => {
            STOP.store(true, Ordering::Relaxed);
            note(&on_its_own_line("finishing the step, then saving; to leave at once, interrupt again after a second"));
        }
        Answer::Nothing => {}
    }
}

/// A terminal shows `^C`, or a bar, where the line would begin.
fn on_its_own_line(line: &str) -> String {
    if io::IsTerminal::is_terminal(&io::stderr()) { format!("\n{line}") } else { line.to_owned() }
}

/// Begins to heed what interrupts the program.
///
/// # Errors
/// What the system says.
#[cfg(unix)]
pub(super) fn watch() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let heeded = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| !is_ignored(signal));
    let mut signals = signal_hook::iterator::Signals::new(heeded)?;
    let heed = move || signals.forever().for_each(|_| request());
    std::thread::Builder::new().name("interrupts".to_owned()).spawn(heed)?;
    Ok(())
}

/// Whether the system was told to ignore a signal, by whoever started the program.
#[cfg(unix)]
fn is_ignored(signal: libc::c_int) -> bool {
    let mut found = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: Without a new action, `sigaction` changes nothing and only writes the present one, to a place that is large
    // enough for it and that nobody else knows of. Every field of what was zeroed, or written by the system, is initialised.
    let found = unsafe {
        libc::sigaction(signal, std::ptr::null(), found.as_mut_ptr());
        found.assume_init()
    };
    // Where the call fails, zeroes stand for the default.
    found.sa_sigaction == libc::SIG_IGN
}

/// Begins to heed what interrupts the program.
///
/// # Errors
/// What the system says.
#[cfg(not(unix))]
pub(super) fn watch() -> io::Result<()> {
    ctrlc::set_handler(request).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_within_a_second_are_one() {
        let (start, mut state) = (Instant::now(), State { manner: Manner::AfterStep, first: None });
        let mut at = |milliseconds| state.answer(start + Duration::from_millis(milliseconds));
        assert_eq!(at(0), Answer::Stop);
        for soon in [0, 1, 400, 999, 1000] {
            assert_eq!(at(soon), Answer::Nothing, "after {soon} ms");
        }
        for later in [1001, 60_000] {
            assert!(matches!(at(later), Answer::Leave(said) if said.contains("at once")), "after {later} ms");
        }
    }

    #[test]
    fn where_nothing_is_to_be_saved_the_first_request_is_met_at_once() {
        let mut state = State { manner: Manner::AtOnce("bye".to_owned()), first: None };
        assert_eq!(state.answer(Instant::now()), Answer::Leave("bye".to_owned()));
    }
}
