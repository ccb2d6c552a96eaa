//! The words of `mcp-servers.json`: ours, those of other programs that mean the same, and those that
//! belong to other programs. Spellings are those of the clients in the table of `synapse ide`.

/// Every member of an entry that means something here.
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

/// Members that decide what a server may do: whatever resembles one is no slip to pass over.
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

/// Members that belong to other programs and have no effect here.
pub(super) const FOREIGN: [&str; 30] = [
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
];

/// What is spelled otherwise elsewhere.
pub(super) const COMMAND: [&str; 1] = ["cmd"];
pub(super) const ARGUMENTS: [&str; 1] = ["arguments"];
pub(super) const ENVIRONMENT: [&str; 2] = ["environment", "envs"];
pub(super) const DIRECTORY: [&str; 3] = ["working_directory", "workingDirectory", "workdir"];
pub(super) const ADDRESS: [&str; 4] = ["httpUrl", "serverUrl", "uri", "endpoint"];
pub(super) const HEADERS: [&str; 1] = ["http_headers"];
pub(super) const NOTE: [&str; 1] = ["description"];
pub(super) const ALLOWED: [&str; 4] = [
    "enabled_tools",
    "enabledTools",
    "includeTools",
    "allowedTools",
];
pub(super) const DENIED: [&str; 4] = [
    "disabled_tools",
    "disabledTools",
    "excludeTools",
    "deniedTools",
];

/// Words for a program that speaks on its standard input and output.
pub(super) const STDIO: &str = "stdio";
pub(super) const STDIO_SPELLINGS: [&str; 2] = ["local", "command"];

/// Words for a URL that speaks streamable HTTP.
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

/// Words for the transport of 2024-11-05, which is not supported.
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

/// Members of an `oauth` object elsewhere.
pub(super) const OAUTH_FOREIGN: [&str; 6] = [
    "enabled",
    "authProviderType",
    "tokenParamName",
    "clientName",
    "xaa",
    "type",
];

/// Grants and proofs that are not part of Synapse, by the member that asks for one.
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
