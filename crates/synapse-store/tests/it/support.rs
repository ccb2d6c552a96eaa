//! Shared by the tests: homes, drafts and rows.

use synapse_core::call::{CallId, Caller, Operation};
use synapse_core::connection::PreflightPass;
use synapse_core::ledger::{Closing, HistoryQuery, Opening, Outcome};
use synapse_core::preflight::{Check, CheckId, Finding, PreflightReport, Reach, Skip};
use synapse_core::time::Timestamp;
use synapse_core::{Draft, Failure, NetworkGate, Receipt};
use synapse_home::Home;
use tempfile::TempDir;
use uuid::Uuid;

/// 2026-11-20T12:00:00.000Z.
pub(crate) const NOON: i64 = 1_795_176_000_000;

/// A home whose directory does not exist yet.
pub(crate) fn home() -> (TempDir, Home) {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::new(directory.path().join(".synapse"));
    (directory, home)
}

pub(crate) fn draft() -> Draft {
    Draft {
        provider: "huggingface".into(),
        model: "meta-llama/Llama-3.1-8B-Instruct:novita".into(),
        credential: Some("file:~/.synapse/hf.token".into()),
        gate: NetworkGate::Open,
        ..Draft::default()
    }
}

/// A draft with a preflight pass.
pub(crate) fn cleared(name: &str, draft: Draft) -> PreflightPass {
    let check = Check::new;
    let report = PreflightReport {
        connection: Some(draft.parse(name.parse().unwrap()).unwrap()),
        draft,
        hosts: Vec::new(),
        checks: vec![
            check(CheckId::Config, Finding::Ok("understood".into())),
            check(CheckId::Gate, Finding::Ok("open".into())),
            check(CheckId::Live, Finding::Skip(Skip::NotAsked)),
        ],
        reach: Reach::Free,
        checked_at: Timestamp::from_millis(NOON),
        receipt: None,
        warnings: Vec::new(),
    };
    report.clear().unwrap()
}

/// The complete text of a failure.
pub(crate) fn everything(failure: &Failure) -> String {
    format!("{failure} {failure:?}")
}

/// The row of a new call that starts at `started_at`.
pub(crate) fn opening(connection: &str, started_at: i64) -> Opening {
    let draft = draft();
    let connection = draft.parse(connection.parse().unwrap()).unwrap();
    Opening {
        started_at: Timestamp::from_millis(started_at),
        operation: Operation::Chat,
        caller: Caller {
            client_name: Some("cursor".into()),
            client_version: Some("2.1".into()),
            tool: Some("chat".into()),
            span: None,
        },
        receipt: Receipt::begin(CallId::new(Uuid::now_v7()), &connection, &connection.model),
        prompt: None,
    }
}

/// The successful end of the call of `opening`.
pub(crate) fn closing(opening: &Opening) -> Closing {
    let mut receipt = opening.receipt.clone();
    receipt.exchange.attempts = 1;
    receipt.exchange.maybe_billed = true;
    receipt.exchange.http_status = Some(200);
    receipt.usage.prompt_tokens = Some(10);
    receipt.usage.completion_tokens = Some(5);
    Closing {
        ended_at: Timestamp::from_millis(opening.started_at.as_millis() + 1500),
        outcome: Outcome::Ok,
        error_code: None,
        receipt,
        reply: None,
    }
}

pub(crate) fn everything_newest_first() -> HistoryQuery {
    HistoryQuery::newest(10_000)
}

/// A deterministic pseudo-random generator (xorshift).
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap();
        usize::try_from((self.next() >> 11) % end).unwrap()
    }

    pub(crate) fn between(&mut self, first: i64, last: i64) -> i64 {
        let width = u64::try_from(last - first).unwrap() + 1;
        first + i64::try_from((self.next() >> 11) % width).unwrap()
    }
}
