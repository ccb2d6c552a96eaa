//! A separate home for every test: a temporary directory in which the twin runs with only `HOME`
//! and `SYNAPSE_HOME` set.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::process::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::ide::{Era, Ide};
use crate::output::Output;
use crate::process::Run;

/// An empty user home, without the directory of Synapse.
#[derive(Debug)]
pub struct Home {
    twin: PathBuf,
    directory: PathBuf,
    _removed_on_drop: TempDir,
}

/// The flags that describe a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags {
    /// `--provider`
    pub provider: String,
    /// `--model`
    pub model: String,
    /// `--credential`
    pub credential: String,
    /// `--base-url`
    pub base_url: String,
}

impl Home {
    /// Creates a home for the twin at the path `twin`, which is
    /// `env!("CARGO_BIN_EXE_synapse-twin")` in an integration test.
    ///
    /// # Panics
    /// If the directory cannot be created.
    #[must_use]
    pub fn new(twin: &str) -> Self {
        let temporary = TempDir::new().expect("a temporary directory can be made");
        let real = temporary.path().canonicalize();
        let directory = real.expect("it is there").join("home");
        fs::create_dir(&directory).expect("a new directory has room");
        Self {
            twin: PathBuf::from(twin),
            directory,
            _removed_on_drop: temporary,
        }
    }

    /// Creates a home with the connection `work` to `provider`, network access on.
    ///
    /// # Panics
    /// If the connection cannot be saved.
    #[must_use]
    pub fn connected(twin: &str, provider: &impl LocalProvider) -> Self {
        let home = Self::new(twin);
        home.save("work", provider, provider.opening());
        home
    }

    /// Creates a home with the connection `work` to `provider`, network access off.
    ///
    /// # Panics
    /// Same as [`Home::connected`].
    #[must_use]
    pub fn closed(twin: &str, provider: &impl LocalProvider) -> Self {
        let home = Self::new(twin);
        home.save("work", provider, &["--offline"]);
        home
    }

