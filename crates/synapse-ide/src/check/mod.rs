//! Starts what is configured exactly as the client would, with its few variables, its working
//! directory and its patience, and reports what the client would see.

mod child;
mod launch;
mod talk;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use synapse_core::{Code, Failure};

use self::child::Child;
use self::launch::Launched;
use self::talk::{Talk, Trouble};
use crate::client::{Client, Scope};
use crate::entry::{Configured, Entry};
use crate::failure::{not_installed, shown, without_file};
use crate::machine::Machine;
use crate::state::{Found, Seen, differences};

/// What to start.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Whose entry.
    pub client: &'static Client,
    /// Where the client runs.
    pub machine: &'a Machine,
    /// In which of its files.
    pub scope: Scope,
    /// The entry as it should be, which tells ours from others.
    pub entry: &'a Entry,
    /// How long to wait, when not as long as the client.
    pub patience: Option<Duration>,
}

/// A step, each with a stable id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CheckId {
    /// The client's file has our entry, as it should be.
    Entry,
    /// The command can be found and executed from where the client stands.
    Command,
    /// It starts.
    Start,
    /// It answers `initialize`.
    Initialize,
    /// It lists tools.
    Tools,
    /// It ends when the client goes.
    End,
}

impl CheckId {
    /// Every step in order.
    pub const ALL: [Self; 6] = [
        Self::Entry,
        Self::Command,
        Self::Start,
        Self::Initialize,
        Self::Tools,
        Self::End,
    ];

    /// The stable id.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Command => "command",
            Self::Start => "start",
            Self::Initialize => "initialize",
            Self::Tools => "tools",
            Self::End => "end",
        }
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What a step found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It holds; the text says what was seen.
    Ok(String),
    /// It holds, and something deserves attention.
    Warn(String),
    /// It does not hold.
    Fail(Box<Failure>),
    /// It was not made, because this one has to hold first.
    Skip(CheckId),
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which step.
    pub id: CheckId,
    /// What it found.
    pub finding: Finding,
}

/// What a client would see.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// Whose entry.
    pub client: &'static Client,
    /// In which of its files.
    pub scope: Scope,
    /// The file.
    pub file: PathBuf,
    /// The steps in order.
    pub checks: Vec<Check>,
    /// The command and its arguments, when there is an entry.
    pub command: Option<Vec<String>>,
    /// The names of the variables that it gets, when it was started.
    pub variables: Option<Vec<String>>,
    /// The directory that it starts in, when it was started.
    pub directory: Option<PathBuf>,
    /// How long the client waits.
    pub patience: Duration,
    /// Name and version of the server that answered.
    pub server: Option<(String, String)>,
    /// The revision of the protocol that it chose.
    pub revision: Option<String>,
    /// The tools that it lists.
    pub tools: Option<Vec<String>>,
    /// From the start to the list of tools.
    pub took: Option<Duration>,
}

impl CheckReport {
    /// The first failure, which decides code and exit status.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.checks.iter().find_map(|check| match &check.finding {
            Finding::Fail(failure) => Some(failure.as_ref()),
            _ => None,
        })
    }

    fn note(&mut self, id: CheckId, finding: Finding) {
        self.checks.push(Check { id, finding });
    }

    fn fail(mut self, id: CheckId, failure: Failure) -> Self {
        let failure = failure
            .with("client", self.client.id())
            .with("file", shown(&self.file));
        self.note(id, Finding::Fail(Box::new(failure)));
        let made = self.checks.len();
        for skipped in CheckId::ALL.into_iter().skip(made) {
            self.note(skipped, Finding::Skip(id));
        }
        self
    }
}

