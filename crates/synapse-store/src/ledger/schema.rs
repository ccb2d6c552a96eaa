//! The tables of the ledger and the migrations that make them. A migration, once released, never
//! changes; `user_version` counts them.

use rusqlite_migration::{M, Migrations};

/// The version that this Synapse writes.
pub(super) const VERSION: i64 = 2;

/// The migrations, as many as [`VERSION`].
pub(super) const MIGRATIONS: Migrations<'static> = Migrations::from_slice(STEPS);

const STEPS: &[M<'static>] = &[M::up(CALLS), M::up(PRICES)];

/// One row per call.
///
/// The key is a UUIDv7, so the table itself is in the order of time, and so is each index within
/// its column, because an index of a table without rowid ends with the key. Unknown is NULL. All
/// times are milliseconds since 1970, costs are nano-USD.
///
/// `writer` names the process that opened the row, see [`super::presence`].
///
/// The outcomes are a chain of OR, because SQLite would build a table for an IN of that length
/// whenever a row is written.
const CALLS: &str = "
CREATE TABLE calls (
    call_id            BLOB    NOT NULL PRIMARY KEY CHECK (length(call_id) = 16),
    writer             BLOB    NOT NULL CHECK (length(writer) = 16),
    started_at         INTEGER NOT NULL,
    ended_at           INTEGER,
    operation          TEXT    NOT NULL,
    outcome            TEXT    NOT NULL CHECK (
        outcome = 'ok' OR outcome = 'open' OR outcome = 'error' OR outcome = 'refused'
        OR outcome = 'cancelled' OR outcome = 'interrupted'),
    error_class        TEXT,
    error_code         TEXT,
    connection         TEXT    NOT NULL,
    provider           TEXT    NOT NULL,
    host               TEXT    NOT NULL,
    model_requested    TEXT    NOT NULL,
    model_served       TEXT,
    served_by          TEXT,
    client_name        TEXT,
    client_version     TEXT,
    tool               TEXT,
    attempts           INTEGER NOT NULL CHECK (attempts IN (0, 1)),
    maybe_billed       INTEGER NOT NULL CHECK (maybe_billed IN (0, 1)),
    http_status        INTEGER CHECK (http_status >= 0),
    request_id         TEXT,
    bytes_out          INTEGER NOT NULL CHECK (bytes_out >= 0),
    bytes_in           INTEGER NOT NULL CHECK (bytes_in >= 0),
    headers_ms         INTEGER CHECK (headers_ms >= 0),
    latency_ms         INTEGER CHECK (latency_ms >= 0),
    finish_reason      TEXT,
    prompt_tokens      INTEGER CHECK (prompt_tokens >= 0),
    completion_tokens  INTEGER CHECK (completion_tokens >= 0),
    cached_tokens      INTEGER CHECK (cached_tokens >= 0),
    cache_write_tokens INTEGER CHECK (cache_write_tokens >= 0),
    reasoning_tokens   INTEGER CHECK (reasoning_tokens >= 0),
    cost_nano_usd      INTEGER CHECK (cost_nano_usd >= 0),
    cost_source        TEXT    NOT NULL,
    priced_at          INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_by_connection ON calls (connection);

-- Small, because most calls go well: it finds errors for people and open rows for the sweep.
-- A query uses it when it repeats the condition.
CREATE INDEX calls_not_ok ON calls (outcome) WHERE outcome <> 'ok';
";

/// What routers last stated, in pico-USD per token; a price that was not stated is NULL.
const PRICES: &str = "
CREATE TABLE prices (
    origin       TEXT    NOT NULL,
    model        TEXT    NOT NULL,
    sub_provider TEXT    NOT NULL,
    stated_at    INTEGER NOT NULL,
    input        INTEGER CHECK (input >= 0),
    output       INTEGER CHECK (output >= 0),
    cache_read   INTEGER CHECK (cache_read >= 0),
    cache_write  INTEGER CHECK (cache_write >= 0),
    PRIMARY KEY (origin, model, sub_provider)
) STRICT, WITHOUT ROWID;
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_run_and_are_as_many_as_the_version() {
        MIGRATIONS.validate().unwrap();
        let mut database = rusqlite::Connection::open_in_memory().unwrap();
        MIGRATIONS.to_latest(&mut database).unwrap();
        let version: i64 = database
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, VERSION);
    }

    #[test]
    fn pages_and_errors_are_read_from_an_index_without_sorting() {
        let mut database = rusqlite::Connection::open_in_memory().unwrap();
        MIGRATIONS.to_latest(&mut database).unwrap();
        let plan = |sql: &str| {
            let mut statement = database
                .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
                .unwrap();
            let lines: Vec<String> = statement
                .query_map([], |row| row.get("detail"))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            lines.join("; ")
        };
        let all = plan("SELECT * FROM calls WHERE call_id < x'00' ORDER BY call_id DESC LIMIT 50");
        assert_eq!(all, "SEARCH calls USING PRIMARY KEY (call_id<?)");
        let one = plan(
            "SELECT * FROM calls WHERE connection = 'a' AND call_id < x'00' \
             ORDER BY call_id DESC LIMIT 50",
        );
        assert!(
            one.contains("calls_by_connection (connection=? AND call_id<?)"),
            "{one}"
        );
        assert!(!one.contains("TEMP B-TREE"), "{one}");
        let errors = plan(
            "SELECT * FROM calls WHERE outcome <> 'ok' AND outcome = 'error' \
             ORDER BY call_id DESC LIMIT 50",
        );
        assert!(errors.contains("calls_not_ok (outcome=?)"), "{errors}");
        assert!(!errors.contains("TEMP B-TREE"), "{errors}");
    }
}