    /// The user's home directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.directory
    }

    /// The directory of Synapse.
    #[must_use]
    pub fn synapse(&self) -> PathBuf {
        self.directory.join(".synapse")
    }

    /// The file of connections.
    #[must_use]
    pub fn connections(&self) -> PathBuf {
        self.synapse().join("connections.toml")
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.synapse().join("ledger.db")
    }

    /// Writes a file readable by its owner only, creating its parent directories, and returns its
    /// path.
    ///
    /// # Panics
    /// If the file exists or cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.join(name);
        let parent = path.parent().expect("a file is in a directory");
        fs::create_dir_all(parent).expect("a directory can be made");
        let mut options = fs::OpenOptions::new();
        options
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(content.as_ref()))
            .expect("a new file can be written");
        path
    }

    /// Writes a credential file with the recommended mode, and returns the reference to it.
    #[must_use]
    pub fn credential(&self, token: &str) -> String {
        let file = self.write(&format!("{}.token", self.entries()), format!("{token}\n"));
        format!("file:{}", file.display())
    }

    /// The twin with `arguments`, to run in this home.
    #[must_use]
    pub fn twin(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Run {
        Run::new(&self.twin, arguments)
            .env("HOME", self.path())
            .env("SYNAPSE_HOME", self.synapse())
    }

    /// Runs the twin to completion.
    ///
    /// # Panics
    /// If it does not exit in time, or is killed by a signal.
    #[must_use]
    pub fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
        self.twin(arguments).output()
    }

    /// Runs `connection create NAME` with `flags` and `more`.
    ///
    /// # Panics
    /// Same as [`Home::run`].
    #[must_use]
    pub fn create(&self, name: &str, flags: &Flags, more: &[&str]) -> Output {
        self.creating(name, flags, more).output()
    }

    /// The twin with `connection create NAME`, `flags` and `more`.
    #[must_use]
    pub fn creating(&self, name: &str, flags: &Flags, more: &[&str]) -> Run {
        let words = ["connection", "create", name].into_iter();
        self.twin(words.chain(flags.words()).chain(more.iter().copied()))
    }

    /// Saves the connection `name` to `provider`.
    ///
    /// # Panics
    /// If it cannot be saved.
    #[track_caller]
    pub fn save(&self, name: &str, provider: &impl LocalProvider, more: &[&str]) {
        self.create(name, &provider.flags(self), more).with_code(0);
    }

    /// Starts `serve` and performs the handshake as a client of that era.
    ///
    /// # Panics
    /// If the server does not answer.
    #[must_use]
    pub fn serve(&self, era: Era) -> Ide {
        Ide::connect(self.twin(["serve"]), era)
    }

    /// The rows of `history --json`, newest first.
    ///
    /// # Panics
    /// If the command fails.
    #[must_use]
    #[track_caller]
    pub fn history(&self) -> Vec<Value> {
        let document = self.run(["history", "--json"]).with_code(0).json();
        assert_eq!(document["schema"], "synapse.history/1", "{document}");
        let entries = document["entries"].as_array();
        entries.expect("there is a list of entries").clone()
    }

    /// The rows matching the flags of `history list`, newest first, at most 10,000.
    ///
    /// # Panics
    /// If the command fails.
    #[must_use]
    pub fn history_of<const N: usize>(&self, flags: [&str; N]) -> Vec<Value> {
        let words = ["history", "list", "--json", "--limit", "10000"];
        let output = self.run(words.into_iter().chain(flags)).with_code(0);
        let document = output.json();
        document["entries"].as_array().cloned().unwrap_or_default()
    }

    /// `text` with `[HOME]` in place of this home's path.
    #[must_use]
    pub fn shown(&self, text: &impl ToString) -> String {
        let path = self.directory.to_string_lossy();
        text.to_string().replace(&*path, "[HOME]")
    }

    /// Every regular file below this home, with its content.
    ///
    /// # Panics
    /// If one cannot be read.
    #[must_use]
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        collect(&self.directory, &mut found);
        found
    }

    /// The twin with `arguments`, run as a user subject to permissions: the current user, or
    /// another one if we are root. That user becomes the owner of the current home.
    ///
    /// # Panics
    /// If the owner cannot be changed.
    #[must_use]
    pub fn unprivileged(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Run {
        let twin = self.twin(arguments);
        if !rustix::process::geteuid().is_root() {
            return twin;
        }
        let top = self.directory.parent().expect("the home is in a directory");
        let program = top.join("program");
        if !program.exists() {
            give_away(top);
            // The build directory may be inaccessible to that user. After the change of owner,
            // because a hard link shares its target's owner.
            fs::hard_link(&self.twin, &program)
                .or_else(|_| fs::copy(&self.twin, &program).map(drop))
                .expect("the program can be linked or copied");
        }
        twin.program(&program).as_user(NOBODY)
    }

    /// Waits until no process uses this home. Requires `/proc`.
    ///
    /// # Panics
    /// If one does not exit.
    pub fn wait_for_no_process(&self) {
        let deadline = std::time::Instant::now() + crate::PATIENCE;
        while !self.processes().is_empty() {
            assert!(std::time::Instant::now() < deadline, "a process is left");
            std::thread::yield_now();
        }
    }

    /// Waits until every process of this home sleeps. Requires `/proc`.
    ///
    /// # Panics
    /// If one keeps running.
    pub fn wait_until_idle(&self) {
        let is_idle = |process: &Pid| {
            let path = format!("/proc/{}/stat", process.as_raw_nonzero());
            let stat = fs::read_to_string(path).unwrap_or_default();
            // The state follows the command name in parentheses.
            let state = stat.rsplit(") ").next().unwrap_or_default();
            state.starts_with('S')
        };
        let deadline = std::time::Instant::now() + crate::PATIENCE;
        while !self.processes().iter().all(is_idle) {
            assert!(std::time::Instant::now() < deadline, "a process goes on");
            std::thread::yield_now();
        }
    }

    /// The processes that use this home, except the shells of terminals. Requires `/proc`.
    #[must_use]
    pub fn processes(&self) -> Vec<Pid> {
        let needle = format!("HOME={}", self.directory.display());
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        all.filter_map(|entry| {
            let number: i32 = entry.file_name().to_str()?.parse().ok()?;
            let environment = fs::read(entry.path().join("environ")).ok()?;
            let environment = String::from_utf8_lossy(&environment).into_owned();
            let is_shell = environment.contains(crate::terminal::SHELL);
            let is_ours = environment.contains(&needle) && !is_shell;
            Pid::from_raw(number).filter(|_| is_ours)
        })
        .collect()
    }

    fn entries(&self) -> usize {
        let entries = fs::read_dir(&self.directory).expect("the home can be read");
        entries.count()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Restores access to directories closed by a test, so that they can be removed.
        drop(fs::set_permissions(
            self.synapse(),
            fs::Permissions::from_mode(0o700),
        ));
    }
}

impl Flags {
    /// Describes a connection to `provider`.
    #[must_use]
    pub fn new(provider: &str, model: &str, credential: &str, base_url: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            model: model.to_owned(),
            credential: credential.to_owned(),
            base_url: base_url.to_owned(),
        }
    }

    /// The command-line words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        [
            ["--provider", &self.provider],
            ["--model", &self.model],
            ["--credential", &self.credential],
            ["--base-url", &self.base_url],
        ]
        .into_iter()
        .flatten()
    }
}

/// Sets the permissions of a file or directory.
///
/// # Panics
/// If it belongs to somebody else.
pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the file is ours");
}

fn collect(directory: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(directory).expect("a directory can be read") {
        let path = entry.expect("an entry can be read").path();
        let kind = fs::symlink_metadata(&path)
            .expect("an entry is there")
            .file_type();
        if kind.is_dir() {
            collect(&path, found);
        } else if kind.is_file() {
            let content = fs::read(&path).expect("a file can be read");
            found.push((path, content));
        }
    }
}

fn give_away(path: &Path) {
    std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).expect("root can give files away");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a directory can be read") {
            give_away(&entry.expect("an entry can be read").path());
        }
    }
}

/// The unprivileged user of most systems.
const NOBODY: u32 = 65_534;

/// A local provider.
pub trait LocalProvider {
    /// The flags for a connection to it, with a valid credential in a new file of `home`.
    fn flags(&self, home: &Home) -> Flags;

    /// Additional flags to save such a connection with network access on.
    fn opening(&self) -> &'static [&'static str] {
        &["--allow-network"]
    }
}
