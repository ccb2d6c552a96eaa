//! Names of the semantic conventions. The official Rust crate marks every GenAI name as deprecated
//! since they moved to their own repository, hence this table.
//!
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/> and `gen-ai-metrics/` beside it.

/// The version of the conventions.
pub(crate) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.42.0";

pub(crate) const OPERATION: &str = "gen_ai.operation.name";
pub(crate) const PROVIDER: &str = "gen_ai.provider.name";
pub(crate) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(crate) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(crate) const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
pub(crate) const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub(crate) const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub(crate) const CACHE_READ_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
pub(crate) const CACHE_WRITE_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
pub(crate) const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
pub(crate) const TOKEN_TYPE: &str = "gen_ai.token.type";
pub(crate) const INPUT: &str = "input";
pub(crate) const OUTPUT: &str = "output";
/// The only operation: a probe is a chat too.
pub(crate) const CHAT: &str = "chat";

/// <https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md>
pub(crate) const METHOD: &str = "mcp.method.name";
pub(crate) const PROTOCOL_VERSION: &str = "mcp.protocol.version";
pub(crate) const TOOL_NAME: &str = "gen_ai.tool.name";
pub(crate) const PROMPT_NAME: &str = "gen_ai.prompt.name";
pub(crate) const TRANSPORT: &str = "network.transport";
pub(crate) const RPC_STATUS: &str = "rpc.response.status_code";
pub(crate) const TOOLS_CALL: &str = "tools/call";
pub(crate) const PROMPTS_GET: &str = "prompts/get";
/// The operation of a tool call; other MCP requests have no operation.
pub(crate) const EXECUTE_TOOL: &str = "execute_tool";
/// The error type of a tool result with `isError`.
pub(crate) const TOOL_ERROR: &str = "tool_error";

pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";
pub(crate) const HTTP_STATUS: &str = "http.response.status_code";
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const SERVICE_NAME: &str = "service.name";
pub(crate) const SERVICE_VERSION: &str = "service.version";
pub(crate) const SERVICE_INSTANCE: &str = "service.instance.id";

/// A histogram of the conventions: name, unit, description and recommended bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instrument {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) description: &'static str,
    pub(crate) bounds: &'static [f64],
}

pub(crate) const TOKEN_USAGE: Instrument = Instrument {
    name: "gen_ai.client.token.usage",
    unit: "{token}",
    description: "Number of input and output tokens used.",
    bounds: &[
        1.0,
        4.0,
        16.0,
        64.0,
        256.0,
        1_024.0,
        4_096.0,
        16_384.0,
        65_536.0,
        262_144.0,
        1_048_576.0,
        4_194_304.0,
        16_777_216.0,
        67_108_864.0,
    ],
};

pub(crate) const OPERATION_DURATION: Instrument = Instrument {
    name: "gen_ai.client.operation.duration",
    unit: "s",
    description: "GenAI operation duration.",
    bounds: &[
        0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
    ],
};

pub(crate) const MCP_SERVER_DURATION: Instrument = Instrument {
    name: "mcp.server.operation.duration",
    unit: "s",
    description: "MCP request duration as observed on the receiver.",
    bounds: MCP_BOUNDS,
};

pub(crate) const MCP_CLIENT_DURATION: Instrument = Instrument {
    name: "mcp.client.operation.duration",
    unit: "s",
    description: "MCP request duration as observed on the sender.",
    bounds: MCP_BOUNDS,
};

const MCP_BOUNDS: &[f64] = &[
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
];

// Attributes without a convention.
pub(crate) const CONNECTION: &str = "synapse.connection";
pub(crate) const CALL_ID: &str = "synapse.call.id";
pub(crate) const CALL_KIND: &str = "synapse.call.operation";
pub(crate) const OUTCOME: &str = "synapse.call.outcome";
pub(crate) const REQUEST_ID: &str = "synapse.provider.request_id";
pub(crate) const SERVED_BY: &str = "synapse.provider.served_by";
pub(crate) const CLIENT_NAME: &str = "synapse.client.name";
pub(crate) const CLIENT_VERSION: &str = "synapse.client.version";
pub(crate) const TOOL: &str = "synapse.client.tool";
pub(crate) const COST: &str = "synapse.cost.nano_usd";
pub(crate) const COST_SOURCE: &str = "synapse.cost.source";
pub(crate) const MAYBE_BILLED: &str = "synapse.cost.maybe_billed";
pub(crate) const UPSTREAM: &str = "synapse.upstream";
pub(crate) const MAY_HAVE_RUN: &str = "synapse.upstream.may_have_run";
