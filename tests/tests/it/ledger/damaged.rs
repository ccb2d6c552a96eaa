//! Flipped bytes and truncated files: a clear error with a remedy, the same rows as before, or an
//! audit finding. Never an empty ledger in place of a damaged one.

use std::fs;

use serde_json::Value;
use synapse_tests::{Home, Output};

use super::{Random, home, overwrite, provider, rows};

const FLIPS: u64 = 60;
const CUTS: u64 = 12;
const PROMPTS: usize = 40;
const SEED: u64 = 7;

/// A home with some rows and no running process.
fn written() -> Home {
    let provider = provider();
    let home = home(&provider, &["--record-text"]);
    for _ in 0..PROMPTS {
        home.run(["chat", "work", "hello"]).with_code(0);
    }
    assert_eq!(rows(&home).len(), PROMPTS);
    home
}

/// The effect of a damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// An error with a remedy.
    Refused,
    /// No relevant byte was hit.
    Same,
    /// Rows changed, and the audit reports it.
    Audited,
}

fn look(home: &Home, pristine: &Value) -> Seen {
    let history = home.run(["history", "--json"]);
    if history.code != 0 {
        assert_told(&history);
        return Seen::Refused;
    }
    let same = history.json()["entries"] == *pristine;
    let verify = home.run(["history", "verify", "--json"]);
    match (same, verify.code) {
        (true, 0) => Seen::Same,
        (_, 0) => panic!("rows changed unnoticed: {history}"),
        (..) => Seen::Audited,
    }
}

/// A storage code; for a damaged file also the repair command.
fn assert_told(output: &Output) {
    assert_eq!(output.code, 13, "{output}");
    let error = &output.json()["error"];
    let code = error["code"].as_str().unwrap();
    assert!(
        matches!(code, "storage.corrupt" | "storage.newer-format"),
        "{output}"
    );
    if code == "storage.corrupt" {
        let command = error["hints"][1]["command"].as_str().unwrap();
        assert!(command.contains("/damaged"), "{command}");
    }
}

fn count(seen: &[Seen], wanted: Seen) -> usize {
    seen.iter().filter(|each| **each == wanted).count()
}

fn pristine(home: &Home) -> (Vec<u8>, Value) {
    let entries = home.run(["history", "--json"]).with_code(0).json()["entries"].clone();
    (fs::read(home.ledger()).unwrap(), entries)
}

#[test]
fn flipped_bytes_are_told_or_found_and_never_reset_the_ledger() {
    let home = written();
    let (bytes, entries) = pristine(&home);
    let mut random = Random(SEED);
    let mut seen = Vec::new();
    for _ in 0..FLIPS {
        let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << random.below(8);
        put(&home, &flipped);
        seen.push(look(&home, &entries));
    }
    // Every byte of the first page is in use.
    for at in (16..100).chain([4_100, 4_200]) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0xff;
        put(&home, &flipped);
        seen.push(look(&home, &entries));
    }
    println!(
        "seed {SEED}: {} flips: {} refused, {} found by verify, {} hit nothing in use",
        seen.len(),
        count(&seen, Seen::Refused),
        count(&seen, Seen::Audited),
        count(&seen, Seen::Same)
    );
    assert!(count(&seen, Seen::Refused) > 0 && count(&seen, Seen::Audited) > 0);
}

#[test]
fn a_cut_ledger_is_told_and_left_as_it_is() {
    let home = written();
    let (bytes, entries) = pristine(&home);
    let mut random = Random(SEED);
    for _ in 0..CUTS {
        let length = usize::try_from(1 + random.below(bytes.len() as u64 - 4_096)).unwrap();
        put(&home, &bytes[..length]);
        assert_eq!(look(&home, &entries), Seen::Refused, "{length}");
        assert!(fs::read(home.ledger()).unwrap() == bytes[..length]);
    }
    println!("seed {SEED}: {CUTS} cuts, {CUTS} refused, none changed");
}

fn put(home: &Home, bytes: &[u8]) {
    for name in ["ledger.db-wal", "ledger.db-shm"] {
        drop(fs::remove_file(home.synapse().join(name)));
    }
    overwrite(&home.ledger(), bytes);
}
