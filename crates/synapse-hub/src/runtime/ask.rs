//! One request from an IDE to one upstream, from its checks to its result.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use serde_json::Value;
use synapse_core::error::Execution;
use synapse_core::ledger::HubKind;
use synapse_core::upstream::Pin;
use synapse_mcp::client::{CallError, ClientHandler, Outgoing, RpcError};
use synapse_mcp::host::{Caller, Client, ProgressReporter};
use synapse_mcp::{Era, JsonObject};

use super::parked::{digest, is_handle};
use super::pulse::Pulse;
use super::relaying::Gatekeeper;
use super::{Live, Runtime, Use};
use crate::blocking::{of_owned, of_shared};
use crate::budget::bytes_of;
use crate::compare::Differences;
use crate::failure::{Refusal, Stage, tool_changed, tool_gone, unsupported};
use crate::owners::links;
use crate::relay::request_capabilities;
use crate::rows::Row;

/// A request to an upstream.
pub(crate) struct Ask {
    /// Its subject, as far as pinned.
    pub(crate) subject: Subject,
    /// The method.
    pub(crate) method: String,
    /// The parameters for the upstream.
    pub(crate) params: Arc<JsonObject>,
    /// The caller.
    pub(crate) caller: Caller,
    /// Receives progress.
    pub(crate) progress: Option<ProgressReporter>,
    /// Sends messages to the IDE.
    pub(crate) client: Client,
}

/// The subject of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A tool, by its name at the server.
    Tool(String),
    /// A prompt, by its name at the server.
    Prompt(String),
    /// An unpinned subject: a resource, a completion, an extension.
    Other,
}

impl Ask {
    /// The kind of its row; completions are not recorded.
    fn kind(&self) -> Option<HubKind> {
        match self.method.as_str() {
            "tools/call" => Some(HubKind::Call),
            "prompts/get" => Some(HubKind::Get),
            "resources/read" | "skills/get" => Some(HubKind::Read),
            _ => None,
        }
    }
}

impl Subject {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Tool(name) | Self::Prompt(name) => Some(name),
            Self::Other => None,
        }
    }
}

