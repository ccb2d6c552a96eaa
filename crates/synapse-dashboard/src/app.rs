//! The state of a dashboard: use cases, host environment, sessions, and form results, which are
//! kept for some minutes so that a reload shows them again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use synapse_core::check::Check;
use synapse_core::engine::Engine;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::time::Timestamp;

use crate::filled::Filled;
use crate::hub::Tone;
use crate::login::LoginDesk;
use crate::program::Program;
use crate::response::redirect;
use crate::running::RunningCheck;
use crate::session::Sessions;

/// State shared by all pages.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) program: Arc<dyn Program>,
    pub(crate) sessions: Sessions,
    pub(crate) port: u16,
    /// `/RANDOM/`: the prefix of all pages and the path of the cookie.
    pub(crate) base: String,
    results: Mutex<VecDeque<(String, Duration, KeptResult)>>,
}

/// The result of a form.
#[derive(Debug, Clone)]
pub(crate) enum KeptResult {
    /// A message about a finished action.
    Said(Tone, String),
    /// A check, running or finished.
    Check(Arc<RunningCheck>),
    /// Doctor's findings and their time.
    Doctor(Arc<Vec<Check>>, Timestamp),
    /// A form to continue with.
    Form(Arc<Filled>),
    /// A login, running or finished.
    Login(Arc<LoginDesk>),
}

impl App {
    pub(crate) fn new(
        engine: Engine,
        program: Arc<dyn Program>,
        sessions: Sessions,
        base: String,
        port: u16,
    ) -> Self {
        Self {
            engine,
            program,
            sessions,
            port,
            base,
            results: Mutex::default(),
        }
    }

    /// The commands that failures name.
    pub(crate) fn remedies(&self) -> &dyn RemedyText {
        self.program.remedies()
    }

    /// The path of a page.
    pub(crate) fn to(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.ports().clock.now()
    }

    pub(crate) fn monotonic(&self) -> Duration {
        self.engine.ports().clock.monotonic()
    }

    /// Stores a result and returns its id.
    ///
    /// # Errors
    /// `internal.invariant` if the system provides no randomness.
    pub(crate) fn keep(&self, kept: KeptResult) -> Result<String, Failure> {
        let id = self.sessions.random::<16>()?;
        let now = self.monotonic();
        let mut results = self.results();
        results.retain(|(_, until, _)| *until >= now);
        while results.len() >= MOST_RESULTS {
            results.pop_front();
        }
        results.push_back((id.clone(), now.saturating_add(RESULT_LIFE), kept));
        Ok(id)
    }

    /// A stored result, unless it expired.
    pub(crate) fn kept(&self, id: &str) -> Option<KeptResult> {
        let now = self.monotonic();
        let results = self.results();
        let found = results
            .iter()
            .find(|(known, until, _)| known == id && *until >= now);
        found.map(|(_, _, kept)| kept.clone())
    }

    /// The newest result selected by `which`.
    pub(crate) fn newest<T>(&self, which: impl Fn(&KeptResult) -> Option<T>) -> Option<T> {
        self.results()
            .iter()
            .rev()
            .find_map(|(_, _, kept)| which(kept))
    }

    /// The newest result that `which` picks, with its id.
    pub(crate) fn newest_with_id<T>(
        &self,
        which: impl Fn(&KeptResult) -> Option<T>,
    ) -> Option<(String, T)> {
        self.results()
            .iter()
            .rev()
            .find_map(|(id, _, kept)| which(kept).map(|found| (id.clone(), found)))
    }

    fn results(&self) -> MutexGuard<'_, VecDeque<(String, Duration, KeptResult)>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Redirects to a page with a message about the finished action.
    ///
    /// # Errors
    /// Same as [`App::keep`].
    pub(crate) fn done(
        &self,
        path: &str,
        tone: Tone,
        said: &str,
    ) -> Result<Response<Body>, Failure> {
        let id = self.keep(KeptResult::Said(tone, said.to_owned()))?;
        let join = if path.contains('?') { '&' } else { '?' };
        Ok(redirect(&format!("{}{join}done={id}", self.to(path))))
    }
}

const MOST_RESULTS: usize = 32;
const RESULT_LIFE: Duration = Duration::from_secs(600);
