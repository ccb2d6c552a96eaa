//! The hub as plain data: what the pages of upstream servers and approvals show, and what their
//! forms ask for.

use sha2::{Digest as _, Sha256};
use synapse_core::time::Timestamp;

/// Whether something needs its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// It works.
    Good,
    /// Its owner should look at it.
    Look,
    /// It failed.
    Bad,
    /// It is off, or nobody asked for it yet.
    #[default]
    Off,
}

/// The upstream servers and what they offer.
#[derive(Debug, Clone, Default)]
pub struct HubView {
    /// The file that names them.
    pub file: String,
    /// The servers in the order of the file.
    pub servers: Vec<ServerView>,
    /// Their tools.
    pub tools: Vec<ToolView>,
    /// The upstream programs that run now, for any IDE.
    pub running: Vec<Running>,
    /// How many tokens of definitions a conversation may carry.
    pub budget: Option<u64>,
    /// How many the tools of Synapse itself take, estimated.
    pub own_tokens: Option<u64>,
}

/// An upstream server.
#[derive(Debug, Clone, Default)]
pub struct ServerView {
    /// Its name.
    pub name: String,
    /// Its exact state, as `hub status` says it.
    pub state: String,
    /// Whether that needs its owner.
    pub tone: Tone,
    /// Its command or its address.
    pub address: String,
    /// What else there is to say, a sentence each.
    pub notes: Vec<String>,
    /// Which IDE asked last, and when.
    pub asked_by: Option<(String, Timestamp)>,
    /// The exit code of a program that ended.
    pub exit_code: Option<i32>,
    /// The last lines of its stderr.
    pub stderr: Vec<String>,
    /// How many tools it offers; `None` when nobody asked yet.
    pub tools: Option<u64>,
    /// How many tokens their definitions take, estimated.
    pub tokens: Option<u64>,
    /// What its owner runs at a terminal, because no page can do it.
    pub command: Option<String>,
    /// What its owner can do now.
    pub verbs: Vec<HubVerb>,
}

/// A tool of an upstream server.
#[derive(Debug, Clone, Default)]
pub struct ToolView {
    /// The server.
    pub server: String,
    /// Its own name.
    pub tool: String,
    /// The name that IDEs see.
    pub offered_as: String,
    /// The first line of its description.
    pub says: String,
    /// `offered`, `withheld: it changed`, `denied by you`.
    pub state: String,
    /// Whether that needs its owner.
    pub tone: Tone,
    /// What it claims of itself: `reads only`.
    pub claim: Option<String>,
    /// How many tokens its definition takes, estimated.
    pub tokens: Option<u64>,
    /// What its owner can do now.
    pub verbs: Vec<HubVerb>,
}

/// An upstream program that runs.
#[derive(Debug, Clone)]
pub struct Running {
    /// The server.
    pub server: String,
    /// The id of its process.
    pub process: u32,
    /// The id of the `synapse` process that started it.
    pub owner: u32,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// What an owner can do with a server or a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HubVerb {
    /// Start it once and ask for its tools.
    Start,
    /// Stop its program.
    Stop,
    /// Offer it.
    Allow,
    /// Offer it no more.
    Deny,
    /// Approve what was shown.
    Approve,
    /// Begin a login.
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

    /// The word in a form.
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

    /// The word on a button.
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

/// What a form of the hub asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubAction {
    /// What to do.
    pub verb: HubVerb,
    /// With which server.
    pub server: String,
    /// With which of its tools; `None` for the server.
    pub tool: Option<String>,
    /// The digest of what its owner saw when approving.
    pub digest: Option<String>,
    /// The command or address of a server to add, one argument a line.
    pub declaration: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HubDone {
    /// What was done, as a sentence.
    pub said: String,
    /// The exact authorization URL that its owner opens next.
    pub authorization: Option<String>,
}

/// Something that waits for approval, with everything that its owner approves.
#[derive(Debug, Clone, Default)]
pub struct Approval {
    /// The server.
    pub server: String,
    /// The tool whose definition changed; `None` for the server's own command or address.
    pub tool: Option<String>,
    /// What a yes leads to.
    pub stage: Stage,
    /// The digest of all that is shown here. Approving another is refused.
    pub digest: String,
    /// Why it waits: `its command changed`.
    pub reason: String,
    /// The command, one argument each, or the address alone. Nothing is shortened.
    pub argv: Vec<Piece>,
    /// The program that the first argument resolves to.
    pub program: Option<String>,
    /// Where it would run.
    pub directory: Option<String>,
    /// The names of its variables, each with its reference; values are never here.
    pub variables: Vec<(Piece, Option<String>)>,
    /// The definition as a diff.
    pub diff: Vec<Piece>,
    /// What deserves attention, a sentence each.
    pub notes: Vec<String>,
    /// Which IDE asked for it, and when.
    pub asked_by: Option<(String, Timestamp)>,
}

impl Approval {
    /// Sets the digest: over everything that is shown, and over `facts`, which say the same in full.
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

/// What a yes to an approval leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// The program runs once, or the address is contacted once, to see what it offers.
    #[default]
    Target,
    /// All that is shown is offered to IDEs from then on.
    Offer,
}

/// A piece of something that was approved before, or is now to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its text, whole.
    pub text: String,
    /// How it compares to what was approved.
    pub change: Change,
}

/// How a piece compares to what was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Change {
    /// It is the same.
    #[default]
    Same,
    /// It is new.
    New,
    /// It is gone.
    Gone,
}
