//! Writing rows: each change of a call, or of an event of the hub.

use std::cell::{OnceCell, RefCell};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::chain::{Gap, Head};
use super::columns::{self, CONTENT, Facts, StoredColumn};
use super::completion::{Completed, reopen};
use super::recent::Recent;
use super::sql::{bytes, integer, key, value_of};
use super::texts;
use super::work::{RowValues, Work, WorkKind};

/// Writes rows for one process.
#[derive(Debug)]
pub(super) struct RowWriter {
    writer: Uuid,
    open: OnceCell<Statement>,
    sending: OnceCell<Statement>,
    close: OnceCell<Statement>,
    begin: OnceCell<Statement>,
    departing: OnceCell<Statement>,
    end: OnceCell<Statement>,
    look: OnceCell<String>,
    whole: OnceCell<String>,
    recent: RefCell<Recent>,
}

/// The end of the chain and the sums after rows that were sealed in a transaction, until they are
/// written once for all of them. Dropped when it is rolled back.
#[derive(Debug, Default)]
pub(super) struct Batch(Option<(Head, Recent)>);

/// The statement of a kind of change, made when it is first needed.
#[derive(Debug)]
struct Statement {
    sql: String,
    columns: Vec<&'static StoredColumn>,
    /// The place of each column in [`columns::content`].
    places: Vec<usize>,
}

impl Statement {
    fn of(kind: WorkKind) -> Self {
        let (places, columns): (Vec<usize>, Vec<&StoredColumn>) = columns::written_by(kind).unzip();
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let set = || format!("UPDATE entries SET {} = ?", names.join(" = ?, "));
        let sql = match kind {
            WorkKind::Open | WorkKind::Begin => format!(
                "INSERT INTO entries ({}) VALUES ({})",
                names.join(", "),
                vec!["?"; names.len()].join(", ")
            ),
            WorkKind::Sending | WorkKind::Departing => {
                format!("{} WHERE call_id = ? AND outcome = 'open'", set())
            }
            WorkKind::Close | WorkKind::End => {
                format!("{}, sequence = ?, seal = ? WHERE call_id = ?", set())
            }
        };
        Self {
            sql,
            columns,
            places,
        }
    }

    /// The values of its columns, in order.
    fn values<'a>(
        &self,
        row: &'a RowValues<'_>,
    ) -> impl Iterator<Item = ToSqlOutput<'a>> + use<'a, '_> {
        self.columns.iter().map(|column| (column.value)(row))
    }
}

impl RowWriter {
    /// For the process with the id `writer`.
    pub(super) fn new(writer: Uuid) -> Self {
        Self {
            writer,
            open: OnceCell::new(),
            sending: OnceCell::new(),
            close: OnceCell::new(),
            begin: OnceCell::new(),
            departing: OnceCell::new(),
            end: OnceCell::new(),
            look: OnceCell::new(),
            whole: OnceCell::new(),
            recent: RefCell::default(),
        }
    }

    /// Writes a change. The end of a row also seals it and adds it to the daily sums, even if it
    /// was marked interrupted: the caller knows better.
    pub(super) fn write(&self, database: &Connection, work: &Work) -> rusqlite::Result<Completed> {
        let row = work.values(self.writer);
        let statement = self.statement(work.kind());
        match work {
            Work::Open(opening) => {
                insert(database, statement, &row)?;
                if let Some(prompt) = &opening.prompt {
                    texts::add(database, row.call_id, row.at, prompt)?;
                }
                Ok(Completed::Yes)
            }
            Work::Begin(_) => insert(database, statement, &row).map(|()| Completed::Yes),
            Work::Sending(..) | Work::Departing(..) => depart(database, statement, &row),
            Work::Close(closing) => {
                let done = self.complete(database, statement, &row)?;
                if let (Completed::Yes, Some(reply)) = (&done, &closing.reply) {
                    texts::answer(database, row.call_id, reply)?;
                }
                Ok(done)
            }
            Work::End(_) => self.complete(database, statement, &row),
        }
    }

    /// Visits the columns that `work` writes, with their values.
    pub(super) fn settings(
        &self,
        work: &Work,
        mut visit: impl FnMut(&'static str, &ToSqlOutput<'_>),
    ) {
        let row = work.values(self.writer);
        let statement = self.statement(work.kind());
        for (column, value) in statement.columns.iter().zip(statement.values(&row)) {
            visit(column.name, &value);
        }
    }

