INSERT INTO calls
    (call_id, writer, started_at, operation, outcome, error_code, connection, provider, host,
    model_requested, client_name, attempts, maybe_billed, bytes_out, bytes_in, latency_ms,
    prompt_tokens, completion_tokens, cost_nano_usd, cost_source)
    VALUES (?1, zeroblob(16), ?2, 'chat', ?3, ?4, ?5, 'openai', 'api.openai.com', ?6, ?7, 1, 1,
    800, 1900, ?8, ?9, ?10, ?11, 'ESTIMATED')