impl Runtime {
    /// Sends the request, starting the upstream if necessary: at most one request, plus one per
    /// round of input that a modern upstream requests from a legacy IDE.
    ///
    /// # Errors
    /// The failure, or the upstream's own error.
    pub(crate) async fn ask(self: &Arc<Self>, ask: Ask) -> Result<JsonObject, Refusal> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let pulse = Pulse::to(ask.progress.clone());
        let server = self.server().as_str().to_owned();
        let mut row = ask.kind().map(|kind| {
            let facts = self.facts(self.live().as_deref());
            self.rows()
                .begin(kind, ask.subject.name(), Some(&ask.caller), facts)
        });
        // Boxed, because it covers the whole era matrix.
        let work = Box::pin(self.carry_out(&ask, &pulse, row.as_mut()));
        let asked = pulse.around(&server, work).await;
        let asked = match row {
            Some(row) => self.end(row, asked).await,
            None => asked,
        };
        self.stop_when_idle();
        asked
    }

    /// Completes the row of a request.
    async fn end(
        &self,
        mut row: Row,
        asked: Result<JsonObject, Refusal>,
    ) -> Result<JsonObject, Refusal> {
        let measured = match asked {
            Ok(result) => of_owned(result, bytes_of)
                .await
                .map_err(|failure| Refusal::Failure(failure.with_execution(Execution::MayHaveRun))),
            Err(refusal) => Err(refusal),
        };
        row.facts = self.facts(self.live().as_deref());
        match measured {
            Ok((bytes, result)) => {
                row.facts.may_have_run = true;
                match result.get("isError") {
                    Some(Value::Bool(true)) => row.end_with_their_error(bytes).await,
                    _ => row.end(None, bytes).await,
                }
                Ok(result)
            }
            Err(Refusal::Rpc(error)) => {
                row.facts.may_have_run = true;
                row.end_with_their_error(0).await;
                Err(Refusal::Rpc(error))
            }
            Err(Refusal::Failure(failure)) => {
                row.facts.may_have_run = failure.execution() == Some(Execution::MayHaveRun);
                row.end(Some(&failure), 0).await;
                Err(Refusal::Failure(failure))
            }
        }
    }

    async fn carry_out(
        self: &Arc<Self>,
        ask: &Ask,
        pulse: &Pulse,
        row: Option<&mut Row>,
    ) -> Result<JsonObject, Refusal> {
        let parking = self.hub.upgrade().map(|hub| hub.parking());
        let state = ask.params.get("requestState").and_then(Value::as_str);
        if let (Some(parking), Some(handle)) = (&parking, state)
            && is_handle(handle)
        {
            let digest = digest(self.server(), &ask.method, &ask.params).await?;
            let Some(suspended) = parking.take(handle, &digest) else {
                return Err(Refusal::Rpc(unknown_state()));
            };
            return self.resume(ask, parking, suspended, digest).await;
        }
        let live = self.acquire(Some(&ask.caller)).await?;
        let _use = Use::of(&live);
        self.freshen(&live).await?;
        self.check(&live, &ask.subject)?;
        self.set_level(&live, ask.caller.log_level()).await;
        if let Some(row) = row {
            row.departing(of_shared(&ask.params, bytes_of).await?).await;
        }
        match (live.era(), ask.caller.era()) {
            (Era::Legacy, Era::Legacy) => self.legacy_both(ask, &live, pulse).await,
            (Era::Legacy, Era::Modern) => self.park_when_asked(ask, &live, parking, pulse).await,
            (Era::Modern, Era::Modern) => self.modern_both(ask, &live, pulse).await,
            (Era::Modern, Era::Legacy) => self.ask_in_rounds(ask, &live, pulse).await,
        }
    }

    /// Refuses a subject that differs from its approval.
    fn check(&self, live: &Live, subject: &Subject) -> Result<(), Refusal> {
        let comparison = live.comparison();
        let judge = |differences: &Differences, name: &str| {
            if let Some(lines) = differences.changed.get(name) {
                return Err(tool_changed(self.server(), name, lines).into());
            }
            if differences.gone.iter().any(|gone| gone == name) {
                return Err(tool_gone(self.server(), name).into());
            }
            Ok(())
        };
        match subject {
            Subject::Tool(name) => {
                judge(&comparison.tools, name)?;
                if self.needs_tasks(name) {
                    let what = format!("runs `{name}` as a task only, which is not relayed");
                    return Err(unsupported(self.server(), &what).into());
                }
                Ok(())
            }
            Subject::Prompt(name) => judge(&comparison.prompts, name),
            Subject::Other => Ok(()),
        }
    }

    fn needs_tasks(&self, name: &str) -> bool {
        let lists = self.lists();
        let support = lists
            .tool(name)
            .and_then(|tool| tool.get("execution")?.get("taskSupport")?.as_str());
        support == Some("required")
    }

    /// The request for the upstream.
    ///
    /// # Errors
    /// Same as [`of_shared`].
    pub(super) async fn outgoing(
        &self,
        ask: &Ask,
        live: &Live,
        questions: Option<Arc<dyn ClientHandler>>,
        pulse: &Pulse,
    ) -> Result<Outgoing, Refusal> {
        let upstream = &self.consented.upstream;
        let input_schema = match &ask.subject {
            Subject::Tool(name) => self
                .lists()
                .tool(name)
                .and_then(|tool| tool.get("inputSchema").cloned()),
            Subject::Prompt(_) | Subject::Other => None,
        };
        Ok(Outgoing {
            method: ask.method.clone(),
            params: of_shared(&ask.params, JsonObject::clone).await?,
            meta: passed_meta(&ask.caller, live.era()),
            capabilities: request_capabilities(&upstream.relay, ask.caller.capabilities()),
            input_schema,
            progress: pulse.reporter(),
            questions,
            patience: upstream.times.call,
            longest: upstream.times.longest_call,
        })
    }

    pub(super) fn gatekeeper(&self, ask: &Ask) -> Gatekeeper {
        Gatekeeper {
            upstream: Arc::new(self.consented.upstream.clone()),
            caller: ask.caller.clone(),
            client: ask.client.clone(),
            sampling: self.ports.sampling.clone(),
        }
    }

    /// The result for the IDE: without the upstream's secrets, caching hints, and members unknown
    /// to its era.
    pub(super) async fn finished(
        &self,
        ask: &Ask,
        live: &Live,
        answered: Result<JsonObject, CallError>,
    ) -> Result<JsonObject, Refusal> {
        let result = match answered {
            Ok(result) => result,
            Err(CallError::Rpc(error)) => return Err(Refusal::Rpc(self.cleaned(error).await)),
            Err(error) => return Err(self.refusal(live, Stage::Call, error).await),
        };
        let mut result = self.known.taken_out_of(result).await;
        self.remember_links(&result);
        // Cached results could not be invalidated.
        result.shift_remove("ttlMs");
        result.shift_remove("cacheScope");
        match result.get("resultType").and_then(Value::as_str) {
            None | Some("complete" | "input_required") => {}
            Some(_) => {
                let what = "answered with a kind of result that was not asked for";
                let failure =
                    unsupported(self.server(), what).with_execution(Execution::MayHaveRun);
                return Err(failure.into());
            }
        }
        if ask.caller.era() == Era::Legacy {
            let structured = result.get("structuredContent");
            if structured.is_some_and(|structured| !structured.is_object()) {
                result.shift_remove("structuredContent");
            }
        }
        Ok(result)
    }

    async fn cleaned(&self, error: RpcError) -> RpcError {
        let mut parts = JsonObject::new();
        parts.insert(MESSAGE.to_owned(), Value::String(error.message));
        if let Some(data) = error.data {
            parts.insert(DATA.to_owned(), data);
        }
        let mut parts = self.known.taken_out_of(parts).await;
        let message = match parts.remove(MESSAGE) {
            Some(Value::String(message)) => message,
            _ => String::new(),
        };
        RpcError {
            code: error.code,
            message,
            data: parts.remove(DATA),
        }
    }

    fn remember_links(&self, result: &JsonObject) {
        let found = links(result);
        if found.is_empty() {
            return;
        }
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() + found.len() > MOST_LINKS {
            links.clear();
        }
        links.extend(found);
    }

    /// Whether `tool` is pinned and declared read-only.
    pub(crate) fn is_pinned_reader(&self, tool: &str) -> bool {
        let claims = self.lists();
        let reads = claims
            .tool(tool)
            .and_then(|tool| tool.get("annotations")?.get("readOnlyHint")?.as_bool());
        self.pin() == Pin::Tools && reads == Some(true)
    }
}

/// The `_meta` of the IDE's request without protocol members. A modern upstream also gets the log
/// level.
fn passed_meta(caller: &Caller, era: Era) -> JsonObject {
    let mut meta: JsonObject = caller
        .meta()
        .iter()
        .filter(|(key, _)| !key.starts_with(RESERVED) && key.as_str() != "progressToken")
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let (Era::Modern, Some(level)) = (era, caller.log_level()) {
        meta.insert(LOG_LEVEL.to_owned(), level.as_str().into());
    }
    meta
}

fn unknown_state() -> RpcError {
    RpcError {
        code: INVALID_PARAMS,
        message: "this `requestState` is unknown, expired, used before or of another request; \
                  send the request again without it"
            .to_owned(),
        data: None,
    }
}

const RESERVED: &str = "io.modelcontextprotocol/";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
const MESSAGE: &str = "message";
const DATA: &str = "data";
const INVALID_PARAMS: i64 = -32602;
/// Maximum remembered links per upstream.
const MOST_LINKS: usize = 10_000;
