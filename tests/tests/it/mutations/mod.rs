//! Ten thousand mutations of valid sessions, sent to the real process: an independent oracle
//! decides whether each line gets one reply under its id or none; the process survives, writes only
//! protocol messages, opens no socket and stays small.
//!
//! Mutations derive from a printed seed, so that a failure is reproducible.

mod corpus;
mod huge;
mod mutate;
mod oracle;

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Home, Ide, report};

use self::mutate::Random;
use self::oracle::{Expected, expect, has_readable_id};

use crate::TWIN;
const SEED: u64 = 0x5EED_2026_0728;
const LINES_OF_A_SESSION: u64 = 2_500;

/// Peak memory limit; the pages of the unoptimised program account for much of it.
const MOST_MEGABYTES: u64 = 80;

#[test]
fn nothing_has_been_said() {
    survive(0, &[]);
}

#[test]
fn a_legacy_session_is_open() {
    survive(1, &corpus::handshake("2025-11-25"));
}

#[test]
fn an_old_session_is_open() {
    survive(2, &corpus::handshake("2024-11-05"));
}

#[test]
fn both_eras_are_mixed() {
    let mut lines = vec![corpus::discover()];
    lines.extend(corpus::handshake("2025-06-18"));
    survive(3, &lines);
}

/// Sends a session's share of the mutations to one process and compares the replies with the
/// oracle.
fn survive(session: u64, opening: &[Value]) {
    let double = OpenAiDouble::start();
    let home = Home::closed(TWIN, &double);
    let seed = SEED + session;
    let mut random = Random::new(seed);
    let mut ide = Ide::start(home.twin(["serve"]));
    let mut books = Books::default();
    for message in opening {
        books.send(&mut ide, message.to_string().into_bytes());
    }
    for number in 0..LINES_OF_A_SESSION {
        let first = corpus::message(&mut random, 10_000 + 2 * number);
        let second = corpus::message(&mut random, 10_001 + 2 * number);
        let line = loop {
            let line = mutate::mutated(&mut random, &first, &second);
            if has_readable_id(&line) {
                break line;
            }
        };
        books.send(&mut ide, line);
    }
    books.send(
        &mut ide,
        json!({"jsonrpc": "2.0", "id": "last", "method": "ping"})
            .to_string()
            .into(),
    );
    while books.waits() {
        books.hear(&ide.receive());
    }
    let megabytes = most_memory(&ide) / 1_000_000;
    let ended = ide.close();
    assert!(ended.status.success(), "seed {seed:#x}: {ended:?}");
    assert!(
        !ended.stderr.contains("panicked"),
        "seed {seed:#x}: {}",
        ended.stderr
    );
    // Resets the counts, keeping messages that arrived meanwhile.
    books.heard = Heard::default();
    for line in &ended.stdout {
        let message: Value = serde_json::from_str(line).expect("stdout is JSON, line by line");
        assert_eq!(message["jsonrpc"], "2.0", "seed {seed:#x}: {line}");
        books.hear(&message);
    }
    report(&format!(
        "mutations, seed {seed:#x}: {} lines, {} requests, {} refused lines, {} that ask for \
         nothing, {} replies, at most {megabytes} MB",
        books.sent,
        books.requests.len(),
        books.refused,
        books.silent,
        books.heard.replies,
    ));
    books.check(seed);
    assert!(megabytes < MOST_MEGABYTES, "{megabytes} MB");
    assert_eq!(double.server().accepts(), 0, "the gate is closed");
}

/// The server's peak memory. Linux only.
fn most_memory(ide: &Ide) -> u64 {
    if !cfg!(target_os = "linux") {
        return 0;
    }
    let status = fs::read_to_string(format!("/proc/{}/status", ide.process_id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

/// Messages sent and received.
#[derive(Default)]
struct Books {
    sent: u64,
    silent: u64,
    /// Ids that must get a reply; excludes optional replies.
    requests: BTreeMap<String, Line>,
    /// Lines that must be refused, under their id or, if unreadable, under none.
    refused: usize,
    /// Lines that may be refused.
    either: usize,
    heard: Heard,
}

#[derive(Default)]
struct Heard {
    replies: usize,
    by_id: BTreeMap<String, usize>,
}

struct Line {
    bytes: Vec<u8>,
    replies: usize,
    may_be_silent: bool,
}

impl Books {
    fn send(&mut self, ide: &mut Ide, bytes: Vec<u8>) {
        self.sent += 1;
        match expect(&bytes) {
            Expected::Nothing => self.silent += 1,
            Expected::Refusal => self.refused += 1,
            Expected::Either => {
                self.silent += 1;
                self.either += 1;
            }
            Expected::Cancelled(id) => {
                self.silent += 1;
                if let Some(line) = self.requests.get_mut(&id) {
                    line.may_be_silent = true;
                }
            }
            Expected::Reply { id, in_time } => {
                let line = self.requests.entry(id).or_insert_with(|| Line {
                    bytes: bytes.clone(),
                    replies: 0,
                    may_be_silent: false,
                });
                line.replies += 1;
                line.may_be_silent |= !in_time;
            }
        }
        ide.send_line(bytes);
    }

    fn hear(&mut self, message: &Value) {
        if message.get("method").is_some() {
            return;
        }
        let outcomes = ["result", "error"].map(|member| message.get(member).is_some());
        assert_ne!(outcomes[0], outcomes[1], "one of both: {message}");
        self.heard.replies += 1;
        *self
            .heard
            .by_id
            .entry(message["id"].to_string())
            .or_default() += 1;
    }

    /// Whether a required reply is missing.
    fn waits(&self) -> bool {
        let mut must_come = self.requests.iter().filter(|(_, line)| !line.may_be_silent);
        must_come.any(|(id, line)| self.heard.count(id) < line.replies)
    }

    fn check(&self, seed: u64) {
        let mut free = 0;
        let mut owed = self.refused;
        for (id, line) in &self.requests {
            let text = String::from_utf8_lossy(&line.bytes);
            owed += line.replies;
            if line.may_be_silent {
                free += line.replies;
                continue;
            }
            let heard = self.heard.count(id);
            assert!(heard >= line.replies, "seed {seed:#x}: no reply to {text}");
        }
        let replies = self.heard.replies;
        assert!(
            (owed - free..=owed + self.either).contains(&replies),
            "seed {seed:#x}: {replies} replies, {owed} owed, {free} of them free to stay away"
        );
    }
}

impl Heard {
    fn count(&self, id: &str) -> usize {
        self.by_id.get(id).copied().unwrap_or_default()
    }
}
