//! An export takes the same memory for ten times the rows. Linux only.

#![cfg(target_os = "linux")]

use rusqlite::Connection;
use synapse_tests::Home;

use super::home_with_calls;

/// Extends the ledger to `rows` rows, with copies that differ in their keys.
fn lengthen(home: &Home, rows: u32) {
    let database = Connection::open(home.ledger()).unwrap();
    let names = "SELECT group_concat(name) FROM pragma_table_info('entries') \
                 WHERE name NOT IN ('call_id', 'sequence', 'seal')";
    let names: String = database.query_row(names, [], |row| row.get(0)).unwrap();
    // Incompressible by a dictionary.
    let values = names.replace("request_id", "hex(randomblob(16))");
    let copy = format!(
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT {rows}),
              old AS (SELECT * FROM entries WHERE connection = 'hf' AND sequence IS NOT NULL)
         INSERT INTO entries (call_id, {names})
         SELECT CAST(printf('%016d', n) AS BLOB), {values} FROM number, old"
    );
    assert_eq!(database.execute(&copy, []).unwrap(), rows as usize);
}

/// Size of an export in that format.
fn length(home: &Home, format: &str) -> u64 {
    let mut whole = home
        .twin(["history", "export", "--format", format])
        .start_to_read();
    whole.read(u64::MAX).len() as u64
}

/// Peak memory until that many bytes of an export were read. More than pipe and buffers hold is
/// unread then, so that the program still runs.
fn peak(home: &Home, format: &str, bytes: u64) -> u64 {
    let mut slow = home
        .twin(["history", "export", "--format", format])
        .start_to_read();
    assert_eq!(slow.read(bytes).len() as u64, bytes);
    slow.peak_memory()
}

#[test]
#[expect(clippy::print_stdout, reason = "what was measured is worth knowing")]
fn an_export_of_200_000_rows_takes_the_memory_of_20_000() {
    let short = home_with_calls();
    lengthen(&short, 20_000);
    let long = home_with_calls();
    lengthen(&long, 200_000);
    for format in ["jsonl", "parquet"] {
        let length = length(&short, format);
        let before = peak(&short, format, length - LEFT);
        let after = peak(&long, format, length * 8);
        println!("{format}: {before} KiB near the end of 20,000 rows, {after} of 160,000");
        assert!(
            after < before + MARGIN,
            "{format}: {before} KiB became {after} KiB"
        );
    }
}

const LEFT: u64 = 300 * 1024;
/// In KiB: allocator slack, far below the tens of MB that the rows would take.
const MARGIN: u64 = 12 * 1024;
