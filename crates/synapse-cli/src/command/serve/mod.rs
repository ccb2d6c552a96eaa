//! `synapse serve`: MCP over stdio. Stdout belongs to the protocol; logs go to stderr.
//!
//! **Invariant:** nothing here touches network, secrets or disk before a request needs it, so that
//! the first answer takes milliseconds and a client that starts the server twice costs nothing.

mod hub;

use std::io::{self, IsTerminal};
use std::sync::Arc;

use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure};
use synapse_hub::Hub;
use synapse_mcp::host::{
    CompletionHost, CompletionHosts, PromptHost, PromptHosts, ResourceHost, ResourceHosts,
    ToolHost, ToolHosts,
};
use synapse_mcp::{Server, ServerIdentity, stdio};
use synapse_tools::{ProductCompletions, ProductPrompts, ProductResources, ProductTools, Tool};

use super::{CommandError, Context};
use crate::args::ServeArguments;
use crate::compose::{self, Asking, Serving};
use crate::log;
use crate::output::CommandLines;
use crate::runtime::Runtime;
use crate::system::asked_to_stop;
use crate::telemetry;

pub(super) fn run(context: &Context, arguments: ServeArguments) -> Result<(), CommandError> {
    refuse_contradiction(&arguments)?;
    log::to_stderr(context);
    if io::stdin().is_terminal() {
        context.printer.note(BY_HAND);
    }
    let runtime = Runtime::start()?;
    let Serving {
        engine,
        rows,
        requests,
    } = compose::serving(context, Asking::Nobody)?;
    let to_flush = engine.clone();
    let hub = hub::of(context, &arguments, &engine, rows)?;
    let result = runtime.block_on(async {
        let (input, output) = stdio::open().map_err(|error| {
            Failure::new(
                Code::UsageInvalidArguments,
                "stdin or stdout cannot be used",
            )
            .caused_by(&error)
        })?;
        let server = server(engine, hub.as_ref(), &arguments);
        let server = match requests {
            Some(observer) => server.observed_by(observer),
            None => server,
        };
        // Dropping the server cancels the calls in progress and closes their rows.
        let served = tokio::select! {
            served = server.serve(input, output) => served,
            Ok(()) = asked_to_stop() => Ok(()),
            () = hub::watch(hub.as_ref()) => Ok(()),
        };
        if let Some(hub) = &hub {
            hub.close().await;
        }
        if let Err(failure) = to_flush.flush().await {
            context.printer.warning(&failure);
        }
        telemetry::remind(context);
        served.map_err(|error| {
            Failure::new(Code::InternalInvariant, "the protocol stream broke").caused_by(&error)
        })
    });
    result.map_err(CommandError::from)
}

/// Synapse's tools and the hub as one server, or one upstream alone.
fn server(engine: Engine, hub: Option<&Hub>, arguments: &ServeArguments) -> Server {
    let identity = ServerIdentity::new("synapse", env!("CARGO_PKG_VERSION")).with_title("Synapse");
    match hub {
        Some(hub) if hub.serves_one_alone() => {
            hub::offer(Server::new(identity), hub, Hosts::default())
        }
        Some(hub) => {
            let server = Server::new(identity.with_instructions(INSTRUCTIONS));
            hub::offer(server, hub, hosts(engine, arguments))
        }
        None => {
            let server = Server::new(identity.with_instructions(INSTRUCTIONS));
            hosts(engine, arguments).offered_by(server)
        }
    }
}

/// Synapse's own tools, resources, prompts and completions, as requested.
fn hosts(engine: Engine, arguments: &ServeArguments) -> Hosts {
    let mut tools = ProductTools::new(engine.clone(), Arc::new(CommandLines));
    let mut resources = ProductResources::new(engine.clone(), Arc::new(CommandLines));
    let mut prompts = ProductPrompts::new();
    let mut completions = ProductCompletions::new(engine);
    if let Some(name) = &arguments.connection {
        tools = tools.scoped_to(name);
        resources = resources.scoped_to(name);
        prompts = prompts.for_one_connection();
        completions = completions.scoped_to(name);
    }
    if !arguments.tools.is_empty() {
        tools = tools.only(&arguments.tools);
    }
    if arguments.read_only {
        tools = tools.read_only();
    }
    // The prompts tell a model to call `chat`.
    let prompts = tools.offers(Tool::Chat).then_some(prompts);
    Hosts {
        tools: vec![Arc::new(tools)],
        resources: vec![Arc::new(resources)],
        prompts: prompts
            .map(|prompts| -> Arc<dyn PromptHost> { Arc::new(prompts) })
            .into_iter()
            .collect(),
        completions: vec![Arc::new(completions)],
    }
}

/// The features of a server, each combined from several hosts.
#[derive(Default)]
struct Hosts {
    tools: Vec<Arc<dyn ToolHost>>,
    resources: Vec<Arc<dyn ResourceHost>>,
    prompts: Vec<Arc<dyn PromptHost>>,
    completions: Vec<Arc<dyn CompletionHost>>,
}

impl Hosts {
    /// Offers every kind of feature that a host provides.
    fn offered_by(self, mut server: Server) -> Server {
        if !self.resources.is_empty() {
            server = server.with_resources(Arc::new(ResourceHosts::new(self.resources)));
        }
        if !self.completions.is_empty() {
            server = server.with_completions(Arc::new(CompletionHosts::new(self.completions)));
        }
        if !self.prompts.is_empty() {
            server = server.with_prompts(Arc::new(PromptHosts::new(self.prompts)));
        }
        server.with_tools(ToolHosts::combined(self.tools))
    }
}

/// Refuses a named tool that the other options exclude, rather than omit it.
pub(super) fn refuse_contradiction(arguments: &ServeArguments) -> Result<(), Failure> {
    hub::refuse_contradiction(arguments)?;
    let sends = |tool: &&Tool| arguments.read_only && !tool.is_local();
    let Some(tool) = arguments.tools.iter().find(sends) else {
        return Ok(());
    };
    Err(Failure::new(
        Code::UsageInvalidArguments,
        format!("--read-only does not go with the tool {}", tool.as_str()),
    )
    .cause("it reads a key or sends a request")
    .hint("leave one of the two out"))
}

const BY_HAND: &str = "synapse serve speaks MCP on stdin and stdout; an IDE starts it. \
    `synapse ide snippet` prints the entry for one. Ctrl-D ends it.";

const INSTRUCTIONS: &str = "Synapse sends prompts to models of the user's own accounts. \
    Each chat call is one HTTP request that may cost money; nothing is retried. \
    When a call fails, show the user the error code and its hint.";
