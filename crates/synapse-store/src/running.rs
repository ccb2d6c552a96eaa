//! Running upstream servers of all processes: a file each, locked by its process, so that an
//! unlocked file belongs to a dead one.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use synapse_core::Failure;
use synapse_files::private_options;
use synapse_home::Home;
use synapse_home::atomic::create_directory;
use synapse_home::failure::{of_file, reading, writing};

/// A running upstream server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningServer {
    /// Its name.
    pub server: String,
    /// The configuration file with its entry.
    pub config: String,
    /// Its process id.
    pub process: u32,
    /// The process id of its `synapse` process.
    pub owner: u32,
    /// The program.
    pub program: String,
    /// The MCP client it runs for, if known.
    pub client: Option<String>,
    /// Start time.
    pub started_at: String,
}

/// The registration of a running server, removed on drop.
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

/// Registers `server` as running until the note is dropped or this process ends.
///
/// # Errors
/// `storage.*`; the server runs anyway.
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

/// The running servers, sorted by owner and process. Removes registrations of dead processes.
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
