//! `vapo-train demo`: on a terminal, and elsewhere.

use crate::program::{RUN_FILES, contents, names, vapo_train};
use std::path::Path;
use tempfile::TempDir;

const SHORT: &str = "--steps 3 --threads 1";

/// Elsewhere than on a terminal it trains as the default training does, to the same bytes, and prints text alone.
#[test]
fn it_trains_as_ever_and_draws_digits_as_text() {
    let root = TempDir::new().unwrap();
    let told = vapo_train(root.path(), &format!("demo {SHORT} --seed 4")).succeeded();
    assert!(
        told.errors.contains("digits: 1498 images of 8×8×1; preset digits")
            && told.errors.contains("step      3  loss"),
        "{}",
        told.errors
    );
    assert!(!told.output.contains('\x1b') && !told.errors.contains('\x1b'), "{}", told.output);
    let model = "runs/demo/model.vapo";
    let end = format!("\nmodel  {model}\nto draw on an emulated microbit: vapo-train board run {model}\n");
    assert!(told.output.ends_with(&end), "{}", told.output);
    // Four rows of eight lines, a line between two of them, and one before them.
    let drawn = told.output.trim_end_matches(&end).lines().rev();
    let drawn: Vec<&str> = drawn.take_while(|line| line.chars().all(|letter| " .:-=+*#%@".contains(letter))).collect();
    assert!(drawn.len() >= 36 && drawn.iter().any(|line| line.contains("@@")), "{}", told.output);

    vapo_train(root.path(), &format!("{SHORT} --seed 4 --out plain")).succeeded();
    let (mut demo, mut plain) = (contents(&root.path().join("runs/demo")), contents(&root.path().join("plain")));
    assert_eq!(demo.len(), RUN_FILES.len());
    // Seconds differ, and with them the speed.
    for files in [&mut demo, &mut plain] {
        files.remove(Path::new("metrics.jsonl")).unwrap();
    }
    assert!(demo == plain);
}

#[test]
fn a_run_is_replaced_only_when_asked() {
    let root = TempDir::new().unwrap();
    std::fs::create_dir_all(root.path().join("runs/demo")).unwrap();
    std::fs::write(root.path().join("runs/demo/model.vapo"), "theirs").unwrap();
    vapo_train(root.path(), &format!("demo {SHORT}")).refused(2, &["runs/demo", "--force"]);
    assert_eq!(std::fs::read(root.path().join("runs/demo/model.vapo")).unwrap(), b"theirs");
    vapo_train(root.path(), &format!("demo {SHORT} --force")).succeeded();
    // `demo` itself does not go on with a run.
    let parts = ["error[V0401]", "vapo-train --resume --out runs/demo", "--force"];
    vapo_train(root.path(), &format!("demo {SHORT}")).refused(2, &parts);
    assert_eq!(names(&root.path().join("runs/demo")), RUN_FILES);
}

