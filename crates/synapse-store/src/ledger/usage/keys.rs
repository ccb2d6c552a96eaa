//! The keys of sums: in SQL, raw, and as shown.

use std::borrow::Cow;

use rusqlite::types::ValueRef;
use synapse_core::ledger::UsageKey;
use synapse_core::time::Timestamp;

use super::super::columns::Facts;

/// SQL condition: rows counted by a key, of the hub or all others.
pub(super) const fn rows_of(by: UsageKey) -> &'static str {
    match by {
        UsageKey::Server => "server IS NOT NULL",
        UsageKey::Tool => "server IS NOT NULL AND tool IS NOT NULL",
        _ => "server IS NULL",
    }
}

/// The SQL expression for [`key_of`]. A period is the time in milliseconds when its hour or day
/// began, so that rows are grouped by it.
pub(super) const fn key_column(by: UsageKey) -> &'static str {
    match by {
        UsageKey::Connection => "connection",
        UsageKey::Provider => "provider",
        UsageKey::Model => "coalesce(model_served, model_requested)",
        UsageKey::Client => "coalesce(client_name, '')",
        UsageKey::Server => "server",
        UsageKey::Tool => "server || '/' || tool",
        UsageKey::Hour => "started_at - (started_at % 3600000 + 3600000) % 3600000",
        _ => "started_at - (started_at % 86400000 + 86400000) % 86400000",
    }
}

/// The SQL expression for the key of daily sums, in the form of [`key_column`].
pub(super) const fn day_column(by: UsageKey) -> &'static str {
    match by {
        UsageKey::Connection => "connection",
        UsageKey::Provider => "provider",
        UsageKey::Model => "model",
        UsageKey::Client => "client",
        _ => BEGIN_OF_DAY,
    }
}

pub(super) const BEGIN_OF_DAY: &str = "day * 86400000";

/// The key that [`key_of`] gives for the value of [`key_column`].
pub(super) fn shown_key(value: ValueRef<'_>, by: UsageKey) -> rusqlite::Result<Cow<'_, str>> {
    Ok(match value {
        ValueRef::Integer(millis) => {
            let period = by.period(Timestamp::from_millis(millis));
            Cow::Owned(period.unwrap_or_default())
        }
        other => match other.as_str()? {
            "" if by == UsageKey::Client => Cow::Borrowed(UsageKey::TERMINAL),
            text => Cow::Borrowed(text),
        },
    })
}

pub(super) fn key_of(facts: &Facts, by: UsageKey) -> String {
    match by {
        UsageKey::Connection => facts.connection.clone(),
        UsageKey::Provider => facts.provider.clone(),
        UsageKey::Model => facts.model.clone(),
        UsageKey::Client if facts.client.is_empty() => UsageKey::TERMINAL.to_owned(),
        UsageKey::Client => facts.client.clone(),
        UsageKey::Server => facts.server.clone().unwrap_or_default(),
        UsageKey::Tool => format!(
            "{}/{}",
            facts.server.as_deref().unwrap_or_default(),
            facts.tool.as_deref().unwrap_or_default()
        ),
        period => period
            .period(Timestamp::from_millis(facts.started_at))
            .unwrap_or_default(),
    }
}
