//! JSON Lines and CSV.

use synapse_core::ledger::Column;
use synapse_export::ExportFormat;

use crate::rows::{exported, row};

#[test]
fn json_lines_have_the_keys_of_the_documents() {
    let text = String::from_utf8(exported(ExportFormat::Jsonl, 3)).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert!(text.ends_with("}\n"));
    assert_eq!(lines[0]["usage"]["prompt_tokens"], serde_json::Value::Null);
    assert_eq!(lines[1]["usage"]["prompt_tokens"], 1);
    assert_eq!(lines[1]["started_at"], "2026-11-20T12:00:01.000Z");
    assert_eq!(lines[1]["outcome"], "ok");
    assert_eq!(lines[1]["error_code"], "provider.failed");
    assert_eq!(exported(ExportFormat::Jsonl, 0), b"");
}

/// A strict RFC 4180 reader.
fn read(text: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut characters = text.chars().peekable();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        let record = records.last_mut().unwrap();
        let cell = record.last_mut().unwrap();
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted => {
                assert_eq!(characters.next(), Some('\n'));
                records.push(vec![String::new()]);
            }
            other => cell.push(other),
        }
    }
    assert_eq!(records.pop(), Some(vec![String::new()]), "no last line end");
    records
}

#[test]
fn csv_reads_back_and_unknown_is_empty() {
    let text = String::from_utf8(exported(ExportFormat::Csv, 200)).unwrap();
    let records = read(&text);
    let names: Vec<&str> = Column::ALL.iter().map(|column| column.as_str()).collect();
    assert_eq!(records[0], names);
    assert_eq!(records.len(), 201);
    for (number, record) in records[1..].iter().enumerate() {
        let entry = row(u64::try_from(number).unwrap());
        assert_eq!(record.len(), names.len());
        for (column, cell) in Column::ALL.iter().zip(record) {
            let known = column.value(&entry);
            match (column, known) {
                (_, None) => assert_eq!(cell, ""),
                (Column::Tool, Some(_)) => assert_eq!(cell, "'=1+1"),
                (Column::ClientName, Some(_)) => {
                    assert_eq!(cell, "an \"editor\", with ünicode\n");
                }
                (Column::LatencyMs, Some(value)) => {
                    assert_eq!(*cell, value.number().unwrap().to_string());
                }
                _ => assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}"),
            }
        }
    }
}
