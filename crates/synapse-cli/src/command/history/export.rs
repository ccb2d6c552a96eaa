//! `synapse history export`: every matching row, oldest first, to stdout or to a file.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{HistoryQuery, Order};
use synapse_core::redact::printable;
use synapse_export::{ExportFormat, Exporter};
use synapse_home::atomic::Replacement;

use super::{dataset, filter};
use crate::args::HistoryExportArguments;
use crate::command::{CommandError, Context, of_named_file};
use crate::output::{Printer, not_taken};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: &HistoryExportArguments,
) -> Result<(), CommandError> {
    if let Some(directory) = &arguments.dataset {
        return dataset::run(context, engine, arguments, directory).await;
    }
    let now = engine.ports().clock.now();
    let query = HistoryQuery {
        order: Order::OldestFirst,
        ..filter::query(&arguments.filter, PAGE, now)?
    };
    let output = arguments.output.as_deref();
    let format = match (arguments.format, output) {
        (Some(format), _) => format,
        (None, Some(path)) => by_ending(path)?,
        (None, None) => ExportFormat::Jsonl,
    };
    if context.printer.is_json() {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            "an export is not one JSON document",
        )
        .hint("leave --json out; --format jsonl writes one JSON object per line")
        .into());
    }
    let Some(path) = output else {
        return to_stdout(engine, query, format).await;
    };
    let mut file = Replacement::begin(path).map_err(of_named_file)?;
    match copy(engine, query, format, &mut file).await {
        Ok(count) => {
            file.finish()?;
            let calls = if count == 1 { "call" } else { "calls" };
            context
                .printer
                .note(&format!("{count} {calls} written to {}", path.display()));
            Ok(())
        }
        Err(Broken::Reading(failure)) => Err((*failure).into()),
        Err(Broken::Writing(error)) => Err(file.failure(&error).into()),
    }
}

async fn to_stdout(
    engine: &Engine,
    query: HistoryQuery,
    format: ExportFormat,
) -> Result<(), CommandError> {
    if format.is_binary() && Printer::stdout_is_terminal() {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            format!("{} is not for a terminal", format.as_str()),
        )
        .hint("give --output FILE, or send stdout somewhere")
        .into());
    }
    match copy(engine, query, format, Printer::bytes()).await {
        Ok(_) => Ok(()),
        // A closed pipe (`synapse … | head`) is the reader's choice, not a failure.
        Err(Broken::Writing(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(Broken::Writing(error)) => Err(not_taken(&error).into()),
        Err(Broken::Reading(failure)) => Err((*failure).into()),
    }
}

/// Why an export was interrupted.
#[derive(Debug)]
enum Broken {
    /// Reading the ledger failed.
    Reading(Box<Failure>),
    /// Writing failed.
    Writing(io::Error),
}

async fn copy(
    engine: &Engine,
    query: HistoryQuery,
    format: ExportFormat,
    sink: impl Write + Send,
) -> Result<u64, Broken> {
    let sink = BufWriter::with_capacity(BUFFER, sink);
    let mut exporter = Exporter::begin(format, sink).map_err(Broken::Writing)?;
    let mut broken = None;
    let copied = engine
        .each_entry(query, |entry| {
            exporter.row(&entry).map_err(|error| {
                let failure = Failure::new(Code::StorageUnavailable, "the export stopped");
                let failure = failure.caused_by(&error);
                broken = Some(error);
                failure
            })
        })
        .await;
    match (copied, broken) {
        (_, Some(error)) => Err(Broken::Writing(error)),
        (Err(failure), None) => Err(Broken::Reading(Box::new(failure))),
        (Ok(count), None) => {
            exporter.finish().map_err(Broken::Writing)?;
            Ok(count)
        }
    }
}

/// A file without an extension gets JSON Lines; an unknown extension is refused.
fn by_ending(path: &Path) -> Result<ExportFormat, Failure> {
    let Some(ending) = path.extension() else {
        return Ok(ExportFormat::Jsonl);
    };
    let ending = ending.to_string_lossy();
    let named = |format: &ExportFormat| ending.eq_ignore_ascii_case(format.as_str());
    ExportFormat::ALL.into_iter().find(named).ok_or_else(|| {
        let formats: Vec<&str> = ExportFormat::ALL
            .iter()
            .map(|format| format.as_str())
            .collect();
        Failure::new(
            Code::UsageInvalidArguments,
            format!("there is no format `{}`", printable(&ending)),
        )
        .cause(format!("an export is {}", formats.join(", ")))
        .hint("give the file one of these extensions, or add --format")
        .with("argument", "--output")
    })
}

/// Rows read at once.
const PAGE: u32 = 1_000;
const BUFFER: usize = 64 * 1024;
