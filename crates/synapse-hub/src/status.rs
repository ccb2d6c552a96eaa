//! The status of upstreams: for the tool `hub_status`, resources and commands.

use std::sync::Arc;

use serde_json::{Value, json};
use synapse_core::error::{Code, Failure, RemedyText};
use synapse_core::redact::printable_line;
use synapse_core::upstream::{Pin, UpstreamTransport};
use synapse_documents::ErrorDocument;

use crate::budget::estimated_tokens;
use crate::configuration::Configuration;
use crate::roster::{Member, Readiness};
use crate::settings::{HubMode, HubSettings};

/// The current status of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamStatus {
    /// Its name.
    pub name: String,
    /// Whether it works.
    pub health: Health,
    /// Why not, or its last failure.
    pub failure: Option<Failure>,
    /// `stdio` or `streamable-http`.
    pub transport: Option<&'static str>,
    /// The protocol version in use, or that of the approval.
    pub protocol: Option<String>,
    /// Whether its lists are pinned.
    pub pin: Option<Pin>,
    /// Number of its tools.
    pub tools: usize,
    /// Their estimated tokens.
    pub tokens: u64,
    /// Its process id.
    pub process: Option<u32>,
    /// Observed differences from the approval: tools and prompts by name.
    pub differences: Vec<String>,
}

/// Whether an upstream works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// A call starts it.
    Ready,
    /// It is being started.
    Starting,
    /// It runs.
    Running,
    /// Its last start failed; the next call retries.
    Failing,
    /// Unusable.
    Unusable,
    /// Disabled.
    Disabled,
}

impl Health {
    /// Its name in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Failing => "failing",
            Self::Unusable => "unusable",
            Self::Disabled => "disabled",
        }
    }

    /// Whether its tools are offered.
    #[must_use]
    pub const fn works(self) -> bool {
        match self {
            Self::Ready | Self::Starting | Self::Running => true,
            Self::Failing | Self::Unusable | Self::Disabled => false,
        }
    }
}

/// The status of every member.
pub(crate) fn statuses(state: &Configuration) -> Vec<UpstreamStatus> {
    let members = state.members.iter();
    members.map(|member| status(state, member)).collect()
}

pub(crate) fn status(state: &Configuration, member: &Arc<Member>) -> UpstreamStatus {
    let runtime = member.runtime.as_ref();
    let live = runtime.and_then(|runtime| runtime.live());
    let last = runtime.and_then(|runtime| runtime.last_failure());
    let health = match (&member.standing, runtime) {
        (Readiness::Disabled, _) => Health::Disabled,
        (Readiness::Failed(_), _) => Health::Unusable,
        (Readiness::Ready, Some(runtime)) if runtime.is_starting() => Health::Starting,
        (Readiness::Ready, _) if live.is_some() => Health::Running,
        (Readiness::Ready, _) if last.is_some() => Health::Failing,
        (Readiness::Ready, _) => Health::Ready,
    };
    let tools: Vec<u64> = state
        .index
        .tools
        .iter()
        .filter(|tool| tool.runtime.server().as_str() == member.name)
        .map(|tool| tool.bytes)
        .collect();
    let spoken = live.map(|live| live.conversation.hello().revision.as_str().to_owned());
    let approved = || member.lists().map(|lists| lists.protocol.clone());
    UpstreamStatus {
        name: member.name.clone(),
        health,
        failure: member.failure().or(last),
        transport: member
            .upstream
            .as_ref()
            .map(|upstream| match upstream.transport {
                UpstreamTransport::Stdio { .. } => "stdio",
                UpstreamTransport::Http { .. } => "streamable-http",
            }),
        protocol: spoken
            .or_else(approved)
            .filter(|protocol| !protocol.is_empty()),
        pin: member.upstream.as_ref().map(|upstream| upstream.pin),
        tools: tools.len(),
        tokens: estimated_tokens(tools.iter().sum()),
        process: runtime.and_then(|runtime| runtime.process()),
        differences: runtime
            .and_then(|runtime| runtime.differences())
            .map(|found| {
                let mut lines = Vec::new();
                for (kind, found) in [("tool", &found.tools), ("prompt", &found.prompts)] {
                    let mut changed: Vec<_> = found.changed.keys().collect();
                    changed.sort();
                    lines.extend(changed.iter().map(|name| format!("{kind} {name} changed")));
                    lines.extend(
                        found
                            .gone
                            .iter()
                            .map(|name| format!("{kind} {name} is gone")),
                    );
                    lines.extend(found.new.iter().map(|name| format!("{kind} {name} is new")));
                }
                lines
            })
            .unwrap_or_default(),
    }
}

