//! Dispatches methods to ports: parameters in, raw result out. Methods of missing ports or of the
//! other era do not exist.

use std::sync::Arc;

use serde_json::Value;

use super::asking::Asking;
use super::capabilities::ServedCapabilities;
use super::error::RpcError;
use super::lenient::lenient_object;
use super::paging::page;
use super::registry::{Call, InFlightRequests, Key};
use super::reply::{Outcome, Reply, list_result, with_cache_hint};
use super::subscriptions::listen;
use crate::host::{
    Caller, Client, CompletionCall, CompletionHost, ExtensionCall, ExtensionHost, Listing,
    LogLevel, NamedCall, ProgressReporter, PromptHost, RequestEnding, RequestOpening, ResourceHost,
    ResourceRead, SpanContext, ToolHost,
};
use crate::{Era, JsonObject, ProtocolRevision};

/// Dispatches to the ports of `offer`.
pub(crate) struct Dispatch {
    pub(crate) offer: ServedCapabilities,
    pub(crate) registry: Arc<InFlightRequests>,
}

/// A supported method with its port.
enum Served<'a> {
    ListTools(&'a dyn ToolHost),
    CallTool(&'a dyn ToolHost),
    ListResources(&'a dyn ResourceHost),
    ListTemplates(&'a dyn ResourceHost),
    ReadResource(&'a dyn ResourceHost),
    Subscribe,
    Unsubscribe,
    ListPrompts(&'a dyn PromptHost),
    GetPrompt(&'a dyn PromptHost),
    Complete(&'a dyn CompletionHost),
    SetLevel,
    Listen,
    Extension(&'a dyn ExtensionHost, String),
}

impl Dispatch {
    /// Runs one request; the result is not yet shaped for its era.
    pub(crate) async fn run(
        &self,
        key: Key,
        call: Call,
        declared: Option<ProtocolRevision>,
    ) -> Result<(Outcome, ProtocolRevision), RpcError> {
        let session = call.session;
        let negotiated = session.as_ref().map(|session| session.revision);
        let revision = declared.or(negotiated);
        if let Some(introduction) = &self.offer.introduction {
            introduction.prepare().await;
        }
        // A method unknown to both eras does not exist for anyone.
        let era = revision.map(ProtocolRevision::era);
        let served = self
            .served(&call.method, era)
            .ok_or_else(|| RpcError::method_not_found(&call.method))?;
        let revision = revision.ok_or(RpcError::invalid_params(
            "send `initialize` first, or the protocol version and the client capabilities in `_meta`",
        ))?;
        let caller = Caller::new(revision)
            .with_meta(call.meta)
            .with_session(session);
        let span = match &self.offer.observer {
            // It lasts as long as the connection.
            Some(_) if matches!(served, Served::Listen) => None,
            Some(observer) => Some(observer.begin(opening(&call.method, &call.params, &caller))),
            None => None,
        };
        let caller = caller.with_span(span.as_ref().map(|span| span.context()));
        let result = self.serve(served, key, call.params, caller).await;
        if let Some(span) = span {
            span.end(ending(&result));
        }
        Ok((result?, revision))
    }

    fn served(&self, method: &str, era: Option<Era>) -> Option<Served<'_>> {
        let offer = &self.offer;
        let tools = offer.tools.as_deref();
        let resources = offer.resources.as_deref();
        let prompts = offer.prompts.as_deref();
        let legacy = era != Some(Era::Modern);
        match method {
            "tools/list" => tools.map(Served::ListTools),
            "tools/call" => tools.map(Served::CallTool),
            "resources/list" => resources.map(Served::ListResources),
            "resources/templates/list" => resources.map(Served::ListTemplates),
            "resources/read" => resources.map(Served::ReadResource),
            "resources/subscribe" if legacy => self.subscribable().then_some(Served::Subscribe),
            "resources/unsubscribe" if legacy => self.subscribable().then_some(Served::Unsubscribe),
            "prompts/list" => prompts.map(Served::ListPrompts),
            "prompts/get" => prompts.map(Served::GetPrompt),
            "completion/complete" => offer.completions.as_deref().map(Served::Complete),
            "logging/setLevel" if legacy => offer.logging.then_some(Served::SetLevel),
            "subscriptions/listen" if era != Some(Era::Legacy) => Some(Served::Listen),
            _ => {
                let host = offer.extensions.as_deref()?;
                host.owns(method)
                    .then(|| Served::Extension(host, method.to_owned()))
            }
        }
    }

    fn subscribable(&self) -> bool {
        self.offer.resources.is_some() && self.offer.changes.is_some()
    }

    async fn serve(
        &self,
        served: Served<'_>,
        key: Key,
        mut params: JsonObject,
        caller: Caller,
    ) -> Reply {
        let era = caller.era();
        let of_host = |error| RpcError::of_host(error, era);
        match served {
            Served::ListTools(host) => {
                let listing = host.list_tools(&caller).await.map_err(of_host)?;
                self.list("tools", "name", listing, &params)
            }
            Served::ListResources(host) => {
                let listing = host.list_resources(&caller).await.map_err(of_host)?;
                self.list("resources", "uri", listing, &params)
            }
            Served::ListTemplates(host) => {
                let listing = host.list_templates(&caller).await.map_err(of_host)?;
                self.list("resourceTemplates", "uriTemplate", listing, &params)
            }
            Served::ListPrompts(host) => {
                let listing = host.list_prompts(&caller).await.map_err(of_host)?;
                self.list("prompts", "name", listing, &params)
            }
            Served::CallTool(host) => {
                let call = self.named(key, params, caller)?;
                let result = host.call_tool(call).await.map_err(of_host)?;
                Ok(result.into())
            }
            Served::ReadResource(host) => {
                let read = self.read(key, params, caller)?;
                let result = host.read_resource(read).await.map_err(of_host)?;
                Ok(with_cache_hint(result).into())
            }
            Served::GetPrompt(host) => {
                let call = self.named(key, params, caller)?;
                host.get_prompt(call).await.map(Into::into).map_err(of_host)
            }
            Served::Complete(host) => {
                let call = completion(params, caller)?;
                host.complete(call).await.map(Into::into).map_err(of_host)
            }
            Served::Subscribe => {
                let uri = text(&mut params, "uri")?;
                if let Some(host) = &self.offer.resources {
                    host.subscribe(&uri).await.map_err(of_host)?;
                }
                let added = subscribe(uri, &caller, |wishes, uri| {
                    wishes.insert(uri);
                });
                Ok(added.into())
            }
            Served::Unsubscribe => {
                let uri = text(&mut params, "uri")?;
                if let Some(host) = &self.offer.resources {
                    host.unsubscribe(&uri).await.map_err(of_host)?;
                }
                let removed = subscribe(uri, &caller, |wishes, uri| {
                    wishes.remove(&uri);
                });
                Ok(removed.into())
            }
            Served::Extension(host, method) => {
                let mut call = ExtensionCall::new(method, params, caller);
                call.progress = self.progress_reporter(key, &call.caller);
                call.client = self.client(key, &call.caller);
                host.call(call).await.map(Into::into).map_err(of_host)
            }
            Served::SetLevel => set_level(&params, &caller),
            Served::Listen => listen(&self.offer, &self.registry, key, &params).await,
        }
    }

    fn list(&self, member: &str, key: &str, listing: Listing, params: &JsonObject) -> Reply {
        let page = page(listing.items, key, params.get("cursor"), self.offer.page)?;
        Ok(list_result(member, page, listing.cache))
    }

    fn read(
        &self,
        key: Key,
        mut params: JsonObject,
        caller: Caller,
    ) -> Result<ResourceRead, RpcError> {
        let uri = text(&mut params, "uri")?;
        let mut read = ResourceRead::new(uri, caller);
        read.extra = params;
        read.progress = self.progress_reporter(key, &read.caller);
        read.client = self.client(key, &read.caller);
        Ok(read)
    }

    /// The request for the tool or prompt named in `params`.
    fn named(
        &self,
        key: Key,
        mut params: JsonObject,
        caller: Caller,
    ) -> Result<NamedCall, RpcError> {
        let name = text(&mut params, "name")?;
        let arguments = object(&mut params, "arguments")?;
        let mut call = NamedCall::new(name, arguments, caller);
        call.extra = params;
        call.progress = self.progress_reporter(key, &call.caller);
        call.client = self.client(key, &call.caller);
        Ok(call)
    }

    fn client(&self, key: Key, caller: &Caller) -> Client {
        Client::new(Arc::new(Asking {
            key,
            caller: caller.clone(),
            registry: Arc::clone(&self.registry),
            logging: self.offer.logging,
        }))
    }

    fn progress_reporter(&self, key: Key, caller: &Caller) -> Option<ProgressReporter> {
        let token = caller.meta().get("progressToken")?;
        if !(token.is_string() || token.is_number()) {
            return None;
        }
        let registry = Arc::clone(&self.registry);
        Some(ProgressReporter::new(token.clone(), move |params| {
            registry.notify(key, "notifications/progress", &params);
        }))
    }
}

/// The observer's view of a request, without content.
fn opening(method: &str, params: &JsonObject, caller: &Caller) -> RequestOpening {
    let text = |text: Option<&Value>| text.and_then(Value::as_str).map(capped);
    RequestOpening {
        method: capped(method),
        target: match method {
            "tools/call" | "prompts/get" => text(params.get("name")),
            _ => None,
        },
        revision: caller.revision().as_str().to_owned(),
        parent: caller
            .meta()
            .get("traceparent")
            .and_then(Value::as_str)
            .and_then(SpanContext::from_traceparent),
        client_name: caller.client_name().map(capped),
        client_version: caller.client_version().map(capped),
    }
}

fn ending(result: &Reply) -> RequestEnding {
    match result {
        Err(error) => RequestEnding::Refused(error.code()),
        Ok(result) if result.get("isError") == Some(&Value::Bool(true)) => {
            RequestEnding::ToolFailed
        }
        Ok(_) => RequestEnding::Answered,
    }
}

/// Truncates names chosen by a client.
fn capped(text: &str) -> String {
    text.chars().take(MOST_CHARACTERS).collect()
}

const MOST_CHARACTERS: usize = 128;

fn completion(mut params: JsonObject, caller: Caller) -> Result<CompletionCall, RpcError> {
    let reference = object(&mut params, "ref")?;
    let mut argument = object(&mut params, "argument")?;
    let name = text(&mut argument, "name")?;
    let value = text(&mut argument, "value")?;
    let mut context = object(&mut params, "context")?;
    let mut call = CompletionCall::new(reference, name, value, caller);
    call.settled = object(&mut context, "arguments")?;
    call.extra = params;
    Ok(call)
}

fn subscribe(
    uri: String,
    caller: &Caller,
    change: impl FnOnce(&mut std::collections::BTreeSet<String>, String),
) -> JsonObject {
    if let Some(session) = caller.session() {
        session.wishes(|wishes| change(&mut wishes.resources, uri));
    }
    JsonObject::new()
}

fn set_level(params: &JsonObject, caller: &Caller) -> Reply {
    let level = params
        .get("level")
        .and_then(Value::as_str)
        .and_then(LogLevel::from_name)
        .ok_or_else(|| {
            let levels = LogLevel::ALL.map(LogLevel::as_str).join(", ");
            RpcError::invalid_params(format!("`level` must be one of {levels}"))
        })?;
    if let Some(session) = caller.session() {
        session.wishes(|wishes| wishes.level = level);
    }
    Ok(JsonObject::new().into())
}

/// Takes a required string.
fn text(params: &mut JsonObject, member: &str) -> Result<String, RpcError> {
    match params.shift_remove(member) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(RpcError::invalid_params(format!(
            "`{member}` must be a string"
        ))),
    }
}

/// Takes an object; see [`lenient_object`].
fn object(params: &mut JsonObject, member: &str) -> Result<JsonObject, RpcError> {
    lenient_object(params.shift_remove(member))
        .ok_or_else(|| RpcError::invalid_params(format!("`{member}` must be an object")))
}
