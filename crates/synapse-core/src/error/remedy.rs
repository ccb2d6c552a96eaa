//! Remedies as values: a terminal renders a command line, a page a button. No library contains
//! command lines.

use std::borrow::Cow;
use std::fmt;

use super::Code;
use crate::value::{BaseUrl, ConnectionName, CredentialRef, Period, ProxyUrl, UpstreamName};

/// A remedy for a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Set everything up, one question at a time.
    SetUp,
    /// Create a first connection.
    CreateConnection,
    /// List all connections.
    ListConnections,
    /// Choose the default connection.
    ChooseDefault,
    /// Show a connection.
    ShowConnection {
        /// Its name.
        connection: ConnectionName,
    },
    /// Change an unspecified field of a connection.
    EditConnection {
        /// Its name.
        connection: ConnectionName,
    },
    /// Turn network access on for a connection, which checks and saves it.
    OpenGate {
        /// Its name.
        connection: ConnectionName,
    },
    /// Check a connection over the network and save the result. Turns network access on.
    CheckConnection {
        /// Its name.
        connection: ConnectionName,
    },
    /// Check a connection with one billed prompt.
    ProveConnection {
        /// Its name.
        connection: ConnectionName,
    },
    /// Confirm this host for the credential of a connection.
    ConfirmHost {
        /// The connection.
        connection: ConnectionName,
        /// The base URL to confirm.
        base_url: BaseUrl,
    },
    /// Confirm this proxy for the requests of a connection.
    ConfirmProxy {
        /// The connection.
        connection: ConnectionName,
        /// The proxy to confirm.
        proxy: ProxyUrl,
    },
    /// Remove the proxy of a connection.
    DropProxy {
        /// The connection.
        connection: ConnectionName,
    },
    /// Set a default cap on answers of a connection.
    CapAnswers {
        /// The connection.
        connection: ConnectionName,
        /// The cap.
        max_tokens: u64,
    },
    /// Change the limits of a connection.
    EditLimits {
        /// The connection.
        connection: ConnectionName,
    },
    /// Allow calls of unknown cost.
    AllowUnknownCost {
        /// The connection.
        connection: ConnectionName,
    },
    /// List the models of a connection with prices.
    ListModels {
        /// The connection.
        connection: ConnectionName,
    },
    /// Send a first prompt through a connection.
    SendPrompt {
        /// The connection.
        connection: ConnectionName,
    },
    /// Show spending.
    ShowUsage {
        /// The grouping.
        by: Period,
    },
    /// Store the secret of a reference.
    StoreSecret {
        /// The reference.
        reference: CredentialRef,
    },
    /// Replace the secret of a reference.
    ReplaceSecret {
        /// The reference.
        reference: CredentialRef,
    },
    /// Seal the local vault with a key file, so that a server without a terminal can open it.
    SealVaultWithKeyFile,
    /// Write the entry of a client.
    InstallEntry {
        /// The client's id; `None` for a placeholder.
        client: Option<String>,
        /// The scope.
        scope: EntryScope,
    },
    /// Replace a foreign entry of a client.
    ReplaceEntry {
        /// The client's id.
        client: String,
    },
    /// Rewrite the entry of a client, so that its server uses this terminal's home directory.
    ShareHome {
        /// The client's id.
        client: String,
        /// The scope.
        scope: EntryScope,
    },
    /// Check the entry of a client.
    CheckEntry {
        /// The client's id.
        client: String,
        /// The scope.
        scope: EntryScope,
    },
    /// Undo the newest change of a client's file.
    UndoEntry {
        /// The client's id.
        client: String,
    },
    /// Remove the entry of a client.
    RemoveEntry {
        /// The client's id.
        client: String,
        /// The scope.
        scope: EntryScope,
    },
    /// Print the entry, for pasting.
    PrintEntry {
        /// The client's id; `None` for the common form.
        client: Option<String>,
    },
    /// List the clients and the state of their files.
    ListEntries,
    /// Recover the readable part of a damaged ledger.
    RepairLedger,
    /// Verify the seals of all rows of the ledger.
    VerifyLedger,
    /// List recorded calls.
    ListCalls,
    /// Show an unspecified recorded call.
    ShowCall,
    /// Examine the installation.
    Examine,
    /// Explain a code.
    ExplainCode {
        /// The code.
        code: Code,
    },
    /// List all codes.
    ListCodes,
    /// Read the help of the program or a part.
    ReadHelp {
        /// The part.
        of: Help,
    },
    /// Review and approve an upstream.
    ApproveUpstream {
        /// The server.
        server: UpstreamName,
    },
    /// Log in to an upstream.
    LogIn {
        /// The server.
        server: UpstreamName,
        /// The scopes to request; empty for the configured ones.
        scopes: Vec<String>,
    },
    /// Log in to an upstream with a code entered on another device.
    LogInByDevice {
        /// The server.
        server: UpstreamName,
    },
    /// Remove the tokens and the client of an upstream.
    ForgetLogin {
        /// The server.
        server: UpstreamName,
    },
    /// Log in to an upstream, registering a client.
    LogInAndRegister {
        /// The server.
        server: UpstreamName,
    },
    /// Validate the hub's configuration.
    ValidateHub,
    /// List all upstreams.
    ListUpstreams,
    /// List the tools of an upstream.
    ListUpstreamTools {
        /// The server.
        server: UpstreamName,
    },
    /// Remove an upstream from the configuration.
    RemoveUpstream {
        /// The server.
        server: UpstreamName,
    },
    /// Show the status of each upstream.
    HubStatus,
    /// Show the log of an upstream.
    UpstreamLog {
        /// The server.
        server: UpstreamName,
    },
    /// Check an upstream step by step over the network.
    PreflightUpstream {
        /// The server.
        server: UpstreamName,
    },
    /// Open the dashboard on any free port.
    OpenDashboard,
    /// Repeat the command with a corrected word. Not applicable without a command.
    Retype {
        /// The word as given.
        wrong: String,
        /// The corrected word.
        right: String,
    },
    /// Repeat the command with an additional flag.
    AddFlag {
        /// The flag.
        flag: Cow<'static, str>,
    },
    /// Wait, then retry.
    Wait,
    /// Run another program, such as `chmod`.
    Shell {
        /// The line for a POSIX shell, quoted where necessary.
        line: String,
    },
}

