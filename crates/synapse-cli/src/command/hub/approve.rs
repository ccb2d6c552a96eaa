//! `synapse hub approve`: shows the user exactly what would run or be contacted, then what the
//! server offers, and asks for consent to each. Nothing runs, is contacted or is read before the
//! first consent.

use std::io::IsTerminal as _;
use std::sync::Arc;

use synapse_core::call::Caller;
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ledger::{HubClosing, HubFacts, HubKind, HubOpening, Outcome};
use synapse_core::ports::{
    ApprovalStore as _, CallIds as _, Clock as _, HubLedger as _, UpstreamStore as _,
};
use synapse_core::upstream::expand::Expanded;
use synapse_core::upstream::{Approval, Catalogue, Start, Target, Upstream, UpstreamTransport};
use synapse_documents::{ErrorView, HubApprovalDocument, HubApprovalView};

use synapse_store::SqliteLedger;

use super::session::HubSession;
use super::{Configured, Prompting, show};
use crate::args::HubApproveArguments;
use crate::command::{CommandError, Context};
use crate::prompt;
use crate::system::{RandomCallIds, SystemClock};

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    arguments: &HubApproveArguments,
) -> Result<(), CommandError> {
    let names = match &arguments.server {
        Some(name) => vec![hub.stored(name)?.name],
        None => unapproved(hub)?,
    };
    if names.is_empty() {
        context.printer.note(&if hub.upstreams.load()?.is_empty() {
            format!("no servers in {}", hub.place.shown())
        } else {
            "every server is approved".to_owned()
        });
    }
    let asked = Prompting::from(arguments.yes);
    if asked == Prompting::First && !names.is_empty() && !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            "asking whether this server may run needs a terminal",
        )
        .remedy("look at it first", &Remedy::HubStatus)
        .remedy(
            "then approve it",
            &Remedy::AddFlag {
                flag: "--yes".into(),
            },
        )
        .into());
    }
    let session = HubSession::open(context, hub)?;
    let mut views = Vec::new();
    let mut first = None;
    for name in &names {
        match one(context, hub, &session, name, asked) {
            Ok(view) => views.push(view),
            Err(CommandError::Failed(failure)) => {
                let mut view = HubApprovalView::of(name, "failed");
                view.error = Some(ErrorView::new(&failure, &*hub.remedies));
                views.push(view);
                if !arguments.all {
                    session.finish(context);
                    return Err(CommandError::Failed(failure));
                }
                if !context.printer.is_json() {
                    context.printer.failure(&failure);
                }
                first.get_or_insert(failure.code());
            }
            Err(other) => {
                session.finish(context);
                return Err(other);
            }
        }
    }
    session.finish(context);
    if context.printer.is_json() {
        let document = HubApprovalDocument::new(hub.place.shown(), views);
        context.printer.document(&document);
    }
    match first {
        Some(code) => Err(CommandError::Reported(code)),
        None => Ok(()),
    }
}

/// The enabled servers that are not approved in their present form.
fn unapproved(hub: &Configured) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for stored in hub.upstreams.load()? {
        let Ok(upstream) = &stored.upstream else {
            names.push(stored.name);
            continue;
        };
        if upstream.disabled {
            continue;
        }
        let approval = hub.approval(&upstream.name).ok().flatten();
        let is_current = approval.is_some_and(|approval| {
            approval.catalogue.is_some()
                && hub
                    .targets
                    .expand(upstream, approval.start.as_ref())
                    .is_ok_and(|expanded| expanded.fingerprint == approval.fingerprint)
        });
        if !is_current {
            names.push(stored.name);
        }
    }
    Ok(names)
}

fn one(
    context: &Context,
    hub: &Configured,
    session: &HubSession,
    name: &str,
    asked: Prompting,
) -> Result<HubApprovalView, CommandError> {
    let printer = &context.printer;
    let (upstream, mut warnings) = hub.upstream(name)?;
    // Uses the PATH of this shell: the resolved program is what gets approved.
    let expanded = hub.targets.expand(&upstream, None)?;
    warnings.extend(show::not_passed_on(&upstream, &expanded));
    let mut view =
        HubApprovalView::of(name, "declined").with_target(&expanded.target, &expanded.fingerprint);
    view.warnings = warnings
        .iter()
        .map(|failure| ErrorView::new(failure, &*hub.remedies))
        .collect();
    if !printer.is_json() {
        show::target(printer, &upstream, &expanded);
    }
    warnings.iter().for_each(|warning| printer.warning(warning));
    let row = Row::begin(&session.ledger, &upstream);
    let verb = match expanded.target {
        Target::Program { .. } => "Start this program once, to see what it offers?",
        Target::Url { .. } => "Connect to it once, to see what it offers?",
    };
    if asked == Prompting::First && !prompt::agreed(printer, verb) {
        printer.note("nothing was started or contacted, and nothing approved");
        row.end(Outcome::Refused, None, None);
        return Ok(view);
    }
    let mut approval = approval(hub, &upstream, &expanded);
    let catalogue = match session.survey(&upstream, &approval) {
        Ok(catalogue) => catalogue,
        Err(CommandError::Failed(failure)) if wants_login(&upstream, &failure) => {
            hub.approvals.keep(&approval)?;
            row.end(Outcome::Ok, None, None);
            view.action = "approved-until-login";
            tell_of_login(context, &upstream, *failure);
            return Ok(view);
        }
        Err(CommandError::Failed(failure)) => {
            row.end(Outcome::Error, Some(failure.code()), None);
            return Err(CommandError::Failed(failure));
        }
        Err(other) => {
            row.end(Outcome::Cancelled, None, None);
            return Err(other);
        }
    };
    view = view.with_catalogue(name, &catalogue);
    if !printer.is_json() {
        show::catalogue(printer, name, &catalogue);
    }
    if asked == Prompting::First && !prompt::agreed(printer, &question(name, &catalogue)) {
        printer.note("nothing was approved");
        row.end(Outcome::Refused, None, None);
        return Ok(view);
    }
    let hash = catalogue.hash().to_string();
    approval.catalogue = Some(Arc::new(catalogue));
    hub.approvals.keep(&approval)?;
    row.end(Outcome::Ok, None, Some(hash));
    view.action = "approved";
    if !printer.is_json() {
        printer.line(&format!("approved {name}"));
    }
    Ok(view)
}

