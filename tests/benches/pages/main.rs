//! Speed and memory of the dashboard's pages over a large ledger, as ratios measured in one run:
//! the first byte of each page against plain SQL for the same figures, its start against that of
//! `serve`, and its memory at rest against that of `serve`; the commands that read every row; and the
//! queries of the guide over as many rows of each of twenty machines.
//!
//! `cargo bench -p synapse-tests --bench pages` fills a ledger with a million rows, measures the
//! profile `dist` and fails above the limits; `-- --rows 10000000` after it takes that many rows.
//! `cargo test` runs it with a few rows, so that it keeps working.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot be taken ends by panicking"
)]

mod commands;
mod ledger;
mod machines;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::process::Reading;
use synapse_tests::{Era, Flags, Home, Ide, report};

use self::ledger::{Rows, bare};

const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");

fn main() {
    let judges = std::env::args().any(|argument| argument == "--bench");
    let (usual, rounds) = if judges { (1_000_000, 15) } else { (500, 1) };
    let rows = rows_asked_for().unwrap_or(usual);
    let home = connected();
    let ledger = Rows::fill(&home, rows);
    let mut broken = start(&home, rounds);
    let dashboard = Dashboard::start(&home);
    report(&format!("pages over a ledger of {rows} rows"));
    let style = dashboard.get("style.css").1;
    for (path, statements) in pages(&ledger) {
        let times: Vec<Times> = (0..rounds).map(|_| dashboard.get(&path).0).collect();
        let first = best(times.iter().map(|times| times.first));
        let whole = best(times.iter().map(|times| times.whole));
        let size = dashboard.get(&path).1 + style;
        let sql = best((0..rounds).map(|_| bare(&home, &statements)));
        let ratio = first.as_secs_f64() / sql.as_secs_f64();
        // A page without rows can only be compared with opening the file.
        let is_above = size > MOST_BYTES || (!statements.is_empty() && ratio > MOST_RATIO);
        broken += usize::from(is_above);
        report(&format!(
            "{:<34} first byte {:>8.2} ms, whole {:>8.2} ms, bare SQL {:>8.2} ms, {ratio:>6.2}x, \
             whole {:>6.2}x, {:>4} kB{}",
            format!("/{path}"),
            first.as_secs_f64() * 1e3,
            whole.as_secs_f64() * 1e3,
            sql.as_secs_f64() * 1e3,
            whole.as_secs_f64() / sql.as_secs_f64(),
            size / 1_000,
            if is_above { ", ABOVE the limit" } else { "" },
        ));
    }
    broken += memory(&home, &dashboard);
    broken += commands::judge(&home, rounds);
    broken += machines::judge(&home);
    assert!(!judges || broken == 0, "{broken} limits are broken");
}

/// The number after `--rows`.
fn rows_asked_for() -> Option<i64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--rows");
    arguments.nth(1).map(|number| number.parse().unwrap())
}

