//! Overview queries, compared with plain SQL over the rows.

use rusqlite::Connection;
use synapse_core::Code;
use synapse_core::ledger::{
    Column, Filter, HistoryQuery, Opening, Outcome, Reservation, UsageKey, UsageQuery,
};
use synapse_core::limits::{Limits, Need, Sums, UsageEstimate};
use synapse_core::ports::{Ledger as _, LedgerReader as _, assemble_overview};
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;
use tempfile::TempDir;

use crate::support::{NOON, Random, closing, home, opening};

const DAY: i64 = 86_400_000;
const ROWS: usize = 400;

struct Bench {
    _directory: TempDir,
    home: Home,
    ledger: SqliteLedger,
}

impl Bench {
    /// Random calls of the forty days before noon, a tenth of them in progress.
    async fn new() -> Self {
        let (directory, home) = home();
        let ledger = SqliteLedger::new(home.clone());
        let mut random = Random::new(15);
        for _ in 0..ROWS {
            let at = NOON - random.between(0, 40 * DAY);
            let mut call = opening(["a", "b", "c"][random.below(3)], at);
            call.caller.client_name = [None, Some("zed".into())][random.below(2)].clone();
            ledger.open(call.clone()).await.unwrap();
            reserve(&ledger, &call).await;
            if random.below(10) > 0 {
                ledger.close(ending(&call, &mut random));
            }
        }
        ledger.flush().await.unwrap();
        Self {
            _directory: directory,
            home,
            ledger,
        }
    }

    fn sql(&self) -> Connection {
        Connection::open(self.home.ledger()).unwrap()
    }

    fn number(&self, sql: &str) -> u64 {
        let number: i64 = self.sql().query_row(sql, [], |row| row.get(0)).unwrap();
        u64::try_from(number).unwrap()
    }
}

async fn reserve(ledger: &SqliteLedger, call: &Opening) {
    let need = Need {
        least: 10,
        most: 70,
    };
    let reservation = Reservation {
        call_id: call.receipt.call_id,
        connection: call.receipt.connection.clone(),
        at: call.started_at,
        limits: Limits::default(),
        demand: UsageEstimate {
            tokens: need,
            nano_usd: Some(need),
        },
    };
    ledger.reserve(reservation).await.unwrap();
}

fn ending(call: &Opening, random: &mut Random) -> synapse_core::ledger::Closing {
    let mut closing = closing(call);
    let maybe = |random: &mut Random| {
        (random.below(3) > 0).then(|| u64::try_from(random.between(0, 9_000)).unwrap())
    };
    closing.receipt.usage.prompt_tokens = maybe(random);
    closing.receipt.cost.amount_nano_usd = maybe(random);
    let code = [
        None,
        Some((Outcome::Error, Code::ProviderFailed)),
        Some((Outcome::Error, Code::CredentialTokenRejected)),
        Some((Outcome::Refused, Code::GateNetworkDisabled)),
    ][random.below(4)];
    if let Some((outcome, code)) = code {
        closing.outcome = outcome;
        closing.error_code = Some(code);
    }
    closing
}

#[tokio::test]
async fn standings_are_the_sums_of_complete_rows_and_of_what_is_set_aside() {
    let bench = Bench::new().await;
    let standings = bench
        .ledger
        .standings(Timestamp::from_millis(NOON))
        .await
        .unwrap();
    let today = NOON.div_euclid(DAY) * DAY;
    let month = Timestamp::from_millis(NOON).month_start().as_millis();
    let tokens = "CASE WHEN prompt_tokens IS NOT NULL AND completion_tokens IS NOT NULL
        THEN prompt_tokens + completion_tokens WHEN maybe_billed THEN reserved_tokens ELSE 0 END";
    let money = "CASE WHEN cost_nano_usd IS NOT NULL THEN cost_nano_usd
        WHEN maybe_billed THEN reserved_nano_usd ELSE 0 END";
    for connection in ["a", "b", "c"] {
        let sum = |what: &str, outcome: &str, since: i64| {
            bench.number(&format!(
                "SELECT coalesce(sum({what}), 0) FROM entries
                 WHERE connection = '{connection}' AND outcome {outcome} 'open'
                 AND started_at >= {since}"
            ))
        };
        let sums = |outcome: &str, since: i64, tokens: &str, money: &str| Sums {
            tokens: sum(tokens, outcome, since),
            nano_usd: sum(money, outcome, since),
        };
        let standing = standings[connection];
        assert_eq!(standing.spent.month, sums("<>", month, tokens, money));
        assert_eq!(standing.spent.day, sums("<>", today, tokens, money));
        let aside = |since| sums("=", since, "reserved_tokens", "reserved_nano_usd");
        assert_eq!(standing.set_aside.month, aside(month));
        assert_eq!(standing.set_aside.day, aside(today));
    }
}

