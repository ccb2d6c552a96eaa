//! Documents of `synapse hub`.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use synapse_core::check::CheckOutcome;
use synapse_core::upstream::{Approval, Catalogue, Fingerprint, Target};

use crate::failure::ErrorView;

/// `synapse.hub/1`: the servers of a file; `ok` unless one is broken.
#[derive(Debug, Clone, Serialize)]
pub struct HubDocument {
    schema: &'static str,
    ok: bool,
    config: String,
    servers: Vec<HubServerView>,
    warnings: Vec<ErrorView>,
}

impl HubDocument {
    /// The document of the servers of the file `config`.
    #[must_use]
    pub fn new(config: String, servers: Vec<HubServerView>, warnings: Vec<ErrorView>) -> Self {
        Self {
            schema: "synapse.hub/1",
            ok: servers.iter().all(|server| server.state != "broken"),
            config,
            servers,
            warnings,
        }
    }
}

/// A server. `state` is `approved`, `not-approved`, `changed`, `login-required`, `disabled` or
/// `broken`, or `valid` if only the file was read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HubServerView {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: &'static str,
    /// `stdio` or `streamable-http`.
    pub transport: Option<&'static str>,
    /// The command or URL as written in the file.
    pub target: Option<String>,
    /// The user's note.
    pub note: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Time of approval.
    pub approved_at: Option<String>,
    /// Protocol version at its approval.
    pub protocol: Option<String>,
    /// Whether its lists are pinned.
    pub pinned: bool,
    /// Hash of its approved lists.
    pub catalogue: Option<String>,
    /// Number of approved and offered tools.
    pub tools: Option<u64>,
    /// Their estimated context tokens.
    pub estimated_tokens: Option<u64>,
    /// Members of the entry for other programs.
    pub ignored: Vec<String>,
    /// Warnings.
    pub warnings: Vec<ErrorView>,
    /// Why it is unusable.
    pub error: Option<ErrorView>,
}

/// The program or server to start or contact. Excludes values of variables and secrets: only names
/// are shown.
#[derive(Debug, Clone, Serialize)]
pub struct HubTargetView {
    program: Option<String>,
    arguments: Vec<String>,
    directory: Option<String>,
    variables: BTreeMap<String, String>,
    url: Option<String>,
    headers: BTreeMap<String, String>,
    hosts: Vec<String>,
}

impl From<&Target> for HubTargetView {
    fn from(target: &Target) -> Self {
        match target {
            Target::Program {
                program,
                arguments,
                directory,
                environment,
            } => Self {
                program: Some(program.clone()),
                arguments: arguments.clone(),
                directory: Some(directory.clone()),
                variables: environment
                    .iter()
                    .map(|(name, value)| (name.clone(), value.to_string()))
                    .collect(),
                url: None,
                headers: BTreeMap::new(),
                hosts: Vec::new(),
            },
            Target::Url { url, headers } => Self {
                program: None,
                arguments: Vec::new(),
                directory: None,
                variables: BTreeMap::new(),
                url: Some(url.to_string()),
                headers: headers
                    .iter()
                    .map(|(name, value)| (name.clone(), value.to_string()))
                    .collect(),
                hosts: target
                    .origin()
                    .map(|origin| origin.host().to_owned())
                    .into_iter()
                    .collect(),
            },
        }
    }
}

/// `synapse.hub-approval/1`: displayed targets and decisions. `action` is `approved`,
/// `approved-until-login` or `declined`.
#[derive(Debug, Clone, Serialize)]
pub struct HubApprovalDocument {
    schema: &'static str,
    ok: bool,
    config: String,
    approvals: Vec<HubApprovalView>,
}

impl HubApprovalDocument {
    /// The document of these decisions; `ok` unless one failed.
    #[must_use]
    pub fn new(config: String, approvals: Vec<HubApprovalView>) -> Self {
        Self {
            schema: "synapse.hub-approval/1",
            ok: approvals.iter().all(|each| each.error.is_none()),
            config,
            approvals,
        }
    }
}

