//! Combines several hosts: the product's own and the hub's.
//!
//! Lists are concatenated in host order. A failing host does not affect other lists. An item of two
//! hosts is offered by neither, and a request for it is refused with the reason: there is no silent
//! precedence, and no fallback to a second host.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    CacheHint, Caller, CompletionCall, CompletionHost, ExtensionCall, ExtensionHost, HostError,
    Listing, PromptCall, PromptHost, ResourceHost, ResourceRead, ToolCall, ToolError, ToolHost,
    ToolList, ToolResult,
};
use crate::JsonObject;

/// Hosts of tools.
#[derive(Clone, Default)]
pub struct ToolHosts(Vec<Arc<dyn ToolHost>>);

/// Hosts of prompts.
#[derive(Clone, Default)]
pub struct PromptHosts(Vec<Arc<dyn PromptHost>>);

/// Hosts of resources.
#[derive(Clone, Default)]
pub struct ResourceHosts(Vec<Arc<dyn ResourceHost>>);

/// Hosts of completions.
#[derive(Clone, Default)]
pub struct CompletionHosts(Vec<Arc<dyn CompletionHost>>);

/// Hosts of extensions.
#[derive(Clone, Default)]
pub struct ExtensionHosts(Vec<Arc<dyn ExtensionHost>>);

impl ToolHosts {
    /// Combines `hosts`.
    #[must_use]
    pub fn new(hosts: Vec<Arc<dyn ToolHost>>) -> Self {
        Self(hosts)
    }

    /// Combines `hosts`; a single one stays as it is, since there is nothing to decide.
    #[must_use]
    pub fn combined(hosts: Vec<Arc<dyn ToolHost>>) -> Arc<dyn ToolHost> {
        match <[_; 1]>::try_from(hosts) {
            Ok([host]) => host,
            Err(hosts) => Arc::new(Self(hosts)),
        }
    }
}

impl PromptHosts {
    /// Combines `hosts`.
    #[must_use]
    pub fn new(hosts: Vec<Arc<dyn PromptHost>>) -> Self {
        Self(hosts)
    }
}

impl ResourceHosts {
    /// Combines `hosts`.
    #[must_use]
    pub fn new(hosts: Vec<Arc<dyn ResourceHost>>) -> Self {
        Self(hosts)
    }
}

impl CompletionHosts {
    /// Combines `hosts`.
    #[must_use]
    pub fn new(hosts: Vec<Arc<dyn CompletionHost>>) -> Self {
        Self(hosts)
    }
}

impl ExtensionHosts {
    /// Combines `hosts`.
    #[must_use]
    pub fn new(hosts: Vec<Arc<dyn ExtensionHost>>) -> Self {
        Self(hosts)
    }
}

impl ToolHosts {
    /// The only host that owns the tool, or else the one that understands the name.
    fn owner(&self, tool: &str, caller: &Caller) -> Result<Option<&Arc<dyn ToolHost>>, HostError> {
        match owner(&self.0, |host| host.owns(tool), "tool", tool)? {
            Some(host) => Ok(Some(host)),
            None => owner(&self.0, |host| host.understands(tool, caller), "tool", tool),
        }
    }
}

#[async_trait]
impl ToolHost for ToolHosts {
    async fn list_tools(&self, caller: &Caller) -> Result<ToolList, ToolError> {
        let mut lists = Vec::new();
        for host in &self.0 {
            lists.push(host.list_tools(caller).await);
        }
        join("name", lists)
    }

    fn owns(&self, tool: &str) -> bool {
        self.0.iter().any(|host| host.owns(tool))
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        match self.owner(&call.name, &call.caller)? {
            Some(host) => host.call_tool(call).await,
            None => Err(ToolError::UnknownTool { name: call.name }),
        }
    }

    fn understands(&self, tool: &str, caller: &Caller) -> bool {
        self.0.iter().any(|host| host.understands(tool, caller))
    }
}

#[async_trait]
impl PromptHost for PromptHosts {
    async fn list_prompts(&self, caller: &Caller) -> Result<Listing, HostError> {
        let mut lists = Vec::new();
        for host in &self.0 {
            lists.push(host.list_prompts(caller).await);
        }
        join("name", lists)
    }

    fn owns(&self, prompt: &str) -> bool {
        self.0.iter().any(|host| host.owns(prompt))
    }

    async fn get_prompt(&self, call: PromptCall) -> Result<JsonObject, HostError> {
        let owner = owner(&self.0, |host| host.owns(&call.name), "prompt", &call.name)?;
        match owner {
            Some(host) => host.get_prompt(call).await,
            None => Err(HostError::InvalidParams {
                message: format!("unknown prompt: {}", call.name),
            }),
        }
    }
}

#[async_trait]
impl ResourceHost for ResourceHosts {
    async fn list_resources(&self, caller: &Caller) -> Result<Listing, HostError> {
        let mut lists = Vec::new();
        for host in &self.0 {
            lists.push(host.list_resources(caller).await);
        }
        join("uri", lists)
    }

    async fn list_templates(&self, caller: &Caller) -> Result<Listing, HostError> {
        let mut lists = Vec::new();
        for host in &self.0 {
            lists.push(host.list_templates(caller).await);
        }
        join("uriTemplate", lists)
    }