    /// The values of a change, with the index of each in [`columns::content`].
    pub(super) fn placed<'a>(
        &self,
        kind: WorkKind,
        row: &'a RowValues<'_>,
    ) -> impl Iterator<Item = (usize, ToSqlOutput<'a>)> {
        let statement = self.statement(kind);
        let places = statement.places.iter().copied();
        places.zip(statement.values(row))
    }

    pub(super) const fn writer(&self) -> Uuid {
        self.writer
    }

    /// The statement that inserts a complete row, unless there is one.
    pub(super) fn whole(&self) -> &str {
        self.whole.get_or_init(|| {
            format!(
                "INSERT INTO entries ({}, sequence, seal) VALUES ({})
                 ON CONFLICT (call_id) DO NOTHING",
                columns::sealed(),
                vec!["?"; CONTENT + 2].join(", ")
            )
        })
    }

    fn statement(&self, kind: WorkKind) -> &Statement {
        let cell = match kind {
            WorkKind::Open => &self.open,
            WorkKind::Sending => &self.sending,
            WorkKind::Close => &self.close,
            WorkKind::Begin => &self.begin,
            WorkKind::Departing => &self.departing,
            WorkKind::End => &self.end,
        };
        cell.get_or_init(|| Statement::of(kind))
    }

    fn complete(
        &self,
        database: &Connection,
        statement: &Statement,
        row: &RowValues<'_>,
    ) -> rusqlite::Result<Completed> {
        let mut done = self.end(database, statement, row)?;
        if done == Completed::Missing && reopen(database, row.call_id)? {
            // Its sums were subtracted without a seal, so the cache is invalid.
            drop(self.recent.take());
            done = self.end(database, statement, row)?;
        }
        Ok(done)
    }

    /// In a single UPDATE: the final content is known, and sealed in advance.
    fn end(
        &self,
        database: &Connection,
        statement: &Statement,
        row: &RowValues<'_>,
    ) -> rusqlite::Result<Completed> {
        let call_id = key(row.call_id);
        let ending: Vec<ToSqlOutput<'_>> = statement.values(row).collect();
        let (head, gaps) = Head::load_next(database)?;
        let foreseen = self.foresee(database, call_id, &statement.places, &ending, head, &gaps)?;
        let Some((facts, sealed)) = foreseen else {
            return Ok(Completed::Missing);
        };
        let place = [
            integer(sealed.sequence),
            ToSqlOutput::Borrowed(ValueRef::Blob(&sealed.seal)),
            bytes(call_id),
        ];
        database
            .prepare_cached(&statement.sql)?
            .execute(params_from_iter(ending.into_iter().chain(place)))?;
        let mut batch = Batch::default();
        self.note(database, &mut batch, [head, sealed], &facts, row.at)?;
        self.store(database, &mut batch)?;
        Ok(Completed::Yes)
    }

    /// The end of the chain, and the gaps that the next seal explains.
    pub(super) fn next(database: &Connection, batch: &Batch) -> rusqlite::Result<(Head, Vec<Gap>)> {
        match &batch.0 {
            // The first row of the batch has explained them.
            Some((head, _)) => Ok((*head, Vec::new())),
            None => Head::load_next(database),
        }
    }

    /// Records a row that was sealed after `head`: the new end of the chain, its sums and its day.
    pub(super) fn note(
        &self,
        database: &Connection,
        batch: &mut Batch,
        [head, sealed]: [Head; 2],
        facts: &Facts,
        ended_at: Timestamp,
    ) -> rusqlite::Result<()> {
        // From here on a failure rolls back and leaves the cache empty.
        let mut recent = match batch.0.take() {
            Some((_, recent)) => recent,
            None => self.recent.take().at_head(head),
        };
        recent.add(database, facts)?;
        recent.note(database, sealed.sequence, ended_at.day())?;
        batch.0 = Some((sealed, recent));
        Ok(())
    }

    /// Writes the end of the chain and the sums.
    pub(super) fn store(&self, database: &Connection, batch: &mut Batch) -> rusqlite::Result<()> {
        if let Some((head, mut recent)) = batch.0.take() {
            head.store(database)?;
            recent.store(database)?;
            self.recent.replace(recent.up_to(head));
        }
        Ok(())
    }

    /// The content of the open row after `ending`, and its seal; `None` if there is no such row.
    fn foresee(
        &self,
        database: &Connection,
        call_id: Uuid,
        places: &[usize],
        ending: &[ToSqlOutput<'_>],
        head: Head,
        gaps: &[Gap],
    ) -> rusqlite::Result<Option<(Facts, Head)>> {
        let look = self.look.get_or_init(|| {
            format!(
                "SELECT {} FROM entries WHERE call_id = ? AND outcome = 'open'",
                columns::sealed()
            )
        });
        let mut statement = database.prepare_cached(look)?;
        let mut rows = statement.query([call_id.as_bytes()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let mut values = [ValueRef::Null; CONTENT];
        for (index, value) in values.iter_mut().enumerate() {
            *value = row.get_ref(index)?;
        }
        for (place, end) in places.iter().zip(ending) {
            if let Some(value) = values.get_mut(*place) {
                *value = value_of(end);
            }
        }
        Ok(Some((
            Facts::of_values(&values)?,
            head.after_values(&values, gaps),
        )))
    }
}

/// Inserts the row of a starting call or event.
fn insert(
    database: &Connection,
    statement: &Statement,
    row: &RowValues<'_>,
) -> rusqlite::Result<()> {
    database
        .prepare_cached(&statement.sql)?
        .execute(params_from_iter(statement.values(row)))
        .map(drop)
}

/// Records in an open row that its request is about to be sent.
fn depart(
    database: &Connection,
    statement: &Statement,
    row: &RowValues<'_>,
) -> rusqlite::Result<Completed> {
    let values = statement.values(row).chain([bytes(key(row.call_id))]);
    let changed = database
        .prepare_cached(&statement.sql)?
        .execute(params_from_iter(values))?;
    Ok(match changed {
        0 => Completed::Missing,
        _ => Completed::Yes,
    })
}
