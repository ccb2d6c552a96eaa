//! connections.toml: read strictly, edited without touching the user's formatting.
//!
//! A change is made under a lock, verified by reading its result, and replaces the file atomically;
//! any failure leaves the file unchanged.

mod document;
mod edit;
mod fields;
mod outline;
mod row_policy;
mod source;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use synapse_core::connection::{PreflightPass, already_exists, not_found};
use synapse_core::ports::{ConnectionStore, StoredConnection};
use synapse_core::preflight::PreflightRecord;
use synapse_core::telemetry::CollectorUrl;
use synapse_core::{Code, ConnectionName, Draft, Failure, Remedy};
use synapse_home::Home;
use tokio::task::spawn_blocking;

pub(crate) use self::document::LedgerSettings;
use self::outline::Outline;
pub(crate) use self::row_policy::RowPolicy;
use self::source::{OpenedFile, Source, Watched};
use synapse_home::atomic::{Lock, replace};
use synapse_home::failure::{of_file, rely_on, shown};

/// The connections in the `connections.toml` of a [`Home`].
///
/// Every call checks the file, so that external edits take effect at once. The last parsed text is
/// cached: an unchanged text is not parsed again, and a file whose metadata proves it unchanged is
/// not read again.
#[derive(Clone)]
pub struct TomlConnections {
    home: Home,
    patience: Duration,
    last: Arc<Mutex<Option<Understood>>>,
}

/// A text, what is known of its meaning, and its file.
struct Understood {
    source: Source,
    file: Watched,
    /// Once all of it was asked for, or is not in the plain form.
    whole: Option<Whole>,
    outline: Option<Outline>,
    /// The connections that were asked for by name, while not all of them were.
    named: BTreeMap<String, Arc<[StoredConnection]>>,
}

/// The meaning of a whole text.
struct Whole {
    stored: Arc<[StoredConnection]>,
    /// An error here does not invalidate the connections.
    default: Result<Option<ConnectionName>, Failure>,
}

impl TomlConnections {
    /// The connections of `home`. Touches nothing.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self {
            home,
            patience: PATIENCE,
            last: Arc::default(),
        }
    }

    /// Sets the maximum wait for another process's change; 5 seconds by default.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The telemetry collector: `endpoint` in the table `[telemetry]`.
    ///
    /// # Errors
    /// `config.*`, `endpoint.invalid-url`, or `storage.*` if the file cannot be read.
    pub fn telemetry(&self) -> Result<Option<CollectorUrl>, Failure> {
        document::telemetry(&self.source()?)
    }

    /// Reads the tables beside the connections, `[ledger]` and `[telemetry]`. Calls go on without
    /// them, so a mistake there shows nowhere else.
    ///
    /// # Errors
    /// `config.*`, `endpoint.invalid-url`, or `storage.*` if the file cannot be read.
    pub fn check_settings(&self) -> Result<(), Failure> {
        ledger_settings(&self.home)?;
        self.telemetry().map(drop)
    }

    fn source(&self) -> Result<Source, Failure> {
        source_of(&self.home)
    }

    /// Applies a change.
    ///
    /// First tries the change without the lock, so that a refused one leaves no trace, not even a
    /// directory.
    fn change(
        &self,
        plan: impl Fn(&Source, &[StoredConnection]) -> Result<Plan, Failure>,
    ) -> Result<(), Failure> {
        let source = self.source()?;
        plan(&source, &document::read(&source)?)?;

        self.home.create().map_err(of_file)?;
        let _lock = Lock::acquire(&self.home.connections_lock(), self.patience)?;
        let source = self.source()?;
        let plan = plan(&source, &document::read(&source)?)?;
        let text = plan.checked(&source)?;
        replace(source.path(), text.as_bytes())
    }

    /// Answers a question about the current text of the file.
    fn ask<T>(
        &self,
        question: impl FnOnce(&mut Understood) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let path = self.home.connections();
        rely_on(&self.home, &path)?;
        let began = Instant::now();
        let opened = OpenedFile::at(&path)?;
        let stamp = opened.stamp();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_mut()
            && last.file.is_unchanged(stamp)
        {
            return question(last);
        }
        let source = opened.read()?;
        if let Some(last) = last
            .as_mut()
            .filter(|last| last.source.text() == source.text())
        {
            last.file.note(stamp, began);
            return question(last);
        }
        let read = Understood::of(source, Watched::since(stamp, began));
        question(last.insert(read))
    }
}

impl Understood {
    fn of(source: Source, file: Watched) -> Self {
        Self {
            outline: Outline::of(source.text()),
            source,
            file,
            whole: None,
            named: BTreeMap::new(),
        }
    }

    fn whole(&mut self) -> Result<&Whole, Failure> {
        let whole = match self.whole.take() {
            Some(whole) => whole,
            None => Whole {
                stored: document::read(&self.source)?.into(),
                default: document::default_name(&self.source),
            },
        };
        self.named.clear();
        Ok(self.whole.insert(whole))
    }