impl Remedy {
    /// The remedy of running another program: `line` is for a POSIX shell.
    pub fn shell(line: impl Into<String>) -> Self {
        Self::Shell { line: line.into() }
    }
}

/// The scope of a client's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryScope {
    /// Everywhere, for this user.
    User,
    /// For this user, in one project.
    Local,
    /// In one project, for all of its users.
    Project,
}

impl EntryScope {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Local => "local",
            Self::Project => "project",
        }
    }
}

impl fmt::Display for EntryScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A part of the program with its own help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Help {
    /// The program.
    Program,
    /// The setup assistant.
    Setup,
    /// The creation of a connection.
    CreateConnection,
    /// The change of a connection.
    EditConnection,
    /// The server that an IDE starts.
    Serve,
}

/// Renders remedies for one surface. Passed to everything that renders failures.
pub trait RemedyText: fmt::Debug + Send + Sync {
    /// The command line to copy; `None` if there is none, as for waiting.
    fn command(&self, remedy: &Remedy) -> Option<String>;

    /// An action within a sentence, such as a command with placeholders.
    fn action(&self, action: Action) -> String;
}

macro_rules! actions {
    ($($(#[$meta:meta])* $variant:ident $name:literal;)+) => {
        /// An action without names, as referenced by the catalogue of codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Action {
            $($(#[$meta])* $variant,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in braces in catalogue texts.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

actions! {
    /// Change a connection.
    EditConnection "edit-connection";
    /// List all connections.
    ListConnections "list-connections";
    /// Show the remaining steps of a connection.
    Checklist "checklist";
    /// Print the entry of a client.
    PrintEntry "print-entry";
    /// Write the entry of a client.
    InstallEntry "install-entry";
    /// List the clients and the state of their files.
    ListEntries "list-entries";
    /// Replace a secret.
    ReplaceSecret "replace-secret";
    /// List models and prices.
    ListModels "list-models";
    /// Recover the readable part of a damaged ledger.
    RepairLedger "repair-ledger";
    /// Examine the installation.
    Examine "examine";
    /// List all upstreams.
    ListUpstreams "list-upstreams";
    /// Review and approve an upstream.
    ApproveUpstream "approve-upstream";
    /// Check an upstream over the network.
    PreflightUpstream "preflight-upstream";
    /// Show the log of an upstream.
    UpstreamLog "upstream-log";
    /// Log in to an upstream.
    LogIn "log-in";
    /// Log in to an upstream with a code entered on another device.
    LogInByDevice "log-in-by-device";
}
