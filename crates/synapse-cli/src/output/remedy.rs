//! The command lines of Synapse: the one place that writes the commands that remedy a failure.
//! Documents and MCP results get them from here through `RemedyText`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use synapse_core::credential::CredentialRef;
use synapse_core::error::{Action, EntryScope, Help, Remedy, RemedyText};
use synapse_core::redact::{printable_line, without_tokens};
use synapse_core::shell::{quote, quote_text};

/// Renders remedies as command lines of this program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommandLines;

impl RemedyText for CommandLines {
    fn command(&self, remedy: &Remedy) -> Option<String> {
        let arguments = match remedy {
            Remedy::Shell { line } => return Some(line.clone()),
            // A document has no typed command to repeat.
            Remedy::Wait | Remedy::Retype { .. } | Remedy::AddFlag { .. } => return None,
            _ => arguments(remedy)?,
        };
        Some(format!("synapse {arguments}"))
    }

    fn action(&self, action: Action) -> String {
        format!("`synapse {}`", usage(action))
    }
}

/// As [`CommandLines`], for `--config FILE`: commands of the hub repeat it.
#[derive(Debug)]
pub(crate) struct ConfiguredLines {
    file: PathBuf,
}

impl ConfiguredLines {
    pub(crate) const fn new(file: PathBuf) -> Self {
        Self { file }
    }
}

impl RemedyText for ConfiguredLines {
    fn command(&self, remedy: &Remedy) -> Option<String> {
        let line = CommandLines.command(remedy)?;
        match hub(remedy) {
            Some(_) if *remedy != Remedy::OpenDashboard => {
                Some(in_configuration(&line, &self.file))
            }
            _ => Some(line),
        }
    }

    fn action(&self, action: Action) -> String {
        CommandLines.action(action)
    }
}

/// As the inner renderer, with the whole corrected command when the typed one has to be repeated.
#[derive(Debug)]
pub(crate) struct TypedLines {
    words: Vec<String>,
    others: Arc<dyn RemedyText>,
}

impl TypedLines {
    /// For a command of these words, starting with the program's name.
    pub(crate) fn new(words: Vec<String>, others: Arc<dyn RemedyText>) -> Self {
        Self { words, others }
    }

    fn line(&self, words: &[String]) -> Option<String> {
        let words: Vec<Cow<'_, str>> = words.iter().map(|word| quoted(word)).collect();
        let line = format!("synapse {}", words.join(" "));
        // A line break, or a word like a token, is not repeated.
        let is_plain = printable_line(&line) == line && without_tokens(&line) == line;
        is_plain.then_some(line)
    }
}

impl RemedyText for TypedLines {
    fn command(&self, remedy: &Remedy) -> Option<String> {
        let (_, words) = self.words.split_first()?;
        match remedy {
            Remedy::Retype { wrong, right } => self.line(&retyped(words, wrong, right)?),
            Remedy::AddFlag { flag } => {
                // Words after `--` belong to another program.
                let end = words.iter().position(|word| word == "--");
                let (before, after) = words.split_at(end.unwrap_or(words.len()));
                let flag = flag.clone().into_owned();
                self.line(&[before, &[flag], after].concat())
            }
            _ => self.others.command(remedy),
        }
    }

    fn action(&self, action: Action) -> String {
        self.others.action(action)
    }
}

/// `words` with the first `wrong` replaced by `right`, as a word or as the name or value of a flag.
fn retyped(words: &[String], wrong: &str, right: &str) -> Option<Vec<String>> {
    let corrected = |word: &String| {
        if word == wrong {
            return Some(right.to_owned());
        }
        let (name, value) = word.split_once('=')?;
        match (name == wrong, value == wrong) {
            (true, _) => Some(format!("{right}={value}")),
            (false, true) => Some(format!("{name}={right}")),
            (false, false) => None,
        }
    };
    let at = words.iter().position(|word| corrected(word).is_some())?;
    let mut words = words.to_vec();
    let word = words.get_mut(at)?;
    *word = corrected(word)?;
    Some(words)
}

/// A word quoted for a shell, if necessary.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |each: char| each.is_ascii_alphanumeric() || "-_./:=@,+%~".contains(each);
    if !word.is_empty() && word.chars().all(is_plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', "'\\''")))
    }
}

