//! `synapse hub logout`: deletes the tokens of a server. Sends nothing.

use synapse_core::upstream::UpstreamName;
use synapse_documents::LogoutDocument;
use synapse_oauth::Registrations;

use super::Configured;
use crate::args::HubLogoutArguments;
use crate::command::{CommandError, Context};
use crate::runtime::Runtime;
use crate::{compose, oauth};

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    arguments: &HubLogoutArguments,
) -> Result<(), CommandError> {
    // A missing or invalid entry must not keep its tokens.
    let server: UpstreamName = arguments.server.parse()?;
    let registrations = if arguments.forget_client {
        Registrations::Forgotten
    } else {
        Registrations::Kept
    };
    let oauth = oauth::engine(context, &compose::home(context)?)?;
    let config = hub.place.key();
    let done = Runtime::start()?.block_on(oauth.log_out(config, &server, registrations))?;
    if context.printer.is_json() {
        let document = LogoutDocument::new(server.to_string(), done.issuers, done.records);
        context.printer.document(&document);
        return Ok(());
    }
    match (done.records, registrations) {
        (0, _) => context.printer.note(&format!("not logged in to {server}")),
        (_, Registrations::Kept) => context.printer.line(&format!("logged out of {server}")),
        (_, Registrations::Forgotten) => context
            .printer
            .line(&format!("logged out of {server}; its client is forgotten")),
    }
    Ok(())
}
