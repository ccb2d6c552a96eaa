//! Converts upstream errors to failures for the user.

use synapse_core::error::{Code, Execution, Failure, Remedy};
use synapse_core::upstream::UpstreamName;
use synapse_http::TransportFailure;
use synapse_mcp::client::{CallError, MayHaveRun, RpcError};

use crate::ports::{Credentials, Ending};
use crate::secrets::Known;

/// Why an upstream gave no result.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// A failure of the hub or of the connection to the upstream.
    Failure(Failure),
    /// The upstream's own error, passed on unchanged.
    Rpc(RpcError),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Whether a failure occurred while the upstream was being started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before its first call was sent.
    Start,
    /// During a call.
    Call,
}

/// Context of a failed upstream.
#[derive(Debug)]
pub(crate) struct FailureContext<'a> {
    pub(crate) server: &'a UpstreamName,
    pub(crate) stage: Stage,
    pub(crate) known: &'a Known,
    pub(crate) credentials: &'a dyn Credentials,
    pub(crate) ending: Ending,
}

impl FailureContext<'_> {
    /// The failure for an error, or the upstream's own error.
    pub(crate) async fn refusal(&self, error: CallError) -> Refusal {
        let server = self.server;
        let failure = match error {
            CallError::Rpc(error) => return Refusal::Rpc(error),
            CallError::Ended { may_have_run } => self.ended(may_have_run),
            CallError::Timeout { waited } => Failure::new(
                Code::UpstreamTimeout,
                format!("`{server}` did not answer within {} s", waited.as_secs()),
            )
            .hint("raise `timeouts.call` of the entry if the server needs longer")
            .with_execution(Execution::MayHaveRun),
            CallError::Protocol { what } => Failure::new(
                Code::UpstreamProtocol,
                format!("`{server}` broke the protocol"),
            )
            .cause(what)
            .with_execution(Execution::MayHaveRun),
            CallError::TooLarge { cap, unit } => Failure::new(
                Code::UpstreamTooLarge,
                format!("`{server}` sent more than {cap} {unit}"),
            )
            .with_execution(Execution::MayHaveRun),
            CallError::Http {
                status,
                headers,
                body,
            } => self.status(status, &headers, &body).await,
            CallError::Interrupted => Failure::new(
                Code::UpstreamInterrupted,
                format!("the answer of `{server}` broke off"),
            )
            .hint("check whether the call took effect before you repeat it")
            .with_execution(Execution::MayHaveRun),
            CallError::SessionLost => Failure::new(
                Code::UpstreamSessionLost,
                format!("`{server}` no longer knows the session"),
            )
            .hint("call again: the next call opens a new session")
            .with_execution(Execution::DidNotRun),
            CallError::Carrier {
                source,
                may_have_run,
            } => self.carrier(&*source, may_have_run),
            other => Failure::new(Code::UpstreamProtocol, format!("`{server}` failed"))
                .cause(other.to_string()),
        };
        Refusal::Failure(failure.of_server(server))
    }

    fn ended(&self, may_have_run: MayHaveRun) -> Failure {
        let server = self.server;
        let mut failure = match self.stage {
            Stage::Start => Failure::new(
                Code::UpstreamStartFailed,
                format!("`{server}` ended before its first answer"),
            ),
            Stage::Call => Failure::new(
                Code::UpstreamExited,
                format!("`{server}` ended during the call"),
            ),
        };
        if let Some(status) = &self.ending.status {
            failure = failure.cause(status.clone()).with("exit", status);
        }
        let skipped = self.ending.last_lines.len().saturating_sub(MOST_LINES);
        for line in self.ending.last_lines.iter().skip(skipped) {
            failure = failure.cause(format!(
                "stderr: {}",
                self.known.clean(line, MOST_CHARACTERS)
            ));
        }
        failure.with_execution(execution(may_have_run)).remedy(
            "see what it wrote",
            &Remedy::UpstreamLog {
                server: server.clone(),
            },
        )
    }

    async fn status(&self, status: u16, headers: &[(String, String)], body: &str) -> Failure {
        let server = self.server;
        let header = |name: &str| {
            headers
                .iter()
                .find(|(each, _)| each.eq_ignore_ascii_case(name))
                .map(|(_, value)| self.known.clean(value, MOST_CHARACTERS))
        };
        let is_page = header("content-type").is_some_and(|kind| kind.contains("html"));
        let failure = match status {
            401 | 403 => {
                let challenges: Vec<String> = headers
                    .iter()
                    .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
                    .map(|(_, value)| value.clone())
                    .collect();
                self.credentials.refused(status, &challenges).await
            }
            429 | 500..=599 => {
                let failure = Failure::new(
                    Code::UpstreamUnavailable,
                    format!("`{server}` answered with status {status}; nothing is sent again"),
                );
                match header("retry-after") {
                    Some(after) => failure
                        .hint(format!("the server asks for a delay: Retry-After {after}"))
                        .with("retry_after", after),
                    None => failure,
                }
            }
            300..=399 => {
                let place = header("location").unwrap_or_else(|| "nowhere".to_owned());
                Failure::new(
                    Code::UpstreamNotMcp,
                    format!("the URL of `{server}` redirects, which is not followed"),
                )
                .cause(format!("it points to {place}"))
            }
            _ if is_page || status == 404 || status == 405 || status < 300 => Failure::new(
                Code::UpstreamNotMcp,
                format!("no MCP server answers at the URL of `{server}`"),
            )
            .hint("check the URL; it usually ends in /mcp"),
            _ => Failure::new(
                Code::UpstreamProtocol,
                format!("`{server}` answered with status {status}"),
            ),
        };
        let failure = failure.with_status(status);
        let failure = failure.with_execution(match status {
            500.. => Execution::MayHaveRun,
            _ => Execution::DidNotRun,
        });
        if body.trim().is_empty() || is_page {
            return failure;
        }
        failure.cause(format!(
            "it says: {}",
            self.known.clean(body, MOST_CHARACTERS)
        ))
    }

    fn carrier(
        &self,
        source: &(dyn std::error::Error + Send + Sync + 'static),
        may_have_run: MayHaveRun,
    ) -> Failure {
        let failure = if let Some(failure) = source.downcast_ref::<Failure>() {
            failure.clone()
        } else if let Some(transport) = source.downcast_ref::<TransportFailure>() {
            transport.to_failure()
        } else {
            let code = match self.stage {
                Stage::Start => Code::UpstreamStartFailed,
                Stage::Call => Code::UpstreamInterrupted,
            };
            Failure::new(code, format!("`{}` could not be reached", self.server))
                .cause(self.known.clean(&source.to_string(), MOST_CHARACTERS))
        };
        failure.with_execution(execution(may_have_run))
    }
}

