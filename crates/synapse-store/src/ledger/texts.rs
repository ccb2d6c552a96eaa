//! Recorded texts of calls: in a separate table with a full-text index, and not sealed, because
//! they may be removed before their row.

use rusqlite::{Connection, OptionalExtension as _, params};
use synapse_core::call::CallId;
use synapse_core::ledger::RecordedText;
use synapse_core::time::Timestamp;

use super::sql::key;

/// Stores the prompt of a newly opened call.
pub(super) fn add(
    database: &Connection,
    call_id: CallId,
    started_at: Timestamp,
    prompt: &str,
) -> rusqlite::Result<()> {
    database
        .prepare_cached("INSERT INTO texts (call_id, started_at, prompt) VALUES (?, ?, ?)")?
        .execute(params![
            key(call_id).into_bytes(),
            started_at.as_millis(),
            prompt
        ])
        .map(drop)
}

/// Stores the texts of a call that ended.
pub(super) fn add_both(
    database: &Connection,
    call_id: CallId,
    started_at: Timestamp,
    prompt: &str,
    reply: Option<&str>,
) -> rusqlite::Result<()> {
    database
        .prepare_cached(
            "INSERT INTO texts (call_id, started_at, prompt, reply) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![
            key(call_id).into_bytes(),
            started_at.as_millis(),
            prompt,
            reply
        ])
        .map(drop)
}

/// Adds the answer.
pub(super) fn answer(database: &Connection, call_id: CallId, reply: &str) -> rusqlite::Result<()> {
    database
        .prepare_cached("UPDATE texts SET reply = ? WHERE call_id = ?")?
        .execute(params![reply, key(call_id).into_bytes()])
        .map(drop)
}

/// The recorded texts of a call.
pub(super) fn find(
    database: &Connection,
    call_id: CallId,
) -> rusqlite::Result<Option<RecordedText>> {
    database
        .prepare_cached("SELECT prompt, reply FROM texts WHERE call_id = ?")?
        .query_row([key(call_id).into_bytes()], |row| {
            Ok(RecordedText {
                prompt: row.get(0)?,
                reply: row.get(1)?,
            })
        })
        .optional()
}

/// The prompt of a call, truncated if long.
pub(super) fn beginning(
    database: &Connection,
    call_id: CallId,
) -> rusqlite::Result<Option<String>> {
    database
        .prepare_cached(
            "SELECT CASE WHEN length(prompt) <= ?2 THEN prompt ELSE substr(prompt, 1, ?3) END
             FROM texts WHERE call_id = ?1",
        )?
        .query_row(params![key(call_id).into_bytes(), LONG, BEGINNING], |row| {
            row.get(0)
        })
        .optional()
}

/// Removes at most `most` texts from before a time. Returns their number.
pub(super) fn forget(database: &Connection, before: i64, most: u32) -> rusqlite::Result<u64> {
    let removed = database.execute(
        "DELETE FROM texts WHERE id IN
         (SELECT id FROM texts WHERE started_at < ? ORDER BY started_at LIMIT ?)",
        params![before, most],
    )?;
    Ok(u64::try_from(removed).unwrap_or(u64::MAX))
}

/// The search words for the full-text index, each quoted, so that none acts as an operator. All
/// must occur. `None` if there are none.
pub(super) fn search(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"").replace('\0', "")))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// SQL condition: true for rows whose texts match; takes [`search`].
pub(super) const FOUND: &str = "call_id IN (SELECT texts.call_id FROM texts_index
     JOIN texts ON texts.id = texts_index.rowid WHERE texts_index MATCH ?)";

/// A longer prompt is not read completely for its first words.
const LONG: i64 = 65_536;
const BEGINNING: i64 = 2_048;
