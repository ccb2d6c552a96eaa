//! The ledger under faults. Each test prints how often each case occurred.

#![expect(clippy::print_stdout, reason = "runs of many say how many they were")]

mod crowd;
mod damaged;
mod full;
mod killed;
mod limits;
mod repair;
mod unwritten;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use synapse_testkit::raw::RawServer;
use synapse_tests::provider::here;
use synapse_tests::{Home, Ide, LocalProvider as _};

use crate::TWIN;

/// A provider that answers every prompt.
fn provider() -> RawServer {
    RawServer::always(here())
}

/// A home with the connection `work` to `provider`, network access on.
fn home(provider: &RawServer, more: &[&str]) -> Home {
    let home = Home::new(TWIN);
    home.save("work", provider, &[provider.opening(), more].concat());
    home
}

/// Sends a prompt without waiting for the answer.
fn prompt(ide: &mut Ide) -> u64 {
    ide.begin("chat", json!({"prompt": "hello"}))
}

/// The calls answered by these stdout lines.
fn answered(lines: &[String]) -> BTreeSet<String> {
    lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| {
            let receipt = &message["result"]["structuredContent"]["receipt"];
            receipt["call_id"].as_str().map(str::to_owned)
        })
        .collect()
}

/// Call id and outcome of every row in the file.
fn rows(home: &Home) -> Vec<(String, String)> {
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    let check: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    let mut rows = database
        .prepare("SELECT lower(hex(call_id)), outcome FROM entries")
        .unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Overwrites a file.
fn overwrite(path: &Path, content: impl AsRef<[u8]>) {
    let mut file = File::create(path).unwrap();
    file.write_all(content.as_ref()).unwrap();
}

/// A call id as stored in the file.
fn hex(call_id: &str) -> String {
    call_id.replace('-', "")
}

/// A deterministic pseudo-random generator (xorshift).
struct Random(u64);

impl Random {
    const fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}