#[cfg(unix)]
mod on_a_terminal {
    use super::SHORT;
    use crate::process::{has_logged, ignore, send};
    use crate::program::command;
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::{AsRawFd, FromRawFd};
    use std::path::Path;
    use std::process::Child;
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};
    use tempfile::TempDir;

    const PATIENCE: Duration = Duration::from_secs(300);
    const FRAME: (&str, &str) = ("\x1b[?25l", "\x1b[?25h");

    /// A terminal of 80 columns and 24 lines, with a program on it.
    struct Terminal {
        near: File,
        far: File,
        before: Vec<u8>,
        shown: Arc<Mutex<String>>,
        child: Child,
    }

    /// How a terminal is set.
    fn settings(of: &File) -> Vec<u8> {
        // SAFETY: The call writes a whole `termios`, of whose bytes every pattern may be read, where it succeeds; they were zeroed before.
        unsafe {
            let mut found = std::mem::zeroed::<libc::termios>();
            assert_eq!(libc::tcgetattr(of.as_raw_fd(), &mut found), 0);
            std::slice::from_raw_parts((&raw const found).cast::<u8>(), size_of::<libc::termios>()).to_vec()
        }
    }

    /// A folder within what looks like a checkout: the program's own place may lie outside.
    fn root() -> TempDir {
        let root = TempDir::new().unwrap();
        let theirs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vapo-sampler");
        std::os::unix::fs::symlink(theirs, root.path().join("vapo-sampler")).unwrap();
        root
    }

    impl Terminal {
        fn start(root: &Path, line: &str, environment: &[(&str, &str)]) -> Self {
            let (mut near, mut far) = (0, 0);
            let size = libc::winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
            // SAFETY: The first two point to places for descriptors; no name and no settings are asked for; the size is one.
            let opened =
                unsafe { libc::openpty(&mut near, &mut far, std::ptr::null_mut(), std::ptr::null(), &raw const size) };
            assert_eq!(opened, 0);
            // SAFETY: They were just opened, and nobody else has them.
            let (near, far) = unsafe { (File::from_raw_fd(near), File::from_raw_fd(far)) };
            let before = settings(&far);
            let mut command = command(root, line);
            for variable in ["NO_COLOR", "COLORTERM", "CLICOLOR"] {
                command.env_remove(variable);
            }
            command.env("TERM", "xterm-256color").envs(environment.iter().copied());
            command.stdin(far.try_clone().unwrap()).stdout(far.try_clone().unwrap()).stderr(far.try_clone().unwrap());
            ignore(&mut command, &[]);
            let child = command.spawn().unwrap();
            let shown = Arc::new(Mutex::new(String::new()));
            let (mut from, to) = (near.try_clone().unwrap(), shown.clone());
            // Ends with the tests: this program holds the far end, so that reading never does.
            std::thread::spawn(move || {
                let (mut bytes, mut all) = ([0; 4096], Vec::new());
                while let Ok(count) = from.read(&mut bytes) {
                    all.extend_from_slice(&bytes[..count]);
                    *to.lock().unwrap() = String::from_utf8_lossy(&all).into_owned();
                }
            });
            Terminal { near, far, before, shown, child }
        }

        fn shown(&self) -> String {
            self.shown.lock().unwrap().clone()
        }

        fn wait(&self, ready: impl Fn(&str) -> bool) {
            let start = Instant::now();
            while !ready(&self.shown()) {
                assert!(start.elapsed() < PATIENCE, "{}", self.shown());
                std::thread::sleep(Duration::from_millis(10));
            }
        }

        fn type_in(&mut self, text: &str) {
            self.near.write_all(text.as_bytes()).unwrap();
        }

        /// What was shown until the program ended, and with what it did.
        #[track_caller]
        fn end(mut self) -> (Option<i32>, String) {
            let code = self.child.wait().unwrap().code();
            self.far.write_all(b"THE END").unwrap();
            self.wait(|shown| shown.ends_with("THE END"));
            let shown = self.shown();
            assert!(settings(&self.far) == self.before, "the terminal is not set as it was");
            let (hidden, seen) = (shown.matches(FRAME.0).count(), shown.matches(FRAME.1).count());
            assert_eq!(hidden, seen, "the cursor is hidden: {shown}");
            // The last code of a colour ends colours.
            let colour = shown.rmatch_indices("\x1b[").map(|(at, _)| &shown[at..]).find(|code| {
                code.find(|letter: char| letter.is_ascii_alphabetic()).is_some_and(|end| code[end..].starts_with('m'))
            });
            assert!(colour.is_none_or(|code| code.starts_with("\x1b[0m")), "colours go on: {shown}");
            (code, shown)
        }
    }

    /// A test that fails leaves no program that trains for ever.
    impl Drop for Terminal {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[test]
    fn it_draws_in_place_and_an_interruption_leaves_the_terminal_as_it_was() {
        let root = root();
        let terminal = Terminal::start(root.path(), "demo --steps 1000000 --threads 1 --out run", &[]);
        // Frames in colour, each over the one before; the curve has begun.
        terminal.wait(|shown| {
            shown.contains("█") && shown.contains("\x1b[19A") && shown.contains("▀") && shown.contains("\x1b[38;5;")
        });
        terminal.wait(|_| has_logged(root.path(), 1));
        send("INT", &terminal.child);
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(130), "{shown}");
        assert!(!shown.contains("38;2;"), "{shown}");
        // What is said is said after a whole frame, and none follows.
        let (frames, said) = shown.split_once("finishing the step, then saving").unwrap();
        assert!(frames.trim_end().ends_with(FRAME.1) && !said.contains('\x1b'), "{shown}");
        assert!(said.contains("to continue: vapo-train --resume --out run"), "{shown}");
    }

    #[test]
    fn at_its_end_it_asks_whether_the_board_shall_draw() {
        let root = root();
        let mut terminal =
            Terminal::start(root.path(), &format!("demo {SHORT} --out run"), &[("COLORTERM", "truecolor")]);
        terminal.wait(|shown| shown.contains("[y/N] "));
        terminal.type_in("n\n");
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("\x1b[48;2;") && shown.contains("model  run/model.vapo"), "{shown}");
        assert!(shown.contains("vapo-train board run run/model.vapo"), "{shown}");
    }

    #[test]
    fn colours_and_redrawing_may_be_unwanted() {
        let root = root();
        let line = format!("demo {SHORT} --force --out run");
        for (environment, redrawn) in [(("NO_COLOR", "1"), true), (("TERM", "dumb"), false)] {
            let mut terminal = Terminal::start(root.path(), &line, &[environment]);
            terminal.wait(|shown| shown.contains("[y/N] "));
            terminal.type_in("\n");
            let (code, shown) = terminal.end();
            assert_eq!(code, Some(0), "{shown}");
            assert!(shown.contains("@@") && !shown.contains("\x1b[38") && !shown.contains("\x1b[48"), "{shown}");
            assert_eq!(shown.contains(FRAME.0), redrawn, "{shown}");
            assert_eq!(shown.contains('\x1b'), redrawn, "{shown}");
        }
    }
}
