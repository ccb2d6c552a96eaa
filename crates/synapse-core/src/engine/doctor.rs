//! The checks of a whole installation. Opens no socket and reads no referenced secret. Every check is
//! made, or says what it needs.

use super::Engine;
use super::preflight::Observer;
use crate::check::{Check, CheckId, Finding, Skip};
use crate::credential::CredentialRef;
use crate::error::{Code, Failure, Remedy, RemedyText};
use crate::gate::NetworkGate;
use crate::ports::{Installation, InstalledEntry, StoredConnection};

/// The checks of an installation.
pub struct Doctor<'a, 'o> {
    engine: &'a Engine,
    installation: &'a dyn Installation,
    remedies: &'a dyn RemedyText,
    observe: &'a mut Observer<'o>,
    then: Then,
    checks: Vec<Check>,
}

/// The step after the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// The preflight of each open connection, which reads its credential.
    Preflights,
}

impl Engine {
    /// The checks of `installation`. `remedies` renders the commands that findings name; `observe`
    /// gets each check as soon as it is made.
    pub const fn doctor<'a, 'o>(
        &'a self,
        installation: &'a dyn Installation,
        remedies: &'a dyn RemedyText,
        observe: &'a mut Observer<'o>,
    ) -> Doctor<'a, 'o> {
        Doctor {
            engine: self,
            installation,
            remedies,
            observe,
            then: Then::Nothing,
            checks: Vec::new(),
        }
    }
}

impl Doctor<'_, '_> {
    /// Leaves to `then` what it checks better.
    #[must_use]
    pub const fn before(mut self, then: Then) -> Self {
        self.then = then;
        self
    }

    /// Makes every check, in order.
    pub async fn examine(mut self) -> Vec<Check> {
        self.everything().await;
        self.checks
    }

    /// Makes the checks of one connection and of its key's store.
    pub async fn examine_connection(mut self, stored: &StoredConnection) -> Vec<Check> {
        self.connection(stored).await;
        self.checks
    }

    async fn everything(&mut self) {
        self.process();
        self.programs();
        self.entries();
        self.home();
        let connections = self.connections();
        self.ledger().await;
        self.vault();
        for stored in connections {
            self.connection(&stored).await;
        }
        self.configurations().await;
    }

    fn process(&mut self) {
        let finding = if self.installation.dumps_are_off() {
            Finding::Ok("core dumps are off".to_owned())
        } else {
            Finding::Skip(Skip::Because(
                "this system does not say whether core dumps are off",
            ))
        };
        self.push(CheckId::Process, None, finding);
    }

    /// A client that starts another program than the terminal may run another version, and an
    /// upgrade of one is no upgrade of the other.
    fn programs(&mut self) {
        let finding = match self.installation.programs().as_slice() {
            [] => Finding::Ok("none is on PATH".to_owned()),
            [only] => Finding::Ok(format!("one is on PATH: {only}")),
            [first, others @ ..] => {
                let failure = Failure::new(
                    Code::ConfigSeveralInstallations,
                    format!("a shell starts {first}"),
                )
                .cause(format!("PATH has also {}", others.join(", ")))
                .hint("remove the ones that you do not use, with the tool that installed each");
                Finding::Doubt(failure)
            }
        };
        self.push(CheckId::Installations, None, finding);
    }

    fn entries(&mut self) {
        let Some(found) = self.installation.entries() else {
            let skip = Skip::Because("the files of clients cannot be found here");
            return self.push(CheckId::Entries, None, Finding::Skip(skip));
        };
        let mut are_ours = true;
        for entry in &found.entries {
            let Some(other) = &entry.starts_another else {
                continue;
            };
            are_ours = false;
            let subject = format!("{} ({})", entry.client, entry.scope);
            let failure = foreign(entry, other, &found.running);
            self.push(CheckId::Entries, Some(&subject), Finding::Doubt(failure));
        }
        if are_ours {
            let seen = match found.entries.len() {
                0 => "no client has one".to_owned(),
                1 => "1 entry starts this program".to_owned(),
                count => format!("{count} entries start this program"),
            };
            self.push(CheckId::Entries, None, Finding::Ok(seen));
        }
    }

