//! Lines that are drawn again where they stand.
//!
//! Every frame leaves the terminal as it found it: the cursor, which is hidden while the frame is written, is seen again at its end,
//! and colours are reset. So nothing has to be restored, however the program ends. Whoever ends it from another thread waits for the
//! frame that is being written: see [`whole`].

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// How long is waited for a frame, at most: a terminal that is paused takes none.
const PATIENCE: Duration = Duration::from_millis(500);

/// Held while a frame is written.
static WRITING: Mutex<()> = Mutex::new(());

/// Waits until no frame is half-written. None begins while what is returned is kept.
pub(crate) fn whole() -> Option<MutexGuard<'static, ()>> {
    let start = Instant::now();
    loop {
        match WRITING.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if start.elapsed() >= PATIENCE => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Lines on the terminal of the standard output, the last that are there.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    drawn: usize,
}

impl Screen {
    /// Draws lines in place of the earlier ones, unless others write from now on, as `over` says. Each line has to fit the terminal's width,
    /// and all have to fit its height.
    pub(crate) fn draw(&mut self, lines: &[String], over: impl Fn() -> bool) {
        let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        if over() {
            return;
        }
        let frame = self.frame(lines);
        let mut output = io::stdout().lock();
        // Whoever looked on may have gone: training goes on.
        let _ = output.write_all(frame.as_bytes()).and_then(|()| output.flush());
    }

    fn frame(&mut self, lines: &[String]) -> String {
        let up = if self.drawn > 0 { format!("\x1b[{}A", self.drawn) } else { String::new() };
        // The rest of each line, and of the screen, is cleared after what is new is there: so nothing flickers.
        let text: String = lines.iter().map(|line| format!("{line}\x1b[K\n")).collect();
        self.drawn = lines.len();
        format!("\x1b[?25l\r{up}{text}\x1b[J\x1b[?25h")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_drawn_over_the_one_before() {
        let mut screen = Screen::default();
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(screen.frame(&lines("a b")), "\x1b[?25l\ra\x1b[K\nb\x1b[K\n\x1b[J\x1b[?25h");
        assert_eq!(screen.frame(&lines("c")), "\x1b[?25l\r\x1b[2Ac\x1b[K\n\x1b[J\x1b[?25h");
        assert_eq!(screen.frame(&lines("d")), "\x1b[?25l\r\x1b[1Ad\x1b[K\n\x1b[J\x1b[?25h");
    }

    #[test]
    fn whoever_ends_the_program_waits_for_a_frame_but_not_for_ever() {
        let writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let start = Instant::now();
        assert!(whole().is_none() && start.elapsed() >= PATIENCE);
        drop(writing);
        assert!(whole().is_some());
    }
}