/// A decision.
#[derive(Debug, Clone, Serialize)]
pub struct HubApprovalView {
    /// The server.
    pub server: String,
    /// The decision; `failed` if there was none.
    pub action: &'static str,
    /// The displayed target.
    pub target: Option<HubTargetView>,
    /// Its fingerprint.
    pub fingerprint: Option<String>,
    /// Hash of the lists.
    pub catalogue: Option<String>,
    /// The tools.
    pub tools: Vec<HubToolView>,
    /// The instructions.
    pub instructions: Option<String>,
    /// Warnings.
    pub warnings: Vec<ErrorView>,
    /// Why it could not be approved.
    pub error: Option<ErrorView>,
}

impl HubApprovalView {
    /// The view of a server without a displayed target.
    #[must_use]
    pub fn of(server: impl Into<String>, action: &'static str) -> Self {
        Self {
            server: server.into(),
            action,
            target: None,
            fingerprint: None,
            catalogue: None,
            tools: Vec::new(),
            instructions: None,
            warnings: Vec::new(),
            error: None,
        }
    }

    /// Adds the displayed target.
    #[must_use]
    pub fn with_target(mut self, target: &Target, fingerprint: &Fingerprint) -> Self {
        self.target = Some(HubTargetView::from(target));
        self.fingerprint = Some(fingerprint.to_string());
        self
    }

    /// Adds the server's lists.
    #[must_use]
    pub fn with_catalogue(mut self, server: &str, catalogue: &Catalogue) -> Self {
        self.catalogue = Some(catalogue.hash().to_string());
        self.tools = catalogue
            .tools
            .iter()
            .map(|tool| HubToolView::of(server, tool))
            .collect();
        self.instructions.clone_from(&catalogue.instructions);
        self
    }
}

/// A tool. The server's own statements are claims.
#[derive(Debug, Clone, Serialize)]
pub struct HubToolView {
    /// The server.
    pub server: String,
    /// Its name at the server.
    pub name: String,
    /// Its offered name.
    pub offered_as: Option<String>,
    /// Its JSON size.
    pub bytes: u64,
    /// Its estimated context tokens.
    pub estimated_tokens: u64,
    /// The server's claims: `read-only`, `destructive`, `idempotent`, `open-world`.
    pub claims: Vec<&'static str>,
    /// Whether it contains invisible characters.
    pub hides_characters: bool,
    /// Its description.
    pub description: Option<String>,
}

impl HubToolView {
    /// The view of a listed tool.
    #[must_use]
    pub fn of(server: &str, tool: &Map<String, Value>) -> Self {
        let text = |key: &str| tool.get(key).and_then(Value::as_str).map(str::to_owned);
        let json = Value::Object(tool.clone()).to_string();
        let bytes = u64::try_from(json.len()).unwrap_or(u64::MAX);
        Self {
            server: server.to_owned(),
            name: text("name").unwrap_or_default(),
            offered_as: None,
            bytes,
            estimated_tokens: bytes.div_ceil(BYTES_PER_TOKEN),
            claims: claims(tool),
            hides_characters: strings(&Value::Object(tool.clone())).any(hides_characters),
            description: text("description"),
        }
    }
}

/// The claims in a tool's annotations.
fn claims(tool: &Map<String, Value>) -> Vec<&'static str> {
    let annotations = tool.get("annotations").and_then(Value::as_object);
    let claimed = |key: &str| {
        annotations
            .and_then(|annotations| annotations.get(key))
            .and_then(Value::as_bool)
    };
    [
        (claimed("readOnlyHint") == Some(true), "read-only"),
        (claimed("destructiveHint") == Some(true), "destructive"),
        (claimed("idempotentHint") == Some(true), "idempotent"),
        (claimed("openWorldHint") == Some(true), "open-world"),
    ]
    .into_iter()
    .filter_map(|(is_claimed, word)| is_claimed.then_some(word))
    .collect()
}