#[tokio::test]
async fn failures_are_grouped_by_connection_and_code_with_their_last_call() {
    let bench = Bench::new().await;
    let since = NOON - 20 * DAY - 7;
    let groups = bench
        .ledger
        .failures(Timestamp::from_millis(since))
        .await
        .unwrap();
    let failed = format!("outcome IN ('error', 'refused') AND started_at >= {since}");
    let distinct = format!(
        "SELECT count(*) FROM (SELECT DISTINCT connection, error_code FROM entries WHERE {failed})"
    );
    assert_eq!(groups.len() as u64, bench.number(&distinct));
    for group in &groups {
        let code = group.error_code.as_deref().unwrap();
        let these = format!(
            "{failed} AND connection = '{}' AND error_code = '{code}'",
            group.connection
        );
        let count = format!("SELECT count(*) FROM entries WHERE {these}");
        assert_eq!(group.times, bench.number(&count));
        let last = format!("SELECT max(started_at) FROM entries WHERE {these}");
        let last_at = u64::try_from(group.last_at.as_millis()).unwrap();
        assert_eq!(last_at, bench.number(&last));
        let last = bench.ledger.entry(group.last_call).await.unwrap().unwrap();
        assert_eq!(last.error_code.as_deref(), Some(code));
        assert_eq!(last.receipt.connection, group.connection);
    }
    assert!(groups.is_sorted_by(|one, other| one.last_at >= other.last_at));
}

#[tokio::test]
async fn outcomes_are_counted_over_all_rows_of_a_query() {
    let bench = Bench::new().await;
    let midnight = NOON.div_euclid(DAY) * DAY;
    let everything = HistoryQuery::newest(1);
    let queries = [
        (everything.clone(), "TRUE".to_owned()),
        (
            HistoryQuery {
                since: Some(Timestamp::from_millis(midnight - 9 * DAY)),
                until: Some(Timestamp::from_millis(midnight - 2 * DAY)),
                ..everything.clone()
            },
            format!(
                "started_at >= {} AND started_at < {}",
                midnight - 9 * DAY,
                midnight - 2 * DAY
            ),
        ),
        (
            HistoryQuery {
                since: Some(Timestamp::from_millis(NOON - 9 * DAY + 5)),
                ..everything.clone()
            },
            format!("started_at >= {}", NOON - 9 * DAY + 5),
        ),
        (
            HistoryQuery {
                filters: vec![Filter::is(Column::Connection, "b")],
                outcome: Some(Outcome::Ok),
                ..everything
            },
            "connection = 'b'".to_owned(),
        ),
    ];
    for (query, plain) in queries {
        let counts = bench.ledger.outcomes(query).await.unwrap();
        for outcome in Outcome::ALL {
            let sql = format!(
                "SELECT count(*) FROM entries WHERE outcome = '{}' AND {plain}",
                outcome.as_str()
            );
            assert_eq!(
                counts.of(outcome),
                bench.number(&sql),
                "{outcome:?} {plain}"
            );
        }
        assert!(counts.total() > 0, "{plain}");
    }
}

