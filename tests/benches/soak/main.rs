//! Soak test: a server under many prompts, a hub under many calls of ten upstreams, and a login
//! under many refreshes. Prints memory, descriptors and threads over time, and fails if one keeps
//! growing after the first tenth.
//!
//! `cargo xtask soak` runs it in full. `cargo test` runs a few iterations as a smoke test.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a measurement that cannot be taken ends by panicking"
)]

mod refreshes;

use std::fs;
use std::process::ExitCode;

use serde_json::{Value, json};
use synapse_testkit::raw::RawServer;
use synapse_tests::provider::here;
use synapse_tests::{Era, Home, report};

const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");
const UPSTREAM: &str = env!("CARGO_BIN_EXE_scripted-upstream");
const UPSTREAMS: usize = 10;

fn main() -> ExitCode {
    if !cfg!(target_os = "linux") {
        report("what a process holds is read from /proc, which this system does not have");
        return ExitCode::SUCCESS;
    }
    let counts: Vec<usize> = std::env::args()
        .filter_map(|each| each.parse().ok())
        .collect();
    let (calls, hub_calls, refreshes) = match counts[..] {
        [calls, hub_calls, refreshes] => (calls, hub_calls, refreshes),
        _ => (20, 20, 20),
    };
    let flat = [
        prompts(calls),
        hub(hub_calls),
        refreshes::run(
            refreshes,
            &mut Watch::new("refreshes", std::process::id(), refreshes),
        ),
    ];
    if flat.iter().all(|flat| *flat) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prompts of one IDE to one provider.
fn prompts(count: usize) -> bool {
    let provider = RawServer::always(here());
    let home = Home::connected(TWIN, &provider);
    let mut ide = home.serve(Era::Legacy);
    let mut watch = Watch::new("prompts", ide.process_id(), count);
    for number in 1..=count {
        let result = ide.call("chat", json!({"prompt": "hello"}));
        assert_ne!(result["isError"], true, "{result}");
        watch.look(number);
    }
    assert!(ide.close().status.success());
    home.run(["history", "verify"]).with_code(0);
    watch.is_flat()
}

/// Calls of tools, one upstream after the other.
fn hub(count: usize) -> bool {
    let home = Home::new(TWIN);
    fs::create_dir_all(home.synapse()).unwrap();
    synapse_tests::home::set_mode(&home.synapse(), 0o700);
    let names: Vec<String> = (0..UPSTREAMS).map(|number| format!("u{number}")).collect();
    let servers: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| (name.clone(), json!({"command": UPSTREAM})))
        .collect();
    drop(home.write(
        ".synapse/mcp-servers.json",
        Value::Object(servers).to_string(),
    ));
    for name in &names {
        home.run(["hub", "approve", name, "--yes"]).with_code(0);
    }
    let mut ide = home.serve(Era::Legacy);
    let mut watch = Watch::new("hub calls", ide.process_id(), count);
    for number in 1..=count {
        let tool = format!("{}__echo", names[number % UPSTREAMS]);
        let result = ide.call(&tool, json!({"text": "hello"}));
        assert_ne!(result["isError"], true, "{result}");
        watch.look(number);
    }
    assert!(ide.close().status.success());
    watch.is_flat()
}

/// Resources held by a process.
#[derive(Debug, Clone, Copy)]
struct Held {
    kibibytes: u64,
    descriptors: usize,
    threads: usize,
}

impl Held {
    fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        let count = |what: &str| {
            fs::read_dir(format!("/proc/{process}/{what}"))
                .unwrap()
                .count()
        };
        Self {
            kibibytes: line.split_whitespace().next().unwrap().parse().unwrap(),
            descriptors: count("fd"),
            threads: count("task"),
        }
    }
}

/// Samples a process during repeated work.
pub(crate) struct Watch {
    what: &'static str,
    process: u32,
    count: usize,
    seen: Vec<Held>,
}

impl Watch {
    fn new(what: &'static str, process: u32, count: usize) -> Self {
        Self {
            what,
            process,
            count,
            seen: Vec::new(),
        }
    }

    /// Samples every tenth of the work.
    pub(crate) fn look(&mut self, number: usize) {
        if number.is_multiple_of((self.count / 10).max(1)) {
            let held = Held::of(self.process);
            let Held {
                kibibytes,
                descriptors,
                threads,
            } = held;
            let what = self.what;
            report(&format!(
                "{number:>7} {what}: {kibibytes:>6} KiB, {descriptors} descriptors, {threads} threads"
            ));
            self.seen.push(held);
        }
    }

    /// Whether nothing grew after the first tenth beyond an allocator's slack. Always true for few
    /// iterations.
    pub(crate) fn is_flat(&self) -> bool {
        let (Some(first), Some(last)) = (self.seen.first(), self.seen.last()) else {
            return true;
        };
        if self.count < FEWEST {
            return true;
        }
        let flat = last.kibibytes <= first.kibibytes + ROOM_KIBIBYTES
            && last.descriptors <= first.descriptors + ROOM
            && last.threads <= first.threads + ROOM;
        report(&format!(
            "{}: {}",
            self.what,
            if flat { "flat" } else { "GROWS" }
        ));
        flat
    }
}

/// SQLite's cache grows to 2 MiB, and allocators keep freed memory.
const ROOM_KIBIBYTES: u64 = 4096;
const FEWEST: usize = 500;
/// Runtimes add threads under concurrent load.
const ROOM: usize = 3;
