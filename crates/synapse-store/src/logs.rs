//! Stderr logs of upstream servers: one file each, for its owner only, of limited size. Callers
//! redact secrets and terminal controls.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use synapse_core::Failure;
use synapse_core::time::Timestamp;
use synapse_core::upstream::UpstreamName;
use synapse_files::{Found, open, private_options};
use synapse_home::atomic::create_directory;
use synapse_home::failure::{of_file, reading};

use crate::upstreams::HubPlace;

/// The log of one server. Concurrent writers append whole lines.
///
/// Above 1 MiB the older half moves to a second file, replacing its content.
pub struct UpstreamLog {
    lines: Mutex<Option<SyncSender<String>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl UpstreamLog {
    /// The log of `server`. Nothing is created before the first line.
    #[must_use]
    pub fn new(place: &HubPlace, server: &UpstreamName) -> Self {
        let (sender, lines) = sync_channel(WAITING);
        let writer = LogWriter {
            place: place.clone(),
            path: path(place, server),
        };
        let thread = Builder::new()
            .name("synapse-log".to_owned())
            .spawn(move || writer.run(&lines))
            .ok();
        Self {
            lines: Mutex::new(Some(sender)),
            thread: Mutex::new(thread),
        }
    }

    /// Appends a line received at `at`. Never waits: lines that arrive faster than the disk are
    /// dropped.
    pub fn line(&self, at: Timestamp, line: &str) {
        let line = line
            .get(..line.floor_char_boundary(LONGEST))
            .unwrap_or_default();
        let text = format!("{at} {}\n", line.trim_end());
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = lines.as_ref() {
            drop(sender.try_send(text));
        }
    }
}

impl Drop for UpstreamLog {
    fn drop(&mut self) {
        let lines = self.lines.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(lines.take());
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            drop(thread.join());
        }
    }
}

impl std::fmt::Debug for UpstreamLog {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("UpstreamLog")
            .finish_non_exhaustive()
    }
}

struct LogWriter {
    place: HubPlace,
    path: PathBuf,
}

impl LogWriter {
    fn run(&self, lines: &Receiver<String>) {
        for first in lines {
            // Includes lines that arrived meanwhile.
            let text: String = std::iter::once(first).chain(lines.try_iter()).collect();
            // Best effort: an unwritable log stops nothing.
            drop(self.append(&text));
        }
    }

    fn append(&self, text: &str) -> Result<(), Failure> {
        self.place.home().create().map_err(of_file)?;
        if let Some(directory) = self.path.parent() {
            create_directory(directory)?;
        }
        let failed = |error: std::io::Error| reading(&self.path, &error);
        let mut options = private_options();
        options.append(true).create(true);
        let mut file = options.open(&self.path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length > MOST {
            std::fs::rename(&self.path, older(&self.path)).map_err(failed)?;
            file = options.open(&self.path).map_err(failed)?;
        }
        file.write_all(text.as_bytes()).map_err(failed)
    }
}

/// The last `lines` lines of the log of `server`; empty if there is none.
///
/// # Errors
/// `storage.unavailable`.
pub fn read_log(
    place: &HubPlace,
    server: &UpstreamName,
    lines: usize,
) -> Result<Vec<String>, Failure> {
    let path = path(place, server);
    let mut text = tail(&older(&path))?;
    text.push_str(&tail(&path)?);
    let all: Vec<&str> = text.lines().collect();
    let skipped = all.len().saturating_sub(lines);
    Ok(all.into_iter().skip(skipped).map(str::to_owned).collect())
}

fn tail(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| reading(path, &error);
    let mut file: File = match open(path) {
        Ok(Found::Regular(file, _)) => file,
        Ok(Found::Other(_)) => return Ok(String::new()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(failed(error)),
    };
    let length = file.metadata().map_err(failed)?.len();
    let from = length.saturating_sub(2 * MOST);
    file.seek(SeekFrom::Start(from)).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(2 * MOST)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn path(place: &HubPlace, server: &UpstreamName) -> PathBuf {
    let directory = place.home().logs().join(place.key());
    directory.join(format!("{server}.log"))
}

fn older(path: &Path) -> PathBuf {
    path.with_extension("log.old")
}

const MOST: u64 = 512 * 1024;
const LONGEST: usize = 8 * 1024;
const WAITING: usize = 1_024;
