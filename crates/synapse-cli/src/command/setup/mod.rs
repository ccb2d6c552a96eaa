//! `synapse setup`: from nothing to an answer in an IDE. Each step is a question, or a flag that
//! answers it; what exists is not asked for again, so that a run resumes where the last one ended.
//!
//! **Invariant:** nothing is written before it was shown, and a key and its connection only after
//! preflight proved both.

mod connect;
mod first;
mod ides;
mod key;
mod local;
mod model;
mod pending;
mod provider;
mod save;

use std::path::Path;
use std::sync::Arc;

use synapse_core::connection::Draft;
use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure, Help, Remedy};
use synapse_core::ports::StoredConnection;
use synapse_core::preflight::Reach;
use synapse_core::redact::{printable, without_tokens};
use synapse_core::shell::quote_text;
use synapse_secrets::Secrets;

use self::pending::Pending;
use super::{CommandError, Context};
use crate::args::{CreateArguments, SetupArguments, reach};
use crate::compose;
use crate::output::{FAINT, Printer, STRONG, styled};
use crate::prompt::{Asker, Left, Usual};
use crate::runtime::Runtime;
use crate::system::asked_to_stop;

/// Runs all steps.
pub(super) fn run(context: &Context, arguments: SetupArguments) -> Result<(), CommandError> {
    let given = Given {
        name: arguments.name.clone(),
        draft: arguments.to_draft(),
        reach: Reach::Free,
        key_stdin: arguments.key_stdin,
        ides: arguments.ide,
        prompt: arguments.prompt,
    };
    let mut setup = Setup::new(context, given, asker(context, arguments.yes)?)?;
    let walked = setup.walk();
    setup.finish(walked)
}

/// Asks for what `arguments` of `connection create` omit, and creates the connection.
pub(super) fn create(context: &Context, arguments: &CreateArguments) -> Result<(), CommandError> {
    let asker = asker(context, false).map_err(|_| arguments.lacking())?;
    let given = Given {
        name: arguments.name.clone(),
        draft: arguments.to_draft(),
        reach: reach(arguments.offline, arguments.live),
        key_stdin: false,
        ides: Vec::new(),
        prompt: None,
    };
    let mut setup = Setup::new(context, given, asker)?;
    let connected = setup.connect().map(drop);
    setup.finish(connected)
}

/// Whether a user can be asked at the terminal.
pub(super) fn can_ask(context: &Context) -> bool {
    asker(context, false).is_ok()
}

/// Offers setup to a user at a terminal whose home is empty. `false`, without output, when there is
/// no terminal or the home is not empty.
pub(super) fn offer(context: &Context) -> Result<bool, CommandError> {
    let printer = &context.printer;
    let Some(asker) = Asker::at_terminal(&context.environment, printer, &context.seen) else {
        return Ok(false);
    };
    let home = context.environment.synapse_home()?;
    if printer.is_json() || home.join("connections.toml").exists() {
        return Ok(false);
    }
    printer.note("Nothing is set up here yet.");
    match asker.agrees("Start `synapse setup` now?", Usual::Yes) {
        Ok(true) => run(context, SetupArguments::default()).map(|()| true),
        Ok(false) | Err(Left::Quit) => {
            printer.note("every command: synapse --help");
            Ok(true)
        }
        Err(Left::Interrupted) => Err(CommandError::Stopped),
    }
}

/// The source of answers: the user at the terminal or, with `--yes`, only the flags.
fn asker(context: &Context, yes: bool) -> Result<Option<Asker>, Failure> {
    let printer = &context.printer;
    let help = Remedy::ReadHelp { of: Help::Setup };
    let refusal = |message: &str| Failure::new(Code::UsageInvalidArguments, message);
    if printer.is_json() {
        return Err(refusal("`setup` talks to people and has no document")
            .remedy("the commands that it names have one", &help));
    }
    if yes {
        return Ok(None);
    }
    let asker = Asker::at_terminal(&context.environment, printer, &context.seen);
    asker.map(Some).ok_or_else(|| {
        refusal("no question can be asked")
            .cause("questions need a terminal at stdin and stderr")
            .remedy("pass --yes and the answers as flags", &help)
    })
}

/// The answers given by flags.
struct Given {
    name: Option<String>,
    draft: Draft,
    reach: Reach,
    key_stdin: bool,
    ides: Vec<String>,
    prompt: Option<String>,
}

/// A run.
struct Setup<'a> {
    context: &'a Context,
    given: Given,
    /// None with `--yes`.
    asker: Option<Asker>,
    runtime: Runtime,
    secrets: Secrets,
    pending: Arc<Pending>,
    engine: Engine,
    /// The current step.
    step: &'static str,
    /// The files and settings written so far.
    written: Vec<String>,
}

/// Why a run ends early.
enum Stop {
    Left(Left),
    Failed(CommandError),
}

impl From<Left> for Stop {
    fn from(left: Left) -> Self {
        Self::Left(left)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.into())
    }
}

impl From<CommandError> for Stop {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Stopped => Self::Left(Left::Interrupted),
            error => Self::Failed(error),
        }
    }
}

impl<'a> Setup<'a> {
    fn new(context: &'a Context, given: Given, asker: Option<Asker>) -> Result<Self, Failure> {
        let secrets = compose::secrets(context)?;
        let pending = Pending::new(secrets.clone());
        Ok(Self {
            context,
            given,
            asker,
            runtime: Runtime::start()?,
            engine: compose::engine_resolving(context, pending.clone())?,
            secrets,
            pending,
            step: "the provider",
            written: Vec::new(),
        })
    }

