//! The [`Connector`] of this machine: starts approved programs under a guard and opens HTTP
//! sessions.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use synapse_core::error::{Code, Failure};
use synapse_core::secret::BoundSecret;
use synapse_core::upstream::{Protocol, Target, UpstreamName};
use synapse_http::HttpClient;
use synapse_mcp::JsonObject;
use synapse_mcp::client::{Caps, ClientHandler, ClientIntroduction, Eras, RpcError};
use synapse_process::{Guard, Program};

use crate::ports::{
    Carrier, Connected, Connector, Credentials, Ending, Events, OpenError, Opening,
};
use crate::transport::{
    BearerSource, ErrorLog, Exit, HttpServer, Process, StartError, StdioServer,
};

/// The connector of this machine.
pub struct SystemConnector {
    /// Ends the descendants of programs.
    pub guard: Guard,
    /// Sends requests.
    pub client: HttpClient,
    /// The client info sent to upstreams.
    pub client_info: JsonObject,
    /// The variables every program gets, given the approved `PATH`.
    pub allowed: AllowedVariables,
    /// Registers running programs and keeps their stderr.
    pub notes: Option<Arc<dyn ProgramNotes>>,
}

/// Returns the variables that a program gets without declaring them.
pub type AllowedVariables = Arc<dyn Fn(Option<&str>) -> Vec<(String, String)> + Send + Sync>;

/// Registers running programs and keeps their stderr.
pub trait ProgramNotes: Send + Sync + fmt::Debug {
    /// The stderr log of a program.
    fn log(&self, server: &UpstreamName) -> Option<Arc<dyn ErrorLog>>;

    /// Registers a program as running under `process`, until the result is dropped.
    fn running(&self, opening: &Opening, process: u32) -> Option<Box<dyn Any + Send + Sync>>;
}

#[async_trait]
impl Connector for SystemConnector {
    async fn open(&self, opening: Opening) -> Result<Connected, OpenError> {
        let introduction = ClientIntroduction {
            client_info: self.client_info.clone(),
            capabilities: opening.capabilities.clone(),
            eras: match opening.protocol {
                Protocol::Negotiated => Eras::Both,
                Protocol::Legacy => Eras::Legacy,
                Protocol::Modern => Eras::Modern,
            },
            standing: Some(Arc::new(UnsolicitedMessages(Arc::clone(&opening.events)))),
        };
        match &opening.target {
            Target::Program { .. } => self.start(&opening, introduction).await,
            Target::Url { .. } => self.connect(&opening, introduction).await,
        }
    }
}

impl SystemConnector {
    async fn start(
        &self,
        opening: &Opening,
        introduction: ClientIntroduction,
    ) -> Result<Connected, OpenError> {
        let Target::Program {
            program,
            arguments,
            directory,
            ..
        } = &opening.target
        else {
            return Err(Failure::new(Code::InternalInvariant, "a URL is not a program").into());
        };
        let declared = opening.credentials.variables().await?;
        let mut variables = (self.allowed)(opening.search_path.as_deref());
        variables.retain(|(name, _)| !declared.iter().any(|(other, _)| other == name));
        for (name, value) in &declared {
            let value = value.for_program(program)?.expose_secret().to_owned();
            variables.push((name.clone(), value));
        }
        let credentials = Arc::clone(&opening.credentials);
        let notes = self.notes.as_ref();
        let server = StdioServer {
            program: Program::new(program)
                .arguments(arguments)
                .directory(directory)
                .variables(variables),
            guard: self.guard.clone(),
            introduction,
            caps: Caps::default(),
            start: opening.patience,
            cleaner: Arc::new(move |line: &str| credentials.clean(line)),
            log: notes.and_then(|notes| notes.log(&opening.server)),
        };
        let conversation = server
            .open()
            .await
            .map_err(|error| unstarted(opening, error))?;
        let process = conversation.process();
        let note = match (notes, process.id()) {
            (Some(notes), Some(id)) => notes.running(opening, id),
            _ => None,
        };
        Ok(Connected {
            conversation: Arc::new(conversation),
            carrier: Arc::new(ProgramPipes { process, note }),
        })
    }

