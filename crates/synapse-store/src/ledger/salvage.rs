//! Copies the readable parts of a damaged ledger to a new one, verbatim. Skips unreadable pages by
//! reading from both ends, then from points in between.

use std::collections::VecDeque;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params, params_from_iter};
use synapse_core::call::CallId;
use uuid::Uuid;

use super::columns;

/// The copied and lost parts.
#[derive(Debug, Default)]
pub(super) struct Salvaged {
    /// Rows that SQLite returned but the new table rejects.
    pub(super) misshapen: u64,
    pub(super) texts: u64,
    /// Rows named by an index that do not exist.
    pub(super) lost_calls: Vec<CallId>,
    /// Parts that could not be read completely.
    pub(super) lost_parts: Vec<String>,
}

/// Copies everything from `old` to `new`, which is empty and in our format.
pub(super) fn salvage(old: &Connection, new: &Connection) -> rusqlite::Result<Salvaged> {
    let mut salvaged = Salvaged::default();
    let Some(source) = SalvageSource::find(old) else {
        salvaged.lost_parts.push("everything".to_owned());
        return Ok(salvaged);
    };
    new.execute_batch("PRAGMA foreign_keys = OFF; BEGIN")?;
    source.copy_rows(old, new, &mut salvaged)?;
    copy_texts(old, new, &mut salvaged)?;
    for (table, columns) in TABLES {
        if !copy_table(old, new, table, columns)? {
            salvaged.lost_parts.push((*table).to_owned());
        }
    }
    salvaged.lost_calls = lost_calls(old, new, &source)?;
    new.execute_batch("COMMIT")?;
    Ok(salvaged)
}

/// Whether the table of rows is there, and a row of it can be read, or it is empty.
pub(super) fn has_rows(old: &Connection) -> bool {
    SalvageSource::find(old).is_some_and(|source| {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 1)",
            source.table
        );
        old.query_row(&sql, [], |_| Ok(())).is_ok()
    })
}

/// The table of rows and its columns.
struct SalvageSource {
    table: &'static str,
    columns: Vec<&'static str>,
}

/// A key as a number.
type RowKey = u128;

/// A range of keys, both ends excluded.
#[derive(Debug, Clone, Copy)]
struct Span {
    above: Option<RowKey>,
    below: Option<RowKey>,
}

