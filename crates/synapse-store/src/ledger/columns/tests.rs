//! The table of columns against the facts of core, and what one column writes, reads and sums.

use std::collections::BTreeSet;

use rusqlite::types::Value;
use synapse_core::Receipt;
use synapse_core::call::{CallId, Caller};
use synapse_core::chat::Usage;
use synapse_core::ledger::{ColumnKind, ColumnValue, HubFacts, Outcome};
use synapse_core::money::Cost;
use synapse_core::receipt::Exchange;
use uuid::Uuid;

use super::*;
use crate::ledger::sql::key;
use crate::ledger::work::{Work, empty_receipt};

/// Values of a row of the hub that also has all facts of a call, each another one.
fn values<'a>(work: &'a Work, caller: &'a Caller) -> RowValues<'a> {
    let text = |text: &str| Some(text.to_owned());
    let call_id = CallId::new(Uuid::from_u128(77));
    RowValues {
        at: Timestamp::from_millis(1_000_001),
        operation: "an operation",
        outcome: Outcome::Cancelled,
        error_code: Some(synapse_core::Code::GateNetworkDisabled),
        caller: Some(caller),
        receipt: std::borrow::Cow::Owned(Receipt {
            connection: "a connection".to_owned(),
            provider: "a provider".to_owned(),
            model_requested: "a model".to_owned(),
            model_served: text("another model"),
            exchange: Exchange {
                attempts: 1,
                host: "a host".to_owned(),
                http_status: Some(418),
                request_id: text("an id"),
                served_by: text("a sub-provider"),
                bytes_out: 1_002,
                bytes_in: 1_003,
                headers_ms: Some(1_004),
                maybe_billed: true,
                stated: None,
            },
            finish_reason: text("a reason"),
            usage: Usage {
                prompt_tokens: Some(1_005),
                completion_tokens: Some(1_006),
                cached_tokens: Some(1_007),
                cache_write_tokens: Some(1_008),
                reasoning_tokens: Some(1_009),
            },
            cost: Cost {
                amount_nano_usd: Some(1_010),
                source: synapse_core::money::CostSource::Estimated,
                priced_at: Some(Timestamp::from_millis(1_011)),
            },
            latency_ms: Some(1_012),
            ..empty_receipt(call_id)
        }),
        facts: std::borrow::Cow::Owned(HubFacts {
            server: "a server".to_owned(),
            transport: text("a transport"),
            era: text("an era"),
            catalogue: text("a catalogue"),
            issuer: text("an issuer"),
            client_kind: text("a kind"),
            scopes: text("scopes"),
            generation: Some(1_013),
            requests: Some(1_014),
            may_have_run: true,
        }),
        ..work.values(Uuid::from_u128(78))
    }
}

fn of_value(value: &ToSqlOutput<'_>) -> Value {
    match value {
        ToSqlOutput::Borrowed(value) => Value::try_from(*value).unwrap(),
        ToSqlOutput::Owned(value) => value.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_fact_is_stored_once_in_the_order_of_exports_and_with_a_type_of_its_kind() {
    let stored: Vec<Column> = content().filter_map(|stored| stored.column).collect();
    assert_eq!(stored, Column::ALL);
    let names: BTreeSet<&str> = all().map(|column| column.name).collect();
    assert_eq!(names.len(), all().count());
    for stored in content() {
        let Some(column) = stored.column else {
            continue;
        };
        let fits = match column.kind() {
            ColumnKind::Text => matches!(
                stored.sql,
                SqlType::Text | SqlType::Name | SqlType::Key | SqlType::Outcome
            ),
            ColumnKind::Number => matches!(stored.sql, SqlType::Count | SqlType::Flag),
            ColumnKind::Time => stored.sql == SqlType::Time,
            ColumnKind::Flag => stored.sql == SqlType::Flag,
        };
        assert!(fits, "{}", stored.name);
        assert_eq!(
            column.is_of_hub(),
            OF_HUB.iter().any(|each| each.name == stored.name)
        );
    }
}

#[test]
fn each_fact_is_read_from_the_column_that_it_was_written_to() {
    let call_id = CallId::new(Uuid::from_u128(77));
    let work = Work::Sending(call_id, 0);
    let caller = Caller {
        client_name: Some("a client".to_owned()),
        client_version: Some("a version".to_owned()),
        tool: Some("a tool".to_owned()),
        span: None,
    };
    let row = values(&work, &caller);
    let written: Vec<Value> = content()
        .map(|column| of_value(&(column.value)(&row)))
        .collect();
    let mut entry = crate::ledger::entries::blank();
    let mut different = BTreeSet::new();
    for (index, (column, value)) in content().zip(&written).enumerate() {
        let value = ValueRef::from(value);
        column.read(&mut entry, Cell { index, value }).unwrap();
    }
    for (stored, value) in content().zip(&written) {
        let Some(column) = stored.column else {
            continue;
        };
        let fact = column.value(&entry).unwrap();
        let expected = match &fact {
            ColumnValue::Text(_) if column == Column::CallId => {
                Value::Blob(key(call_id).as_bytes().to_vec())
            }
            ColumnValue::Text(text) => Value::Text(text.clone()),
            other => Value::Integer(other.number().unwrap()),
        };
        assert_eq!(*value, expected, "{}", stored.name);
        different.insert(format!("{value:?}"));
    }
    // Start and end are the time of the change, and three columns are 1.
    assert_eq!(different.len(), Column::ALL.len() - 3);
}

#[test]
fn every_sum_is_of_the_column_with_its_name() {
    let place = |name: &str| {
        let place = content().position(|column| column.name == name).unwrap();
        i64::try_from(place).unwrap()
    };
    let values: Vec<Value> = content()
        .map(|column| match column.sql {
            SqlType::Key | SqlType::Id => Value::Blob(vec![7; 16]),
            SqlType::Text | SqlType::Name | SqlType::Outcome => Value::Text(column.name.to_owned()),
            SqlType::Flag => Value::Integer(1),
            _ => Value::Integer(place(column.name)),
        })
        .collect();
    let values: Vec<ValueRef<'_>> = values.iter().map(ValueRef::from).collect();
    let expected = Facts {
        call_id: [7; 16],
        started_at: place("started_at"),
        outcome: "outcome".to_owned(),
        connection: "connection".to_owned(),
        provider: "provider".to_owned(),
        model: "model_served".to_owned(),
        client: "client_name".to_owned(),
        maybe_billed: true,
        latency_ms: Some(place("latency_ms")),
        prompt_tokens: Some(place("prompt_tokens")),
        completion_tokens: Some(place("completion_tokens")),
        cached_tokens: Some(place("cached_tokens")),
        reasoning_tokens: Some(place("reasoning_tokens")),
        cost_nano_usd: Some(place("cost_nano_usd")),
        reserved_tokens: Some(place("reserved_tokens")),
        reserved_nano_usd: Some(place("reserved_nano_usd")),
        server: Some("server".to_owned()),
        tool: Some("tool".to_owned()),
    };
    assert_eq!(Facts::of_values(&values).unwrap(), expected);
}
