//! Starts a configured entry exactly as the client would, with its limited environment, working
//! directory and timeout, and reports what the client would see.

mod child;
mod launch;
mod prompt;
mod talk;
mod trust;
mod variables;
mod veil;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use synapse_core::Hint;
use synapse_core::check::{Check, CheckId, Finding, Skip, first_failure};
use synapse_core::{Code, Failure, Remedy};
use synapse_process::Guard;

use self::child::Child;
use self::launch::Launched;
use self::talk::{Talk, Trouble};
use self::trust::Trust;
pub use self::variables::Variables;
use self::veil::Veil;
use crate::client::{Client, Merge, Scope};
use crate::entry::{Configured, Entry};
use crate::failure::{not_installed, shown, without_file};
use crate::machine::Machine;
use crate::seen::ExistingEntry;
use crate::survey::{Survey, SurveyedFile};
use crate::update::update;

/// The steps in order.
const STEPS: [CheckId; 8] = [
    CheckId::Entry,
    CheckId::Loaded,
    CheckId::Command,
    CheckId::Start,
    CheckId::Initialize,
    CheckId::Tools,
    CheckId::End,
    CheckId::Connection,
];

/// The entry to check.
#[derive(Clone, Copy)]
pub struct CheckedEntry<'a> {
    /// The client.
    pub client: &'static Client,
    /// Where the client runs.
    pub machine: &'a Machine,
    /// The scope of the file.
    pub scope: Scope,
    /// The expected entry, used to recognise ours.
    pub entry: &'a Entry,
    /// The running program, the only one that a project's entry may start.
    pub running: &'a Path,
    /// Whether this program accepts such arguments.
    pub takes: &'a (dyn Fn(&[String]) -> Result<(), Failure> + Sync),
    /// Ends the program's descendants.
    pub guard: &'a Guard,
    /// Timeout, if different from the client's.
    pub patience: Option<Duration>,
    /// A billed prompt to send through the server, if any.
    pub prompt: Option<Prompt<'a>>,
}

/// A real prompt, sent like one from the client's model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt<'a> {
    /// The connection; `None` for the entry's own or the only one.
    pub connection: Option<&'a str>,
    /// Timeout for the answer.
    pub patience: Duration,
}

impl fmt::Debug for CheckedEntry<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Target")
            .field("client", &self.client.id())
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// The client.
    pub client: &'static Client,
    /// The scope of the file.
    pub scope: Scope,
    /// The file.
    pub file: PathBuf,
    /// The steps in order.
    pub checks: Vec<Check>,
    /// The command with redacted arguments, if there is an entry.
    pub command: Option<Vec<String>>,
    /// The names of its variables, if it was started.
    pub variables: Option<Vec<String>>,
    /// Its working directory, if it was started.
    pub directory: Option<PathBuf>,
    /// The client's timeout.
    pub patience: Duration,
    /// Name and version from the server's handshake.
    pub server: Option<(String, String)>,
    /// The negotiated protocol version.
    pub revision: Option<String>,
    /// The listed tools.
    pub tools: Option<Vec<String>>,
    /// Time from the start to the list of tools.
    pub took: Option<Duration>,
    /// The environment given by the client, if there is an entry to start.
    pub environment: Option<Variables>,
    /// The connection the entry is restricted to.
    pub connection: Option<String>,
    /// The steps to run.
    steps: Vec<CheckId>,
}

impl CheckReport {
    /// Adds a check of a connection; a skipped check becomes a warning here.
    pub fn add(&mut self, check: Check) {
        let finding = match check.finding {
            Finding::Skip(skip) => Finding::Warn(skip.reason().to_owned()),
            finding => finding,
        };
        self.checks.push(Check { finding, ..check });
    }

    /// Notes that the server of the entry uses another directory than this terminal.
    pub fn differs_in_home(&mut self, home: &Path, ours: &Path) {
        let failure = Failure::new(
            Code::ConfigNotFound,
            format!("the entry's server has its files in {}", shown(home)),
        )
        .cause(format!("this terminal uses {}", shown(ours)))
        .remedy(
            "let the entry use the same",
            &Remedy::ShareHome {
                client: self.client.id().to_owned(),
                scope: self.scope,
            },
        );
        self.add(Check::new(CheckId::Connection, Finding::Doubt(failure)));
    }