    fn home(&mut self) {
        let found = self.installation.home();
        let sound = found.flaws.is_empty() && found.doubts.is_empty() && found.unwritable.is_none();
        for flaw in found.flaws {
            self.push(CheckId::Home, None, Finding::Fail(flaw));
        }
        for doubt in found.doubts {
            self.push(CheckId::Home, None, Finding::Doubt(doubt));
        }
        if let Some(flaw) = found.unwritable {
            let flaw =
                flaw.cause("calls leave no row, limits cannot be kept, and nothing can be saved");
            let finding = match flaw.code() {
                Code::StorageReadOnly => Finding::Doubt(flaw),
                _ => Finding::Fail(flaw),
            };
            self.push(CheckId::Home, None, finding);
        }
        if sound {
            let finding = if found.shows_access {
                Finding::Ok("you may write to Synapse's own files, and others may not".to_owned())
            } else {
                Finding::Skip(Skip::Because("write access of others is not checked here"))
            };
            self.push(CheckId::Home, None, finding);
        }
    }

    fn connections(&mut self) -> Vec<StoredConnection> {
        match self.engine.connections() {
            Ok(all) => {
                let seen = match all.len() {
                    0 => format!(
                        "there is none yet; set one up: {}",
                        self.remedies.command(&Remedy::SetUp).unwrap_or_default()
                    ),
                    1 => "1 connection".to_owned(),
                    count => format!("{count} connections"),
                };
                let settings = self.installation.settings();
                let finding = settings.map_or_else(Finding::Fail, |()| Finding::Ok(seen));
                self.push(CheckId::Connections, None, finding);
                all
            }
            Err(failure) => {
                self.push(CheckId::Connections, None, Finding::Fail(failure));
                let why = Finding::Skip(Skip::Because("needs connections"));
                self.push(CheckId::Connection, None, why.clone());
                self.push(CheckId::Credential, None, why);
                Vec::new()
            }
        }
    }

    /// Checks the ledger: SQLite's own check of the whole file, a write, its sidecar files, its
    /// dates, and the seals of its rows unless there are very many.
    async fn ledger(&mut self) {
        let reader = &self.engine.ports().reader;
        let examined = reader.examine().await;
        let mut warnings = Vec::new();
        let finding = match examined {
            Err(failure) => Finding::Fail(failure),
            Ok(found) => {
                warnings.extend(found.waiting.failure());
                let dating = reader.dating(self.engine.ports().clock.now()).await;
                warnings.extend(dating.ok().and_then(|dating| dating.failure()));
                let changed = match found.rows {
                    1..=MANY_ROWS => reader.verify().await.ok(),
                    _ => None,
                };
                match changed.and_then(|found| found.failure_in_short(FEW, self.remedies)) {
                    Some(failure) => Finding::Fail(failure),
                    None => Finding::Ok(match (found.exists, found.rows) {
                        (false, _) => "there is none yet".to_owned(),
                        (true, 1) => "whole and writable, 1 row".to_owned(),
                        (true, rows) => format!("whole and writable, {rows} rows"),
                    }),
                }
            }
        };
        self.push(CheckId::Ledger, None, finding);
        for warning in warnings {
            self.push(CheckId::Ledger, None, Finding::Doubt(warning));
        }
    }

    /// Checks the header of the local vault, which needs no key. A home without a vault has no such
    /// check.
    fn vault(&mut self) {
        match self.installation.vault() {
            Ok(None) => {}
            Ok(Some(sealed)) => {
                let seen = format!("{sealed}; not opened");
                self.push(CheckId::Vault, None, Finding::Ok(seen));
            }
            Err(failure) => self.push(CheckId::Vault, None, Finding::Fail(failure)),
        }
    }

