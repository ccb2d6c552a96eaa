//! The columns of hub rows. The first, the server, distinguishes them from calls of a connection.

use synapse_core::ledger::{Column, Entry, HubFacts};

use super::super::sql::{integer, maybe, optional, saturated, text};
use super::super::work::WorkKind::{self, Begin, Departing, End};
use super::{SqlType, StoredColumn, column};

/// Sealed in rows of the hub, in this order, which never changes.
pub(in crate::ledger) const OF_HUB: [StoredColumn; 10] = [
    column(
        Column::Server,
        SqlType::Text,
        &[Begin],
        |row| text(&row.facts.server),
        |entry, cell| {
            let server: Option<String> = cell.get()?;
            entry.hub = server.map(|server| Box::new(HubFacts::of(server)));
            Ok(())
        },
    )
    .summed(|facts, cell| cell.put(&mut facts.server)),
    column(
        Column::Transport,
        SqlType::Text,
        FACTS,
        |row| optional(row.facts.transport.as_deref()),
        |entry, cell| hub(entry, |facts| cell.put(&mut facts.transport)),
    ),
    column(
        Column::Era,
        SqlType::Text,
        FACTS,
        |row| optional(row.facts.era.as_deref()),
        |entry, cell| hub(entry, |facts| cell.put(&mut facts.era)),
    ),
    column(
        Column::Catalogue,
        SqlType::Text,
        FACTS,
        |row| optional(row.facts.catalogue.as_deref()),
        |entry, cell| hub(entry, |facts| cell.put(&mut facts.catalogue)),
    ),
    column(
        Column::Issuer,
        SqlType::Text,
        FACTS,
        |row| optional(row.facts.issuer.as_deref()),
        |entry, cell| hub(entry, |facts| cell.put(&mut facts.issuer)),
    ),
    column(
        Column::ClientKind,
        SqlType::Text,
        FACTS,
        |row| optional(row.facts.client_kind.as_deref()),
        |entry, cell| hub(entry, |facts| cell.put(&mut facts.client_kind)),
    ),
    column(
        Column::Scopes,
        SqlType::Text,
        FACTS,
        |row| optional(row.facts.scopes.as_deref()),
        |entry, cell| hub(entry, |facts| cell.put(&mut facts.scopes)),
    ),
    column(
        Column::Generation,
        SqlType::Count,
        FACTS,
        |row| maybe(row.facts.generation.map(saturated)),
        |entry, cell| hub(entry, |facts| cell.put_count(&mut facts.generation)),
    ),
    column(
        Column::Requests,
        SqlType::Count,
        FACTS,
        |row| maybe(row.facts.requests.map(saturated)),
        |entry, cell| hub(entry, |facts| cell.put_count(&mut facts.requests)),
    ),
    column(
        Column::MayHaveRun,
        SqlType::Flag,
        &[Begin, Departing, End],
        |row| integer(i64::from(row.facts.may_have_run)),
        |entry, cell| {
            hub(entry, |facts| {
                let ran: Option<bool> = cell.get()?;
                facts.may_have_run = ran.unwrap_or_default();
                Ok(())
            })
        },
    ),
];

const FACTS: &[WorkKind] = &[Begin, End];

/// Reads into the facts of a hub row; other rows have none.
fn hub(
    entry: &mut Entry,
    read: impl FnOnce(&mut HubFacts) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    entry.hub.as_deref_mut().map_or(Ok(()), read)
}
