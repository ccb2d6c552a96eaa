//! The columns of `history list`: by default the most useful ones, chosen and truncated to the
//! width of the terminal; on request any column of the ledger.

use std::collections::BTreeMap;

use synapse_core::call::CallId;
use synapse_core::engine::Engine;
use synapse_core::error::Failure;
use synapse_core::ledger::{self, Entry};
use synapse_core::time::Timestamp;

use crate::args::{HistoryColumn, HistoryListArguments};
use crate::output::{Column, Printer};

/// How a column is shown.
fn shown(column: HistoryColumn, utc: bool) -> Column<'static> {
    match column {
        HistoryColumn::Age if utc => Column::new("STARTED"),
        HistoryColumn::Age => Column::new("AGE"),
        HistoryColumn::To => Column::new("TO").cut(6),
        HistoryColumn::Model => Column::new("MODEL/TOOL").cut(10),
        HistoryColumn::Client => Column::new("CLIENT").cut(6).drop(1),
        HistoryColumn::Outcome => Column::new("OUTCOME").cut(14),
        HistoryColumn::Tokens => Column::new("TOKENS").right().drop(4),
        HistoryColumn::Cost => Column::new("COST").right().drop(3),
        HistoryColumn::Ms => Column::new("MS").right().drop(5),
        HistoryColumn::Prompt => Column::new("PROMPT").cut(9).drop(2),
        HistoryColumn::Call => Column::new("CALL"),
        HistoryColumn::Ledger(column) => Column::new(column.as_str()),
    }
}

/// The layout of a page of rows.
pub(super) struct Sheet {
    columns: Vec<HistoryColumn>,
    chosen: bool,
    utc: bool,
    now: Timestamp,
    prompts: BTreeMap<CallId, String>,
    /// The number of characters of an id that are shown.
    id: usize,
}

impl Sheet {
    /// The sheet for `entries`; reads their first words if that column is shown.
    pub(super) async fn new(
        engine: &Engine,
        arguments: &HistoryListArguments,
        entries: &[Entry],
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let chosen = !arguments.columns.is_empty();
        let mut columns = if chosen {
            arguments.columns.clone()
        } else {
            HistoryColumn::USUAL.to_vec()
        };
        let prompts = if columns.contains(&HistoryColumn::Prompt) {
            let ids: Vec<CallId> = entries.iter().map(|each| each.receipt.call_id).collect();
            engine.ports().reader.first_words(&ids).await?
        } else {
            BTreeMap::new()
        };
        if !chosen {
            columns.retain(|column| match column {
                HistoryColumn::Prompt => !prompts.is_empty(),
                HistoryColumn::Client => entries.iter().any(|each| client(each).is_some()),
                _ => true,
            });
        }
        // Piped ids must still be unique in a year.
        let id = if Printer::stdout_is_terminal() {
            shortest(entries)
        } else {
            WHOLE
        };
        Ok(Self {
            columns,
            chosen,
            utc: arguments.utc,
            now,
            prompts,
            id,
        })
    }

    /// Columns and rows of the list.
    pub(super) fn of(&self, entries: &[Entry]) -> (Vec<Column<'static>>, Vec<Vec<String>>) {
        let column = |each: &HistoryColumn| {
            let column = shown(*each, self.utc);
            if self.chosen { column.keep() } else { column }
        };
        let row = |entry: &Entry| {
            let cells = self.columns.iter();
            cells.map(|column| self.cell(*column, entry)).collect()
        };
        (
            self.columns.iter().map(column).collect(),
            entries.iter().map(row).collect(),
        )
    }

