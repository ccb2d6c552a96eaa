//! The hub as plain data: the content of the pages about upstream servers and approvals, and their
//! actions.

use sha2::{Digest as _, Sha256};
use synapse_core::time::Timestamp;

/// Whether something needs attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// It works.
    Good,
    /// Needs attention.
    Look,
    /// It failed.
    Bad,
    /// Off, or not used yet.
    #[default]
    Off,
}

/// The upstream servers and what they offer.
#[derive(Debug, Clone, Default)]
pub struct HubView {
    /// The configuration file.
    pub file: String,
    /// The servers in file order.
    pub servers: Vec<ServerView>,
    /// Their tools.
    pub tools: Vec<ToolView>,
    /// The running upstream programs, for all IDEs.
    pub running: Vec<RunningProgram>,
    /// Above so many tokens of tool definitions, search mode is advisable.
    pub budget: Option<u64>,
    /// Estimated tokens of Synapse's own tools.
    pub own_tokens: Option<u64>,
}

/// An upstream server.
#[derive(Debug, Clone, Default)]
pub struct ServerView {
    /// Its name.
    pub name: String,
    /// Its state, as in `hub status`.
    pub state: String,
    /// Whether it needs attention.
    pub tone: Tone,
    /// Its command or its address.
    pub address: String,
    /// Additional notes, a sentence each.
    pub notes: Vec<String>,
    /// The last IDE that used it, and when.
    pub asked_by: Option<(String, Timestamp)>,
    /// The exit code, if it exited.
    pub exit_code: Option<i32>,
    /// The last lines of its stderr.
    pub stderr: Vec<String>,
    /// Number of its tools; `None` if not asked yet.
    pub tools: Option<u64>,
    /// Estimated tokens of their definitions.
    pub tokens: Option<u64>,
    /// A terminal command for actions that no page supports.
    pub command: Option<String>,
    /// Available actions.
    pub verbs: Vec<HubVerb>,
}

/// A tool of an upstream server.
#[derive(Debug, Clone, Default)]
pub struct ToolView {
    /// The server.
    pub server: String,
    /// Its own name.
    pub tool: String,
    /// The offered name.
    pub offered_as: String,
    /// The first line of its description.
    pub says: String,
    /// `offered`, `withheld: it changed`, `denied by you`.
    pub state: String,
    /// Whether it needs attention.
    pub tone: Tone,
    /// Its own claim: `reads only`.
    pub claim: Option<String>,
    /// Estimated tokens of its definition.
    pub tokens: Option<u64>,
    /// Available actions.
    pub verbs: Vec<HubVerb>,
}

/// A running upstream program.
#[derive(Debug, Clone)]
pub struct RunningProgram {
    /// The server.
    pub server: String,
    /// Its process id.
    pub process: u32,
    /// The process id of its `synapse` process.
    pub owner: u32,
    /// Start time.
    pub since: Option<Timestamp>,
}

/// An action on a server or a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HubVerb {
    /// Start it once and list its tools.
    Start,
    /// Stop its program.
    Stop,
    /// Offer it.
    Allow,
    /// Withdraw it.
    Deny,
    /// Approve the displayed content.
    Approve,
    /// Start a login.
    LogIn,
    /// End the session.
    LogOut,
    /// Add a server.
    Add,
}

impl HubVerb {
    /// Every verb.
    pub const ALL: [Self; 8] = [
        Self::Start,
        Self::Stop,
        Self::Allow,
        Self::Deny,
        Self::Approve,
        Self::LogIn,
        Self::LogOut,
        Self::Add,
    ];

    /// Its value in a form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Approve => "approve",
            Self::LogIn => "login",
            Self::LogOut => "logout",
            Self::Add => "add",
        }
    }

    /// Its label on a button.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Start => "Start once",
            Self::Stop => "Stop",
            Self::Allow => "Allow",
            Self::Deny => "Deny",
            Self::Approve => "Approve",
            Self::LogIn => "Log in…",
            Self::LogOut => "Log out",
            Self::Add => "Add",
        }
    }
}

/// An action requested by a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubAction {
    /// The action.
    pub verb: HubVerb,
    /// The server.
    pub server: String,
    /// The tool; `None` for the server itself.
    pub tool: Option<String>,
    /// The digest of the content displayed on approval.
    pub digest: Option<String>,
    /// The command or URL of a server to add, one argument per line.
    pub declaration: Option<String>,
}

/// The result of an action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HubDone {
    /// The result, as a sentence.
    pub said: String,
    /// Where to go next.
    pub next: Next,
}

/// The page after a hub action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Next {
    /// The list of servers.
    #[default]
    Servers,
    /// The pending approvals.
    Approvals,
}

/// A pending approval with everything it covers.
#[derive(Debug, Clone, Default)]
pub struct Approval {
    /// The server.
    pub server: String,
    /// The tool whose definition changed; `None` for the server's command or URL.
    pub tool: Option<String>,
    /// The stage of approval.
    pub stage: Stage,
    /// The digest of all displayed content. An approval with another digest is refused.
    pub digest: String,
    /// Why it is pending: `its command changed`.
    pub reason: String,
    /// The command, one argument each, or the URL. Never shortened.
    pub argv: Vec<Piece>,
    /// The program that the first argument resolves to.
    pub program: Option<String>,
    /// The working directory.
    pub directory: Option<String>,
    /// Variable names with references; never values.
    pub variables: Vec<(Piece, Option<String>)>,
    /// The definition as a diff.
    pub diff: Vec<Piece>,
    /// Points of attention, a sentence each.
    pub notes: Vec<String>,
    /// The IDE that requested it, and when.
    pub asked_by: Option<(String, Timestamp)>,
}

impl Approval {
    /// Sets the digest over everything displayed, and over `facts`, the unabridged content.
    #[must_use]
    pub fn sealed(mut self, facts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        let mut text = |text: &str| {
            hash.update(text.len().to_le_bytes());
            hash.update(text.as_bytes());
        };
        text(&format!(
            "{:?}",
            (
                (&self.server, &self.tool, self.stage, &self.reason),
                (&self.argv, &self.program, &self.directory),
                (&self.variables, &self.diff, &self.notes),
            )
        ));
        facts.iter().for_each(|fact| text(fact));
        self.digest = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self
    }
}

/// The effect of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// Runs the program once, or contacts the URL once, to list its offer.
    #[default]
    Target,
    /// Offers the displayed content to IDEs.
    Offer,
}

/// A piece of approved or new content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its full text.
    pub text: String,
    /// Its difference from the approved content.
    pub change: Difference,
}

/// The difference of a piece from the approved content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Difference {
    /// It is the same.
    #[default]
    Same,
    /// It is new.
    New,
    /// It is gone.
    Gone,
}