/// Connects to a server that is approved but not yet logged in, shows its catalogue and pins it.
pub(super) fn pin(
    context: &Context,
    hub: &Configured,
    upstream: &Upstream,
    mut approval: Approval,
    asked: Prompting,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    let session = HubSession::open(context, hub)?;
    let row = Row::begin(&session.ledger, upstream);
    let catalogue = match session.survey(upstream, &approval) {
        Ok(catalogue) => catalogue,
        Err(error) => {
            let code = match &error {
                CommandError::Failed(failure) => Some(failure.code()),
                CommandError::Reported(_) | CommandError::Stopped => None,
            };
            row.end(Outcome::Error, code, None);
            session.finish(context);
            return Err(error);
        }
    };
    if !printer.is_json() {
        show::catalogue(printer, upstream.name.as_str(), &catalogue);
    }
    let name = upstream.name.as_str();
    if asked == Prompting::First && !prompt::agreed(printer, &question(name, &catalogue)) {
        printer.note("its tools were not approved");
        row.end(Outcome::Refused, None, None);
        session.finish(context);
        return Ok(());
    }
    let hash = catalogue.hash().to_string();
    approval.catalogue = Some(Arc::new(catalogue));
    approval.approved_at = session.now();
    hub.approvals.keep(&approval)?;
    row.end(Outcome::Ok, None, Some(hash));
    session.finish(context);
    if !printer.is_json() {
        printer.line(&format!("approved {}", upstream.name));
    }
    Ok(())
}

/// Names the server, because a long list of tools has scrolled its name away.
fn question(name: &str, catalogue: &Catalogue) -> String {
    match catalogue.tools.len() {
        1 => format!("Approve {name} with this 1 tool?"),
        count => format!("Approve {name} with these {count} tools?"),
    }
}

/// The approval of the target in `expanded`, with nothing pinned yet.
pub(super) fn approval(hub: &Configured, upstream: &Upstream, expanded: &Expanded) -> Approval {
    let start = match &expanded.target {
        Target::Program { program, .. } => Some(Start {
            program: program.clone(),
            search_path: hub.targets.variable("PATH"),
        }),
        Target::Url { .. } => None,
    };
    Approval {
        server: upstream.name.clone(),
        fingerprint: expanded.fingerprint.clone(),
        start,
        catalogue: None,
        approved_at: SystemClock::new().now(),
    }
}

/// Whether a server without its own credential answered with an authentication challenge.
pub(super) fn wants_login(upstream: &Upstream, failure: &Failure) -> bool {
    let UpstreamTransport::Http { headers, .. } = &upstream.transport else {
        return false;
    };
    let has_own = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let asks = matches!(
        failure.code(),
        Code::OauthLoginRequired | Code::OauthTokenRefused | Code::UpstreamRefused
    );
    asks && !has_own
}

fn tell_of_login(context: &Context, upstream: &Upstream, failure: Failure) {
    let server = upstream.name.clone();
    let scopes = Vec::new();
    let warning = Failure::new(
        Code::OauthLoginRequired,
        format!("`{server}` is approved, and needs a login before it offers anything"),
    )
    .cause(failure.message())
    .remedy(
        "log in; that pins its tools",
        &Remedy::LogIn { server, scopes },
    );
    context.printer.warning(&warning);
    if !context.printer.is_json() {
        context
            .printer
            .line(&format!("approved {} until its login", upstream.name));
    }
}

/// The ledger row of an approval.
pub(super) struct Row<'a> {
    ledger: &'a SqliteLedger,
    opening: HubOpening,
}

impl<'a> Row<'a> {
    pub(super) fn begin(ledger: &'a SqliteLedger, upstream: &Upstream) -> Self {
        let opening = HubOpening {
            call_id: RandomCallIds.next(),
            started_at: SystemClock::new().now(),
            kind: HubKind::Approve,
            caller: Caller::default(),
            facts: HubFacts {
                transport: Some(
                    match upstream.transport {
                        UpstreamTransport::Stdio { .. } => "stdio",
                        UpstreamTransport::Http { .. } => "streamable-http",
                    }
                    .to_owned(),
                ),
                ..HubFacts::of(upstream.name.as_str())
            },
        };
        // A failed write is reported at the end, when all writes are awaited.
        drop(ledger.begin(opening.clone()));
        Self { ledger, opening }
    }

    pub(super) fn end(self, outcome: Outcome, error_code: Option<Code>, catalogue: Option<String>) {
        let ended_at = SystemClock::new().now();
        let taken = ended_at.as_millis() - self.opening.started_at.as_millis();
        drop(self.ledger.end(HubClosing {
            call_id: self.opening.call_id,
            ended_at,
            outcome,
            error_code,
            attempts: 0,
            http_status: None,
            bytes_out: 0,
            bytes_in: 0,
            latency_ms: u64::try_from(taken).ok(),
            facts: HubFacts {
                catalogue,
                ..self.opening.facts
            },
        }));
    }
}
