//! `synapse doctor`: looks at a whole installation, opens no socket and reads no secret. Every check
//! is made, or says what it needs; with `--bundle` the result is written for a support case.

pub(super) mod bundle;
mod installations;

use std::path::{Path, PathBuf};

use synapse_core::credential::CredentialRef;
use synapse_core::doctor::{Diagnosis, Examined, first_failure};
use synapse_core::document::DoctorDocument;
use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure};
use synapse_core::ports::{SecretWriter as _, StoredConnection};
use synapse_core::redact::printable;
use synapse_store::{Home, Secrets, try_write};

use super::{CommandError, Context, history};
use crate::args::DoctorArguments;
use crate::output::{CommandLines, Mark, Printer, STRONG, in_short, styled};
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
            format!("{} is there already", path.display()),
        )
        .cause("a support bundle never replaces a file")
        .hint("name another file, or remove this one")
        .into());
    }
    let checks = examine(context, engine).await?;
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
        Some(failure) => Err(CommandError::Reported(failure.code)),
    }
}

/// Every check, in order.
pub(super) async fn examine(context: &Context, engine: &Engine) -> Result<Vec<Examined>, Failure> {
    let mut doctor = Doctor {
        context,
        engine,
        secrets: compose::secrets(context)?,
        directory: context.environment.synapse_home()?,
        checks: Vec::new(),
    };
    doctor.examine().await;
    Ok(doctor.checks)
}

struct Doctor<'a> {
    context: &'a Context,
    engine: &'a Engine,
    secrets: Secrets,
    directory: PathBuf,
    checks: Vec<Examined>,
}

impl Doctor<'_> {
    async fn examine(&mut self) {
        self.process();
        self.checks.extend(installations::on_path(self.context));
        self.checks.extend(installations::entries(self.context));
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
        let diagnosis = match guard::dumps_are_off() {
            true => Diagnosis::Ok("core dumps are off".to_owned()),
            false => Diagnosis::Skip("this system does not say whether core dumps are off".into()),
        };
        self.push("process", None, diagnosis);
    }

    fn home(&mut self) {
        let found = self.secrets.inspect_home();
        let unwritable = self.try_write().err();
        let sound = found.flaws.is_empty() && found.doubts.is_empty() && unwritable.is_none();
        for flaw in found.flaws {
            self.push("home", None, Diagnosis::Fail(flaw));
        }
        for doubt in found.doubts {
            self.push("home", None, Diagnosis::Warn(doubt));
        }
        if let Some(flaw) = unwritable {
            let flaw =
                flaw.cause("calls leave no row, limits cannot be kept, and nothing can be saved");
            let diagnosis = match flaw.code {
                Code::StorageReadOnly => Diagnosis::Warn(flaw),
                _ => Diagnosis::Fail(flaw),
            };
            self.push("home", None, diagnosis);
        }
        if sound {
            let diagnosis = match cfg!(unix) {
                true => Diagnosis::Ok(
                    "you may write to Synapse's own files, and others may not".to_owned(),
                ),
                false => Diagnosis::Skip("who may write there is not looked at here".to_owned()),
            };
            self.push("home", None, diagnosis);
        }
    }

    /// Writes into the directory; where it is not there yet, looks whether it could be made.
    fn try_write(&self) -> Result<(), Failure> {
        let home = Home::new(self.directory.clone());
        if is_writable(&self.directory) {
            return match self.directory.is_dir() {
                true => try_write(&home),
                false => Ok(()),
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
                    0 => "there is none yet".to_owned(),
                    1 => "1 connection".to_owned(),
                    count => format!("{count} connections"),
                };
                self.push("connections", None, Diagnosis::Ok(seen));
                all
            }
            Err(failure) => {
                self.push("connections", None, Diagnosis::Fail(failure));
                let why = Diagnosis::Skip("needs connections".to_owned());
                self.push("connection", None, why.clone());
                self.push("credential", None, why);
                Vec::new()
            }
        }
    }

    /// SQLite's own check of the whole file, a write, what waits beside it, and its dates.
    async fn ledger(&mut self) {
        let reader = &self.engine.ports().reader;
        let examined = reader.examine().await;
        let dating = reader.dating(self.engine.ports().clock.now()).await;
        let mut warnings = Vec::new();
        let diagnosis = match examined {
            Err(failure) => Diagnosis::Fail(failure),
            Ok(found) => {
                warnings.extend(history::waiting(found.waiting));
                warnings.extend(dating.ok().as_ref().and_then(history::misdated));
                Diagnosis::Ok(match (found.exists, found.rows) {
                    (false, _) => "there is none yet".to_owned(),
                    (true, 1) => "whole and writable, 1 row".to_owned(),
                    (true, rows) => format!("whole and writable, {rows} rows"),
                })
            }
        };
        self.push("ledger", None, diagnosis);
        for warning in warnings {
            self.push("ledger", None, Diagnosis::Warn(warning));
        }
    }

    /// The head of the local vault, which needs no key. A home without a vault has no such check.
    fn vault(&mut self) {
        match self.secrets.inspect_vault() {
            Ok(None) => {}
            Ok(Some(sealed)) => {
                let seen = format!("{sealed}; not opened");
                self.push("vault", None, Diagnosis::Ok(seen));
            }
            Err(failure) => self.push("vault", None, Diagnosis::Fail(failure)),
        }
    }

    async fn connection(&mut self, stored: &StoredConnection) {
        let name = stored.name.to_string();
        let connection = match stored.usable() {
            Ok(connection) => connection,
            Err(failure) => {
                self.push("connection", Some(&name), Diagnosis::Fail(failure));
                let why = Diagnosis::Skip("needs connection".to_owned());
                self.push("credential", Some(&name), why);
                return;
            }
        };
        let diagnosis = match connection.check_binding() {
            Ok(()) => Diagnosis::Ok(format!(
                "{} · {} · network {}",
                connection.base_url,
                connection.model,
                connection.gate.as_str()
            )),
            Err(failure) => Diagnosis::Fail(failure),
        };
        self.push("connection", Some(&name), diagnosis);
        match &connection.credential {
            Some(reference) => self.credential(&name, reference).await,
            None => {
                let why = "the connection has none".to_owned();
                self.push("credential", Some(&name), Diagnosis::Skip(why));
            }
        }
    }

    /// The place of a credential. It is not read: that is what `secret check` is for.
    async fn credential(&mut self, name: &str, reference: &CredentialRef) {
        use synapse_core::ports::SecretResolver as _;

        let flaws = self.secrets.inspect(reference).await;
        if flaws.is_empty() {
            let place = self.secrets.place(reference);
            let seen = format!("{place}; not read, see `synapse secret check`");
            self.push("credential", Some(name), Diagnosis::Ok(seen));
        }
        for flaw in flaws {
            let diagnosis = match flaw.code {
                Code::CredentialTrackedByGit | Code::CredentialForeignOwner => {
                    Diagnosis::Fail(flaw)
                }
                _ => Diagnosis::Warn(flaw),
            };
            self.push("credential", Some(name), diagnosis);
        }
    }

    async fn configurations(&mut self) {
        let directory: Option<PathBuf> = std::env::current_dir().ok();
        let scanned = self.secrets.scan_configurations(directory.as_deref()).await;
        let clean = scanned.broken.is_empty() && scanned.questionable.is_empty();
        for failure in scanned.broken {
            self.push("configurations", None, Diagnosis::Fail(failure));
        }
        for failure in scanned.questionable {
            self.push("configurations", None, Diagnosis::Warn(failure));
        }
        if clean {
            let seen = match scanned.read.len() {
                1 => "no token in 1 file of IDEs and projects".to_owned(),
                count => format!("no token in {count} files of IDEs and projects"),
            };
            self.push("configurations", None, Diagnosis::Ok(seen));
        }
    }

    fn push(&mut self, id: &'static str, subject: Option<&str>, diagnosis: Diagnosis) {
        self.checks.push(Examined {
            id,
            subject: subject.map(str::to_owned),
            diagnosis,
        });
    }
}

