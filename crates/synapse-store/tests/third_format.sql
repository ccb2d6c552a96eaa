-- The tables of the third format of ledger.db, as it was released.
CREATE TABLE "entries" (
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
, reserved_tokens INTEGER CHECK (reserved_tokens >= 0), reserved_nano_usd INTEGER CHECK (reserved_nano_usd >= 0), sequence INTEGER CHECK (sequence > 0), seal BLOB CHECK (length(seal) = 32)) STRICT, WITHOUT ROWID;
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
CREATE INDEX entries_by_connection ON entries (connection);
CREATE INDEX entries_not_ok ON entries (outcome) WHERE outcome <> 'ok';
CREATE TABLE chain (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    seal     BLOB    NOT NULL CHECK (length(seal) = 32)
) STRICT;
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
INSERT INTO chain VALUES (1, 0, zeroblob(32));
PRAGMA user_version = 3;
