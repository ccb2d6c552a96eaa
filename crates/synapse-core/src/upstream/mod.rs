//! Upstream MCP servers as declared in `mcp-servers.json`: target, permissions and timeouts.
//! Nothing here starts, connects or reads.

mod approval;
mod catalogue;
pub mod expand;
mod fingerprint;
mod item;
mod name;
mod oauth;
mod sensitive;
mod template;

use std::time::Duration;

use url::Url;

pub use self::approval::{Approval, Fingerprint, Start};
pub use self::catalogue::{Catalogue, CatalogueHash};
pub use self::item::{Item, NamedItem};
pub use self::name::UpstreamName;
pub use self::oauth::{
    AuthMethod, OAuthAction, OAuthClient, OAuthEvent, OAuthSettings, PkcePolicy, RecordKey,
    RegistrationKind, ResourcePolicy, TokenRecord, TokenState,
};
pub use self::sensitive::is_secret;
pub use self::template::{Piece, Template, VariableValue, is_variable};

use crate::endpoint::Origin;

/// A validated server of `mcp-servers.json`; its `${…}` are not expanded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its name in the file.
    pub name: UpstreamName,
    /// Its transport.
    pub transport: UpstreamTransport,
    /// Whether it is disabled.
    pub disabled: bool,
    /// The user's note.
    pub note: Option<String>,
    /// The groups it belongs to, for `serve --group`.
    pub groups: Vec<String>,
    /// The offered tools.
    pub tools: ToolFilter,
    /// Its permitted requests to the IDE.
    pub relay: Relay,
    /// Whether its lists are pinned to the approved ones.
    pub pin: Pin,
    /// The configured protocol era.
    pub protocol: Protocol,
    /// Its timeouts.
    pub times: UpstreamTimes,
    /// The connection whose limits count its sampling.
    pub sampling_connection: Option<String>,
    /// The file of `NAME=value` lines for `${…}`.
    pub env_file: Option<String>,
    /// OAuth login settings.
    pub oauth: Option<OAuthSettings>,
    /// Members for other programs, without effect here.
    pub ignored: Vec<String>,
}

/// The transport of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamTransport {
    /// An MCP program on stdin and stdout.
    Stdio {
        /// The program: a name on `PATH`, or a path.
        command: Template,
        /// Its arguments, without secret references.
        arguments: Vec<Template>,
        /// Its declared variables, in file order.
        environment: Vec<(String, Template)>,
        /// Its working directory; by default the home directory.
        directory: Option<Template>,
    },
    /// A streamable HTTP server.
    Http {
        /// Its URL.
        url: Template,
        /// Headers to send, in file order.
        headers: Vec<(String, Template)>,
        /// Variables for `${…}` of this entry, passed to nobody.
        variables: Vec<(String, Template)>,
    },
}

/// The offered tools: those allowed and not denied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolFilter {
    /// The allowed names; `None` allows all.
    pub allow: Option<Vec<String>>,
    /// The denied names.
    pub deny: Vec<String>,
}

impl ToolFilter {
    /// Whether the tool `name` is offered.
    #[must_use]
    pub fn permits(&self, name: &str) -> bool {
        let is_allowed = self
            .allow
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|each| each == name));
        is_allowed && !self.deny.iter().any(|each| each == name)
    }
}

/// The requests an upstream may send to the IDE during its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relay {
    /// Form questions (`elicitation/create`); on by default.
    pub elicitation: Consent,
    /// Questions that refer the user to a URL.
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

/// Whether the owner consented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consent {
    /// Consented.
    Given,
    /// Not consented.
    #[default]
    Withheld,
}

/// Whether an upstream's lists are pinned to its approved catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pin {
    /// A tool that differs from its approved form is not called.
    #[default]
    Tools,
    /// Lists follow the server.
    Off,
}

/// The protocol era for an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// `server/discover` first, then `initialize`.
    #[default]
    Negotiated,
    /// `initialize` only: revisions up to 2025-11-25.
    Legacy,
    /// Revision 2026-07-28 only.
    Modern,
}

/// The timeouts of an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamTimes {
    /// From the start to the first answer.
    pub start: Duration,
    /// From a request to its answer, extended by progress.
    pub call: Duration,
    /// From a request to its answer, regardless of progress.
    pub longest_call: Duration,
    /// Idle time until it is stopped; `None` keeps it running.
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

/// An upstream with expanded `${…}`, except secret references: to be displayed, fingerprinted and,
/// with an [`Approval`], used.
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
        /// Its declared variables, as text or secret references.
        environment: Vec<(String, Template)>,
    },
    /// A URL.
    Url {
        /// The URL: https, or http to this machine.
        url: Url,
        /// Its headers, as text or secret references.
        headers: Vec<(String, Template)>,
    },
}

impl Target {
    /// The single origin; none for a program.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        match self {
            Self::Program { .. } => None,
            Self::Url { url, .. } => Some(Origin::of(url)),
        }
    }
}
