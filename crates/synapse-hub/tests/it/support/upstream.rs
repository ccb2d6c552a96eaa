//! Scripted upstreams that count requests.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_core::error::Failure;
use synapse_core::upstream::Catalogue;
use synapse_hub::{Carrier, Connected, Connector, Ending, Events, OpenError, Opening};
use synapse_mcp::client::{CallError, Conversation, Hello, MayHaveRun, Negotiation, Outgoing};
use synapse_mcp::{JsonObject, ProtocolRevision};

use super::object;

/// An upstream's answer.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<JsonObject, CallError>> + Send>>;

type Handler = Arc<dyn Fn(Outgoing) -> Answer + Send + Sync>;

/// The script of an upstream.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) revision: ProtocolRevision,
    pub(crate) capabilities: Value,
    pub(crate) instructions: Option<String>,
    /// The lists by method.
    pub(crate) lists: HashMap<&'static str, Vec<Value>>,
    pub(crate) handler: Handler,
    /// Fails each start.
    pub(crate) unstartable: Option<Failure>,
}

impl Script {
    /// A legacy upstream with the given tools, which echoes its call.
    pub(crate) fn legacy(name: &str, tools: Vec<Value>) -> Self {
        Self::new(name, ProtocolRevision::V2025_11_25, tools)
    }

    /// A modern one.
    pub(crate) fn modern(name: &str, tools: Vec<Value>) -> Self {
        Self::new(name, ProtocolRevision::V2026_07_28, tools)
    }

    fn new(name: &str, revision: ProtocolRevision, tools: Vec<Value>) -> Self {
        let server = name.to_owned();
        Self {
            name: name.to_owned(),
            revision,
            capabilities: json!({"tools": {}}),
            instructions: None,
            lists: HashMap::from([("tools/list", tools)]),
            handler: Arc::new(move |outgoing| {
                let text = format!("{server}: {}", Value::Object(outgoing.params));
                let result = json!({"content": [{"type": "text", "text": text}]});
                Box::pin(async move { Ok(object(result)) })
            }),
            unstartable: None,
        }
    }

    pub(crate) fn list(
        mut self,
        capability: &str,
        method: &'static str,
        items: Vec<Value>,
    ) -> Self {
        self.capabilities[capability] = json!({});
        self.lists.insert(method, items);
        self
    }

    pub(crate) fn answering(
        mut self,
        handler: impl Fn(Outgoing) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.handler = Arc::new(handler);
        self
    }

    /// Answers every call with the same value.
    pub(crate) fn saying(self, result: Value) -> Self {
        self.answering(move |_| {
            let result = object(result.clone());
            Box::pin(async move { Ok(result) })
        })
    }

    /// A list; tools that the test gave no schema take any object.
    fn listed(&self, method: &str) -> Vec<Value> {
        let mut items = self.lists.get(method).cloned().unwrap_or_default();
        if method == "tools/list" {
            for tool in items.iter_mut().filter_map(Value::as_object_mut) {
                tool.entry("inputSchema")
                    .or_insert_with(|| json!({"type": "object"}));
            }
        }
        items
    }

    pub(crate) fn catalogue(&self) -> Catalogue {
        let list = |method: &str| {
            let items = self.listed(method);
            items.into_iter().map(object).map(Into::into).collect()
        };
        Catalogue {
            protocol: self.revision.as_str().to_owned(),
            server_info: JsonObject::new(),
            capabilities: object(self.capabilities.clone()),
            instructions: self.instructions.clone(),
            tools: list("tools/list"),
            prompts: list("prompts/list"),
            resources: list("resources/list"),
            templates: list("resources/templates/list"),
            skills: list("skills/list"),
        }
    }
}

/// Starts scripted upstreams.
#[derive(Default)]
pub(crate) struct Scripted {
    scripts: Mutex<HashMap<String, Script>>,
    pub(crate) starts: AtomicUsize,
    pub(crate) running: Arc<AtomicUsize>,
    /// Every request except for lists, in order: server, method.
    pub(crate) requests: Arc<Mutex<Vec<(String, String)>>>,
    /// Number of list requests.
    pub(crate) listings: Arc<AtomicUsize>,
    pub(crate) openings: Mutex<Vec<Opening>>,
    live: Mutex<HashMap<String, Arc<Talk>>>,
}

impl Scripted {
    pub(crate) fn add(&self, script: Script) {
        self.scripts
            .lock()
            .unwrap()
            .insert(script.name.clone(), script);
    }

    pub(crate) fn starts(&self) -> usize {
        self.starts.load(Ordering::SeqCst)
    }

    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<(String, String)> {
        self.requests.lock().unwrap().clone()
    }

