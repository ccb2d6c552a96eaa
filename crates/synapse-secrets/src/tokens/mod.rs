//! Token records of upstream logins: private files under `oauth/`, or items of the system's
//! keyring, as configured in `oauth.toml`; no fallback between them.

mod document;
mod files;
mod keyring;
mod room;
mod settings;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use ring::digest::{SHA256, digest};
use secrecy::zeroize::Zeroizing;
use synapse_core::ports::{LoginClaim, StoredTokens, TokenStore, TokenTransaction};
use synapse_core::upstream::{RecordKey, TokenRecord, UpstreamName};
use synapse_core::{Code, Failure, Remedy};
use synapse_home::Home;
use synapse_home::atomic::{self, Lock};
use synapse_home::failure::{no_thread, shown};
use tokio::task::spawn_blocking;

use self::document::Damage;
pub(crate) use self::files::open_to_others;
use self::room::Room;

/// The token records of this machine's user.
#[derive(Debug, Clone)]
pub struct TokenRecords {
    home: Home,
    backend: Backend,
    patience: Duration,
}

/// The storage of values. Locks are files in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backend {
    Files,
    Keyring,
}

/// The record in a slot, if there is one.
type Parsed = Result<Option<(RecordKey, TokenRecord)>, Failure>;

/// The name of a record: of its file without extension, or of its item.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RecordSlot {
    config: String,
    name: String,
}

impl RecordSlot {
    fn of(key: &RecordKey) -> Self {
        let text = [
            key.config.as_str(),
            key.server.as_str(),
            key.url.as_str(),
            &key.issuer,
        ];
        let hash = digest(&SHA256, text.join("\0").as_bytes());
        let hash: String = hash
            .as_ref()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            config: key.config.clone(),
            name: format!("{}-{hash}", key.server),
        }
    }

    /// The server's name.
    fn server(&self) -> &str {
        self.name.rsplit_once('-').map_or("", |(server, _)| server)
    }

    /// The keyring item.
    fn account(&self) -> String {
        format!("{}/{}", self.config, self.name)
    }
}

/// Parses `text` as a record and verifies that it round-trips.
#[cfg(any(test, fuzzing))]
pub(crate) fn reread(text: &[u8]) {
    if let Ok((key, record)) = document::read(text) {
        let written = document::write(&key, &record);
        let again = document::read(&written).ok();
        let again = again.map(|(key, record)| document::write(&key, &record));
        assert_eq!(again, Some(written));
    }
}

impl TokenRecords {
    /// The records of `home`, stored as configured in `oauth.toml`; in files by default.
    ///
    /// # Errors
    /// `config.invalid-value` for an unknown store, `storage.*` if it cannot be read.
    pub fn open(home: Home) -> Result<Self, Failure> {
        let backend = settings::backend(&home)?;
        Ok(Self {
            home,
            backend,
            patience: PATIENCE,
        })
    }

    /// Whether the values are in the system's keyring, where reading may prompt the user.
    #[must_use]
    pub fn is_in_keyring(&self) -> bool {
        self.backend == Backend::Keyring
    }

    /// Sets the maximum wait for a lock, 45 seconds by default.
    #[must_use]
    pub const fn within(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn directory(&self, config: &str) -> PathBuf {
        self.home.oauth().join(config)
    }

    /// Runs file work on a worker thread.
    async fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        spawn_blocking(work)
            .await
            .unwrap_or_else(|error| Err(no_thread(&self.home.oauth(), &error)))
    }

    /// The names of all records of `config`.
    async fn slots(&self, config: &str) -> Result<Vec<RecordSlot>, Failure> {
        check_config(config)?;
        match self.backend {
            Backend::Files => {
                let (directory, config) = (self.directory(config), config.to_owned());
                self.run_blocking(move || files::slots(&directory, &config))
                    .await
            }
            Backend::Keyring => keyring::slots(config).await,
        }
    }

