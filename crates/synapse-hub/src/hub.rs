//! The hub: the current configuration, its runtimes, and change notifications to clients.
//!
//! **Invariant:** creating a hub touches nothing. The configuration is read on first use and again
//! whenever its stamp differs; then upstreams whose entry or approval changed are ended.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ports::StoredUpstream;
use synapse_core::upstream::{Approval, Catalogue, Pin, Upstream};
use synapse_mcp::host::{Caller, Changes, Client, ListChange};
use synapse_mcp::{JsonObject, ProtocolRevision};
use tokio::time::{MissedTickBehavior, interval};

use crate::blocking::off_runtime;
use crate::budget::{ToolCost, estimated_tokens};
use crate::configuration::{Configuration, Read, Stamps, is_same, retire_old};
use crate::failure::{Refusal, tool_denied, tool_not_approved};
use crate::index::{ForApps, Found, Index};
use crate::ports::{Consented, HubPorts};
use crate::roster::{Member, Readiness};
use crate::rows::Rows;
use crate::runtime::{Ask, Owner, Parking, Runtime, Subject};
use crate::settings::HubSettings;
use crate::status::{UpstreamStatus, statuses};

/// The hub. Clones share everything.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<HubState>,
}

/// Shared by the clones of a hub.
pub(crate) struct HubState {
    pub(crate) ports: HubPorts,
    pub(crate) settings: HubSettings,
    changes: Changes,
    state: RwLock<Option<Arc<Configuration>>>,
    reloading: Mutex<()>,
    /// Held while a configuration is read on a separate thread.
    refreshing: tokio::sync::Mutex<()>,
    parking: Parking,
    me: Weak<Self>,
}

impl Hub {
    /// Creates a hub over `ports`. Touches nothing.
    #[must_use]
    pub fn new(ports: HubPorts, settings: HubSettings) -> Self {
        Self {
            inner: Arc::new_cyclic(|me| HubState {
                ports,
                settings,
                changes: Changes::new(),
                state: RwLock::new(None),
                reloading: Mutex::new(()),
                refreshing: tokio::sync::Mutex::new(()),
                parking: Parking::default(),
                me: me.clone(),
            }),
        }
    }

    /// Whether a single upstream is served, under its own names.
    #[must_use]
    pub fn serves_one_alone(&self) -> bool {
        self.inner.settings.selection.is_alone()
    }

    /// Notifications of changes for clients.
    #[must_use]
    pub fn changes(&self) -> Changes {
        self.inner.changes.clone()
    }

