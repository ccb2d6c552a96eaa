//! `synapse hub`: upstream MCP servers, one file per command.

mod add;
mod approve;
mod auth_status;
mod call;
mod checks;
mod env;
mod import;
mod list;
mod live;
mod login;
mod logout;
mod pages;
mod preflight;
mod processes;
mod registry;
mod session;
mod show;
mod tools;

use std::sync::Arc;

use synapse_core::error::{Failure, RemedyText};
use synapse_core::ports::{ApprovalStore as _, StoredUpstream, UpstreamStore as _};
use synapse_core::upstream::{Approval, Upstream, UpstreamName};
use synapse_hub::Declarations;
use synapse_store::{HubPlace, JsonApprovals, JsonUpstreams};

use super::{CommandError, Context};
use crate::args::{HubArguments, HubCommand, HubPlaceArguments};
use crate::compose;
use crate::targets::EntryTargets;

pub(super) use self::pages::HubPages;

pub(super) fn run(context: &Context, arguments: HubArguments) -> Result<(), CommandError> {
    let hub = Configured::open(context, &arguments.place)?;
    match arguments.command {
        HubCommand::List => list::list(context, &hub),
        HubCommand::Validate { server } => list::validate(context, &hub, server.as_deref()),
        HubCommand::Status { server } => list::status(context, &hub, server.as_deref()),
        HubCommand::Add(arguments) => add::run(context, &hub, &arguments),
        HubCommand::Import(arguments) => import::run(context, &hub, &arguments),
        HubCommand::Remove { server, yes } => add::remove(context, &hub, &server, yes.into()),
        HubCommand::Approve(arguments) => approve::run(context, &hub, &arguments),
        HubCommand::Login(arguments) => login::run(context, &hub, &arguments),
        HubCommand::Logout(arguments) => logout::run(context, &hub, &arguments),
        HubCommand::AuthStatus(arguments) => auth_status::run(context, &hub, &arguments),
        HubCommand::Tools { server } => tools::run(context, &hub, server.as_deref()),
        HubCommand::Call {
            server,
            tool,
            arguments,
        } => call::run(context, &hub, &server, &tool, &arguments),
        HubCommand::Preflight { server, live } => {
            preflight::run(context, &hub, &server, live.into())
        }
        HubCommand::Env { server, explain } => env::run(context, &hub, &server, explain.into()),
        HubCommand::Ps => processes::ps(context),
        HubCommand::Log { server, lines } => processes::log(context, &hub, &server, lines),
    }
}

/// A configuration of the hub, with its state.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) place: HubPlace,
    pub(super) upstreams: JsonUpstreams,
    pub(super) approvals: JsonApprovals,
    pub(super) targets: Arc<EntryTargets>,
    /// The commands that failures suggest.
    pub(super) remedies: Arc<dyn RemedyText>,
}

impl Configured {
    /// Opens the configuration that the arguments name. Reads nothing yet.
    pub(super) fn open(context: &Context, arguments: &HubPlaceArguments) -> Result<Self, Failure> {
        let home = compose::home(context)?;
        let place = match &arguments.config {
            Some(file) => HubPlace::of_file(home, file)?,
            None => HubPlace::of_home(home),
        };
        Ok(Self {
            upstreams: JsonUpstreams::new(place.clone()),
            approvals: JsonApprovals::new(place.clone()),
            targets: Arc::new(EntryTargets::new(
                &context.environment,
                place.clone(),
                arguments.env_file.clone(),
            )),
            place,
            remedies: Arc::clone(context.printer.remedies()),
        })
    }

    /// The entry called `name`, valid or not.
    pub(super) fn stored(&self, name: &str) -> Result<StoredUpstream, Failure> {
        let all = self.upstreams.load()?;
        let names: Vec<String> = all.iter().map(|each| each.name.clone()).collect();
        all.into_iter()
            .find(|each| each.name == name)
            .ok_or_else(|| synapse_store::not_found(name, names.iter().map(String::as_str)))
    }

    /// The server called `name`, which must be valid.
    pub(super) fn upstream(&self, name: &str) -> Result<(Upstream, Vec<Failure>), Failure> {
        let stored = self.stored(name)?;
        Ok((stored.upstream?, stored.warnings))
    }

    /// Examines its servers.
    pub(super) fn declarations(&self) -> Declarations<'_> {
        Declarations {
            approvals: &self.approvals,
            targets: &*self.targets,
            remedies: &*self.remedies,
        }
    }

    /// The approval of a server.
    pub(super) fn approval(&self, name: &UpstreamName) -> Result<Option<Approval>, Failure> {
        self.approvals.find(name)
    }
}

/// Whether to ask first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prompting {
    /// Ask.
    First,
    /// Consent was given by the flag.
    Already,
}

impl From<bool> for Prompting {
    fn from(yes: bool) -> Self {
        if yes { Self::Already } else { Self::First }
    }
}

/// Whether a flag was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// It was given.
    Yes,
    /// It was not given.
    No,
}

impl From<bool> for Wanted {
    fn from(flag: bool) -> Self {
        if flag { Self::Yes } else { Self::No }
    }
}
