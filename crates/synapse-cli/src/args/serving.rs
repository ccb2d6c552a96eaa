//! Flags of `serve`, `checklist`, `doctor` and `dashboard`.

use std::path::PathBuf;

use clap::Args;
use synapse_hub::HubMode;
use synapse_tools::Tool;

use super::one_of;

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Serve this connection only; every connection when left out
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,

    /// Offer only these tools, separated by commas; all when left out
    #[arg(long, value_name = "TOOLS", value_delimiter = ',', value_parser = one_of(Tool::ALL, |tool| tool.as_str().into()))]
    pub(crate) tools: Vec<Tool>,

    /// Offer no tool that reads a key or sends a request: connections, usage and history only
    #[arg(long)]
    pub(crate) read_only: bool,

    #[command(flatten)]
    pub(crate) hub: ServedHubArguments,
}

/// Flags of the hub in `serve`.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Hub")]
pub(crate) struct ServedHubArguments {
    /// Serve the upstream servers of this file instead of mcp-servers.json of the home
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// A file of NAME=value lines, used only for `${NAME}`. Repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Vec<PathBuf>,

    /// Serve only this upstream, under its own names; repeated, only these upstreams
    #[arg(long, value_name = "SERVER")]
    pub(crate) upstream: Vec<String>,

    /// Serve only the upstreams of this group; every group when left out. Repeatable
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,

    /// Serve no upstream
    #[arg(long, conflicts_with_all = ["config", "env_file", "upstream", "group", "hub_mode", "max_tools", "max_tool_tokens"])]
    pub(crate) no_hub: bool,

    /// How to offer tools of upstreams: `direct`, each as its own tool, or `search`, through a few
    /// tools that find and call them; direct when left out
    #[arg(long, value_name = "MODE", value_parser = one_of(HubMode::ALL, |mode| mode.as_str().into()))]
    pub(crate) hub_mode: Option<HubMode>,

    /// Offer no upstream tools if there are more than this; any number when left out
    #[arg(long, value_name = "N")]
    pub(crate) max_tools: Option<u64>,

    /// Offer no upstream tools if their descriptions exceed this many estimated tokens; any number
    /// when left out
    #[arg(long, value_name = "N")]
    pub(crate) max_tool_tokens: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct ChecklistArguments {
    /// The connection
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// The project to check too; the current directory when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Also write a support bundle to this new file: without secrets, prompts and answers
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
