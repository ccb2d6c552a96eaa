//! `synapse hub preflight`: checks an upstream step by step. Local checks read files and look for
//! secrets without reading them; `--live` connects once.

use std::sync::Arc;

use synapse_core::check::Outcome;
use synapse_core::credential::CredentialRef;

use synapse_core::error::{Code, Failure, RemedyText};
use synapse_core::ports::SecretResolver as _;
use synapse_core::upstream::{Approval, Target};
use synapse_documents::{ErrorView, HubCheckView, HubPreflightDocument};

use super::{Configured, Wanted, list, live, show};
use crate::command::{CommandError, Context};
use crate::compose;
use crate::output::{in_short, outcome_line};
use crate::runtime::Runtime;

/// The checks made, and the first failure.
pub(super) struct Ladder {
    remedies: Arc<dyn RemedyText>,
    checks: Vec<(Outcome, HubCheckView)>,
    failure: Option<Failure>,
}

impl Ladder {
    fn new(remedies: Arc<dyn RemedyText>) -> Self {
        Self {
            remedies,
            checks: Vec::new(),
            failure: None,
        }
    }

    pub(super) fn ok(&mut self, id: &'static str, detail: impl Into<String>) {
        self.add(Outcome::Ok, id, detail.into(), None);
    }

    pub(super) fn warn(&mut self, id: &'static str, failure: &Failure) {
        self.add(Outcome::Warn, id, in_short(failure), Some(failure));
    }

    pub(super) fn fail(&mut self, id: &'static str, failure: Failure) {
        self.add(Outcome::Fail, id, in_short(&failure), Some(&failure));
        self.failure.get_or_insert(failure);
    }

    pub(super) fn skip(&mut self, id: &'static str, why: &str) {
        self.add(Outcome::Skip, id, why.to_owned(), None);
    }

    fn add(
        &mut self,
        outcome: Outcome,
        id: &'static str,
        detail: String,
        failure: Option<&Failure>,
    ) {
        let view = HubCheckView {
            id,
            outcome: outcome.as_str(),
            detail,
            error: failure.map(|failure| ErrorView::new(failure, &*self.remedies)),
        };
        self.checks.push((outcome, view));
    }
}

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    server: &str,
    live: Wanted,
) -> Result<(), CommandError> {
    let mut ladder = Ladder::new(Arc::clone(&hub.remedies));
    climb(context, hub, server, live, &mut ladder)?;
    let printer = &context.printer;
    let failure = ladder.failure;
    if printer.is_json() {
        let checks = ladder.checks.into_iter().map(|(_, view)| view).collect();
        let document = HubPreflightDocument::new(server, live == Wanted::Yes, checks);
        printer.document(&document);
    } else {
        let longest = ladder.checks.iter().map(|(_, view)| view.id.len()).max();
        let width = longest.unwrap_or_default().max(12);
        for (outcome, view) in &ladder.checks {
            printer.line(&outcome_line(*outcome, view.id, [4, width], &view.detail));
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

fn climb(
    context: &Context,
    hub: &Configured,
    server: &str,
    wanted: Wanted,
    ladder: &mut Ladder,
) -> Result<(), CommandError> {
    let stored = hub.stored(server)?;
    for warning in &stored.warnings {
        ladder.warn("entry", warning);
    }
    let upstream = match stored.upstream {
        Ok(upstream) => upstream,
        Err(failure) => {
            ladder.fail("entry", failure);
            return Ok(());
        }
    };
    match upstream.disabled {
        true => ladder.skip("entry", "it is switched off"),
        false => ladder.ok("entry", "it is understood"),
    }
    let approval = match hub.approval(&upstream.name) {
        Ok(approval) => approval,
        Err(failure) => {
            ladder.fail("approval", failure);
            return Ok(());
        }
    };
    let start = approval
        .as_ref()
        .and_then(|approval| approval.start.as_ref());
    let expanded = match hub.targets.expand(&upstream, start) {
        Ok(expanded) => expanded,
        Err(failure) => {
            ladder.fail("target", failure);
            return Ok(());
        }
    };
    match &expanded.target {
        Target::Program { program, .. } => ladder.ok("target", program.clone()),
        Target::Url { url, .. } => ladder.ok("target", url.to_string()),
    }
    for warning in show::not_passed_on(&upstream, &expanded) {
        ladder.warn("variables", &warning);
    }
    let is_approved = match &approval {
        None => {
            ladder.fail("approval", list::not_approved(&upstream));
            false
        }
        Some(approval) if approval.fingerprint != expanded.fingerprint => {
            ladder.fail("approval", list::changed(&upstream));
            false
        }
        Some(approval) => {
            ladder.ok("approval", format!("approved at {}", approval.approved_at));
            catalogue(approval, ladder);
            true
        }
    };
    secrets(context, &expanded.target, ladder)?;
    match (wanted, is_approved, approval) {
        (Wanted::Yes, true, Some(approval)) => {
            live::climb(context, hub, &upstream, &approval, &expanded.target, ladder)?;
        }
        (Wanted::Yes, ..) => ladder.skip("connection", "not contacted before it is approved"),
        (Wanted::No, ..) => ladder.skip("connection", "not asked for: --live connects once"),
    }
    Ok(())
}

fn catalogue(approval: &Approval, ladder: &mut Ladder) {
    match &approval.catalogue {
        Some(catalogue) => ladder.ok(
            "catalogue",
            format!("{} tools, {}", catalogue.tools.len(), catalogue.hash()),
        ),
        None => ladder.warn(
            "catalogue",
            &Failure::new(
                Code::OauthLoginRequired,
                "its lists are pinned by its login, which is missing",
            ),
        ),
    }
}

/// Checks that the secret stores are accessible, without reading a secret.
fn secrets(context: &Context, target: &Target, ladder: &mut Ladder) -> Result<(), CommandError> {
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
            Ok(seen) => ladder.ok("secret", format!("{reference}: {seen}")),
            Err(failure) => ladder.fail("secret", failure),
        }
    }
    Ok(())
}