    async fn connection(&mut self, stored: &StoredConnection) {
        let name = stored.name.to_string();
        let connection = match stored.usable() {
            Ok(connection) => connection,
            Err(failure) => {
                self.push(CheckId::Connection, Some(&name), Finding::Fail(failure));
                let why = Finding::Skip(Skip::Because("needs connection"));
                self.push(CheckId::Credential, Some(&name), why);
                return;
            }
        };
        let finding = match connection.check_binding() {
            Ok(()) => Finding::Ok(format!(
                "{} · {} · network {}",
                connection.base_url,
                connection.model,
                connection.gate.as_str()
            )),
            Err(failure) => Finding::Fail(failure),
        };
        self.push(CheckId::Connection, Some(&name), finding);
        match &connection.credential {
            Some(reference) => self.credential(&name, connection.gate, reference).await,
            None => {
                let why = Skip::Because("the connection has none");
                self.push(CheckId::Credential, Some(&name), Finding::Skip(why));
            }
        }
    }

    /// Checks where a credential is stored, and whether it could be read, without reading it. Behind a
    /// closed gate nothing needs it yet, and a variable counts in the environment of the IDE, not in
    /// this one.
    async fn credential(&mut self, name: &str, gate: NetworkGate, reference: &CredentialRef) {
        let secrets = &self.engine.ports().secrets;
        let flaws = secrets.inspect(reference).await;
        let is_read_next = self.then == Then::Preflights && gate == NetworkGate::Open;
        let reached = match reference {
            CredentialRef::Env(_) => Ok(String::new()),
            _ if is_read_next => Ok(String::new()),
            _ => secrets.reach(reference).await,
        };
        let finding = match reached {
            Err(failure) if gate == NetworkGate::Open => Some(Finding::Fail(failure)),
            Err(failure) => Some(Finding::Doubt(failure)),
            Ok(_) if flaws.is_empty() => Some(Finding::Ok(self.installation.unread(reference))),
            Ok(_) => None,
        };
        if let Some(finding) = finding {
            self.push(CheckId::Credential, Some(name), finding);
        }
        for flaw in flaws {
            let finding = match flaw.code() {
                Code::CredentialTrackedByGit | Code::CredentialForeignOwner => Finding::Fail(flaw),
                _ => Finding::Doubt(flaw),
            };
            self.push(CheckId::Credential, Some(name), finding);
        }
    }

    async fn configurations(&mut self) {
        let scanned = self.installation.exposed_tokens().await;
        let clean = scanned.broken.is_empty() && scanned.questionable.is_empty();
        for failure in scanned.broken {
            self.push(CheckId::Configurations, None, Finding::Fail(failure));
        }
        for failure in scanned.questionable {
            self.push(CheckId::Configurations, None, Finding::Doubt(failure));
        }
        if clean {
            let seen = match scanned.files {
                1 => "no token in 1 file of IDEs and projects".to_owned(),
                count => format!("no token in {count} files of IDEs and projects"),
            };
            self.push(CheckId::Configurations, None, Finding::Ok(seen));
        }
    }

    fn push(&mut self, id: CheckId, subject: Option<&str>, finding: Finding) {
        self.add(Check {
            subject: subject.map(str::to_owned),
            ..Check::new(id, finding)
        });
    }

    fn add(&mut self, check: Check) {
        (self.observe)(&check);
        self.checks.push(check);
    }
}

impl std::fmt::Debug for Doctor<'_, '_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Doctor")
            .field("checks", &self.checks)
            .finish_non_exhaustive()
    }
}

/// An entry that starts another program.
fn foreign(entry: &InstalledEntry, other: &str, running: &str) -> Failure {
    let id = &entry.client;
    Failure::new(
        Code::IdeForeignEntry,
        format!("the entry of {id} starts {other}"),
    )
    .cause(format!("this program is {running}"))
    .with("file", &entry.file)
    .remedy(
        "let it start this one",
        &Remedy::InstallEntry {
            client: Some(id.clone()),
            scope: entry.scope,
        },
    )
}

/// The seals of more rows take seconds to check; `history verify` does it.
const MANY_ROWS: u64 = 100_000;
/// Changed rows that are named.
const FEW: usize = 3;