    /// At least the connection called `name`, when there is one.
    fn named(&mut self, name: &str) -> Result<Arc<[StoredConnection]>, Failure> {
        if let Some(known) = self.named.get(name) {
            return Ok(Arc::clone(known));
        }
        if self.whole.is_none()
            && self.named.len() < MOST_NAMED
            && let Some(alone) = self.alone(name)
        {
            let alone: Arc<[StoredConnection]> = Arc::new([alone]);
            self.named.insert(name.to_owned(), Arc::clone(&alone));
            return Ok(alone);
        }
        self.whole().map(|whole| Arc::clone(&whole.stored))
    }

    /// The connection called `name`, from its own table. Problems of one are reported with its
    /// place in the whole.
    fn alone(&self, name: &str) -> Option<StoredConnection> {
        let table = self.outline.as_ref()?.table(self.source.text(), name)?;
        let table = self.source.with_text(table.to_owned());
        let stored = document::read_one(&table).ok()??;
        stored.connection.is_ok().then_some(stored)
    }

    fn default_name(&mut self) -> Result<Option<ConnectionName>, Failure> {
        match (&self.whole, &self.outline) {
            (None, Some(outline)) => Ok(outline.default.clone()),
            _ => self.whole()?.default.clone(),
        }
    }
}

impl fmt::Debug for TomlConnections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TomlConnections")
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl ConnectionStore for TomlConnections {
    fn load(&self) -> Result<Vec<StoredConnection>, Failure> {
        self.shared().map(|stored| stored.to_vec())
    }

    fn shared(&self) -> Result<Arc<[StoredConnection]>, Failure> {
        self.ask(|read| read.whole().map(|whole| Arc::clone(&whole.stored)))
    }

    fn shared_named(&self, name: &str) -> Result<Arc<[StoredConnection]>, Failure> {
        self.ask(|read| read.named(name))
    }

    fn is_large(&self) -> bool {
        std::fs::metadata(self.home.connections()).is_ok_and(|file| file.len() > LARGE)
    }

    async fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        // The caller notices work that did not end.
        spawn_blocking(work).await.ok();
    }

    fn insert(&self, cleared: &PreflightPass) -> Result<(), Failure> {
        let name = &cleared.connection().name;
        self.change(|source, stored| {
            if stored.iter().any(|each| each.name == *name) {
                return Err(already_exists(name));
            }
            let mut after: Vec<Meaning> = stored.iter().map(Meaning::of_stored).collect();
            after.push(Meaning::of_cleared(cleared));
            Ok(Plan {
                drafts: edit::insert(source, name, cleared.draft(), Some(cleared.record())),
                after,
                default: document::default_name(source)?,
            })
        })
    }

    fn replace(&self, previous: &Draft, cleared: &PreflightPass) -> Result<(), Failure> {
        let name = &cleared.connection().name;
        self.change(|source, stored| {
            let before = find(stored, name)?;
            if before.draft != *previous {
                return Err(changed_meanwhile(source, name));
            }
            let after = stored
                .iter()
                .map(|each| {
                    if each.name == *name {
                        Meaning::of_cleared(cleared)
                    } else {
                        Meaning::of_stored(each)
                    }
                })
                .collect();
            Ok(Plan {
                drafts: edit::replace(source, before, cleared),
                after,
                default: document::default_name(source)?,
            })
        })
    }

    fn remove(&self, name: &ConnectionName) -> Result<(), Failure> {
        self.change(|source, stored| {
            find(stored, name)?;
            let after = stored
                .iter()
                .filter(|each| each.name != *name)
                .map(Meaning::of_stored)
                .collect();
            let default = document::default_name(source)?;
            let drafts = edit::remove(source, name);
            let plan = Plan {
                drafts,
                after,
                default,
            };
            Ok(plan.with_default_of(name, None))
        })
    }

    fn rename(&self, name: &ConnectionName, new: &ConnectionName) -> Result<(), Failure> {
        self.change(|source, stored| {
            refuse_known(stored, new)?;
            find(stored, name)?;
            let after = stored
                .iter()
                .map(Meaning::of_stored)
                .map(|meaning| {
                    if meaning.name == *name {
                        Meaning {
                            name: new.clone(),
                            ..meaning
                        }
                    } else {
                        meaning
                    }
                })
                .collect();
            let default = document::default_name(source)?;
            let drafts = edit::rename(source, name, new);
            let plan = Plan {
                drafts,
                after,
                default,
            };
            Ok(plan.with_default_of(name, Some(new)))
        })
    }

    fn copy(&self, name: &ConnectionName, new: &ConnectionName) -> Result<(), Failure> {
        self.change(|source, stored| {
            refuse_known(stored, new)?;
            let before = find(stored, name)?;
            // An invalid connection is not kept completely in memory, for it may contain a secret.
            before.connection.clone()?;
            let mut after: Vec<Meaning> = stored.iter().map(Meaning::of_stored).collect();
            after.push(Meaning {
                name: new.clone(),
                ..Meaning::of_stored(before)
            });
            Ok(Plan {
                drafts: edit::insert(source, new, &before.draft, before.preflight.as_ref()),
                after,
                default: document::default_name(source)?,
            })
        })
    }

    fn default_name(&self) -> Result<Option<ConnectionName>, Failure> {
        self.ask(Understood::default_name)
    }

    fn set_default(&self, name: Option<&ConnectionName>) -> Result<(), Failure> {
        if name.is_none() && self.default_name()?.is_none() {
            return Ok(());
        }
        self.change(|source, stored| {
            if let Some(name) = name {
                find(stored, name)?;
            }
            Ok(Plan {
                drafts: with_default(vec![source.text().to_owned()], name),
                after: stored.iter().map(Meaning::of_stored).collect(),
                default: name.cloned(),
            })
        })
    }
}