    fn walk(&mut self) -> Result<(), Stop> {
        if let Some(asker) = &self.asker {
            let title = styled(STRONG, "Synapse setup");
            let key = asker.leaving_key();
            self.note(&format!("{title}: from here to an answer in your IDE."));
            self.note(&format!(
                "Nothing is written before it is shown. {key} leaves at any question."
            ));
        }
        let name = match self.there()? {
            Some(name) => name,
            None => self.connect()?,
        };
        self.ides()?;
        self.first(&name)?;
        self.note("");
        self.note("done. Next, ask your IDE to use the tool chat of synapse, or run:");
        for line in [
            format!("synapse chat {name} \"…\""),
            format!("synapse checklist {name}"),
            "synapse usage".to_owned(),
        ] {
            self.note(&format!("  {line}"));
        }
        Ok(())
    }

    /// The existing connection to continue with, if any.
    fn there(&self) -> Result<Option<String>, Stop> {
        let stored = self.engine.connections()?;
        if stored.is_empty() {
            return Ok(None);
        }
        let wanted = &self.given.draft;
        let Some(asker) = &self.asker else {
            let found = self.same(&stored);
            if let Some(found) = &found {
                self.note(&format!("the connection `{found}` already exists"));
            }
            return Ok(found);
        };
        if !wanted.provider.is_empty() {
            return Ok(None);
        }
        self.note("");
        self.note("A run before this one, or you, left off here:");
        let described = stored.iter().map(|each| {
            let text = format!("{} · {}", each.draft.provider, each.draft.model);
            let text = printable(&without_tokens(&text));
            format!(
                "Go on with `{}`  {text}, network {}",
                each.name,
                each.draft.gate.as_str()
            )
        });
        let mut options: Vec<String> = described.collect();
        options.push("Add another connection".to_owned());
        let chosen = asker.one_of("Which connection?", &options, 0)?;
        let found = stored.get(chosen).map(|each| each.name.to_string());
        Ok(found)
    }

    /// The connection that the flags describe, or the only one when they describe none.
    fn same(&self, stored: &[StoredConnection]) -> Option<String> {
        let wanted = &self.given.draft;
        let name = self.given.name.as_deref();
        let mut same = stored.iter().filter(|each| {
            let draft = &each.draft;
            let is_same = draft.provider == wanted.provider && draft.model == wanted.model;
            name.is_none_or(|name| each.name.as_str() == name)
                && (is_same || wanted.provider.is_empty())
        });
        let first = same.next()?;
        let only = wanted.provider.is_empty() && same.next().is_some();
        (!only).then(|| first.name.to_string())
    }

    /// Reports how the run ended, and where the next one resumes.
    fn finish(self, ended: Result<(), Stop>) -> Result<(), CommandError> {
        if let Err(failure) = self.runtime.block_on(self.engine.flush()) {
            self.printer().warning(&failure);
        }
        let (how, result) = match ended {
            Ok(()) => return Ok(()),
            Err(Stop::Left(Left::Quit)) => ("left", Ok(())),
            Err(Stop::Left(Left::Interrupted)) => ("interrupted", Err(CommandError::Stopped)),
            Err(Stop::Failed(error)) => ("stopped", Err(error)),
        };
        let written = if self.written.is_empty() {
            "nothing was written".to_owned()
        } else {
            format!("written: {}", self.written.join("; "))
        };
        self.note(&format!("{how} at {}; {written}", self.step));
        if self.asker.is_some() {
            self.note("to continue from there: synapse setup");
        } else {
            self.note("run the same command to continue");
        }
        result
    }

    /// Waits for `work`, which Ctrl-C ends.
    fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T, Stop> {
        self.runtime.block_on(async {
            tokio::select! {
                done = work => Ok(done),
                Ok(()) = asked_to_stop() => Err(Stop::Left(Left::Interrupted)),
            }
        })
    }

    const fn printer(&self) -> &Printer {
        &self.context.printer
    }

    fn note(&self, text: &str) {
        self.printer().prose(text);
    }

    /// A path for people, with `~` for the home directory.
    fn short(&self, path: &Path) -> String {
        let home = self.context.environment.user_home();
        let below = home.and_then(|home| path.strip_prefix(home).ok());
        let shown = match below {
            Some(below) => Path::new("~").join(below),
            None => path.to_owned(),
        };
        printable(&shown.to_string_lossy())
    }

    /// Names the equivalent command.
    fn same_as(&self, command: &str) {
        let line = format!("same as: {}", printable(command));
        self.note(&format!("  {}", styled(FAINT, &line)));
    }
}

/// The error of a run without questions that lacks an answer.
fn missing(flag: &str) -> Stop {
    Failure::new(
        Code::UsageInvalidArguments,
        format!("`setup --yes` needs {flag}"),
    )
    .cause("with --yes nothing is asked")
    .remedy("see the flags", &Remedy::ReadHelp { of: Help::Setup })
    .into()
}

/// ` --flag value`, quoted for a shell; nothing without a value.
fn flag(name: &str, value: Option<&str>) -> String {
    value.map_or_else(String::new, |value| {
        format!(" {name} {}", quote_text(value))
    })
}
