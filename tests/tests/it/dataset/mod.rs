//! A dataset of many machines contains each call once, whatever happens in between, and exports
//! touch nothing else. The engines that read it are tested in `engines`.

mod adding;
mod engines;
mod places;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use synapse_core::call::{CallId, Caller, Operation};
use synapse_core::ledger::{Closing, Opening, Outcome};
use synapse_core::money::{Cost, CostSource};
use synapse_core::ports::Ledger as _;
use synapse_core::time::Timestamp;
use synapse_core::{Draft, NetworkGate, Receipt};
use synapse_store::SqliteLedger;
use synapse_tests::Home;
use tokio::runtime::Runtime;

use crate::TWIN;

/// A machine whose ledger the test writes.
struct Machine {
    home: Home,
    runtime: Runtime,
}

/// A call to write: start time, model, cost in nano-USD.
type Call<'a> = (&'a str, &'a str, Option<u64>);

impl Machine {
    fn new() -> Self {
        Self {
            home: Home::new(TWIN),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
        }
    }

    fn with(calls: &[Call<'_>]) -> Self {
        let machine = Self::new();
        machine.call(calls);
        machine
    }

    fn ledger(&self) -> Arc<SqliteLedger> {
        Arc::new(SqliteLedger::new(synapse_home::Home::new(
            self.home.synapse(),
        )))
    }

    /// Writes successful calls.
    fn call(&self, calls: &[Call<'_>]) {
        let ledger = self.ledger();
        for (began, model, cost) in calls {
            let opening = opening(began, model, None);
            let closing = closing(&opening, *cost, None);
            self.runtime.block_on(async {
                ledger.open(opening).await.unwrap();
                ledger.complete(closing).await.unwrap();
            });
        }
    }

    /// Exports, and returns the number of calls and files added.
    fn export(&self, dataset: &Path, more: &[&str]) -> (u64, usize) {
        let output = self.run(dataset, more).with_code(0);
        let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(document["schema"], "synapse.dataset/1");
        let parts = document["parts"].as_array().unwrap();
        (document["rows"].as_u64().unwrap(), parts.len())
    }

    fn run(&self, dataset: &Path, more: &[&str]) -> synapse_tests::Output {
        let dataset = dataset.to_str().unwrap();
        let arguments = ["history", "export", "--json", "--dataset", dataset];
        self.home.run([&arguments, more].concat())
    }
}

fn opening(began: &str, model: &str, prompt: Option<&str>) -> Opening {
    let started_at: Timestamp = began.parse().unwrap();
    let draft = Draft {
        provider: "openrouter".into(),
        model: model.into(),
        credential: Some("file:~/.synapse/token".into()),
        gate: NetworkGate::Open,
        ..Draft::default()
    };
    let connection = draft.parse("work".parse().unwrap()).unwrap();
    let random: [u8; 10] = std::array::from_fn(|index| uuid::Uuid::new_v4().as_bytes()[index]);
    let millis = u64::try_from(started_at.as_millis()).unwrap();
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    Opening {
        started_at,
        operation: Operation::Chat,
        caller: Caller::default(),
        receipt: Receipt::begin(CallId::new(id), &connection, &connection.model),
        prompt: prompt.map(str::to_owned),
    }
}

fn closing(opening: &Opening, cost: Option<u64>, reply: Option<&str>) -> Closing {
    let mut receipt = opening.receipt.clone();
    receipt.exchange.attempts = 1;
    receipt.exchange.maybe_billed = true;
    receipt.latency_ms = Some(1_500);
    receipt.cost = match cost {
        None => Cost::default(),
        Some(amount) => Cost {
            amount_nano_usd: Some(amount),
            source: CostSource::Actual,
            priced_at: None,
        },
    };
    Closing {
        ended_at: Timestamp::from_millis(opening.started_at.as_millis() + 1_500),
        outcome: Outcome::Ok,
        error_code: None,
        receipt,
        reply: reply.map(str::to_owned),
    }
}

/// All files below a directory, by relative path, with their content.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if std::fs::symlink_metadata(&path).unwrap().is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The values of a column in all parts of a dataset, sorted.
fn cells(dataset: &Path, column: &str) -> Vec<String> {
    let mut cells = Vec::new();
    for name in files(dataset).into_keys() {
        let reader = SerializedFileReader::new(File::open(dataset.join(name)).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let mut found = row.get_column_iter().filter(|(name, _)| *name == column);
            if let Some((_, cell)) = found.next() {
                cells.push(match cell {
                    Field::Str(text) => text.clone(),
                    other => other.to_string(),
                });
            }
        }
    }
    cells.sort();
    cells
}

/// The ids in a dataset, checked for duplicates.
fn ids(dataset: &Path) -> Vec<String> {
    let ids = cells(dataset, "call_id");
    let mut once = ids.clone();
    once.dedup();
    assert_eq!(once, ids, "a call occurs twice");
    ids
}

const OCTOBER: &str = "2026-10-31T23:59:59.999Z";
const NOVEMBER: &str = "2026-11-01T00:00:00.000Z";
