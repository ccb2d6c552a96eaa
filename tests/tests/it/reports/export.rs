//! `synapse history export`: every format, read back; files complete or absent; readers that close
//! early.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use bytes::Bytes;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use synapse_tests::{Home, Terminal};

use super::{TWIN, home_with_calls};

#[test]
fn json_lines_are_the_rows_of_history_oldest_first() {
    let home = home_with_calls();
    let mut rows = home.history();
    rows.reverse();
    let output = home.run(["history", "export"]).with_code(0);
    let lines: Vec<Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, rows);
    assert_eq!(output.stderr, "");
    let some = home
        .run(["history", "export", "--connection", "work"])
        .with_code(0);
    assert_eq!(some.stdout.lines().count(), 3);
}

#[test]
fn an_ending_that_is_no_format_is_refused_and_writes_nothing() {
    let home = home_with_calls();
    for name in ["a.xlsx", "a.json", "a.parquet.gz", "a.jsonl~"] {
        let path = home.path().join(name);
        let path = path.to_str().unwrap();
        let refused = home.run(["history", "export", "-o", path]).with_code(2);
        for format in ["jsonl", "csv", "parquet"] {
            assert!(refused.stderr.contains(format), "{refused}");
        }
        assert!(fs::metadata(path).is_err(), "{name}");
        // An explicit format wins.
        home.run(["history", "export", "-o", path, "--format", "csv"])
            .with_code(0);
    }
    let path = home.path().join("calls");
    let path = path.to_str().unwrap();
    home.run(["history", "export", "-o", path]).with_code(0);
    assert!(fs::read(path).unwrap().starts_with(b"{"));
}

#[test]
fn a_file_has_the_format_of_its_ending_and_is_its_owners() {
    let home = home_with_calls();
    for (name, begin) in [
        ("a.jsonl", &b"{"[..]),
        ("a.csv", b"call_id,"),
        ("a.parquet", b"PAR1"),
    ] {
        let path = home.path().join(name);
        let output = home
            .run(["history", "export", "--output", path.to_str().unwrap()])
            .with_code(0);
        assert_eq!(output.stdout, "");
        assert_eq!(
            home.shown(&output.stderr),
            format!("5 calls written to [HOME]/{name}\n")
        );
        assert!(fs::read(&path).unwrap().starts_with(begin), "{name}");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let file = Bytes::from(fs::read(home.path().join("a.parquet")).unwrap());
    let reader = SerializedFileReader::new(file).unwrap();
    let rows: Vec<Value> = reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| document(&row.unwrap()))
        .collect();
    let mut history = home.history();
    history.reverse();
    assert_eq!(rows.len(), 5);
    for (row, entry) in rows.iter().zip(&history) {
        for key in [
            "call_id",
            "connection",
            "outcome",
            "error_code",
            "tool",
            "latency_ms",
        ] {
            assert_eq!(row[key], entry[key], "{key}");
        }
        assert_eq!(row["prompt_tokens"], entry["usage"]["prompt_tokens"]);
        assert_eq!(row["cost_nano_usd"], entry["cost"]["amount_nano_usd"]);
    }
}

fn document(row: &Row) -> Value {
    let cells = row.get_column_iter().map(|(name, field)| {
        let value = match field {
            Field::Null => Value::Null,
            Field::Str(text) => json!(text),
            Field::Long(number) => json!(number),
            other => json!(other.to_string()),
        };
        (name.clone(), value)
    });
    Value::Object(cells.collect::<Map<_, _>>())
}

#[test]
fn a_name_from_outside_is_no_formula_in_a_spreadsheet() {
    let home = home_with_calls();
    let database = Connection::open(home.ledger()).unwrap();
    let change = "UPDATE entries SET client_name = ?, tool = ? WHERE connection = 'work'";
    database
        .execute(
            change,
            ["=HYPERLINK(\"http://e.test\",\"x\")", "@SUM(1,2)\n"],
        )
        .unwrap();
    drop(database);
    let output = home
        .run(["history", "export", "--format", "csv"])
        .with_code(0);
    assert!(
        output
            .stdout
            .contains(",\"'=HYPERLINK(\"\"http://e.test\"\",\"\"x\"\")\","),
        "{output}"
    );
    assert!(output.stdout.contains(",\"'@SUM(1,2)\n\","), "{output}");
}

#[test]
fn a_file_that_cannot_be_written_is_left_as_it_was() {
    let home = home_with_calls();
    let directory = home.path().join("taken");
    fs::create_dir(&directory).unwrap();
    let path = directory.to_str().unwrap();
    let output = home.run(["history", "export", "-o", path]).with_code(13);
    assert!(output.stderr.starts_with("error[storage."), "{output}");
    let below = home.path().join("absent/a.csv");
    home.run(["history", "export", "-o", below.to_str().unwrap()])
        .with_code(13);
    // An unreadable ledger does not cost an earlier export.
    let kept = home.write("kept.csv", "earlier");
    home.write("broken/ledger.db", "not a database".repeat(100));
    let output = home
        .twin(["history", "export", "-o", kept.to_str().unwrap()])
        .env("SYNAPSE_HOME", home.path().join("broken"))
        .output()
        .with_code(13);
    assert!(output.stderr.contains("storage.corrupt"), "{output}");
    assert_eq!(fs::read(&kept).unwrap(), b"earlier");
    let left: Vec<_> = home.files().into_iter().map(|(path, _)| path).collect();
    assert!(
        left.iter()
            .all(|path| !path.to_string_lossy().contains(".synapse-")),
        "{left:?}"
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let home = home_with_calls();
    for format in ["jsonl", "csv", "parquet"] {
        let output = home
            .twin(["history", "export", "--format", format])
            .into_closed_pipe()
            .output()
            .with_code(0);
        assert_eq!(output.stderr, "", "{format}");
    }
}

#[test]
fn a_terminal_is_spared_the_bytes_of_parquet() {
    let home = home_with_calls();
    let export = ["history", "export", "--format", "parquet"];
    let seen = Terminal::start(home.twin(export)).finish().with_code(2);
    assert!(seen.stdout.contains("--output FILE"), "{seen}");
    assert!(!seen.stdout.contains("PAR1"), "{seen}");
}

#[test]
fn an_empty_ledger_is_an_empty_export() {
    let home = Home::new(TWIN);
    assert_eq!(home.run(["history", "export"]).with_code(0).stdout, "");
    let csv = home
        .run(["history", "export", "--format", "csv"])
        .with_code(0);
    assert_eq!(csv.stdout.lines().count(), 1);
    let path = home.path().join("none.parquet");
    home.run(["history", "export", "-o", path.to_str().unwrap()])
        .with_code(0);
    let reader = SerializedFileReader::new(Bytes::from(fs::read(&path).unwrap())).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    assert!(!home.ledger().exists(), "reading creates nothing");
}
