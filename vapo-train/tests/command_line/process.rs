//! The program while it runs, and what is sent to it.

use crate::program::command;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use vapo_train::run::read_metrics;

/// Every machine has logged the first steps by then.
const PATIENCE: Duration = Duration::from_secs(60);

/// Has a program ignore the signals `ignored`, and no other of those that tests send, whoever started the tests: `nohup` and shells
/// let their programs ignore some.
pub(crate) fn ignore(command: &mut Command, ignored: &[libc::c_int]) {
    let ignored = ignored.to_vec();
    let dispose = move || {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            let disposition = if ignored.contains(&signal) { libc::SIG_IGN } else { libc::SIG_DFL };
            // SAFETY: `signal` may be called between fork and exec, and these are signals that have dispositions.
            unsafe { libc::signal(signal, disposition) };
        }
        Ok(())
    };
    // SAFETY: What runs between fork and exec calls `signal`, and neither allocates nor locks.
    unsafe { command.pre_exec(dispose) };
}

/// Starts the program in a folder. It ignores the signals `ignored`, and no other of those that tests send.
pub(crate) fn start(root: &Path, line: &str, ignored: &[libc::c_int]) -> Child {
    let mut command = command(root, line);
    // A proxy of the machine's has no part in it.
    command.env("NO_PROXY", "127.0.0.1").stdout(Stdio::piped()).stderr(Stdio::piped());
    ignore(&mut command, ignored);
    command.spawn().unwrap()
}

/// Waits until it is ready.
#[track_caller]
pub(crate) fn wait(child: &mut Child, ready: impl Fn() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(
            start.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(),
            "ended or stuck before it was ready"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Starts a training in `run`, and waits until its log is there with some logged steps.
pub(crate) fn started(root: &Path, line: &str, logged: usize) -> Child {
    let mut child = start(root, line, &[]);
    wait(&mut child, || has_logged(root, logged));
    child
}

/// Whether the training in `run` has logged so many steps.
pub(crate) fn has_logged(root: &Path, logged: usize) -> bool {
    read_metrics(&root.join("run/metrics.jsonl")).is_ok_and(|lines| lines.len() >= logged)
}

/// Sends signals, separated by spaces, in a row.
pub(crate) fn send(signals: &str, child: &Child) {
    let kills: Vec<String> = signals.split(' ').map(|signal| format!("kill -{signal} {}", child.id())).collect();
    // One shell for all: they come within a moment. A process may end at the first of several.
    let sent = Command::new("sh").args(["-c", &kills.join("; ")]).stderr(Stdio::null()).status().unwrap();
    assert!(sent.success() || kills.len() > 1);
}

/// Whether there is a temporary file or folder in a folder.
pub(crate) fn has_parts(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    names.into_iter().any(|name| name.to_string_lossy().ends_with(".part"))
}

/// Every name in a folder, those of folders too, sorted.
pub(crate) fn entries(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
