//! The last client of a server, the exit of its program, and stopping a running one.

use std::collections::BTreeMap;
use std::time::Duration;

use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{Column, Filter, HistoryQuery, Test};
use synapse_core::time::Timestamp;
use synapse_store::{RunningServer, running};

use super::HubPages;
use crate::command::hub::Configured;
use crate::compose;

/// The last client of each server, and the time.
pub(super) type AskedBy = BTreeMap<String, (String, Timestamp)>;

impl HubPages {
    /// The last clients, from the newest rows of the hub. Best effort: an unreadable ledger hides
    /// no server.
    pub(super) async fn asked_by(&self) -> AskedBy {
        let query = HistoryQuery {
            limit: NEWEST,
            filters: vec![
                // Rows of the hub have no connection, and an index finds those.
                Filter::is(Column::Connection, ""),
                Filter {
                    column: Column::ClientName,
                    test: Test::Known,
                },
            ],
            ..HistoryQuery::default()
        };
        let mut asked = AskedBy::new();
        for entry in self.reader.history(query).await.unwrap_or_default() {
            if let (Some(hub), Some(client)) = (entry.hub, entry.caller.client_name) {
                asked
                    .entry(hub.server)
                    .or_insert((client, entry.started_at));
            }
        }
        asked
    }

    /// Ends the programs of a server, from any process. The next call starts it again.
    pub(super) async fn stop(&self, hub: &Configured, server: &str) -> Result<String, Failure> {
        let (upstream, _) = hub.upstream(server)?;
        let server = upstream.name.as_str();
        let found = self.programs(hub, server)?;
        if found.is_empty() {
            return Ok(format!("No program of {server} runs."));
        }
        for ending in [synapse_process::end_politely, synapse_process::end_at_once] {
            for program in self.programs(hub, server)? {
                // A program that ended meanwhile is already in the requested state.
                drop(ending(program.process));
            }
            for _ in 0..STEPS {
                if self.programs(hub, server)?.is_empty() {
                    return Ok(format!(
                        "{server} was stopped. The next call starts it again."
                    ));
                }
                tokio::time::sleep(STEP).await;
            }
        }
        Err(Failure::new(
            Code::UpstreamStartFailed,
            format!("a program of `{server}` does not end"),
        )
        .hint("close the IDE that started it"))
    }

    fn programs(&self, hub: &Configured, server: &str) -> Result<Vec<RunningServer>, Failure> {
        let config = hub.place.shown();
        let mut all = running(&compose::home(&self.context)?)?;
        all.retain(|each| {
            each.server == server
                && each.config == config
                // Its owner process may not have noticed its exit yet.
                && synapse_process::is_there(each.process)
        });
        Ok(all)
    }
}

/// The exit code in the last line of a log, if the program ended with one.
pub(super) fn exit_code(lines: &[String]) -> Option<i32> {
    let (_, said) = lines.last()?.split_once(' ')?;
    said.strip_prefix(synapse_hub::ENDED_WITH)?.parse().ok()
}

/// How many rows are read.
const NEWEST: u32 = 300;
const STEP: Duration = Duration::from_millis(50);
/// The number of [`STEP`]s that a program has to end.
const STEPS: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_is_the_last_line_alone() {
        let lines = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        };
        let ended = "2026-01-01T00:00:00Z ended with code 3";
        assert_eq!(
            exit_code(&lines(&["2026-01-01T00:00:00Z no such file", ended])),
            Some(3)
        );
        assert_eq!(
            exit_code(&lines(&[ended, "2026-01-01T00:00:01Z started anew"])),
            None
        );
        assert_eq!(exit_code(&[]), None);
    }
}
