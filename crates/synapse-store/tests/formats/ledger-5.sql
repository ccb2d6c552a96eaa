-- ledger.db of the fifth format, that of the first release: two answers and a refusal, sealed, summed and with their texts.
-- Written by that version; the index of texts is built again, for a dump has none.
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
, reserved_tokens INTEGER CHECK (reserved_tokens >= 0), reserved_nano_usd INTEGER CHECK (reserved_nano_usd >= 0), sequence INTEGER CHECK (sequence > 0), seal BLOB CHECK (length(seal) = 32), server TEXT, transport TEXT, era TEXT, catalogue TEXT, issuer TEXT, client_kind TEXT, scopes TEXT, generation INTEGER CHECK (generation >= 0), requests INTEGER CHECK (requests >= 0), may_have_run INTEGER CHECK (may_have_run IN (0, 1))) STRICT, WITHOUT ROWID;
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
CREATE TABLE carried (
    connection     TEXT    NOT NULL,
    day            INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    limit_tokens   INTEGER NOT NULL CHECK (limit_tokens >= 0),
    limit_nano_usd INTEGER NOT NULL CHECK (limit_nano_usd >= 0),
    PRIMARY KEY (connection, day, sequence)
) STRICT, WITHOUT ROWID;
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
INSERT INTO entries (call_id, writer, started_at, ended_at, operation, outcome, error_class, error_code, connection, provider, host, model_requested, model_served, served_by, client_name, client_version, tool, attempts, maybe_billed, http_status, request_id, bytes_out, bytes_in, headers_ms, latency_ms, finish_reason, prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd, cost_source, priced_at, reserved_tokens, reserved_nano_usd, sequence, seal, server, transport, era, catalogue, issuer, client_kind, scopes, generation, requests, may_have_run) VALUES
    (X'01A22CE631B572DAA9B0D62943828E67', X'01A22CE631C8807CB28B4F79FFE64816', 1796049613237, 1796049613722, 'chat', 'ok', NULL, NULL, 'work', 'openai-compatible', '127.0.0.1:8931', 'm', 'm-2026', NULL, NULL, NULL, NULL, 1, 1, 200, NULL, 102, 257, 40, 485, 'stop', 10, 5, NULL, NULL, NULL, NULL, 'UNKNOWN', NULL, 4142, NULL, 1, X'A1DE3970FCC33122B1CDB1F0DA5E48909B0CBF971E38D4251F48BBE4F747D0E3', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO entries (call_id, writer, started_at, ended_at, operation, outcome, error_class, error_code, connection, provider, host, model_requested, model_served, served_by, client_name, client_version, tool, attempts, maybe_billed, http_status, request_id, bytes_out, bytes_in, headers_ms, latency_ms, finish_reason, prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd, cost_source, priced_at, reserved_tokens, reserved_nano_usd, sequence, seal, server, transport, era, catalogue, issuer, client_kind, scopes, generation, requests, may_have_run) VALUES
    (X'01A22CE634D3766CA13F99879EEE23D4', X'01A22CE6350982AAA5963ECEA3C067B3', 1796049614035, 1796049614234, 'chat', 'error', 'provider-access', 'provider.rate-limited', 'work', 'openai-compatible', '127.0.0.1:8931', 'm', NULL, NULL, NULL, NULL, NULL, 1, 0, 429, NULL, 92, 86, 44, 199, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'UNKNOWN', NULL, 4132, NULL, 2, X'9D9D554378839EC38127831F1AF9315D67C188FBE8AA1CF1418037D0A86A90BB', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO entries (call_id, writer, started_at, ended_at, operation, outcome, error_class, error_code, connection, provider, host, model_requested, model_served, served_by, client_name, client_version, tool, attempts, maybe_billed, http_status, request_id, bytes_out, bytes_in, headers_ms, latency_ms, finish_reason, prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd, cost_source, priced_at, reserved_tokens, reserved_nano_usd, sequence, seal, server, transport, era, catalogue, issuer, client_kind, scopes, generation, requests, may_have_run) VALUES
    (X'01A22CE636D670D583F912C1D096B69C', X'01A22CE63709803DA4F2EF0B2FBB3B17', 1796049614550, 1796049614715, 'chat', 'ok', NULL, NULL, 'work', 'openai-compatible', '127.0.0.1:8931', 'm', 'm-2026', NULL, NULL, NULL, NULL, 1, 1, 200, NULL, 93, 257, 53, 164, 'stop', 10, 5, NULL, NULL, NULL, NULL, 'UNKNOWN', NULL, 4133, NULL, 3, X'FA00B90EC141081D0ACB3556C428DE0E41922969F1D9CC683AA7E474C2DF60CF', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO chain (id, sequence, seal) VALUES
    (1, 3, X'FA00B90EC141081D0ACB3556C428DE0E41922969F1D9CC683AA7E474C2DF60CF');
INSERT INTO daily (day, connection, provider, model, client, first_id, last_id, calls, ok, failed, refused, prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens, unknown_tokens, cost_nano_usd, unknown_cost, limit_tokens, limit_nano_usd, latencies) VALUES
    (20787, 'work', 'openai-compatible', 'm', '', X'01A22CE634D3766CA13F99879EEE23D4', X'01A22CE634D3766CA13F99879EEE23D4', 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, X'');
INSERT INTO daily (day, connection, provider, model, client, first_id, last_id, calls, ok, failed, refused, prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens, unknown_tokens, cost_nano_usd, unknown_cost, limit_tokens, limit_nano_usd, latencies) VALUES
    (20787, 'work', 'openai-compatible', 'm-2026', '', X'01A22CE631B572DAA9B0D62943828E67', X'01A22CE636D670D583F912C1D096B69C', 2, 2, 0, 0, 20, 10, 0, 0, 0, 0, 2, 30, 0, X'A40101CE0101');
INSERT INTO texts (id, call_id, started_at, prompt, reply) VALUES
    (1, X'01A22CE631B572DAA9B0D62943828E67', 1796049613237, 'user: Are you there?', 'Hello.');
INSERT INTO texts (id, call_id, started_at, prompt, reply) VALUES
    (2, X'01A22CE634D3766CA13F99879EEE23D4', 1796049614035, 'user: fail', NULL);
INSERT INTO texts (id, call_id, started_at, prompt, reply) VALUES
    (3, X'01A22CE636D670D583F912C1D096B69C', 1796049614550, 'user: again', 'Hello.');
INSERT INTO days (sequence, day) VALUES
    (1, 20787);
CREATE INDEX entries_by_connection ON entries (connection);
CREATE INDEX entries_not_ok ON entries (outcome) WHERE outcome <> 'ok';
CREATE INDEX gaps_by ON gaps (by);
CREATE INDEX texts_by_time ON texts (started_at);
CREATE INDEX carried_by ON carried (sequence);
CREATE INDEX entries_by_server ON entries (server) WHERE server IS NOT NULL;
CREATE VIRTUAL TABLE texts_index USING fts5(
    prompt, reply, content = 'texts', content_rowid = 'id');
INSERT INTO texts_index (texts_index) VALUES ('rebuild');
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
PRAGMA user_version = 5;
