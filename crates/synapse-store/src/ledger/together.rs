//! Writing a call that has no row yet: all of its changes are known, so its row is written once,
//! complete and sealed.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params, params_from_iter};
use synapse_core::call::CallId;

use super::changes::{Changes, InJournal};
use super::columns::{CONTENT, Facts};
use super::completion::Completed;
use super::rows::{Batch, RowWriter};
use super::sql::{NULL, integer, key, value_of};
use super::texts;
use super::work::{RowValues, Work, WorkKind};

impl RowWriter {
    /// Writes changes of one call. A reader may have entered a call without a row: then the rest is
    /// missing, or nothing if it ended.
    pub(super) fn write_all(
        &self,
        database: &Connection,
        changes: &Changes,
        batch: &mut Batch,
    ) -> rusqlite::Result<Completed> {
        match &changes.works[..] {
            [work] if changes.lines == InJournal::None => {
                self.store(database, batch)?;
                self.write(database, work)
            }
            works @ [
                Work::Open(_) | Work::Begin(_),
                ..,
                end @ (Work::Close(_) | Work::End(_)),
            ] => {
                if self.write_whole(database, works, batch)? == Completed::Yes
                    || is_entered(database, changes.lines, &end.values(self.writer()))?
                {
                    return Ok(Completed::Yes);
                }
                self.store(database, batch)?;
                self.write_each(database, works)
            }
            works => {
                self.store(database, batch)?;
                match works.last() {
                    Some(end @ (Work::Close(_) | Work::End(_)))
                        if is_entered(database, changes.lines, &end.values(self.writer()))? =>
                    {
                        Ok(Completed::Yes)
                    }
                    _ => self.write_each(database, works),
                }
            }
        }
    }

    /// Inserts the complete row; [`Completed::Missing`] if there is one already.
    fn write_whole(
        &self,
        database: &Connection,
        works: &[Work],
        batch: &mut Batch,
    ) -> rusqlite::Result<Completed> {
        let rows: Vec<(WorkKind, RowValues<'_>)> = works
            .iter()
            .map(|work| (work.kind(), work.values(self.writer())))
            .collect();
        let mut cells = [const { NULL }; CONTENT];
        for (kind, row) in &rows {
            for (place, value) in self.placed(*kind, row) {
                if let Some(cell) = cells.get_mut(place) {
                    *cell = value;
                }
            }
        }
        let values = cells.each_ref().map(value_of);
        let facts = Facts::of_values(&values)?;
        let (head, gaps) = Self::next(database, batch)?;
        let sealed = head.after_values(&values, &gaps);
        let place = [
            integer(sealed.sequence),
            ToSqlOutput::Borrowed(ValueRef::Blob(&sealed.seal)),
        ];
        let values = values.map(ToSqlOutput::Borrowed).into_iter().chain(place);
        let written = database
            .prepare_cached(self.whole())?
            .execute(params_from_iter(values))?;
        if written == 0 {
            return Ok(Completed::Missing);
        }
        if let [Work::Open(opening), .., Work::Close(closing)] = works
            && let Some(prompt) = &opening.prompt
        {
            let call_id = opening.receipt.call_id;
            let reply = closing.reply.as_deref();
            texts::add_both(database, call_id, opening.started_at, prompt, reply)?;
        }
        if let Some((_, end)) = rows.last() {
            self.note(database, batch, [head, sealed], &facts, end.at)?;
        }
        Ok(Completed::Yes)
    }

    /// Each change by itself, except a start that is a row already.
    fn write_each(&self, database: &Connection, works: &[Work]) -> rusqlite::Result<Completed> {
        let mut done = Completed::Yes;
        for work in works {
            let is_start = work.started_at().is_some();
            if !is_start || !has_row(database, work.call_id())? {
                done = self.write(database, work)?;
            }
        }
        Ok(done)
    }
}

/// Whether a reader entered all of an ended call.
fn is_entered(
    database: &Connection,
    lines: InJournal,
    end: &RowValues<'_>,
) -> rusqlite::Result<bool> {
    if lines != InJournal::Ended {
        return Ok(false);
    }
    let id = key(end.call_id).into_bytes();
    database
        .prepare_cached("SELECT 1 FROM entries WHERE call_id = ? AND ended_at = ? AND outcome = ?")?
        .exists(params![id, end.at.as_millis(), end.outcome.as_str()])
}

fn has_row(database: &Connection, call_id: CallId) -> rusqlite::Result<bool> {
    database
        .prepare_cached("SELECT 1 FROM entries WHERE call_id = ?")?
        .exists([key(call_id).into_bytes()])
}
