//! The server for the official MCP conformance suite, based on the product's server code: the
//! suite's tools, resources and prompts, served by `synapse-mcp`.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value that is indexed answers null for what it does not have"
)]

mod input_required;
mod prompts;
mod resources;
mod tools;

use std::error::Error;
use std::sync::Arc;

use synapse_mcp::host::Changes;
use synapse_mcp::{Server, ServerIdentity, stdio};

use crate::prompts::Prompts;
use crate::resources::Resources;
use crate::tools::Tools;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(async {
        let (input, output) = stdio::open()?;
        let changes = Changes::new();
        Server::new(ServerIdentity::new("synapse-fixture-server", "1.0.0"))
            .with_tools(Arc::new(Tools::new(changes.clone())))
            .with_resources(Arc::new(Resources))
            .with_prompts(Arc::new(Prompts))
            .with_completions(Arc::new(Prompts))
            .with_changes(changes)
            .with_logging()
            .serve(input, output)
            .await?;
        Ok(())
    });
    runtime.shutdown_background();
    served
}

/// A red dot.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

/// An empty WAV file.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