/// Whether this user may write to `directory`, or make it where it is not there yet.
#[cfg(unix)]
fn is_writable(directory: &Path) -> bool {
    use rustix::fs::{Access, access};

    let there = directory.ancestors().find(|each| each.exists());
    there.is_some_and(|there| access(there, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

/// Rights are not looked at where they are no bits.
#[cfg(not(unix))]
fn is_writable(_directory: &Path) -> bool {
    true
}

fn show(printer: &Printer, checks: &[Examined], document: &DoctorDocument) {
    if printer.is_json() {
        printer.document(document);
    } else {
        let title = styled(STRONG, "Doctor");
        printer.line(&format!(
            "{title}  synapse {}  {SYSTEM}",
            env!("CARGO_PKG_VERSION")
        ));
        for check in checks {
            printer.line(&line(check));
        }
    }
    for check in checks {
        match &check.diagnosis {
            Diagnosis::Warn(failure) => printer.warning(failure),
            Diagnosis::Fail(failure) => printer.failure(failure),
            Diagnosis::Ok(_) | Diagnosis::Skip(_) => {}
        }
    }
}

fn line(check: &Examined) -> String {
    let (mark, text) = match &check.diagnosis {
        Diagnosis::Ok(seen) => (Mark::Ok, seen.clone()),
        Diagnosis::Warn(failure) => (Mark::Warn, in_short(failure)),
        Diagnosis::Fail(failure) => (Mark::Fail, in_short(failure)),
        Diagnosis::Skip(why) => (Mark::Skip, why.clone()),
    };
    let what = match &check.subject {
        Some(subject) => format!("{} {subject}", check.id),
        None => check.id.to_owned(),
    };
    mark.line(&what, [4, 20], &text)
}

pub(super) const SYSTEM: &str = std::env::consts::OS;