/// Every text in `value`, including keys.
fn strings(value: &Value) -> impl Iterator<Item = &str> {
    let mut left = vec![value];
    let mut found = Vec::new();
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => found.push(text.as_str()),
            Value::Array(items) => left.extend(items),
            Value::Object(members) => {
                found.extend(members.keys().map(String::as_str));
                left.extend(members.values());
            }
            _ => {}
        }
    }
    found.into_iter()
}

/// Whether `text` has invisible characters or direction overrides.
#[must_use]
pub fn hides_characters(text: &str) -> bool {
    text.chars().any(|each| {
        (each.is_control() && !matches!(each, '\n' | '\r' | '\t'))
            || matches!(each,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    })
}

/// `synapse.hub-tools/1`: approved tools with their cost.
#[derive(Debug, Clone, Serialize)]
pub struct HubToolsDocument {
    schema: &'static str,
    ok: bool,
    tools: Vec<HubToolView>,
    bytes: u64,
    estimated_tokens: u64,
}

impl HubToolsDocument {
    /// The document of these tools.
    #[must_use]
    pub fn new(tools: Vec<HubToolView>) -> Self {
        Self {
            schema: "synapse.hub-tools/1",
            ok: true,
            bytes: tools.iter().map(|tool| tool.bytes).sum(),
            estimated_tokens: tools.iter().map(|tool| tool.estimated_tokens).sum(),
            tools,
        }
    }
}

/// `synapse.hub-call/1`: the raw result of a tool. `ok` unless it reports an error.
#[derive(Debug, Clone, Serialize)]
pub struct HubCallDocument {
    schema: &'static str,
    ok: bool,
    server: String,
    tool: String,
    result: Map<String, Value>,
}

impl HubCallDocument {
    /// Whether the tool succeeded.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.ok
    }

    /// The raw result.
    #[must_use]
    pub const fn result(&self) -> &Map<String, Value> {
        &self.result
    }

    /// The document of a result.
    #[must_use]
    pub fn new(server: &str, tool: &str, result: Map<String, Value>) -> Self {
        let failed = result.get("isError").and_then(Value::as_bool) == Some(true);
        Self {
            schema: "synapse.hub-call/1",
            ok: !failed,
            server: server.to_owned(),
            tool: tool.to_owned(),
            result,
        }
    }
}

/// `synapse.hub-change/1`: a change of the file. `action` is `added`, `removed`, `skipped` or
/// `would-add`.
#[derive(Debug, Clone, Serialize)]
pub struct HubChangeDocument {
    schema: &'static str,
    ok: bool,
    config: String,
    changes: Vec<HubChangeView>,
}

impl HubChangeDocument {
    /// The document of these changes.
    #[must_use]
    pub fn new(config: String, changes: Vec<HubChangeView>) -> Self {
        Self {
            schema: "synapse.hub-change/1",
            ok: true,
            config,
            changes,
        }
    }
}

/// A change.
#[derive(Debug, Clone, Serialize)]
pub struct HubChangeView {
    /// The server.
    pub server: String,
    /// The action.
    pub action: &'static str,
    /// The entry without secrets.
    pub entry: Option<Map<String, Value>>,
    /// References the user has to set, with the command.
    pub to_set: Vec<String>,
    /// Why it was skipped.
    pub error: Option<ErrorView>,
}

/// `synapse.hub-env/1`: the environment of a server's process.
#[derive(Debug, Clone, Serialize)]
pub struct HubEnvDocument {
    schema: &'static str,
    ok: bool,
    server: String,
    variables: Vec<HubVariableView>,
}

impl HubEnvDocument {
    /// The document of these variables.
    #[must_use]
    pub fn new(server: &str, variables: Vec<HubVariableView>) -> Self {
        Self {
            schema: "synapse.hub-env/1",
            ok: true,
            server: server.to_owned(),
            variables,
        }
    }
}

/// A variable.
#[derive(Debug, Clone, Serialize)]
pub struct HubVariableView {
    /// Its name.
    pub name: String,
    /// The value as written in the file: plain text, names and references; `null` for an inherited
    /// one.
    pub value: Option<String>,
    /// Why it is included.
    pub because: String,
}

