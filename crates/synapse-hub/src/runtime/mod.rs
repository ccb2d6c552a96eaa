//! One approved upstream while `serve` runs: started by its first call, compared with its catalogue
//! before the call leaves, ended when its entry changes or the hub ends.
//!
//! **Invariant:** an upstream has at most one start under way and one live conversation. A start that
//! fails is told to everyone who waits for it, and only a later call starts again.

mod ask;
mod eras;
mod listening;
mod lists;
mod parked;
mod pulse;
mod relaying;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{HubFacts, HubKind};
use synapse_core::upstream::{Catalogue, Pin, Target, UpstreamName};
use synapse_mcp::client::{CallError, Conversation};
use synapse_mcp::host::{Change, LogLevel};
use synapse_mcp::{Era, JsonObject};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

pub(crate) use self::ask::{Ask, Subject};
pub(crate) use self::parked::Parking;
use crate::compare::Comparison;
use crate::failure::{Refusal, Scene, Stage};
use crate::hub::Inner;
use crate::ports::{Carrier, Connected, Consented, Ending, Events, HubPorts, OpenError, Opening};
use crate::relay::relay_capabilities;
use crate::rows::Rows;
use crate::secrets::{Known, UpstreamCredentials};

/// See the module.
pub(crate) struct Runtime {
    pub(crate) consented: Consented,
    ports: HubPorts,
    hub: Weak<Inner>,
    slot: Mutex<Slot>,
    /// What is listed: tools and prompts as approved, or as last seen without a pin; resources as
    /// last seen.
    lists: RwLock<Arc<Catalogue>>,
    /// The URIs that it linked to.
    links: Mutex<HashSet<String>>,
    /// The resources whose changes clients want to know.
    subscriptions: Mutex<BTreeSet<String>>,
    /// Why its last start failed.
    last_failure: Mutex<Option<Failure>>,
    /// Counts calls, to tell whether one came while the idle stop waited.
    calls: AtomicUsize,
    known: Known,
    /// The hash of the approved catalogue.
    hash: OnceLock<Option<String>>,
}

enum Slot {
    Idle,
    Starting(watch::Receiver<Started>, AbortHandle),
    Live(Arc<Live>),
    Retired,
}

type Started = Option<Result<Arc<Live>, Failure>>;

/// An upstream that runs.
pub(crate) struct Live {
    pub(crate) conversation: Arc<dyn Conversation>,
    carrier: Arc<dyn Carrier>,
    credentials: Arc<UpstreamCredentials>,
    comparison: RwLock<Arc<Comparison>>,
    /// Its tools or prompts changed since they were compared.
    is_stale: AtomicBool,
    /// One task at a time compares again.
    comparing: tokio::sync::Mutex<()>,
    running: AtomicUsize,
    /// The stream of changes.
    listening: Mutex<Option<AbortHandle>>,
    /// The log messages that were asked for.
    level: Mutex<Option<LogLevel>>,
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(listening) = lock(&self.listening).take() {
            listening.abort();
        }
    }
}

impl Live {
    pub(crate) fn era(&self) -> Era {
        self.conversation.hello().revision.era()
    }

    fn comparison(&self) -> Arc<Comparison> {
        let comparison = self.comparison.read();
        Arc::clone(&comparison.unwrap_or_else(PoisonError::into_inner))
    }
}

/// Marks the lists as stale again, unless they were fetched.
struct Unfetched<'a>(Option<&'a Live>);

impl Drop for Unfetched<'_> {
    fn drop(&mut self) {
        if let Some(live) = self.0 {
            live.is_stale.store(true, Ordering::SeqCst);
        }
    }
}

/// Counts one call as running, for as long as it lives; a parked call runs too.
struct Use(Arc<Live>);