    /// The first failure, which determines code and exit status.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        first_failure(&self.checks)
    }

    /// The report in one check.
    #[must_use]
    pub fn summary(&self) -> Check {
        if let Some(failure) = self.failure() {
            return Check::new(CheckId::Entry, Finding::Fail(failure.clone()));
        }
        let tools = self.tools.as_ref().map_or(0, Vec::len);
        let took = self.took.unwrap_or_default().as_millis();
        let mut text = format!("starts in {took} ms, {tools} tools");
        let answered = self.checks.iter().find(|check| check.id == CheckId::Prompt);
        if let Some(answered) = answered {
            text = format!("{text}; {}", answered.what());
        }
        // Closed network access has its own line.
        let doubt = self.checks.iter().find_map(|check| match &check.finding {
            Finding::Doubt(failure) if failure.code() != Code::GateNetworkDisabled => Some(failure),
            _ => None,
        });
        if let Some(failure) = doubt {
            return Check::new(CheckId::Entry, Finding::Doubt(failure.clone()));
        }
        let doubt = self.checks.iter().find_map(|check| match &check.finding {
            Finding::Warn(why) => Some((check.id, why)),
            _ => None,
        });
        let Some((id, why)) = doubt else {
            return Check::new(CheckId::Entry, Finding::Ok(text));
        };
        let check = Check::new(CheckId::Entry, Finding::Warn(format!("{text}; {why}")));
        let (client, scope) = (self.client.id().to_owned(), self.scope);
        match id {
            CheckId::Entry => check.with_next(Hint::with_remedy(
                "bring it up to date",
                Remedy::InstallEntry {
                    client: Some(client),
                    scope,
                },
            )),
            _ => check.with_next(Hint::with_remedy(
                "see every step",
                Remedy::CheckEntry { client, scope },
            )),
        }
    }

    fn note(&mut self, id: CheckId, finding: Finding) {
        self.checks.push(Check::new(id, finding));
    }

    fn fail(mut self, id: CheckId, failure: Failure) -> Self {
        let failure = failure
            .with("client", self.client.id())
            .with("file", shown(&self.file));
        self.note(id, Finding::Fail(failure));
        for skipped in self.steps.clone() {
            let is_made = self.checks.iter().any(|check| check.id == skipped);
            // Connections are checked separately.
            if !is_made && (skipped != CheckId::Connection || self.environment.is_none()) {
                self.note(skipped, Finding::Skip(Skip::Needs(id)));
            }
        }
        self
    }
}

/// Runs the check. The started process never outlives it, even if the future is dropped. Foreign
/// entries are not started.
///
/// # Errors
/// `ide.not-supported` when the client has no file in that scope; everything else is reported as a
/// check.
pub async fn check(target: CheckedEntry<'_>) -> Result<CheckReport, Failure> {
    let CheckedEntry {
        client,
        machine,
        scope,
        ..
    } = target;
    let survey = Survey::new(client, machine, target.entry);
    let place = survey
        .target_place(scope)
        .ok_or_else(|| without_file(client, scope))?;
    let file = place.site.file.clone();
    let mut report = CheckReport {
        client,
        scope,
        file,
        checks: Vec::new(),
        command: None,
        variables: None,
        directory: None,
        patience: target.patience.unwrap_or(client.launch.patience),
        server: None,
        revision: None,
        tools: None,
        took: None,
        environment: None,
        connection: None,
        steps: match target.prompt {
            None => STEPS.to_vec(),
            Some(_) => STEPS.into_iter().chain([CheckId::Prompt]).collect(),
        },
    };
    let (configured, finding) = match entry(&target, place) {
        Ok(found) => found,
        Err(failure) => return Ok(report.fail(CheckId::Entry, failure)),
    };
    report.command = Some(configured.shown_words());
    let launched = Trust::of(&target, &report.file, &configured)
        .and_then(|trust| Launched::new(client, machine, scope, &configured, &trust));
    let launched = match launched {
        Err(failure) if failure.code() == Code::IdeForeignEntry => {
            return Ok(report.fail(CheckId::Entry, failure));
        }
        launched => launched,
    };
    report.note(CheckId::Entry, finding);
    if let (None, Some(patience)) = (target.patience, configured.patience) {
        report.patience = patience;
    }
    report.connection = configured.connection().map(str::to_owned);
    report.environment = Some(variables::variables(client, machine, &configured));
    report.loaded(&survey, scope);
    // Another program may accept other arguments.
    if configured.command == target.entry.command()
        && let Err(failure) = (target.takes)(&configured.arguments)
    {
        return Ok(report.fail(CheckId::Command, failure));
    }
    let launched = match launched {
        Ok(launched) => launched,
        Err(failure) => return Ok(report.fail(CheckId::Command, failure)),
    };
    report.note(CheckId::Command, Finding::Ok(shown(&launched.program)));
    report.variables = Some(launched.variable_names());
    report.directory = Some(launched.directory.clone());
    let veil = Veil::over(configured.secrets());
    Ok(started(report, &launched, &veil, &target).await)
}

