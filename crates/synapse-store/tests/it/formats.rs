//! Files of the first release, kept in `tests/formats`: every later version reads them without
//! loss. A changed format adds a new file here and keeps the old one.

use synapse_core::NetworkGate;
use synapse_core::ledger::{HistoryQuery, Outcome, UsageKey, UsageQuery};
use synapse_core::limits::LimitMode;
use synapse_core::ports::{
    ApprovalStore as _, ConnectionStore as _, Ledger as _, LedgerReader as _,
};
use synapse_store::{HubPlace, JsonApprovals, SqliteLedger, TomlConnections};
use synapse_testkit::disk::write;

use crate::approvals;
use crate::support::{NOON, home, opening};

const CONNECTIONS: &str = include_str!("../formats/connections-1.toml");
const LEDGER: &str = include_str!("../formats/ledger-5.sql");
const APPROVAL: &str = include_str!("../formats/approval-1.json");

#[test]
fn connections_are_read_with_every_field() {
    let (_directory, home) = home();
    home.create().unwrap();
    write(&home.connections(), CONNECTIONS);
    let connections = TomlConnections::new(home.clone());
    let stored = connections.load().unwrap();
    assert_eq!(stored.len(), 2);
    let named = |name: &str| {
        let mut all = stored.iter();
        all.find(|stored| stored.name.to_string() == name)
            .unwrap()
            .usable()
            .unwrap()
    };
    let (work, hf) = (named("work"), named("hf"));
    assert_eq!(work.gate, NetworkGate::Open);
    assert_eq!(work.limits.as_ref().unwrap().mode, LimitMode::Warn);
    assert_eq!(work.max_tokens, Some(4096));
    assert!(work.record_text);
    assert_eq!(work.check_binding(), Ok(()));
    assert!(hf.proxy.is_some());
    assert_eq!(hf.gate, NetworkGate::Closed);
    // Reading does not change the file.
    assert_eq!(
        synapse_testkit::disk::read(&home.connections()),
        CONNECTIONS
    );
}

#[tokio::test]
async fn a_ledger_keeps_its_rows_seals_sums_and_texts() {
    let (_directory, home) = home();
    home.create().unwrap();
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute_batch(LEDGER).unwrap();
    drop(database);
    let ledger = SqliteLedger::new(home.clone());
    // Writes a row first, because only writers migrate.
    ledger.open(opening("new", NOON)).await.unwrap();
    let verified = ledger.verify().await.unwrap();
    assert_eq!(verified.discrepancies, []);
    let rows = ledger.history(HistoryQuery::newest(10)).await.unwrap();
    let old: Vec<_> = rows
        .iter()
        .filter(|row| row.receipt.connection == "work")
        .map(|row| row.outcome)
        .collect();
    assert_eq!(old, [Outcome::Ok, Outcome::Error, Outcome::Ok]);
    let report = ledger
        .usage(UsageQuery::by(UsageKey::Connection))
        .await
        .unwrap();
    let line = report.lines.iter().find(|line| line.key == "work").unwrap();
    assert_eq!((line.calls, line.ok, line.failed), (3, 2, 1));
    assert_eq!((line.prompt_tokens, line.completion_tokens), (20, 10));
}

#[test]
fn an_approval_is_still_one() {
    let (_directory, home) = home();
    let store = JsonApprovals::new(HubPlace::of_home(home.clone()));
    // Creates the file, then replaces its content with that of the first release.
    store.keep(&approvals::approval("s")).unwrap();
    write(&approvals::file(&home), APPROVAL);
    assert_eq!(store.load().unwrap(), [approvals::approval("s")]);
}
