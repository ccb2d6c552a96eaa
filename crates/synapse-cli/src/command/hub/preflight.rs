//! `synapse hub preflight`: checks an upstream step by step. Local checks read files and look for
//! secrets without reading them; `--live` connects once.

use std::sync::Arc;

use synapse_core::credential::CredentialRef;

use synapse_core::error::{Code, Failure};
use synapse_core::ports::SecretResolver as _;
use synapse_core::upstream::{Approval, Target};
use synapse_documents::HubPreflightDocument;

use super::checks::Checks;
use super::{Configured, Wanted, live, show};
use crate::command::{CommandError, Context};
use crate::compose;
use crate::output::outcome_line;
use crate::runtime::Runtime;

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    server: &str,
    live: Wanted,
) -> Result<(), CommandError> {
    let mut checks = Checks::new(Arc::clone(&hub.remedies));
    check(context, hub, server, live, &mut checks)?;
    let printer = &context.printer;
    let failure = checks.failure;
    if printer.is_json() {
        let document = HubPreflightDocument::new(server, live == Wanted::Yes, checks.checks);
        printer.document(&document);
    } else {
        let longest = checks.checks.iter().map(|view| view.id.len()).max();
        let width = longest.unwrap_or_default().max(12);
        for view in &checks.checks {
            printer.wrapped(&outcome_line(
                view.outcome,
                view.id,
                [4, width],
                &view.detail,
            ));
        }
        if let Some(failure) = &failure {
            printer.failure(failure);
        }
    }
    match failure {
        Some(failure) => Err(CommandError::Reported(failure.code())),
        None => Ok(()),
    }
}

fn check(
    context: &Context,
    hub: &Configured,
    server: &str,
    wanted: Wanted,
    checks: &mut Checks,
) -> Result<(), CommandError> {
    let stored = hub.stored(server)?;
    for warning in &stored.warnings {
        checks.warn("entry", warning);
    }
    let upstream = match stored.upstream {
        Ok(upstream) => upstream,
        Err(failure) => {
            checks.fail("entry", failure);
            return Ok(());
        }
    };
    if upstream.disabled {
        checks.skip("entry", "it is disabled");
    } else {
        checks.ok("entry", "valid");
    }
    let approval = match hub.approval(&upstream.name) {
        Ok(approval) => approval,
        Err(failure) => {
            checks.fail("approval", failure);
            return Ok(());
        }
    };
    let start = approval
        .as_ref()
        .and_then(|approval| approval.start.as_ref());
    let expanded = match hub.targets.expand(&upstream, start) {
        Ok(expanded) => expanded,
        Err(failure) => {
            checks.fail("target", failure);
            return Ok(());
        }
    };
    match &expanded.target {
        Target::Program { program, .. } => checks.ok("target", program.clone()),
        Target::Url { url, .. } => checks.ok("target", url.to_string()),
    }
    for warning in show::not_passed_on(&upstream, &expanded) {
        checks.warn("variables", &warning);
    }
    let is_approved = match &approval {
        None => {
            checks.fail("approval", synapse_hub::not_approved(&upstream));
            false
        }
        Some(approval) if approval.fingerprint != expanded.fingerprint => {
            checks.fail("approval", synapse_hub::changed(&upstream));
            false
        }
        Some(approval) => {
            checks.ok("approval", format!("approved at {}", approval.approved_at));
            catalogue(approval, checks);
            true
        }
    };
    secrets(context, &expanded.target, checks)?;
    match (wanted, is_approved, approval) {
        (Wanted::Yes, true, Some(approval)) => {
            live::check(context, hub, &upstream, &approval, &expanded.target, checks)?;
        }
        (Wanted::Yes, ..) => checks.skip("connection", "not contacted before it is approved"),
        (Wanted::No, ..) => checks.skip("connection", "not asked for: --live connects once"),
    }
    Ok(())
}

fn catalogue(approval: &Approval, checks: &mut Checks) {
    match &approval.catalogue {
        Some(catalogue) => checks.ok(
            "catalogue",
            format!("{} tools, {}", catalogue.tools.len(), catalogue.hash()),
        ),
        None => checks.warn(
            "catalogue",
            &Failure::new(
                Code::OauthLoginRequired,
                "its lists are pinned by its login, which is missing",
            ),
        ),
    }
}

/// Checks that the secret stores are accessible, without reading a secret.
fn secrets(context: &Context, target: &Target, checks: &mut Checks) -> Result<(), CommandError> {
    let values = match target {
        Target::Program { environment, .. } => environment,
        Target::Url { headers, .. } => headers,
    };
    let references: Vec<CredentialRef> = values
        .iter()
        .flat_map(|(_, value)| value.secrets().cloned())
        .collect();
    if references.is_empty() {
        return Ok(());
    }
    let resolver = compose::secrets(context)?;
    let runtime = Runtime::start()?;
    for reference in references {
        match runtime.block_on(resolver.reach(&reference)) {
            Ok(seen) => checks.ok("secret", format!("{reference}: {seen}")),
            Err(failure) => checks.fail("secret", failure),
        }
    }
    Ok(())
}
