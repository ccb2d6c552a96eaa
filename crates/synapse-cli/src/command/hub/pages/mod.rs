//! The upstream servers on the dashboard: the file, the approvals, the logs, and the catalogues of
//! servers that the user started from a page.
//!
//! **Invariant:** [`HubPages::view`], [`HubPages::document`] and [`HubPages::approvals`] start and
//! contact no server, and read no secret.

mod acting;
mod approvals;
mod logging_in;
mod standing;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use synapse_core::error::Failure;
use synapse_core::ports::{LedgerReader, StoredUpstream};
use synapse_core::redact::{Redactor, printable_line};
use synapse_core::upstream::{Approval, Upstream, UpstreamName, UpstreamTransport};
use synapse_dashboard::{HubVerb, HubView, RunningProgram, ServerView, Tone, ToolView};
use synapse_documents::{ErrorView, HubDocument, HubServerView, HubToolView};
use synapse_hub::{DeclaredServer, Depth, MANY_TOKENS, ServerState, offered_name};
use synapse_store::{SqliteLedger, read_log, running};

use self::standing::exit_code;
use super::Configured;
use crate::args::HubPlaceArguments;
use crate::compose;
use crate::context::Context;
use crate::oauth::has_authorization;

/// The upstream servers for pages.
#[derive(Debug)]
pub(in crate::command) struct HubPages {
    context: Context,
    /// Reads rows, through the connection of all pages.
    reader: Arc<dyn LedgerReader>,
    /// Writes rows of the servers that the user starts.
    ledger: Arc<SqliteLedger>,
    /// The catalogues of servers that the user started, until they are approved.
    surveys: Mutex<BTreeMap<String, Approval>>,
}

impl HubPages {
    /// # Errors
    /// `storage.unavailable` when no home directory is known.
    pub(in crate::command) fn new(
        context: &Context,
        reader: Arc<dyn LedgerReader>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            reader,
            ledger: Arc::new(SqliteLedger::new(compose::home(context)?)),
            context: context.clone(),
            surveys: Mutex::default(),
        })
    }

    fn configured(&self) -> Result<Configured, Failure> {
        Configured::open(&self.context, &HubPlaceArguments::default())
    }

    fn surveys(&self) -> MutexGuard<'_, BTreeMap<String, Approval>> {
        self.surveys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document of `hub status`.
    ///
    /// # Errors
    /// `config.*`, `storage.*`.
    pub(in crate::command) fn document(&self) -> Result<HubDocument, Failure> {
        let hub = self.configured()?;
        let file = hub.upstreams.read()?;
        let warnings = file
            .warnings
            .iter()
            .map(|failure| ErrorView::new(failure, &*hub.remedies))
            .collect();
        let views = file
            .servers
            .into_iter()
            .map(|stored| hub.declarations().examine(stored, Depth::Expansion).view)
            .collect();
        Ok(HubDocument::new(hub.place.shown(), views, warnings))
    }

    /// Every server with its state, its tools and its last log lines.
    ///
    /// # Errors
    /// `config.*`, `storage.*`.
    pub(in crate::command) async fn view(&self) -> Result<HubView, Failure> {
        let hub = self.configured()?;
        let servers = hub.upstreams.read()?.servers;
        let asked = if servers.is_empty() {
            standing::AskedBy::new()
        } else {
            self.asked_by().await
        };
        let mut view = HubView {
            file: hub.place.shown(),
            running: running(&compose::home(&self.context)?)?
                .into_iter()
                .filter(|each| synapse_process::is_there(each.process))
                .map(|each| RunningProgram {
                    server: each.server,
                    process: each.process,
                    owner: each.owner,
                    since: each.started_at.parse().ok(),
                })
                .collect(),
            budget: Some(MANY_TOKENS),
            ..HubView::default()
        };
        for stored in servers {
            let upstream = stored.upstream.clone().ok();
            let mut server = self.server(&hub, stored, upstream.as_ref());
            server.asked_by = asked.get(&server.name).cloned();
            if view.running.iter().any(|each| each.server == server.name) {
                server.verbs.push(HubVerb::Stop);
            }
            if let Some(upstream) = &upstream
                && matches!(server.state.as_str(), "approved" | "changed")
            {
                view.tools.extend(tools(&hub, upstream, &server.state)?);
            }
            view.servers.push(server);
        }
        Ok(view)
    }

    fn server(
        &self,
        hub: &Configured,
        stored: StoredUpstream,
        upstream: Option<&Upstream>,
    ) -> ServerView {
        let seen = hub.declarations().examine(stored, Depth::Expansion);
        let waits = self.surveys().contains_key(&seen.view.name);
        let mut notes = notes(&seen);
        if waits {
            notes.push("It ran once; its tools wait for your approval.".to_owned());
        }
        // A server that cannot be started cannot be inspected; the reason replaces the button.
        let unusable = upstream
            .filter(|_| matches!(seen.state, ServerState::NotApproved | ServerState::Changed))
            .and_then(|upstream| hub.targets.expand(upstream, None).err());
        notes.extend(unusable.iter().map(in_a_line));
        let view = seen.view;
        let name: Option<UpstreamName> = view.name.parse().ok();
        let stderr = name.as_ref().map_or_else(Vec::new, |name| lines(hub, name));
        ServerView {
            verbs: match unusable {
                Some(_) => Vec::new(),
                None => verbs(&view, waits, upstream),
            },
            tone: match unusable {
                Some(_) => Tone::Bad,
                None => tone(&view),
            },
            state: view.state.to_owned(),
            address: view.target.unwrap_or_default(),
            notes,
            exit_code: exit_code(&stderr),
            stderr,
            tools: view.tools,
            tokens: view.estimated_tokens,
            name: view.name,
            ..ServerView::default()
        }
    }
}