    /// Polls for configuration changes until it is dropped, so that an approval in a terminal
    /// reaches an idle IDE. Each poll stats two files.
    pub async fn watch(&self) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            looks.tick().await;
            // A client that never asked gets no notification.
            if self.inner.known().is_some() {
                self.inner.refresh().await;
                self.inner.look_again().await;
            }
        }
    }

    /// The status of each upstream, in file order.
    ///
    /// # Errors
    /// `config.*` or `storage.*` if the configuration cannot be read.
    pub fn status(&self) -> Result<Vec<UpstreamStatus>, Failure> {
        let state = self.inner.current();
        match &state.problem {
            Some(problem) => Err(problem.clone()),
            None => Ok(statuses(&state)),
        }
    }

    /// The context cost of the tools of `server`, or of all.
    ///
    /// # Errors
    /// `config.*` or `storage.*` if the configuration cannot be read, and the failure of a named
    /// server that is not ready.
    pub fn tools(&self, server: Option<&str>) -> Result<Vec<ToolCost>, Failure> {
        let state = self.inner.current();
        if let Some(problem) = &state.problem {
            return Err(problem.clone());
        }
        if let Some(server) = server {
            self.inner.runtime(&state, server)?;
        }
        let tools = state.index.tools.iter();
        Ok(tools
            .filter(|tool| server.is_none_or(|server| tool.runtime.server().as_str() == server))
            .map(|tool| ToolCost {
                server: tool.runtime.server().as_str().to_owned(),
                tool: tool.own.clone(),
                offered: tool.name.clone(),
                bytes: tool.bytes,
                tokens: estimated_tokens(tool.bytes),
            })
            .collect())
    }

    /// Calls a server's tool by its own name and returns the raw result, even with `isError`.
    /// Starts the upstream if necessary, and sends at most one call.
    ///
    /// # Errors
    /// `upstream.*`, `transport.*`, `oauth.*`, `credential.*` or `config.*`.
    pub async fn call(
        &self,
        server: &str,
        tool: &str,
        arguments: JsonObject,
    ) -> Result<JsonObject, Failure> {
        self.inner.refresh().await;
        let runtime = self.inner.runtime(&self.inner.prepared(), server)?;
        if !runtime.consented.upstream.tools.permits(tool) {
            return Err(tool_denied(runtime.server(), tool));
        }
        if runtime.pin() == Pin::Tools && runtime.lists().tool(tool).is_none() {
            return Err(tool_not_approved(runtime.server(), tool));
        }
        let mut params = JsonObject::new();
        params.insert("name".to_owned(), tool.into());
        params.insert("arguments".to_owned(), arguments.into());
        let ask = Ask {
            subject: Subject::Tool(tool.to_owned()),
            method: "tools/call".to_owned(),
            params: params.into(),
            caller: Caller::new(ProtocolRevision::V2026_07_28),
            progress: None,
            client: Client::default(),
        };
        runtime.ask(ask).await.map_err(|refusal| match refusal {
            Refusal::Failure(failure) => failure,
            Refusal::Rpc(error) => Failure::new(
                Code::UpstreamProtocol,
                format!("`{server}` answered with JSON-RPC error {}", error.code),
            )
            .cause(synapse_core::redact::Redactor::none().clean(&error.message, 300))
            .of_server(server)
            .remedy(
                "see its tools",
                &Remedy::ListUpstreamTools {
                    server: runtime.server().clone(),
                },
            ),
        })
    }

    /// Connects to an upstream once under the not yet stored `approval`, waits until its lists are
    /// stable, and ends it: returns the lists an approval pins.
    ///
    /// # Errors
    /// `upstream.*`, `transport.*`, `oauth.*`, `credential.*` or `config.*`.
    pub async fn survey(
        &self,
        upstream: &Upstream,
        approval: &Approval,
    ) -> Result<Catalogue, Failure> {
        let (target, fingerprint) = self
            .inner
            .ports
            .targets
            .target(upstream, approval.start.as_ref())?;
        let consented = Consented {
            upstream: upstream.clone(),
            approval: approval.clone(),
            target,
            fingerprint,
        };
        let nobody = Weak::<HubState>::new();
        let runtime = Arc::new(Runtime::new(consented, self.inner.ports.clone(), nobody));
        runtime.survey().await
    }

    /// Ends every upstream and waits for it. Parked calls are cancelled.
    pub async fn close(&self) {
        self.inner.parking.clear();
        let Some(state) = self.inner.known() else {
            return;
        };
        let mut closing = tokio::task::JoinSet::new();
        for runtime in state
            .members
            .iter()
            .filter_map(|member| member.runtime.clone())
        {
            closing.spawn(async move { runtime.close().await });
        }
        closing.join_all().await;
    }

    pub(crate) fn inner(&self) -> &Arc<HubState> {
        &self.inner
    }
}

impl HubState {
    /// The current configuration. Reads it on first use or if its stamp changed.
    pub(crate) fn current(&self) -> Arc<Configuration> {
        let stamps = self.stamps();
        if let Some(state) = self.known().filter(|state| self.is_fresh(state, stamps)) {
            return state;
        }
        self.reload(Some(stamps))
    }

    /// [`HubState::current`] for an async caller, which then uses [`HubState::prepared`]: large files are
    /// read off the runtime's thread.
    pub(crate) async fn refresh(&self) {
        if self.is_current() {
            return;
        }
        let _one = self.refreshing.lock().await;
        if !self.is_current() {
            self.reload_off_runtime(Some(self.stamps())).await;
        }
    }

