//! What was said in calls, for connections that record it: in a table of its own, with an index
//! of its words, and not under seal, because it may be forgotten before its row.

use rusqlite::{Connection, OptionalExtension as _, params};
use synapse_core::call::CallId;
use synapse_core::ledger::RecordedText;
use synapse_core::time::Timestamp;

use super::rows::key;

/// Keeps the prompt of a call whose row was just opened.
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

/// Adds the answer.
pub(super) fn answer(database: &Connection, call_id: CallId, reply: &str) -> rusqlite::Result<()> {
    database
        .prepare_cached("UPDATE texts SET reply = ? WHERE call_id = ?")?
        .execute(params![reply, key(call_id).into_bytes()])
        .map(drop)
}

/// What was said in a call.
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

/// Forgets what was said before a time, at most `most` texts at once. Returns how many.
pub(super) fn forget(database: &Connection, before: i64, most: u32) -> rusqlite::Result<u64> {
    let removed = database.execute(
        "DELETE FROM texts WHERE id IN
         (SELECT id FROM texts WHERE started_at < ? ORDER BY started_at LIMIT ?)",
        params![before, most],
    )?;
    Ok(u64::try_from(removed).unwrap_or(u64::MAX))
}

/// The words of a search as the index takes them: each as a string of its own, so that nothing in
/// them is taken for a command. All have to occur. `None` when there are none.
pub(super) fn search(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"").replace('\0', "")))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// True for the rows in whose texts a search finds something; takes [`search`].
pub(super) const FOUND: &str = "call_id IN (SELECT texts.call_id FROM texts_index
     JOIN texts ON texts.id = texts_index.rowid WHERE texts_index MATCH ?)";
