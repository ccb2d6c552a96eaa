//! A ledger of many rows up to now, and the queries of a program that reads it without Synapse.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};
use synapse_tests::Home;

const DAY: i64 = 86_400_000;
const DAYS: i64 = 365;

/// The generated rows.
pub(crate) struct Rows {
    /// Today, in days since 1970.
    pub(crate) today: i64,
    /// The first day of this month.
    pub(crate) month_start: i64,
    /// The id of the newest row.
    pub(crate) last: String,
    /// The id of the row half-way.
    pub(crate) middle: String,
    /// The id of the hundredth row.
    pub(crate) early: String,
}

impl Rows {
    /// Writes a file of the second format, which is the fastest way, and has it migrated.
    pub(crate) fn fill(home: &Home, rows: i64) -> Self {
        for end in ["", "-wal", "-shm"] {
            let path = format!("{}{end}", home.ledger().display());
            drop(std::fs::remove_file(path));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = i64::try_from(now.as_millis()).unwrap();
        let mut database = Connection::open(home.ledger()).unwrap();
        database.pragma_update(None, "journal_mode", "WAL").unwrap();
        database.execute_batch(SECOND_FORMAT).unwrap();
        let change = database.transaction().unwrap();
        let [mut last, mut middle, mut early] = [[0_u8; 16]; 3];
        {
            let mut insert = change.prepare(INSERT).unwrap();
            for number in 0..rows {
                let started_at = now - (rows - 1 - number) * (DAYS * DAY / rows);
                let mut id = [0_u8; 16];
                id[..6].copy_from_slice(&started_at.to_be_bytes()[2..]);
                id[6] = 0x70;
                id[8..].copy_from_slice(&number.to_be_bytes());
                id[8] |= 0x80;
                last = id;
                if number == rows / 2 {
                    middle = id;
                }
                if number == 100.min(rows - 1) {
                    early = id;
                }
                let (outcome, code) = match number % 50 {
                    0 => ("error", Some("provider.failed")),
                    _ => ("ok", None),
                };
                let random = number.wrapping_mul(2_654_435_761) % 100_003;
                let cells = params![
                    id,
                    started_at,
                    outcome,
                    code,
                    format!("c-{}", number % 5),
                    format!("model-{}", number % 8),
                    (number % 3 > 0).then(|| format!("client-{}", number % 3)),
                    random % 30_000,
                    random % 4_000,
                    random % 900,
                    (number % 10 > 0).then_some(random * 1_000),
                ];
                insert.execute(cells).unwrap();
            }
        }
        change.commit().unwrap();
        drop(database);
        synapse_tests::home::set_mode(&home.ledger(), 0o600);
        home.run(["history", "verify"]).with_code(0);
        let month_start: i64 = Connection::open(home.ledger())
            .unwrap()
            .query_row(
                "SELECT cast(julianday('now', 'start of month') - julianday('1970-01-01') AS INTEGER)",
                [],
                |row| row.get(0),
            )
            .unwrap();
        Self {
            today: now / DAY,
            month_start,
            last: uuid::Uuid::from_bytes(last).to_string(),
            middle: uuid::Uuid::from_bytes(middle).to_string(),
            early: uuid::Uuid::from_bytes(early).to_string(),
        }
    }
}

/// Opens the file and reads all results of the statements.
pub(crate) fn bare(home: &Home, statements: &[String]) -> Duration {
    let began = Instant::now();
    let database = Connection::open(home.ledger()).unwrap();
    let mut known = 0_usize;
    for sql in statements {
        let mut statement = database.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for index in 0..columns {
                let value: rusqlite::types::Value = row.get(index).unwrap();
                known += usize::from(value != rusqlite::types::Value::Null);
            }
        }
    }
    std::hint::black_box(known);
    began.elapsed()
}

const SECOND_FORMAT: &str = include_str!("../../../crates/synapse-store/tests/second_format.sql");
const INSERT: &str = include_str!("../../../crates/synapse-store/tests/second_format_row.sql");
