//! A server on the loopback interface that hands out files, and misbehaves on request.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a request is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// Whole files, and the parts asked for.
    Good,
    /// Whole files, whatever was asked for.
    Whole,
    /// The length of the answer is told right, but the connection ends after so many bytes.
    CutOff(usize),
    /// So many bytes of the file, and then nothing more for a minute.
    Stall(usize),
    /// Another part than the one asked for.
    OtherPart,
    /// No length is told: the end of the connection is the end of the file.
    Unmeasured,
    /// No file but this status.
    Status(u16),
}

/// A server that runs until the tests end.
pub(crate) struct Server {
    /// Where it listens, with a slash at the end.
    pub(crate) base: String,
    state: Arc<Mutex<State>>,
}

struct State {
    files: BTreeMap<String, Vec<u8>>,
    manners: VecDeque<Manner>,
    requests: Vec<String>,
}

impl Server {
    /// Serves these files below `/set/`. The first answers are given in these manners, all others well.
    pub(crate) fn start(files: &[(&str, &[u8])], manners: &[Manner]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let base = format!("http://{}/set/", listener.local_addr().unwrap());
        let files = files.iter().map(|&(name, bytes)| (format!("/set/{name}"), bytes.to_vec())).collect();
        let state = State { files, manners: manners.iter().copied().collect(), requests: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                // A client that leaves early is its own affair.
                let _ = answer(connection.unwrap(), &shared);
            }
        });
        Server { base, state }
    }

    /// The requests so far: name of the file, and what part of it.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

fn answer(mut connection: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut start = None;
    for line in lines {
        let line = line?;
        match line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            Some(range) => start = range.trim_end_matches('-').parse::<usize>().ok(),
            None if line.is_empty() => break,
            None => {}
        }
    }
    let (manner, file) = {
        let mut state = state.lock().unwrap();
        let part = start.map_or(String::new(), |start| format!(" from {start}"));
        state.requests.push(format!("{}{part}", path.trim_start_matches("/set/")));
        (state.manners.pop_front().unwrap_or(Manner::Good), state.files.get(&path).cloned())
    };
    let refuse = |mut connection: TcpStream, status: u16| {
        write!(connection, "HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    };
    let Some(file) = file else { return refuse(connection, 404) };
    let start = match manner {
        Manner::Status(status) => return refuse(connection, status),
        Manner::Whole => None,
        Manner::OtherPart => Some(1),
        _ => start,
    };
    let body = match start {
        Some(start) if start >= file.len() => return refuse(connection, 416),
        Some(start) => {
            let (last, total) = (file.len() - 1, file.len());
            write!(connection, "HTTP/1.1 206 Partial\r\nContent-Range: bytes {start}-{last}/{total}\r\n")?;
            &file[start..]
        }
        None => {
            write!(connection, "HTTP/1.1 200 OK\r\n")?;
            &file[..]
        }
    };
    if !matches!(manner, Manner::Unmeasured) {
        write!(connection, "Content-Length: {}\r\n", body.len())?;
    }
    write!(connection, "Connection: close\r\n\r\n")?;
    let sent = match manner {
        Manner::CutOff(length) | Manner::Stall(length) => length.min(body.len()),
        _ => body.len(),
    };
    connection.write_all(&body[..sent])?;
    if matches!(manner, Manner::Stall(_)) {
        // Until the client leaves: its end of the connection is then at its end. Nobody else is answered meanwhile.
        connection.set_read_timeout(Some(Duration::from_secs(60)))?;
        let _ = connection.read(&mut [0]);
    }
    Ok(())
}
