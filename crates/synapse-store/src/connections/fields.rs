//! The fields of connections.toml in writing order, and their values as TOML.

use synapse_core::gate::NetworkGate;
use synapse_core::limits::DraftLimits;
use synapse_core::preflight::PreflightRecord;
use synapse_core::{ConnectionName, Draft};
use toml_edit::{Array, InlineTable, Key, Value};

/// The format version of this release.
pub(super) const FORMAT: i64 = 1;

/// The top-level fields.
pub(super) const ROOT: [&str; 5] = ["format", DEFAULT, TELEMETRY, LEDGER, "connections"];

/// The field of the default connection.
pub(super) const DEFAULT: &str = "default";

/// The ledger table and its fields.
pub(super) const LEDGER: &str = "ledger";
pub(super) const LEDGER_FIELDS: [&str; 3] = ["retention_days", "text_retention_days", "required"];

/// The telemetry table and its fields.
pub(super) const TELEMETRY: &str = "telemetry";
pub(super) const TELEMETRY_FIELDS: [&str; 1] = [ENDPOINT];
pub(super) const ENDPOINT: &str = "endpoint";

/// The fields of a connection, in writing order.
pub(super) const CONNECTION: [&str; 15] = [
    "provider",
    "model",
    "credential",
    NETWORK,
    "base_url",
    "organization",
    "project",
    "bill_to",
    "proxy",
    ALLOW_PLAIN_HTTP,
    "timeout_seconds",
    "max_tokens",
    LIMITS,
    RECORD_TEXT,
    PREFLIGHT,
];

/// The field of network access.
pub(super) const NETWORK: &str = "network";

/// The field that allows plain http to a private address.
pub(super) const ALLOW_PLAIN_HTTP: &str = "allow_plain_http";

/// The field of the limits.
pub(super) const LIMITS: &str = "limits";

/// The field for recording texts.
pub(super) const RECORD_TEXT: &str = "record_text";

/// The field of the preflight record.
pub(super) const PREFLIGHT: &str = "preflight";

/// The fields of a preflight record.
pub(super) const RECORD: [&str; 5] = [
    "checked_at",
    "proven",
    "unproven",
    "bound_to",
    "bound_proxy",
];

/// The value of each field of a connection, in the order of [`CONNECTION`]; `None` if unset.
/// Disabled network access is written explicitly, so that readers of the file see how to enable it.
pub(super) fn values(
    draft: &Draft,
    record: Option<&PreflightRecord>,
) -> [(&'static str, Option<Value>); 15] {
    let text = |value: &str| Some(Value::from(value));
    let optional = |value: &Option<String>| value.as_deref().map(Value::from);
    let number = |value: Option<u64>| {
        value.map(|number| Value::from(i64::try_from(number).unwrap_or(i64::MAX)))
    };
    let [
        provider,
        model,
        credential,
        network,
        base_url,
        organization,
        project,
        bill_to,
        proxy,
        allow_plain_http,
        timeout,
        max_tokens,
        limits,
        record_text,
        preflight,
    ] = CONNECTION;
    [
        (provider, text(&draft.provider)),
        (model, text(&draft.model)),
        (credential, optional(&draft.credential)),
        (network, text(draft.gate.as_str())),
        (base_url, optional(&draft.base_url)),
        (organization, optional(&draft.organization)),
        (project, optional(&draft.project)),
        (bill_to, optional(&draft.bill_to)),
        (proxy, optional(&draft.proxy)),
        (
            allow_plain_http,
            draft.allow_plain_http.then(|| Value::from(true)),
        ),
        (timeout, number(draft.timeout_seconds)),
        (max_tokens, number(draft.max_tokens)),
        (limits, limits_value(&draft.limits)),
        (record_text, draft.record_text.then(|| Value::from(true))),
        (preflight, record.map(record_value)),
    ]
}

/// Parses the value of network access.
pub(super) fn gate(word: &str) -> Option<NetworkGate> {
    [NetworkGate::Open, NetworkGate::Closed]
        .into_iter()
        .find(|gate| gate.as_str() == word)
}

/// The table of a new connection.
pub(super) fn block(
    name: &ConnectionName,
    draft: &Draft,
    record: Option<&PreflightRecord>,
    line_end: &str,
) -> String {
    let mut block = format!("[connections.{}]{line_end}", key(name));
    for (field, value) in values(draft, record) {
        if let Some(value) = value {
            block.push_str(&line(field, &value, line_end));
        }
    }
    block
}

/// A field on a separate line.
pub(super) fn line(field: &str, value: &Value, line_end: &str) -> String {
    format!("{field} = {}{line_end}", plain(value))
}

/// A value without surrounding white space and comments.
pub(super) fn plain(value: &Value) -> String {
    value.clone().decorated("", "").to_string()
}

/// A name as a TOML key, quoted if it contains a dot.
pub(super) fn key(name: &ConnectionName) -> String {
    Key::new(name.as_str()).display_repr().into_owned()
}

/// The limits as an inline table; `None` if there are none.
fn limits_value(limits: &DraftLimits) -> Option<Value> {
    let tokens = |tokens: Option<u64>| {
        tokens.map(|tokens| Value::from(i64::try_from(tokens).unwrap_or(i64::MAX)))
    };
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let values = [
        tokens(limits.tokens_per_day),
        tokens(limits.tokens_per_month),
        text(&limits.usd_per_day),
        text(&limits.usd_per_month),
        text(&limits.mode),
        limits.strict.map(Value::from),
    ];
    let table: InlineTable = DraftLimits::KEYS
        .into_iter()
        .zip(values)
        .filter_map(|(key, value)| Some((key, value?)))
        .collect();
    (!table.is_empty()).then_some(Value::InlineTable(table))
}

fn record_value(record: &PreflightRecord) -> Value {
    let mut table = InlineTable::new();
    let [checked_at, proven, unproven, bound_to, bound_proxy] = RECORD;
    table.insert(checked_at, Value::from(record.checked_at.to_string()));
    table.insert(
        proven,
        Value::Array(record.proven.iter().collect::<Array>()),
    );
    table.insert(
        unproven,
        Value::Array(record.unproven.iter().collect::<Array>()),
    );
    if let Some(origin) = &record.bound_to {
        table.insert(bound_to, Value::from(origin.as_str()));
    }
    if let Some(proxy) = &record.bound_proxy {
        table.insert(bound_proxy, Value::from(proxy.as_str()));
    }
    Value::InlineTable(table)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use synapse_core::connection::fields::FIELDS;

    use super::*;

    #[test]
    fn the_fields_of_the_file_are_those_of_the_table() {
        let written = CONNECTION.iter().chain(&DraftLimits::KEYS);
        let written: BTreeSet<&str> = written
            .copied()
            .filter(|key| ![LIMITS, PREFLIGHT].contains(key))
            .collect();
        assert_eq!(written, FIELDS.iter().map(|field| field.key).collect());
    }
}
