//! A check and its result: id, finding and remedy. Preflight, the checklist, doctor, the check of
//! an IDE entry and `check` are lists of these, with different ids.

mod id;

use std::borrow::Cow;
use std::fmt;

pub use self::id::CheckId;
use crate::error::{Failure, Hint};

/// A check and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its subject.
    pub id: CheckId,
    /// The instance, such as the name of a connection.
    pub subject: Option<String>,
    /// The finding.
    pub finding: Finding,
    /// A next step, if the finding is not a failure with hints.
    pub next: Option<Hint>,
}

/// The finding of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Passed, with the observation.
    Ok(String),
    /// Not fully proven, or needs attention; not a failure.
    Warn(String),
    /// Like [`Finding::Warn`], with a code and a remedy.
    Doubt(Failure),
    /// Failed.
    Fail(Failure),
    /// Required, but missing.
    Missing(String),
    /// Skipped.
    Skip(Skip),
}

/// Why a check was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// A prerequisite failed.
    Needs(CheckId),
    /// The owner asked to stay offline.
    Offline,
    /// It costs money and was not requested.
    NotAsked,
    /// Another reason, in words.
    Because(&'static str),
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckOutcome {
    /// Passed.
    Ok,
    /// Needs attention.
    Warn,
    /// Failed.
    Fail,
    /// Required, but missing.
    Missing,
    /// Skipped.
    Skip,
}

impl Check {
    /// A check without instances.
    #[must_use]
    pub const fn new(id: CheckId, finding: Finding) -> Self {
        Self {
            id,
            subject: None,
            finding,
            next: None,
        }
    }

    /// Sets the instance.
    #[must_use]
    pub fn of(self, subject: impl Into<String>) -> Self {
        Self {
            subject: Some(subject.into()),
            ..self
        }
    }

    /// Sets the next step.
    #[must_use]
    pub fn with_next(self, next: Hint) -> Self {
        Self {
            next: Some(next),
            ..self
        }
    }

    /// Its outcome.
    #[must_use]
    pub const fn outcome(&self) -> CheckOutcome {
        match &self.finding {
            Finding::Ok(_) => CheckOutcome::Ok,
            Finding::Warn(_) | Finding::Doubt(_) => CheckOutcome::Warn,
            Finding::Fail(_) => CheckOutcome::Fail,
            Finding::Missing(_) => CheckOutcome::Missing,
            Finding::Skip(_) => CheckOutcome::Skip,
        }
    }

    /// The observation or reason in one line; a failure with its code.
    #[must_use]
    pub fn what(&self) -> Cow<'_, str> {
        match &self.finding {
            Finding::Ok(text) | Finding::Warn(text) | Finding::Missing(text) => Cow::Borrowed(text),
            Finding::Doubt(failure) | Finding::Fail(failure) => {
                Cow::Owned(format!("{}: {}", failure.code(), failure.message()))
            }
            Finding::Skip(Skip::Needs(id)) => Cow::Owned(format!("needs {id}")),
            Finding::Skip(skip) => Cow::Borrowed(skip.reason()),
        }
    }

    /// The most useful remedy.
    #[must_use]
    pub fn remedy(&self) -> Option<&Hint> {
        let own = self.failure().and_then(|failure| {
            let has_command = |hint: &&Hint| hint.remedy.is_some();
            let mut hints = failure.hints().iter();
            hints.find(has_command).or_else(|| failure.hints().first())
        });
        self.next.as_ref().or(own)
    }

    /// The failure of a failed or doubtful check.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match &self.finding {
            Finding::Doubt(failure) | Finding::Fail(failure) => Some(failure),
            _ => None,
        }
    }

    /// The failed prerequisite, if that is why it was skipped.
    #[must_use]
    pub const fn needs(&self) -> Option<CheckId> {
        match &self.finding {
            Finding::Skip(Skip::Needs(id)) => Some(*id),
            _ => None,
        }
    }

    /// The `detail` in documents: the text, unless a failure or the id of another check covers it.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match &self.finding {
            Finding::Ok(text) | Finding::Warn(text) | Finding::Missing(text) => Some(text),
            Finding::Doubt(_) | Finding::Fail(_) | Finding::Skip(Skip::Needs(_)) => None,
            Finding::Skip(skip) => Some(skip.reason()),
        }
    }
}

impl Skip {
    /// The reason in words; empty for a prerequisite, whose id says it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Needs(id) => id.as_str(),
            Self::Offline => "offline: no network check was made",
            Self::NotAsked => {
                "not asked for: permission to chat, credits and a real answer are unproven (--live sends one small paid prompt)"
            }
            Self::Because(why) => why,
        }
    }
}

impl CheckOutcome {
    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Missing => "missing",
            Self::Skip => "skip",
        }
    }
}

impl fmt::Display for CheckOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The first failure, which determines code and exit status.
#[must_use]
pub fn first_failure(checks: &[Check]) -> Option<&Failure> {
    checks.iter().find_map(|check| match &check.finding {
        Finding::Fail(failure) => Some(failure),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Remedy};

    fn failure() -> Failure {
        Failure::new(Code::StorageLocked, "somebody has it")
    }

    #[test]
    fn a_finding_is_one_word_and_one_line() {
        let seen = |finding| {
            let check = Check::new(CheckId::Ledger, finding);
            (check.outcome().as_str(), check.what().into_owned())
        };
        let pair = |word, text: &str| (word, text.to_owned());
        assert_eq!(seen(Finding::Ok("whole".into())), pair("ok", "whole"));
        assert_eq!(seen(Finding::Warn("old".into())), pair("warn", "old"));
        let text = "storage.locked: somebody has it";
        assert_eq!(seen(Finding::Doubt(failure())), pair("warn", text));
        assert_eq!(seen(Finding::Fail(failure())), pair("fail", text));
        assert_eq!(
            seen(Finding::Missing("none".into())),
            pair("missing", "none")
        );
        let needs = Finding::Skip(Skip::Needs(CheckId::Gate));
        assert_eq!(seen(needs), pair("skip", "needs gate"));
    }

    #[test]
    fn a_remedy_with_a_command_goes_before_one_in_words_alone() {
        let remedy = |failure| {
            let check = Check::new(CheckId::Home, Finding::Fail(failure));
            check.remedy().map(|hint| hint.text.clone())
        };
        assert_eq!(remedy(failure()), None);
        assert_eq!(remedy(failure().hint("think")).as_deref(), Some("think"));
        let failure = failure().hint("think").remedy("look", &Remedy::Examine);
        assert_eq!(remedy(failure).as_deref(), Some("look"));
    }

    #[test]
    fn only_what_fails_decides_the_exit_code() {
        let doubt = Check::new(CheckId::Home, Finding::Doubt(failure()));
        assert_eq!(first_failure(std::slice::from_ref(&doubt)), None);
        let fail = Check::new(CheckId::Ledger, Finding::Fail(failure()));
        assert_eq!(first_failure(&[doubt, fail]), Some(&failure()));
    }
}
