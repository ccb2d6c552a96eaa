//! The support bundle: one JSON file for support, searched for secrets before it is written. It
//! holds no prompt, answer or value of the environment.

use std::path::Path;

use serde_json::{Value, json};
use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::HistoryQuery;
use synapse_core::redact::is_opaque;
use synapse_documents::{ConnectionsDocument, DoctorDocument, HistoryDocument, Pages};

use super::super::Context;
use crate::command::of_named_file;
use crate::output::CommandLines;

/// Writes the bundle to a new file at `path` that only the owner can read.
///
/// # Errors
/// `internal.invariant` when a secret would be in it, `storage.*`; then nothing is written.
pub(in crate::command) async fn write(
    context: &Context,
    engine: &Engine,
    doctor: &DoctorDocument,
    path: &Path,
) -> Result<(), Failure> {
    let connections = engine.connections().unwrap_or_default();
    let query = HistoryQuery::newest(MOST_CALLS);
    let history = engine.history(query.clone()).await.unwrap_or_default();
    let pages = Pages::around(&history, &query);
    let mut bundle = json!({
        "schema": "synapse.bundle/1",
        "doctor": doctor,
        "architecture": std::env::consts::ARCH,
        "connections": ConnectionsDocument::new(&connections, &CommandLines),
        "history": HistoryDocument::new(&history, &pages),
    });
    let home = context.environment.user_home();
    let home = home.map(|home| home.display().to_string());
    clean(&mut bundle, context, home.as_deref());
    let text = serde_json::to_string_pretty(&bundle).map_err(|error| {
        Failure::new(Code::InternalInvariant, "the bundle cannot be written").caused_by(&error)
    })?;
    // The search covers the text exactly as it is written.
    if context.seen.holds(&text) {
        return Err(Failure::new(
            Code::InternalInvariant,
            "the support bundle would hold a secret; it was not written",
        )
        .hint("please report this, without the secret"));
    }
    synapse_home::atomic::write_private(path, text.as_bytes()).map_err(of_named_file)
}

/// Removes secrets from every text, and the user's name from every path.
fn clean(bundle: &mut Value, context: &Context, home: Option<&str>) {
    let mut left = vec![bundle];
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => {
                let mut clean = context.seen.redact(text).into_owned();
                if let Some(home) = home.filter(|home| home.len() > 1) {
                    clean = clean.replace(home, "~");
                }
                // A model name is any text, such as a pasted token.
                if is_opaque(&clean) && !clean.contains(['-', ':', '/', '.']) {
                    clean = "[not shown]".to_owned();
                }
                *text = clean;
            }
            Value::Array(values) => left.extend(values),
            Value::Object(members) => left.extend(members.values_mut()),
            _ => {}
        }
    }
}

const MOST_CALLS: u32 = 50;