    /// The configuration as of the last [`HubState::refresh`].
    pub(crate) fn prepared(&self) -> Arc<Configuration> {
        self.known().unwrap_or_else(|| self.current())
    }

    fn is_current(&self) -> bool {
        let stamps = self.stamps();
        self.known()
            .is_some_and(|state| self.is_fresh(&state, stamps))
    }

    /// [`HubState::reload`], on a separate thread if the files are large.
    async fn reload_off_runtime(&self, unless: Option<Stamps>) {
        let is_large = self.ports.upstreams.is_large() || self.ports.approvals.is_large();
        match self.me.upgrade() {
            Some(inner) if is_large => {
                // A reload that did not end leaves the last state.
                off_runtime(move || drop(inner.reload(unless))).await.ok();
            }
            _ => drop(self.reload(unless)),
        }
    }

    /// Reloads everything, unless another thread already did under these stamps.
    fn reload(&self, unless: Option<Stamps>) -> Arc<Configuration> {
        let _one = self
            .reloading
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = self.known();
        if let (Some(state), Some(stamps)) = (&before, unless)
            && self.is_fresh(state, stamps)
        {
            return Arc::clone(state);
        }
        let read = self.read();
        if let (Some(before), Some(_)) = (&before, unless)
            && before.problem == read.problem
            && before.approvals == read.approvals
            && before.meaning == read.meaning
            && before.is_declared == read.is_declared
            && is_same(&before.stored, &read.stored)
        {
            let same = Arc::new(read.with(
                before.members.clone(),
                Index::of(&before.members, &self.settings.selection),
            ));
            self.replace(Arc::clone(&same));
            return same;
        }
        let members = self.members_of(&read, before.as_deref());
        let index = Index::of(&members, &self.settings.selection);
        let state = Arc::new(read.with(members, index));
        self.replace(Arc::clone(&state));
        if let Some(before) = before {
            retire_old(&before, &state);
            for change in [
                ListChange::Tools,
                ListChange::Prompts,
                ListChange::Resources,
            ] {
                self.tell(change);
            }
        }
        state
    }

    fn read(&self) -> Read {
        // Taken before reading the files, so that a concurrent change is noticed next time.
        let stamps = self.stamps();
        let is_declared = self.ports.upstreams.is_declared();
        let loaded = self
            .ports
            .upstreams
            .load()
            .and_then(|stored| Ok((stored, self.ports.approvals.load()?)));
        let (stored, approvals, problem) = match loaded {
            Ok((stored, approvals)) => (stored, approvals, None),
            Err(failure) => (Vec::new(), Vec::new(), Some(failure)),
        };
        Read {
            stamps,
            meaning: self.meaning(&stored),
            is_declared,
            stored,
            approvals,
            problem,
        }
    }

    fn meaning(&self, stored: &[StoredUpstream]) -> u64 {
        let mut enabled = stored
            .iter()
            .filter_map(|stored| stored.upstream.as_ref().ok())
            .filter(|upstream| !upstream.disabled);
        self.ports.targets.stamp(&mut enabled)
    }

    fn members_of(&self, read: &Read, before: Option<&Configuration>) -> Vec<Arc<Member>> {
        let selection = &self.settings.selection;
        let owner: Weak<dyn Owner> = self.me.clone();
        let selected = read.stored.iter().filter(|stored| {
            let groups = stored.upstream.as_ref().map(|upstream| &*upstream.groups);
            selection.covers(&stored.name, groups.unwrap_or(&[]))
        });
        selected
            .map(|stored| {
                let before = before.and_then(|before| {
                    let mut members = before.members.iter();
                    members.find(|member| member.name == stored.name)
                });
                let before = before.map(|member| &**member);
                Arc::new(Member::of(
                    stored,
                    &read.approvals,
                    before,
                    &self.ports,
                    &owner,
                ))
            })
            .collect()
    }

