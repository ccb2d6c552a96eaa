//! Ledger rows that cover every combination of known and unknown values.

use synapse_core::call::{CallId, Caller};
use synapse_core::chat::Usage;
use synapse_core::ledger::{Entry, Outcome};
use synapse_core::money::{Cost, CostSource};
use synapse_core::receipt::{Exchange, Receipt};
use synapse_core::time::Timestamp;
use synapse_export::{ExportFormat, Exporter};
use uuid::Uuid;

/// The row of that number; columns repeat, vary or are unknown in different cycles.
pub(crate) fn row(number: u64) -> Entry {
    let unless = |every: u64, value: u64| (!number.is_multiple_of(every)).then_some(value);
    let word = |every: u64, value: &str| (!number.is_multiple_of(every)).then(|| value.to_owned());
    let began = 1_795_176_000_000 + i64::try_from(number).unwrap() * 1000;
    Entry {
        started_at: Timestamp::from_millis(began),
        ended_at: (!number.is_multiple_of(5)).then(|| Timestamp::from_millis(began + 7)),
        operation: "chat".into(),
        outcome: Outcome::ALL[usize::try_from(number % 6).unwrap()],
        error_class: None,
        error_code: word(2, "provider.failed"),
        caller: Caller {
            client_name: word(3, "an \"editor\", with ünicode\n"),
            client_version: Some(format!("1.{}", number % 40)),
            tool: word(7, "=1+1"),
            span: None,
        },
        receipt: Receipt {
            call_id: CallId::new(Uuid::from_u64_pair(number, !number)),
            connection: format!("connection-{}", number / 1000),
            provider: "openai".into(),
            model_requested: format!("model-{}", number % 300),
            model_served: word(4, ""),
            exchange: Exchange {
                attempts: u8::from(!number.is_multiple_of(9)),
                host: "api.openai.com".into(),
                http_status: unless(6, 200).map(|status| u16::try_from(status).unwrap()),
                request_id: Some(format!("req_{number}")),
                served_by: None,
                bytes_out: number,
                bytes_in: u64::MAX,
                headers_ms: unless(11, number * 3),
                maybe_billed: (number / 3).is_multiple_of(2),
                stated: None,
            },
            finish_reason: word(8, "stop"),
            usage: Usage {
                prompt_tokens: unless(10, number % 900),
                completion_tokens: unless(10, number),
                cached_tokens: Some(0),
                cache_write_tokens: None,
                reasoning_tokens: unless(2, 1),
            },
            cost: Cost {
                amount_nano_usd: unless(3, number * 1_000_003),
                source: CostSource::Estimated,
                priced_at: (number % 2 == 1).then(|| Timestamp::from_millis(-1)),
            },
            latency_ms: unless(13, number),
        },
        hub: None,
    }
}

/// An export of the first `count` rows.
pub(crate) fn exported(format: ExportFormat, count: u64) -> Vec<u8> {
    let mut exporter = Exporter::begin(format, Vec::new()).unwrap();
    for number in 0..count {
        exporter.row(&row(number)).unwrap();
    }
    exporter.finish().unwrap()
}
