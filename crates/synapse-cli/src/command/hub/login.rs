//! `synapse hub login`: logs one user in to one server, through one confirmed authorization server.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::gate::NetworkPermit;
use synapse_core::upstream::{Approval, RecordKey, Target, Upstream};
use synapse_documents::LoginDocument;
use synapse_oauth::{
    Decision, Dialogue, LoggedIn, LoginProgress, LoginRequest, LoginSettings, OAuth, Proposal,
    Registering, UrlCheck, Way,
};
use url::Url;

use super::{Configured, approve};
use crate::args::HubLoginArguments;
use crate::command::{CommandError, Context};
use crate::oauth::{self, Opener, Resolving, has_authorization, login_settings};
use crate::output::Waiting;
use crate::runtime::Runtime;
use crate::secret_tracking::Remembering;
use crate::{compose, prompt};

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    arguments: &HubLoginArguments,
) -> Result<(), CommandError> {
    let (upstream, _) = hub.upstream(&arguments.server)?;
    if has_authorization(&upstream) {
        return Err(two_credentials(&upstream).into());
    }
    let approval = hub
        .approval(&upstream.name)?
        .ok_or_else(|| not_approved(&upstream))?;
    // Signals are not caught: a question blocks, and Ctrl-C must end it. The stored record is
    // always complete.
    let done = Runtime::start()?.block_on(log_in(context, hub, arguments, &upstream, &approval))?;
    report(context, hub, &upstream, &done);
    if approval.catalogue.is_none() {
        let asked = super::Prompting::from(arguments.yes || !io::stdin().is_terminal());
        pin(context, hub, &upstream, approval, asked)?;
    }
    Ok(())
}

/// Pins the catalogue of a server that is approved but was not logged in. The login remains if this
/// fails.
fn pin(
    context: &Context,
    hub: &Configured,
    upstream: &Upstream,
    approval: Approval,
    asked: super::Prompting,
) -> Result<(), CommandError> {
    match approve::pin(context, hub, upstream, approval, asked) {
        Err(CommandError::Failed(failure)) => {
            let server = upstream.name.clone();
            let failure = failure
                .cause("the login is kept, and its tools are not approved yet")
                .remedy("approve them", &Remedy::ApproveUpstream { server });
            context.printer.warning(&failure);
            Ok(())
        }
        other => other,
    }
}

async fn log_in(
    context: &Context,
    hub: &Configured,
    arguments: &HubLoginArguments,
    upstream: &Upstream,
    approval: &Approval,
) -> Result<LoggedIn, Failure> {
    let PreparedLogin {
        permit,
        url,
        settings,
        oauth,
    } = PreparedLogin::of(context, hub, upstream, approval).await?;
    let oauth = oauth.within(oauth::times(context, arguments.timeout)?);
    let opener = Opener::new(context.environment.clone());
    let request = LoginRequest {
        config: hub.place.key(),
        server: &upstream.name,
        url: &url,
        permit: &permit,
        settings,
        scopes: arguments.scopes.clone(),
        registering: if arguments.register {
            Registering::Allowed
        } else {
            Registering::Refused
        },
        port: arguments.port,
        way: match (arguments.device, arguments.paste) {
            (true, _) => Way::Device,
            (false, true) => Way::Paste,
            (false, false) => Way::Browser(&opener),
        },
        look: UrlCheck::First,
    };
    let person = Person {
        context,
        asked: if arguments.yes {
            IssuerConsent::Beforehand
        } else {
            IssuerConsent::Now
        },
        waiting: context
            .printer
            .progress()
            .begin(format!("{}: its authorization server", upstream.name)),
    };
    let logging_in = oauth.log_in(&request, &person);
    person.waiting.until(logging_in).await
}

/// The inputs of a login or its examination that follow from the entry and its approval.
pub(super) struct PreparedLogin {
    pub(super) permit: NetworkPermit,
    pub(super) url: Url,
    pub(super) settings: LoginSettings,
    pub(super) oauth: OAuth,
}

impl PreparedLogin {
    /// Expands the entry under its approval and resolves its settings. Contacts nobody.
    pub(super) async fn of(
        context: &Context,
        hub: &Configured,
        upstream: &Upstream,
        approval: &Approval,
    ) -> Result<Self, Failure> {
        let expanded = hub.targets.expand(upstream, approval.start.as_ref())?;
        let permit = approval.permit(&expanded.target, &expanded.fingerprint)?;
        let url = url_of(upstream, &expanded.target)?;
        let settings = settings(context, hub, upstream, &url, &permit).await?;
        let oauth = oauth::engine(context, &compose::home(context)?)?;
        Ok(Self {
            permit,
            url,
            settings,
            oauth,
        })
    }
}

/// The login settings of the entry, with variables and secrets resolved.
async fn settings(
    context: &Context,
    hub: &Configured,
    upstream: &Upstream,
    url: &Url,
    permit: &NetworkPermit,
) -> Result<LoginSettings, Failure> {
    let secrets = Remembering::new(
        Arc::new(compose::secrets(context)?),
        context.seen.clone(),
        context.resolved,
    );
    let environment = |name: &str| hub.targets.variable(name);
    login_settings(&Resolving {
        upstream,
        url,
        permit,
        env_files: hub.targets.env_files(upstream)?,
        environment: &environment,
        secrets: &secrets,
    })
    .await
}