    /// Reloads everything when an entry that failed to expand, for example because its program was
    /// missing, expands now.
    async fn look_again(&self) {
        let Some(state) = self.known() else { return };
        let is_found = state.members.iter().any(|member| {
            member.is_unexpanded
                && member.upstream.as_ref().is_some_and(|upstream| {
                    let start = state
                        .approvals
                        .iter()
                        .find(|approval| approval.server == upstream.name)
                        .and_then(|approval| approval.start.as_ref());
                    self.ports.targets.target(upstream, start).is_ok()
                })
        });
        if is_found {
            self.reload_off_runtime(None).await;
        }
    }

    pub(crate) fn rows(&self) -> Rows {
        Rows::of(&self.ports)
    }

    /// The runtime of `server`.
    ///
    /// # Errors
    /// `config.not-found`, or why it is not ready.
    pub(crate) fn runtime(
        &self,
        state: &Configuration,
        server: &str,
    ) -> Result<Arc<Runtime>, Failure> {
        if let Some(problem) = &state.problem {
            return Err(problem.clone());
        }
        let member = state.members.iter().find(|member| member.name == server);
        let Some(member) = member else {
            return Err(Failure::new(
                Code::ConfigNotFound,
                format!("no upstream is called `{server}`"),
            )
            .of_server(server));
        };
        match (&member.standing, &member.runtime) {
            (Readiness::Ready, Some(runtime)) => Ok(Arc::clone(runtime)),
            (Readiness::Failed(failure), _) => Err(failure.clone()),
            (Readiness::Disabled | Readiness::Ready, _) => Err(Failure::new(
                Code::UpstreamToolDenied,
                format!("`{server}` is disabled"),
            )
            .of_server(server)
            .hint("remove `disabled` from its entry")),
        }
    }

    /// Resolves a tool name for a call.
    ///
    /// # Errors
    /// The failure of a known tool that is not offered; `None` for an unknown one.
    pub(crate) fn tool(
        state: &Configuration,
        name: &str,
        for_apps: ForApps,
    ) -> Result<(Arc<Runtime>, String), Option<Failure>> {
        match state.index.tool(name, for_apps) {
            Found::Offered(tool) => Ok((Arc::clone(&tool.runtime), tool.own.clone())),
            Found::Withheld(failure) => Err(Some(failure.clone())),
            Found::Ambiguous(names) => Err(Some(
                Failure::new(
                    Code::UpstreamToolDenied,
                    format!(
                        "`{name}` is a tool of several servers: {}",
                        names.join(", ")
                    ),
                )
                .hint("call it by the name that is listed"),
            )),
            Found::Unknown => Err(None),
        }
    }

    fn known(&self) -> Option<Arc<Configuration>> {
        let state = self.state.read();
        state.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, state: Arc<Configuration>) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }

    /// Whether the hub stays silent: no configuration exists, and no flag asks for it.
    pub(crate) fn is_silent(&self, state: &Configuration) -> bool {
        !state.is_declared && self.settings == HubSettings::default()
    }

    /// Whether `state` is still valid.
    fn is_fresh(&self, state: &Configuration, now: Stamps) -> bool {
        state.stamps == now
            && now.0.is_some()
            && now.1.is_some()
            && state.meaning == self.meaning(&state.stored)
    }

    fn stamps(&self) -> Stamps {
        (self.ports.upstreams.stamp(), self.ports.approvals.stamp())
    }
}

impl Owner for HubState {
    fn lists_changed(&self, changes: Vec<ListChange>) {
        {
            let _one = self
                .reloading
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(state) = self.known() {
                self.replace(Arc::new(Configuration {
                    stamps: state.stamps,
                    meaning: state.meaning,
                    is_declared: state.is_declared,
                    stored: state.stored.clone(),
                    approvals: state.approvals.clone(),
                    problem: state.problem.clone(),
                    members: state.members.clone(),
                    index: Index::of(&state.members, &self.settings.selection),
                }));
            }
        }
        for change in changes {
            self.tell(change);
        }
    }

    fn tell(&self, change: ListChange) {
        self.changes.tell(change);
    }

    fn parking(&self) -> Parking {
        self.parking.clone()
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Hub")
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HubState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HubState").finish_non_exhaustive()
    }
}

/// Polling interval for the configuration.
const LOOK: Duration = Duration::from_secs(2);
