//! Saves a connection: shows what is written, then runs preflight, and saves the key and the
//! connection only if it passes.

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::check::Check;
use synapse_core::connection::{Draft, fields};
use synapse_core::credential::CredentialRef;
use synapse_core::engine::PreflightCall;
use synapse_core::error::{Code, Failure};
use synapse_core::gate::NetworkGate;
use synapse_core::name::ConnectionName;
use synapse_core::ports::{SecretResolver as _, SecretWriter as _, Writing};
use synapse_core::preflight::{PreflightReport, Reach};
use synapse_core::shell::quote_text;

use super::connect::NextStep;
use super::{Setup, Stop};
use crate::command::preflight;
use crate::command::preflight::CHECK_WIDTHS;
use crate::output::check_line;
use crate::prompt::{Left, Usual};

impl Setup<'_> {
    /// Shows, asks, checks and saves.
    pub(super) fn save(
        &mut self,
        name: &ConnectionName,
        draft: &mut Draft,
    ) -> Result<NextStep, Stop> {
        self.step = "the question whether to save";
        self.shown(name, draft)?;
        if let Some(asker) = &self.asker {
            let question = match self.given.reach {
                Reach::Offline => "Save it unchecked?",
                _ => "Check it, and save it when every check passes?",
            };
            if !asker.agrees(question, Usual::Yes)? {
                return Err(Stop::Left(Left::Quit));
            }
        }
        self.step = "preflight";
        let report = self.checked(name, draft)?;
        preflight::warn(self.printer(), &report);
        let cleared = match report.clear() {
            Ok(cleared) => cleared,
            Err(failure) => {
                let failure = self.wait(self.engine.with_nearest(draft, failure))?;
                return self.mend(failure, draft, NextStep::Save);
            }
        };
        self.step = "saving";
        // The key first: a connection never refers to one that could not be stored.
        let kept = match self.pending.held() {
            Some((reference, value)) => self.keep(reference, value)?,
            None => None,
        };
        if let Err(failure) = self.engine.ports().connections.insert(&cleared) {
            return Err(self.taken_back(kept, failure).into());
        }
        self.pending.forget();
        self.written.push(format!("the connection `{name}`"));
        self.printer().line(&format!("saved {name}"));
        Ok(NextStep::Saved)
    }

    /// Stores the key, and returns its reference if this run created it: a run before this one may
    /// have been killed after it.
    fn keep(
        &mut self,
        reference: CredentialRef,
        value: SecretString,
    ) -> Result<Option<CredentialRef>, Failure> {
        let kept = self
            .secrets
            .keep(&reference, value.clone(), Writing::Create);
        let kept = match self.runtime.block_on(kept) {
            Ok(kept) => kept,
            Err(failure) if failure.code() == Code::CredentialExists => {
                let found = NetworkGate::Open.permit([]).and_then(|permit| {
                    self.runtime
                        .block_on(self.secrets.resolve(&permit, &reference))
                });
                let is_same =
                    found.is_ok_and(|found| found.value.expose_secret() == value.expose_secret());
                return if is_same {
                    self.note(&format!("{reference} already holds this key"));
                    Ok(None)
                } else {
                    Err(failure)
                };
            }
            Err(failure) => return Err(failure),
        };
        self.written.push(format!("the key, in {}", kept.place));
        for note in &kept.notes {
            self.note(note);
        }
        self.note(&format!("kept the key in {}", kept.place));
        Ok(Some(reference))
    }

    /// Removes the key again when its connection cannot be saved, unless another one refers to it:
    /// that of a run at the same time may.
    fn taken_back(&mut self, kept: Option<CredentialRef>, failure: Failure) -> Failure {
        let Some(reference) = kept else {
            return failure;
        };
        let written = reference.to_string();
        let is_free = self.engine.connections().is_ok_and(|stored| {
            let mut all = stored.iter();
            all.all(|each| each.draft.credential.as_deref() != Some(written.as_str()))
        });
        if !is_free {
            return failure.cause(format!("the key stays in {reference}"));
        }
        match self.runtime.block_on(self.secrets.remove(&reference)) {
            Ok(()) => {
                self.written.clear();
                self.note(&format!("removed the key from {reference} again"));
                failure
            }
            Err(_) => failure.cause(format!("the key stays in {reference}")),
        }
    }

    /// The text that will be written, and the equivalent commands.
    fn shown(&self, name: &ConnectionName, draft: &Draft) -> Result<(), Stop> {
        let home = self.context.environment.synapse_home()?;
        self.note("");
        self.note("This will be written:");
        let held = self.pending.held().map(|(reference, _)| reference);
        if let Some(reference) = &held {
            self.note(&format!("  the key     to {reference}"));
        }
        self.note(&format!(
            "  connection  {name}: {} · {}, network {}",
            draft.provider,
            draft.model,
            draft.gate.as_str()
        ));
        let file = self.short(&home.join("connections.toml"));
        self.note(&format!("              to {file}"));
        if let Some(reference) = &held {
            let reference = quote_text(&reference.to_string());
            self.same_as(&format!("synapse secret set {reference}"));
        }
        self.same_as(&create_line(name, draft, self.given.reach));
        Ok(())
    }

    /// Runs preflight, showing each line when it is decided.
    fn checked(&self, name: &ConnectionName, draft: &Draft) -> Result<PreflightReport, Stop> {
        let call = PreflightCall::draft(Some(name.clone()), draft.clone(), self.given.reach);
        let printer = self.printer().clone();
        let mut observe = move |check: &Check| printer.prose(&check_line(check, CHECK_WIDTHS));
        self.wait(self.engine.preflight_observed(call, &mut observe))
    }
}

/// The command that creates the same connection.
fn create_line(name: &ConnectionName, draft: &Draft, reach: Reach) -> String {
    let mut line = format!("synapse connection create {name}");
    for (flag, value) in fields::flags(draft) {
        line += " ";
        line += flag;
        if let Some(value) = value {
            line += " ";
            line += &quote_text(&value);
        }
    }
    let reach = match reach {
        Reach::Offline => " --offline",
        Reach::Live => " --live",
        Reach::Free => "",
    };
    line + reach
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Arguments;

    #[test]
    fn the_command_that_does_the_same_is_one_that_the_program_takes() {
        let draft = Draft {
            provider: "anthropic".into(),
            model: "claude 5".into(),
            credential: Some("file:/tmp/a b".into()),
            base_url: Some("http://127.0.0.1:1/v1".into()),
            max_tokens: Some(4096),
            gate: NetworkGate::Open,
            ..Draft::default()
        };
        let line = create_line(&"work".parse().unwrap(), &draft, Reach::Free);
        assert_eq!(
            line,
            "synapse connection create work --provider anthropic --model 'claude 5' --credential \
             'file:/tmp/a b' --allow-network --base-url http://127.0.0.1:1/v1 --max-tokens 4096"
        );
        let plain = line
            .replace('\'', "")
            .replace("claude 5", "c")
            .replace("a b", "a");
        assert!(
            Arguments::try_parse_from(plain.split(' ')).is_ok(),
            "{plain}"
        );
    }
}
