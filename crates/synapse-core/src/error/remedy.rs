//! What an owner can do about a failure, as values: a terminal renders a command line, a page a
//! button. No text of a command line is written here or in any other library.

use std::fmt;

use crate::connection::ProxyUrl;
use crate::credential::CredentialRef;
use crate::endpoint::BaseUrl;
use crate::limits::Period;
use crate::name::ConnectionName;
use crate::upstream::UpstreamName;

use super::Code;

/// One thing that the owner of an installation can do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Create a first connection.
    CreateConnection,
    /// See every connection.
    ListConnections,
    /// Choose the connection that is meant where none is named.
    ChooseDefault,
    /// See one connection.
    ShowConnection {
        /// Its name.
        connection: ConnectionName,
    },
    /// Change a field of a connection; which one is for its owner to say.
    EditConnection {
        /// Its name.
        connection: ConnectionName,
    },
    /// Open the network gate of a connection, which checks and saves it.
    OpenGate {
        /// Its name.
        connection: ConnectionName,
    },
    /// Check a connection over the network and save what was proven. Opens its gate.
    CheckConnection {
        /// Its name.
        connection: ConnectionName,
    },
    /// Check a connection with one paid prompt.
    ProveConnection {
        /// Its name.
        connection: ConnectionName,
    },
    /// Confirm that the credential of a connection may go to this host.
    ConfirmHost {
        /// The connection.
        connection: ConnectionName,
        /// The base URL to confirm.
        base_url: BaseUrl,
    },
    /// Confirm that the requests of a connection may go through this proxy.
    ConfirmProxy {
        /// The connection.
        connection: ConnectionName,
        /// The proxy to confirm.
        proxy: ProxyUrl,
    },
    /// Use a connection without its proxy.
    DropProxy {
        /// The connection.
        connection: ConnectionName,
    },
    /// Cap the answers to every prompt of a connection.
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
    /// Let calls pass whose cost is not known beforehand.
    AllowUnknownCost {
        /// The connection.
        connection: ConnectionName,
    },
    /// See the models of a connection, with their prices.
    ListModels {
        /// The connection.
        connection: ConnectionName,
    },
    /// Send a first prompt over a connection.
    SendPrompt {
        /// The connection.
        connection: ConnectionName,
    },
    /// See what was spent.
    ShowUsage {
        /// By what.
        by: Period,
    },
    /// Store the secret of a reference.
    StoreSecret {
        /// Where to.
        reference: CredentialRef,
    },
    /// Replace the secret of a reference.
    ReplaceSecret {
        /// Where it is.
        reference: CredentialRef,
    },
    /// Seal the local vault with a key file, so that a server without a terminal can open it.
    SealVaultWithKeyFile,
    /// Write the entry of a client.
    InstallEntry {
        /// The client's id; `None` leaves the choice to the reader.
        client: Option<String>,
        /// For whom.
        scope: EntryScope,
    },
    /// Write the entry of a client over one that is not ours.
    ReplaceEntry {
        /// The client's id.
        client: String,
    },
    /// Write the entry of a client again, so that its server uses this terminal's home directory.
    ShareHome {
        /// The client's id.
        client: String,
        /// For whom.
        scope: EntryScope,
    },
    /// See what a client makes of its entry.
    CheckEntry {
        /// The client's id.
        client: String,
        /// For whom.
        scope: EntryScope,
    },
    /// Take the newest change of a client's file back.
    UndoEntry {
        /// The client's id.
        client: String,
    },
    /// Take the entry out of a client's file.
    RemoveEntry {
        /// The client's id.
        client: String,
        /// For whom.
        scope: EntryScope,
    },
    /// Print the entry, to be pasted.
    PrintEntry {
        /// The client's id; `None` for the form that most clients share.
        client: Option<String>,
    },
    /// See the clients and what their files say.
    ListEntries,
    /// Save what can be read of a damaged ledger.
    RepairLedger,
    /// See the recorded calls.
    ListCalls,
    /// See one recorded call; which one is for the reader to say.
    ShowCall,
    /// Look at the whole installation.
    Examine,
    /// Read what a code means.
    ExplainCode {
        /// The code.
        code: Code,
    },
    /// See every code.
    ListCodes,
    /// Read the help of the program or of a part of it.
    ReadHelp {
        /// Of what.
        of: Help,
    },
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
    /// Log in to an upstream with a code that is typed on another device.
    LogInByDevice {
        /// The server.
        server: UpstreamName,
    },
    /// Forget the tokens and the client of an upstream.
    ForgetLogin {
        /// The server.
        server: UpstreamName,
    },
    /// Log in to an upstream and register a client for it.
    LogInAndRegister {
        /// The server.
        server: UpstreamName,
    },
    /// Check the configuration of the hub.
    ValidateHub,
    /// See every upstream.
    ListUpstreams,
    /// Take an upstream out of the configuration.
    RemoveUpstream {
        /// The server.
        server: UpstreamName,
    },
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
    /// Open the dashboard, on any free port.
    OpenDashboard,
    /// Give the same command with another word. Where no command was given there is none.
    Retype {
        /// The word as it was given.
        wrong: String,
        /// The word to give instead.
        right: String,
    },
    /// Give the same command with one more flag.
    AddFlag {
        /// The flag.
        flag: &'static str,
    },
    /// Wait, then try again.
    Wait,
    /// Run another program, such as `chmod`.
    Shell {
        /// What to give to a POSIX shell, quoted where needed.
        line: String,
    },
}