    async fn text(&self, slot: &RecordSlot) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        match self.backend {
            Backend::Files => {
                let (home, path) = (self.home.clone(), self.file(slot));
                self.run_blocking(move || files::read(&home, &path)).await
            }
            Backend::Keyring => keyring::read(slot).await,
        }
    }

    async fn read(&self, slot: &RecordSlot) -> Parsed {
        let text = self.text(slot).await?;
        self.parsed(slot, text)
    }

    fn parsed(&self, slot: &RecordSlot, text: Option<Zeroizing<Vec<u8>>>) -> Parsed {
        let Some(text) = text else {
            return Ok(None);
        };
        let (key, record) = document::read(&text).map_err(|damage| self.damaged(slot, damage))?;
        // A moved or renamed record belongs to another server, URL or issuer.
        if RecordSlot::of(&key) != *slot {
            return Err(self.damaged(slot, Damage::Broken));
        }
        Ok(Some((key, record)))
    }

    /// The records of `config` in the slots that `wanted` selects. Files are visited in one go on
    /// one worker thread: each call with a token takes this way.
    async fn found(
        &self,
        config: &str,
        wanted: impl Fn(&RecordSlot) -> bool + Send + 'static,
    ) -> Result<Vec<(RecordSlot, Parsed)>, Failure> {
        check_config(config)?;
        if self.backend == Backend::Files {
            let (records, config) = (self.clone(), config.to_owned());
            let visit = move || {
                let slots = files::slots(&records.directory(&config), &config)?;
                let read = |slot: RecordSlot| {
                    let text = files::read(&records.home, &records.file(&slot));
                    let parsed = text.and_then(|text| records.parsed(&slot, text));
                    (slot, parsed)
                };
                Ok(slots.into_iter().filter(wanted).map(read).collect())
            };
            return self.run_blocking(visit).await;
        }
        let mut found = Vec::new();
        for slot in self.slots(config).await?.into_iter().filter(wanted) {
            let parsed = self.read(&slot).await;
            found.push((slot, parsed));
        }
        Ok(found)
    }

    async fn remove(&self, slot: &RecordSlot) -> Result<(), Failure> {
        match self.backend {
            Backend::Files => {
                let path = self.file(slot);
                self.run_blocking(move || files::remove(&path)).await
            }
            Backend::Keyring => keyring::remove(slot).await,
        }
    }

    async fn lock(&self, slot: &RecordSlot) -> Result<Lock, Failure> {
        check_config(&slot.config)?;
        let directory = self.directory(&slot.config);
        let path = directory.join(format!("{}.lock", slot.name));
        let (home, patience) = (self.home.clone(), self.patience);
        self.run_blocking(move || {
            atomic::create_directory(home.directory())?;
            atomic::create_directory(&directory)?;
            Lock::acquire(&path, patience)
        })
        .await
    }

    fn file(&self, slot: &RecordSlot) -> PathBuf {
        let directory = self.directory(&slot.config);
        directory.join(format!("{}.{ENDING}", slot.name))
    }

    fn shown(&self, slot: &RecordSlot) -> String {
        match self.backend {
            Backend::Files => shown(&self.file(slot)),
            Backend::Keyring => keyring::shown(slot),
        }
    }

    fn damaged(&self, slot: &RecordSlot, damage: Damage) -> Failure {
        let place = self.shown(slot);
        let failure = match damage {
            Damage::Newer => Failure::new(
                Code::ConfigNewerFormat,
                format!("{place} was written by a newer Synapse"),
            )
            .hint("use that version, or remove the record and log in again"),
            Damage::Broken => {
                Failure::new(Code::OauthStoreUnavailable, format!("{place} is damaged")).cause(
                    "it is not a record that Synapse wrote for this server; it was not changed",
                )
            }
        };
        match slot.server().parse() {
            Ok(server) => failure.remedy(
                "forget it, then log in again",
                &Remedy::ForgetLogin { server },
            ),
            Err(_) => failure,
        }
    }
}

#[async_trait]
impl TokenStore for TokenRecords {
    async fn load(&self, key: &RecordKey) -> Result<Option<TokenRecord>, Failure> {
        check_config(&key.config)?;
        let found = self.read(&RecordSlot::of(key)).await?;
        Ok(found.map(|(_, record)| record))
    }

    async fn list(&self, config: &str) -> Result<Vec<StoredTokens>, Failure> {
        let found = self.found(config, |_| true).await?.into_iter();
        Ok(found
            .filter_map(|(slot, record)| {
                let server = slot.server().to_owned();
                record
                    .transpose()
                    .map(|record| StoredTokens { server, record })
            })
            .collect())
    }

    async fn of_server(
        &self,
        config: &str,
        server: &UpstreamName,
    ) -> Result<Vec<(RecordKey, TokenRecord)>, Failure> {
        let server = server.as_str().to_owned();
        let found = self
            .found(config, move |slot| slot.server() == server)
            .await?;
        found
            .into_iter()
            .filter_map(|(_, record)| record.transpose())
            .collect()
    }

    async fn begin(&self, key: &RecordKey) -> Result<Box<dyn TokenTransaction>, Failure> {
        let slot = RecordSlot::of(key);
        Ok(Box::new(Transaction {
            room: None,
            seen: None,
            lock: self.lock(&slot).await?,
            records: self.clone(),
            key: key.clone(),
            slot,
        }))
    }

