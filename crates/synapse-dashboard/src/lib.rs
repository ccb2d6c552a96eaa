//! Loopback pages over Synapse's use cases; they work without JavaScript.
//!
//! **Invariant:** viewing a page reads no secret, opens no socket and starts no process. Every
//! change is a form submitted from a page of the same session.

mod app;
mod ask;
mod chart;
mod filled;
mod form;
mod guard;
mod hub;
mod icon;
mod login;
mod page;
mod pages;
mod program;
mod response;
mod routes;
mod running;
mod server;
mod session;
mod text;
mod view;
mod words;

use std::sync::Arc;

use synapse_core::engine::Engine;
use synapse_core::error::Failure;

use self::app::App;
pub use self::hub::{
    Approval, Difference, HubAction, HubDone, HubVerb, HubView, Next, Piece, RunningProgram,
    ServerView, Stage, Tone, ToolView,
};
pub use self::login::{
    AfterLogin, LoginAnswer, LoginDesk, LoginEnd, LoginOrder, LoginProposal, Registering,
};
pub use self::program::{About, Program, SecretStoreState, Snippet};
pub use self::server::{Listening, Loopback};
use self::session::Sessions;

/// A dashboard that is ready to serve.
#[derive(Debug)]
pub struct Dashboard {
    app: Arc<App>,
    listening: Listening,
    address: String,
}

impl Dashboard {
    /// Creates a dashboard over these use cases and this environment, on bound sockets.
    ///
    /// # Errors
    /// `internal.invariant` if the system provides no randomness.
    pub fn new(
        engine: Engine,
        program: Arc<dyn Program>,
        listening: Listening,
    ) -> Result<Self, Failure> {
        let sessions = Sessions::new();
        let base = format!("/{}/", sessions.random::<16>()?);
        let port = listening.port();
        let token = sessions.issue(engine.ports().clock.monotonic())?;
        let app = App::new(engine, program, sessions, base, port);
        Ok(Self {
            app: Arc::new(app),
            listening,
            address: format!("http://127.0.0.1:{port}/enter/{token}"),
        })
    }

    /// The URL that opens one session, once, within ten minutes. It is a secret for the owner's
    /// terminal or private file, never for logs or arguments.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Serves until `stop` resolves, and gives requests in progress two seconds to finish.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let router = routes::router(&self.app);
        self.listening.serve(router, stop).await;
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
