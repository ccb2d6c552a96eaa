//! `synapse hub`: upstream MCP servers, one file per command.

mod auth_status;
mod login;
mod logout;

use std::sync::Arc;

use synapse_core::error::Failure;
use synapse_core::ports::{ApprovalStore as _, StoredUpstream, UpstreamStore as _};
use synapse_core::upstream::{Approval, Upstream, UpstreamName};
use synapse_store::{HubPlace, JsonApprovals, JsonUpstreams};

use super::{CommandError, Context};
use crate::args::{HubArguments, HubCommand, HubPlaceArguments};
use crate::compose;
use crate::targets::EntryTargets;

pub(super) fn run(context: &Context, arguments: &HubArguments) -> Result<(), CommandError> {
    let hub = Configured::open(context, &arguments.place)?;
    match &arguments.command {
        HubCommand::Login(arguments) => login::run(context, &hub, arguments),
        HubCommand::Logout(arguments) => logout::run(context, &hub, arguments),
        HubCommand::AuthStatus(arguments) => auth_status::run(context, &hub, arguments),
    }
}

/// A configuration of the hub, with its state.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) place: HubPlace,
    pub(super) upstreams: JsonUpstreams,
    pub(super) approvals: JsonApprovals,
    pub(super) targets: Arc<EntryTargets>,
}

impl Configured {
    /// The configuration that the arguments name. Reads nothing yet.
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
        })
    }

    /// The entry called `name`, good or not.
    pub(super) fn stored(&self, name: &str) -> Result<StoredUpstream, Failure> {
        let all = self.upstreams.load()?;
        let names: Vec<String> = all.iter().map(|each| each.name.clone()).collect();
        all.into_iter()
            .find(|each| each.name == name)
            .ok_or_else(|| synapse_store::not_found(name, names.iter().map(String::as_str)))
    }

    /// The server called `name`, which has to be understood.
    pub(super) fn upstream(&self, name: &str) -> Result<(Upstream, Vec<Failure>), Failure> {
        let stored = self.stored(name)?;
        Ok((stored.upstream?, stored.warnings))
    }

    /// The approval of a server.
    pub(super) fn approval(&self, name: &UpstreamName) -> Result<Option<Approval>, Failure> {
        self.approvals.find(name)
    }
}