    async fn claim_login(
        &self,
        config: &str,
        server: &UpstreamName,
    ) -> Result<Box<dyn LoginClaim>, Failure> {
        check_config(config)?;
        let directory = self.directory(config);
        let (home, server) = (self.home.clone(), server.clone());
        self.run_blocking(move || {
            atomic::create_directory(home.directory())?;
            atomic::create_directory(&directory)?;
            files::claim(&directory, &server)
        })
        .await
    }

    async fn forget(&self, config: &str, server: &UpstreamName) -> Result<usize, Failure> {
        let mut removed = 0;
        for slot in self.slots(config).await? {
            if slot.server() == server.as_str() {
                // Waits for a refresh in progress.
                let _lock = self.lock(&slot).await?;
                self.remove(&slot).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn place(&self) -> String {
        match self.backend {
            Backend::Files => shown(&self.home.oauth()),
            Backend::Keyring => keyring::PLACE.to_owned(),
        }
    }
}

#[derive(Debug)]
struct Transaction {
    /// Released before the lock.
    room: Option<Room>,
    /// The generation that was last read or written under this lock.
    seen: Option<u64>,
    #[expect(dead_code, reason = "held, not read")]
    lock: Lock,
    records: TokenRecords,
    key: RecordKey,
    slot: RecordSlot,
}

#[async_trait]
impl TokenTransaction for Transaction {
    async fn load(&mut self) -> Result<Option<TokenRecord>, Failure> {
        let found = self.records.read(&self.slot).await?;
        let record = found.map(|(_, record)| record);
        self.seen = record.as_ref().map(|record| record.generation);
        Ok(record)
    }

    async fn reserve(&mut self) -> Result<(), Failure> {
        let room = match self.records.backend {
            Backend::Files => {
                let directory = self.records.directory(&self.slot.config);
                let path = directory.join(format!("{}.room", self.slot.name));
                let taken = self.records.run_blocking(move || Room::take(path));
                Some(taken.await?)
            }
            Backend::Keyring => None,
        };
        self.room = room;
        Ok(())
    }

    async fn keep(&mut self, expected: Option<u64>, record: &TokenRecord) -> Result<(), Failure> {
        let is_newer = expected.is_some_and(|expected| record.generation > expected);
        let stored = match self.load().await {
            Ok(stored) => stored.map(|stored| stored.generation),
            // New tokens exist nowhere else, and the lock excludes other writers.
            Err(_) if is_newer && self.seen == expected => expected,
            Err(failure) => return Err(failure),
        };
        let goes_back = expected.is_some_and(|expected| record.generation < expected);
        if stored != expected || goes_back {
            return Err(Failure::new(
                Code::ConfigChanged,
                "the login was changed by another process meanwhile",
            )
            .cause("what is stored was left as it is")
            .hint("try again"));
        }
        let text = document::write(&self.key, record);
        let kept = match self.records.backend {
            Backend::Files => {
                let path = self.records.file(&self.slot);
                // A change of state alone keeps the reservation for the new tokens.
                let room = match self.room.take() {
                    Some(room) if stored == Some(record.generation) => {
                        self.room = Some(room);
                        None
                    }
                    room => room,
                };
                self.records
                    .run_blocking(move || {
                        let kept = atomic::replace(&path, &text);
                        match (kept, room) {
                            (Err(_), Some(room)) => {
                                drop(room);
                                atomic::replace(&path, &text)
                            }
                            (kept, _) => kept,
                        }
                    })
                    .await
            }
            Backend::Keyring => keyring::write(&self.slot, text).await,
        };
        if kept.is_ok() {
            self.seen = Some(record.generation);
        }
        kept
    }

    async fn remove(&mut self) -> Result<(), Failure> {
        self.records.remove(&self.slot).await
    }
}

/// The name becomes a directory name.
fn check_config(config: &str) -> Result<(), Failure> {
    let fits =
        (1..=64).contains(&config.len()) && config.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits {
        Ok(())
    } else {
        Err(Failure::new(
            Code::InternalInvariant,
            "a configuration is named by letters and digits",
        ))
    }
}

/// The name of a record file.
fn slot_of(path: &Path, config: &str) -> Option<RecordSlot> {
    if path.extension()? != ENDING {
        return None;
    }
    let slot = RecordSlot {
        config: config.to_owned(),
        name: path.file_stem()?.to_str()?.to_owned(),
    };
    let is_ours = slot.server().parse::<UpstreamName>().is_ok();
    is_ours.then_some(slot)
}

const ENDING: &str = "json";
/// A little longer than another process's refresh may take.
const PATIENCE: Duration = Duration::from_secs(45);
