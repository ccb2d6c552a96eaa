//! Times the guide's queries in DuckDB and Polars over a dataset of twenty machines with a million
//! calls each, and compares their sums with those of the written rows.
//!
//! `SYNAPSE_TEST_ENGINES` names a Python with both installed, as printed by `cargo xtask
//! third-party`:
//!
//! ```sh
//! cargo bench -p synapse-export --bench dataset -- [MACHINES [CALLS]]
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark prints, runs a program, and may end when something is wrong"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use synapse_core::call::{CallId, Caller};
use synapse_core::chat::Usage;
use synapse_core::dataset::{MachineId, MachineName, Month, PartName};
use synapse_core::ledger::{ChainHead, Entry, Outcome};
use synapse_core::money::{Cost, CostSource};
use synapse_core::receipt::{Exchange, Receipt};
use synapse_core::time::Timestamp;
use synapse_export::{Origin, ParquetWriter, Texts};
use uuid::Builder;

/// Person, month, model: the known sum and the number of calls of unknown cost.
type Spend = BTreeMap<(String, String, String), (u64, u64)>;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let numbers: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
    // `cargo bench` adds this flag; as a test, without it, a small dataset suffices.
    let usual = if words.iter().any(|word| word == "--bench") {
        (20, 1_000_000)
    } else {
        (4, 1_000)
    };
    let machines = numbers.first().copied().unwrap_or(usual.0);
    let calls = numbers.get(1).copied().unwrap_or(usual.1);
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut spend = Spend::new();
    let mut people = "machine,person\n".to_owned();
    let began = Instant::now();
    for machine in 0..machines {
        let person = format!("person-{}", machine / 2);
        people.push_str(&format!("machine-{machine},{person}\n"));
        write_machine(directory.path(), machine, calls, &person, &mut spend);
    }
    let took = began.elapsed().as_secs_f64();
    File::create(directory.path().join("people.csv"))
        .and_then(|mut file| std::io::Write::write_all(&mut file, people.as_bytes()))
        .unwrap();
    let rows = machines * calls;
    println!(
        "{rows} calls of {machines} machines: {:.0} bytes and {:.1} µs a call to write",
        size(directory.path()) as f64 / rows as f64,
        took * 1e6 / rows as f64
    );
    let python = std::env::var_os("SYNAPSE_TEST_ENGINES").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for engine in ["duckdb", "polars"] {
        let output = Command::new(&python)
            .arg(root.join("tests/third-party/engines/run.py"))
            .arg(engine)
            .arg(root.join("docs/guides/many-machines.md"))
            .arg(directory.path())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        let answers: Vec<Vec<Value>> = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(read(&answers[0]), spend, "{engine} has other sums");
        println!("{engine}: the sums are exact; seconds of each query:\n{told}");
    }
}

fn read(rows: &[Value]) -> Spend {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| {
            let key = (text(row, "person"), text(row, "month"), text(row, "model"));
            let known = row["nano_usd"].as_u64().unwrap_or_default();
            (key, (known, row["unknown"].as_u64().unwrap()))
        })
        .collect()
}

/// Writes a year of calls, one file per month.
fn write_machine(directory: &Path, machine: u64, calls: u64, person: &str, spend: &mut Spend) {
    let name: MachineName = format!("machine-{machine}").parse().unwrap();
    let mut random = Random(machine + 1);
    let mut open: Option<(Month, ParquetWriter<BufWriter<File>>)> = None;
    for number in 0..calls {
        let began =
            JANUARY + i64::try_from(number).unwrap() * (YEAR / i64::try_from(calls).unwrap());
        let entry = entry(began, &mut random);
        let month = Month::of(entry.started_at);
        if open.as_ref().is_none_or(|(current, _)| *current != month) {
            if let Some((_, writer)) = open.take() {
                writer.finish().unwrap();
            }
            let head = ChainHead {
                sequence: number + 1,
                hash: "0".repeat(64),
            };
            let part = PartName::new(MachineId::from_random(machine), number + 1, &head);
            let place = directory
                .join("synapse")
                .join(name.directory())
                .join(month.directory());
            std::fs::create_dir_all(&place).unwrap();
            let file = File::create(place.join(part.to_string())).unwrap();
            let origin = Origin {
                machine: name.clone(),
                month,
                part,
            };
            let writer =
                ParquetWriter::begin(BufWriter::new(file), Texts::LeftOut, Some(&origin)).unwrap();
            open = Some((month, writer));
        }
        let receipt = &entry.receipt;
        let key = (
            person.to_owned(),
            month.to_string(),
            receipt.model_requested.clone(),
        );
        let sum = spend.entry(key).or_default();
        match receipt.cost.amount_nano_usd {
            Some(amount) => sum.0 += amount,
            None => sum.1 += 1,
        }
        if let Some((_, writer)) = &mut open {
            writer.row(&entry, None).unwrap();
        }
    }
    if let Some((_, writer)) = open {
        writer.finish().unwrap();
    }
}

fn entry(began: i64, random: &mut Random) -> Entry {
    let bytes: [u8; 10] = random.next().to_be_bytes().repeat(2)[..10]
        .try_into()
        .unwrap();
    let id = Builder::from_unix_timestamp_millis(u64::try_from(began).unwrap(), &bytes);
    let tokens = random.below(4_000);
    let latency = 300 + random.below(9_000);
    let model = random.below(12);
    let cost = (random.below(20) > 0).then(|| random.below(50_000_000));
    Entry {
        started_at: Timestamp::from_millis(began),
        ended_at: Some(Timestamp::from_millis(
            began + i64::try_from(latency).unwrap(),
        )),
        operation: "chat".to_owned(),
        outcome: Outcome::Ok,
        error_class: None,
        error_code: None,
        caller: Caller {
            client_name: Some(["cursor", "claude-code", "zed"][(tokens % 3) as usize].to_owned()),
            client_version: Some("1.2.3".to_owned()),
            tool: Some("chat".to_owned()),
            span: None,
        },
        receipt: Receipt {
            call_id: CallId::new(id.into_uuid()),
            connection: format!("connection-{}", model % 4),
            provider: "openai".to_owned(),
            model_requested: format!("model-{model}"),
            model_served: Some(format!("model-{model}-2026-05-01")),
            exchange: Exchange {
                host: "api.openai.com".to_owned(),
                attempts: 1,
                maybe_billed: true,
                http_status: Some(200),
                request_id: Some(format!("req_{:016x}{:016x}", random.next(), random.next())),
                bytes_out: tokens * 4,
                bytes_in: random.below(8_000),
                headers_ms: Some(latency / 2),
                ..Exchange::default()
            },
            latency_ms: Some(latency),
            finish_reason: Some("stop".to_owned()),
            usage: Usage {
                prompt_tokens: Some(tokens),
                completion_tokens: Some(random.below(900)),
                cached_tokens: Some(tokens / 2),
                ..Usage::default()
            },
            cost: match cost {
                None => Cost::default(),
                Some(amount) => Cost {
                    amount_nano_usd: Some(amount),
                    source: CostSource::Actual,
                    priced_at: None,
                },
            },
        },
        hub: None,
    }
}

/// Total size of a directory in bytes.
fn size(directory: &Path) -> u64 {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                size(&entry.path())
            } else {
                entry.metadata().unwrap().len()
            }
        })
        .sum()
}

/// A deterministic pseudo-random generator (xorshift).
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// 2026-01-01.
const JANUARY: i64 = 1_767_225_600_000;
const YEAR: i64 = 365 * 86_400_000;
