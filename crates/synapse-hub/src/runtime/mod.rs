//! One approved upstream during `serve`: started by its first call, compared with its catalogue
//! before the call is sent, ended when its entry changes or the hub ends.
//!
//! **Invariant:** an upstream has at most one start in progress and one live conversation. A failed
//! start is reported to everyone waiting for it, and only a later call starts again.

mod ask;
mod eras;
mod hearing;
mod lists;
mod live;
mod parked;
mod pulse;
mod relaying;
mod starting;
mod subscriptions;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};

use synapse_core::error::{Code, Execution, Failure};
use synapse_core::ledger::HubFacts;
use synapse_core::upstream::{Catalogue, Pin, Target, UpstreamName};
use synapse_mcp::client::CallError;
use synapse_mcp::host::{Caller, ListChange};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

pub(crate) use self::ask::{Ask, Subject};
use self::live::{Live, Use};
pub(crate) use self::parked::Parking;
use crate::compare::Comparison;
use crate::failure::{FailureContext, Refusal, Stage};
use crate::ports::{Consented, Ending, HubPorts};
use crate::rows::Rows;
use crate::secrets::Known;

/// One approved upstream during `serve`.
pub(crate) struct Runtime {
    pub(crate) consented: Consented,
    ports: HubPorts,
    hub: Weak<dyn Owner>,
    slot: Mutex<Slot>,
    /// The listed items: tools and prompts as approved, or as last seen without a pin; resources as
    /// last seen.
    lists: RwLock<Arc<Catalogue>>,
    /// The URIs it linked to.
    links: Mutex<HashSet<String>>,
    /// The resources clients are subscribed to.
    subscriptions: Mutex<BTreeSet<String>>,
    /// Why its last start failed.
    last_failure: Mutex<Option<Failure>>,
    /// Counts calls, to detect one during the idle timeout.
    calls: AtomicUsize,
    known: Known,
    /// The hash of the approved catalogue.
    hash: OnceLock<Option<String>>,
}

/// The hub as its runtimes see it.
pub(crate) trait Owner: fmt::Debug + Send + Sync {
    /// Applies new lists of a runtime, and notifies clients.
    fn lists_changed(&self, changes: Vec<ListChange>);

    /// Notifies clients.
    fn tell(&self, change: ListChange);

    /// The suspended calls of all runtimes.
    fn parking(&self) -> Parking;
}

enum Slot {
    Idle,
    Starting(watch::Receiver<Started>, AbortHandle),
    Live(Arc<Live>),
    Retired,
}

type Started = Option<Result<Arc<Live>, Failure>>;

impl Runtime {
    pub(crate) fn new(consented: Consented, ports: HubPorts, hub: Weak<dyn Owner>) -> Self {
        let lists = consented.approval.catalogue.clone().unwrap_or_default();
        Self {
            consented,
            ports,
            hub,
            slot: Mutex::new(Slot::Idle),
            lists: RwLock::new(lists),
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

    /// The current lists.
    pub(crate) fn lists(&self) -> Arc<Catalogue> {
        let lists = self.lists.read();
        Arc::clone(&lists.unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether it linked to `uri` in a result.
    pub(crate) fn linked(&self, uri: &str) -> bool {
        lock(&self.links).contains(uri)
    }

    /// The live conversation, if any; starts nothing.
    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        match &*lock(&self.slot) {
            Slot::Live(live) if live.conversation.is_open() => Some(Arc::clone(live)),
            Slot::Live(_) | Slot::Idle | Slot::Starting(..) | Slot::Retired => None,
        }
    }

    /// Whether it is running and announced changed lists.
    pub(crate) fn is_stale(&self) -> bool {
        self.live()
            .is_some_and(|live| live.is_stale.load(Ordering::SeqCst))
    }

    /// Whether it is being started.
    pub(crate) fn is_starting(&self) -> bool {
        matches!(&*lock(&self.slot), Slot::Starting(..))
    }

    /// Its process id.
    pub(crate) fn process(&self) -> Option<u32> {
        self.live()?.carrier.process()
    }

    /// Why its last start failed.
    pub(crate) fn last_failure(&self) -> Option<Failure> {
        lock(&self.last_failure).clone()
    }

    /// The differences from the approval, as far as observed.
    pub(crate) fn differences(&self) -> Option<Arc<Comparison>> {
        let live = self.live()?;
        Some(live.comparison()).filter(|found| !found.is_equal())
    }

    /// The live upstream; starts it if necessary. Concurrent callers share one start.
    pub(crate) async fn acquire(
        self: &Arc<Self>,
        caller: Option<&Caller>,
    ) -> Result<Arc<Live>, Failure> {
        let mut starting = {
            let mut slot = lock(&self.slot);
            match &*slot {
                Slot::Live(live) if live.conversation.is_open() => return Ok(Arc::clone(live)),
                Slot::Starting(starting, _) => starting.clone(),
                Slot::Retired => return Err(self.retired()),
                Slot::Idle | Slot::Live(_) => {
                    let (tell, starting) = watch::channel(None);
                    let runtime = Arc::clone(self);
                    let caller = caller.cloned();
                    let task = tokio::spawn(async move {
                        let started = runtime.recorded_start(caller.as_ref()).await;
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

    /// Records the result of a start.
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

    pub(crate) fn rows(&self) -> Rows {
        Rows::of(&self.ports)
    }

    /// The facts for rows.
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

    async fn refusal(&self, live: &Live, stage: Stage, error: CallError) -> Refusal {
        if let CallError::Http {
            status: 401 | 403, ..
        } = &error
            && self.has_secret_headers()
        {
            // The next call resolves the secrets again; they may have been rotated.
            live.conversation.close().await;
        }
        let ending = match &error {
            CallError::Ended { .. } => live.carrier.ending().await,
            _ => Ending::default(),
        };
        let scene = FailureContext {
            server: self.server(),
            stage,
            known: &self.known,
            credentials: &*live.credentials,
            ending,
        };
        scene.refusal(error).await
    }

    /// Ends it permanently: its entry or approval changed.
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

    /// Stops it after the configured idle time.
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
                // A call increments the counter before checking for this conversation, and then
                // uses it or starts another.
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
        .of_server(self.server())
        .with_execution(Execution::DidNotRun)
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