#[tokio::test]
async fn usage_by_period_and_key_is_the_sum_of_their_rows() {
    let bench = Bench::new().await;
    let since = NOON - 12 * DAY;
    let query = UsageQuery {
        since: Some(Timestamp::from_millis(since)),
        ..UsageQuery::by(UsageKey::Connection)
    };
    for (per, form) in [
        (UsageKey::Day, "%Y-%m-%d"),
        (UsageKey::Hour, "%Y-%m-%dT%H"),
        (UsageKey::Month, "%Y-%m"),
    ] {
        let periods = bench.ledger.usage_per(per, query.clone()).await.unwrap();
        let period = format!("strftime('{form}', started_at / 1000, 'unixepoch')");
        let distinct = format!(
            "SELECT count(*) FROM (SELECT DISTINCT {period}, connection FROM entries
             WHERE started_at >= {since})"
        );
        let lines = periods.iter().map(|usage| usage.lines.len()).sum::<usize>();
        assert_eq!(lines as u64, bench.number(&distinct));
        for usage in &periods {
            for line in &usage.lines {
                let of = |what: &str| {
                    bench.number(&format!(
                        "SELECT coalesce(sum({what}), 0) FROM entries WHERE started_at >= {since}
                         AND {period} = '{}' AND connection = '{}'",
                        usage.period, line.key
                    ))
                };
                assert_eq!(line.calls, of("1"));
                assert_eq!(line.cost_nano_usd, of("cost_nano_usd"));
                assert_eq!(line.ok, of("outcome = 'ok'"));
                assert_eq!(
                    line.unknown_cost,
                    of("maybe_billed AND cost_nano_usd IS NULL")
                );
            }
        }
        assert!(periods.is_sorted_by(|one, other| one.period < other.period));
    }
}

#[tokio::test]
async fn usage_over_time_is_the_report_and_its_split() {
    let bench = Bench::new().await;
    // From noon, so that the first day comes from rows.
    let since = Some(Timestamp::from_millis(NOON - 12 * DAY));
    for by in UsageKey::ALL {
        for connection in [None, Some("a".to_owned())] {
            let query = UsageQuery {
                since,
                connection,
                ..UsageQuery::by(by)
            };
            let (per, key) = query.split();
            let split = UsageQuery {
                by: key,
                ..query.clone()
            };
            let both = bench.ledger.usage_over_time(query.clone()).await.unwrap();
            let report = bench.ledger.usage(query).await.unwrap();
            assert_eq!(both.report, report, "{by:?}");
            let periods = bench.ledger.usage_per(per, split).await.unwrap();
            assert_eq!(both.periods, periods, "{by:?}");
            assert_eq!(report.lines.is_empty(), by.is_of_hub(), "{by:?}");
        }
    }
}

#[tokio::test]
async fn an_overview_is_the_answers_to_its_single_questions() {
    let bench = Bench::new().await;
    // The month before overlaps the last thirty days, lies before them, or has not the same day.
    for days in [0, 12, 20, 31, 45] {
        let now = Timestamp::from_millis(NOON + days * DAY);
        let together = bench.ledger.overview(now).await.unwrap();
        let single = assemble_overview(&bench.ledger, now).await.unwrap();
        assert_eq!(together, single, "{now}");
    }
    let found = bench.ledger.overview(Timestamp::from_millis(NOON)).await;
    let found = found.unwrap();
    assert!(found.days.total.calls > found.models.total.calls);
    assert!(found.before.calls > 0 && !found.newest.is_empty());
    assert!(
        found
            .clients
            .lines
            .iter()
            .any(|line| line.key == UsageKey::TERMINAL)
    );
}

#[tokio::test]
async fn a_recorded_row_is_its_entry_texts_and_seal_and_an_open_row_has_no_seal() {
    let bench = Bench::new().await;
    let (mut sealed, mut open) = (0, 0);
    for row in bench
        .ledger
        .history(HistoryQuery::newest(50))
        .await
        .unwrap()
    {
        let call_id = row.receipt.call_id;
        let recorded = bench.ledger.recorded(call_id).await.unwrap().unwrap();
        assert_eq!(recorded.entry, row);
        assert_eq!(recorded.text, bench.ledger.text(call_id).await.unwrap());
        let seal = recorded.seal;
        let id = call_id.as_uuid().simple();
        match seal {
            Some(seal) => {
                let plain = format!("SELECT sequence FROM entries WHERE call_id = x'{id}'");
                assert_eq!(seal.sequence, bench.number(&plain));
                let hash: String = bench
                    .sql()
                    .query_row(
                        &format!("SELECT lower(hex(seal)) FROM entries WHERE call_id = x'{id}'"),
                        [],
                        |row| row.get(0),
                    )
                    .unwrap();
                assert_eq!(seal.hash, hash);
                sealed += 1;
            }
            None => {
                assert_eq!(row.outcome, Outcome::Open);
                open += 1;
            }
        }
    }
    assert!(sealed > 0 && open > 0);
}
