//! The cost of the ledger, as ratios to bare rusqlite in the same run on the same disk.
//!
//! `cargo bench -p synapse-store` uses a million rows; `cargo test --all-targets` a few, as a smoke
//! test. It asserts no times: machines differ, and the ratios are for people.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measuring program, not the product"
)]

mod calls;
mod million;

use std::time::{Duration, Instant};

fn main() {
    // Passed by cargo to benchmarks.
    let full = std::env::args().any(|argument| argument == "--bench");
    let scale = if full {
        Scale {
            calls: 20_000,
            rows: 1_000_000,
            rounds: 15,
        }
    } else {
        Scale {
            calls: 50,
            rows: 2_000,
            rounds: 2,
        }
    };
    println!(
        "{} calls, {} rows{}",
        scale.calls,
        scale.rows,
        if full {
            ""
        } else {
            " (smoke run: the numbers mean nothing)"
        }
    );
    calls::run(&scale);
    million::run(&scale);
}

/// The size of the benchmark.
struct Scale {
    calls: usize,
    rows: i64,
    rounds: usize,
}

/// The median duration.
fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations[durations.len() / 2]
}

/// The minimum duration, least affected by other load.
fn best(durations: impl Iterator<Item = Duration>) -> Duration {
    durations.min().unwrap()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed())
}

/// Prints one result: name, duration, and ratio to the baseline.
fn line(what: &str, time: Duration, bare: Duration) {
    let ratio = time.as_secs_f64() / bare.as_secs_f64();
    println!("{what:<58} {:>11}  {ratio:>7.2} x bare", micros(time));
}

fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}
