//! Flags of `ide`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::{Args, Subcommand};
use synapse_ide::{CLIENTS, Client, Scope};
use synapse_tools::Tool;

use super::one_of;

#[derive(Debug, Subcommand)]
pub(crate) enum IdeCommand {
    /// List the clients found here, and whether they have our entry
    List {
        /// Include the clients that were not found here
        #[arg(long)]
        all: bool,

        /// The project whose files are read too; the current directory when left out
        #[arg(long, value_name = "DIR")]
        project: Option<PathBuf>,
    },
    /// Print the entry for a client, or in the common `mcpServers` form
    Snippet {
        /// The client
        #[arg(value_parser = client())]
        client: Option<&'static Client>,

        /// Serve this connection only; every connection when left out
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
    /// Write the entry to a client's file, and change nothing else there
    Install(IdeInstallArguments),
    /// Remove the entry
    #[command(alias = "uninstall")]
    Remove(IdeRemoveArguments),
    /// Undo the newest change, unless the file was changed since
    Undo {
        /// The newest change of this client
        #[arg(value_parser = client())]
        client: Option<&'static Client>,

        #[command(flatten)]
        consent: ConsentArguments,
    },
    /// Start the configured command as the client would, and show the result
    Check(IdeCheckArguments),
    /// Print a link that adds the entry, for clients that support one
    Link {
        /// The client
        #[arg(value_parser = client())]
        client: &'static Client,

        /// Serve this connection only; every connection when left out
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct IdeInstallArguments {
    /// The client
    #[arg(value_parser = client(), required_unless_present = "detected")]
    pub(crate) client: Option<&'static Client>,

    /// Every client found here that has a file for the entry
    #[arg(long, conflicts_with = "client")]
    pub(crate) detected: bool,

    #[command(flatten)]
    pub(crate) place: PlaceArguments,

    /// Serve this connection only; every connection when left out
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,

    /// Offer only these tools, separated by commas; all when left out
    #[arg(long, value_name = "TOOLS", value_delimiter = ',', value_parser = one_of(Tool::ALL, |tool| tool.as_str().into()))]
    pub(crate) tools: Vec<Tool>,

    /// Offer no tool that reads a key or sends a request
    #[arg(long)]
    pub(crate) read_only: bool,

    /// Pass this variable of the client's environment; a name and never a value
    #[arg(long = "pass-env", alias = "env", value_name = "NAME")]
    pub(crate) env: Vec<String>,

    /// Write our entry anew, discarding changes made in it
    #[arg(long)]
    pub(crate) reset: bool,

    /// Replace another program's entry of our name
    #[arg(long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) consent: ConsentArguments,
}

#[derive(Debug, Args)]
pub(crate) struct IdeRemoveArguments {
    /// The client
    #[arg(value_parser = client())]
    pub(crate) client: &'static Client,

    #[command(flatten)]
    pub(crate) place: PlaceArguments,

    #[command(flatten)]
    pub(crate) consent: ConsentArguments,
}

#[derive(Debug, Args)]
pub(crate) struct IdeCheckArguments {
    /// The client
    #[arg(value_parser = client())]
    pub(crate) client: &'static Client,

    #[command(flatten)]
    pub(crate) place: PlaceArguments,

    /// The timeout of an answer; the client's own when left out
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: Option<u64>,
}

impl IdeCheckArguments {
    pub(crate) fn patience(&self) -> Option<Duration> {
        self.timeout.map(Duration::from_secs)
    }
}

/// Selects a client's file.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// The scope: this user everywhere, this user in one project, or everyone in one project; user
    /// when left out
    #[arg(long, value_parser = one_of(SCOPES, |scope| scope.as_str().into()), value_name = "SCOPE")]
    scope: Option<Scope>,

    /// The project; implies the scope `project`; the current directory when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
}

impl PlaceArguments {
    pub(crate) fn scope(&self) -> Scope {
        match (self.scope, &self.project) {
            (Some(scope), _) => scope,
            (None, None) => Scope::User,
            (None, Some(_)) => Scope::Project,
        }
    }
}

/// Whether a change may be made.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ConsentArguments {
    /// Show the change and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Write without asking
    #[arg(long, short, conflicts_with = "dry_run")]
    yes: bool,
}

/// The user's consent to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Show the change and write nothing.
    DryRun,
    /// Write without asking.
    Given,
    /// Ask first.
    Open,
}

impl From<ConsentArguments> for Consent {
    fn from(arguments: ConsentArguments) -> Self {
        match (arguments.dry_run, arguments.yes) {
            (true, _) => Self::DryRun,
            (false, true) => Self::Given,
            (false, false) => Self::Open,
        }
    }
}

fn client() -> impl TypedValueParser<Value = &'static Client> {
    one_of(CLIENTS, |client| client.id().into())
}

const SCOPES: [Scope; 3] = [Scope::User, Scope::Local, Scope::Project];
