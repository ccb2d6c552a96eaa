//! Flags of `serve`, `ide` and `doctor`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Serve this connection only
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Also write a support bundle to this new file: no secret, prompt or answer is in it
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<std::path::PathBuf>,
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
