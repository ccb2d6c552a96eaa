//! The guide's queries in DuckDB and Polars over a dataset of three machines, compared with
//! `synapse usage` on each.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use synapse_tests::process::Run;
use synapse_tests::third_party::{ENGINES, installed};

use super::{Call, Machine, NOVEMBER, OCTOBER};

/// Costs whose sum is not representable in floating point.
const LAPTOP: &[Call<'_>] = &[
    (OCTOBER, "gpt-x", Some(900_719_925_474_099)),
    (OCTOBER, "gpt-x", Some(1)),
    (NOVEMBER, "gpt-x", Some(25_350)),
    (NOVEMBER, "claude-y", None),
];
const DESKTOP: &[Call<'_>] = &[(NOVEMBER, "gpt-x", Some(7)), (NOVEMBER, "gpt-x", None)];
const SERVER: &[Call<'_>] = &[("2026-12-24T20:00:00Z", "claude-y", Some(3))];

/// Person, month and model, with the sum and the number of calls of unknown cost.
type Spend = BTreeMap<(String, String, String), (u64, u64)>;

/// The results of a guide's code blocks in `engine`.
fn answers(engine: &str, guide: &str, directory: &Path) -> Vec<Vec<Value>> {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("third-party/engines/run.py");
    let arguments = [
        script.as_os_str(),
        engine.as_ref(),
        guides.join(guide).as_os_str(),
        directory.as_os_str(),
    ]
    .map(std::ffi::OsStr::to_owned);
    let output = Run::new(&installed(ENGINES), arguments)
        .env("HOME", directory)
        .output()
        .with_code(0);
    serde_json::from_str(&output.stdout).unwrap()
}

/// The query of the guide to usage over one exported file.
#[test]
fn duckdb_has_the_sums_of_one_export() {
    let machine = Machine::with(&[LAPTOP, DESKTOP].concat());
    let directory = machine.home.path();
    let file = directory.join("calls.parquet");
    let file = file.to_str().unwrap();
    machine
        .home
        .run(["history", "export", "--output", file])
        .with_code(0);
    let [rows] = answers("duckdb", "usage.md", directory).try_into().unwrap();
    let mut rows: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["model_requested"].as_str().unwrap(),
                row["unknown"].as_u64().unwrap(),
            )
        })
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, [("claude-y", 1), ("gpt-x", 1)]);
}

fn spend(rows: &[Value]) -> Spend {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| {
            let key = (text(row, "person"), text(row, "month"), text(row, "model"));
            let known = row["nano_usd"].as_u64().unwrap_or_default();
            (key, (known, row["unknown"].as_u64().unwrap()))
        })
        .collect()
}

#[test]
fn both_engines_have_the_sums_of_usage_to_the_nano_usd() {
    let machines = [
        ("a-laptop", LAPTOP),
        ("b-desktop", DESKTOP),
        ("c-server", SERVER),
    ]
    .map(|(name, calls)| (name, Machine::with(calls)));
    let team = Machine::new();
    let directory = team.home.path();
    for (name, machine) in &machines {
        machine.export(&directory.join("synapse"), &["--machine", name]);
    }
    team.home.write(
        "people.csv",
        "machine,person\na-laptop,first\nb-desktop,first\nc-server,second\n",
    );
    let in_duckdb = answers("duckdb", MACHINES, directory);
    let by_person = spend(&in_duckdb[0]);
    assert_eq!(by_person, spend(&answers("polars", MACHINES, directory)[0]));
    let of = |person: &str, month: &str, model: &str| {
        by_person[&(person.to_owned(), month.to_owned(), model.to_owned())]
    };
    assert_eq!(of("first", "2026-10", "gpt-x"), (900_719_925_474_100, 0));
    assert_eq!(of("first", "2026-11", "gpt-x"), (25_357, 1));
    assert_eq!(of("first", "2026-11", "claude-y"), (0, 1));
    assert_eq!(by_person.len(), 4);

    // The same figures, as reported by each machine.
    let mut usage: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (_, machine) in &machines {
        let output = machine
            .home
            .run(["usage", "--by", "model", "--json"])
            .with_code(0);
        let document: Value = serde_json::from_str(&output.stdout).unwrap();
        for line in document["lines"].as_array().unwrap() {
            let sum = usage
                .entry(line["key"].as_str().unwrap().to_owned())
                .or_default();
            sum.0 += line["cost_nano_usd"].as_u64().unwrap_or_default();
            sum.1 += line["unknown_cost"].as_u64().unwrap();
        }
    }
    let mut by_model: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for ((_, _, model), (known, unknown)) in by_person {
        let sum = by_model.entry(model).or_default();
        sum.0 += known;
        sum.1 += unknown;
    }
    assert_eq!(by_model, usage);

    // The third query excludes October before the fifth.
    let since: Vec<_> = in_duckdb[2]
        .iter()
        .map(|row| row["machine"].as_str().unwrap())
        .collect();
    assert_eq!(since, ["a-laptop", "b-desktop", "c-server"]);
}

const MACHINES: &str = "many-machines.md";
