//! Upstreams' tools, offered individually or through search, and `hub_status`.

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::error::{Code, Failure};
use synapse_mcp::host::{
    CacheHint, Caller, ListItem, ToolCall, ToolError, ToolHost, ToolList, ToolResult,
};
use synapse_mcp::{JsonObject, host::HostError};

use super::{HubHost, Whose, listed};
use crate::configuration::Configuration;
use crate::failure::Refusal;
use crate::hub::HubState;
use crate::index::{Audience, ForApps, Found};
use crate::relay::declares_ui;
use crate::runtime::{Ask, Runtime, Subject};
use crate::schema::{self, HUB_STATUS};
use crate::settings::{HubMode, Selection};
use crate::status::{over_budget, summary};

#[async_trait]
impl ToolHost for HubHost {
    async fn list_tools(&self, caller: &Caller) -> Result<ToolList, ToolError> {
        let state = self.fresh_state(Whose::Unpinned).await;
        let inner = self.hub.inner();
        let settings = &inner.settings;
        if let Some(failure) = unusable_alone(&settings.selection, &state) {
            return Err(self.failed(&failure));
        }
        let mut items: Vec<ListItem> = Vec::new();
        match settings.mode {
            HubMode::Direct if over_budget(settings, &state).is_none() => {
                let for_apps = for_apps(caller);
                let offered = state
                    .index
                    .tools
                    .iter()
                    .filter(|tool| tool.audience != Audience::Apps || for_apps == ForApps::Yes);
                items.extend(offered.map(|tool| listed(&tool.name, &tool.item)));
            }
            HubMode::Direct => {}
            HubMode::Search => {
                let mut servers: Vec<&str> = Vec::new();
                for tool in &state.index.tools {
                    let server = tool.runtime.server().as_str();
                    if !servers.contains(&server) {
                        servers.push(server);
                    }
                }
                items.extend(schema::search(&servers).into_iter().map(ListItem::from));
            }
        }
        if self.owns_itself(HUB_STATUS) {
            items.push(schema::hub_status().into());
        }
        Ok(ToolList::new(items).with_cache(CacheHint::default()))
    }

    fn owns(&self, tool: &str) -> bool {
        self.owns_itself(tool)
            || !matches!(self.state().index.tool(tool, ForApps::No), Found::Unknown)
    }

    fn understands(&self, tool: &str, caller: &Caller) -> bool {
        let for_apps = for_apps(caller);
        !matches!(self.state().index.tool(tool, for_apps), Found::Unknown)
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        let state = self.state();
        let inner = self.hub.inner();
        if call.name == HUB_STATUS && self.owns_itself(HUB_STATUS) {
            return Ok(ToolResult::text(summary(
                &inner.settings,
                &*inner.ports.remedies,
                &state,
            )));
        }
        if self.owns_itself(&call.name) {
            return self.call_search(&state, call).await;
        }
        if let (HubMode::Direct, Some(failure)) =
            (inner.settings.mode, over_budget(&inner.settings, &state))
        {
            return Ok(self.failed_call(&failure));
        }
        let found = HubState::tool(&state, &call.name, for_apps(&call.caller));
        let (runtime, own) = match found {
            Ok(found) => found,
            Err(Some(failure)) => {
                inner.note_refusal(&call, &failure);
                return Ok(self.failed_call(&failure));
            }
            Err(None) => return Err(ToolError::UnknownTool { name: call.name }),
        };
        self.pass_on(&runtime, own, call).await
    }
}

impl HubHost {
    /// Whether `tool` belongs to the hub itself.
    fn owns_itself(&self, tool: &str) -> bool {
        let settings = &self.hub.inner().settings;
        match tool {
            HUB_STATUS => !settings.selection.is_alone() && !self.is_silent(),
            schema::FIND_TOOLS
            | schema::DESCRIBE_TOOLS
            | schema::CALL_TOOL
            | schema::CALL_READ_TOOL => settings.mode == HubMode::Search,
            _ => false,
        }
    }

    /// Sends a call to its upstream under the upstream's name for the tool.
    pub(super) async fn pass_on(
        &self,
        runtime: &Arc<Runtime>,
        own: String,
        call: ToolCall,
    ) -> Result<ToolResult, ToolError> {
        let mut params = JsonObject::new();
        params.insert("name".to_owned(), own.as_str().into());
        params.insert("arguments".to_owned(), call.arguments.into());
        params.extend(call.extra);
        let ask = Ask {
            subject: Subject::Tool(own),
            method: "tools/call".to_owned(),
            params: params.into(),
            caller: call.caller,
            progress: call.progress,
            client: call.client,
        };
        match runtime.ask(ask).await {
            Ok(result) => Ok(ToolResult::from_object(result)),
            Err(Refusal::Failure(failure)) => Ok(self.failed_call(&failure)),
            Err(Refusal::Rpc(error)) => Err(HostError::Rpc {
                code: error.code,
                message: error.message,
                data: error.data,
            }),
        }
    }
}

impl HubState {
    /// Records a call refused before sending, under the server's name for the tool.
    pub(super) fn note_refusal(&self, call: &ToolCall, failure: &Failure) {
        let server = failure.server().unwrap_or_default();
        let tool = failure.tool().unwrap_or(&call.name);
        self.rows().refused(server, tool, &call.caller, failure);
    }
}

/// Why a server served alone has no tools, since there is no `hub_status` to explain it.
fn unusable_alone(selection: &Selection, state: &Configuration) -> Option<Failure> {
    let Selection::Alone(name) = selection else {
        return None;
    };
    if let Some(problem) = &state.problem {
        return Some(problem.clone());
    }
    match state.members.first() {
        Some(member) => member.failure(),
        None => Some(
            Failure::new(
                Code::ConfigNotFound,
                format!("no upstream is called `{name}`"),
            )
            .of_server(name),
        ),
    }
}

pub(super) fn for_apps(caller: &Caller) -> ForApps {
    if declares_ui(caller.capabilities()) {
        ForApps::Yes
    } else {
        ForApps::No
    }
}
