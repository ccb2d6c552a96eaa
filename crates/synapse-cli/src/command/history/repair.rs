//! `synapse history repair`: recovers the readable part of a damaged ledger, and reports what was
//! lost.

use synapse_core::engine::Engine;
use synapse_core::ledger::{LostPlaces, Repaired};
use synapse_documents::RepairDocument;

use crate::command::{CommandError, Context};
use crate::output::{GOOD, Printer, styled};

pub(super) async fn run(context: &Context, engine: &Engine) -> Result<(), CommandError> {
    let repaired = engine.ports().ledger.repair().await?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&RepairDocument::from(&repaired));
    } else {
        print(printer, &repaired);
    }
    Ok(())
}

fn print(printer: &Printer, repaired: &Repaired) {
    let Some(kept_at) = &repaired.kept_at else {
        printer.line(&format!(
            "{} · there is nothing to repair",
            styled(GOOD, "sound")
        ));
        return;
    };
    let lost: u64 = repaired.lost.iter().map(LostPlaces::count).sum();
    printer.line(&format!(
        "{} · {} rows and {} recorded texts saved · {lost} places lost · {} rows changed",
        styled(GOOD, "repaired"),
        repaired.rows,
        repaired.texts,
        repaired.changed.len()
    ));
    for LostPlaces { first, last } in &repaired.lost {
        printer.line(&if first == last {
            format!("lost: the row at place {first}")
        } else {
            format!("lost: the rows at places {first} to {last}")
        });
    }
    for call_id in &repaired.lost_calls {
        printer.line(&format!("lost: call {call_id}"));
    }
    for part in &repaired.lost_parts {
        printer.line(&format!("lost, in part or whole: {part}"));
    }
    for call_id in &repaired.changed {
        printer.line(&format!(
            "changed since it was sealed, kept as it is: call {call_id}"
        ));
    }
    printer.line(&format!("the damaged file is kept: {kept_at}"));
}
