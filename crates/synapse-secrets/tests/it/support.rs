//! Shared by the tests: a home with its own environment, and the rule that no failure shows a
//! secret.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::ports::{
    PassphrasePrompt, PassphrasePurpose, ResolvedSecret, SecretResolver as _, SecretWriter as _,
    Writing,
};
use synapse_core::{Code, Failure, NetworkGate};
use synapse_home::Home;
use synapse_secrets::Secrets;
use tempfile::TempDir;

/// A value of which no failure may show any part.
pub(crate) const TOKEN: &str = "hf_fakefakefakefakefakefakefakefake";

/// A user's home and the environment of the process.
pub(crate) struct Place {
    directory: TempDir,
    variables: HashMap<String, OsString>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut place = Self {
            variables: HashMap::new(),
            directory,
        };
        place.set("HOME", place.path());
        place.set("PATH", "/usr/bin:/bin");
        place
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    pub(crate) fn home(&self) -> Home {
        Home::new(self.path().join(".synapse"))
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    pub(crate) fn secrets(&self) -> Secrets {
        let variables = self.variables.clone();
        Secrets::new(
            Some(self.path()),
            Arc::new(move |name| variables.get(name).cloned()),
        )
        .at_home(self.home())
        // A loaded machine must not fail the test.
        .within(Duration::from_secs(60))
    }

    /// Writes a private file below the home.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        drop(std::fs::remove_file(&path));
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .unwrap();
        file.write_all(content.as_ref()).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = std::fs::read(self.path().join(name)).unwrap();
        String::from_utf8(bytes).unwrap()
    }
}

/// Resolves, and asserts that nothing of the value is shown.
pub(crate) async fn resolve(secrets: &Secrets, reference: &str) -> Result<ResolvedSecret, Failure> {
    let permit = NetworkGate::Open.permit([]).unwrap();
    let result = secrets.resolve(&permit, &reference.parse().unwrap()).await;
    if let Err(failure) = &result {
        assert_eq!(failure.context()["credential"], reference);
    }
    shows_nothing(&result);
    result
}

/// The value at `reference`.
pub(crate) async fn value(secrets: &Secrets, reference: &str) -> String {
    let resolved = resolve(secrets, reference).await.unwrap();
    resolved.value.expose_secret().to_owned()
}

/// The code with which `reference` fails.
pub(crate) async fn code(secrets: &Secrets, reference: &str) -> Code {
    resolve(secrets, reference).await.unwrap_err().code()
}

/// Stores a value, and asserts that nothing of it is shown.
pub(crate) async fn keep(
    secrets: &Secrets,
    reference: &str,
    value: &str,
    writing: Writing,
) -> Result<Vec<String>, Failure> {
    let reference = reference.parse().unwrap();
    let result = secrets.keep(&reference, value.into(), writing).await;
    shows_nothing(&result);
    result.map(|kept| kept.notes)
}

pub(crate) fn shows_nothing(result: &impl std::fmt::Debug) {
    let shown = format!("{result:?}");
    assert!(!shown.contains("fake"), "{shown}");
}

/// Polls until `look` returns something; a timeout fails the test.
pub(crate) async fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it never came");
        tokio::task::yield_now().await;
    }
}

/// Whether a process runs: a zombie does not.
pub(crate) fn runs(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat"));
    status.is_ok_and(|text| !text.rsplit(')').next().unwrap().starts_with(" Z"))
}

/// Answers with the same passphrase and records the questions.
#[derive(Debug)]
pub(crate) struct Answering {
    passphrase: SecretString,
    pub(crate) asked: Mutex<Vec<PassphrasePurpose>>,
}

impl Answering {
    pub(crate) fn new(passphrase: &str) -> Arc<Self> {
        Arc::new(Self {
            passphrase: passphrase.into(),
            asked: Mutex::default(),
        })
    }
}

impl PassphrasePrompt for Answering {
    fn ask(&self, purpose: PassphrasePurpose) -> Result<SecretString, Failure> {
        self.asked.lock().unwrap().push(purpose);
        Ok(self.passphrase.clone())
    }
}

/// The complete text of a failure.
pub(crate) fn everything(failure: &Failure) -> String {
    format!("{failure} {failure:?}")
}

/// A home whose directory does not exist yet.
pub(crate) fn home() -> (TempDir, Home) {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::new(directory.path().join(".synapse"));
    (directory, home)
}
