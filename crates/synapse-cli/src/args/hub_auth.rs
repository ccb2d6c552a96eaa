//! Flags of `hub login`, `hub logout` and `hub auth-status`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct HubLoginArguments {
    /// The server
    #[arg(value_name = "SERVER")]
    pub(crate) server: String,

    /// Log in on another device, with a code
    #[arg(long, conflicts_with_all = ["paste", "port"])]
    pub(crate) device: bool,

    /// Log in with any browser and paste the final address; it is not shown
    #[arg(long)]
    pub(crate) paste: bool,

    /// A scope to request instead of the configured ones. Repeatable
    #[arg(long = "oauth-scope", alias = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,

    /// Register a client with the authorization server if none is configured
    #[arg(long)]
    pub(crate) register: bool,

    /// The port of the callback; a free one when left out
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,

    /// The timeout of the login in seconds; default SYNAPSE_LOGIN_TIMEOUT, else 300
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: Option<u64>,

    /// Do not ask about the authorization server; one that changed since the last login is refused
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HubLogoutArguments {
    /// The server
    #[arg(value_name = "SERVER")]
    pub(crate) server: String,

    /// Also forget a registered client, and records that are damaged
    #[arg(long)]
    pub(crate) forget_client: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HubAuthStatusArguments {
    /// The server; all when left out
    #[arg(value_name = "SERVER")]
    pub(crate) server: Option<String>,
}

pub(crate) const LOGIN_EXAMPLES: &str = "\
The server has to be approved first. Without a browser on this machine, use --paste or --device.

Examples:
  synapse hub login hf
  synapse hub login hf --device
  synapse hub login work --register --oauth-scope read";
