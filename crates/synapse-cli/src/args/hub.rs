//! Flags of `hub`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{HubAuthStatusArguments, HubLoginArguments, HubLogoutArguments, LOGIN_EXAMPLES};

#[derive(Debug, Args)]
pub(crate) struct HubArguments {
    #[command(flatten)]
    pub(crate) place: HubPlaceArguments,

    #[command(subcommand)]
    pub(crate) command: HubCommand,
}

/// Which configuration.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct HubPlaceArguments {
    /// Another file than mcp-servers.json of the home; its approvals and logins are kept apart
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        help_heading = "Configuration"
    )]
    pub(crate) config: Option<PathBuf>,

    /// A file of NAME=value lines that feeds `${NAME}`, and nothing else; may be given several times
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        help_heading = "Configuration"
    )]
    pub(crate) env_file: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HubCommand {
    /// Log in to a server, by OAuth
    #[command(after_help = LOGIN_EXAMPLES)]
    Login(HubLoginArguments),
    /// Forget the tokens of a server
    Logout(HubLogoutArguments),
    /// Show who is logged in where and until when; never a value
    AuthStatus(HubAuthStatusArguments),
}