impl Use {
    fn of(live: &Arc<Live>) -> Self {
        live.running.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(live))
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Runtime {
    pub(crate) fn new(consented: Consented, ports: HubPorts, hub: Weak<Inner>) -> Self {
        let lists = consented.approval.catalogue.clone().unwrap_or_default();
        Self {
            consented,
            ports,
            hub,
            slot: Mutex::new(Slot::Idle),
            lists: RwLock::new(Arc::new(lists)),
            links: Mutex::default(),
            subscriptions: Mutex::default(),
            last_failure: Mutex::default(),
            calls: AtomicUsize::new(0),
            known: Known::default(),
            hash: OnceLock::new(),
        }
    }

    pub(crate) fn server(&self) -> &UpstreamName {
        &self.consented.upstream.name
    }

    pub(crate) fn pin(&self) -> Pin {
        self.consented.upstream.pin
    }

    /// What is listed now.
    pub(crate) fn lists(&self) -> Arc<Catalogue> {
        let lists = self.lists.read();
        Arc::clone(&lists.unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether it linked to `uri` in a result.
    pub(crate) fn linked(&self, uri: &str) -> bool {
        lock(&self.links).contains(uri)
    }

    /// The live conversation, if there is one; starts nothing.
    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        match &*lock(&self.slot) {
            Slot::Live(live) if live.conversation.is_open() => Some(Arc::clone(live)),
            Slot::Live(_) | Slot::Idle | Slot::Starting(..) | Slot::Retired => None,
        }
    }

    /// Whether it runs and said that its lists changed.
    pub(crate) fn is_stale(&self) -> bool {
        self.live()
            .is_some_and(|live| live.is_stale.load(Ordering::SeqCst))
    }

    /// Whether it is being started.
    pub(crate) fn is_starting(&self) -> bool {
        matches!(&*lock(&self.slot), Slot::Starting(..))
    }

    /// The id of its process.
    pub(crate) fn process(&self) -> Option<u32> {
        self.live()?.carrier.process()
    }

    /// Why its last start failed.
    pub(crate) fn last_failure(&self) -> Option<Failure> {
        lock(&self.last_failure).clone()
    }

    /// What differs from the approval, as far as it was seen running.
    pub(crate) fn differences(&self) -> Option<Arc<Comparison>> {
        let live = self.live()?;
        Some(live.comparison()).filter(|found| !found.is_equal())
    }

    /// The live upstream; starts it if it does not run. Who comes while it is being started waits
    /// for that start.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Result<Arc<Live>, Failure> {
        let mut starting = {
            let mut slot = lock(&self.slot);
            match &*slot {
                Slot::Live(live) if live.conversation.is_open() => return Ok(Arc::clone(live)),
                Slot::Starting(starting, _) => starting.clone(),
                Slot::Retired => return Err(self.retired()),
                Slot::Idle | Slot::Live(_) => {
                    let (tell, starting) = watch::channel(None);
                    let runtime = Arc::clone(self);
                    let task = tokio::spawn(async move {
                        let started = runtime.recorded_start().await;
                        tell.send_replace(Some(runtime.settle(started)));
                    });
                    let now = Slot::Starting(starting.clone(), task.abort_handle());
                    if let Slot::Live(dead) = std::mem::replace(&mut *slot, now) {
                        tokio::spawn(async move { dead.conversation.close().await });
                    }
                    starting
                }
            }
        };
        let started = starting.wait_for(Option::is_some).await;
        match started.ok().and_then(|started| started.clone()) {
            Some(started) => started,
            None => Err(self.retired()),
        }
    }

    /// Takes note of how a start went.
    fn settle(&self, started: Result<Live, Failure>) -> Result<Arc<Live>, Failure> {
        let mut slot = lock(&self.slot);
        match started {
            Ok(live) => {
                let live = Arc::new(live);
                if let Slot::Retired = &*slot {
                    let late = Arc::clone(&live);
                    tokio::spawn(async move { late.conversation.close().await });
                    return Err(self.retired());
                }
                *slot = Slot::Live(Arc::clone(&live));
                *lock(&self.last_failure) = None;
                Ok(live)
            }
            Err(failure) => {
                if !matches!(&*slot, Slot::Retired) {
                    *slot = Slot::Idle;
                }
                *lock(&self.last_failure) = Some(failure.clone());
                Err(failure)
            }
        }
    }

    /// A start with its row.
    async fn recorded_start(self: &Arc<Self>) -> Result<Live, Failure> {
        let mut row = self
            .rows()
            .begin(HubKind::Start, None, None, self.facts(None));
        row.departing(0).await;
        let started = self.start().await;
        match &started {
            Ok(live) => {
                row.facts = self.facts(Some(live));
                row.end(None, 0).await;
            }
            Err(failure) => row.end(Some(failure), 0).await,
        }
        started
    }

    pub(crate) fn rows(&self) -> Rows {
        Rows {
            ledger: Arc::clone(&self.ports.ledger),
            clock: Arc::clone(&self.ports.clock),
            call_ids: Arc::clone(&self.ports.call_ids),
        }
    }

    /// What rows say of it.
    pub(crate) fn facts(&self, live: Option<&Live>) -> HubFacts {
        let transport = match &self.consented.target {
            Target::Program { .. } => "stdio",
            Target::Url { .. } => "streamable-http",
        };
        let hash = self.hash.get_or_init(|| {
            let approved = self.consented.approval.catalogue.as_ref();
            approved.map(|approved| approved.hash().to_string())
        });
        HubFacts {
            transport: Some(transport.to_owned()),
            era: live.map(|live| live.conversation.hello().revision.as_str().to_owned()),
            catalogue: hash.clone(),
            ..HubFacts::of(self.server().as_str())
        }
    }

    async fn start(self: &Arc<Self>) -> Result<Live, Failure> {
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
            tokens: self.ports.tokens.clone(),
            workspace: self.ports.targets.workspace(),
            sent: Mutex::default(),
            known: self.known.clone(),
        });
        let start = approval.start.as_ref();
        let opening = Opening {
            server: upstream.name.clone(),
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
                    .with("server", self.server())
                    .with("may_have_run", "no"));
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
                .with("server", &upstream.name))
            }
        }
    }

    /// Fetches its lists and holds them against what was approved.
    async fn compare(&self, live: &Live, stage: Stage) -> Result<(), Refusal> {
        // What changes from now on is seen next time; so is what could not be fetched.
        live.is_stale.store(false, Ordering::SeqCst);
        let mut unfetched = Unfetched(Some(live));
        let found = match lists::fetch(&*live.conversation, &self.consented.upstream).await {
            Ok(found) => found,
            Err(error) => return Err(self.refusal(live, stage, error).await),
        };
        unfetched.0 = None;
        let approved = self
            .consented
            .approval
            .catalogue
            .clone()
            .unwrap_or_default();
        let comparison = match self.pin() {
            Pin::Tools => Comparison::of(&approved, &found),
            Pin::Off => Comparison::default(),
        };
        if !comparison.is_equal() {
            tracing::warn!(server = %self.server(), "the lists are not as approved");
        }
        *live
            .comparison
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(comparison);
        self.seen(found);
        Ok(())
    }

    /// Takes over what was seen: resources always, tools and prompts without a pin.
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
                changes.push(Change::Resources);
            }
            if self.pin() == Pin::Off {
                if now.tools != found.tools {
                    now.tools = found.tools;
                    changes.push(Change::Tools);
                }
                if now.prompts != found.prompts {
                    now.prompts = found.prompts;
                    changes.push(Change::Prompts);
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

    /// Compares again when the upstream said that its lists changed.
    async fn freshen(&self, live: &Live) -> Result<(), Refusal> {
        if !live.is_stale.load(Ordering::SeqCst) {
            return Ok(());
        }
        let _one = live.comparing.lock().await;
        if !live.is_stale.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.compare(live, Stage::Call).await
    }

    /// Fetches lists again that the upstream said have changed, if it runs; keeps the old ones when
    /// that fails.
    pub(crate) async fn refresh_lists(&self) {
        let Some(live) = self.live() else { return };
        if self.freshen(&live).await.is_err() {
            tracing::warn!(server = %self.server(), "changed lists could not be fetched");
        }
    }

    /// Fetches its lists until they are quiet, and ends it: what an approval pins.
    pub(crate) async fn survey(self: &Arc<Self>) -> Result<Catalogue, Failure> {
        let live = self.acquire().await?;
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

    async fn refusal(&self, live: &Live, stage: Stage, error: CallError) -> Refusal {
        if let CallError::Http {
            status: 401 | 403, ..
        } = &error
            && self.has_secret_headers()
        {
            // The next call reads the secrets anew; they may have been replaced.
            live.conversation.close().await;
        }
        let ending = match &error {
            CallError::Ended { .. } => live.carrier.ending().await,
            _ => Ending::default(),
        };
        let scene = Scene {
            server: self.server(),
            stage,
            known: &self.known,
            credentials: &*live.credentials,
            ending,
        };
        scene.refusal(error).await
    }

    /// The failure of a start that opened no conversation. The call that wanted it did not run.
    async fn unopened(
        &self,
        credentials: &UpstreamCredentials,
        error: CallError,
        ending: Ending,
    ) -> Failure {
        if let CallError::Timeout { waited } = error {
            return self.too_slow(waited);
        }
        let scene = Scene {
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
            .with("server", self.server()),
        };
        failure.with("may_have_run", "no")
    }

    /// Ends it for good: its entry or its approval is another one now.
    pub(crate) fn retire(&self) {
        match std::mem::replace(&mut *lock(&self.slot), Slot::Retired) {
            Slot::Starting(_, task) => task.abort(),
            Slot::Live(live) => {
                tokio::spawn(async move { live.conversation.close().await });
            }
            Slot::Idle | Slot::Retired => {}
        }
    }

    /// Ends it and waits for that.
    pub(crate) async fn close(&self) {
        let before = std::mem::replace(&mut *lock(&self.slot), Slot::Retired);
        match before {
            Slot::Starting(_, task) => task.abort(),
            Slot::Live(live) => live.conversation.close().await,
            Slot::Idle | Slot::Retired => {}
        }
    }

    /// Stops it after the time without a call that its owner set.
    fn stop_when_idle(self: &Arc<Self>) {
        let Some(idle) = self.consented.upstream.times.idle_stop else {
            return;
        };
        let calls = self.calls.load(Ordering::SeqCst);
        let runtime = Arc::downgrade(self);
        tokio::spawn(async move {
            sleep(idle).await;
            let Some(runtime) = runtime.upgrade() else {
                return;
            };
            let idle = {
                let mut slot = lock(&runtime.slot);
                // A call counts itself before it looks here, and finds this one or starts another.
                let unused = runtime.calls.load(Ordering::SeqCst) == calls;
                match &*slot {
                    Slot::Live(live) if unused && live.running.load(Ordering::SeqCst) == 0 => {
                        let live = Arc::clone(live);
                        *slot = Slot::Idle;
                        Some(live)
                    }
                    Slot::Live(_) | Slot::Idle | Slot::Starting(..) | Slot::Retired => None,
                }
            };
            if let Some(live) = idle {
                live.conversation.close().await;
            }
        });
    }

    fn has_secret_headers(&self) -> bool {
        match &self.consented.target {
            Target::Url { headers, .. } => headers
                .iter()
                .any(|(_, value)| value.secrets().next().is_some()),
            Target::Program { .. } => false,
        }
    }

    fn retired(&self) -> Failure {
        Failure::new(
            Code::UpstreamChanged,
            format!("the entry of `{}` changed; call again", self.server()),
        )
        .with("server", self.server())
        .with("may_have_run", "no")
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
        .with("server", self.server())
        .with("may_have_run", "no")
        .hint("raise `startTimeout` of the entry if the server needs longer")
    }
}

/// Hears what an upstream says unasked.
struct Hearing(Weak<Runtime>);

impl Events for Hearing {
    fn notified(&self, method: &str, params: JsonObject) {
        let Some(runtime) = self.0.upgrade() else {
            return;
        };
        let tell = |change| {
            if let Some(hub) = runtime.hub.upgrade() {
                hub.tell(change);
            }
        };
        let stale = || {
            if let Slot::Live(live) = &*lock(&runtime.slot) {
                live.is_stale.store(true, Ordering::SeqCst);
            }
        };
        match method {
            // A pinned list stays as it is; without a pin the IDE asks again and gets the new one.
            "notifications/tools/list_changed" => {
                stale();
                if runtime.follows() {
                    tell(Change::Tools);
                }
            }
            "notifications/prompts/list_changed" => {
                stale();
                if runtime.follows() {
                    tell(Change::Prompts);
                }
            }
            "notifications/resources/list_changed" => {
                stale();
                tell(Change::Resources);
            }
            "notifications/resources/updated" => {
                if let Some(uri) = params.get("uri").and_then(serde_json::Value::as_str) {
                    tell(Change::Resource {
                        uri: uri.to_owned(),
                    });
                }
            }
            _ => {}
        }
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Runtime")
            .field("server", self.server())
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lists are quiet when no change was told for so long.
const QUIET: Duration = Duration::from_millis(300);
/// How often lists are fetched again before they are taken as they are.
const MOST_SURVEYS: usize = 10;
