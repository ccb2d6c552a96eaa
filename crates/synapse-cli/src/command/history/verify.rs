//! `synapse history verify`: checks that the ledger was not changed after it was written.

use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ledger::{Discrepancy, Verification};
use synapse_documents::VerificationDocument;

use crate::command::{CommandError, Context};
use crate::output::{GOOD, Printer, styled};

pub(super) async fn run(context: &Context, engine: &Engine) -> Result<(), CommandError> {
    let found = engine.ports().reader.verify().await?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&VerificationDocument::from(&found));
    } else if found.discrepancies.is_empty() {
        print(printer, &found);
    }
    if let Some(warning) = super::waiting(found.waiting) {
        printer.warning(&warning);
    }
    let now = engine.ports().clock.now();
    if let Some(warning) = super::misdated(&engine.ports().reader.dating(now).await?) {
        printer.warning(&warning);
    }
    if found.discrepancies.is_empty() {
        return Ok(());
    }
    let failure = failure(&found.discrepancies);
    printer.failure(&failure);
    Err(CommandError::Reported(failure.code()))
}

fn print(printer: &Printer, found: &Verification) {
    let rows = match found.rows {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    };
    printer.line(&format!(
        "{} · {rows} unchanged · {} in progress · {} purged{}",
        styled(GOOD, "sound"),
        found.open,
        found.purged,
        match found.lost {
            0 => String::new(),
            lost => format!(" · {lost} lost to damage before a repair"),
        }
    ));
    if let Some(head) = &found.head {
        printer.line(&format!("last seal: {} {}", head.sequence, head.hash));
    }
}

/// The first `most` discrepancies as a failure, if there are any.
pub(in crate::command) fn changed(found: &Verification, most: usize) -> Option<Failure> {
    let all = &found.discrepancies;
    let (shown, left) = all.split_at_checked(most).unwrap_or((all, &[]));
    if shown.is_empty() {
        return None;
    }
    Some(match left.len() {
        0 => failure(shown),
        more => failure(shown).cause(format!("and {more} more: see `synapse history verify`")),
    })
}

fn failure(discrepancies: &[Discrepancy]) -> Failure {
    let failure = Failure::new(Code::StorageCorrupt, "the ledger was changed");
    let failure = discrepancies
        .iter()
        .fold(failure, |failure, each| failure.cause(each.to_string()));
    failure
        .hint("keep a copy of ledger.db; a backup from before the change tells what the rows were")
        .remedy("see a row that is named", &Remedy::ShowCall)
}
