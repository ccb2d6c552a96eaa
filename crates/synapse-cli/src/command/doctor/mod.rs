//! `synapse doctor`: checks a whole installation, opens no socket and reads no referenced secret.
//! Every check is made, or says what it needs; `--bundle` writes the result for a support case.

pub(super) mod bundle;
pub(super) mod hub;
mod installation;

use synapse_core::check::{Check, CheckId, Finding, first_failure};
use synapse_core::engine::{Engine, Observer, Then};
use synapse_core::error::{Code, Failure};
use synapse_core::ports::StoredConnection;
use synapse_documents::DoctorDocument;

use self::installation::ThisInstallation;
use super::{CommandError, Context};
use crate::args::DoctorArguments;
use crate::output::{CommandLines, Printer, STRONG, check_line, styled};

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
            format!("{} already exists", path.display()),
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
    let installation = ThisInstallation::of(context)?;
    let doctor = engine.doctor(&installation, &CommandLines, observe);
    let mut checks = doctor.before(then).examine().await;
    let servers = hub::checks(context, None, engine.ports().clock.now()).await;
    let servers =
        servers.unwrap_or_else(|failure| vec![Check::new(CheckId::Hub, Finding::Fail(failure))]);
    servers.iter().for_each(observe);
    checks.extend(servers);
    Ok(checks)
}

/// The checks of one connection and of its key's store.
pub(super) async fn of_connection(
    context: &Context,
    engine: &Engine,
    stored: &StoredConnection,
    observe: &mut Observer<'_>,
) -> Result<Vec<Check>, Failure> {
    let installation = ThisInstallation::of(context)?;
    let doctor = engine.doctor(&installation, &CommandLines, observe);
    Ok(doctor.examine_connection(stored).await)
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
