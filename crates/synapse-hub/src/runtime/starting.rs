//! Starts an upstream and compares its lists with the approval.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use synapse_core::error::{Code, Execution, Failure};
use synapse_core::ledger::HubKind;
use synapse_core::ports::TokenSource;
use synapse_core::upstream::{Catalogue, Pin};
use synapse_mcp::client::CallError;
use synapse_mcp::host::{Caller, ListChange};
use tokio::time::{sleep, timeout};

use super::hearing::Hearing;
use super::live::{Live, Unfetched};
use super::{Runtime, lists};
use crate::blocking::off_runtime;
use crate::compare::Comparison;
use crate::failure::{FailureContext, Refusal, Stage};
use crate::ports::{Connected, Consented, Ending, OpenError, Opening};
use crate::relay::relay_capabilities;
use crate::rows::in_short;
use crate::secrets::UpstreamCredentials;

impl Runtime {
    /// Starts it with a row.
    pub(super) async fn recorded_start(
        self: &Arc<Self>,
        caller: Option<&Caller>,
    ) -> Result<Live, Failure> {
        let mut row = self
            .rows()
            .begin(HubKind::Start, None, caller, self.facts(None));
        row.departing(0).await;
        let client = caller.and_then(Caller::client_name).map(in_short);
        let started = self.start(client).await;
        match &started {
            Ok(live) => {
                row.facts = self.facts(Some(live));
                row.end(None, 0).await;
            }
            Err(failure) => row.end(Some(failure), 0).await,
        }
        started
    }

    async fn start(self: &Arc<Self>, client: Option<String>) -> Result<Live, Failure> {
        let Consented {
            upstream,
            approval,
            target,
            fingerprint,
        } = &self.consented;
        let permit = Arc::new(approval.permit(target, fingerprint)?);
        let credentials = Arc::new(UpstreamCredentials {
            server: upstream.name.clone(),
            target: target.clone(),
            permit: Arc::clone(&permit),
            resolver: Arc::clone(&self.ports.secrets),
            tokens: self.token_source(),
            workspace: self.ports.targets.workspace(),
            sent: Mutex::default(),
            known: self.known.clone(),
        });
        let start = approval.start.as_ref();
        let opening = Opening {
            server: upstream.name.clone(),
            client,
            target: target.clone(),
            permit,
            search_path: start.and_then(|start| start.search_path.clone()),
            credentials: credentials.clone(),
            protocol: upstream.protocol,
            patience: upstream.times.start,
            capabilities: relay_capabilities(&upstream.relay),
            events: Arc::new(Hearing(Arc::downgrade(self))),
        };
        let patience = upstream.times.start;
        let opened = timeout(patience, self.ports.connector.open(opening)).await;
        let Connected {
            conversation,
            carrier,
        } = match opened {
            Ok(Ok(connected)) => connected,
            Ok(Err(OpenError::Failure(failure))) => {
                return Err(failure
                    .of_server(self.server())
                    .with_execution(Execution::DidNotRun));
            }
            Ok(Err(OpenError::Call { error, ending })) => {
                return Err(self.unopened(&credentials, error, ending).await);
            }
            Err(_) => return Err(self.too_slow(patience)),
        };
        let live = Live {
            conversation,
            carrier,
            credentials,
            comparison: RwLock::default(),
            is_stale: AtomicBool::new(false),
            comparing: tokio::sync::Mutex::new(()),
            running: AtomicUsize::new(0),
            listening: Mutex::default(),
            level: Mutex::default(),
        };
        match self.compare(&live, Stage::Start).await {
            Ok(()) => {
                self.resubscribe(&live).await;
                Ok(live)
            }
            Err(Refusal::Failure(failure)) => {
                live.conversation.close().await;
                Err(failure)
            }
            Err(Refusal::Rpc(error)) => {
                live.conversation.close().await;
                Err(Failure::new(
                    Code::UpstreamProtocol,
                    format!("`{}` has no lists to compare", upstream.name),
                )
                .cause(format!("it answered with JSON-RPC error {}", error.code))
                .of_server(&upstream.name))
            }
        }
    }

    /// Its token source, restricted to the configured issuer, if any.
    fn token_source(&self) -> Option<Arc<dyn TokenSource>> {
        let tokens = self.ports.tokens.as_ref()?;
        let settings = self.consented.upstream.oauth.as_ref();
        Some(
            match settings.and_then(|settings| settings.issuer.as_deref()) {
                Some(issuer) => tokens.of_issuer(issuer),
                None => Arc::clone(tokens),
            },
        )
    }