    /// Ends the live conversation of a server, like a crash.
    pub(crate) fn crash(&self, server: &str) {
        let live = self.live.lock().unwrap();
        live[server].end();
    }

    /// Changes the lists of a live server, which says so.
    pub(crate) fn change(&self, server: &str, lists: Script) {
        let talk = Arc::clone(&self.live.lock().unwrap()[server]);
        *talk.changed.lock().unwrap() = Some(lists);
        self.events(server)
            .notified("notifications/tools/list_changed", JsonObject::new());
    }

    /// The notification handler of the server's last start.
    pub(crate) fn events(&self, server: &str) -> Arc<dyn Events> {
        let openings = self.openings.lock().unwrap();
        let mut openings = openings.iter().rev();
        let opening = openings.find(|opening| opening.server.as_str() == server);
        Arc::clone(&opening.unwrap().events)
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Scripted")
    }
}

#[async_trait]
impl Connector for Scripted {
    async fn open(&self, opening: Opening) -> Result<Connected, OpenError> {
        self.starts.fetch_add(1, Ordering::SeqCst);
        // Like the real one: resolves secrets before starting anything.
        opening.credentials.variables().await?;
        opening.credentials.headers().await?;
        tokio::task::yield_now().await;
        let name = opening.server.as_str().to_owned();
        let script = self.scripts.lock().unwrap()[&name].clone();
        self.openings.lock().unwrap().push(opening);
        if let Some(failure) = script.unstartable {
            return Err(failure.into());
        }
        self.running.fetch_add(1, Ordering::SeqCst);
        let talk = Arc::new(Talk {
            name: name.clone(),
            hello: Hello {
                revision: script.revision,
                server_info: JsonObject::new(),
                capabilities: object(script.capabilities.clone()),
                instructions: script.instructions.clone(),
                negotiation: Negotiation::Discovered,
            },
            script,
            changed: Mutex::default(),
            is_open: AtomicBool::new(true),
            ended: tokio::sync::Notify::new(),
            running: Arc::clone(&self.running),
            requests: Arc::clone(&self.requests),
            listings: Arc::clone(&self.listings),
        });
        self.live.lock().unwrap().insert(name, Arc::clone(&talk));
        Ok(Connected {
            conversation: talk,
            carrier: Arc::new(Nothing),
        })
    }
}

struct Talk {
    name: String,
    hello: Hello,
    script: Script,
    changed: Mutex<Option<Script>>,
    is_open: AtomicBool,
    ended: tokio::sync::Notify,
    running: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<(String, String)>>>,
    listings: Arc<AtomicUsize>,
}

impl Talk {
    fn end(&self) {
        if self.is_open.swap(false, Ordering::SeqCst) {
            self.running.fetch_sub(1, Ordering::SeqCst);
            self.ended.notify_waiters();
        }
    }
}

impl fmt::Debug for Talk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Talk")
    }
}

#[async_trait]
impl Conversation for Talk {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    async fn request(&self, outgoing: Outgoing) -> Result<JsonObject, CallError> {
        let member = match outgoing.method.as_str() {
            "tools/list" => Some("tools"),
            "prompts/list" => Some("prompts"),
            "resources/list" => Some("resources"),
            "resources/templates/list" => Some("resourceTemplates"),
            "skills/list" => Some("skills"),
            _ => None,
        };
        if let Some(member) = member {
            self.listings.fetch_add(1, Ordering::SeqCst);
            let changed = self.changed.lock().unwrap();
            let script = changed.as_ref().unwrap_or(&self.script);
            let items = script.listed(&outgoing.method);
            return Ok(object(json!({member: items})));
        }
        let request = (self.name.clone(), outgoing.method.clone());
        self.requests.lock().unwrap().push(request);
        let ended = self.ended.notified();
        let may_have_run = MayHaveRun::Yes;
        if !self.is_open.load(Ordering::SeqCst) {
            return Err(CallError::Ended {
                may_have_run: MayHaveRun::No,
            });
        }
        tokio::select! {
            answer = (self.script.handler)(outgoing) => answer,
            () = ended => Err(CallError::Ended { may_have_run }),
        }
    }

    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }

    async fn close(&self) {
        self.end();
    }
}

#[derive(Debug)]
struct Nothing;

#[async_trait]
impl Carrier for Nothing {
    async fn ending(&self) -> Ending {
        Ending {
            status: Some("exit status: 3".to_owned()),
            last_lines: vec!["it went wrong".to_owned()],
        }
    }

    fn process(&self) -> Option<u32> {
        Some(4711)
    }
}