/// The command line of `remedy`, for texts of this program.
pub(crate) fn command_line(remedy: &Remedy) -> String {
    CommandLines.command(remedy).unwrap_or_default()
}

/// The arguments of the command. `None` for a remedy that a newer core added.
fn arguments(remedy: &Remedy) -> Option<String> {
    connection(remedy)
        .or_else(|| secret(remedy))
        .or_else(|| entry(remedy))
        .or_else(|| record(remedy))
        .or_else(|| hub(remedy))
}

fn connection(remedy: &Remedy) -> Option<String> {
    Some(match remedy {
        Remedy::SetUp => "setup".to_owned(),
        Remedy::CreateConnection => "connection create NAME --provider openai --model MODEL \
             --credential file:PATH --allow-network"
            .to_owned(),
        Remedy::ListConnections => "connection list".to_owned(),
        Remedy::ChooseDefault => "connection default NAME".to_owned(),
        Remedy::ShowConnection { connection } => format!("connection show {connection}"),
        Remedy::EditConnection { connection } | Remedy::EditLimits { connection } => {
            format!("connection edit {connection} --help")
        }
        // With network access on, this changes nothing, but the connection is still checked and
        // recorded.
        Remedy::OpenGate { connection } | Remedy::CheckConnection { connection } => {
            format!("connection edit {connection} --allow-network")
        }
        Remedy::ProveConnection { connection } => format!("preflight {connection} --live"),
        Remedy::ConfirmHost {
            connection,
            base_url,
        } => format!("connection edit {connection} --base-url {base_url}"),
        Remedy::ConfirmProxy { connection, proxy } => {
            format!("connection edit {connection} --proxy {proxy}")
        }
        Remedy::DropProxy { connection } => format!("connection edit {connection} --proxy none"),
        Remedy::CapAnswers {
            connection,
            max_tokens,
        } => format!("connection edit {connection} --max-tokens {max_tokens}"),
        Remedy::AllowUnknownCost { connection } => {
            format!("connection edit {connection} --limit-lenient")
        }
        Remedy::ListModels { connection } => format!("models {connection}"),
        Remedy::SendPrompt { connection } => format!("chat {connection} \"Say hello\""),
        _ => return None,
    })
}

fn secret(remedy: &Remedy) -> Option<String> {
    Some(match remedy {
        Remedy::StoreSecret { reference } => format!("secret set {}", word(reference)),
        Remedy::ReplaceSecret { reference } => format!("secret rotate {}", word(reference)),
        Remedy::SealVaultWithKeyFile => "secret rekey --key-file FILE".to_owned(),
        _ => return None,
    })
}

fn entry(remedy: &Remedy) -> Option<String> {
    Some(match remedy {
        Remedy::InstallEntry { client, scope } => {
            let client = client.as_deref().unwrap_or("CLIENT");
            format!("ide install {client}{}", flag(*scope))
        }
        Remedy::ReplaceEntry { client } => format!("ide install {client} --force"),
        Remedy::ShareHome { client, scope } => {
            format!(
                "ide install {client}{} --pass-env SYNAPSE_HOME",
                flag(*scope)
            )
        }
        Remedy::CheckEntry { client, scope } => format!("ide check {client}{}", flag(*scope)),
        Remedy::RemoveEntry { client, scope } => format!("ide remove {client}{}", flag(*scope)),
        Remedy::UndoEntry { client } => format!("ide undo {client}"),
        Remedy::PrintEntry { client: None } => "ide snippet".to_owned(),
        Remedy::PrintEntry {
            client: Some(client),
        } => format!("ide snippet {client}"),
        Remedy::ListEntries => "ide list".to_owned(),
        _ => return None,
    })
}

fn record(remedy: &Remedy) -> Option<String> {
    Some(match remedy {
        Remedy::ShowUsage { by } => format!("usage --by {by}"),
        Remedy::RepairLedger => "history repair".to_owned(),
        Remedy::VerifyLedger => "history verify".to_owned(),
        Remedy::ListCalls => "history".to_owned(),
        Remedy::ShowCall => "history show CALL_ID".to_owned(),
        Remedy::Examine => "doctor".to_owned(),
        Remedy::ExplainCode { code } => format!("explain {code}"),
        Remedy::ListCodes => "explain".to_owned(),
        Remedy::ReadHelp { of } => match of {
            Help::Setup => "setup --help".to_owned(),
            Help::CreateConnection => "connection create --help".to_owned(),
            Help::EditConnection => "connection edit --help".to_owned(),
            Help::Serve => "serve --help".to_owned(),
            _ => "--help".to_owned(),
        },
        _ => return None,
    })
}

