//! `synapse hub list`, `validate` and `status`: the contents of the file and the approvals. Starts
//! and contacts no server, and reads no secret.

use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ports::StoredUpstream;
use synapse_core::redact::printable_line;
use synapse_core::upstream::{Approval, Pin, Upstream, UpstreamTransport};
use synapse_documents::{ErrorView, HubDocument, HubServerView, HubToolView};

use super::Configured;
use crate::command::{CommandError, Context};
use crate::output::{Column, Printer, in_short, listing};

/// A server and its state, as far as known without contacting it.
pub(in crate::command) struct Seen {
    pub(in crate::command) view: HubServerView,
    /// Why it cannot be used, if so.
    pub(in crate::command) failure: Option<Failure>,
    pub(in crate::command) warnings: Vec<Failure>,
}

pub(super) fn list(context: &Context, hub: &Configured) -> Result<(), CommandError> {
    show(context, hub, None, Depth::Approval)
}

pub(super) fn status(
    context: &Context,
    hub: &Configured,
    server: Option<&str>,
) -> Result<(), CommandError> {
    show(context, hub, server, Depth::Expansion)
}

/// Fails when any server of the file is invalid.
pub(super) fn validate(
    context: &Context,
    hub: &Configured,
    server: Option<&str>,
) -> Result<(), CommandError> {
    let (warnings, seen) = survey(hub, server, Depth::File)?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&document(hub, &warnings, &seen));
    } else {
        for warning in &warnings {
            printer.warning(warning);
        }
        for each in &seen {
            for warning in &each.warnings {
                printer.warning(warning);
            }
            match &each.failure {
                Some(failure) => printer.failure(failure),
                None => printer.wrapped(&in_a_line(&each.view.name, &each.warnings)),
            }
        }
        if seen.is_empty() {
            printer.note(&format!("no servers in {}", hub.place.shown()));
        }
    }
    match seen.iter().find_map(|each| each.failure.as_ref()) {
        Some(failure) => Err(CommandError::Reported(failure.code())),
        None => Ok(()),
    }
}

/// A valid entry, with what is doubtful about it.
fn in_a_line(name: &str, warnings: &[Failure]) -> String {
    let messages: Vec<&str> = warnings.iter().map(Failure::message).collect();
    let name = printable_line(name);
    match messages.as_slice() {
        [] => format!("{name}  ok"),
        messages => format!("{name}  ok, but {}", printable_line(&messages.join("; "))),
    }
}

/// How much to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::command) enum Depth {
    /// The file and the syntax of its variables.
    File,
    /// The file and the approvals.
    Approval,
    /// Both, and whether they match.
    Expansion,
}

/// The problems of the file as a whole, and its servers, or only the requested one.
fn survey(
    hub: &Configured,
    server: Option<&str>,
    depth: Depth,
) -> Result<(Vec<Failure>, Vec<Seen>), CommandError> {
    let file = hub.upstreams.read()?;
    let seen = chosen(hub, file.servers, server)?
        .into_iter()
        .map(|each| look(hub, each, depth))
        .collect();
    Ok((file.warnings, seen))
}

fn document(hub: &Configured, warnings: &[Failure], seen: &[Seen]) -> HubDocument {
    let warnings = warnings
        .iter()
        .map(|failure| ErrorView::new(failure, &*hub.remedies))
        .collect();
    let views = seen.iter().map(|each| each.view.clone()).collect();
    HubDocument::new(hub.place.shown(), views, warnings)
}

fn show(
    context: &Context,
    hub: &Configured,
    server: Option<&str>,
    depth: Depth,
) -> Result<(), CommandError> {
    let (warnings, seen) = survey(hub, server, depth)?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&document(hub, &warnings, &seen));
        return Ok(());
    }
    if seen.is_empty() {
        printer.note(&format!("no servers in {}", hub.place.shown()));
        printer.note("add one: synapse hub add NAME URL");
        return Ok(());
    }
    let rows = seen.iter().map(|each| row(&each.view)).collect();
    printer.line(&listing(&COLUMNS, rows));
    for warning in &warnings {
        printer.warning(warning);
    }
    if depth == Depth::Expansion {
        for failure in seen.iter().filter_map(|each| each.failure.as_ref()) {
            printer.warning(failure);
        }
    } else {
        remind(printer, &seen);
    }
    Ok(())
}

const COLUMNS: [Column<'static>; 6] = [
    Column::new("SERVER"),
    Column::new("STATE"),
    Column::new("TRANSPORT").drop(2),
    Column::new("TOOLS").right().drop(3),
    Column::new("TOKENS").right().drop(4),
    Column::new("TARGET").cut(16).drop(1),
];

fn remind(printer: &Printer, seen: &[Seen]) {
    for each in seen {
        if let Some(failure) = &each.failure
            && failure.code() != Code::UpstreamNotApproved
        {
            printer.note(&in_short(failure));
        }
    }
    if seen.iter().any(|each| each.view.state == "not-approved") {
        printer.note("approve what you trust: synapse hub approve SERVER");
    }
}

fn row(view: &HubServerView) -> Vec<String> {
    let number = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |each| each.to_string());
    vec![
        printable_line(&view.name),
        view.state.to_owned(),
        view.transport.unwrap_or("-").to_owned(),
        number(view.tools),
        number(view.estimated_tokens),
        printable_line(view.target.as_deref().unwrap_or("-")),
    ]
}

fn chosen(
    hub: &Configured,
    all: Vec<StoredUpstream>,
    server: Option<&str>,
) -> Result<Vec<StoredUpstream>, Failure> {
    match server {
        Some(name) => hub.stored(name).map(|stored| vec![stored]),
        None => Ok(all),
    }
}

