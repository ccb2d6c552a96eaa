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

            /// What holds if the check passes, as a sentence without a period.
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
    Endpoint "endpoint" "The base URL can be right";
    Gate "gate" "The network gate is open";
    Credential "credential" "The credential is in its place and fits the provider";
    Reach "reach" "The API answers at the base URL";
    Token "token" "The provider accepts the token";
    Model "model" "The provider knows the model";
    Live "live" "One small paid prompt is answered";
    // An installation.
    Process "process" "Core dumps are off, and nobody can look into this process";
    Installations "installations" "One program called synapse is on PATH, and not several";
    Entries "entries" "The entries of clients start this program and no other one";
    Home "home" "The directory of Synapse can be written, by its owner alone";
    Connections "connections" "The file of connections can be read";
    Ledger "ledger" "The ledger is whole and can be written";
    Vault "vault" "The local vault has a sound head; it is not opened";
    Connection "connection" "A connection is understood, and its credential may go to its host";
    Configurations "configurations" "No token is written out in a file of an IDE or a project";
    // Upstream servers.
    Hub "hub" "The file of upstream servers can be read";
    Server "server" "The entry of an upstream server is valid and approved as it is";
    Login "login" "Its login, where it has one, is whole and has not expired";
    // From a connection to an answer in an IDE.
    Scope "scope" "The key may chat, on the account that is named";
    Key "key" "The key is where its reference says";
    Preflight "preflight" "The checks of a connection hold";
    Ide "ide" "A client has the entry";
    Secrets "secrets" "No tracked file holds what looks like a token";
    // The entry of a client, in the order of starting it.
    Entry "entry" "The client's file has our entry, as it should be";
    Loaded "loaded" "The client loads it: no other entry wins, and nothing switches it off";
    Command "command" "The command can be found and executed from where the client starts it";
    Start "start" "It starts";
    Initialize "initialize" "It answers `initialize`";
    Tools "tools" "It lists tools";
    Prompt "prompt" "A prompt was answered";
    End "end" "It ends when the client goes";
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