/// Makes the check. The process that it starts does not outlive it, also when the future is
/// dropped. What is not ours is not started.
///
/// # Errors
/// `ide.not-supported` when the client has no file in that scope; everything else is a finding.
pub async fn check(target: Target<'_>) -> Result<CheckReport, Failure> {
    let Target {
        client,
        machine,
        scope,
        ..
    } = target;
    let file = client
        .file(machine, scope)
        .ok_or_else(|| without_file(client, scope))?;
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
    };
    let configured = match entry(&target, &report.file) {
        Ok((configured, finding)) => {
            report.note(CheckId::Entry, finding);
            configured
        }
        Err(failure) => return Ok(report.fail(CheckId::Entry, failure)),
    };
    if let (None, Some(patience)) = (target.patience, configured.patience) {
        report.patience = patience;
    }
    let words = std::iter::once(&configured.command).chain(&configured.arguments);
    report.command = Some(words.cloned().collect());
    let launched = match Launched::new(client, machine, scope, &configured) {
        Ok(launched) => launched,
        Err(failure) => return Ok(report.fail(CheckId::Command, failure)),
    };
    report.note(CheckId::Command, Finding::Ok(shown(&launched.program)));
    report.variables = Some(launched.variable_names());
    report.directory = Some(launched.directory.clone());
    Ok(started(report, &launched).await)
}

/// Reads the entry and refuses to start what is not ours.
fn entry(target: &Target<'_>, file: &Path) -> Result<(Configured, Finding), Failure> {
    let client = target.client;
    let seen = Seen::at(client, file, target.entry)?;
    let (configured, value) = match seen.found {
        Found::Nothing => return Err(not_installed(client, target.scope, file)),
        Found::Foreign => {
            return Err(Failure::new(
                Code::IdeForeignEntry,
                "the entry called `synapse` is not ours",
            )
            .cause("it does not start this program with `serve`; it was not started"));
        }
        Found::Ours(configured, value) => (configured, value),
    };
    if target.scope == Scope::Project {
        trusted(&configured, &target.machine.project)?;
    }
    let wanted = target.entry.clone().with_arguments_of(&configured);
    let finding = if configured.is_off {
        Finding::Warn("the entry is switched off in the file".to_owned())
    } else if let Some(warning) = seen.warnings.first() {
        Finding::Warn(warning.clone())
    } else if differences(client, &wanted, &value).is_empty() {
        Finding::Ok("present and current".to_owned())
    } else {
        Finding::Warn(format!(
            "present, and not what `synapse ide install {}` would write",
            client.id()
        ))
    };
    Ok((configured, finding))
}

/// A project's file may be somebody else's work: what it can make us run is our own program with
/// our own variables.
fn trusted(configured: &Configured, project: &Path) -> Result<(), Failure> {
    let refusal = |cause: &str| {
        Failure::new(
            Code::IdeForeignEntry,
            "the project's entry is not started without a look",
        )
        .cause(cause)
        .hint("look at the file, and run the command by hand if you trust it")
    };
    if Path::new(&configured.command).starts_with(project) {
        return Err(refusal("its command is inside the project"));
    }
    let stranger = configured
        .environment
        .keys()
        .find(|name| !name.starts_with("SYNAPSE_"));
    match stranger {
        Some(_) => Err(refusal("it sets variables that are not of Synapse")),
        None => Ok(()),
    }
}

async fn started(mut report: CheckReport, launched: &Launched) -> CheckReport {
    let began = Instant::now();
    let mut child = match Child::start(launched) {
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
    let mut talk = Talk::new(began + report.patience);
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
    let finding = match child.close().await {
        Some(status) if status.success() => Finding::Ok("ends when its stdin is closed".to_owned()),
        Some(status) => Finding::Warn(format!("its stdin was closed and it ended with {status}")),
        None => Finding::Warn("did not end when its stdin was closed; it was killed".to_owned()),
    };
    report.note(CheckId::End, finding);
    report
}

/// What went wrong, with what the process had to say about it.
async fn failed(
    trouble: Trouble,
    request: &str,
    talk: &Talk,
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
            .cause("the client gives up then; the process was killed")
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
    let left = child.end().await;
    let failure = match left.status {
        Some(status) => failure.cause(format!("it ended with {status}")),
        None => failure,
    };
    left.errors.into_iter().fold(failure, |failure, line| {
        failure.cause(format!("stderr: {line}"))
    })
}
