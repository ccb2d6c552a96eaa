//! Saves a connection: shows what is written, then runs preflight, and saves the key and the
//! connection only if it passes.

use synapse_core::check::Check;
use synapse_core::connection::Draft;
use synapse_core::engine::PreflightCall;
use synapse_core::gate::NetworkGate;
use synapse_core::name::ConnectionName;
use synapse_core::ports::{SecretWriter as _, Writing};
use synapse_core::preflight::{PreflightReport, Reach};
use synapse_core::shell::quote_text;

use super::connect::Next;
use super::{Setup, Stop, flag};
use crate::command::models;
use crate::command::preflight::LADDER;
use crate::output::check_line;
use crate::prompt::{Left, Usual};

impl Setup<'_> {
    /// Shows, asks, checks and saves.
    pub(super) fn save(&mut self, name: &ConnectionName, draft: &mut Draft) -> Result<Next, Stop> {
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
        let report = self.climbed(name, draft)?;
        for warning in &report.warnings {
            self.printer().warning(warning);
        }
        let cleared = match report.clear() {
            Ok(cleared) => cleared,
            Err(failure) => {
                let failure = self.wait(models::with_nearest(&self.engine, draft, failure))?;
                return self.mend(failure, draft, Next::Save);
            }
        };
        self.step = "saving";
        // The key first: a connection never refers to one that could not be stored.
        if let Some((reference, value)) = self.pending.held() {
            let kept = self.secrets.keep(&reference, value, Writing::Create);
            let kept = self.runtime.block_on(kept)?;
            self.written.push(format!("the key, in {}", kept.place));
            for note in &kept.notes {
                self.note(note);
            }
            self.pending.forget();
            self.note(&format!("kept the key in {}", kept.place));
        }
        self.engine.ports().connections.insert(&cleared)?;
        self.written.push(format!("the connection `{name}`"));
        self.printer().line(&format!("saved {name}"));
        Ok(Next::Saved)
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
    fn climbed(&self, name: &ConnectionName, draft: &Draft) -> Result<PreflightReport, Stop> {
        let call = PreflightCall::draft(Some(name.clone()), draft.clone(), self.given.reach);
        let printer = self.printer().clone();
        let mut observe = move |check: &Check| printer.note(&check_line(check, LADDER));
        self.wait(self.engine.preflight_observed(call, &mut observe))
    }
}

/// The command that creates the same connection.
fn create_line(name: &ConnectionName, draft: &Draft, reach: Reach) -> String {
    let number = |value: Option<u64>| value.map(|value| value.to_string());
    let flags = [
        flag("--provider", Some(&draft.provider)),
        flag("--base-url", draft.base_url.as_deref()),
        flag("--model", Some(&draft.model)),
        flag("--credential", draft.credential.as_deref()),
        flag("--max-tokens", number(draft.max_tokens).as_deref()),
        flag("--timeout", number(draft.timeout_seconds).as_deref()),
        flag("--organization", draft.organization.as_deref()),
        flag("--openai-project", draft.project.as_deref()),
        flag("--bill-to", draft.bill_to.as_deref()),
        flag("--proxy", draft.proxy.as_deref()),
    ];
    let gate = match draft.gate {
        NetworkGate::Open => " --allow-network",
        NetworkGate::Closed => "",
    };
    let reach = match reach {
        Reach::Offline => " --offline",
        Reach::Live => " --live",
        Reach::Free => "",
    };
    format!(
        "synapse connection create {name}{}{gate}{reach}",
        flags.concat()
    )
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
            "synapse connection create work --provider anthropic --base-url http://127.0.0.1:1/v1 \
             --model 'claude 5' --credential 'file:/tmp/a b' --max-tokens 4096 --allow-network"
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
