//! Scripted upstreams, in-memory stores, and a line-based IDE.

mod ide;
mod stores;
mod upstream;

use std::sync::Arc;

use serde_json::Value;
use synapse_core::ports::CallObserver;
use synapse_core::upstream::{
    Approval, Catalogue, Protocol, Relay, Template, ToolFilter, Upstream, UpstreamTimes,
    UpstreamTransport,
};
use synapse_core::upstream::{Pin, Start};
use synapse_hub::hosts::HubHost;
use synapse_hub::{Hub, HubPorts, HubSettings, Targets as _};
use synapse_mcp::JsonObject;
use synapse_testkit::ports::{
    FixedClock, FixedSecret, HeardCalls, NamedRemedies, SequentialCallIds,
};

pub(crate) use self::ide::Ide;
pub(crate) use self::stores::{
    ByName, Counting, MemoryApprovals, MemoryRows, MemoryUpstreams, StoredEntry, with_variable,
};
pub(crate) use self::upstream::{Answer, Script, Scripted};

/// A hub with its environment.
pub(crate) struct World {
    pub(crate) upstreams: Arc<MemoryUpstreams>,
    pub(crate) approvals: Arc<MemoryApprovals>,
    pub(crate) connector: Arc<Scripted>,
    pub(crate) rows: Arc<MemoryRows>,
    pub(crate) secrets: Arc<FixedSecret>,
    pub(crate) sampling: Arc<Counting>,
    pub(crate) heard: Arc<HeardCalls>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            upstreams: Arc::default(),
            approvals: Arc::default(),
            connector: Arc::default(),
            rows: Arc::default(),
            secrets: Arc::new(FixedSecret::new("fake-0123456789-secret-value")),
            sampling: Arc::default(),
            heard: Arc::default(),
        }
    }

    /// Declares, scripts and approves an upstream.
    pub(crate) fn with(self, script: Script) -> Self {
        self.add(entry(&script.name), script);
        self
    }

    /// Adds, scripts and approves an upstream with a custom entry.
    pub(crate) fn with_entry(self, upstream: Upstream, script: Script) -> Self {
        self.add(upstream, script);
        self
    }

    pub(crate) fn add(&self, upstream: Upstream, script: Script) {
        self.approve(&upstream, Some(script.catalogue()));
        self.declare(upstream);
        self.connector.add(script);
    }

    pub(crate) fn declare(&self, upstream: Upstream) {
        self.upstreams.put(StoredEntry {
            name: upstream.name.to_string(),
            upstream: Ok(upstream),
        });
    }

    pub(crate) fn approve(&self, upstream: &Upstream, catalogue: Option<Catalogue>) {
        let (_, fingerprint) = ByName.target(upstream, None).unwrap();
        self.approvals.put(Approval {
            server: upstream.name.clone(),
            fingerprint,
            start: Some(Start {
                program: "/bin/server".to_owned(),
                search_path: None,
            }),
            catalogue: catalogue.map(Arc::new),
            approved_at: synapse_core::time::Timestamp::from_millis(0),
        });
    }

    pub(crate) fn hub_with(&self, settings: HubSettings) -> Hub {
        Hub::new(
            HubPorts {
                upstreams: self.upstreams.clone(),
                approvals: self.approvals.clone(),
                targets: Arc::new(ByName),
                connector: self.connector.clone(),
                secrets: self.secrets.clone(),
                tokens: None,
                sampling: Some(self.sampling.clone()),
                ledger: self.rows.clone(),
                observers: [self.heard.clone() as Arc<dyn CallObserver>]
                    .into_iter()
                    .collect(),
                clock: Arc::new(FixedClock::default()),
                call_ids: Arc::new(SequentialCallIds::default()),
                remedies: Arc::new(NamedRemedies),
            },
            settings,
        )
    }

    pub(crate) fn hub(&self) -> Hub {
        self.hub_with(HubSettings::default())
    }

    /// An IDE of the legacy era with the given capabilities.
    pub(crate) async fn legacy(&self, capabilities: Value) -> Ide {
        Ide::legacy(&self.hub(), capabilities).await
    }

    /// An IDE of the modern era with the given capabilities.
    pub(crate) fn modern(&self, capabilities: Value) -> Ide {
        Ide::modern(&self.hub(), capabilities)
    }
}

/// An entry that starts a program.
pub(crate) fn entry(name: &str) -> Upstream {
    Upstream {
        name: name.parse().unwrap(),
        transport: UpstreamTransport::Stdio {
            command: Template::text("server"),
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
        },
        disabled: false,
        note: None,
        groups: Vec::new(),
        tools: ToolFilter::default(),
        relay: Relay::default(),
        pin: Pin::Tools,
        protocol: Protocol::Negotiated,
        times: UpstreamTimes::default(),
        sampling_connection: None,
        env_file: None,
        oauth: None,
        ignored: Vec::new(),
    }
}

pub(crate) fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

pub(crate) fn host(hub: &Hub) -> Arc<HubHost> {
    Arc::new(HubHost::new(hub.clone()))
}

/// The names in a list.
pub(crate) fn names(list: &Value) -> Vec<String> {
    let items = list.as_array().unwrap().iter();
    items
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}