/// Reads the entry and refuses a foreign one.
fn entry(
    target: &CheckedEntry<'_>,
    place: &SurveyedFile,
) -> Result<(Configured, Finding), Failure> {
    let client = target.client;
    let seen = place.seen.as_ref().map_err(Clone::clone)?;
    let file = &place.site.file;
    let (configured, value) = match &seen.found {
        ExistingEntry::Nothing => return Err(not_installed(client, target.scope, file)),
        ExistingEntry::Foreign(_) => {
            return Err(Failure::new(
                Code::IdeForeignEntry,
                "the entry called `synapse` is not ours",
            )
            .cause("it does not start this program with `serve`; it was not started"));
        }
        ExistingEntry::Ours(configured, value) => (configured, value),
    };
    let plain = target.entry.without_settings();
    let finding = if !seen.warnings.is_empty() {
        Finding::Warn(seen.warnings.join("; "))
    } else if update(client, &place.path(), &plain, value)
        .edits
        .is_empty()
    {
        Finding::Ok("present and current".to_owned())
    } else {
        Finding::Warn("present, but differs from what an install would write".to_owned())
    };
    Ok((configured.clone(), finding))
}

impl CheckReport {
    /// Checks whether the client would load the entry, and reports other readers with their own
    /// files.
    fn loaded(&mut self, survey: &Survey<'_>, scope: Scope) {
        let client = self.client;
        let refusal = |cause: String| {
            Failure::new(
                Code::IdeNotLoaded,
                format!("{client} would not load this entry"),
            )
            .cause(cause)
            .with("client", client.id())
        };
        let target = survey.target(scope);
        let winner = survey.wins.and_then(|wins| survey.places.get(wins));
        if let Some(off) = survey.off().into_iter().next() {
            let failure = refusal(off.why).hint(off.remedy);
            return self.note(CheckId::Loaded, Finding::Fail(failure));
        }
        let Some(winner) = winner.filter(|_| !target.is_some_and(|target| survey.wins(target)))
        else {
            return self.note(CheckId::Loaded, self.elsewhere(survey));
        };
        let beaten = survey.beaten(winner);
        let whole = survey
            .loaded()
            .and_then(|value| Configured::read(client, &value));
        let is_ours = winner.is_ours()
            || client.merge == Merge::Fields
                && whole.is_some_and(|whole| whole.is_ours(survey.own_command()));
        if is_ours {
            return self.note(CheckId::Loaded, Finding::Warn(beaten));
        }
        let file = shown(&winner.site.file);
        let failure = refusal(beaten)
            .hint(format!(
                "take the entry called `synapse` out of {file}, or rename it"
            ))
            .with("file", file);
        self.note(CheckId::Loaded, Finding::Fail(failure));
    }

    fn elsewhere(&self, survey: &Survey<'_>) -> Finding {
        let without: Vec<String> = survey
            .elsewhere()
            .map(|place| {
                let reader = place.site.reader.unwrap_or_default();
                format!("{} has no entry, and {reader}", shown(&place.site.file))
            })
            .collect();
        if self.scope == Scope::User && !without.is_empty() {
            return Finding::Warn(without.join("; "));
        }
        Finding::Ok("no other entry takes precedence, and nothing disables it".to_owned())
    }
}

