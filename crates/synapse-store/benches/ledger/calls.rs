//! Benchmarks writing rows: sequential and concurrent calls, and the part a call waits for.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params_from_iter, types::Value};
use synapse_core::Draft;
use synapse_core::Receipt;
use synapse_core::call::{CallId, Caller, Operation};
use synapse_core::ledger::{Closing, Opening, Outcome};
use synapse_core::ports::Ledger as _;
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;
use uuid::Uuid;

use super::{Scale, line, median, timed};

pub(super) fn run(scale: &Scale) {
    println!("\nAppending rows: the best of {ROUNDS} rounds, each way in turn");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let part = Scale {
        calls: scale.calls.div_ceil(ROUNDS),
        ..*scale
    };
    let mut best: [Duration; 7] = [Duration::MAX; 7];
    for _ in 0..ROUNDS {
        let (bare, bare_each) = bare(&part);
        let costs = runtime.block_on(one_by_one(&part));
        let round = [
            bare,
            bare_each,
            costs.open,
            costs.close,
            costs.life,
            runtime.block_on(many_at_once(&part)),
            runtime.block_on(opened_at_once(&part)),
        ];
        for (best, time) in best.iter_mut().zip(round) {
            *best = time.min(*best);
        }
    }
    let [bare, bare_each, open, close, life, together, opened] = best;
    line("bare insert of the same columns in WAL, median", bare, bare);
    line("row opened, as the call waits for it, median", open, bare);
    line("row closed, as the call pays for it, median", close, bare);
    line("bare inserts, mean", bare_each, bare_each);
    line("rows opened, 64 at once, mean", opened, bare_each);
    line(
        "whole life of rows, 64 calls at once, mean",
        together,
        bare_each,
    );
    line("whole life of rows, call after call, mean", life, bare_each);
}

const ROUNDS: usize = 7;

fn home() -> (tempfile::TempDir, Home) {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::new(directory.path());
    (directory, home)
}

/// Baseline: a plain table with the same columns; median and mean.
fn bare(scale: &Scale) -> (Duration, Duration) {
    let (directory, home) = home();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let ledger = SqliteLedger::new(home.clone());
    let (opening, closing) = call();
    runtime.block_on(async {
        ledger.open(opening).await.unwrap();
        ledger.close(closing);
        ledger.flush().await.unwrap();
    });
    drop(ledger);
    let database = Connection::open(home.ledger()).unwrap();
    let mut row: Vec<Value> = database
        .query_row("SELECT * FROM entries", [], |row| {
            (0..row.as_ref().column_count())
                .map(|index| row.get(index))
                .collect()
        })
        .unwrap();
    let columns: Vec<String> = database
        .prepare("SELECT name || ' ' || type FROM pragma_table_info('entries')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let database = Connection::open(directory.path().join("bare.db")).unwrap();
    database
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
        .unwrap();
    let table = columns.join(", ");
    let create = format!("CREATE TABLE bare ({table}, PRIMARY KEY (call_id)) WITHOUT ROWID");
    database.execute_batch(&create).unwrap();
    let places = vec!["?"; columns.len()].join(", ");
    let mut insert = database
        .prepare(&format!("INSERT INTO bare VALUES ({places})"))
        .unwrap();
    let mut times = Vec::new();
    let begin = Instant::now();
    for _ in 0..scale.calls {
        row[0] = Value::Blob(Uuid::now_v7().as_bytes().to_vec());
        let ((), time) = timed(|| {
            insert.execute(params_from_iter(&row)).unwrap();
        });
        times.push(time);
    }
    let each = begin.elapsed() / u32::try_from(scale.calls).unwrap();
    (median(times), each)
}

struct Costs {
    open: Duration,
    close: Duration,
    life: Duration,
}

async fn one_by_one(scale: &Scale) -> Costs {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let (mut opens, mut closes) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    for _ in 0..scale.calls {
        let (opening, closing) = call();
        let begin = Instant::now();
        ledger.open(opening).await.unwrap();
        opens.push(begin.elapsed());
        // Like a call in progress: the writer is asleep by now.
        std::thread::yield_now();
        let ((), time) = timed(|| ledger.close(closing));
        closes.push(time);
        tokio::task::yield_now().await;
    }
    ledger.flush().await.unwrap();
    Costs {
        open: median(opens),
        close: median(closes),
        life: begin.elapsed() / u32::try_from(scale.calls).unwrap(),
    }
}

/// Like 64 prompts of one process: opened together, closed together.
async fn many_at_once(scale: &Scale) -> Duration {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let begin = Instant::now();
    let rounds = scale.calls.div_ceil(64);
    for _ in 0..rounds {
        let calls: Vec<(Opening, Closing)> = (0..64).map(|_| call()).collect();
        let (openings, closings): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
        open_all(&ledger, openings).await;
        closings
            .into_iter()
            .for_each(|closing| ledger.close(closing));
        tokio::task::yield_now().await;
    }
    ledger.flush().await.unwrap();
    begin.elapsed() / u32::try_from(rounds * 64).unwrap()
}

async fn opened_at_once(scale: &Scale) -> Duration {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let rounds = scale.calls.div_ceil(64);
    let mut spent = Duration::ZERO;
    for _ in 0..rounds {
        let openings: Vec<Opening> = (0..64).map(|_| call().0).collect();
        let begin = Instant::now();
        open_all(&ledger, openings).await;
        spent += begin.elapsed();
    }
    spent / u32::try_from(rounds * 64).unwrap()
}

async fn open_all(ledger: &SqliteLedger, openings: Vec<Opening>) {
    let mut waiting: Vec<_> = openings
        .into_iter()
        .map(|opening| ledger.open(opening))
        .collect();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|open| open.as_mut().poll(context).is_pending());
        if waiting.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

/// A successful call.
fn call() -> (Opening, Closing) {
    let draft = Draft {
        provider: "huggingface".into(),
        model: "meta-llama/Llama-3.1-8B-Instruct:novita".into(),
        credential: Some("env:TOKEN".into()),
        ..Draft::default()
    };
    let connection = draft.parse("work".parse().unwrap()).unwrap();
    let mut receipt = Receipt::begin(CallId::new(Uuid::now_v7()), &connection, &connection.model);
    let opening = Opening {
        started_at: Timestamp::from_millis(1_795_176_000_000),
        operation: Operation::Chat,
        caller: Caller {
            client_name: Some("cursor".into()),
            client_version: Some("2.1".into()),
            tool: Some("chat".into()),
            span: None,
        },
        receipt: receipt.clone(),
        prompt: None,
    };
    receipt.model_served = Some("meta-llama/Llama-3.1-8B-Instruct".into());
    receipt.exchange.attempts = 1;
    receipt.exchange.maybe_billed = true;
    receipt.exchange.http_status = Some(200);
    receipt.exchange.request_id = Some("Root=1-67af0000-0123456789abcdef01234567".into());
    receipt.exchange.served_by = Some("novita".into());
    receipt.exchange.bytes_out = 812;
    receipt.exchange.bytes_in = 1_930;
    receipt.exchange.headers_ms = Some(630);
    receipt.latency_ms = Some(u64::from(receipt.call_id.as_uuid().as_bytes()[15]) * 7);
    receipt.finish_reason = Some("stop".into());
    receipt.usage.prompt_tokens = Some(310);
    receipt.usage.completion_tokens = Some(45);
    receipt.cost.amount_nano_usd = Some(12_345);
    let closing = Closing {
        ended_at: Timestamp::from_millis(1_795_176_001_500),
        outcome: Outcome::Ok,
        error_code: None,
        receipt,
        reply: None,
    };
    (opening, closing)
}
