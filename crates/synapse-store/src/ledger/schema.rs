//! The tables of the ledger and their migrations. A released migration never changes;
//! `user_version` counts them. A new ledger is created as the newest migration leaves one.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::{columns, days, reseal};

// What both the migrations and [`create`] execute. Macros, because only literals can be joined. The
// columns of rows are frozen in the migrations, and in [`columns`] as they are now.

macro_rules! entry_indexes {
    () => {
        "CREATE INDEX entries_by_connection ON entries (connection);
CREATE INDEX entries_not_ok ON entries (outcome) WHERE outcome <> 'ok';

"
    };
}

macro_rules! seal_tables {
    () => {
        "CREATE TABLE chain (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    seal     BLOB    NOT NULL CHECK (length(seal) = 32)
) STRICT;
INSERT INTO chain VALUES (1, 0, zeroblob(32));

-- Places of the chain whose rows are gone for a reason that is sealed at the place `by`.
CREATE TABLE gaps (
    first INTEGER PRIMARY KEY,
    last  INTEGER NOT NULL CHECK (last >= first),
    seal  BLOB    NOT NULL CHECK (length(seal) = 32),
    by    INTEGER NOT NULL CHECK (by > last)
) STRICT;
CREATE INDEX gaps_by ON gaps (by);

CREATE TABLE purges (
    sequence INTEGER PRIMARY KEY,
    before   INTEGER NOT NULL,
    removed  INTEGER NOT NULL,
    seal     BLOB    NOT NULL CHECK (length(seal) = 32)
) STRICT;

CREATE TABLE daily (
    day               INTEGER NOT NULL,
    connection        TEXT    NOT NULL,
    provider          TEXT    NOT NULL,
    model             TEXT    NOT NULL,
    client            TEXT    NOT NULL,
    first_id          BLOB    NOT NULL,
    last_id           BLOB    NOT NULL,
    calls             INTEGER NOT NULL,
    ok                INTEGER NOT NULL,
    failed            INTEGER NOT NULL,
    refused           INTEGER NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_tokens     INTEGER NOT NULL,
    reasoning_tokens  INTEGER NOT NULL,
    unknown_tokens    INTEGER NOT NULL,
    cost_nano_usd     INTEGER NOT NULL,
    unknown_cost      INTEGER NOT NULL,
    limit_tokens      INTEGER NOT NULL,
    limit_nano_usd    INTEGER NOT NULL,
    latencies         BLOB    NOT NULL,
    PRIMARY KEY (day, connection, provider, model, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE texts (
    id         INTEGER PRIMARY KEY,
    call_id    BLOB    NOT NULL UNIQUE CHECK (length(call_id) = 16),
    started_at INTEGER NOT NULL,
    prompt     TEXT    NOT NULL,
    reply      TEXT,
    FOREIGN KEY (call_id) REFERENCES entries (call_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX texts_by_time ON texts (started_at);

CREATE VIRTUAL TABLE texts_index USING fts5(
    prompt, reply, content = 'texts', content_rowid = 'id');
-- What is removed shall be gone, not merely not found.
INSERT INTO texts_index (texts_index, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER texts_added AFTER INSERT ON texts BEGIN
    INSERT INTO texts_index (rowid, prompt, reply) VALUES (new.id, new.prompt, new.reply);
END;
CREATE TRIGGER texts_removed AFTER DELETE ON texts BEGIN
    INSERT INTO texts_index (texts_index, rowid, prompt, reply)
    VALUES ('delete', old.id, old.prompt, old.reply);
END;
CREATE TRIGGER texts_changed AFTER UPDATE OF prompt, reply ON texts BEGIN
    INSERT INTO texts_index (texts_index, rowid, prompt, reply)
    VALUES ('delete', old.id, old.prompt, old.reply);
    INSERT INTO texts_index (rowid, prompt, reply) VALUES (new.id, new.prompt, new.reply);
END;
"
    };
}

macro_rules! carried_tables {
    () => {
        "
CREATE TABLE carried (
    connection     TEXT    NOT NULL,
    day            INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    limit_tokens   INTEGER NOT NULL CHECK (limit_tokens >= 0),
    limit_nano_usd INTEGER NOT NULL CHECK (limit_nano_usd >= 0),
    PRIMARY KEY (connection, day, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX carried_by ON carried (sequence);

CREATE TABLE days (
    sequence INTEGER PRIMARY KEY,
    day      INTEGER NOT NULL
) STRICT;

CREATE TABLE repairs (
    sequence INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    lost     INTEGER NOT NULL,
    seal     BLOB    NOT NULL CHECK (length(seal) = 32)
) STRICT;

"
    };
}

macro_rules! server_index {
    () => {
        "CREATE INDEX entries_by_server ON entries (server) WHERE server IS NOT NULL;
"
    };
}

/// The version written by this release.
pub(super) const VERSION: i64 = 5;

/// The migrations; their number is [`VERSION`].
pub(super) fn migrations() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(CALLS),
        M::up(PRICES),
        M::up_with_hook(SEALED, |change: &rusqlite::Transaction<'_>| {
            reseal::seal_everything(change).map_err(Into::into)
        }),
        M::up_with_hook(CARRIED, |change: &rusqlite::Transaction<'_>| {
            days::from_rows(change).map_err(Into::into)
        }),
        M::up(HUB),
    ])
}

/// Creates the tables in an empty database, as all migrations would: a test compares them. Several
/// times as fast, because each of their changes parses the whole schema again.
pub(super) fn create(database: &Connection) -> rusqlite::Result<()> {
    let entries = format!(
        "CREATE TABLE entries (\n{}\n) STRICT, WITHOUT ROWID;\n",
        columns::definitions()
    );
    for tables in [
        &entries,
        entry_indexes!(),
        PRICES,
        SEALS,
        CARRIED_TABLES,
        BY_SERVER,
    ] {
        database.execute_batch(tables)?;
    }
    database.pragma_update(None, "user_version", VERSION)
}

const SEALS: &str = seal_tables!();
const CARRIED_TABLES: &str = carried_tables!();
const BY_SERVER: &str = server_index!();

/// One row per call.
///
/// The key is a UUIDv7, so the table is in time order, and so is each index within its column,
/// because an index of a WITHOUT ROWID table ends with the key. Unknown is NULL. Times are
/// milliseconds since 1970, costs are nano-USD.
///
/// `writer` identifies the process that opened the row, see [`super::presence`].
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

/// The latest prices stated by routers, in pico-USD per token; unstated ones are NULL.
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

/// Seals, daily sums, reservations and texts.
///
/// The table of rows is renamed, so that a running process of an older Synapse, which checked the
/// version on opening, cannot write unsealed rows.
///
/// `sequence` is the place of a complete row in the chain and `seal` its hash, see
/// [`super::chain`]; both are NULL while the call is in progress. `daily` has the daily sums of
/// complete rows, with their smallest and largest key, which bound every time search: see
/// [`super::daily`].
const SEALED: &str = concat!(
    "
ALTER TABLE calls RENAME TO entries;
ALTER TABLE entries ADD COLUMN reserved_tokens INTEGER CHECK (reserved_tokens >= 0);
ALTER TABLE entries ADD COLUMN reserved_nano_usd INTEGER CHECK (reserved_nano_usd >= 0);
ALTER TABLE entries ADD COLUMN sequence INTEGER CHECK (sequence > 0);
ALTER TABLE entries ADD COLUMN seal BLOB CHECK (length(seal) = 32);
DROP INDEX calls_by_connection;
DROP INDEX calls_not_ok;
",
    entry_indexes!(),
    seal_tables!()
);

/// Carried amounts of purged rows, the order of days, and repairs.
///
/// `carried` has, per purge and repair, the amounts of its rows that count against a connection's
/// limits on a day; the purge's seal covers them. `days` gives the day of rows from a place on, see
/// [`super::days`].
///
/// Open rows now record whether their request was sent; those of older processes never did, so they
/// may have been billed.
const CARRIED: &str = concat!(
    carried_tables!(),
    "UPDATE entries SET maybe_billed = 1 WHERE outcome <> 'ok' AND outcome = 'open';
"
);

/// Hub rows: `server` distinguishes them from calls of a connection. The index is empty without a
/// hub.
const HUB: &str = concat!(
    "
ALTER TABLE entries ADD COLUMN server TEXT;
ALTER TABLE entries ADD COLUMN transport TEXT;
ALTER TABLE entries ADD COLUMN era TEXT;
ALTER TABLE entries ADD COLUMN catalogue TEXT;
ALTER TABLE entries ADD COLUMN issuer TEXT;
ALTER TABLE entries ADD COLUMN client_kind TEXT;
ALTER TABLE entries ADD COLUMN scopes TEXT;
ALTER TABLE entries ADD COLUMN generation INTEGER CHECK (generation >= 0);
ALTER TABLE entries ADD COLUMN requests INTEGER CHECK (requests >= 0);
ALTER TABLE entries ADD COLUMN may_have_run INTEGER CHECK (may_have_run IN (0, 1));
",
    server_index!()
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_run_and_are_as_many_as_the_version() {
        migrations().validate().unwrap();
        let mut database = Connection::open_in_memory().unwrap();
        migrations().to_latest(&mut database).unwrap();
        let version: i64 = database
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, VERSION);
    }

    /// All but the spelling of statements that changes of a table leave.
    fn described(database: &Connection) -> Vec<String> {
        let mut statement = database
            .prepare("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY 2")
            .unwrap();
        let lines = statement.query_map([], |row| {
            let parts: [String; 4] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
            let line = parts.join(" ").replace('"', "");
            Ok(line.split_whitespace().collect::<Vec<_>>().join(" "))
        });
        let lines: Vec<String> = lines.unwrap().map(Result::unwrap).collect();
        let tight = |line: &String| {
            line.replace(" ,", ",")
                .replace(" )", ")")
                .replace("( ", "(")
        };
        lines.iter().map(tight).collect()
    }

    #[test]
    fn a_new_ledger_is_as_the_migrations_leave_one() {
        let mut migrated = Connection::open_in_memory().unwrap();
        migrations().to_latest(&mut migrated).unwrap();
        let created = Connection::open_in_memory().unwrap();
        create(&created).unwrap();
        assert_eq!(described(&created), described(&migrated));
        for sql in [
            "SELECT user_version FROM pragma_user_version",
            "SELECT group_concat(hex(seal) || sequence || id) FROM chain",
            "SELECT group_concat(k || v) FROM (SELECT * FROM texts_index_config ORDER BY k)",
            "SELECT group_concat(name || type || pk) FROM pragma_table_info('entries')",
        ] {
            let one = |database: &Connection| {
                database
                    .query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0))
                    .unwrap()
            };
            assert_eq!(one(&created), one(&migrated), "{sql}");
        }
    }

    /// Repair takes damaged pages of the schema from a new ledger.
    #[test]
    fn the_columns_of_every_format_are_spelled_alike() {
        let definitions = columns::definitions();
        let (first, _) = definitions.split_once(",\n    reserved_tokens").unwrap();
        assert!(CALLS.contains(first), "{first}");
    }

    #[test]
    fn pages_and_errors_are_read_from_an_index_without_sorting() {
        let mut database = Connection::open_in_memory().unwrap();
        migrations().to_latest(&mut database).unwrap();
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
        let all =
            plan("SELECT * FROM entries WHERE call_id < x'00' ORDER BY call_id DESC LIMIT 50");
        assert_eq!(all, "SEARCH entries USING PRIMARY KEY (call_id<?)");
        let one = plan(
            "SELECT * FROM entries WHERE connection = 'a' AND call_id < x'00' \
             ORDER BY call_id DESC LIMIT 50",
        );
        assert!(
            one.contains("entries_by_connection (connection=? AND call_id<?)"),
            "{one}"
        );
        assert!(!one.contains("TEMP B-TREE"), "{one}");
        let errors = plan(
            "SELECT * FROM entries WHERE outcome <> 'ok' AND outcome = 'error' \
             ORDER BY call_id DESC LIMIT 50",
        );
        assert!(errors.contains("entries_not_ok (outcome=?)"), "{errors}");
        assert!(!errors.contains("TEMP B-TREE"), "{errors}");
    }
}
