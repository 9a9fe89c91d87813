//! One file from a server, whole or not there.
//!
//! Bytes go to `NAME.part`, which an interrupted download leaves and the next one goes on with (HTTP Range). Only a file
//! with the right sum takes the name.

use crate::dataset::fetch::FetchError;
use crate::files::digest::hexadecimal;
use crate::files::temporary::{Entry, Guard, Kind, PART, is_at, remove_if_empty};
use md5::{Digest, Md5};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::http::{Response, header};

/// A server that is silent for this long is given up.
const SILENCE: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(30);
/// Failures are counted anew after so many bytes: a large file over a bad line comes through.
const ADVANCE: u64 = 1 << 20;
const PIECE: usize = 1 << 16;

/// Downloads files, several times if need be.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
    retries: u32,
    pause: Duration,
    most: u64,
    force: bool,
}

/// What came of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was there already.
    Present,
    /// It was downloaded.
    Downloaded,
}

/// What happens while a file comes in.
#[derive(Debug)]
pub enum Event<'a> {
    /// The server answers.
    Begun {
        /// Bytes there already.
        from: u64,
        /// Bytes of the whole file, where the server says so.
        total: Option<u64>,
    },
    /// So many bytes of the file are here.
    Received(u64),
    /// It failed and is tried again after a pause.
    Again(&'a FetchError),
    /// The bytes of an earlier try were another file's: from the start.
    Anew,
}

impl Client {
    /// A client that tries `retries` times more after failures that may pass, first after `pause`, then after twice as
    /// long each time. With `force` it replaces a file of another sum. Of a file it takes `most` bytes: a server that sends without
    /// end does not fill the disk.
    pub fn new(retries: u32, pause: Duration, force: bool, most: u64) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .http_status_as_error(false)
            .user_agent(concat!("vapo-train/", env!("CARGO_PKG_VERSION")))
            .build();
        Client { agent: config.into(), retries, pause, force, most }
    }

    /// Whether a file with this sum is at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or is another one and is not to be replaced.
    pub fn present(&self, path: &Path, md5: &str) -> Result<bool, FetchError> {
        if !path.exists() {
            return Ok(false);
        }
        let found = File::open(path).and_then(|file| sum(&file)).map_err(failed(path))?;
        if found != md5 && !self.force {
            return Err(FetchError::Differs { path: path.to_owned(), expected: md5.to_owned(), found });
        }
        Ok(found == md5)
    }

    /// Gets the file at `url`, whose MD5 sum is `md5` in hexadecimal, to `path`. One of that sum that is there is left
    /// alone. The folder must be there.
    ///
    /// # Errors
    /// See [`FetchError`]. A file at `path` then stands as it was.
    pub fn fetch(
        &self,
        url: &str,
        path: &Path,
        md5: &str,
        told: &mut dyn FnMut(Event<'_>),
    ) -> Result<Outcome, FetchError> {
        if self.present(path, md5)? {
            return Ok(Outcome::Present);
        }
        let mut part = Part::open(path)?;
        self.complete(url, &mut part, md5, told)?;
        part.file.sync_all().map_err(failed(path))?;
        part.finish(path).map_err(failed(path))?;
        Ok(Outcome::Downloaded)
    }

    /// Brings the unfinished file to its end.
    fn complete(
        &self,
        url: &str,
        part: &mut Part,
        md5: &str,
        told: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), FetchError> {
        let (mut earlier, mut failures, mut furthest) = (part.length()? > 0, 0, part.length()?);
        loop {
            match self.transfer(url, part, told) {
                Ok(()) => {
                    let found = part.file.rewind().and_then(|()| sum(&part.file)).map_err(failed(&part.path))?;
                    if found == md5 {
                        return Ok(());
                    }
                    part.clear()?;
                    if !earlier {
                        part.remove_empty();
                        return Err(FetchError::Checksum { url: url.to_owned(), expected: md5.to_owned(), found });
                    }
                    earlier = false;
                    told(Event::Anew);
                }
                Err(cause) => {
                    let length = part.length()?;
                    if length >= furthest + ADVANCE {
                        failures = 0;
                    }
                    furthest = furthest.max(length);
                    if !cause.is_passing() || failures >= self.retries {
                        part.remove_empty();
                        return Err(match length {
                            0 => cause,
                            received => {
                                FetchError::Unfinished { cause: Box::new(cause), part: part.path.clone(), received }
                            }
                        });
                    }
                    told(Event::Again(&cause));
                    std::thread::sleep(self.pause * 2_u32.saturating_pow(failures.min(8)));
                    failures += 1;
                }
            }
        }
    }

    /// Asks once for what is missing and appends what comes.
    fn transfer(&self, url: &str, part: &mut Part, told: &mut dyn FnMut(Event<'_>)) -> Result<(), FetchError> {
        let broken = |cause: String| FetchError::Connection { url: url.to_owned(), cause };
        let mut have = part.length()?;
        let mut request = self.agent.get(url);
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        let mut response = request.call().map_err(|cause| broken(cause.to_string()))?;
        match response.status().as_u16() {
            206 if have > 0 && first_byte(&response) == Some(have) => {}
            206 => {
                part.clear()?;
                return Err(broken("the server sent another part of the file than was asked for".to_owned()));
            }
            // The server sends whole files only.
            200 => {
                part.clear()?;
                have = 0;
            }
            // Nothing is missing, or the bytes are those of a longer file: the sum tells.
            416 if have > 0 => return Ok(()),
            status => return Err(FetchError::Status { url: url.to_owned(), status }),
        }
        let total = response.body().content_length().map(|length| have + length);
        told(Event::Begun { from: have, total });
        part.file.seek(SeekFrom::End(0)).map_err(failed(&part.path))?;
        let mut reader = response.body_mut().as_reader();
        let mut piece = vec![0; PIECE];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => break,
                Ok(length) if have + length as u64 > self.most => {
                    part.clear()?;
                    return Err(FetchError::TooLong { url: url.to_owned(), most: self.most });
                }
                Ok(length) => {
                    part.file.write_all(&piece[..length]).map_err(failed(&part.path))?;
                    have += length as u64;
                    told(Event::Received(have));
                }
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    return Err(match total {
                        Some(expected) if cause.kind() == io::ErrorKind::UnexpectedEof => {
                            FetchError::CutOff { url: url.to_owned(), expected, found: have }
                        }
                        _ => broken(cause.to_string()),
                    });
                }
            }
        }
        match total {
            Some(expected) if have < expected => Err(FetchError::CutOff { url: url.to_owned(), expected, found: have }),
            _ => Ok(()),
        }
    }
}

