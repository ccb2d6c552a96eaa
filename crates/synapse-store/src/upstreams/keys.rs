//! The member names of `mcp-servers.json`: ours, equivalents of other programs, and those with
//! meaning only to other programs. Spellings follow the clients in the table of `synapse ide`.

/// All supported members of an entry.
pub(super) const KNOWN: [&str; 21] = [
    "type",
    "command",
    "args",
    "env",
    "cwd",
    "url",
    "headers",
    "disabled",
    "note",
    "groups",
    "tools",
    "relay",
    "pin",
    "protocol",
    "timeouts",
    "envFile",
    "oauth",
    "samplingConnection",
    "auth",
    "enabled",
    "description",
];

/// Security-relevant members: a similar unknown name is an error instead of a warning.
pub(super) const SAFETY: [&str; 13] = [
    "disabled",
    "enabled",
    "disable",
    "enable",
    "tools",
    "allow",
    "deny",
    "relay",
    "pin",
    "allowedTools",
    "deniedTools",
    "samplingConnection",
    "protocol",
];

/// Members of other programs without effect here.
pub(super) const FOREIGN: [&str; 41] = [
    "alwaysAllow",
    "autoApprove",
    "autoAllow",
    "autoStart",
    "trust",
    "trusted",
    "timeout",
    "tool_timeout_sec",
    "startup_timeout_sec",
    "startup_timeout_ms",
    "initTimeout",
    "required",
    "watchPaths",
    "sandbox",
    "sandboxEnabled",
    "dev",
    "gallery",
    "version",
    "source",
    "isActive",
    "icon",
    "iconUrl",
    "tags",
    "provider",
    "disabledResources",
    "approval",
    "disable_parallel_tool_calls",
    "env_vars",
    "env_keys",
    "$schema",
    // Goose
    "name",
    "display_name",
    "bundled",
    // Zed
    "settings",
    // Gemini CLI
    "authProviderType",
    "targetAudience",
    "targetServiceAccount",
    // Claude Code: a program that prints headers
    "headersHelper",
    // Trae, VS Code, others
    "fromGalleryId",
    "registryType",
    "iconURL",
];

/// Words in a member that concerns permissions: an unknown one is an error, or its owner would
/// believe in a limit that does not exist.
pub(super) const SAFETY_WORDS: [&str; 13] = [
    "tool", "deny", "denied", "allow", "block", "forbid", "exclu", "restrict", "permi", "approv",
    "readonly", "consent", "trust",
];

/// Alternative spellings.
pub(super) const COMMAND: [&str; 1] = ["cmd"];
pub(super) const ARGUMENTS: [&str; 1] = ["arguments"];
pub(super) const ENVIRONMENT: [&str; 2] = ["environment", "envs"];
pub(super) const DIRECTORY: [&str; 3] = ["working_directory", "workingDirectory", "workdir"];
pub(super) const ADDRESS: [&str; 4] = ["httpUrl", "serverUrl", "uri", "endpoint"];
pub(super) const HEADERS: [&str; 1] = ["http_headers"];
pub(super) const NOTE: [&str; 1] = ["description"];
pub(super) const ALLOWED: [&str; 5] = [
    "enabled_tools",
    "enabledTools",
    "includeTools",
    "allowedTools",
    "allowed_tools",
];
/// Goose: an empty list allows all.
pub(super) const AVAILABLE: &str = "available_tools";
pub(super) const DENIED: [&str; 9] = [
    "disabled_tools",
    "disabledTools",
    "excludeTools",
    "exclude_tools",
    "deniedTools",
    "denied_tools",
    "disallowedTools",
    "blockedTools",
    "denyTools",
];

/// Names for a program on stdio.
pub(super) const STDIO: &str = "stdio";
pub(super) const STDIO_SPELLINGS: [&str; 2] = ["local", "command"];

/// Names for streamable HTTP.
pub(super) const HTTP: &str = "streamable-http";
pub(super) const HTTP_SPELLINGS: [&str; 7] = [
    "http",
    "streamableHttp",
    "streamable_http",
    "streamablehttp",
    "http_stream",
    "http-stream",
    "remote",
];

/// Names for the transport of 2024-11-05, which is not supported.
pub(super) const SSE_SPELLINGS: [&str; 3] = ["sse", "http+sse", "http-sse"];

/// Members of an `oauth` object.
pub(super) const OAUTH: [&str; 10] = [
    "clientId",
    "clientSecret",
    "redirectUri",
    "callbackPort",
    "scopes",
    "issuer",
    "resource",
    "clientMetadataUrl",
    "authServerMetadataUrl",
    "pkce",
];

pub(super) const OAUTH_SAFETY: [&str; 5] = ["issuer", "resource", "pkce", "scopes", "redirectUri"];

/// Members of an `oauth` object in other programs.
pub(super) const OAUTH_FOREIGN: [&str; 6] = [
    "enabled",
    "authProviderType",
    "tokenParamName",
    "clientName",
    "xaa",
    "type",
];

/// Unsupported grants and proofs, by member.
pub(super) const OAUTH_REFUSED: [(&str, &str); 10] = [
    ("grantType", "another grant"),
    ("grant_type", "another grant"),
    ("dpop", "DPoP"),
    ("privateKey", "the grant of client credentials"),
    ("privateKeyJwt", "the grant of client credentials"),
    ("clientAssertion", "workload identity"),
    ("workloadIdentity", "workload identity"),
    ("idJag", "an enterprise-managed grant"),
    ("tokenExchange", "an enterprise-managed grant"),
    ("tokenUrl", "an endpoint in place of discovery"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../../docs/reference/mcp-servers.md");

    #[test]
    fn the_reference_names_every_member_and_every_spelling() {
        let words = KNOWN
            .iter()
            .chain(&COMMAND)
            .chain(&ARGUMENTS)
            .chain(&ENVIRONMENT)
            .chain(&ADDRESS)
            .chain(&HEADERS)
            .chain(&NOTE)
            .chain(&ALLOWED[1..])
            .chain(&DENIED)
            .chain([&AVAILABLE])
            .chain(&OAUTH)
            .chain(&HTTP_SPELLINGS[..2]);
        for word in words {
            assert!(PAGE.contains(&format!("`{word}`")), "{word}");
        }
    }
}