/// The failure of an unapproved upstream.
pub(crate) fn not_approved(server: &UpstreamName) -> Failure {
    Failure::new(
        Code::UpstreamNotApproved,
        format!("`{server}` is not approved; it was not started, contacted or read"),
    )
    .of_server(server)
    .remedy(
        "review and approve it",
        &Remedy::ApproveUpstream {
            server: server.clone(),
        },
    )
}

/// The failure of an approved upstream whose lists require a login.
pub(crate) fn login_required(server: &UpstreamName) -> Failure {
    Failure::new(
        Code::OauthLoginRequired,
        format!("`{server}` is approved and asks for a login"),
    )
    .of_server(server)
    .remedy(
        "log in",
        &Remedy::LogIn {
            server: server.clone(),
            scopes: Vec::new(),
        },
    )
}

/// The failure of a changed tool or prompt.
pub(crate) fn tool_changed(server: &UpstreamName, name: &str, difference: &[String]) -> Failure {
    let failure = Failure::new(
        Code::UpstreamToolChanged,
        format!("`{name}` of `{server}` differs from its approval; the call was not sent"),
    );
    let failure = difference
        .iter()
        .fold(failure, |failure, line| failure.cause(line.clone()));
    failure.of_server(server).of_tool(name).remedy(
        "review the difference",
        &Remedy::ApproveUpstream {
            server: server.clone(),
        },
    )
}

/// The failure of an approved tool or prompt that is missing.
pub(crate) fn tool_gone(server: &UpstreamName, name: &str) -> Failure {
    Failure::new(
        Code::UpstreamToolGone,
        format!("`{server}` no longer has `{name}`; the call was not sent"),
    )
    .of_server(server)
    .of_tool(name)
    .remedy(
        "approve its present list",
        &Remedy::ApproveUpstream {
            server: server.clone(),
        },
    )
}

/// The failure of a tool denied by the entry.
pub(crate) fn tool_denied(server: &UpstreamName, name: &str) -> Failure {
    Failure::new(
        Code::UpstreamToolDenied,
        format!("the entry of `{server}` does not offer `{name}`"),
    )
    .of_server(server)
    .of_tool(name)
    .hint("change `tools` of the entry")
}

/// The failure of a tool that the approval does not have.
pub(crate) fn tool_not_approved(server: &UpstreamName, name: &str) -> Failure {
    Failure::new(
        Code::UpstreamToolDenied,
        format!("`{name}` is not among the approved tools of `{server}`; nothing was started"),
    )
    .of_server(server)
    .of_tool(name)
    .remedy(
        "review its present list and approve it",
        &Remedy::ApproveUpstream {
            server: server.clone(),
        },
    )
}

/// The failure of a capability the hub does not support.
pub(crate) fn unsupported(server: &UpstreamName, what: &str) -> Failure {
    Failure::new(Code::UpstreamUnsupported, format!("`{server}` {what}")).of_server(server)
}

const fn execution(may_have_run: MayHaveRun) -> Execution {
    match may_have_run {
        MayHaveRun::Yes => Execution::MayHaveRun,
        MayHaveRun::No => Execution::DidNotRun,
    }
}

const MOST_LINES: usize = 5;
const MOST_CHARACTERS: usize = 300;
