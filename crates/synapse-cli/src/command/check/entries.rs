//! Checks the clients' entries: starts each as its client does and, on request, sends one paid
//! prompt through one of them.

use std::path::Path;
use std::time::Duration;

use synapse_core::check::{Check, CheckId, Finding};
use synapse_core::error::{Code, EntryScope, Failure, Hint, Remedy};
use synapse_ide::{CLIENTS, CheckReport, Client, EntryState, Prompt, states};

use super::subjects::Subjects;
use crate::args::CheckArguments;
use crate::command::ide::check::EntryProbe;
use crate::command::{Context, ide};
use crate::output::Waiting;

/// The entries to check.
pub(super) struct Entries<'a> {
    found: Vec<FoundEntry>,
    project: Option<&'a Path>,
    /// The prompt, and the client through whose entry it goes.
    prompt: Option<(&'static str, Prompt<'a>)>,
}

struct FoundEntry {
    client: &'static Client,
    scope: EntryScope,
    state: EntryState,
}

impl<'a> Entries<'a> {
    /// The entries of the named clients, present or not, or those of every client that has one.
    ///
    /// # Errors
    /// `usage.invalid-arguments` when a prompt is requested and the entry to use is ambiguous;
    /// `ide.not-installed` when there is none.
    pub(super) fn found(
        context: &Context,
        subjects: &'a Subjects,
        arguments: &'a CheckArguments,
    ) -> Result<Self, Failure> {
        let project = arguments.project.as_deref();
        let mut found = match subjects.clients() {
            [] => Self::of(context, project, CLIENTS.iter())?,
            clients => {
                let mut found = Self::of(context, project, clients.iter().copied())?;
                for client in clients {
                    // For a named client, the reason why it has no entry is reported.
                    if !found.iter().any(|each| each.client.id() == client.id()) {
                        found.push(FoundEntry {
                            client,
                            scope: EntryScope::User,
                            state: EntryState::Absent,
                        });
                    }
                }
                found
            }
        };
        let prompt = if !arguments.prompt {
            None
        } else {
            let through = only(&found, subjects)?;
            if !subjects.are_all() {
                found.retain(|each| each.client.id() == through);
            }
            Some((
                through,
                Prompt {
                    connection: match subjects.connections() {
                        [one] => Some(one.as_str()),
                        _ => None,
                    },
                    patience: PROMPT_PATIENCE,
                },
            ))
        };
        // With only connections or servers named, clients are not checked.
        if !subjects.are_all() && subjects.clients().is_empty() && prompt.is_none() {
            found.clear();
        }
        Ok(Self {
            found,
            project,
            prompt,
        })
    }

    /// Our entries in the files of these clients.
    fn of(
        context: &Context,
        project: Option<&Path>,
        clients: impl Iterator<Item = &'static Client>,
    ) -> Result<Vec<FoundEntry>, Failure> {
        let machine = ide::machine(&context.environment, project)?;
        let entry = ide::entry(context, None)?;
        let mut found: Vec<FoundEntry> = Vec::new();
        for client in clients {
            for place in states(client, &machine, &entry) {
                let is_known = found
                    .iter()
                    .any(|each| each.client.id() == client.id() && each.scope == place.scope);
                let concerns_us = matches!(
                    place.state,
                    EntryState::Current | EntryState::Stale | EntryState::Broken(_)
                );
                if concerns_us && !is_known {
                    found.push(FoundEntry {
                        client,
                        scope: place.scope,
                        state: place.state,
                    });
                }
            }
        }
        Ok(found)
    }

    /// Checks each entry, with one line for each.
    pub(super) async fn everywhere(
        &self,
        context: &Context,
        waiting: &Waiting,
    ) -> Result<Vec<Check>, Failure> {
        let mut checks = Vec::new();
        let mut has_one = false;
        for found in &self.found {
            let finding = match &found.state {
                EntryState::Broken(failure) => {
                    Check::new(CheckId::Entry, Finding::Doubt(failure.as_ref().clone()))
                }
                _ => {
                    has_one = true;
                    self.probe(context, waiting, found).await?.summary()
                }
            };
            checks.push(finding.of(found.title()));
        }
        if !has_one {
            let install = Remedy::InstallEntry {
                client: None,
                scope: EntryScope::User,
            };
            let none = Finding::Warn("no client has an entry".to_owned());
            checks.push(
                Check::new(CheckId::Ide, none).with_next(Hint::with_remedy("write one", install)),
            );
        }
        Ok(checks)
    }

    /// Checks each entry step by step.
    pub(super) async fn step_by_step(
        &self,
        context: &Context,
        waiting: &Waiting,
    ) -> Result<Vec<Check>, Failure> {
        let mut checks = Vec::new();
        for found in &self.found {
            let report = self.probe(context, waiting, found).await?;
            let title = found.title();
            checks.extend(report.checks.into_iter().map(|check| {
                let subject = match &check.subject {
                    Some(subject) => format!("{title}: {subject}"),
                    None => title.clone(),
                };
                check.of(subject)
            }));
        }
        Ok(checks)
    }

    async fn probe(
        &self,
        context: &Context,
        waiting: &Waiting,
        found: &FoundEntry,
    ) -> Result<CheckReport, Failure> {
        let asked = self.prompt.filter(|(id, _)| *id == found.client.id());
        waiting.says(match asked {
            Some(_) => format!("the answer through {}", found.client),
            None => format!("the entry of {}", found.client),
        });
        let probe = EntryProbe {
            scope: found.scope,
            project: self.project,
            prompt: asked.map(|(_, prompt)| prompt),
            ..EntryProbe::of(found.client)
        };
        probe.make(context).await
    }
}

impl FoundEntry {
    /// The client, with the scope unless it is the default.
    fn title(&self) -> String {
        match self.scope {
            EntryScope::User => self.client.id().to_owned(),
            scope => format!("{} ({scope})", self.client.id()),
        }
    }
}

/// The only client through whose entry a prompt can go.
fn only(found: &[FoundEntry], subjects: &Subjects) -> Result<&'static str, Failure> {
    let mut ids: Vec<&'static str> = found
        .iter()
        .filter(|each| !matches!(each.state, EntryState::Broken(_)))
        .map(|each| each.client.id())
        .collect();
    ids.dedup();
    match (ids.as_slice(), subjects.clients()) {
        ([one], _) => Ok(one),
        ([], _) => Err(Failure::new(
            Code::IdeNotInstalled,
            "no client has an entry to ask through",
        )
        .remedy(
            "write one",
            &Remedy::InstallEntry {
                client: None,
                scope: EntryScope::User,
            },
        )),
        (several, _) => Err(Failure::new(
            Code::UsageInvalidArguments,
            "several clients have an entry, and a prompt goes through one",
        )
        .cause(format!("clients: {}", several.join(", ")))
        .hint("name the client as well")),
    }
}

/// As long as a model may reason.
const PROMPT_PATIENCE: Duration = Duration::from_secs(300);
