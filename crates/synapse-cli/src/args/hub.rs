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
    /// List the upstream servers, and whether each is approved
    List,
    /// Add a server: a URL, a command behind `--`, or a server.json of the registry
    #[command(after_help = ADD_EXAMPLES)]
    Add(HubAddArguments),
    /// Take servers over from another client's file; secrets become references to set
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
    /// Check the file, or one server of it, without contacting anybody
    Validate {
        /// The server; all when left out
        #[arg(value_name = "SERVER")]
        server: Option<String>,
    },
    /// Look at exactly what would run or be contacted, confirm it, and pin its tools
    #[command(after_help = APPROVE_HELP)]
    Approve(HubApproveArguments),
    /// Log in to a server, by OAuth
    #[command(after_help = LOGIN_EXAMPLES)]
    Login(HubLoginArguments),
    /// Forget the tokens of a server
    Logout(HubLogoutArguments),
    /// Show who is logged in where and until when; never a value
    AuthStatus(HubAuthStatusArguments),
    /// Show what works and why the rest does not; starts nothing
    Status {
        /// The server; all when left out
        #[arg(value_name = "SERVER")]
        server: Option<String>,
    },
    /// List the approved tools with what they cost a model's context
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
    /// Show which variables a server's process gets, and why
    Env {
        /// The server
        #[arg(value_name = "SERVER")]
        server: String,

        /// Say for each variable where it comes from
        #[arg(long)]
        explain: bool,
    },
    /// List the upstream servers that run, in all windows
    Ps,
    /// Print what a server wrote to stderr, without secrets
    Log {
        /// The server
        #[arg(value_name = "SERVER")]
        server: String,

        /// The last lines
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

    /// A group that it belongs to, for `serve --group`
    #[arg(long = "group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,

    /// A remark
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,

    /// Approve it without being asked
    #[arg(long, short, conflicts_with = "no_approve")]
    pub(crate) yes: bool,

    /// Do not go on to approve it
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

    /// The project whose files are looked at too; the current directory when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,

    /// Show what would be added, and add nothing
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
What looks like a secret there is not copied: its place is taken by a reference, and the command \
that sets it is printed. Nothing is approved.

Examples:
  synapse hub import cursor
  synapse hub import claude-code github --dry-run";

const APPROVE_HELP: &str = "\
Shows the program with every argument, its directory and the names of its variables and secrets, or \
the URL and its headers. After a yes it connects once, shows what the server offers, asks again, and \
pins that by hash: a tool that changes later is not called. Any difference of what was shown first is \
refused later. A server that wants a login is approved as far as that; its login pins its tools.

Examples:
  synapse hub approve hf
  synapse hub approve --all
  synapse hub approve files --yes --config team-servers.json";

const CALL_EXAMPLES: &str = "\
Examples:
  synapse hub call files list_directory '{\"path\": \"/home/me/notes\"}'
  synapse hub call hf hf_whoami --json";
