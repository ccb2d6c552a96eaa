//! The host that a credential may go to: the one that its owner confirmed, and no other.
//!
//! What is confirmed stands beside the connection, in its preflight record. A base URL that was
//! changed and that nobody looked at no longer fits, and the secret is not even read until the owner
//! says so on the command line. Whoever writes the record as well is not stopped here: see ADR 10.

use crate::connection::Connection;
use crate::endpoint::{BaseUrl, Origin};
use crate::error::{Code, Failure};

impl Connection {
    /// Whether its credential may go to its base URL.
    ///
    /// Without a confirmation, because the connection was written by hand, that is so for the
    /// provider's own host and for this machine.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        let origin = self.base_url.origin();
        match &self.bound_to {
            Some(confirmed) => *confirmed == origin,
            None => {
                let own = self.provider.profile().base_url;
                let own = own.and_then(|base| base.parse::<BaseUrl>().ok());
                self.base_url.is_loopback() || own.is_some_and(|own| own.origin() == origin)
            }
        }
    }

    /// That its credential may go to its base URL, or why not.
    ///
    /// # Errors
    /// `credential.unbound`.
    pub fn check_binding(&self) -> Result<(), Failure> {
        if self.is_bound() {
            return Ok(());
        }
        let origin = self.base_url.origin();
        let name = &self.name;
        let cause = match &self.bound_to {
            Some(confirmed) => {
                format!("it was confirmed for {confirmed}, and the base URL was changed")
            }
            None => {
                "the connection was written by hand, and nobody confirmed its base URL".to_owned()
            }
        };
        Err(Failure::new(
            Code::CredentialUnbound,
            format!("the credential of `{name}` may not go to {}", origin.host()),
        )
        .cause(cause)
        .cause("nothing was sent and no secret was read")
        .command(
            "confirm it, if you trust that host with the credential",
            format!(
                "synapse connection edit {name} --base-url {}",
                self.base_url
            ),
        )
        .with("connection", name)
        .with("host", origin.host()))
    }

    /// What the record of a check of this connection confirms.
    pub(crate) fn confirmed(&self) -> Option<Origin> {
        match self.is_bound() {
            true => Some(self.base_url.origin()),
            false => self.bound_to.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Draft;

    fn connection(base_url: Option<&str>, bound_to: Option<&str>) -> Connection {
        let draft = Draft {
            provider: "openai".into(),
            model: "m".into(),
            credential: Some("env:KEY".into()),
            base_url: base_url.map(str::to_owned),
            ..Draft::default()
        };
        let mut connection = draft.parse("c".parse().unwrap()).unwrap();
        connection.bound_to = bound_to.map(|text| text.parse().unwrap());
        connection
    }

    #[test]
    fn a_credential_goes_where_its_owner_said_and_nowhere_else() {
        let (own, other) = ("https://api.openai.com", "https://h.test");
        for (base_url, bound_to, bound) in [
            (None, None, true),
            (None, Some(own), true),
            (Some("https://api.openai.com/v2"), Some(own), true),
            (Some("https://h.test/v1"), Some(other), true),
            (Some("http://127.0.0.1:1/v1"), None, true),
            (Some("https://h.test/v1"), None, false),
            (Some("https://h.test/v1"), Some(own), false),
            (Some("https://h.test:444/v1"), Some(other), false),
            (Some("http://127.0.0.1:1/v1"), Some(own), false),
            (None, Some(other), false),
        ] {
            let connection = connection(base_url, bound_to);
            assert_eq!(
                connection.check_binding().is_ok(),
                bound,
                "{base_url:?} {bound_to:?}"
            );
            let confirmed = connection.confirmed();
            match bound {
                true => assert_eq!(confirmed, Some(connection.base_url.origin())),
                false => assert_eq!(confirmed, connection.bound_to),
            }
        }
    }
}