fn notes(seen: &DeclaredServer) -> Vec<String> {
    let mut notes: Vec<String> = seen.view.note.iter().cloned().collect();
    let said = seen.failure.iter().chain(&seen.warnings);
    notes.extend(said.map(in_a_line));
    if seen.state == ServerState::LoginRequired {
        notes.push("It offers nothing before a login; then start it once.".to_owned());
    }
    notes
}

fn in_a_line(failure: &Failure) -> String {
    match failure.first_cause() {
        Some(cause) => format!("{}: {cause}", failure.message()),
        None => failure.message().to_owned(),
    }
}

fn tone(view: &HubServerView) -> Tone {
    match view.state {
        "approved" => Tone::Good,
        "disabled" => Tone::Off,
        "broken" => Tone::Bad,
        _ => Tone::Look,
    }
}

fn verbs(view: &HubServerView, waits: bool, upstream: Option<&Upstream>) -> Vec<HubVerb> {
    let logs_in = upstream.is_some_and(|upstream| {
        matches!(upstream.transport, UpstreamTransport::Http { .. }) && !has_authorization(upstream)
    });
    match view.state {
        "login-required" if logs_in => vec![HubVerb::LogIn, HubVerb::Start],
        "approved" if logs_in && !waits => vec![HubVerb::Start, HubVerb::LogIn],
        "approved" | "login-required" if waits => vec![HubVerb::Start, HubVerb::Approve],
        "approved" | "login-required" => vec![HubVerb::Start],
        "not-approved" | "changed" => vec![HubVerb::Approve],
        _ => Vec::new(),
    }
}

/// The last lines that a server wrote to stderr.
fn lines(hub: &Configured, name: &UpstreamName) -> Vec<String> {
    let redactor = Redactor::none();
    // Without a log there is nothing to show.
    read_log(&hub.place, name, LINES)
        .unwrap_or_default()
        .iter()
        .map(|line| redactor.clean(line, LONGEST))
        .collect()
}

fn tools(hub: &Configured, upstream: &Upstream, state: &str) -> Result<Vec<ToolView>, Failure> {
    let catalogue = hub
        .approval(&upstream.name)?
        .and_then(|approval| approval.catalogue)
        .unwrap_or_default();
    let server = upstream.name.as_str();
    Ok(catalogue
        .tools
        .iter()
        .map(|tool| HubToolView::of(server, tool))
        .map(|tool| {
            let (said, tone, verb) = match (upstream.tools.permits(&tool.name), state) {
                (false, _) => (
                    "not offered: the entry leaves it out",
                    Tone::Off,
                    HubVerb::Allow,
                ),
                (true, "changed") => ("withheld: its server changed", Tone::Look, HubVerb::Deny),
                (true, _) => ("offered", Tone::Good, HubVerb::Deny),
            };
            ToolView {
                server: server.to_owned(),
                offered_as: offered_name(server, &tool.name),
                says: first_line(tool.description.as_deref()),
                state: said.to_owned(),
                tone,
                claim: (!tool.claims.is_empty()).then(|| tool.claims.join(", ")),
                tokens: Some(tool.estimated_tokens),
                verbs: vec![verb],
                tool: tool.name,
            }
        })
        .collect())
}

fn first_line(description: Option<&str>) -> String {
    printable_line(
        description
            .and_then(|text| text.lines().next())
            .unwrap_or_default(),
    )
}

const LINES: usize = 20;
const LONGEST: usize = 1_000;
