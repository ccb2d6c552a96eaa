//! `synapse doctor`: checks a whole installation, opens no socket and reads no referenced secret.
//! Every check is made, or says what it needs; `--bundle` writes the result for a support case.

pub(super) mod bundle;
pub(super) mod hub;
mod installations;

use std::path::{Path, PathBuf};

use synapse_core::check::{Check, CheckId, Finding, Skip, first_failure};
use synapse_core::credential::CredentialRef;
use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::gate::NetworkGate;
use synapse_core::ports::{SecretWriter as _, StoredConnection};
use synapse_core::redact::printable;
use synapse_documents::DoctorDocument;
use synapse_home::Home;
use synapse_home::failure::try_write;
use synapse_secrets::Secrets;

use super::{CommandError, Context, history};
use crate::args::DoctorArguments;
use crate::output::{CommandLines, Printer, STRONG, check_line, command_line, styled};
use crate::{compose, guard};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: DoctorArguments,
) -> Result<(), CommandError> {
    if let Some(path) = &arguments.bundle
        && path.symlink_metadata().is_ok()
    {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            format!("{} exists already", path.display()),
        )
        .cause("a support bundle never replaces a file")
        .hint("name another file, or remove this one")
        .into());
    }
    let progress = context.printer.progress();
    let checks = progress
        .waiting("the installation", Box::pin(examine(context, engine)))
        .await?;
    let mut document =
        DoctorDocument::new(&checks, env!("CARGO_PKG_VERSION"), SYSTEM, &CommandLines);
    if let Some(path) = arguments.bundle {
        bundle::write(context, engine, &document, &path).await?;
        document = document.bundled(path.display().to_string());
        context.printer.note(&format!(
            "wrote {}: no secret was found in it; read it before you pass it on",
            path.display()
        ));
    }
    show(&context.printer, &checks, &document);
    match first_failure(&checks) {
        None => Ok(()),
        Some(failure) => Err(CommandError::Reported(failure.code())),
    }
}

/// Receives each check when it is made.
pub(super) type Observer<'a> = dyn FnMut(&Check) + Send + 'a;

/// The step after the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing.
    Nothing,
    /// The preflight of each open connection, which reads its credential.
    Preflights,
}

/// Makes every check, in order.
pub(super) async fn examine(context: &Context, engine: &Engine) -> Result<Vec<Check>, Failure> {
    examine_observed(context, engine, Then::Nothing, &mut |_| ()).await
}

/// As [`examine`], and passes each check to `observe` as soon as it is made.
pub(super) async fn examine_observed(
    context: &Context,
    engine: &Engine,
    then: Then,
    observe: &mut Observer<'_>,
) -> Result<Vec<Check>, Failure> {
    let mut doctor = Doctor::new(context, engine, observe)?;
    doctor.then = then;
    doctor.examine().await;
    Ok(doctor.checks)
}

/// The checks of one connection and of its key's store.
pub(super) async fn of_connection(
    context: &Context,
    engine: &Engine,
    stored: &StoredConnection,
    observe: &mut Observer<'_>,
) -> Result<Vec<Check>, Failure> {
    let mut doctor = Doctor::new(context, engine, observe)?;
    doctor.connection(stored).await;
    Ok(doctor.checks)
}

struct Doctor<'a, 'o> {
    context: &'a Context,
    engine: &'a Engine,
    secrets: Secrets,
    directory: PathBuf,
    then: Then,
    checks: Vec<Check>,
    observe: &'a mut Observer<'o>,
}

impl<'a, 'o> Doctor<'a, 'o> {
    fn new(
        context: &'a Context,
        engine: &'a Engine,
        observe: &'a mut Observer<'o>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            context,
            engine,
            secrets: compose::secrets(context)?,
            directory: context.environment.synapse_home()?,
            then: Then::Nothing,
            checks: Vec::new(),
            observe,
        })
    }
}

impl Doctor<'_, '_> {
    async fn examine(&mut self) {
        self.process();
        for (id, subject, finding) in installations::checks(self.context) {
            self.push(id, subject.as_deref(), finding);
        }
        self.home();
        let connections = self.connections();
        self.ledger().await;
        self.vault();
        for stored in connections {
            self.connection(&stored).await;
        }
        self.configurations().await;
        self.hub().await;
    }

    fn process(&mut self) {
        let finding = if guard::dumps_are_off() {
            Finding::Ok("core dumps are off".to_owned())
        } else {
            Finding::Skip(Skip::Because(
                "this system does not say whether core dumps are off",
            ))
        };
        self.push(CheckId::Process, None, finding);
    }

    fn home(&mut self) {
        let found = self.secrets.inspect_home();
        let unwritable = self.try_write().err();
        let sound = found.flaws.is_empty() && found.doubts.is_empty() && unwritable.is_none();
        for flaw in found.flaws {
            self.push(CheckId::Home, None, Finding::Fail(flaw));
        }
        for doubt in found.doubts {
            self.push(CheckId::Home, None, Finding::Doubt(doubt));
        }
        if let Some(flaw) = unwritable {
            let flaw =
                flaw.cause("calls leave no row, limits cannot be kept, and nothing can be saved");
            let finding = match flaw.code() {
                Code::StorageReadOnly => Finding::Doubt(flaw),
                _ => Finding::Fail(flaw),
            };
            self.push(CheckId::Home, None, finding);
        }
        if sound {
            let finding = if cfg!(unix) {
                Finding::Ok("you may write to Synapse's own files, and others may not".to_owned())
            } else {
                Finding::Skip(Skip::Because("write access of others is not checked here"))
            };
            self.push(CheckId::Home, None, finding);
        }
    }

