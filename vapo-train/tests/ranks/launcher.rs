//! Starts the program on several ranks, and finds their processes.

use crate::outcome::Outcome;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A rank whose launcher is gone has ended by then.
const END: Duration = Duration::from_secs(10);
/// Ranks take seconds to start where the machine has other work.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs one process of the program, with the options of `line`, separated by spaces.
pub(crate) fn one_process(folder: &Path, line: &str) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vapo-train"));
    command.current_dir(folder).args(line.split_whitespace());
    Running::of(command).ended()
}

/// Runs as many ranks with the same options.
pub(crate) fn mpirun(folder: &Path, ranks: usize, line: &str) -> Outcome {
    Running::start(folder, ranks, line).ended()
}

/// Runs a rank with the options of each line.
pub(crate) fn mpirun_each(folder: &Path, lines: &[&str]) -> Outcome {
    Running::of(launcher(folder, lines)).ended()
}

/// `mpirun`, which starts a rank with the options of each line.
fn launcher(folder: &Path, lines: &[&str]) -> Command {
    let mut command = Command::new("mpirun");
    // More ranks than cores, by root too: tests run in containers, whose processes may not read one another's memory either.
    command.current_dir(folder).args(["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]);
    command.args(["--mca", "btl_vader_single_copy_mechanism", "none", "--mca", "mpi_yield_when_idle", "1"]);
    for (index, line) in lines.iter().enumerate() {
        command.args((index > 0).then_some(":")).args(["-n", "1", env!("CARGO_BIN_EXE_vapo-train")]);
        command.args(line.split_whitespace());
    }
    command
}

/// Whether a process ends soon. One that nobody waited for has ended too, though the system still has its number.
pub(crate) fn ends(process: u32) -> bool {
    let start = Instant::now();
    let lives = || {
        let status = fs::read_to_string(format!("/proc/{process}/status"));
        status.is_ok_and(|status| !status.lines().any(|line| line.starts_with("State:") && line.contains('Z')))
    };
    while lives() && start.elapsed() < END {
        thread::sleep(Duration::from_millis(5));
    }
    !lives()
}

/// A program at work. What it says goes to files, so that it never waits for a reader.
pub(crate) struct Running {
    child: Child,
    said: [File; 2],
}

impl Running {
    fn of(mut command: Command) -> Self {
        let said = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
        let [output, errors] = said.each_ref().map(|file| file.try_clone().unwrap());
        let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
        Running { child: child.expect("mpirun is there: see tests/mpi/toolchain"), said }
    }

    /// Starts as many ranks with the same options.
    pub(crate) fn start(folder: &Path, ranks: usize, line: &str) -> Self {
        Self::of(launcher(folder, &vec![line; ranks]))
    }

    /// Waits until the run is so far.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, ready: impl Fn() -> bool) {
        let start = Instant::now();
        while !ready() {
            let ended = self.child.try_wait().unwrap();
            assert!(start.elapsed() < PATIENCE && ended.is_none(), "{ended:?} before it was ready: {}", self.said(1));
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// The ranks with their processes, in their order.
    pub(crate) fn ranks(&self) -> Vec<(usize, u32)> {
        let processes =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        let mut ranks: Vec<_> = processes.filter_map(|process| Some((self.rank_of(process)?, process))).collect();
        ranks.sort_unstable();
        ranks
    }

    /// The rank that a process is of this job, if it is one.
    fn rank_of(&self, process: u32) -> Option<usize> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse::<u32>().ok()?;
        let environment = fs::read(format!("/proc/{process}/environ")).ok().filter(|_| parent == self.child.id())?;
        let rank =
            environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"OMPI_COMM_WORLD_RANK="))?;
        std::str::from_utf8(rank).ok()?.parse().ok()
    }

    /// Sends a signal to a rank.
    pub(crate) fn signal(&self, rank: usize, signal: &str) {
        let process = self.ranks().iter().find(|(found, _)| *found == rank).expect("the rank is there").1;
        assert!(Command::new("kill").args([&format!("-{signal}"), &process.to_string()]).status().unwrap().success());
    }

    /// What it said so far: 0 is the standard output, 1 the standard error stream.
    fn said(&mut self, stream: usize) -> String {
        let mut text = String::new();
        self.said[stream].rewind().unwrap();
        self.said[stream].read_to_string(&mut text).unwrap();
        text
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn ended(mut self) -> Outcome {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if start.elapsed() > PATIENCE => {
                    // What it leaves behind would keep the machine busy: it ends its ranks.
                    self.signal_launcher();
                    panic!("it does not end; it said: {}", self.said(1));
                }
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        Outcome { code: status.code(), output: self.said(0), errors: self.said(1) }
    }

    fn signal_launcher(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}
