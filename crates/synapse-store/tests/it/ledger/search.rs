//! Filters on every column, and full-text search.

use synapse_core::ledger::{Column, Filter, HistoryQuery, RecordedText};
use synapse_core::ports::{Ledger, LedgerReader as _};
use synapse_core::time::Timestamp;
use synapse_store::SqliteLedger;
use synapse_testkit::ports::MemoryLedger;

use crate::support::{NOON, closing, home, opening};

/// The real and the in-memory ledger return the same rows, for every condition on every column.
#[tokio::test]
async fn every_column_can_be_filtered_by_and_means_the_same_in_both_ledgers() {
    let (_directory, home) = home();
    let real = SqliteLedger::new(home);
    let plain = MemoryLedger::new();
    for number in 0..12_u64 {
        let mut call = opening(["a", "b"][usize::try_from(number % 2).unwrap()], NOON);
        call.started_at = Timestamp::from_millis(NOON + i64::try_from(number).unwrap());
        let mut end = closing(&call);
        end.receipt.usage.prompt_tokens = (number % 3 > 0).then_some(number);
        end.receipt.model_served = (number % 4 == 0).then(|| format!("m-{number}"));
        end.receipt.latency_ms = Some(number * 100);
        end.receipt.exchange.maybe_billed = number % 5 > 0;
        for ledger in [&real as &dyn Ledger, &plain] {
            ledger.open(call.clone()).await.unwrap();
            ledger.close(end.clone());
            ledger.flush().await.unwrap();
        }
    }
    let all = plain.history(HistoryQuery::newest(100)).await.unwrap();
    let mut asked = 0;
    for column in Column::ALL {
        let mut conditions = vec![
            format!("{column}=unknown", column = column.as_str()),
            format!("{column}!=unknown", column = column.as_str()),
        ];
        for entry in &all {
            let Some(value) = column.value(entry) else {
                continue;
            };
            let operators: &[&str] = match value.number() {
                Some(_) => &["=", "!=", ">=", "<="],
                None => &["=", "!="],
            };
            let shown = match &value {
                synapse_core::ledger::ColumnValue::Text(text) => text.clone(),
                synapse_core::ledger::ColumnValue::Time(time) => time.to_string(),
                other => other.number().unwrap().to_string(),
            };
            conditions.extend(
                operators
                    .iter()
                    .map(|operator| format!("{}{operator}{shown}", column.as_str())),
            );
        }
        conditions.sort();
        conditions.dedup();
        for condition in conditions {
            let query = HistoryQuery {
                filters: vec![condition.parse().unwrap()],
                ..HistoryQuery::newest(100)
            };
            let expected = plain.history(query.clone()).await.unwrap();
            let found = real.history(query).await.unwrap();
            assert_eq!(found, expected, "{condition}");
            asked += 1;
        }
    }
    println!("{asked} conditions on {} columns", Column::ALL.len());
    let none = Filter::is(Column::CallId, "no id at all");
    let query = HistoryQuery {
        filters: vec![none],
        ..HistoryQuery::newest(9)
    };
    assert_eq!(real.history(query).await, Ok(Vec::new()));
}

#[tokio::test]
async fn recorded_texts_are_found_by_their_words_and_gone_with_their_rows() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    let mut ids = Vec::new();
    for (minute, prompt, reply) in [
        (0, Some("user: What is a zebra?"), Some("A striped horse.")),
        (1, Some("user: Zebra crossing \"rules\"?"), None),
        (2, None, None),
    ] {
        let mut call = opening("hf", NOON + minute * 60_000);
        call.prompt = prompt.map(str::to_owned);
        ledger.open(call.clone()).await.unwrap();
        let mut end = closing(&call);
        end.reply = reply.map(str::to_owned);
        ledger.close(end);
        ids.push(call.receipt.call_id);
    }
    ledger.flush().await.unwrap();
    let found = async |text: &str| -> Vec<usize> {
        let query = HistoryQuery {
            text: Some(text.into()),
            ..HistoryQuery::newest(10)
        };
        let page = ledger.history(query).await.unwrap();
        page.iter()
            .map(|entry| {
                let id = entry.receipt.call_id;
                ids.iter().position(|each| *each == id).unwrap()
            })
            .collect()
    };
    assert_eq!(found("zebra").await, [1, 0]);
    assert_eq!(found("zebra striped").await, [0]);
    assert_eq!(found("\"rules\"").await, [1]);
    assert_eq!(found("zebra OR lion").await, [0; 0]);
    for odd in ["", "  ", "\"", "*", "zebra* NOT", "a\0b", "prompt:zebra"] {
        assert_eq!(found(odd).await, [0; 0], "{odd:?}");
    }
    assert_eq!(
        ledger.text(ids[0]).await,
        Ok(Some(RecordedText {
            prompt: "user: What is a zebra?".into(),
            reply: Some("A striped horse.".into()),
        }))
    );
    assert_eq!(ledger.text(ids[2]).await, Ok(None));

    let purged = ledger
        .purge(Timestamp::from_millis(NOON + 60_000))
        .await
        .unwrap();
    assert_eq!((purged.rows, purged.texts), (1, 1));
    assert_eq!(found("striped").await, [0; 0]);
    assert_eq!(found("zebra").await, [1]);
    drop(ledger);
    // Erased, not merely unlisted.
    let file = std::fs::read(home.ledger()).unwrap();
    let holds = |word: &[u8]| file.windows(word.len()).any(|part| part == word);
    assert!(holds(b"crossing"));
    assert!(!holds(b"striped"));
}