fn in_configuration(line: &str, file: &Path) -> String {
    format!("{line} --config {}", quote(file))
}

fn hub(remedy: &Remedy) -> Option<String> {
    Some(match remedy {
        Remedy::ApproveUpstream { server } => format!("hub approve {server}"),
        Remedy::LogIn { server, scopes } => {
            let mut line = format!("hub login {server}");
            for scope in scopes {
                line.push_str(" --oauth-scope ");
                line.push_str(&quote_text(scope));
            }
            line
        }
        Remedy::LogInAndRegister { server } => format!("hub login {server} --register"),
        Remedy::LogInByDevice { server } => format!("hub login {server} --device"),
        Remedy::ForgetLogin { server } => format!("hub logout {server} --forget-client"),
        Remedy::OpenDashboard => "dashboard".to_owned(),
        Remedy::ValidateHub => "hub validate".to_owned(),
        Remedy::ListUpstreams => "hub list".to_owned(),
        Remedy::ListUpstreamTools { server } => format!("hub tools {server}"),
        Remedy::RemoveUpstream { server } => format!("hub remove {server}"),
        Remedy::HubStatus => "hub status".to_owned(),
        Remedy::UpstreamLog { server } => format!("hub log {server}"),
        Remedy::PreflightUpstream { server } => format!("hub preflight {server} --live"),
        _ => return None,
    })
}

/// A command with placeholders, for texts on a code in general.
const fn usage(action: Action) -> &'static str {
    match action {
        Action::EditConnection => "connection edit",
        Action::ListConnections => "connection list",
        Action::Checklist => "checklist",
        Action::PrintEntry => "ide snippet CLIENT",
        Action::InstallEntry => "ide install CLIENT",
        Action::ListEntries => "ide list",
        Action::ReplaceSecret => "secret rotate",
        Action::ListModels => "models",
        Action::RepairLedger => "history repair",
        Action::Examine => "doctor",
        Action::ListUpstreams => "hub list",
        Action::ApproveUpstream => "hub approve SERVER",
        Action::PreflightUpstream => "hub preflight SERVER --live",
        Action::UpstreamLog => "hub log SERVER",
        Action::LogIn => "hub login SERVER",
        Action::LogInByDevice => "hub login SERVER --device",
        _ => "--help",
    }
}

/// The flag of a scope, preceded by a space; nothing for the default.
const fn flag(scope: EntryScope) -> &'static str {
    match scope {
        EntryScope::User => "",
        EntryScope::Local => " --scope local",
        EntryScope::Project => " --scope project",
    }
}