    fn cell(&self, column: HistoryColumn, entry: &Entry) -> String {
        let receipt = &entry.receipt;
        let hub = entry.hub.as_ref();
        let number = |value: Option<u64>, column| match value {
            Some(value) => value.to_string(),
            None => absent(entry, column),
        };
        match column {
            HistoryColumn::Age if self.utc => entry.started_at.to_string(),
            HistoryColumn::Age => entry.started_at.ago(self.now),
            HistoryColumn::To => match hub {
                Some(facts) => facts.server.clone(),
                None => receipt.connection.clone(),
            },
            HistoryColumn::Model => match (hub, &receipt.model_served) {
                (Some(_), _) => {
                    let tool = entry.caller.tool.as_deref().unwrap_or("-");
                    format!("{} {tool}", entry.operation)
                }
                (None, Some(served)) => served.clone(),
                (None, None) => receipt.model_requested.clone(),
            },
            HistoryColumn::Client => client(entry).unwrap_or("-").to_owned(),
            HistoryColumn::Outcome => match &entry.error_code {
                Some(code) => format!("{} {code}", entry.outcome.as_str()),
                None => entry.outcome.as_str().to_owned(),
            },
            HistoryColumn::Tokens => {
                let [prompt, answer] = [
                    ledger::Column::PromptTokens,
                    ledger::Column::CompletionTokens,
                ];
                match (receipt.usage.prompt_tokens, receipt.usage.completion_tokens) {
                    (None, None) => absent(entry, prompt),
                    (sent, made) => format!("{}+{}", number(sent, prompt), number(made, answer)),
                }
            }
            // A request that was never sent has no cost.
            HistoryColumn::Cost => {
                if !ledger::Column::CostNanoUsd.applies(entry) {
                    "-".to_owned()
                } else {
                    receipt.cost.to_string()
                }
            }
            HistoryColumn::Ms => number(receipt.latency_ms, ledger::Column::LatencyMs),
            HistoryColumn::Prompt => match self.prompts.get(&receipt.call_id) {
                Some(words) if !words.is_empty() => words.clone(),
                _ => "-".to_owned(),
            },
            HistoryColumn::Call => receipt.call_id.to_string().chars().take(self.id).collect(),
            HistoryColumn::Ledger(column) => match column.value(entry) {
                Some(value) => plain(value),
                None => absent(entry, column),
            },
        }
    }
}

/// `-` where no value exists, `?` where it is unknown.
fn absent(entry: &Entry, column: ledger::Column) -> String {
    if column.applies(entry) {
        "?".to_owned()
    } else {
        "-".to_owned()
    }
}

fn client(entry: &Entry) -> Option<&str> {
    entry.caller.client_name.as_deref()
}

fn plain(value: ledger::ColumnValue) -> String {
    match value {
        ledger::ColumnValue::Text(text) => text,
        ledger::ColumnValue::Number(number) => number.to_string(),
        ledger::ColumnValue::Time(time) => time.to_string(),
        ledger::ColumnValue::Flag(flag) => if flag { "yes" } else { "no" }.to_owned(),
    }
}

/// The fewest characters that distinguish the ids of these rows, and at least their time prefix.
fn shortest(entries: &[Entry]) -> usize {
    let mut ids: Vec<String> = entries
        .iter()
        .map(|entry| entry.receipt.call_id.to_string())
        .collect();
    ids.sort_unstable();
    let shared = |pair: &[String]| match pair {
        [one, other] => {
            let pairs = one.chars().zip(other.chars());
            pairs.take_while(|(one, other)| one == other).count()
        }
        _ => 0,
    };
    let most = ids.windows(2).map(shared).max().unwrap_or_default();
    (most + 1).clamp(OF_TIME, WHOLE)
}

/// The digits of the millisecond in which a call began, with the hyphen: `01a1fa66-d9c3`.
const OF_TIME: usize = 13;
/// The length of a UUID.
const WHOLE: usize = 36;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_word_of_its_own() {
        let all = HistoryColumn::all();
        let mut words: Vec<&str> = all.iter().map(|column| column.as_str()).collect();
        assert_eq!(words.len(), 10 + ledger::Column::ALL.len() - 1);
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all.len());
    }
}
