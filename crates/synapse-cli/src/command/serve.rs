//! `synapse serve`: MCP over stdio. Stdout belongs to the protocol; logs go to stderr.
//!
//! **Invariant:** nothing here touches network, secrets or disk before a request needs it, so that
//! the first answer takes milliseconds and a client that starts the server twice costs nothing.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use synapse_core::error::{Code, Failure};
use synapse_mcp::tools::ProductTools;
use synapse_mcp::{Server, ServerIdentity, stdio};

use super::{CommandError, Context, runtime};
use crate::args::ServeArguments;
use crate::compose::{self, Asking};
use crate::log;
use crate::system::asked_to_stop;
use crate::telemetry;

pub(super) fn run(context: &Context, arguments: ServeArguments) -> Result<(), CommandError> {
    log::to_stderr(&context.environment, context.seen.clone());
    if io::stdin().is_terminal() {
        context.printer.note(BY_HAND);
    }
    let runtime = runtime()?;
    let engine = compose::engine(context, Asking::Nobody)?;
    let ledger = Arc::clone(&engine.ports().ledger);
    let tools = match arguments.connection {
        Some(name) => ProductTools::new(engine).scoped_to(name),
        None => ProductTools::new(engine),
    };
    let identity = ServerIdentity::new("synapse", env!("CARGO_PKG_VERSION"))
        .with_title("Synapse")
        .with_instructions(INSTRUCTIONS);
    let result = runtime.block_on(async {
        let (input, output) = stdio::open().map_err(|error| {
            Failure::new(
                Code::UsageInvalidArguments,
                "stdin or stdout cannot be used",
            )
            .caused_by(&error)
        })?;
        let serving = Server::new(identity)
            .with_tools(Arc::new(tools))
            .serve(input, output);
        // Dropping the server cancels the calls under way and closes their rows.
        let served = tokio::select! {
            served = serving => served,
            Ok(()) = asked_to_stop() => Ok(()),
        };
        if let Err(failure) = ledger.flush().await {
            context.printer.warning(&failure);
        }
        telemetry::remind(context);
        served.map_err(|error| {
            Failure::new(Code::InternalInvariant, "the protocol stream broke").caused_by(&error)
        })
    });
    // A blocking read of a terminal or file may never return; the process does not wait for it.
    runtime.shutdown_background();
    result.map_err(CommandError::from)
}

const BY_HAND: &str = "synapse serve speaks MCP on stdin and stdout; an IDE starts it. \
    `synapse ide snippet` prints the entry for one. Ctrl-D ends it.";

const INSTRUCTIONS: &str = "Synapse sends prompts to models of the user's own accounts. \
    Each chat call is one HTTP request that may cost money; nothing is retried. \
    When a call fails, show the user the error code and its hint.";