impl SalvageSource {
    fn find(old: &Connection) -> Option<Self> {
        ["entries", "calls"].into_iter().find_map(|table| {
            let mut statement = old
                .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))
                .ok()?;
            let names: Vec<String> = statement
                .query_map([], |row| row.get(0))
                .ok()?
                .collect::<rusqlite::Result<_>>()
                .ok()?;
            let columns: Vec<&'static str> = columns::all()
                .map(|column| column.name)
                .filter(|column| names.iter().any(|name| name == column))
                .collect();
            columns
                .contains(&"call_id")
                .then_some(Self { table, columns })
        })
    }

    fn copy_rows(
        &self,
        old: &Connection,
        new: &Connection,
        salvaged: &mut Salvaged,
    ) -> rusqlite::Result<()> {
        let all = Span {
            above: None,
            below: None,
        };
        let Err(up_to) = self.copy(old, new, all, Direction::Up, salvaged)? else {
            return Ok(());
        };
        let rest = Span {
            above: up_to,
            below: None,
        };
        let Err(down_to) = self.copy(old, new, rest, Direction::Down, salvaged)? else {
            return Ok(());
        };
        let mut spans = VecDeque::from([Span {
            above: up_to,
            below: down_to,
        }]);
        for _ in 0..PROBES {
            let Some(span) = spans.pop_front() else { break };
            let Some(middle) = span.middle() else {
                continue;
            };
            let upper = Span {
                above: Some(middle),
                ..span
            };
            if let Err(reached) = self.copy(old, new, upper, Direction::Up, salvaged)? {
                spans.push_back(Span {
                    above: reached.or(Some(middle)),
                    ..span
                });
            }
            let lower = Span {
                below: Some(middle.saturating_add(1)),
                ..span
            };
            if let Err(reached) = self.copy(old, new, lower, Direction::Down, salvaged)? {
                spans.push_back(Span {
                    below: reached.or(Some(middle)),
                    ..span
                });
            }
        }
        Ok(())
    }

    /// Copies the rows of a range until its end or an unreadable one; returns the last readable key
    /// then. The outer error is one of the new file.
    fn copy(
        &self,
        old: &Connection,
        new: &Connection,
        span: Span,
        order: Direction,
        salvaged: &mut Salvaged,
    ) -> rusqlite::Result<Result<(), Option<RowKey>>> {
        let columns = self.columns.join(", ");
        let mut insert = new.prepare_cached(&format!(
            "INSERT OR IGNORE INTO entries ({columns}) VALUES ({})",
            vec!["?"; self.columns.len()].join(", ")
        ))?;
        let sql = format!(
            "SELECT {columns} FROM {} WHERE call_id > ?1 AND call_id < ?2 ORDER BY call_id {}",
            self.table,
            order.as_sql()
        );
        let Ok(mut select) = old.prepare_cached(&sql) else {
            return Ok(Err(None));
        };
        let bounds = params![
            span.above
                .map_or_else(Vec::new, |key| key.to_be_bytes().to_vec()),
            span.below
                .map_or_else(|| vec![0xff; 17], |key| key.to_be_bytes().to_vec()),
        ];
        let mut reached = None;
        let Ok(mut rows) = select.query(bounds) else {
            return Ok(Err(None));
        };
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(Ok(())),
                Err(_) => return Ok(Err(reached)),
            };
            let values = values(row, self.columns.len());
            reached = key_of(values.first()).or(reached);
            if insert.execute(params_from_iter(values))? == 0 {
                salvaged.misshapen += 1;
            }
        }
    }
}

/// The reading direction.
#[derive(Debug, Clone, Copy)]
enum Direction {
    Up,
    Down,
}

impl Direction {
    const fn as_sql(self) -> &'static str {
        match self {
            Self::Up => "ASC",
            Self::Down => "DESC",
        }
    }
}

impl Span {
    fn middle(self) -> Option<RowKey> {
        let (above, below) = (self.above.unwrap_or(0), self.below.unwrap_or(RowKey::MAX));
        let middle = above + below.checked_sub(above)? / 2;
        (middle > above).then_some(middle)
    }
}

/// The values of a row; invalid text becomes NULL, which no text column allows.
fn values(row: &Row<'_>, count: usize) -> Vec<Value> {
    (0..count)
        .map(|index| match row.get_ref(index) {
            Ok(ValueRef::Integer(number)) => Value::Integer(number),
            Ok(ValueRef::Real(number)) => Value::Real(number),
            Ok(ValueRef::Text(text)) => {
                std::str::from_utf8(text).map_or(Value::Null, |text| Value::Text(text.to_owned()))
            }
            Ok(ValueRef::Blob(bytes)) => Value::Blob(bytes.to_vec()),
            Ok(ValueRef::Null) | Err(_) => Value::Null,
        })
        .collect()
}

fn key_of(value: Option<&Value>) -> Option<RowKey> {
    match value {
        Some(Value::Blob(bytes)) => Some(RowKey::from_be_bytes(bytes.as_slice().try_into().ok()?)),
        _ => None,
    }
}

