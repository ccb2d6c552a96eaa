//! Hub rows: in the chain of seals, in history, and only in their own sums.

use synapse_core::Code;
use synapse_core::call::Caller;
use synapse_core::ledger::{
    Discrepancy, Entry, Filter, HistoryQuery, HubClosing, HubFacts, HubKind, HubOpening, Outcome,
    UsageKey, UsageQuery,
};
use synapse_core::ports::{HubLedger as _, Ledger as _, LedgerReader as _};
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;

use crate::support::{NOON, closing, home, opening};

fn begin(server: &str, tool: &str) -> HubOpening {
    HubOpening {
        call_id: opening("none", NOON).receipt.call_id,
        started_at: Timestamp::from_millis(NOON),
        kind: HubKind::Call,
        caller: Caller {
            client_name: Some("zed".to_owned()),
            client_version: None,
            tool: Some(tool.to_owned()),
            span: None,
        },
        facts: HubFacts {
            transport: Some("stdio".to_owned()),
            ..HubFacts::of(server)
        },
    }
}

fn end(opening: &HubOpening, outcome: Outcome) -> HubClosing {
    HubClosing {
        call_id: opening.call_id,
        ended_at: Timestamp::from_millis(NOON + 30),
        outcome,
        error_code: (outcome == Outcome::Error).then_some(Code::UpstreamExited),
        attempts: 1,
        http_status: None,
        bytes_out: 40,
        bytes_in: 2_000,
        latency_ms: Some(30),
        facts: HubFacts {
            era: Some("2025-11-25".to_owned()),
            catalogue: Some("ab".repeat(32)),
            may_have_run: true,
            ..opening.facts.clone()
        },
    }
}

async fn all(ledger: &SqliteLedger, filters: &[&str]) -> Vec<Entry> {
    let query = HistoryQuery {
        filters: filters
            .iter()
            .map(|filter| filter.parse().unwrap())
            .collect::<Vec<Filter>>(),
        ..HistoryQuery::newest(100)
    };
    ledger.history(query).await.unwrap()
}

fn database(home: &Home) -> rusqlite::Connection {
    rusqlite::Connection::open(home.ledger()).unwrap()
}

#[tokio::test]
async fn an_event_is_one_row_with_everything_it_recorded() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let event = begin("files", "read_file");
    ledger.begin(event.clone()).await.unwrap();
    assert_eq!(all(&ledger, &[]).await[0].outcome, Outcome::Open);
    let ending = end(&event, Outcome::Error);
    ledger.end(ending.clone()).await.unwrap();
    let rows = all(&ledger, &[]).await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(row.operation, "call");
    assert_eq!(row.outcome, Outcome::Error);
    assert_eq!(row.error_code.as_deref(), Some("upstream.exited"));
    assert_eq!(row.caller, event.caller);
    assert_eq!(row.hub.as_deref(), Some(&ending.facts));
    assert_eq!(row.receipt.exchange.bytes_in, 2_000);
    assert_eq!(row.receipt.latency_ms, Some(30));
}

#[tokio::test]
async fn a_row_whose_process_is_gone_is_interrupted_and_says_whether_it_may_have_run() {
    for leaves in [true, false] {
        let (_directory, home) = home();
        let ledger = SqliteLedger::new(home.clone());
        let event = begin("files", "write_file");
        ledger.begin(event.clone()).await.unwrap();
        if leaves {
            ledger.departing(event.call_id, 77).await.unwrap();
        }
        drop(ledger);
        let next = SqliteLedger::new(home);
        let rows = all(&next, &[]).await;
        assert_eq!(rows[0].outcome, Outcome::Interrupted);
        assert_eq!(rows[0].hub.as_ref().unwrap().may_have_run, leaves);
        assert_eq!(rows[0].receipt.exchange.attempts, u8::from(leaves));
        assert!(!rows[0].receipt.exchange.maybe_billed);
        assert_eq!(next.verify().await.unwrap().discrepancies, []);
    }
}

#[tokio::test]
async fn filters_find_rows_of_a_server_and_calls_of_a_connection_apart() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let call = opening("work", NOON);
    ledger.open(call.clone()).await.unwrap();
    ledger.complete(closing(&call)).await.unwrap();
    for (server, tool) in [("files", "read"), ("files", "write"), ("hf", "read")] {
        let event = begin(server, tool);
        ledger.begin(event.clone()).await.unwrap();
        ledger.end(end(&event, Outcome::Ok)).await.unwrap();
    }
    for (filters, expected) in [
        (&["server=files"][..], 2),
        (&["server=files", "tool=read"], 1),
        (&["server!=files"], 1),
        (&["server=unknown"], 1),
        (&["connection=unknown"], 3),
        (&["connection!=home"], 1),
        (&["operation=call"], 3),
        (&["may_have_run=true"], 3),
    ] {
        let rows = all(&ledger, filters).await;
        assert_eq!(rows.len(), expected, "{filters:?}");
        for filter in filters {
            let filter: Filter = filter.parse().unwrap();
            assert!(rows.iter().all(|row| filter.admits(row)), "{filter}");
        }
    }
}