/// `synapse.hub-ps/1`: running upstream servers.
#[derive(Debug, Clone, Serialize)]
pub struct HubPsDocument {
    schema: &'static str,
    ok: bool,
    processes: Vec<HubProcessView>,
}

impl HubPsDocument {
    /// The document of these processes.
    #[must_use]
    pub fn new(processes: Vec<HubProcessView>) -> Self {
        Self {
            schema: "synapse.hub-ps/1",
            ok: true,
            processes,
        }
    }
}

/// A process.
#[derive(Debug, Clone, Serialize)]
pub struct HubProcessView {
    /// The server.
    pub server: String,
    /// Its process id.
    pub process: u32,
    /// The `synapse` process that started it.
    pub owner: u32,
    /// The MCP client it runs for.
    pub client: Option<String>,
    /// The program.
    pub program: String,
    /// The configuration file.
    pub config: String,
    /// Start time.
    pub started_at: String,
}

/// `synapse.hub-log/1`: the last log lines of a server.
#[derive(Debug, Clone, Serialize)]
pub struct HubLogDocument {
    schema: &'static str,
    ok: bool,
    server: String,
    lines: Vec<String>,
}

impl HubLogDocument {
    /// The document of these lines.
    #[must_use]
    pub fn new(server: &str, lines: Vec<String>) -> Self {
        Self {
            schema: "synapse.hub-log/1",
            ok: true,
            server: server.to_owned(),
            lines,
        }
    }
}

/// `synapse.hub-preflight/1`: the checks, step by step.
#[derive(Debug, Clone, Serialize)]
pub struct HubPreflightDocument {
    schema: &'static str,
    ok: bool,
    server: String,
    live: bool,
    checks: Vec<HubCheckView>,
}

impl HubPreflightDocument {
    /// The document of these checks.
    #[must_use]
    pub fn new(server: &str, live: bool, checks: Vec<HubCheckView>) -> Self {
        Self {
            schema: "synapse.hub-preflight/1",
            ok: checks
                .iter()
                .all(|check| check.outcome != CheckOutcome::Fail),
            server: server.to_owned(),
            live,
            checks,
        }
    }
}

/// A check. `outcome` is `ok`, `warn`, `fail` or `skip`.
#[derive(Debug, Clone, Serialize)]
pub struct HubCheckView {
    /// Its id.
    pub id: &'static str,
    /// Its outcome.
    #[serde(serialize_with = "outcome")]
    pub outcome: CheckOutcome,
    /// The observation.
    pub detail: String,
    /// The failure or warning.
    pub error: Option<ErrorView>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn outcome<S: Serializer>(outcome: &CheckOutcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.as_str())
}

/// Approval facts for [`HubServerView`].
impl HubServerView {
    /// Adds the approval.
    #[must_use]
    pub fn with_approval(mut self, approval: &Approval) -> Self {
        self.approved_at = Some(approval.approved_at.to_string());
        if let Some(catalogue) = &approval.catalogue {
            self.protocol = Some(catalogue.protocol.clone()).filter(|each| !each.is_empty());
            self.catalogue = Some(catalogue.hash().to_string());
        }
        self
    }
}

/// An estimate: JSON schemas have about four bytes per token.
const BYTES_PER_TOKEN: u64 = 4;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tool_that_hides_characters_says_so() {
        let of = |tool: &Value| HubToolView::of("s", tool.as_object().unwrap());
        let plain = json!({"name": "a", "description": "two\nlines", "annotations": {"readOnlyHint": true}});
        assert!(!of(&plain).hides_characters);
        assert_eq!(of(&plain).claims, ["read-only"]);
        for hidden in ["\u{202e}", "\u{200b}", "\u{e0041}", "\u{1b}[2J", "\u{9b}"] {
            let deep = json!({"name": "a", "inputSchema": {"x": {"y": [format!("z{hidden}")]}}});
            assert!(of(&deep).hides_characters, "{hidden:?}");
        }
    }
}