/// Each page, and the queries of a program without Synapse on the same tables.
fn pages(ledger: &Rows) -> Vec<(String, Vec<String>)> {
    let day = ledger.today;
    let month = ledger.month_start;
    let by = |key: &str, first: i64| {
        format!("SELECT {key}, {SUMS} FROM daily WHERE day >= {first} GROUP BY 1 ORDER BY 1")
    };
    let per_day = |key: &str, first: i64| {
        format!(
            "SELECT day, {key}, {SUMS} FROM daily WHERE day >= {first} GROUP BY 1, 2 ORDER BY 1, 2"
        )
    };
    // Only rows have hours; their keys begin with the time.
    let per_hour = |key: &str, groups: &str| {
        format!(
            "SELECT started_at / 3600000, {key} {ROW_SUMS} FROM entries
             WHERE call_id >= x'{:012x}' GROUP BY {groups}",
            (day - 7) * 86_400_000
        )
    };
    let newest = |limit: u32| format!("SELECT * FROM entries ORDER BY call_id DESC LIMIT {limit}");
    let standings = format!(
        "SELECT connection, day, sum(limit_tokens), sum(limit_nano_usd) FROM daily
         WHERE day >= {month} GROUP BY 1, 2"
    );
    // The page shows those of today.
    let failures = format!(
        "SELECT connection, outcome, error_code, count(*), max(call_id) FROM entries
         WHERE outcome <> 'ok' AND call_id >= x'{:012x}' GROUP BY 1, 2, 3",
        day * 86_400_000
    );
    let counts = "SELECT sum(ok), sum(failed), sum(refused) FROM daily".to_owned();
    let counts_of_all = counts.clone();
    let of_hub = "SELECT * FROM entries WHERE connection = '' ORDER BY call_id DESC LIMIT 300";
    let of_one = |limit: u32| {
        format!(
            "SELECT * FROM entries WHERE connection = 'c-3' ORDER BY call_id DESC LIMIT {limit}"
        )
    };
    let all = [
        (
            "",
            vec![
                by("day", day - 29),
                by("model", month),
                by("client", month),
                by("day", month - 31),
                failures,
                standings.clone(),
                newest(200),
                of_hub.to_owned(),
            ],
        ),
        (
            "connections",
            vec![newest(200), standings, by("connection", month)],
        ),
        ("usage", vec![by("model", month), per_day("model", month)]),
        (
            "usage?by=day&since=all",
            vec![by("day", 0), per_day("day", 0)],
        ),
        (
            "usage?by=client&since=30d",
            vec![by("client", day - 30), per_day("client", day - 30)],
        ),
        (
            "usage?by=hour&since=7d",
            vec![per_hour("", "1"), per_hour("model_requested,", "1, 2")],
        ),
        ("history", vec![newest(50), counts.clone()]),
        (
            "history?outcome=error",
            vec![
                "SELECT * FROM entries WHERE outcome <> 'ok' AND outcome = 'error'
                 ORDER BY call_id DESC LIMIT 50"
                    .to_owned(),
                counts,
            ],
        ),
        (
            "history?where=connection%3Dc-3",
            vec![
                of_one(50),
                "SELECT outcome, count(*) FROM entries WHERE connection = 'c-3' GROUP BY 1"
                    .to_owned(),
            ],
        ),
        ("hub", vec![of_hub.to_owned()]),
        ("connections/new", Vec::new()),
        ("secrets", Vec::new()),
        ("doctor", Vec::new()),
        ("welcome", Vec::new()),
    ];
    let older = |name: &str, id: &str| {
        let sql = format!(
            "SELECT * FROM entries WHERE call_id < x'{}' ORDER BY call_id DESC LIMIT 50",
            id.replace('-', "")
        );
        (
            format!("{name}?before={id}"),
            vec![sql, counts_of_all.clone()],
        )
    };
    let receipt = (
        format!("history/{}", ledger.last),
        vec![format!(
            "SELECT * FROM entries WHERE call_id = x'{}'",
            ledger.last.replace('-', "")
        )],
    );
    all.into_iter()
        .map(|(path, statements)| (path.to_owned(), statements))
        .chain([
            older("history", &ledger.middle),
            older("history", &ledger.early),
            receipt,
        ])
        .collect()
}

fn connected() -> Home {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let credential = home.credential(OpenAiDouble::KEY);
    let base = double.base_url();
    let flags = Flags::new("openai", OpenAiDouble::MODEL, &credential, &base);
    home.create("c-3", &flags, &["--allow-network"])
        .with_code(0);
    home
}

/// From starting the process to the first byte of the first page, against `serve` and its first
/// answer.
fn start(home: &Home, rounds: usize) -> usize {
    let rounds = rounds * 2;
    let page = best((0..rounds).map(|_| {
        let began = Instant::now();
        drop(Dashboard::start(home));
        began.elapsed()
    }));
    let answer = best((0..rounds).map(|_| {
        let began = Instant::now();
        let mut ide = Ide::start(home.twin(["serve"]));
        drop(ide.shake_hands(Era::Legacy));
        began.elapsed()
    }));
    judged(
        "start to first byte",
        page.as_secs_f64() * 1e3,
        answer.as_secs_f64() * 1e3,
        "ms",
        1.5,
    )
}

