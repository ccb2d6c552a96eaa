//! The hub options of `serve`.

/// The offered upstreams, the mode, and limits on tools.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HubSettings {
    /// The offered upstreams.
    pub selection: Selection,
    /// The mode for their tools.
    pub mode: HubMode,
    /// Maximum number of offered tools.
    pub max_tools: Option<u64>,
    /// Maximum estimated tokens of the offered tools.
    pub max_tool_tokens: Option<u64>,
}

/// The offered upstreams.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// All enabled upstreams.
    #[default]
    All,
    /// Named upstreams and those in named groups.
    Some {
        /// Names of upstreams.
        upstreams: Vec<String>,
        /// Names of groups.
        groups: Vec<String>,
    },
    /// A single upstream, under its own names and with its own instructions.
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

    /// Whether names are offered without the server prefix.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        matches!(self, Self::Alone(_))
    }
}

/// How tools of upstreams are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HubMode {
    /// As individual tools.
    #[default]
    Direct,
    /// Through `find_tools`, `describe_tools`, `call_tool` and `call_read_tool`.
    Search,
}

impl HubMode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Direct, Self::Search];

    /// Its command-line spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Search => "search",
        }
    }
}