/// A value as one shell word.
fn word(value: &CredentialRef) -> String {
    quote_text(&value.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Arguments;

    fn lines() -> Vec<String> {
        let name = || "work".parse().unwrap();
        let server = || "files".parse().unwrap();
        let client = || "cursor".to_owned();
        let scope = EntryScope::Project;
        let reference = || CredentialRef::Keyring("a b".to_owned());
        [
            Remedy::SetUp,
            Remedy::CreateConnection,
            Remedy::ListConnections,
            Remedy::ChooseDefault,
            Remedy::ShowConnection { connection: name() },
            Remedy::EditConnection { connection: name() },
            Remedy::OpenGate { connection: name() },
            Remedy::CheckConnection { connection: name() },
            Remedy::ProveConnection { connection: name() },
            Remedy::ConfirmHost {
                connection: name(),
                base_url: "https://a.example/v1".parse().unwrap(),
            },
            Remedy::ConfirmProxy {
                connection: name(),
                proxy: "http://127.0.0.1:3128".parse().unwrap(),
            },
            Remedy::DropProxy { connection: name() },
            Remedy::CapAnswers {
                connection: name(),
                max_tokens: 4096,
            },
            Remedy::EditLimits { connection: name() },
            Remedy::AllowUnknownCost { connection: name() },
            Remedy::ListModels { connection: name() },
            Remedy::SendPrompt { connection: name() },
            Remedy::ShowUsage {
                by: synapse_core::limits::Period::Month,
            },
            Remedy::StoreSecret {
                reference: reference(),
            },
            Remedy::ReplaceSecret {
                reference: reference(),
            },
            Remedy::SealVaultWithKeyFile,
            Remedy::InstallEntry {
                client: Some(client()),
                scope: EntryScope::Local,
            },
            Remedy::ReplaceEntry { client: client() },
            Remedy::ShareHome {
                client: client(),
                scope,
            },
            Remedy::CheckEntry {
                client: client(),
                scope,
            },
            Remedy::RemoveEntry {
                client: client(),
                scope,
            },
            Remedy::UndoEntry { client: client() },
            Remedy::PrintEntry { client: None },
            Remedy::ListEntries,
            Remedy::RepairLedger,
            Remedy::VerifyLedger,
            Remedy::ListCalls,
            Remedy::ShowCall,
            Remedy::Examine,
            Remedy::ListCodes,
            Remedy::ReadHelp { of: Help::Serve },
            Remedy::ReadHelp { of: Help::Setup },
            Remedy::ReadHelp {
                of: Help::CreateConnection,
            },
            Remedy::ApproveUpstream { server: server() },
            Remedy::LogIn {
                server: server(),
                scopes: vec!["mail.read".to_owned(), "a b".to_owned()],
            },
            Remedy::LogInAndRegister { server: server() },
            Remedy::LogInByDevice { server: server() },
            Remedy::ForgetLogin { server: server() },
            Remedy::OpenDashboard,
            Remedy::ValidateHub,
            Remedy::ListUpstreams,
            Remedy::ListUpstreamTools { server: server() },
            Remedy::RemoveUpstream { server: server() },
            Remedy::HubStatus,
            Remedy::UpstreamLog { server: server() },
            Remedy::PreflightUpstream { server: server() },
        ]
        .iter()
        .map(|remedy| CommandLines.command(remedy).unwrap())
        .collect()
    }

    /// A command line as a shell splits it.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (index, part) in line.split(['\'', '"']).enumerate() {
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        words
    }

    #[test]
    fn every_command_line_is_one_that_the_program_takes() {
        let hub = Arguments::command().find_subcommand("hub").is_some();
        for line in lines() {
            if line.starts_with("synapse hub ") && !hub {
                continue;
            }
            match Arguments::command().try_get_matches_from(words(&line)) {
                Ok(_) => {}
                Err(refusal) => assert_eq!(
                    refusal.kind(),
                    clap::error::ErrorKind::DisplayHelp,
                    "{line}: {refusal}"
                ),
            }
        }
    }

    #[test]
    fn every_action_names_a_command_that_there_is() {
        for action in Action::ALL {
            let mut command = &Arguments::command();
            for name in usage(*action).split(' ') {
                let is_name = name.chars().all(|each| each.is_ascii_lowercase());
                if !is_name || name == "hub" && command.find_subcommand("hub").is_none() {
                    break;
                }
                command = command
                    .find_subcommand(name)
                    .unwrap_or_else(|| panic!("{action:?}: {name}"));
            }
        }
    }

    #[test]
    fn a_client_that_is_not_chosen_is_a_placeholder() {
        let install = Remedy::InstallEntry {
            client: None,
            scope: EntryScope::User,
        };
        assert_eq!(command_line(&install), "synapse ide install CLIENT");
    }

    #[test]
    fn a_configuration_of_its_own_is_named_as_one_word() {
        let line = in_configuration("hub approve files", Path::new("/a b/servers.json"));
        assert_eq!(line, "hub approve files --config '/a b/servers.json'");
        let taken = Arguments::command().try_get_matches_from(words(&format!("synapse {line}")));
        assert!(taken.is_ok(), "{taken:?}");
    }

    #[test]
    fn waiting_has_no_command_and_another_program_its_own() {
        assert_eq!(CommandLines.command(&Remedy::Wait), None);
        let pull = CommandLines.command(&Remedy::shell("ollama pull m"));
        assert_eq!(pull.as_deref(), Some("ollama pull m"));
    }

    #[test]
    fn a_reference_is_one_word_of_a_shell() {
        for (path, line) in [
            (
                "~/.synapse/a.token",
                "synapse secret set file:~/.synapse/a.token",
            ),
            ("/a b/~c", "synapse secret set 'file:/a b/~c'"),
        ] {
            let reference = CredentialRef::File(path.to_owned());
            assert_eq!(command_line(&Remedy::StoreSecret { reference }), line);
        }
    }
}