fn memory(home: &Home, dashboard: &Dashboard) -> usize {
    let mut ide = Ide::start(home.twin(["serve"]));
    drop(ide.shake_hands(Era::Legacy));
    let fresh = Dashboard::start(home);
    report(&format!(
        "memory after all pages: {:.2} MB",
        megabytes(dashboard.process.id())
    ));
    judged(
        "memory at rest",
        megabytes(fresh.process.id()),
        megabytes(ide.process_id()),
        "MB",
        1.3,
    )
}

fn judged(name: &str, of_dashboard: f64, of_serve: f64, unit: &str, most: f64) -> usize {
    let ratio = of_dashboard / of_serve;
    let is_above = ratio > most;
    report(&format!(
        "{name}: {of_dashboard:.2} {unit} / {of_serve:.2} {unit} of serve = {ratio:.2} (at most {most}{})",
        if is_above { ", ABOVE the limit" } else { "" }
    ));
    usize::from(is_above)
}

/// A running dashboard, and a session in it.
struct Dashboard {
    process: Reading,
    host: String,
    base: String,
    cookie: String,
}

impl Dashboard {
    /// Starts it, opens a session, and reads the first byte of the first page.
    fn start(home: &Home) -> Self {
        let mut process = home.twin(["dashboard"]).start_to_read();
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            line.extend(process.read(1));
        }
        let address = String::from_utf8(line).unwrap();
        let (host, path) = address
            .trim()
            .strip_prefix("http://")
            .unwrap()
            .split_once('/')
            .unwrap();
        let mut dashboard = Self {
            process,
            host: host.to_owned(),
            base: String::new(),
            cookie: String::new(),
        };
        let (_, entered) = dashboard.ask(&format!("/{path}"));
        let header = |name: &str| {
            let mut lines = entered.lines();
            let line = lines.find_map(|line| line.strip_prefix(name)).unwrap();
            line.split(';').next().unwrap().to_owned()
        };
        dashboard.base = header("location: ");
        dashboard.cookie = header("set-cookie: ");
        let _first = dashboard.get("");
        dashboard
    }

    /// The times of a page, and the length of its body.
    fn get(&self, page: &str) -> (Times, usize) {
        let (times, text) = self.ask(&format!("{}{page}", self.base));
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{page}: {head}");
        (times, body.len())
    }

    fn ask(&self, path: &str) -> (Times, String) {
        let Self { host, cookie, .. } = self;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n"
        );
        let began = Instant::now();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = vec![0; 1];
        stream.read_exact(&mut bytes).unwrap();
        let first = began.elapsed();
        stream.read_to_end(&mut bytes).unwrap();
        let whole = began.elapsed();
        let times = Times { first, whole };
        (times, String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The times of an answer.
#[derive(Clone, Copy)]
struct Times {
    /// To its first byte.
    first: Duration,
    /// To its last byte.
    whole: Duration,
}

fn best(times: impl Iterator<Item = Duration>) -> Duration {
    times.min().unwrap_or_default()
}

fn megabytes(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.map_or(0.0, |number| number.parse().unwrap()) * 1024.0 / 1e6
}

const SUMS: &str = "sum(calls), sum(ok), sum(failed), sum(refused), sum(prompt_tokens),
    sum(completion_tokens), sum(cached_tokens), sum(reasoning_tokens), sum(unknown_tokens),
    sum(cost_nano_usd), sum(unknown_cost), max(latencies)";
const ROW_SUMS: &str = "count(*), sum(outcome = 'ok'), sum(outcome <> 'ok'), sum(prompt_tokens),
    sum(completion_tokens), sum(cached_tokens), sum(reasoning_tokens), sum(cost_nano_usd)";
const MOST_BYTES: usize = 150_000;
const MOST_RATIO: f64 = 2.0;