/// These texts with `name` as the default connection.
fn with_default(drafts: Vec<String>, name: Option<&ConnectionName>) -> Vec<String> {
    let texts = drafts.iter();
    texts
        .filter_map(|text| edit::set_default(text, name))
        .collect()
}

fn refuse_known(stored: &[StoredConnection], name: &ConnectionName) -> Result<(), Failure> {
    if stored.iter().any(|each| each.name == *name) {
        Err(already_exists(name))
    } else {
        Ok(())
    }
}

/// The ledger settings in the file of `home`.
pub(crate) fn ledger_settings(home: &Home) -> Result<LedgerSettings, Failure> {
    document::settings(&source_of(home)?)
}

/// The file of `home`, unless others can change it.
fn source_of(home: &Home) -> Result<Source, Failure> {
    let path = home.connections();
    rely_on(home, &path)?;
    Source::read(&path)
}

/// A change: candidate texts, best first, and the intended meaning.
struct Plan {
    drafts: Vec<String>,
    after: Vec<Meaning>,
    default: Option<ConnectionName>,
}

impl Plan {
    /// If `name` is the default, `new` replaces it.
    fn with_default_of(self, name: &ConnectionName, new: Option<&ConnectionName>) -> Self {
        if self.default.as_ref() != Some(name) {
            return self;
        }
        Self {
            drafts: with_default(self.drafts, new),
            after: self.after,
            default: new.cloned(),
        }
    }

    /// The first text with exactly the intended meaning.
    fn checked(self, source: &Source) -> Result<String, Failure> {
        let means_it = |text: &String| {
            let result = source.with_text(text.clone());
            let means = document::read(&result).is_ok_and(|stored| {
                stored
                    .iter()
                    .map(Meaning::of_stored)
                    .eq(self.after.iter().cloned())
            });
            means && document::default_name(&result).is_ok_and(|name| name == self.default)
        };
        self.drafts.into_iter().find(means_it).ok_or_else(|| {
            Failure::new(
                Code::InternalInvariant,
                format!(
                    "{} is written in a way that cannot be changed safely",
                    shown(source.path())
                ),
            )
            .cause("the change would have altered more than it should; the file was left as it was")
            .hint("write the connection as a [connections.NAME] table, or make the change by hand")
            .with("file", shown(source.path()))
        })
    }
}

/// The comparable meaning of an entry.
#[derive(Clone, PartialEq)]
struct Meaning {
    name: ConnectionName,
    draft: Draft,
    preflight: Option<PreflightRecord>,
}

impl Meaning {
    fn of_stored(stored: &StoredConnection) -> Self {
        Self {
            name: stored.name.clone(),
            draft: stored.draft.clone(),
            preflight: stored.preflight.clone(),
        }
    }

    fn of_cleared(cleared: &PreflightPass) -> Self {
        Self {
            name: cleared.connection().name.clone(),
            draft: cleared.draft().clone(),
            preflight: Some(cleared.record().clone()),
        }
    }
}

fn find<'a>(
    stored: &'a [StoredConnection],
    name: &ConnectionName,
) -> Result<&'a StoredConnection, Failure> {
    stored
        .iter()
        .find(|each| each.name == *name)
        .ok_or_else(|| {
            let known: Vec<ConnectionName> = stored.iter().map(|each| each.name.clone()).collect();
            not_found(name.as_str(), &known)
        })
}

fn changed_meanwhile(source: &Source, name: &ConnectionName) -> Failure {
    Failure::new(
        Code::ConfigChanged,
        format!("connection `{name}` was changed by someone else meanwhile"),
    )
    .cause("nothing was changed")
    .remedy(
        "review it, then try again",
        &Remedy::ShowConnection {
            connection: name.clone(),
        },
    )
    .with("file", shown(source.path()))
}

/// A process that asks for more connections than these reads all of them.
/// Parsing takes up to 0.1 ms per KiB, so this is less than a millisecond.
const LARGE: u64 = 8 * 1024;
const MOST_NAMED: usize = 8;
const PATIENCE: Duration = Duration::from_secs(5);
