//! Flags of `serve`, `checklist`, `doctor` and `dashboard`.

use std::path::PathBuf;

use clap::Args;
use synapse_mcp::tools::Tool;

use super::one_of;

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Serve this connection only
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,

    /// Offer only these tools, separated by commas
    #[arg(long, value_name = "TOOLS", value_delimiter = ',', value_parser = one_of(Tool::ALL, |tool| tool.as_str().into()))]
    pub(crate) tools: Vec<Tool>,

    /// Offer no tool that reads a key or sends anything: connections, usage and history only
    #[arg(long)]
    pub(crate) read_only: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ChecklistArguments {
    /// The connection
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// The project that is looked at too; the current directory when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Also write a support bundle to this new file: no secret, prompt or answer is in it
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DashboardArguments {
    /// Also open it in the browser
    #[arg(long)]
    pub(crate) open: bool,

    /// The port on 127.0.0.1 and ::1; a free one when left out
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) port: u16,
}
