//! `synapse check`: one line for each thing that can be checked, each with a remedy. The narrower
//! views, such as preflight and doctor, use the same checks.
//!
//! **Invariant:** with network access off, no socket is opened and no secret is read, here too;
//! upstream servers are neither started nor contacted; only `--prompt` costs money.

mod entries;
mod fix;
mod sheet;
mod subjects;

use synapse_core::check::{Check, CheckId, Finding, first_failure};
use synapse_core::engine::{Engine, PreflightCall, Then};
use synapse_core::error::Failure;
use synapse_core::ports::StoredConnection;
use synapse_documents::CheckDocument;

use self::entries::Entries;
use self::fix::Fixes;
use self::sheet::CheckSheet;
use self::subjects::Subjects;
use super::doctor::{self, SYSTEM};
use super::{CommandError, Context, preflight, with_engine};
use crate::args::CheckArguments;
use crate::output::{CommandLines, Waiting};

pub(super) fn run(context: &Context, arguments: &CheckArguments) -> Result<(), CommandError> {
    let subjects = Subjects::named(context, &arguments.subjects)?;
    let entries = Entries::found(context, &subjects, arguments)?;
    // Before signals are caught: a question blocks, and Ctrl-C must end it.
    let offered = || Fixes::offered(context, &subjects, arguments.project.as_deref());
    let mut fixes = offered()?;
    if let Some(consent) = arguments.fixing() {
        fixes.make(context, consent, offered)?;
    }
    with_engine(context, async |engine| {
        let printer = &context.printer;
        let waiting = printer.progress().begin("the installation");
        let mut looking = CheckScope {
            context,
            engine,
            subjects: &subjects,
            waiting: &waiting,
            sheet: CheckSheet::new(printer),
        };
        let looked = waiting.until(Box::pin(looking.look(&entries))).await;
        let sheet = looking.sheet;
        drop(waiting);
        looked?;
        if printer.is_json() {
            printer.document(&CheckDocument::new(
                sheet.checks(),
                [env!("CARGO_PKG_VERSION"), SYSTEM],
                &arguments.subjects,
                fixes.views(),
                &CommandLines,
            ));
        } else {
            sheet.sum_up();
            fixes.remind(printer, &arguments.subjects);
        }
        match first_failure(sheet.checks()) {
            None => Ok(()),
            Some(failure) => Err(CommandError::Reported(failure.code())),
        }
    })
}

struct CheckScope<'a> {
    context: &'a Context,
    engine: &'a Engine,
    subjects: &'a Subjects,
    waiting: &'a Waiting,
    sheet: CheckSheet,
}

impl CheckScope<'_> {
    async fn look(&mut self, entries: &Entries<'_>) -> Result<(), Failure> {
        if self.subjects.are_all() {
            self.everything(entries).await
        } else {
            self.named(entries).await
        }
    }

    /// Checks everything, with one line for each connection and each entry.
    async fn everything(&mut self, entries: &Entries<'_>) -> Result<(), Failure> {
        let sheet = &mut self.sheet;
        let then = Then::Preflights;
        doctor::examine_observed(self.context, self.engine, then, &mut |check| {
            sheet.push(check.clone());
        })
        .await?;
        // A file that cannot be read is already reported above.
        for stored in self.engine.connections().unwrap_or_default() {
            let observe = &mut progress(self.waiting, &stored);
            let check = self.engine.preflight_summary(stored, observe).await;
            check.into_iter().for_each(|check| self.sheet.push(check));
        }
        for check in entries.everywhere(self.context, self.waiting).await? {
            self.sheet.push(check);
        }
        Ok(())
    }

    /// Checks what is named, with every check and every step.
    async fn named(&mut self, entries: &Entries<'_>) -> Result<(), Failure> {
        for name in self.subjects.connections() {
            let stored = self.engine.stored(name)?;
            let sheet = &mut self.sheet;
            let mut key = None;
            doctor::of_connection(
                self.context,
                self.engine,
                &stored,
                &mut |check| match check.id {
                    CheckId::Credential => key = Some(check.clone()),
                    _ => sheet.push(check.clone()),
                },
            )
            .await?;
            let mut checks = Vec::new();
            if stored.usable().is_ok() {
                let mut progress = progress(self.waiting, &stored);
                let observe = &mut |check: &Check| {
                    progress(check);
                    checks.push(check.clone());
                };
                let call = PreflightCall::unpaid(stored);
                self.engine.preflight_observed(call, observe).await;
            }
            // Preflight reads the credential and reports more than its place.
            if !checks.iter().any(reads_the_key)
                && let Some(key) = key
            {
                self.sheet.push(key);
            }
            for check in checks {
                self.sheet.push(check.of(name));
            }
        }
        let now = self.engine.ports().clock.now();
        for server in self.subjects.servers() {
            for check in doctor::hub::checks(self.context, Some(server), now).await? {
                self.sheet.push(check);
            }
        }
        for check in entries.step_by_step(self.context, self.waiting).await? {
            self.sheet.push(check);
        }
        Ok(())
    }
}

/// Says how far the preflight of a connection has come.
fn progress<'a>(
    waiting: &'a Waiting,
    stored: &StoredConnection,
) -> impl FnMut(&Check) + Send + use<'a> {
    let name = stored.name.to_string();
    waiting.says(format!("preflight of {name}"));
    move |check| {
        let next = preflight::behind(check);
        waiting.says(format!("preflight of {name}: {next}"));
    }
}

fn reads_the_key(check: &Check) -> bool {
    check.id == CheckId::Credential && !matches!(check.finding, Finding::Skip(_))
}
