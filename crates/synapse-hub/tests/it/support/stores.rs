//! Ports in memory.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Map, Value};
use synapse_core::call::CallId;
use synapse_core::engine::{SamplingAnswer, SamplingCall};
use synapse_core::error::Failure;
use synapse_core::ledger::{HubClosing, HubOpening};
use synapse_core::ports::{ApprovalStore, HubLedger, StoredUpstream, UpstreamStore, Written};
use synapse_core::upstream::{
    Approval, Fingerprint, Start, Target, Template, Upstream, UpstreamName, UpstreamTransport,
};
use synapse_hub::{SamplingMeter, SamplingSlot, Targets};

/// An entry of the configuration.
#[derive(Debug, Clone)]
pub(crate) struct StoredEntry {
    pub(crate) name: String,
    pub(crate) upstream: Result<Upstream, Failure>,
}

/// The configuration.
#[derive(Debug, Default)]
pub(crate) struct MemoryUpstreams {
    entries: Mutex<Vec<StoredEntry>>,
    changes: AtomicU64,
    pub(crate) loads: AtomicUsize,
    pub(crate) broken: Mutex<Option<Failure>>,
}

impl MemoryUpstreams {
    pub(crate) fn put(&self, entry: StoredEntry) {
        let mut entries = self.entries.lock().unwrap();
        entries.retain(|each| each.name != entry.name);
        entries.push(entry);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn take(&self, name: &str) {
        self.entries
            .lock()
            .unwrap()
            .retain(|each| each.name != name);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn break_with(&self, failure: Failure) {
        *self.broken.lock().unwrap() = Some(failure);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }
}

impl UpstreamStore for MemoryUpstreams {
    fn load(&self) -> Result<Vec<StoredUpstream>, Failure> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        if let Some(failure) = &*self.broken.lock().unwrap() {
            return Err(failure.clone());
        }
        let entries = self.entries.lock().unwrap();
        Ok(entries
            .iter()
            .map(|entry| StoredUpstream {
                name: entry.name.clone(),
                upstream: entry.upstream.clone(),
                warnings: Vec::new(),
            })
            .collect())
    }

    fn stamp(&self) -> Option<u64> {
        Some(self.changes.load(Ordering::SeqCst))
    }

    fn insert(&self, _: &UpstreamName, _: &Map<String, Value>) -> Result<(), Failure> {
        unreachable!()
    }

    fn remove(&self, _: &UpstreamName) -> Result<(), Failure> {
        unreachable!()
    }
}

/// Approvals.
#[derive(Debug, Default)]
pub(crate) struct MemoryApprovals {
    approvals: Mutex<Vec<Approval>>,
    changes: AtomicU64,
    /// Whether they count as many to read.
    pub(crate) are_large: AtomicBool,
    /// How often they were read.
    pub(crate) loads: AtomicUsize,
}

impl MemoryApprovals {
    pub(crate) fn put(&self, approval: Approval) {
        let mut approvals = self.approvals.lock().unwrap();
        approvals.retain(|each| each.server != approval.server);
        approvals.push(approval);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }
}

impl ApprovalStore for MemoryApprovals {
    fn load(&self) -> Result<Vec<Approval>, Failure> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        Ok(self.approvals.lock().unwrap().clone())
    }

    fn stamp(&self) -> Option<u64> {
        Some(self.changes.load(Ordering::SeqCst))
    }

    fn is_large(&self) -> bool {
        self.are_large.load(Ordering::SeqCst)
    }

    fn keep(&self, approval: &Approval) -> Result<(), Failure> {
        self.put(approval.clone());
        Ok(())
    }

    fn withdraw(&self, server: &UpstreamName) -> Result<(), Failure> {
        self.approvals
            .lock()
            .unwrap()
            .retain(|each| each.server != *server);
        self.changes.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// Targets built from the entry, with its text as fingerprint.
#[derive(Debug)]
pub(crate) struct ByName;

impl Targets for ByName {
    fn target(
        &self,
        upstream: &Upstream,
        _start: Option<&Start>,
    ) -> Result<(Target, Fingerprint), Failure> {
        let target = match &upstream.transport {
            UpstreamTransport::Stdio {
                command,
                environment,
                ..
            } => Target::Program {
                program: format!("/bin/{}", command.plain().unwrap()),
                arguments: Vec::new(),
                directory: "/".to_owned(),
                environment: environment.clone(),
            },
            UpstreamTransport::Http { url, headers, .. } => Target::Url {
                url: url.plain().unwrap().parse().unwrap(),
                headers: headers.clone(),
            },
        };
        let text = format!("{:?}", upstream.transport);
        let mut digest = [0_u64; 4];
        for (number, byte) in text.bytes().enumerate() {
            let slot = &mut digest[number % 4];
            *slot = slot.wrapping_mul(31).wrapping_add(u64::from(byte));
        }
        let hex: String = digest.iter().map(|each| format!("{each:016x}")).collect();
        Ok((target, Fingerprint::from_hex(&hex).unwrap()))
    }

    fn workspace(&self) -> Option<String> {
        None
    }
}

/// Adds an environment variable.
pub(crate) fn with_variable(mut upstream: Upstream, name: &str, value: Template) -> Upstream {
    if let UpstreamTransport::Stdio { environment, .. } = &mut upstream.transport {
        environment.push((name.to_owned(), value));
    }
    upstream
}

/// Rows of the hub.
#[derive(Debug, Default)]
pub(crate) struct MemoryRows {
    pub(crate) opened: Mutex<Vec<HubOpening>>,
    pub(crate) departed: Mutex<Vec<CallId>>,
    pub(crate) closed: Mutex<Vec<HubClosing>>,
}

impl HubLedger for MemoryRows {
    fn begin(&self, opening: HubOpening) -> Written {
        self.opened.lock().unwrap().push(opening);
        Box::pin(std::future::ready(Ok(())))
    }

    fn departing(&self, call_id: CallId, _bytes_out: u64) -> Written {
        self.departed.lock().unwrap().push(call_id);
        Box::pin(std::future::ready(Ok(())))
    }

    fn end(&self, closing: HubClosing) -> Written {
        self.closed.lock().unwrap().push(closing);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Counts sampling requests, and refuses them for the connection `closed`.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) admitted: AtomicUsize,
    pub(crate) answered: Arc<AtomicUsize>,
}

#[async_trait]
impl SamplingMeter for Counting {
    async fn admit(&self, asked: SamplingCall) -> Result<Box<dyn SamplingSlot>, Failure> {
        if asked.connection == "closed" {
            return Err(Failure::new(
                synapse_core::Code::PolicyBudgetExceeded,
                "the limit is reached",
            ));
        }
        self.admitted.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Slot(Arc::clone(&self.answered))))
    }
}

struct Slot(Arc<AtomicUsize>);

#[async_trait]
impl SamplingSlot for Slot {
    async fn answered(self: Box<Self>, _answer: SamplingAnswer) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