pub(in crate::command) fn look(hub: &Configured, stored: StoredUpstream, depth: Depth) -> Seen {
    let mut warnings = stored.warnings;
    let mut view = HubServerView {
        name: stored.name.clone(),
        ..HubServerView::default()
    };
    let failed = |mut view: HubServerView, state: &'static str, failure: Failure| {
        view.state = state;
        view.error = Some(ErrorView::new(&failure, &*hub.remedies));
        (view, Some(failure))
    };
    let (view, failure) = match stored.upstream {
        Err(failure) => failed(view, "broken", failure),
        Ok(upstream) => {
            describe(&mut view, &upstream);
            let state = state(hub, &upstream, &mut view, depth, &mut warnings);
            match state {
                Ok(state) => {
                    view.state = state;
                    (view, None)
                }
                Err((state, failure)) => failed(view, state, *failure),
            }
        }
    };
    Seen {
        view: HubServerView {
            warnings: warnings
                .iter()
                .map(|failure| ErrorView::new(failure, &*hub.remedies))
                .collect(),
            ..view
        },
        failure,
        warnings,
    }
}

fn describe(view: &mut HubServerView, upstream: &Upstream) {
    view.note.clone_from(&upstream.note);
    view.groups.clone_from(&upstream.groups);
    view.ignored.clone_from(&upstream.ignored);
    view.pinned = upstream.pin == Pin::Tools;
    match &upstream.transport {
        UpstreamTransport::Stdio {
            command, arguments, ..
        } => {
            view.transport = Some("stdio");
            let words: Vec<String> = std::iter::once(command)
                .chain(arguments)
                .map(ToString::to_string)
                .collect();
            view.target = Some(words.join(" "));
        }
        UpstreamTransport::Http { url, .. } => {
            view.transport = Some("streamable-http");
            view.target = Some(url.to_string());
        }
    }
}

type ServerState = Result<&'static str, (&'static str, Box<Failure>)>;

fn state(
    hub: &Configured,
    upstream: &Upstream,
    view: &mut HubServerView,
    depth: Depth,
    warnings: &mut Vec<Failure>,
) -> ServerState {
    if depth == Depth::File {
        if upstream.disabled {
            return Ok("disabled");
        }
        return match hub.targets.expand(upstream, None) {
            Ok(_) => Ok("valid"),
            // The entry is valid; something it needs is missing on this machine or in this shell.
            Err(failure) if is_of_machine(failure.code()) => {
                warnings.push(failure);
                Ok("valid")
            }
            Err(failure) => Err(("broken", Box::new(failure))),
        };
    }
    let approval = hub
        .approval(&upstream.name)
        .map_err(|failure| ("broken", Box::new(failure)))?;
    if let Some(approval) = &approval {
        *view = view.clone().with_approval(approval);
        count(view, upstream, approval);
    }
    if upstream.disabled {
        return Ok("disabled");
    }
    let Some(approval) = approval else {
        let failure = not_approved(upstream);
        // An approval would fail for the same reason.
        let missing = match depth {
            Depth::Expansion => hub.targets.expand(upstream, None).err(),
            Depth::File | Depth::Approval => None,
        };
        let failure = match missing {
            Some(missing) => failure.cause(missing.message().to_owned()),
            None => failure,
        };
        return Err(("not-approved", Box::new(failure)));
    };
    if depth == Depth::Expansion {
        let expanded = hub
            .targets
            .expand(upstream, approval.start.as_ref())
            .map_err(|failure| ("broken", Box::new(failure)))?;
        if expanded.fingerprint != approval.fingerprint {
            return Err(("changed", Box::new(changed(upstream))));
        }
    }
    match approval.catalogue {
        Some(_) => Ok("approved"),
        None => Ok("login-required"),
    }
}

/// Whether a failure is caused by this machine rather than the entry.
const fn is_of_machine(code: Code) -> bool {
    matches!(
        code,
        Code::ConfigUnresolvedVariable | Code::UpstreamStartFailed | Code::ConfigNotFound
    )
}

/// Counts the approved tools that the entry offers.
fn count(view: &mut HubServerView, upstream: &Upstream, approval: &Approval) {
    let Some(catalogue) = &approval.catalogue else {
        return;
    };
    let offered: Vec<HubToolView> = catalogue
        .tools
        .iter()
        .map(|tool| HubToolView::of(upstream.name.as_str(), tool))
        .filter(|tool| upstream.tools.permits(&tool.name))
        .collect();
    view.tools = u64::try_from(offered.len()).ok();
    view.estimated_tokens = Some(offered.iter().map(|tool| tool.estimated_tokens).sum());
}

/// The failure of an unapproved server.
pub(super) fn not_approved(upstream: &Upstream) -> Failure {
    let server = &upstream.name;
    Failure::new(
        Code::UpstreamNotApproved,
        format!("`{server}` is not approved"),
    )
    .cause("nothing was started, contacted or read")
    .remedy(
        "review and approve it",
        &Remedy::ApproveUpstream {
            server: server.clone(),
        },
    )
    .of_server(server)
}

/// The failure of a server that differs from its approval.
pub(super) fn changed(upstream: &Upstream) -> Failure {
    let server = &upstream.name;
    Failure::new(
        Code::UpstreamChanged,
        format!("`{server}` differs from its approval"),
    )
    .cause("nothing was started, contacted or read")
    .remedy(
        "review its present form and approve it",
        &Remedy::ApproveUpstream {
            server: server.clone(),
        },
    )
    .of_server(server)
}
