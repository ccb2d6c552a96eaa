//! A login started on a page: its question, its link and its result. The code that logs in holds
//! the [`LoginDesk`]; pages read the stage and pass on the answer.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use synapse_core::error::Failure;
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;

/// A requested login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginOrder {
    /// The server.
    pub server: String,
    /// Whether a client may be registered for it.
    pub registering: Registering,
}

/// Whether a client may be registered for a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registering {
    /// Requested by the user.
    Allowed,
    /// Not requested.
    #[default]
    Refused,
}

/// An authorization server that has not been contacted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginProposal {
    /// Its issuer.
    pub issuer: String,
    /// The origins that would be contacted.
    pub origins: Vec<String>,
    /// The issuer of the last login, if different.
    pub previous: Option<String>,
}

/// The user's answer to a [`LoginProposal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginAnswer {
    /// Continue.
    Agreed,
    /// Send nothing there.
    Declined,
}

/// The result of a successful login.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginEnd {
    /// Facts as names and values: issuer, scopes, expiry, store.
    pub facts: Vec<(String, String)>,
    /// Whether its tools still need a review and an approval.
    pub next: AfterLogin,
    /// The document of `hub login --json`.
    pub document: Value,
}

/// The step after a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLogin {
    /// None: the server's tools are already approved.
    Nothing,
    /// The server's tools are not known yet.
    Look,
}

/// The progress of a login.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LoginStage {
    /// The server is asked for its authorization server.
    Looking,
    /// The user decides whether the authorization server may be contacted.
    Confirm(LoginProposal),
    /// The user opens this address; the answer returns to the other one.
    Visit { address: String, redirect: String },
    /// It is over.
    Done(LoginEnd),
    /// It failed, or the user cancelled it.
    Failed(Failure),
}

/// Reports the progress of a login, and asks the user.
pub struct LoginDesk {
    pub(crate) order: LoginOrder,
    stage: watch::Sender<LoginStage>,
    inner: Mutex<LoginTable>,
}

#[derive(Default)]
struct LoginTable {
    answer: Option<oneshot::Sender<LoginAnswer>>,
    warnings: Vec<Failure>,
    notes: Vec<String>,
    task: Option<AbortHandle>,
}

impl fmt::Debug for LoginDesk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LoginDesk")
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

impl LoginDesk {
    pub(crate) fn new(order: LoginOrder) -> Arc<Self> {
        Arc::new(Self {
            order,
            stage: watch::channel(LoginStage::Looking).0,
            inner: Mutex::default(),
        })
    }

    /// Asks the user about an authorization server, and waits for the answer.
    pub async fn confirm(&self, proposal: LoginProposal) -> LoginAnswer {
        let (sender, answer) = oneshot::channel();
        self.lock().answer = Some(sender);
        self.stage.send_replace(LoginStage::Confirm(proposal));
        answer.await.unwrap_or(LoginAnswer::Declined)
    }

    /// Shows the exact address to log in at, and where the answer is awaited.
    pub fn visit(&self, address: &str, redirect: &str) {
        self.stage.send_replace(LoginStage::Visit {
            address: address.to_owned(),
            redirect: redirect.to_owned(),
        });
    }

    /// Adds a sentence about the progress.
    pub fn note(&self, text: String) {
        self.lock().notes.push(text);
    }

    /// Adds a warning for the user.
    pub fn warn(&self, failure: Failure) {
        self.lock().warnings.push(failure);
    }

    pub(crate) fn end(&self, ended: Result<LoginEnd, Failure>) {
        self.stage.send_replace(match ended {
            Ok(end) => LoginStage::Done(end),
            Err(failure) => LoginStage::Failed(failure),
        });
    }

    /// Registers the task of the login, so that the user can cancel it.
    pub(crate) fn done_by(&self, task: AbortHandle) {
        self.lock().task = Some(task);
    }

    pub(crate) fn stage(&self) -> LoginStage {
        self.stage.borrow().clone()
    }

    /// Waits until the user has to act, or it is over.
    pub(crate) async fn settled(&self) {
        let mut stage = self.stage.subscribe();
        drop(stage.wait_for(|stage| *stage != LoginStage::Looking).await);
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(
            *self.stage.borrow(),
            LoginStage::Done(_) | LoginStage::Failed(_)
        )
    }

    pub(crate) fn notes(&self) -> (Vec<String>, Vec<Failure>) {
        let inner = self.lock();
        (inner.notes.clone(), inner.warnings.clone())
    }

    /// Passes on the answer to the open question; does nothing without one.
    pub(crate) fn answer(&self, answer: LoginAnswer) {
        let asked = self.lock().answer.take();
        if let Some(asked) = asked {
            self.stage.send_replace(LoginStage::Looking);
            let _nobody = asked.send(answer);
        }
    }

    /// Cancels a login in progress.
    pub(crate) fn cancel(&self, failure: Failure) {
        if self.is_over() {
            return;
        }
        let task = self.lock().task.take();
        if let Some(task) = task {
            task.abort();
        }
        self.stage.send_replace(LoginStage::Failed(failure));
    }

    fn lock(&self) -> MutexGuard<'_, LoginTable> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use synapse_core::error::Code;

    use super::*;

    fn desk() -> Arc<LoginDesk> {
        LoginDesk::new(LoginOrder {
            server: "work".into(),
            registering: Registering::Refused,
        })
    }

    fn proposal() -> LoginProposal {
        LoginProposal {
            issuer: "https://login.example".into(),
            origins: vec!["https://login.example".into()],
            previous: None,
        }
    }

    #[tokio::test]
    async fn an_answer_reaches_the_question_that_is_open() {
        let desk = desk();
        let asking = tokio::spawn({
            let desk = Arc::clone(&desk);
            async move { desk.confirm(proposal()).await }
        });
        desk.settled().await;
        assert_eq!(desk.stage(), LoginStage::Confirm(proposal()));
        desk.answer(LoginAnswer::Agreed);
        assert_eq!(asking.await.unwrap(), LoginAnswer::Agreed);
        // A second tab's answer finds no question.
        desk.answer(LoginAnswer::Declined);
        assert_eq!(desk.stage(), LoginStage::Looking);
    }

    #[tokio::test]
    async fn an_end_is_not_overwritten_by_its_owner() {
        let desk = desk();
        let failure = |text: &str| Failure::new(Code::OauthDenied, text.to_owned());
        desk.end(Err(failure("first")));
        desk.cancel(failure("second"));
        assert_eq!(desk.stage(), LoginStage::Failed(failure("first")));
    }
}
