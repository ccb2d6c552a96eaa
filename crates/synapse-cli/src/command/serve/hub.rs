//! The hub in `serve`: the upstreams it offers, along with Synapse's own tools.

use std::sync::Arc;

use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure};
use synapse_core::ports::HubLedger;
use synapse_hub::hosts::HubHost;
use synapse_hub::{Hub, HubPorts, HubSettings, Selection};
use synapse_mcp::Server;
use synapse_store::HubPlace;

use super::Hosts;
use crate::args::{ServeArguments, ServedHubArguments};
use crate::compose::{self, Asking};
use crate::context::Context;
use crate::hub_ports::hub_ports;
use crate::sampling::metered;
use crate::targets::EntryTargets;

/// The hub, unless the arguments exclude it. Offers nothing until a configuration exists. Touches
/// nothing.
///
/// # Errors
/// `storage.*` when a named file does not exist.
pub(super) fn of(
    context: &Context,
    arguments: &ServeArguments,
    engine: &Engine,
    rows: Arc<dyn HubLedger>,
) -> Result<Option<Hub>, Failure> {
    let asked = &arguments.hub;
    let is_narrowed =
        arguments.read_only || arguments.connection.is_some() || !arguments.tools.is_empty();
    if asked.no_hub || (is_narrowed && !is_asked_for(asked)) {
        return Ok(None);
    }
    let home = compose::home(context)?;
    let place = match &asked.config {
        Some(file) => HubPlace::of_file(home, file)?,
        None => HubPlace::of_home(home),
    };
    let environment = &context.environment;
    let targets = EntryTargets::new(environment, place.clone(), asked.env_file.clone());
    let ports = HubPorts {
        sampling: Some(metered(engine.clone())),
        observers: engine.ports().observers.clone(),
        ..hub_ports(context, &place, Arc::new(targets), rows, Asking::Nobody)?
    };
    let selection = match (asked.upstream.as_slice(), asked.group.as_slice()) {
        ([], []) => Selection::All,
        ([only], []) => Selection::Alone(only.clone()),
        (upstreams, groups) => Selection::Some {
            upstreams: upstreams.to_vec(),
            groups: groups.to_vec(),
        },
    };
    let settings = HubSettings {
        selection,
        mode: asked.hub_mode.unwrap_or_default(),
        max_tools: asked.max_tools,
        max_tool_tokens: asked.max_tool_tokens,
    };
    Ok(Some(Hub::new(ports, settings)))
}

/// Offers the hub, after `hosts`.
pub(super) fn offer(server: Server, hub: &Hub, mut hosts: Hosts) -> Server {
    let host = Arc::new(HubHost::new(hub.clone()));
    hosts.tools.push(host.clone());
    hosts.resources.push(host.clone());
    hosts.prompts.push(host.clone());
    hosts.completions.push(host.clone());
    hosts
        .offered_by(server)
        .with_extensions(host.clone())
        .with_introduction(host)
        .with_logging()
        .with_changes(hub.changes())
}

/// Watches the configuration for changes as long as it is polled.
pub(super) async fn watch(hub: Option<&Hub>) {
    match hub {
        Some(hub) => hub.watch().await,
        None => std::future::pending().await,
    }
}

/// Refuses hub options together with those that exclude the hub.
///
/// # Errors
/// `usage.invalid-arguments`.
pub(super) fn refuse_contradiction(arguments: &ServeArguments) -> Result<(), Failure> {
    let flag = match (arguments.read_only, &arguments.connection) {
        (true, _) => "--read-only",
        (false, Some(_)) => "--connection",
        (false, None) => return Ok(()),
    };
    if !is_asked_for(&arguments.hub) {
        return Ok(());
    }
    Err(Failure::new(
        Code::UsageInvalidArguments,
        format!("{flag} leaves the hub out, and a flag of the hub was given"),
    )
    .hint("leave one of the two out"))
}

/// Whether a flag requests the hub.
fn is_asked_for(asked: &ServedHubArguments) -> bool {
    asked.config.is_some()
        || !asked.upstream.is_empty()
        || !asked.group.is_empty()
        || asked.hub_mode.is_some()
        || asked.max_tools.is_some()
        || asked.max_tool_tokens.is_some()
}