    /// Writes to the directory; if it does not exist, checks whether it could be created.
    fn try_write(&self) -> Result<(), Failure> {
        let home = Home::new(self.directory.clone());
        if is_writable(&self.directory) {
            return if self.directory.is_dir() {
                try_write(&home)
            } else {
                Ok(())
            };
        }
        let what = printable(&self.directory.to_string_lossy());
        Err(
            Failure::new(Code::StorageReadOnly, format!("{what} cannot be written"))
                .hint("make it writable, or set SYNAPSE_HOME to another directory"),
        )
    }

    fn connections(&mut self) -> Vec<StoredConnection> {
        match self.engine.connections() {
            Ok(all) => {
                let seen = match all.len() {
                    0 => format!(
                        "there is none yet; set one up: {}",
                        command_line(&Remedy::SetUp)
                    ),
                    1 => "1 connection".to_owned(),
                    count => format!("{count} connections"),
                };
                let settings =
                    compose::connections(self.context).and_then(|file| file.check_settings());
                self.push(
                    CheckId::Connections,
                    None,
                    settings.map_or_else(Finding::Fail, |()| Finding::Ok(seen)),
                );
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
        let dating = reader.dating(self.engine.ports().clock.now()).await;
        let mut warnings = Vec::new();
        let finding = match examined {
            Err(failure) => Finding::Fail(failure),
            Ok(found) => {
                warnings.extend(history::waiting(found.waiting));
                warnings.extend(dating.ok().as_ref().and_then(history::misdated));
                let changed = match found.rows {
                    1..=MANY_ROWS => reader.verify().await.ok(),
                    _ => None,
                };
                match changed.and_then(|found| history::changed(&found, FEW)) {
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
        match self.secrets.inspect_vault() {
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

    /// Checks where a credential is stored, and whether it could be read, without reading it:
    /// `secret check` does that. Behind a closed gate nothing needs it yet, and a variable counts in
    /// the environment of the IDE, not in this one.
    async fn credential(&mut self, name: &str, gate: NetworkGate, reference: &CredentialRef) {
        use synapse_core::ports::SecretResolver as _;

        let flaws = self.secrets.inspect(reference).await;
        let is_read_next = self.then == Then::Preflights && gate == NetworkGate::Open;
        let reached = match reference {
            CredentialRef::Env(_) => Ok(String::new()),
            _ if is_read_next => Ok(String::new()),
            _ => self.secrets.reach(reference).await,
        };
        let finding = match reached {
            Err(failure) if gate == NetworkGate::Open => Some(Finding::Fail(failure)),
            Err(failure) => Some(Finding::Doubt(failure)),
            Ok(_) if flaws.is_empty() => {
                let place = self.secrets.place(reference);
                Some(Finding::Ok(format!(
                    "{place}; not read, see `synapse secret check`"
                )))
            }
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

    async fn hub(&mut self) {
        let now = self.engine.ports().clock.now();
        match hub::checks(self.context, None, now).await {
            Ok(checks) => checks.into_iter().for_each(|check| self.add(check)),
            Err(failure) => self.push(CheckId::Hub, None, Finding::Fail(failure)),
        }
    }

    async fn configurations(&mut self) {
        let directory: Option<PathBuf> = std::env::current_dir().ok();
        let scanned = self.secrets.scan_configurations(directory.as_deref()).await;
        let clean = scanned.broken.is_empty() && scanned.questionable.is_empty();
        for failure in scanned.broken {
            self.push(CheckId::Configurations, None, Finding::Fail(failure));
        }
        for failure in scanned.questionable {
            self.push(CheckId::Configurations, None, Finding::Doubt(failure));
        }
        if clean {
            let seen = match scanned.read.len() {
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

/// Whether this user may write to `directory`, or create it.
#[cfg(unix)]
fn is_writable(directory: &Path) -> bool {
    use rustix::fs::{Access, access};

    let there = directory.ancestors().find(|each| each.exists());
    there.is_some_and(|there| access(there, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

/// Permissions are checked only where they are mode bits.
#[cfg(not(unix))]
fn is_writable(_directory: &Path) -> bool {
    true
}

fn show(printer: &Printer, checks: &[Check], document: &DoctorDocument) {
    if printer.is_json() {
        printer.document(document);
    } else {
        let title = styled(STRONG, "Doctor");
        printer.line(&format!(
            "{title}  synapse {}  {SYSTEM}",
            env!("CARGO_PKG_VERSION")
        ));
        for check in checks {
            printer.wrapped(&check_line(check, [4, 20]));
        }
    }
    for check in checks {
        match &check.finding {
            Finding::Doubt(failure) => printer.warning(failure),
            Finding::Fail(failure) => printer.failure(failure),
            _ => {}
        }
    }
}

pub(super) const SYSTEM: &str = std::env::consts::OS;

/// The seals of more rows take seconds to check; `history verify` does it.
const MANY_ROWS: u64 = 100_000;
/// Changed rows that are named.
const FEW: usize = 3;