    fn owns(&self, uri: &str) -> bool {
        self.0.iter().any(|host| host.owns(uri))
    }

    async fn read_resource(&self, read: ResourceRead) -> Result<JsonObject, HostError> {
        let owner = owner(&self.0, |host| host.owns(&read.uri), "resource", &read.uri)?;
        match owner {
            Some(host) => host.read_resource(read).await,
            None => Err(HostError::NotFound { uri: read.uri }),
        }
    }

    async fn subscribe(&self, uri: &str) -> Result<(), HostError> {
        match owner(&self.0, |host| host.owns(uri), "resource", uri)? {
            Some(host) => host.subscribe(uri).await,
            None => Ok(()),
        }
    }

    async fn unsubscribe(&self, uri: &str) -> Result<(), HostError> {
        match owner(&self.0, |host| host.owns(uri), "resource", uri)? {
            Some(host) => host.unsubscribe(uri).await,
            None => Ok(()),
        }
    }
}

#[async_trait]
impl CompletionHost for CompletionHosts {
    fn owns(&self, reference: &JsonObject) -> bool {
        self.0.iter().any(|host| host.owns(reference))
    }

    async fn complete(&self, call: CompletionCall) -> Result<JsonObject, HostError> {
        let owner = owner(
            &self.0,
            |host| host.owns(&call.reference),
            "reference",
            super::referenced(&call.reference).unwrap_or("?"),
        )?;
        match owner {
            Some(host) => host.complete(call).await,
            None => Err(HostError::InvalidParams {
                message: "unknown reference".to_owned(),
            }),
        }
    }
}

#[async_trait]
impl ExtensionHost for ExtensionHosts {
    fn extensions(&self) -> JsonObject {
        let mut joined = JsonObject::new();
        for host in &self.0 {
            for (name, settings) in host.extensions() {
                joined.entry(name).or_insert(settings);
            }
        }
        joined
    }

    fn owns(&self, method: &str) -> bool {
        self.0.iter().any(|host| host.owns(method))
    }

    async fn call(&self, call: ExtensionCall) -> Result<JsonObject, HostError> {
        match owner(
            &self.0,
            |host| host.owns(&call.method),
            "method",
            &call.method,
        )? {
            Some(host) => host.call(call).await,
            None => Err(HostError::InvalidParams {
                message: format!("unknown method: {}", call.method),
            }),
        }
    }
}

/// The only host that owns something.
///
/// # Errors
/// [`HostError::InvalidParams`] if several do.
fn owner<'a, H: ?Sized>(
    hosts: &'a [Arc<H>],
    owns: impl Fn(&H) -> bool,
    kind: &str,
    name: &str,
) -> Result<Option<&'a Arc<H>>, HostError> {
    let mut owners = hosts.iter().filter(|host| owns(host));
    let first = owners.next();
    match owners.next() {
        Some(_) => Err(HostError::InvalidParams {
            message: format!("two servers offer the {kind} `{name}`, so neither is used"),
        }),
        None => Ok(first),
    }
}

/// The combined list, without duplicates across hosts; items are identified by `member`.
///
/// # Errors
/// The first failure, if no list succeeded.
fn join(member: &str, lists: Vec<Result<Listing, HostError>>) -> Result<Listing, HostError> {
    let mut joined = Vec::new();
    let mut first_failure = None;
    for list in lists {
        match list {
            Ok(list) => joined.push(list),
            Err(error) => {
                tracing::warn!(%error, "a host has no list; the others are listed");
                first_failure.get_or_insert(error);
            }
        }
    }
    if let (true, Some(error)) = (joined.is_empty(), first_failure) {
        return Err(error);
    }
    let mut owners: HashMap<String, usize> = HashMap::new();
    let mut conflicts: Vec<String> = Vec::new();
    if joined.len() > 1 {
        for (number, list) in joined.iter().enumerate() {
            for name in list.items.iter().filter_map(|item| item.key(member)) {
                if *owners.entry(name.to_owned()).or_insert(number) != number {
                    conflicts.push(name.to_owned());
                }
            }
        }
    }
    for name in &conflicts {
        tracing::warn!(name, "two servers offer the same name; neither is offered");
    }
    let mut cache: Option<CacheHint> = None;
    let mut items = Vec::new();
    for mut list in joined {
        cache = Some(cache.map_or(list.cache, |cache| cache.strictest(list.cache)));
        if !conflicts.is_empty() {
            list.items.retain(|item| {
                item.key(member)
                    .is_none_or(|name| !conflicts.iter().any(|each| each == name))
            });
        }
        items.append(&mut list.items);
    }
    Ok(Listing {
        items,
        cache: cache.unwrap_or_default(),
    })
}

macro_rules! shown {
    ($($hosts:ident)*) => {$(
        impl fmt::Debug for $hosts {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($hosts), "({})"), self.0.len())
            }
        }
    )*};
}

shown!(ToolHosts PromptHosts ResourceHosts CompletionHosts ExtensionHosts);

#[cfg(test)]
mod tests;