/// Copies texts of existing rows, from both ends.
fn copy_texts(old: &Connection, new: &Connection, salvaged: &mut Salvaged) -> rusqlite::Result<()> {
    let mut insert = new.prepare(
        "INSERT OR IGNORE INTO texts (call_id, started_at, prompt, reply)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM entries WHERE call_id = ?1)",
    )?;
    let exists = "SELECT count(*) FROM sqlite_schema WHERE name = 'texts'";
    if !matches!(
        old.query_row(exists, [], |row| row.get::<_, i64>(0)),
        Ok(1..)
    ) {
        return Ok(());
    }
    for order in [Direction::Up, Direction::Down] {
        let sql = format!(
            "SELECT call_id, started_at, prompt, reply FROM texts ORDER BY id {}",
            order.as_sql()
        );
        let Ok(mut select) = old.prepare(&sql) else {
            break;
        };
        let Ok(mut rows) = select.query([]) else {
            break;
        };
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    let copied = insert.execute(params_from_iter(values(row, 4)))?;
                    salvaged.texts += u64::try_from(copied).unwrap_or_default();
                }
                Ok(None) => return Ok(()),
                Err(_) => break,
            }
        }
    }
    salvaged.lost_parts.push("texts".to_owned());
    Ok(())
}

/// Copies a table; returns whether it was complete or missing.
fn copy_table(
    old: &Connection,
    new: &Connection,
    table: &str,
    columns: &[&str],
) -> rusqlite::Result<bool> {
    let exists = "SELECT count(*) FROM sqlite_schema WHERE name = ?";
    match old.query_row(exists, [table], |row| row.get::<_, i64>(0)) {
        Ok(0) => return Ok(true),
        Ok(_) => {}
        Err(_) => return Ok(false),
    }
    let names = columns.join(", ");
    let mut insert = new.prepare(&format!(
        "INSERT OR IGNORE INTO {table} ({names}) VALUES ({})",
        vec!["?"; columns.len()].join(", ")
    ))?;
    let Ok(mut select) = old.prepare(&format!("SELECT {names} FROM {table}")) else {
        return Ok(false);
    };
    let Ok(mut rows) = select.query([]) else {
        return Ok(false);
    };
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                insert.execute(params_from_iter(values(row, columns.len())))?;
            }
            Ok(None) => return Ok(true),
            Err(_) => return Ok(false),
        }
    }
}

/// Calls named by the connection index that were not copied.
fn lost_calls(
    old: &Connection,
    new: &Connection,
    source: &SalvageSource,
) -> rusqlite::Result<Vec<CallId>> {
    let index = match source.table {
        "entries" => "entries_by_connection",
        _ => "calls_by_connection",
    };
    let sql = format!("SELECT call_id FROM {} INDEXED BY {index}", source.table);
    let mut known = new.prepare("SELECT 1 FROM entries WHERE call_id = ?")?;
    let mut lost = Vec::new();
    let Ok(mut select) = old.prepare(&format!("{sql} WHERE connection >= ''")) else {
        return Ok(lost);
    };
    let Ok(mut rows) = select.query([]) else {
        return Ok(lost);
    };
    while let Ok(Some(row)) = rows.next() {
        let Ok(id) = row.get::<_, [u8; 16]>(0) else {
            continue;
        };
        if lost.len() < MOST_NAMED && !known.exists([id])? {
            lost.push(CallId::new(Uuid::from_bytes(id)));
        }
    }
    lost.sort_unstable();
    Ok(lost)
}

/// Tables copied verbatim, in column order.
const TABLES: &[(&str, &[&str])] = &[
    ("gaps", &["first", "last", "seal", "by"]),
    ("purges", &["sequence", "before", "removed", "seal"]),
    ("repairs", &["sequence", "at", "lost", "seal"]),
    (
        "carried",
        &[
            "connection",
            "day",
            "sequence",
            "limit_tokens",
            "limit_nano_usd",
        ],
    ),
    ("days", &["sequence", "day"]),
    (
        "prices",
        &[
            "origin",
            "model",
            "sub_provider",
            "stated_at",
            "input",
            "output",
            "cache_read",
            "cache_write",
        ],
    ),
];
/// Maximum probes between the ends.
const PROBES: usize = 2_000;
const MOST_NAMED: usize = 1_000;