    async fn connect(
        &self,
        opening: &Opening,
        introduction: ClientIntroduction,
    ) -> Result<Connected, OpenError> {
        let Target::Url { url, .. } = &opening.target else {
            return Err(Failure::new(Code::InternalInvariant, "a program is not a URL").into());
        };
        let headers = opening.credentials.headers().await?;
        let server = HttpServer {
            client: self.client.clone(),
            permit: Arc::clone(&opening.permit),
            url: url.clone(),
            headers: Vec::new(),
            secret_headers: headers
                .into_iter()
                .map(|(name, value)| (name, Arc::new(value)))
                .collect(),
            credentials: Some(Arc::new(Tokens(Arc::clone(&opening.credentials)))),
            introduction,
            caps: Caps::default(),
            start: opening.patience,
        };
        let opened = server.open().await;
        let conversation = opened.map_err(|error| OpenError::Call {
            error,
            ending: Ending::default(),
        })?;
        Ok(Connected {
            conversation: Arc::new(conversation),
            carrier: Arc::new(Exchanges),
        })
    }
}

fn unstarted(opening: &Opening, error: StartError) -> OpenError {
    let server = &opening.server;
    match error {
        StartError::Open {
            error,
            ending,
            last_lines,
        } => OpenError::Call {
            error,
            ending: Ending {
                status: ending.map(in_words),
                last_lines,
            },
        },
        error => OpenError::Failure(
            Failure::new(
                Code::UpstreamStartFailed,
                format!("the program of `{server}` could not be started"),
            )
            .caused_by(&error),
        ),
    }
}

fn in_words(ending: Exit) -> String {
    match ending {
        Exit::Exited(status) => status.to_string(),
        Exit::Ended => "it was ended".to_owned(),
    }
}

/// A program's pipes and its registration.
struct ProgramPipes {
    process: Process,
    #[expect(dead_code, reason = "it is dropped with the carrier")]
    note: Option<Box<dyn Any + Send + Sync>>,
}

#[async_trait]
impl Carrier for ProgramPipes {
    async fn ending(&self) -> Ending {
        let ending = self.process.ending(MOMENT).await;
        Ending {
            status: ending.map(in_words),
            last_lines: self.process.last_lines(),
        }
    }

    fn process(&self) -> Option<u32> {
        self.process.id()
    }
}

impl fmt::Debug for ProgramPipes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProgramPipes")
            .finish_non_exhaustive()
    }
}

/// HTTP exchanges: only individual exchanges end.
#[derive(Debug)]
struct Exchanges;

#[async_trait]
impl Carrier for Exchanges {
    async fn ending(&self) -> Ending {
        Ending::default()
    }

    fn process(&self) -> Option<u32> {
        None
    }
}

/// Provides the access token of each request.
#[derive(Debug)]
struct Tokens(Arc<dyn Credentials>);

#[async_trait]
impl BearerSource for Tokens {
    async fn authorization(&self) -> Result<Option<Arc<BoundSecret>>, Failure> {
        self.0.token().await
    }
}

/// Receives unsolicited messages; requests from the server are not possible there.
struct UnsolicitedMessages(Arc<dyn Events>);

#[async_trait]
impl ClientHandler for UnsolicitedMessages {
    async fn ask(&self, method: &str, _params: JsonObject) -> Result<Value, RpcError> {
        Err(RpcError {
            code: METHOD_NOT_FOUND,
            message: format!("{method} is answered during calls only"),
            data: None,
        })
    }

    fn heard(&self, method: &str, params: JsonObject) {
        self.0.notified(method, params);
    }
}

impl fmt::Debug for SystemConnector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SystemConnector")
            .finish_non_exhaustive()
    }
}

const METHOD_NOT_FOUND: i64 = -32601;
/// How long a program may take to exit after closing its output.
const MOMENT: Duration = Duration::from_millis(500);
