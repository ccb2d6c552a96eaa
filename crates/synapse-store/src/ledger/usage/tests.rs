//! Sums of days and of rows against sums row by row.

use std::collections::BTreeMap;

use synapse_core::time::Timestamp;

use super::super::columns::{self, Facts};
use super::super::daily;
use super::keys::key_of;
use super::lines::with_rows;
use super::range::RangePart;
use super::*;

const DAY: i64 = 86_400_000;

#[test]
fn a_range_is_whole_days_between_two_ends() {
    let parts = |since: i64, until: i64| Range { since, until }.parts(UsageKey::Model);
    let days = |first: i64, last: i64| RangePart::Days { first, last };
    let rows = |since: i64, until: i64| RangePart::Rows(Range { since, until });
    assert_eq!(parts(i64::MIN, i64::MAX), [days(i64::MIN, i64::MAX - 1)]);
    assert_eq!(parts(DAY, 3 * DAY), [days(1, 2)]);
    assert_eq!(
        parts(DAY + 1, 3 * DAY + 1),
        [
            rows(DAY + 1, 2 * DAY),
            days(2, 2),
            rows(3 * DAY, 3 * DAY + 1)
        ]
    );
    assert_eq!(parts(DAY + 1, DAY + 2), [rows(DAY + 1, DAY + 2)]);
    assert_eq!(parts(DAY + 1, 2 * DAY), [rows(DAY + 1, 2 * DAY)]);
    assert_eq!(
        parts(DAY + 1, i64::MAX),
        [rows(DAY + 1, 2 * DAY), days(2, i64::MAX - 1)]
    );
    assert_eq!(parts(-1, DAY), [rows(-1, 0), days(0, 0)]);
    let range = Range {
        since: 0,
        until: DAY,
    };
    assert_eq!(range.parts(UsageKey::Hour), [RangePart::Rows(range)]);
}

/// More calls than have exact latencies, in rows and in daily sums.
fn ledger(tokens: i64) -> Connection {
    let mut database = Connection::open_in_memory().unwrap();
    crate::ledger::schema::create(&database).unwrap();
    let change = database.transaction().unwrap();
    change
        .execute_batch(&format!(
            "WITH RECURSIVE number(n) AS
                (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 10100)
             INSERT INTO entries (call_id, writer, started_at, operation, outcome, connection,
                provider, host, model_requested, client_name, attempts, maybe_billed,
                bytes_out, bytes_in, latency_ms, prompt_tokens, completion_tokens,
                cost_nano_usd, cost_source, sequence)
             SELECT unhex(printf('%032x', n)), zeroblob(16), n * 20000 - 1000000, 'chat',
                CASE n % 7 WHEN 0 THEN 'error' WHEN 1 THEN 'refused' ELSE 'ok' END,
                'c' || n % 3, 'openai', 'h', 'm' || n % 4,
                CASE WHEN n % 2 THEN 'ide' END, 1, n % 5 > 0, 1, 1, n % 700,
                CASE WHEN n % 11 THEN {tokens} END, n, CASE WHEN n % 13 THEN n END,
                'ESTIMATED', n
             FROM number"
        ))
        .unwrap();
    {
        let columns = columns::sealed();
        let mut rows = change
            .prepare(&format!("SELECT {columns} FROM entries"))
            .unwrap();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            daily::add(&change, &Facts::of(row).unwrap()).unwrap();
        }
    }
    change.commit().unwrap();
    database
}

/// Columns of rows, of daily sums, and rows added one by one have the same sums.
#[test]
fn sums_of_rows_and_of_days_are_those_of_each_row() {
    let database = ledger(5);
    let orphans = OrphanRows::none();
    for by in UsageKey::ALL.into_iter().filter(|by| !by.is_of_hub()) {
        let query = UsageQuery::by(by);
        let mut expected: BTreeMap<String, DailySums> = BTreeMap::new();
        let columns = columns::sealed();
        with_rows(
            &database,
            Range::of(&query),
            &query,
            &columns,
            |mut rows| {
                while let Some(row) = rows.next()? {
                    let facts = Facts::of(row)?;
                    expected.entry(key_of(&facts, by)).or_default().add(&facts);
                }
                Ok(())
            },
        )
        .unwrap();
        let lines: Vec<UsageLine> = expected
            .iter()
            .map(|(key, sums)| line(key, sums, |percent| sums.latencies.percentile(percent)))
            .collect();
        let found = report(&database, &orphans, &query).unwrap();
        assert_eq!(found.lines, lines, "{}", by.as_str());
        // The ends of this range are rows, the days between are sums.
        let range = UsageQuery {
            since: Some(Timestamp::from_millis(-900_000)),
            until: Some(Timestamp::from_millis(DAY * 2 + 1)),
            ..query
        };
        let total = report(&database, &orphans, &range).unwrap().total;
        let rows = UsageQuery {
            by: UsageKey::Hour,
            ..range
        };
        assert_eq!(report(&database, &orphans, &rows).unwrap().total, total);
    }
}

#[test]
fn absurd_numbers_do_not_overflow() {
    let database = ledger(2_000_000_000_000_000);
    for by in [UsageKey::Hour, UsageKey::Provider] {
        let found = report(&database, &OrphanRows::none(), &UsageQuery::by(by)).unwrap();
        assert_eq!(found.total.prompt_tokens, i64::MAX.unsigned_abs());
    }
}
