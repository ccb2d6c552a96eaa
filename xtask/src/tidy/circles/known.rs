//! The arrows that close a circle and stay for now. The list only gets shorter: an arrow that closes
//! no circle any more has to leave it.

/// The crate, the module that the arrow starts from, and the one that it points at.
pub(super) const KNOWN: &[(&str, &str, &str)] = &[
    ("synapse-cli", "output::table", "output::columns"),
    (
        "synapse-cli",
        "command::hub::live",
        "command::hub::preflight",
    ),
    // A remedy holds parsed values, and parsing fails with a failure that has remedies.
    ("synapse-core", "error", "connection"),
    ("synapse-core", "error", "credential"),
    ("synapse-core", "error", "endpoint"),
    ("synapse-core", "error", "limits"),
    ("synapse-core", "error", "name"),
    ("synapse-core", "error", "upstream"),
    ("synapse-core", "error::catalogue", "error::remedy"),
    // A connection is saved with what its preflight proved, and a receipt begins with a connection.
    ("synapse-core", "preflight", "connection"),
    ("synapse-core", "receipt", "connection"),
    ("synapse-core", "cost", "chat"),
    ("synapse-core", "secure_url", "endpoint"),
    ("synapse-core", "ledger", "dataset"),
    ("synapse-core", "upstream::fingerprint", "upstream::expand"),
    ("synapse-core", "engine::preflight", "engine::connections"),
    ("synapse-core", "chat::content", "chat::message"),
    // A failure's document may hold a receipt and a preflight, which hold failures.
    ("synapse-documents", "failure", "calls"),
    ("synapse-documents", "failure", "connections"),
    // The parts of a hub reach each other through what they share.
    ("synapse-hub", "roster", "hub"),
    ("synapse-hub", "runtime", "hub"),
    ("synapse-hub", "status", "hub"),
    ("synapse-hub", "transport::exchange", "transport::http"),
    ("synapse-mcp", "client::running", "client::calls"),
    ("synapse-oauth", "registration", "login"),
    ("synapse-providers", "send", "reply"),
    ("synapse-providers", "classify::remedy", "classify::report"),
    (
        "synapse-providers",
        "anthropic::messages",
        "anthropic::request",
    ),
    ("synapse-store", "ledger::rows", "ledger::hub"),
    ("synapse-store", "ledger::rows", "ledger::sweep"),
    ("synapse-store", "ledger::rows", "ledger::texts"),
    ("tests", "provider", "home"),
];
