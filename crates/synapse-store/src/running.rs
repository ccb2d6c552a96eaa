//! Which upstream servers run, in all windows: a file each, which its process holds locked, so that
//! a file that can be locked is of a process that is gone.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use synapse_core::Failure;
use synapse_files::{Home, private_options};

use crate::atomic::create_directory;
use crate::failure::{of_file, reading, writing};

/// One upstream server that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningServer {
    /// Its name.
    pub server: String,
    /// The configuration file that declares it.
    pub config: String,
    /// The id of its process.
    pub process: u32,
    /// The id of the `synapse` process that started it.
    pub owner: u32,
    /// The program.
    pub program: String,
    /// The MCP client for which it runs, when that said its name.
    pub client: Option<String>,
    /// When it was started.
    pub started_at: String,
}

/// The sign that a server runs, for as long as it is kept.
#[derive(Debug)]
pub struct Note {
    path: PathBuf,
    file: File,
}

impl Drop for Note {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
        drop(self.file.unlock());
    }
}

/// Notes that `server` runs, until the note is dropped or this process ends.
///
/// # Errors
/// `storage.*`; the server runs all the same.
pub fn note_running(home: &Home, server: &RunningServer) -> Result<Note, Failure> {
    home.create().map_err(of_file)?;
    let directory = home.running();
    create_directory(&directory)?;
    let path = directory.join(format!("{}-{}.json", server.owner, server.process));
    let failed = |error: std::io::Error| writing(&path, &error);
    let mut file = private_options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(failed)?;
    file.lock().map_err(failed)?;
    file.set_len(0).map_err(failed)?;
    let text = serde_json::to_string(server).map_err(|error| failed(error.into()))?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(Note { path, file })
}

/// The servers that run, sorted by owner and process. Removes what processes left that are gone.
///
/// # Errors
/// `storage.unavailable`.
pub fn running(home: &Home) -> Result<Vec<RunningServer>, Failure> {
    let directory = home.running();
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(reading(&directory, &error)),
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(file) = File::open(&path) else {
            continue;
        };
        if file.try_lock_shared().is_ok() {
            drop(std::fs::remove_file(&path));
            continue;
        }
        let mut text = String::new();
        if file.take(LIMIT).read_to_string(&mut text).is_ok()
            && let Ok(server) = serde_json::from_str::<RunningServer>(&text)
        {
            found.push(server);
        }
    }
    found.sort_by_key(|server| (server.owner, server.process));
    Ok(found)
}

const LIMIT: u64 = 64 * 1024;
