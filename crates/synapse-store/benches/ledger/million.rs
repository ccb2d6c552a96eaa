//! Benchmarks reading a large ledger: reports, the first page, and an export in constant memory.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, params};
use synapse_core::engine::{Engine, Ports};
use synapse_core::ledger::{HistoryQuery, UsageKey, UsageQuery};
use synapse_core::ports::LedgerReader as _;
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;
use synapse_testkit::ports::{
    FixedClock, FixedSecret, MemoryConnections, MemoryPrices, SequentialCallIds, StubProvider,
    StubProviders,
};

use super::{Scale, best, line, timed};

const DAY: i64 = 86_400_000;
/// 2026-11-20T12:00:00Z, the time of the last row.
const NOON: i64 = 1_795_176_000_000;
const DAYS: i64 = 365;

pub(super) fn run(scale: &Scale) {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::new(directory.path());
    fill(&home, scale.rows);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let ledger = Arc::new(SqliteLedger::new(home.clone()));
    let (verified, time) = timed(|| runtime.block_on(ledger.verify()).unwrap());
    println!(
        "\nA ledger of {} rows over {DAYS} days: migrated, sealed, verified in {:.1} s, {} wrong",
        verified.rows,
        time.as_secs_f64(),
        verified.discrepancies.len()
    );
    let usage = |by: UsageKey, since: i64| {
        let query = || UsageQuery {
            since: Some(Timestamp::from_millis(since)),
            ..UsageQuery::by(by)
        };
        let times =
            (0..scale.rounds).map(|_| timed(|| runtime.block_on(ledger.usage(query())).unwrap()).1);
        best(times)
    };
    let midnight = NOON.div_euclid(DAY) * DAY;
    let sums = bare(scale, &home, DAILY, midnight / DAY - 29);
    line("bare: 30 days by model, from the daily sums", sums, sums);
    line(
        "usage --by model, 30 whole days",
        usage(UsageKey::Model, midnight - 29 * DAY),
        sums,
    );
    line(
        "usage --by day, 30 whole days",
        usage(UsageKey::Day, midnight - 29 * DAY),
        sums,
    );
    let since = NOON - 30 * DAY;
    let rows = bare(scale, &home, ROWS, since);
    line("bare: 30 days by model, from the rows", rows, rows);
    line(
        "usage --by model --since 30d",
        usage(UsageKey::Model, since),
        rows,
    );
    for days in [1, 7, 30, 90, DAYS] {
        let what = format!("usage --by model --since {days}d");
        line(&what, usage(UsageKey::Model, NOON - days * DAY), rows);
    }
    for days in [1, 7, 30] {
        let what = format!("usage --by hour --since {days}d (from rows)");
        line(&what, usage(UsageKey::Hour, NOON - days * DAY), rows);
    }

    let page = bare(scale, &home, PAGE, 50);
    line("bare: the newest 50 rows", page, page);
    let history = |query: &HistoryQuery| {
        let times = (0..scale.rounds).map(|_| {
            let query = query.clone();
            timed(|| runtime.block_on(ledger.history(query)).unwrap()).1
        });
        best(times)
    };
    let mut query = HistoryQuery::newest(50);
    line("first page of history list", history(&query), page);
    query.filters = vec!["connection=c-3".parse().unwrap()];
    line("first page of one connection", history(&query), page);
    query.filters = vec!["error_code!=unknown".parse().unwrap()];
    line("first page of failures", history(&query), page);
    let query = HistoryQuery {
        since: Some(Timestamp::from_millis(NOON - 200 * DAY)),
        until: Some(Timestamp::from_millis(NOON - 199 * DAY)),
        ..HistoryQuery::newest(50)
    };
    line("first page of a day long ago", history(&query), page);

    runtime.block_on(export(&home));
}