#[tokio::test]
async fn sums_of_tokens_and_money_leave_the_hub_out_and_its_own_keys_count_it() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let call = opening("work", NOON);
    ledger.open(call.clone()).await.unwrap();
    ledger.complete(closing(&call)).await.unwrap();
    for outcome in [Outcome::Ok, Outcome::Error] {
        let event = begin("files", "read");
        ledger.begin(event.clone()).await.unwrap();
        ledger.end(end(&event, outcome)).await.unwrap();
    }
    for by in UsageKey::ALL {
        let report = ledger.usage(UsageQuery::by(by)).await.unwrap();
        let expected = match by {
            UsageKey::Server => ("files", 2),
            UsageKey::Tool => ("files/read", 2),
            _ => ("", 1),
        };
        assert_eq!(report.total.calls, expected.1, "{by:?}");
        assert_eq!(report.lines.len(), 1, "{by:?}");
        if by.is_of_hub() {
            assert_eq!(report.lines[0].key, expected.0);
            assert_eq!((report.total.ok, report.total.failed), (1, 1));
            assert_eq!(report.total.unknown_tokens, 0);
            assert_eq!(report.total.p50_latency_ms, Some(30));
        }
    }
}

#[tokio::test]
async fn the_seal_covers_what_the_hub_adds_to_a_row() {
    for column in ["server", "catalogue", "may_have_run"] {
        let (_directory, home) = home();
        let ledger = SqliteLedger::new(home.clone());
        let event = begin("files", "read");
        ledger.begin(event.clone()).await.unwrap();
        ledger.end(end(&event, Outcome::Ok)).await.unwrap();
        assert_eq!(ledger.verify().await.unwrap().discrepancies, []);
        drop(ledger);
        let value = if column == "may_have_run" {
            "0"
        } else {
            "'other'"
        };
        database(&home)
            .execute(&format!("UPDATE entries SET {column} = {value}"), [])
            .unwrap();
        let found = SqliteLedger::new(home).verify().await.unwrap();
        assert!(
            matches!(found.discrepancies[..], [Discrepancy::Edited { .. }]),
            "{column}: {:?}",
            found.discrepancies
        );
    }
}

#[tokio::test]
async fn a_call_cannot_pass_for_an_event_of_the_hub() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    let call = opening("work", NOON);
    ledger.open(call.clone()).await.unwrap();
    ledger.complete(closing(&call)).await.unwrap();
    drop(ledger);
    database(&home)
        .execute("UPDATE entries SET server = 'files'", [])
        .unwrap();
    let found = SqliteLedger::new(home).verify().await.unwrap();
    assert!(
        found
            .discrepancies
            .iter()
            .any(|each| matches!(each, Discrepancy::Edited { .. })),
        "{:?}",
        found.discrepancies
    );
}

/// Removes what the fourth format lacks.
const TO_FOURTH_FORMAT: &str = "
    DROP INDEX entries_by_server;
    ALTER TABLE entries DROP COLUMN server;
    ALTER TABLE entries DROP COLUMN transport;
    ALTER TABLE entries DROP COLUMN era;
    ALTER TABLE entries DROP COLUMN catalogue;
    ALTER TABLE entries DROP COLUMN issuer;
    ALTER TABLE entries DROP COLUMN client_kind;
    ALTER TABLE entries DROP COLUMN scopes;
    ALTER TABLE entries DROP COLUMN generation;
    ALTER TABLE entries DROP COLUMN requests;
    ALTER TABLE entries DROP COLUMN may_have_run;
    PRAGMA user_version = 4;";

#[tokio::test]
async fn seals_of_the_fourth_format_hold_and_the_hub_goes_on_behind_them() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    for _ in 0..20 {
        let call = opening("work", NOON);
        ledger.open(call.clone()).await.unwrap();
        ledger.complete(closing(&call)).await.unwrap();
    }
    drop(ledger);
    database(&home).execute_batch(TO_FOURTH_FORMAT).unwrap();
    let ledger = SqliteLedger::new(home);
    let before = ledger.verify().await.unwrap();
    assert_eq!((before.rows, before.discrepancies), (20, vec![]));
    let event = begin("files", "read");
    ledger.begin(event.clone()).await.unwrap();
    ledger.end(end(&event, Outcome::Ok)).await.unwrap();
    let after = ledger.verify().await.unwrap();
    assert_eq!((after.rows, after.discrepancies), (21, vec![]));
    assert_eq!(all(&ledger, &["server=unknown"]).await.len(), 20);
}

#[tokio::test]
async fn a_purge_takes_rows_of_the_hub_too() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let event = begin("files", "read");
    ledger.begin(event.clone()).await.unwrap();
    ledger.end(end(&event, Outcome::Ok)).await.unwrap();
    let later = Timestamp::from_millis(NOON + 86_400_000 * 2);
    assert_eq!(ledger.purge(later).await.unwrap().rows, 1);
    assert_eq!(all(&ledger, &[]).await, []);
    assert_eq!(ledger.verify().await.unwrap().discrepancies, []);
}
