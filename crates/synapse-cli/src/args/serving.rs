//! Flags of `serve` and `ide`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Serve this connection only
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IdeCommand {
    /// Print the entry for an IDE's MCP configuration, in the `mcpServers` form
    Snippet {
        /// Serve this connection only
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
}