/// Fills a file of the second format, which is fastest, and lets the ledger migrate it.
fn fill(home: &Home, rows: i64) {
    home.create().unwrap();
    let mut database = Connection::open(home.ledger()).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database
        .execute_batch(include_str!("../../tests/second_format.sql"))
        .unwrap();
    let change = database.transaction().unwrap();
    {
        let mut insert = change.prepare(INSERT).unwrap();
        for number in 0..rows {
            let started_at = NOON - (rows - 1 - number) * (DAYS * DAY / rows);
            let mut id = [0_u8; 16];
            id[..6].copy_from_slice(&started_at.to_be_bytes()[2..]);
            id[8..].copy_from_slice(&number.to_be_bytes());
            let (outcome, code) = match number % 50 {
                0 => ("error", Some("provider.failed")),
                _ => ("ok", None),
            };
            let random = number.wrapping_mul(2_654_435_761) % 100_003;
            insert
                .execute(params![
                    id,
                    started_at,
                    outcome,
                    code,
                    format!("c-{}", number % 5),
                    format!("model-{}", number % 8),
                    (number % 3 > 0).then(|| format!("client-{}", number % 3)),
                    random % 30_000,
                    random % 4_000,
                    random % 900,
                    (number % 10 > 0).then_some(random * 1_000),
                ])
                .unwrap();
        }
    }
    change.commit().unwrap();
}

/// Baseline: opens the file and reads the result of one statement, without Synapse.
fn bare(scale: &Scale, home: &Home, sql: &str, parameter: i64) -> Duration {
    let times = (0..scale.rounds).map(|_| {
        timed(|| {
            let database = Connection::open(home.ledger()).unwrap();
            let mut statement = database.prepare(sql).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([parameter]).unwrap();
            let mut values = 0_usize;
            while let Some(row) = rows.next().unwrap() {
                for index in 0..columns {
                    let value: rusqlite::types::Value = row.get(index).unwrap();
                    values += usize::from(value != rusqlite::types::Value::Null);
                }
            }
            std::hint::black_box(values)
        })
        .1
    });
    best(times)
}

/// Visits every row and measures the memory.
async fn export(home: &Home) {
    let ledger = Arc::new(SqliteLedger::new(home.clone()));
    let engine = Engine::new(Ports {
        connections: Arc::new(MemoryConnections::new()),
        providers: Arc::new(StubProviders::new(Arc::new(StubProvider::new(Vec::new())))),
        secrets: Arc::new(FixedSecret::new("fake")),
        ledger: ledger.clone(),
        reader: ledger,
        prices: Arc::new(MemoryPrices::new()),
        clock: Arc::new(FixedClock::default()),
        call_ids: Arc::new(SequentialCallIds::new()),
        observers: synapse_core::ports::CallObservers::default(),
    });
    let mut seen = 0_u64;
    let mut most = [0_u64; 10];
    let total = engine
        .usage(UsageQuery::by(UsageKey::Provider))
        .await
        .unwrap()
        .total
        .calls;
    let begin = std::time::Instant::now();
    engine
        .each_entry(HistoryQuery::newest(1_000), |_| {
            let tenth = usize::try_from(seen * 10 / total)
                .unwrap_or_default()
                .min(9);
            if seen.is_multiple_of(500) {
                most[tenth] = most[tenth].max(resident());
            }
            seen += 1;
            Ok(())
        })
        .await
        .unwrap();
    println!(
        "export of {seen} rows in {:.1} s; resident MB in each tenth of it: {most:?}",
        begin.elapsed().as_secs_f64()
    );
}

/// Resident memory of this process in MB, where available.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = pages
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or_default();
    pages * 4_096 / 1_000_000
}

const INSERT: &str = include_str!("../../tests/second_format_row.sql");

const DAILY: &str = "SELECT model, sum(calls), sum(ok), sum(failed), sum(refused),
    sum(prompt_tokens), sum(completion_tokens), sum(cached_tokens), sum(reasoning_tokens),
    sum(unknown_tokens), sum(cost_nano_usd), sum(unknown_cost)
    FROM daily WHERE day >= ? GROUP BY 1 ORDER BY 1";

const ROWS: &str = "SELECT coalesce(model_served, model_requested), count(*), sum(outcome = 'ok'),
    sum(outcome IN ('error', 'cancelled', 'interrupted')), sum(outcome = 'refused'),
    sum(prompt_tokens), sum(completion_tokens), sum(cached_tokens), sum(reasoning_tokens),
    sum(maybe_billed AND prompt_tokens IS NULL), sum(cost_nano_usd),
    sum(maybe_billed AND cost_nano_usd IS NULL)
    FROM entries WHERE started_at >= ? GROUP BY 1 ORDER BY 1";

const PAGE: &str = "SELECT * FROM entries ORDER BY call_id DESC LIMIT ?";