async fn started(
    mut report: CheckReport,
    launched: &Launched,
    veil: &Veil,
    target: &CheckedEntry<'_>,
) -> CheckReport {
    let began = Instant::now();
    let mut child = match Child::start(launched, target.guard).await {
        Ok(child) => child,
        Err(error) => {
            let failure = Failure::new(Code::IdeLaunchFailed, "the command cannot be started")
                .caused_by(&error);
            return report.fail(CheckId::Start, failure);
        }
    };
    report.note(
        CheckId::Start,
        Finding::Ok(format!("in {}", shown(&launched.directory))),
    );
    let mut talk = Talk::new(began + report.patience, veil);
    let patience = report.patience;
    match talk.initialize(&mut child).await {
        Ok(hello) => {
            let text = format!(
                "{} {} answered in {} ms, revision {}",
                hello.name,
                hello.version,
                began.elapsed().as_millis(),
                hello.revision
            );
            report.note(
                CheckId::Initialize,
                match talk.noise() {
                    None => Finding::Ok(text),
                    Some(noise) => Finding::Warn(format!("{text}; {noise}")),
                },
            );
            report.server = Some((hello.name, hello.version));
            report.revision = Some(hello.revision);
        }
        Err(trouble) => {
            let failure = failed(trouble, "initialize", &talk, child, patience).await;
            return report.fail(CheckId::Initialize, failure);
        }
    }
    match talk.tools(&mut child).await {
        Ok(tools) => {
            report.note(
                CheckId::Tools,
                match tools.len() {
                    0 => Finding::Warn("it lists no tool".to_owned()),
                    _ => Finding::Ok(tools.join(", ")),
                },
            );
            report.tools = Some(tools);
            report.took = Some(began.elapsed());
        }
        Err(trouble) => {
            let failure = failed(trouble, "tools/list", &talk, child, patience).await;
            return report.fail(CheckId::Tools, failure);
        }
    }
    if let Some(prompt) = target.prompt {
        let finding = asked(&mut talk, &mut child, &report, prompt).await;
        report.note(CheckId::Prompt, finding);
    }
    let finding = match child.close().await {
        Some(status) if status.success() => Finding::Ok("ends when its stdin is closed".to_owned()),
        Some(status) => Finding::Warn(format!("its stdin was closed and it ended with {status}")),
        None => Finding::Warn("did not end when its stdin was closed; it was killed".to_owned()),
    };
    report.note(CheckId::End, finding);
    report
}

/// Sends the prompt through the server's tool. Its failure does not affect later steps.
async fn asked(
    talk: &mut Talk<'_>,
    child: &mut Child,
    report: &CheckReport,
    prompt: Prompt<'_>,
) -> Finding {
    let tools = report.tools.as_deref().unwrap_or_default();
    if !tools.iter().any(|tool| tool == prompt::TOOL) {
        return Finding::Fail(
            Failure::new(Code::ConfigIncomplete, "the entry offers no tool `chat`")
                .cause("its arguments leave it out: `--read-only`, or `--tools` without it")
                .remedy(
                    "write the entry again with every tool",
                    &Remedy::InstallEntry {
                        client: Some(report.client.id().to_owned()),
                        scope: report.scope,
                    },
                ),
        );
    }
    talk.wait_until(Instant::now() + prompt.patience);
    match talk
        .call(child, prompt::TOOL, prompt::arguments(prompt))
        .await
    {
        Ok(result) => prompt::judge(&result, talk.veil()),
        Err(trouble) => Finding::Fail(prompt::failed(trouble, prompt.patience)),
    }
}

/// The failure, with the process's output.
async fn failed(
    trouble: Trouble,
    request: &str,
    talk: &Talk<'_>,
    child: Child,
    patience: Duration,
) -> Failure {
    let failure = match trouble {
        Trouble::Ended => {
            let code = Code::IdeLaunchFailed;
            Failure::new(code, format!("it ended before it answered `{request}`"))
        }
        Trouble::Late => {
            let seconds = patience.as_secs_f64();
            Failure::new(
                Code::IdeNoAnswer,
                format!("no answer to `{request}` within {seconds} s"),
            )
            .cause("the client stops waiting then; the process was killed")
        }
        Trouble::Wrong(why) => Failure::new(
            Code::IdeBadAnswer,
            format!("the answer to `{request}` is not of the protocol"),
        )
        .cause(why),
    };
    let failure = match talk.noise() {
        Some(noise) => failure.cause(noise),
        None => failure,
    };
    let left = child.end(talk.veil()).await;
    let failure = match left.status {
        Some(status) => failure.cause(format!("it ended with {status}")),
        None => failure,
    };
    left.errors.into_iter().fold(failure, |failure, line| {
        failure.cause(format!("stderr: {line}"))
    })
}
