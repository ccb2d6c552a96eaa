//! Flags of `hub`.

use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::{Args, Subcommand};
use synapse_ide::{CLIENTS, Client};

use super::{
    HubAuthStatusArguments, HubLoginArguments, HubLogoutArguments, LOGIN_EXAMPLES, one_of,
};

#[derive(Debug, Args)]
pub(crate) struct HubArguments {
    #[command(flatten)]
    pub(crate) place: HubPlaceArguments,

    #[command(subcommand)]
    pub(crate) command: HubCommand,
}

/// The configuration to use.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct HubPlaceArguments {
    /// A file other than mcp-servers.json of the home; its approvals and logins are separate
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        help_heading = "Configuration"
    )]
    pub(crate) config: Option<PathBuf>,

    /// A file of NAME=value lines, used only for `${NAME}`. Repeatable
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
    /// List the upstream servers, and whether each is approved
    List,
    /// Add a server: a URL, a command after `--`, or a server.json of the registry
    #[command(after_help = ADD_EXAMPLES)]
    Add(HubAddArguments),
    /// Import servers from another client's file; secrets become references to set
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(HubImportArguments),
    /// Remove a server and its approval
    Remove {
        /// The server
        #[arg(value_name = "SERVER")]
        server: String,

        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Check the file, or one server of it, without contacting any server
    Validate {
        /// The server; all when left out
        #[arg(value_name = "SERVER")]
        server: Option<String>,
    },
    /// Review exactly what would run or be contacted, confirm it, and pin its tools
    #[command(after_help = APPROVE_HELP)]
    Approve(HubApproveArguments),
    /// Log in to a server, by OAuth
    #[command(after_help = LOGIN_EXAMPLES)]
    Login(HubLoginArguments),
    /// Delete the tokens of a server
    Logout(HubLogoutArguments),
    /// Show logins and their expiry; never a token
    AuthStatus(HubAuthStatusArguments),
    /// Show what works and why the rest does not; starts nothing
    Status {
        /// The server; all when left out
        #[arg(value_name = "SERVER")]
        server: Option<String>,
    },
    /// List the approved tools and their size in a model's context
    Tools {
        /// The server; all when left out
        #[arg(value_name = "SERVER")]
        server: Option<String>,
    },
    /// Call one tool and print its result
    #[command(after_help = CALL_EXAMPLES)]
    Call {
        /// The server
        #[arg(value_name = "SERVER")]
        server: String,

        /// The tool, by the server's own name for it
        #[arg(value_name = "TOOL")]
        tool: String,

        /// The arguments: a JSON object, or `-` to read it from stdin
        #[arg(value_name = "JSON", default_value = "{}")]
        arguments: String,
    },
    /// Check a server step by step: locally, or over the network with --live
    Preflight {
        /// The server
        #[arg(value_name = "SERVER")]
        server: String,

        /// Also connect to it, once
        #[arg(long)]
        live: bool,
    },
    /// Show the variables of a server's process, and why it gets them
    Env {
        /// The server
        #[arg(value_name = "SERVER")]
        server: String,

        /// Show the source of each variable
        #[arg(long)]
        explain: bool,
    },
    /// List the running upstream servers of all windows
    Ps,
    /// Print a server's stderr, without secrets
    Log {
        /// The server
        #[arg(value_name = "SERVER")]
        server: String,

        /// The number of last lines
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        lines: u32,
    },
}

#[derive(Debug, Args)]
pub(crate) struct HubAddArguments {
    /// The name of the server
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Its URL, or the path of a server.json
    #[arg(value_name = "URL|FILE", required_unless_present = "program")]
    pub(crate) source: Option<String>,

    /// A variable for the program, as NAME=VALUE; a secret as NAME='${keyring:…}'
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub(crate) variables: Vec<String>,

    /// A header to send, as NAME=VALUE; a secret as Authorization='Bearer ${keyring:…}'
    #[arg(long = "header", value_name = "NAME=VALUE")]
    pub(crate) headers: Vec<String>,

    /// The directory to start the program in; the home directory when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<String>,

    /// A group of the server, for `serve --group`
    #[arg(long = "group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,

    /// A note
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,

    /// Approve it without being asked
    #[arg(long, short, conflicts_with = "no_approve")]
    pub(crate) yes: bool,

    /// Do not continue with its approval
    #[arg(long)]
    pub(crate) no_approve: bool,

    /// The program and its arguments
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "source")]
    pub(crate) program: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct HubImportArguments {
    /// The client
    #[arg(value_name = "CLIENT", value_parser = client())]
    pub(crate) client: &'static Client,

    /// Only these servers
    #[arg(value_name = "SERVER")]
    pub(crate) servers: Vec<String>,

    /// The project whose files are read too; the current directory when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,

    /// Show the additions without making them
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HubApproveArguments {
    /// The server
    #[arg(value_name = "SERVER", required_unless_present = "all")]
    pub(crate) server: Option<String>,

    /// Go through every server of the file that is not approved
    #[arg(long, conflicts_with = "server")]
    pub(crate) all: bool,

    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

fn client() -> impl TypedValueParser<Value = &'static Client> {
    one_of(CLIENTS, |client| client.id().into())
}

const ADD_EXAMPLES: &str = "\
No secret is written: a value is a variable, `${NAME}`, or a reference, `${keyring:NAME}`. At a \
terminal the server is approved next.

Examples:
  synapse hub add hf https://huggingface.co/mcp \\
      --header 'Authorization=Bearer ${HF_TOKEN}'
  synapse hub add files -- \\
      npx -y @modelcontextprotocol/server-filesystem@2026.8.31 ~/notes
  synapse hub add github ./server.json";

const IMPORT_EXAMPLES: &str = "\
Possible secrets are not copied but replaced by references, and the commands that set them are \
printed. Nothing is approved.

Examples:
  synapse hub import cursor
  synapse hub import claude-code github --dry-run";

const APPROVE_HELP: &str = "\
Shows the program with every argument, its directory and the names of its variables and secrets, \
or the URL and its headers. After a yes it connects once, shows the server's tools, asks again, \
and pins them by hash: a tool that changes later is not called, and a server whose program or URL \
changes is refused. If the server requires a login, its tools are pinned by the login.

Examples:
  synapse hub approve hf
  synapse hub approve --all
  synapse hub approve files --yes --config team-servers.json";

const CALL_EXAMPLES: &str = "\
Examples:
  synapse hub call files list_directory '{\"path\": \"/home/me/notes\"}'
  synapse hub call hf hf_whoami --json";
