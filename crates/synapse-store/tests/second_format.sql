-- The tables of the second format of ledger.db, as it was released.
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
CREATE INDEX calls_not_ok ON calls (outcome) WHERE outcome <> 'ok';
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
PRAGMA user_version = 2;