    /// Fetches its lists and compares them with the approval.
    async fn compare(self: &Arc<Self>, live: &Live, stage: Stage) -> Result<(), Refusal> {
        // Later changes, and failed fetches, are picked up next time.
        live.is_stale.store(false, Ordering::SeqCst);
        let mut unfetched = Unfetched(Some(live));
        let found = match lists::fetch(&*live.conversation, &self.consented.upstream).await {
            Ok(found) => found,
            Err(error) => return Err(self.refusal(live, stage, error).await),
        };
        let approved = self
            .consented
            .approval
            .catalogue
            .clone()
            .unwrap_or_default();
        let comparison = match self.pin() {
            Pin::Tools => Comparison::off_runtime(approved, &found).await?,
            Pin::Off => Comparison::default(),
        };
        unfetched.0 = None;
        if !comparison.is_equal() {
            tracing::warn!(server = %self.server(), "the lists are not as approved");
        }
        *live
            .comparison
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(comparison);
        let runtime = Arc::clone(self);
        off_runtime(move || runtime.seen(found)).await?;
        Ok(())
    }

    /// Applies observed lists: resources always, tools and prompts only without a pin. Compares
    /// whole lists and indexes every tool, which is nothing for the server's thread.
    fn seen(&self, found: Catalogue) {
        let mut changes = Vec::new();
        {
            let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
            let mut now = Catalogue::clone(&lists);
            let resources_differ = now.resources != found.resources
                || now.templates != found.templates
                || now.skills != found.skills;
            if resources_differ {
                now.resources = found.resources;
                now.templates = found.templates;
                now.skills = found.skills;
                changes.push(ListChange::Resources);
            }
            if self.pin() == Pin::Off {
                if now.tools != found.tools {
                    now.tools = found.tools;
                    changes.push(ListChange::Tools);
                }
                if now.prompts != found.prompts {
                    now.prompts = found.prompts;
                    changes.push(ListChange::Prompts);
                }
                now.instructions = found.instructions;
            }
            if !changes.is_empty() {
                *lists = Arc::new(now);
            }
        }
        if let (false, Some(hub)) = (changes.is_empty(), self.hub.upgrade()) {
            hub.lists_changed(changes);
        }
    }

    /// Compares again if the upstream announced changed lists.
    pub(super) async fn freshen(self: &Arc<Self>, live: &Live) -> Result<(), Refusal> {
        // Lists that are being compared are no longer marked: their comparison is awaited.
        if let Ok(_one) = live.comparing.try_lock()
            && !live.is_stale.load(Ordering::SeqCst)
        {
            return Ok(());
        }
        let _one = live.comparing.lock().await;
        if !live.is_stale.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.compare(live, Stage::Call).await
    }

    /// Refetches changed lists of a running upstream; keeps the old ones on failure.
    pub(crate) async fn refresh_lists(self: &Arc<Self>) {
        let Some(live) = self.live() else { return };
        if self.freshen(&live).await.is_err() {
            tracing::warn!(server = %self.server(), "changed lists could not be fetched");
        }
    }

    /// Fetches its lists until they are stable, and ends it: the input of an approval.
    pub(crate) async fn survey(self: &Arc<Self>) -> Result<Catalogue, Failure> {
        let live = self.acquire(None).await?;
        for _ in 0..MOST_SURVEYS {
            sleep(QUIET).await;
            if !live.is_stale.load(Ordering::SeqCst) {
                break;
            }
            if let Err(Refusal::Failure(failure)) = self.freshen(&live).await {
                self.retire();
                return Err(failure);
            }
        }
        let found = lists::fetch(&*live.conversation, &self.consented.upstream).await;
        let found = match found {
            Ok(found) => Ok(found),
            Err(error) => match self.refusal(&live, Stage::Start, error).await {
                Refusal::Failure(failure) => Err(failure),
                Refusal::Rpc(error) => Err(Failure::new(
                    Code::UpstreamProtocol,
                    format!("`{}` has no lists to approve", self.server()),
                )
                .cause(format!("it answered with JSON-RPC error {}", error.code))),
            },
        };
        self.close().await;
        found
    }

    /// The failure of a start without a conversation. The call that triggered it did not run.
    async fn unopened(
        &self,
        credentials: &UpstreamCredentials,
        error: CallError,
        ending: Ending,
    ) -> Failure {
        if let CallError::Timeout { waited } = error {
            return self.too_slow(waited);
        }
        let scene = FailureContext {
            server: self.server(),
            stage: Stage::Start,
            known: &self.known,
            credentials,
            ending,
        };
        let failure = match scene.refusal(error).await {
            Refusal::Failure(failure) => failure,
            Refusal::Rpc(error) => Failure::new(
                Code::UpstreamProtocol,
                format!("`{}` refused to open a session", self.server()),
            )
            .cause(format!(
                "it answered with JSON-RPC error {}: {}",
                error.code,
                self.known.clean(&error.message, 300)
            ))
            .of_server(self.server()),
        };
        failure.with_execution(Execution::DidNotRun)
    }

    fn too_slow(&self, patience: Duration) -> Failure {
        Failure::new(
            Code::UpstreamTimeout,
            format!(
                "`{}` did not start within {} s",
                self.server(),
                patience.as_secs()
            ),
        )
        .of_server(self.server())
        .with_execution(Execution::DidNotRun)
        .hint("raise `timeouts.start` of the entry if the server needs longer")
    }
}

/// Lists are stable without a change for this long.
const QUIET: Duration = Duration::from_millis(300);
/// Maximum refetches before lists are taken as they are.
const MOST_SURVEYS: usize = 10;