impl Remedy {
    /// The remedy of running another program: `line` is for a POSIX shell.
    pub fn shell(line: impl Into<String>) -> Self {
        Self::Shell { line: line.into() }
    }
}

/// For whom the entry of a client counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryScope {
    /// Everywhere, for this user.
    User,
    /// For this user, in one project.
    Local,
    /// In one project, for everybody who has it.
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

/// A part of the program that has help of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Help {
    /// The program.
    Program,
    /// The way from nothing to an answer.
    Setup,
    /// The creation of a connection.
    CreateConnection,
    /// The change of a connection.
    EditConnection,
    /// The server that an IDE starts.
    Serve,
}

/// Renders remedies for one surface. The program has one; it is handed to everything that makes
/// documents or texts of failures.
pub trait RemedyText: fmt::Debug + Send + Sync {
    /// The command line to copy; `None` when no command does it, as for waiting.
    fn command(&self, remedy: &Remedy) -> Option<String>;

    /// An action inside a sentence, such as a command with placeholders.
    fn action(&self, action: Action) -> String;
}

macro_rules! actions {
    ($($(#[$meta:meta])* $variant:ident $name:literal;)+) => {
        /// What can be done, without the names of a case: the catalogue of codes refers to it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Action {
            $($(#[$meta])* $variant,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name that a text of the catalogue gives it, in braces.
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
    /// See every connection.
    ListConnections "list-connections";
    /// See what a connection lacks until it answers in an IDE.
    Checklist "checklist";
    /// Print the entry of a client.
    PrintEntry "print-entry";
    /// Write the entry of a client.
    InstallEntry "install-entry";
    /// See the clients and what their files say.
    ListEntries "list-entries";
    /// Replace a secret.
    ReplaceSecret "replace-secret";
    /// See models and prices.
    ListModels "list-models";
    /// Save what can be read of a damaged ledger.
    RepairLedger "repair-ledger";
    /// Look at the whole installation.
    Examine "examine";
    /// See every upstream.
    ListUpstreams "list-upstreams";
    /// Look at an upstream and approve it.
    ApproveUpstream "approve-upstream";
    /// Check an upstream over the network.
    PreflightUpstream "preflight-upstream";
    /// Read the log of an upstream.
    UpstreamLog "upstream-log";
    /// Log in to an upstream.
    LogIn "log-in";
    /// Log in to an upstream with a code that is typed on another device.
    LogInByDevice "log-in-by-device";
}

/// `text` with every `{action}` in it rendered.
pub(super) fn rendered(text: &str, remedies: &dyn RemedyText) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside, after)) = next_name(rest) {
        whole.push_str(before);
        match Action::ALL.iter().find(|each| each.as_str() == inside) {
            Some(action) => whole.push_str(&remedies.action(*action)),
            None => {
                whole.push('{');
                whole.push_str(inside);
                whole.push('}');
            }
        }
        rest = after;
    }
    whole.push_str(rest);
    whole
}

/// What is before the first `{`, between it and the next `}`, and after that.
pub(super) fn next_name(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (inside, after) = rest.split_once('}')?;
    Some((before, inside, after))
}
