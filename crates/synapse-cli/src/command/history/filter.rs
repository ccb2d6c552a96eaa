//! The conditions on calls that `list` and `export` share, as a query.

use synapse_core::error::Failure;
use synapse_core::ledger::{Column, Filter, HistoryQuery, Test, UsageKey};
use synapse_core::time::Timestamp;

use crate::args::HistoryFilter;
use crate::command::time_flag::{maybe_when, since};

/// The query for `filter`, without order and position, in pages of `limit` rows.
pub(super) fn query(
    filter: &HistoryFilter,
    limit: u32,
    now: Timestamp,
) -> Result<HistoryQuery, Failure> {
    let mut filters: Vec<Filter> = filter
        .conditions
        .iter()
        .map(|condition| condition.parse())
        .collect::<Result<_, _>>()?;
    let named = [
        (Column::Connection, &filter.connection),
        (Column::Provider, &filter.provider),
        (Column::ModelRequested, &filter.model),
        (Column::Tool, &filter.tool),
        (Column::Server, &filter.server),
        (Column::ErrorCode, &filter.code),
    ];
    filters.extend(
        named
            .into_iter()
            .filter_map(|(column, text)| Some(Filter::is(column, text.as_ref()?))),
    );
    filters.extend(filter.kind.map(|kind| Filter::is(Column::Operation, kind)));
    filters.extend(filter.client.as_deref().map(client));
    Ok(HistoryQuery {
        since: since(filter.since.as_deref(), now)?,
        until: maybe_when("--until", filter.until.as_deref(), now)?,
        outcome: filter.outcome,
        filters,
        text: filter.text.clone(),
        ..HistoryQuery::newest(limit)
    })
}

/// `terminal`, as in `usage --by client`, means rows without a client.
fn client(name: &str) -> Filter {
    match name {
        UsageKey::TERMINAL => Filter {
            column: Column::ClientName,
            test: Test::Unknown,
        },
        name => Filter::is(Column::ClientName, name),
    }
}