/// The status in at most [`MOST_BYTES`] bytes, failed upstreams first.
pub(crate) fn summary(
    settings: &HubSettings,
    remedies: &dyn RemedyText,
    state: &Configuration,
) -> String {
    if let Some(problem) = &state.problem {
        let text = format!(
            "hub: {}: {}",
            problem.code(),
            printable_line(problem.message())
        );
        return short(text);
    }
    let all = statuses(state);
    let enabled = all.iter().filter(|each| each.health != Health::Disabled);
    let working = all.iter().filter(|each| each.health.works()).count();
    let mut lines = vec![format!(
        "hub: {working} of {} servers work",
        enabled.count()
    )];
    if let Some(failure) = over_budget(settings, state) {
        lines.push(format!("{}: {}", failure.code(), failure.message()));
    }
    let tokens = state.index.tokens();
    if settings.mode == HubMode::Direct && tokens >= MANY_TOKENS {
        lines.push(format!(
            "the tools take about {tokens} tokens of each conversation; --hub-mode search takes few"
        ));
    }
    let mut details: Vec<String> = all
        .iter()
        .filter(|each| !each.health.works() && each.health != Health::Disabled)
        .map(|each| {
            let code = each
                .failure
                .as_ref()
                .map_or("", |failure| failure.code().as_str());
            let command = each
                .failure
                .as_ref()
                .and_then(|failure| {
                    failure
                        .hints()
                        .iter()
                        .find_map(|hint| hint.command(remedies))
                })
                .map(|command| format!(" ({command})"))
                .unwrap_or_default();
            format!("{}: {code}{command}", each.name)
        })
        .collect();
    details.extend(
        all.iter()
            .filter(|each| !each.differences.is_empty())
            .map(|each| format!("{}: {}", each.name, each.differences.join(", "))),
    );
    let unpinned = all.iter().filter(|each| each.pin == Some(Pin::Off));
    details.extend(unpinned.map(|each| format!("{}: its lists are not pinned", each.name)));
    let rest = |count: usize| format!("and {count} more: read synapse://hub/SERVER");
    let mut used: usize = lines.iter().map(|line| line.len() + 1).sum();
    let total = details.len();
    for (number, line) in details.into_iter().enumerate() {
        let reserve = rest(total - number).len() + 1;
        if used + line.len() + 1 + reserve > MOST_BYTES {
            lines.push(rest(total - number));
            break;
        }
        used += line.len() + 1;
        lines.push(line);
    }
    short(lines.join("\n"))
}

/// Why the hub's tools are not offered, if they exceed a configured limit.
pub(crate) fn over_budget(settings: &HubSettings, state: &Configuration) -> Option<Failure> {
    let tools = state.index.tools.len() as u64;
    let tokens = state.index.tokens();
    let over = |found: u64, limit: Option<u64>, what: &str, flag: &str| {
        let limit = limit.filter(|limit| found > *limit)?;
        Some(
            Failure::new(
                Code::PolicyToolBudget,
                format!("{found} {what} exceed {flag} {limit}; none is offered"),
            )
            .hint("use --hub-mode search, or narrow the hub with --group, --upstream or `tools`")
            .with("found", found)
            .with("limit", limit),
        )
    };
    over(tools, settings.max_tools, "tools", "--max-tools").or_else(|| {
        over(
            tokens,
            settings.max_tool_tokens,
            "estimated tokens of tools",
            "--max-tool-tokens",
        )
    })
}

/// One server as the document `synapse://hub/{server}`.
pub(crate) fn document(
    state: &Configuration,
    member: &Arc<Member>,
    remedies: &dyn RemedyText,
) -> Value {
    let status = status(state, member);
    let error = status.failure.as_ref().map(|failure| {
        let document =
            serde_json::to_value(ErrorDocument::new(failure, remedies)).unwrap_or_default();
        document.get("error").cloned().unwrap_or_default()
    });
    json!({
        "schema": "synapse.hub-server/1",
        "server": status.name,
        "health": status.health.as_str(),
        "transport": status.transport,
        "protocol": status.protocol,
        "pinned": status.pin.map(|pin| pin == Pin::Tools),
        "tools": status.tools,
        "estimated_tokens": status.tokens,
        "differences": status.differences,
        "note": member.upstream.as_ref().and_then(|upstream| upstream.note.clone()),
        "error": error,
    })
}

fn short(mut text: String) -> String {
    if text.len() > MOST_BYTES {
        text.truncate(text.floor_char_boundary(MOST_BYTES - '…'.len_utf8()));
        text.push('…');
    }
    text
}

/// Above this, fewer tools or search mode are advisable.
pub const MANY_TOKENS: u64 = 25_000;

/// Maximum bytes of a summary.
pub(crate) const MOST_BYTES: usize = 450;
