//! `synapse hub ps` and `log`: the running upstream servers of all windows, and their stderr.

use synapse_core::redact::{Redactor, printable_line};
use synapse_core::upstream::UpstreamName;
use synapse_documents::{HubLogDocument, HubProcessView, HubPsDocument};
use synapse_store::{read_log, running};

use super::Configured;
use crate::command::{CommandError, Context};
use crate::compose;
use crate::output::{Column, listing};

pub(super) fn ps(context: &Context) -> Result<(), CommandError> {
    let found = running(&compose::home(context)?)?;
    let printer = &context.printer;
    if printer.is_json() {
        let views = found
            .into_iter()
            .map(|each| HubProcessView {
                server: each.server,
                process: each.process,
                owner: each.owner,
                client: each.client,
                program: each.program,
                config: each.config,
                started_at: each.started_at,
            })
            .collect();
        printer.document(&HubPsDocument::new(views));
        return Ok(());
    }
    if found.is_empty() {
        printer.note("no upstream server runs");
        return Ok(());
    }
    let rows = found
        .iter()
        .map(|each| {
            vec![
                printable_line(&each.server),
                each.process.to_string(),
                each.owner.to_string(),
                printable_line(each.client.as_deref().unwrap_or("-")),
                printable_line(&each.started_at),
                printable_line(&each.program),
            ]
        })
        .collect();
    printer.line(&listing(&COLUMNS, rows));
    Ok(())
}

const COLUMNS: [Column<'static>; 6] = [
    Column::new("SERVER"),
    Column::new("PROCESS").right(),
    Column::new("SYNAPSE").right().drop(3),
    Column::new("CLIENT").cut(8).drop(2),
    Column::new("STARTED").drop(4),
    Column::new("PROGRAM").cut(12).drop(1),
];

pub(super) fn log(
    context: &Context,
    hub: &Configured,
    server: &str,
    lines: u32,
) -> Result<(), CommandError> {
    // The log of a removed server remains readable.
    let name: UpstreamName = server.parse()?;
    let lines = usize::try_from(lines).unwrap_or(usize::MAX);
    // Redacts again: the file may predate rules of the redactor.
    let redactor = Redactor::none();
    let lines: Vec<String> = read_log(&hub.place, &name, lines)?
        .iter()
        .map(|line| redactor.clean(line, LONGEST))
        .collect();
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&HubLogDocument::new(server, lines));
        return Ok(());
    }
    if lines.is_empty() {
        printer.note(&format!("`{name}` wrote nothing"));
    }
    for line in lines {
        printer.line(&line);
    }
    Ok(())
}

const LONGEST: usize = 10_000;
