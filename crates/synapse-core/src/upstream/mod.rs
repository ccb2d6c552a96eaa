//! Upstream MCP servers as their owner declares them in `mcp-servers.json`: what to start or where
//! to connect, what may pass, and how long it may take. Nothing here starts, connects or reads.

mod approval;
mod catalogue;
pub mod expand;
mod fingerprint;
mod name;
mod oauth;
mod template;

use std::time::Duration;

use url::Url;

pub use self::approval::{Approval, Fingerprint, Start};
pub use self::catalogue::{Catalogue, CatalogueHash};
pub use self::name::UpstreamName;
pub use self::oauth::{
    AuthMethod, OAuthAction, OAuthClient, OAuthEvent, OAuthSettings, PkcePolicy, RecordKey,
    RegistrationKind, ResourcePolicy, TokenRecord, TokenState,
};
pub use self::template::{Piece, Template, VariableValue, is_variable};

use crate::endpoint::Origin;

/// One server of `mcp-servers.json`, read and checked; its `${…}` are not expanded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its name in the file.
    pub name: UpstreamName,
    /// How it is reached.
    pub transport: UpstreamTransport,
    /// Whether its owner switched it off.
    pub disabled: bool,
    /// A remark of its owner.
    pub note: Option<String>,
    /// The groups it belongs to, for `serve --group`.
    pub groups: Vec<String>,
    /// The tools that are offered.
    pub tools: ToolFilter,
    /// What it may ask of the IDE.
    pub relay: Relay,
    /// Whether its lists are held to what was approved.
    pub pin: Pin,
    /// The protocol era to speak, when its owner pinned one.
    pub protocol: Protocol,
    /// How long things may take.
    pub times: UpstreamTimes,
    /// The connection whose limits count what it samples.
    pub sampling_connection: Option<String>,
    /// The file of `NAME=value` lines that feeds `${…}`, and nothing else.
    pub env_file: Option<String>,
    /// Settings of its OAuth login.
    pub oauth: Option<OAuthSettings>,
    /// Members of the entry that belong to other programs and have no effect here.
    pub ignored: Vec<String>,
}

/// How an upstream is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamTransport {
    /// A program that speaks MCP on its standard input and output.
    Stdio {
        /// The program: a name to be found on `PATH`, or a path.
        command: Template,
        /// Its arguments. Secret references are refused here.
        arguments: Vec<Template>,
        /// The variables it gets beside the allow-list, in the order of the file.
        environment: Vec<(String, Template)>,
        /// Its working directory; the home directory when there is none.
        directory: Option<Template>,
    },
    /// A server that speaks streamable HTTP.
    Http {
        /// Its URL.
        url: Template,
        /// Headers to send, in the order of the file.
        headers: Vec<(String, Template)>,
        /// Variables that feed `${…}` of this entry, and are given to nobody.
        variables: Vec<(String, Template)>,
    },
}

/// Which tools of an upstream are offered: those allowed, without those denied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolFilter {
    /// The names that are offered; `None` offers all.
    pub allow: Option<Vec<String>>,
    /// The names that are not offered.
    pub deny: Vec<String>,
}

impl ToolFilter {
    /// Whether the tool called `name` is offered.
    #[must_use]
    pub fn permits(&self, name: &str) -> bool {
        let is_allowed = self
            .allow
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|each| each == name));
        is_allowed && !self.deny.iter().any(|each| each == name)
    }
}

/// What an upstream may ask of the IDE while one of its calls runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relay {
    /// Questions with a form (`elicitation/create`); on by default.
    pub elicitation: Consent,
    /// Questions that send the user to a URL.
    pub elicitation_url: Consent,
    /// Prompts to the IDE's model.
    pub sampling: Consent,
    /// The workspace folders of the IDE.
    pub roots: Consent,
}

impl Default for Relay {
    fn default() -> Self {
        Self {
            elicitation: Consent::Given,
            elicitation_url: Consent::Withheld,
            sampling: Consent::Withheld,
            roots: Consent::Withheld,
        }
    }
}

/// Whether an upstream's owner agreed to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consent {
    /// Agreed to.
    Given,
    /// Not agreed to.
    #[default]
    Withheld,
}

/// Whether the lists of an upstream are held to its approved catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pin {
    /// A tool that differs from its approved form is not called.
    #[default]
    Tools,
    /// Lists follow the server.
    Off,
}

/// The era of the protocol that is spoken with an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// `server/discover` first, then `initialize`.
    #[default]
    Negotiated,
    /// `initialize` alone: revisions up to 2025-11-25.
    Legacy,
    /// Revision 2026-07-28 alone.
    Modern,
}

/// How long things may take with one upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamTimes {
    /// From starting it to its first answer.
    pub start: Duration,
    /// From a request to its answer, renewed by each report of progress.
    pub call: Duration,
    /// From a request to its answer, whatever progress is reported.
    pub longest_call: Duration,
    /// Without a call, until it is stopped; `None` keeps it running.
    pub idle_stop: Option<Duration>,
}

impl Default for UpstreamTimes {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(30),
            call: Duration::from_secs(300),
            longest_call: Duration::from_secs(3600),
            idle_stop: None,
        }
    }
}

/// An upstream whose `${…}` are expanded, except for secret references: what would be started or
/// contacted, to be shown, fingerprinted and, with an [`Approval`], used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A program.
    Program {
        /// The absolute path of the program.
        program: String,
        /// Its arguments, in clear.
        arguments: Vec<String>,
        /// The absolute path of its working directory.
        directory: String,
        /// Its declared variables. A value is text or holds secret references.
        environment: Vec<(String, Template)>,
    },
    /// A URL.
    Url {
        /// The URL: https, or http to this machine.
        url: Url,
        /// Its headers. A value is text or holds secret references.
        headers: Vec<(String, Template)>,
    },
}

impl Target {
    /// The one origin that is contacted; a program has none.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        match self {
            Self::Program { .. } => None,
            Self::Url { url, .. } => Some(Origin::of(url)),
        }
    }
}