/// The URL of the server, to which a login belongs.
fn url_of(upstream: &Upstream, target: &Target) -> Result<Url, Failure> {
    match target {
        Target::Url { url, .. } => Ok(url.clone()),
        Target::Program { .. } => Err(Failure::new(
            Code::UpstreamUnsupported,
            format!("`{}` is a program, which has no login", upstream.name),
        )
        .hint("give it its credential in the entry's `env`")),
    }
}

fn report(context: &Context, hub: &Configured, upstream: &Upstream, done: &LoggedIn) {
    let printer = &context.printer;
    if printer.is_json() {
        let key = RecordKey {
            config: hub.place.key().to_owned(),
            server: upstream.name.clone(),
            url: done.url.clone(),
            issuer: done.issuer.clone(),
        };
        let place = done.place.clone();
        printer.document(&LoginDocument::new(
            &key,
            &done.record,
            place,
            done.requests,
        ));
        return;
    }
    printer.line(&format!("logged in to {}", upstream.name));
    for (name, value) in [
        ("issuer", done.issuer.clone()),
        ("client", done.record.client.kind.as_str().to_owned()),
        ("scopes", super::auth_status::or_none(&done.record.scopes)),
        ("expires", super::auth_status::end(&done.record)),
        ("kept in", done.place.clone()),
    ] {
        printer.line(&format!("  {name:<9}{value}"));
    }
}

pub(super) fn two_credentials(upstream: &Upstream) -> Failure {
    Failure::new(
        Code::OauthTwoCredentials,
        format!("`{}` already has an `Authorization` header", upstream.name),
    )
    .cause("a login would compete with it; the header is what is sent")
    .hint("remove the header from the entry to log in, or keep it and do not log in")
    .of_server(&upstream.name)
}

pub(super) fn not_approved(upstream: &Upstream) -> Failure {
    Failure::new(
        Code::UpstreamNotApproved,
        format!("`{}` is not approved", upstream.name),
    )
    .cause("nothing was contacted")
    .remedy(
        "review and approve it, then log in",
        &Remedy::ApproveUpstream {
            server: upstream.name.clone(),
        },
    )
    .of_server(&upstream.name)
}

/// Whether to ask about the authorization server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IssuerConsent {
    Now,
    /// Answered by `--yes`.
    Beforehand,
}

/// The user at the terminal.
struct Person<'a> {
    context: &'a Context,
    asked: IssuerConsent,
    waiting: Waiting,
}

#[async_trait]
impl Dialogue for Person<'_> {
    fn tell(&self, news: &LoginProgress<'_>) {
        let note = |text: &str| self.context.printer.note(text);
        match news {
            LoginProgress::Client { kind, id } => {
                note(&format!("client: {} ({id})", kind.as_str()));
            }
            LoginProgress::Unjudged { why } => note(&format!(
                "the authorization server could not be asked beforehand ({why}); the browser will show the result"
            )),
            LoginProgress::CodeDropped => note("a code came without a login; it was dropped"),
            LoginProgress::Visit { address, redirect } => {
                note(&format!("log in at:\n  {address}"));
                note(&format!("the answer is expected at {redirect}"));
                self.waiting.says("the browser");
            }
            LoginProgress::NoBrowser { failure } => {
                self.context.printer.warning(failure);
                note("open the address by hand; --paste takes the answer from another machine");
            }
            LoginProgress::Device {
                code,
                address,
                complete,
                lifetime,
            } => {
                note(&format!("open {address} and enter the code {code}"));
                if let Some(complete) = complete {
                    note(&format!("or open {complete}"));
                }
                note(&format!("the code is good for {} s", lifetime.as_secs()));
                self.waiting.says("the code to be entered");
            }
            LoginProgress::MissingScope { scope } => self.context.printer.warning(
                &Failure::new(
                    Code::OauthScope,
                    format!("the login has no scope `{scope}`: Hugging Face refuses its calls"),
                )
                .hint("allow the scope in your app, and log in again with `--oauth-scope`"),
            ),
            _ => {}
        }
    }

    async fn confirm(&self, proposal: &Proposal) -> Result<Decision, Failure> {
        let origins: Vec<&str> = proposal
            .origins
            .iter()
            .map(|origin| origin.as_str())
            .collect();
        let printer = &self.context.printer;
        printer.note(&format!("authorization server: {}", proposal.issuer));
        printer.note(&format!("to be contacted: {}", origins.join(", ")));
        if let Some(previous) = &proposal.previous {
            printer.note(&format!("the last login was at: {previous}"));
        }
        match (self.asked, &proposal.previous) {
            (IssuerConsent::Beforehand, None) => Ok(Decision::Agreed),
            // A script cannot distinguish a move from an attack.
            (IssuerConsent::Beforehand, Some(_)) => Ok(Decision::Declined),
            (IssuerConsent::Now, _) if !io::stdin().is_terminal() => Err(Failure::new(
                Code::OauthDenied,
                "asking about the authorization server needs a terminal",
            )
            .cause(format!("nothing was sent to {}", origins.join(", ")))
            .remedy(
                "log in at a terminal, or without being asked",
                &Remedy::AddFlag {
                    flag: "--yes".into(),
                },
            )),
            (IssuerConsent::Now, _) => {
                self.waiting.pauses();
                let agreed = prompt::agreed(printer, "Log in there?");
                self.waiting.says("the authorization server");
                Ok(if agreed {
                    Decision::Agreed
                } else {
                    Decision::Declined
                })
            }
        }
    }

    async fn paste(&self) -> Result<SecretString, Failure> {
        self.waiting.pauses();
        let pasted = prompt::pasted("paste the address that the browser ended at (not shown): ");
        self.waiting.says("the authorization server");
        pasted
    }
}
