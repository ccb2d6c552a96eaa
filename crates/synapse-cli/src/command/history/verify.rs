//! `synapse history verify`: checks that the ledger was not changed after it was written.

use synapse_core::engine::Engine;
use synapse_core::ledger::Verification;
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
    if let Some(warning) = found.waiting.failure() {
        printer.warning(&warning);
    }
    let now = engine.ports().clock.now();
    if let Some(warning) = engine.ports().reader.dating(now).await?.failure() {
        printer.warning(&warning);
    }
    match found.failure() {
        None => Ok(()),
        Some(failure) => {
            printer.failure(&failure);
            Err(CommandError::Reported(failure.code()))
        }
    }
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
