//! The closed set of failure classes with their exit codes.

/// A class of failures. The set is closed, and each class has one exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A defect of Synapse itself.
    Internal,
    /// The command line or a tool's arguments.
    Usage,
    /// A configuration file or value.
    Config,
    /// The credential: reference, file, or the token as the provider sees it.
    Credential,
    /// The network gate is closed.
    NetworkGate,
    /// The URL is wrong, or does not lead to the API.
    Endpoint,
    /// The provider refuses: account, model, credits, limits, or the request itself.
    ProviderAccess,
    /// The provider fails, or gives an invalid answer.
    ProviderState,
    /// The network between here and the provider.
    Transport,
    /// Authorization of an upstream MCP server.
    Oauth,
    /// An upstream MCP server.
    Upstream,
    /// A limit set by the user.
    Policy,
    /// Files and databases of Synapse itself.
    Storage,
}

impl Class {
    /// Every class, in the order of the exit codes.
    pub const ALL: [Self; 13] = [
        Self::Internal,
        Self::Usage,
        Self::Config,
        Self::Credential,
        Self::NetworkGate,
        Self::Endpoint,
        Self::ProviderAccess,
        Self::ProviderState,
        Self::Transport,
        Self::Oauth,
        Self::Upstream,
        Self::Policy,
        Self::Storage,
    ];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Config => "config",
            Self::Credential => "credential",
            Self::NetworkGate => "network-gate",
            Self::Endpoint => "endpoint",
            Self::ProviderAccess => "provider-access",
            Self::ProviderState => "provider-state",
            Self::Transport => "transport",
            Self::Oauth => "oauth",
            Self::Upstream => "upstream",
            Self::Policy => "policy",
            Self::Storage => "storage",
        }
    }

    /// The process exit code. 0 means success and is not a class.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Credential => 4,
            Self::NetworkGate => 5,
            Self::Endpoint => 6,
            Self::ProviderAccess => 7,
            Self::ProviderState => 8,
            Self::Transport => 9,
            Self::Oauth => 10,
            Self::Upstream => 11,
            Self::Policy => 12,
            Self::Storage => 13,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_one_to_thirteen_and_distinct() {
        let codes: Vec<u8> = Class::ALL.iter().map(|class| class.exit_code()).collect();
        assert_eq!(codes, (1..=13).collect::<Vec<u8>>());
    }
}