/// Place in the file of the first byte of a partial answer, `bytes FIRST-LAST/TOTAL`.
fn first_byte<B>(response: &Response<B>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

/// The unfinished file, which one program at a time writes. Nothing to go on from need not lie about: empty, it is a
/// temporary file.
struct Part {
    path: PathBuf,
    file: File,
    entry: Entry,
}

impl Part {
    /// The unfinished file of `path`, with what an earlier download left.
    fn open(path: &Path) -> Result<Self, FetchError> {
        let mut name = path.as_os_str().to_owned();
        name.push(PART);
        let path = PathBuf::from(name);
        let mut guard = Guard::new();
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = options.map_err(failed(&path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(FetchError::Busy { path }),
            // File systems without locks go without.
            Ok(()) | Err(TryLockError::Error(_)) => {
                // Whoever held the lock may have finished the file between our opening and our locking.
                if !is_at(&file, &path).map_err(failed(&path))? {
                    return Err(FetchError::Busy { path });
                }
                let entry = guard.register(Kind::EmptyFile, &path);
                Ok(Part { path, file, entry })
            }
        }
    }

    fn length(&self) -> Result<u64, FetchError> {
        self.file.metadata().map(|file| file.len()).map_err(failed(&self.path))
    }

    fn clear(&mut self) -> Result<(), FetchError> {
        self.file.set_len(0).and_then(|()| self.file.rewind()).map_err(failed(&self.path))
    }

    /// That it cannot be removed is no failure of its own.
    fn remove_empty(&self) {
        let _guard = Guard::new();
        let _ = remove_if_empty(&self.path);
    }

    /// Gives the file its name.
    fn finish(self, path: &Path) -> io::Result<()> {
        let mut guard = Guard::new();
        self.entry.end(&mut guard);
        fs::rename(&self.path, path)
    }
}

/// Wraps what the system says about a file.
fn failed(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
    move |cause| FetchError::File { path: path.to_owned(), cause }
}

/// The MD5 sum of what is left to read, in hexadecimal.
fn sum(mut file: &File) -> io::Result<String> {
    let mut digest = Md5::new();
    io::copy(&mut file, &mut digest)?;
    Ok(hexadecimal(&digest.finalize()))
}
