//! The state of a declared server, from the file, its approval and this machine. Starts and contacts
//! no server, and reads no secret.

use std::fmt;

use synapse_core::error::{Code, Failure, Remedy, RemedyText};
use synapse_core::ports::{ApprovalStore, StoredUpstream};
use synapse_core::upstream::{Approval, Pin, Upstream, UpstreamTransport};
use synapse_documents::{ErrorView, HubServerView, HubToolView};

use crate::ports::Targets;

/// A declared server and its state.
#[derive(Debug, Clone)]
pub struct DeclaredServer {
    /// Its state.
    pub state: ServerState,
    /// The document of the server.
    pub view: HubServerView,
    /// Why it cannot be used, if so.
    pub failure: Option<Failure>,
    /// Its other problems.
    pub warnings: Vec<Failure>,
}

/// The state of a declared server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerState {
    /// The entry is valid; its approval was not examined.
    Valid,
    /// The user switched it off.
    Disabled,
    /// It cannot be used.
    Broken,
    /// The user has not approved it.
    NotApproved,
    /// It differs from its approval.
    Changed,
    /// It is approved.
    Approved,
    /// It is approved, and its lists are unknown before a login.
    LoginRequired,
}

impl ServerState {
    /// Its name in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Disabled => "disabled",
            Self::Broken => "broken",
            Self::NotApproved => "not-approved",
            Self::Changed => "changed",
            Self::Approved => "approved",
            Self::LoginRequired => "login-required",
        }
    }
}

/// How much to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The file and the syntax of its variables.
    File,
    /// The file and the approvals.
    Approval,
    /// Both, and whether they match.
    Expansion,
}

/// Examines the servers of one configuration.
#[derive(Clone, Copy)]
pub struct Declarations<'a> {
    /// The approvals of the configuration.
    pub approvals: &'a dyn ApprovalStore,
    /// Expands entries on this machine.
    pub targets: &'a dyn Targets,
    /// Renders commands in documents.
    pub remedies: &'a dyn RemedyText,
}

impl fmt::Debug for Declarations<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Declarations")
            .finish_non_exhaustive()
    }
}

/// A state that prevents the use of a server, with its failure.
type Unusable = (ServerState, Box<Failure>);

impl Declarations<'_> {
    /// Examines one server.
    #[must_use]
    pub fn examine(self, stored: StoredUpstream, depth: Depth) -> DeclaredServer {
        let mut warnings = stored.warnings;
        let mut view = HubServerView {
            name: stored.name,
            ..HubServerView::default()
        };
        let judged = match stored.upstream {
            Err(failure) => Err((ServerState::Broken, Box::new(failure))),
            Ok(upstream) => {
                describe(&mut view, &upstream);
                match depth {
                    Depth::File => self.of_file(&upstream, &mut warnings),
                    Depth::Approval | Depth::Expansion => {
                        self.of_approval(&upstream, depth, &mut view)
                    }
                }
            }
        };
        let (state, failure) = match judged {
            Ok(state) => (state, None),
            Err((state, failure)) => (state, Some(*failure)),
        };
        view.state = state.as_str();
        view.error = failure
            .as_ref()
            .map(|failure| ErrorView::new(failure, self.remedies));
        view.warnings = ErrorView::all(&warnings, self.remedies);
        DeclaredServer {
            state,
            view,
            failure,
            warnings,
        }
    }

    fn of_file(
        self,
        upstream: &Upstream,
        warnings: &mut Vec<Failure>,
    ) -> Result<ServerState, Unusable> {
        if upstream.disabled {
            return Ok(ServerState::Disabled);
        }
        match self.targets.target(upstream, None) {
            Ok(_) => Ok(ServerState::Valid),
            // The entry is valid; something it needs is missing on this machine or in this shell.
            Err(failure) if is_of_machine(failure.code()) => {
                warnings.push(failure);
                Ok(ServerState::Valid)
            }
            Err(failure) => Err((ServerState::Broken, Box::new(failure))),
        }
    }

    fn of_approval(
        self,
        upstream: &Upstream,
        depth: Depth,
        view: &mut HubServerView,
    ) -> Result<ServerState, Unusable> {
        let broken = |failure| (ServerState::Broken, Box::new(failure));
        let approval = self.approvals.find(&upstream.name).map_err(broken)?;
        if let Some(approval) = &approval {
            *view = std::mem::take(view).with_approval(approval);
            count(view, upstream, approval);
        }
        if upstream.disabled {
            return Ok(ServerState::Disabled);
        }
        let Some(approval) = approval else {
            let failure = not_approved(upstream);
            // An approval would fail for the same reason.
            let missing = match depth {
                Depth::Expansion => self.targets.target(upstream, None).err(),
                Depth::File | Depth::Approval => None,
            };
            let failure = match missing {
                Some(missing) => failure.cause(missing.message().to_owned()),
                None => failure,
            };
            return Err((ServerState::NotApproved, Box::new(failure)));
        };
        if depth == Depth::Expansion {
            let target = self.targets.target(upstream, approval.start.as_ref());
            let (_, fingerprint) = target.map_err(broken)?;
            if fingerprint != approval.fingerprint {
                return Err((ServerState::Changed, Box::new(changed(upstream))));
            }
        }
        Ok(match approval.catalogue {
            Some(_) => ServerState::Approved,
            None => ServerState::LoginRequired,
        })
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
#[must_use]
pub fn not_approved(upstream: &Upstream) -> Failure {
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
#[must_use]
pub fn changed(upstream: &Upstream) -> Failure {
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
