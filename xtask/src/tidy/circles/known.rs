//! The arrows that close a circle and stay for now. The list only gets shorter: an arrow that closes
//! no circle any more has to leave it.

/// The crate, the module that the arrow starts from, and the one that it points at.
pub(super) const KNOWN: &[(&str, &str, &str)] = &[
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
];
