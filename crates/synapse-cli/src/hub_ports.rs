//! Chooses the implementation of each port of the hub.

use std::any::Any;
use std::sync::Arc;

use serde_json::json;
use synapse_core::error::Failure;
use synapse_core::ports::{
    ApprovalStore as _, CallObservers, Clock as _, HubLedger, SecretResolver,
};
use synapse_core::upstream::{Fingerprint, Start, Target, Upstream, UpstreamName};
use synapse_http::{HttpClient, HttpConfig};
use synapse_hub::transport::ErrorLog;
use synapse_hub::{HubPorts, Opening, ProgramNotes, SystemConnector, Targets, allowed_variables};
use synapse_store::{
    HubPlace, JsonApprovals, JsonUpstreams, Note, RunningServer, UpstreamLog, note_running,
};

use crate::compose::{self, Asking};
use crate::context::Context;
use crate::oauth::LateTokens;
use crate::system::{RandomCallIds, SystemClock};
use crate::targets::EntryTargets;

/// The ports of a hub over `place`, whose rows go to `rows`. Performs no
/// I/O.
pub(crate) fn hub_ports(
    context: &Context,
    place: &HubPlace,
    targets: Arc<EntryTargets>,
    rows: Arc<dyn HubLedger>,
    asking: Asking,
) -> Result<HubPorts, Failure> {
    let secrets: Arc<dyn SecretResolver> = Arc::new(compose::remembering(context, asking)?);
    let tokens = LateTokens::new(context, place);
    let own = Arc::clone(&targets);
    let connector = SystemConnector {
        guard: compose::guard(),
        client: HttpClient::new(HttpConfig {
            user_agent: compose::USER_AGENT.to_owned(),
            observer: context.observer.clone(),
            ..HttpConfig::default()
        }),
        client_info: client_info(),
        allowed: Arc::new(move |search_path: Option<&str>| {
            let lookup = |name: &str| own.variable(name);
            let passed = allowed_variables(&lookup, search_path).into_iter();
            passed
                .map(|(name, value)| (name.to_owned(), value))
                .collect()
        }),
        notes: Some(Arc::new(Notes {
            place: place.clone(),
            approvals: JsonApprovals::new(place.clone()),
        })),
    };
    Ok(HubPorts {
        upstreams: Arc::new(JsonUpstreams::new(place.clone())),
        approvals: Arc::new(JsonApprovals::new(place.clone())),
        targets,
        connector: Arc::new(connector),
        secrets,
        tokens: Some(Arc::new(tokens)),
        sampling: None,
        ledger: rows,
        observers: CallObservers::default(),
        clock: Arc::new(SystemClock::new()),
        call_ids: Arc::new(RandomCallIds),
        remedies: Arc::clone(context.printer.remedies()),
    })
}

fn client_info() -> serde_json::Map<String, serde_json::Value> {
    let mut info = serde_json::Map::new();
    info.insert("name".to_owned(), json!("synapse"));
    info.insert("title".to_owned(), json!("Synapse"));
    info.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
    info
}

impl Targets for EntryTargets {
    fn target(
        &self,
        upstream: &Upstream,
        start: Option<&Start>,
    ) -> Result<(Target, Fingerprint), Failure> {
        let expanded = self.expand(upstream, start)?;
        Ok((expanded.target, expanded.fingerprint))
    }

    fn stamp(&self, upstreams: &mut dyn Iterator<Item = &Upstream>) -> u64 {
        Self::stamp(self, upstreams)
    }

    fn workspace(&self) -> Option<String> {
        self.folder().map(str::to_owned)
    }
}

/// Records running programs, and opens their logs.
#[derive(Debug)]
struct Notes {
    place: HubPlace,
    approvals: JsonApprovals,
}

impl ProgramNotes for Notes {
    fn log(&self, server: &UpstreamName) -> Option<Arc<dyn ErrorLog>> {
        Some(Arc::new(Logged(UpstreamLog::new(&self.place, server))))
    }

    fn running(&self, opening: &Opening, process: u32) -> Option<Box<dyn Any + Send + Sync>> {
        let server = &opening.server;
        let approval = self.approvals.find(server).ok().flatten();
        let start = approval.and_then(|approval| approval.start);
        let running = RunningServer {
            server: server.to_string(),
            config: self.place.shown(),
            process,
            owner: std::process::id(),
            program: start.map(|start| start.program).unwrap_or_default(),
            client: opening.client.clone(),
            started_at: SystemClock::new().now().to_string(),
        };
        // Best effort: the server runs even without its record.
        let note: Note = note_running(self.place.home(), &running).ok()?;
        Some(Box::new(note))
    }
}

/// A log with a timestamp on each line.
#[derive(Debug)]
struct Logged(UpstreamLog);

impl ErrorLog for Logged {
    fn line(&self, line: &str) {
        self.0.line(SystemClock::new().now(), line);
    }
}
