//! What an owner can do about a failure, as values: a terminal renders a command, a page a button.

use crate::upstream::UpstreamName;

/// One thing that its owner can do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Look at an upstream and approve it.
    ApproveUpstream {
        /// The server.
        server: UpstreamName,
    },
    /// Log in to an upstream.
    LogIn {
        /// The server.
        server: UpstreamName,
        /// The scopes to ask for; none asks for those of the configuration.
        scopes: Vec<String>,
    },
    /// Log in to an upstream and register a client for it.
    LogInAndRegister {
        /// The server.
        server: UpstreamName,
    },
    /// Check the configuration of the hub.
    ValidateHub,
    /// See what each upstream does.
    HubStatus,
    /// Read the log of an upstream.
    UpstreamLog {
        /// The server.
        server: UpstreamName,
    },
    /// Check an upstream step by step, over the network.
    PreflightUpstream {
        /// The server.
        server: UpstreamName,
    },
}

impl Remedy {
    /// The command that does it.
    #[must_use]
    pub fn command(&self) -> String {
        match self {
            Self::ApproveUpstream { server } => format!("synapse hub approve {server}"),
            Self::LogIn { server, scopes } => {
                let mut command = format!("synapse hub login {server}");
                for scope in scopes {
                    command.push_str(" --scope ");
                    command.push_str(scope);
                }
                command
            }
            Self::LogInAndRegister { server } => format!("synapse hub login {server} --register"),
            Self::ValidateHub => "synapse hub validate".to_owned(),
            Self::HubStatus => "synapse hub status".to_owned(),
            Self::UpstreamLog { server } => format!("synapse hub log {server}"),
            Self::PreflightUpstream { server } => {
                format!("synapse hub preflight {server} --live")
            }
        }
    }
}
