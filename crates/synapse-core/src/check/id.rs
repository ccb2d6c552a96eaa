//! The table of all checks.

use std::fmt;

macro_rules! ids {
    ($($variant:ident $name:literal $about:literal;)+) => {
        /// The subject of a check, with a stable id.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum CheckId {
            $(#[doc = $about] $variant,)+
        }

        impl CheckId {
            /// Every id.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable id.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The statement that a passed check proves, without a period.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)+ }
            }
        }
    };
}

ids! {
    // A connection, in the order of preflight.
    Config "config" "Provider, model and settings are understood";
    Endpoint "endpoint" "The base URL is valid";
    Gate "gate" "The network gate is open";
    Credential "credential" "The credential exists and suits the provider";
    Reach "reach" "The API answers at the base URL";
    Token "token" "The provider accepts the token";
    Model "model" "The provider knows the model";
    Live "live" "One small paid prompt is answered";
    // An installation.
    Process "process" "Core dumps are off; on Linux, other processes cannot read this one";
    Installations "installations" "At most one program called synapse is on PATH";
    Entries "entries" "The entries of clients start this program";
    Home "home" "Only its owner can write the directory of Synapse and its files";
    Connections "connections" "The file of connections can be read, its other tables too";
    Ledger "ledger" "The ledger is intact and writable";
    Vault "vault" "The header of the local vault is valid; it is not opened";
    Connection "connection" "The connection is valid, and its credential is confirmed for its host";
    Configurations "configurations" "No file of an IDE or a project contains a token";
    // Upstream servers.
    Hub "hub" "The file of upstream servers can be read";
    Server "server" "The entry of an upstream server is valid and approved";
    Login "login" "Its login, if any, is complete and has not expired";
    // From a connection to an answer in an IDE.
    Scope "scope" "The key may chat, on the configured account";
    Key "key" "The key exists at its reference";
    Preflight "preflight" "The checks of a connection pass";
    Ide "ide" "A client has the entry";
    Secrets "secrets" "No tracked file seems to contain a token";
    // The entry of a client, in the order of starting it.
    Entry "entry" "The client's file has our entry, and it is up to date";
    Loaded "loaded" "The client loads it: no other entry takes precedence, and no setting disables it";
    Command "command" "The command is found and executable from the client's directory";
    Start "start" "It starts";
    Initialize "initialize" "It answers `initialize`";
    Tools "tools" "It lists tools";
    Prompt "prompt" "A prompt was answered";
    End "end" "It ends when the client disconnects";
}

impl fmt::Display for CheckId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_id_is_one_word_of_its_own() {
        let names: BTreeSet<&str> = CheckId::ALL.iter().map(|id| id.as_str()).collect();
        assert_eq!(names.len(), CheckId::ALL.len());
        for id in CheckId::ALL {
            let word = id.as_str();
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
            assert!(!id.about().ends_with('.'), "{word}");
        }
    }
}
