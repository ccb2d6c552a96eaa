//! `synapse history export --dataset`: adds the missing rows of this machine to a directory of
//! Parquet files.
//!
//! The existing rows are determined from the names of the parts. A part covers the positions in the
//! seal chain up to its last, if that seal matches the ledger's. For a part with another seal (the
//! ledger was restored or recreated), the ids of its calls are read and skipped.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write as _};
use std::path::Path;

use synapse_core::call::CallId;
use synapse_core::dataset::{MachineName, Month, PartName};
use synapse_core::engine::Engine;
use synapse_core::error::Failure;
use synapse_core::ledger::{ChainHead, ChainRange, Extent, HistoryQuery, Order};
use synapse_core::redact::printable;
use synapse_documents::DatasetDocument;
use synapse_export::{Origin, ParquetWriter, Texts, call_ids};
use synapse_store::{Dataset, DatasetPart, Machine, PartFile, PartPlace};

use crate::args::HistoryExportArguments;
use crate::command::{CommandError, Context};
use crate::compose;

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: &HistoryExportArguments,
    directory: &Path,
) -> Result<(), CommandError> {
    let name: Option<MachineName> = arguments.machine.as_deref().map(str::parse).transpose()?;
    let machine = Machine::claim(&compose::home(context)?, name.as_ref())?;
    let dataset = Dataset::open(directory)?;
    let extent = engine.ports().reader.extent().await?;
    let texts = if arguments.with_texts {
        Texts::Included
    } else {
        Texts::LeftOut
    };
    let mut parts = Vec::new();
    if let Some(head) = &extent.head {
        let export = Export {
            engine,
            machine: &machine,
            dataset: &dataset,
            extent: &extent,
            head,
            texts,
        };
        parts = export.all().await?;
    }
    let document = DatasetDocument::new(shown(directory), &machine.name(), &parts, &extent);
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&document);
        return Ok(());
    }
    let rows: u64 = parts.iter().map(|(_, _, rows)| rows).sum();
    printer.note(&format!(
        "{} in {} added to {} as machine={}",
        counted(rows, "call"),
        counted(parts.len() as u64, "file"),
        shown(directory),
        machine.name()
    ));
    if extent.open > 0 {
        printer.note(&format!(
            "{} in progress, for the next export",
            counted(extent.open, "call")
        ));
    }
    Ok(())
}

/// One run.
struct Export<'a> {
    engine: &'a Engine,
    machine: &'a Machine,
    dataset: &'a Dataset,
    extent: &'a Extent,
    head: &'a ChainHead,
    texts: Texts,
}

impl Export<'_> {
    /// Writes a part for each month with new rows, oldest first: an interrupted export resumes with
    /// the month in which it was interrupted.
    async fn all(&self) -> Result<Vec<(Month, PartName, u64)>, Failure> {
        let present = self.dataset.parts(self.machine)?;
        let mut places: Vec<u64> = present.iter().map(|part| part.name.last).collect();
        places.sort_unstable();
        places.dedup();
        let seals = if places.is_empty() {
            BTreeMap::new()
        } else {
            self.engine.ports().reader.seals(places).await?
        };
        let mut written = Vec::new();
        for month in &self.extent.months {
            let of_month = present.iter().filter(|part| part.month == *month);
            let (covering, others): (Vec<&DatasetPart>, Vec<&DatasetPart>) =
                of_month.partition(|part| {
                    let seal = seals.get(&part.name.last);
                    seal.is_some_and(|hash| part.name.is_sealed_by(hash))
                });
            let covered = covering.iter().map(|part| part.name.last).max();
            let first = covered.unwrap_or_default() + 1;
            // A repair moves rows with a broken seal to the end of the chain.
            let doubtful = if self.extent.repaired >= first {
                [covering, others].concat()
            } else {
                others
            };
            if first <= self.head.sequence
                && let Some(part) = self.month(*month, first, &doubtful).await?
            {
                written.push(part);
            }
        }
        Ok(written)
    }

    /// Writes the calls of a month from position `first` on, except those in the `doubtful` parts.
    async fn month(
        &self,
        month: Month,
        first: u64,
        doubtful: &[&DatasetPart],
    ) -> Result<Option<(Month, PartName, u64)>, Failure> {
        let reader = &self.engine.ports().reader;
        let last = self.head.sequence;
        let mut query = HistoryQuery {
            order: Order::OldestFirst,
            since: Some(month.start()),
            // The last representable month has no end.
            until: Some(month.end()).filter(|end| *end > month.start()),
            places: Some(ChainRange { first, last }),
            ..HistoryQuery::newest(PAGE)
        };
        let mut present = None;
        let mut part: Option<OpenPart> = None;
        loop {
            let page = reader.history(query.clone()).await?;
            let Some(end) = page.last() else { break };
            query.after = Some(end.receipt.call_id);
            let present = match &present {
                Some(present) => present,
                None => present.insert(ids(doubtful)?),
            };
            let said = match self.texts {
                Texts::LeftOut => BTreeMap::new(),
                Texts::Included => {
                    let calls = page.iter().map(|entry| entry.receipt.call_id).collect();
                    reader.texts(calls).await?
                }
            };
            let is_last = page.len() < PAGE as usize;
            for entry in page {
                let call_id = entry.receipt.call_id;
                if present.contains(&call_id) {
                    continue;
                }
                let part = match &mut part {
                    Some(part) => part,
                    None => part.insert(self.begin(month, first)?),
                };
                part.rows += 1;
                part.writer
                    .row(&entry, said.get(&call_id))
                    .map_err(|error| part.place.failure(&error))?;
            }
            if is_last {
                break;
            }
        }
        part.map(OpenPart::finish).transpose()
    }

    fn begin(&self, month: Month, first: u64) -> Result<OpenPart, Failure> {
        let name = PartName::new(self.machine.id(), first, self.head);
        let file = self.dataset.begin(self.machine, month, &name)?;
        let place = file.place();
        let origin = Origin {
            machine: self.machine.name(),
            month,
            part: name,
        };
        match ParquetWriter::begin(file, self.texts, Some(&origin)) {
            Ok(writer) => Ok(OpenPart {
                writer,
                place,
                origin,
                rows: 0,
            }),
            Err(error) => Err(place.failure(&error)),
        }
    }
}

/// A part that has rows.
struct OpenPart {
    writer: ParquetWriter<PartFile>,
    place: PartPlace,
    origin: Origin,
    rows: u64,
}

impl OpenPart {
    fn finish(self) -> Result<(Month, PartName, u64), Failure> {
        let Self {
            writer,
            place,
            origin,
            rows,
        } = self;
        let failed = |error: io::Error| place.failure(&error);
        let mut file = writer.finish().map_err(failed)?;
        file.flush().map_err(failed)?;
        file.finish()?;
        Ok((origin.month, origin.part, rows))
    }
}

/// The ids of the calls in `parts`.
fn ids(parts: &[&DatasetPart]) -> Result<HashSet<CallId>, Failure> {
    let mut ids = HashSet::new();
    for part in parts {
        call_ids(part.open()?, |id| {
            ids.insert(id);
        })
        .map_err(|error| part.damaged(&error))?;
    }
    Ok(ids)
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

fn counted(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

/// Rows read at once.
const PAGE: u32 = 2_000;
