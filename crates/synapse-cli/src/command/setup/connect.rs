//! The connection of a setup run: one question after the other, back to an earlier one when a later
//! one shows that its answer does not work, and finally the proven connection.

use synapse_core::connection::Draft;
use synapse_core::error::{Class, Code, Failure};
use synapse_core::gate::NetworkGate;
use synapse_core::name::ConnectionName;
use synapse_core::preflight::Reach;
use synapse_core::provider::ProviderKind;

use super::{Setup, Stop, flag, missing};
use crate::prompt::Usual;

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextStep {
    Key,
    Gate,
    Model,
    Save,
    Saved,
}

impl Setup<'_> {
    /// Creates a connection and returns its name.
    pub(super) fn connect(&mut self) -> Result<String, Stop> {
        let mut draft = self.given.draft.clone();
        let kind = self.provider(&mut draft)?;
        self.address(kind, &mut draft)?;
        let name = self.unused_name(kind)?;
        let mut next = NextStep::Key;
        loop {
            next = match next {
                NextStep::Key => self.key(kind, &mut draft)?,
                NextStep::Gate => self.gate(&mut draft)?,
                NextStep::Model => self.model(kind, &mut draft)?,
                NextStep::Save => self.save(&name, &mut draft)?,
                NextStep::Saved => return Ok(name.to_string()),
            };
        }
    }

    /// Asks for the address of the API, for a provider without a common one.
    fn address(&mut self, kind: ProviderKind, draft: &mut Draft) -> Result<(), Stop> {
        let profile = kind.profile();
        if draft.base_url.is_some() || profile.base_url.is_some() {
            return Ok(());
        }
        self.step = "the base URL";
        let asker = self.asker.as_ref().ok_or_else(|| missing("--base-url"))?;
        let question = format!("Base URL, such as {}:", profile.base_url_example);
        let answer = asker.text(&question, "")?;
        draft.base_url = Some(answer.trim().to_owned()).filter(|url| !url.is_empty());
        Ok(())
    }

    /// The name that the flags give, or the provider's, numbered if it is taken.
    fn unused_name(&self, kind: ProviderKind) -> Result<ConnectionName, Failure> {
        if let Some(name) = &self.given.name {
            return name.parse();
        }
        let stored = self.engine.connections()?;
        let base = kind.as_str();
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let unused = std::iter::once(base.to_owned())
            .chain(numbered)
            .find(|name| !stored.iter().any(|each| each.name.as_str() == name));
        unused.unwrap_or_else(|| base.to_owned()).parse()
    }

    /// Whether the network may be used, with the hosts named.
    fn gate(&mut self, draft: &mut Draft) -> Result<NextStep, Stop> {
        let hosts = match self.hosts(draft) {
            Ok(hosts) => hosts.join(", "),
            Err(failure) => return self.mend(failure, draft, NextStep::Gate),
        };
        if draft.gate == NetworkGate::Open || self.given.reach == Reach::Offline {
            return Ok(NextStep::Model);
        }
        self.step = "the network";
        let Some(asker) = &self.asker else {
            return Err(missing("--allow-network"));
        };
        self.note("");
        self.note("The network gate is closed: no request is sent and no key is read.");
        self.note(&format!("Open, both go to {hosts} and nowhere else."));
        if asker.agrees(&format!("Open it for {hosts}?"), Usual::No)? {
            draft.gate = NetworkGate::Open;
            self.same_as("synapse connection create … --allow-network");
        } else {
            self.note("it stays closed; the connection is saved without a check");
            self.given.reach = Reach::Offline;
        }
        Ok(NextStep::Model)
    }

    /// The hosts that calls and checks of the draft contact.
    pub(super) fn hosts(&self, draft: &Draft) -> Result<Vec<String>, Failure> {
        let mut draft = draft.clone();
        if draft.model.is_empty() {
            "any".clone_into(&mut draft.model);
        }
        let connection = draft
            .parse("draft".parse()?)
            .map_err(|wrong| wrong.failure)?;
        let provider = self.engine.ports().providers.provider(&connection)?;
        let origins = provider.origins();
        Ok(origins.iter().map(|each| each.host().to_owned()).collect())
    }

    /// Asks how to proceed after `failure`: an earlier question, a retry, or the end.
    pub(super) fn mend(
        &self,
        failure: Failure,
        draft: &mut Draft,
        again: NextStep,
    ) -> Result<NextStep, Stop> {
        let Some(asker) = &self.asker else {
            return Err(failure.into());
        };
        self.printer().failure(&failure);
        self.note("");
        let ways = ways(&failure, draft);
        let options: Vec<String> = ways.iter().map(|way| way.as_str().to_owned()).collect();
        let chosen = asker.one_of("What now?", &options, 0)?;
        Ok(match ways.get(chosen) {
            Some(Correction::Key) => {
                draft.credential = None;
                self.pending.forget();
                NextStep::Key
            }
            Some(Correction::Address) => {
                let usual = draft.base_url.as_deref().unwrap_or_default();
                let answer = asker.text("Base URL:", usual)?;
                draft.base_url = Some(answer.trim().to_owned()).filter(|url| !url.is_empty());
                let base_url = flag("--base-url", draft.base_url.as_deref());
                self.same_as(&format!("synapse connection create …{base_url}"));
                // Another host needs its own consent.
                draft.gate = NetworkGate::Closed;
                NextStep::Gate
            }
            Some(Correction::Model) => {
                draft.model.clear();
                NextStep::Model
            }
            Some(Correction::Retry) | None => again,
        })
    }
}

/// The ways that can help after `failure`, the likeliest first. An answer that was not given yet is
/// not changed.
fn ways(failure: &Failure, draft: &Draft) -> Vec<Correction> {
    let all = match (failure.code().class(), failure.code()) {
        (Class::Credential, _) => [
            Correction::Key,
            Correction::Retry,
            Correction::Model,
            Correction::Address,
        ],
        (_, Code::ProviderModelUnavailable) => [
            Correction::Model,
            Correction::Retry,
            Correction::Key,
            Correction::Address,
        ],
        (Class::Endpoint | Class::Transport, _) => [
            Correction::Address,
            Correction::Retry,
            Correction::Key,
            Correction::Model,
        ],
        _ => [
            Correction::Retry,
            Correction::Key,
            Correction::Model,
            Correction::Address,
        ],
    };
    let was_given = |way: &Correction| match way {
        Correction::Model => !draft.model.is_empty(),
        Correction::Address => draft.base_url.is_some(),
        Correction::Key | Correction::Retry => true,
    };
    all.into_iter().filter(was_given).collect()
}

/// A way to proceed after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Correction {
    Key,
    Model,
    Address,
    Retry,
}

impl Correction {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "Give another key",
            Self::Model => "Choose another model",
            Self::Address => "Correct the base URL",
            Self::Retry => "Try the same again",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_was_given_is_changed() {
        let failure = |code| Failure::new(code, "x");
        let mut draft = Draft::default();
        let rejected = failure(Code::CredentialTokenRejected);
        assert_eq!(
            ways(&rejected, &draft),
            [Correction::Key, Correction::Retry]
        );
        draft.base_url = Some("http://127.0.0.1:1/v1".to_owned());
        let refused = failure(Code::TransportRefused);
        assert_eq!(
            ways(&refused, &draft),
            [Correction::Address, Correction::Retry, Correction::Key]
        );
        draft.model = "gpt".to_owned();
        let missing = failure(Code::ProviderModelUnavailable);
        assert_eq!(
            ways(&missing, &draft),
            [
                Correction::Model,
                Correction::Retry,
                Correction::Key,
                Correction::Address
            ]
        );
    }
}
