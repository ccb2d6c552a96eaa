//! What `serve` was asked to offer of the hub.

/// Which upstreams are offered, how, and how many tools.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HubSettings {
    /// Which upstreams are offered.
    pub selection: Selection,
    /// How their tools are offered.
    pub mode: HubMode,
    /// The most tools that may be offered.
    pub max_tools: Option<u64>,
    /// The most estimated tokens that the offered tools may take.
    pub max_tool_tokens: Option<u64>,
}

/// Which upstreams are offered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// Every upstream that is enabled.
    #[default]
    All,
    /// Those that are named, or in a named group.
    Some {
        /// Names of upstreams.
        upstreams: Vec<String>,
        /// Names of groups.
        groups: Vec<String>,
    },
    /// One upstream alone, under its own names and with its own instructions.
    Alone(String),
}

impl Selection {
    /// Whether the upstream `name` in `groups` is offered.
    #[must_use]
    pub fn covers(&self, name: &str, groups: &[String]) -> bool {
        match self {
            Self::All => true,
            Self::Some {
                upstreams,
                groups: wanted,
            } => {
                upstreams.iter().any(|each| each == name)
                    || groups.iter().any(|group| wanted.contains(group))
            }
            Self::Alone(only) => only == name,
        }
    }

    /// Whether names pass without the server in front.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        matches!(self, Self::Alone(_))
    }
}

/// How tools of upstreams are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HubMode {
    /// Each as a tool of its own.
    #[default]
    Direct,
    /// Through `find_tools`, `describe_tools`, `call_tool` and `call_read_tool`.
    Search,
}

impl HubMode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Direct, Self::Search];

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Search => "search",
        }
    }
}
