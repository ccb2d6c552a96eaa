//! The checks of `synapse hub preflight --live`: the login, one connection, the current tools, and
//! the account the server reports. No browser, no registration, no refresh.

use serde_json::{Map, Value};
use synapse_core::error::{Class, Code, Failure, Remedy};
use synapse_core::upstream::{Approval, Catalogue, Target, Upstream};
use synapse_oauth::{
    LoginCheck, LoginCheckId, LoginCheckOutcome, LoginRequest, Registering, UrlCheck, Way,
};

use super::Configured;
use super::checks::Checks;
use super::login::PreparedLogin;
use super::session::HubSession;
use crate::command::{CommandError, Context};
use crate::compose;
use crate::oauth::{self, has_authorization};
use crate::runtime::Runtime;

pub(super) fn check(
    context: &Context,
    hub: &Configured,
    upstream: &Upstream,
    approval: &Approval,
    target: &Target,
    checks: &mut Checks,
) -> Result<(), CommandError> {
    let may_log_in = matches!(target, Target::Url { .. }) && !has_authorization(upstream);
    let looked_at = may_log_in && expects_login(context, hub, upstream, approval)?;
    if looked_at && examine(context, hub, upstream, approval, checks)? == Token::Unusable {
        checks.skip(
            "connection",
            "not contacted without a token that can be used as it is",
        );
        return Ok(());
    }
    let sent = match (has_authorization(upstream), looked_at) {
        (true, _) => Sent::Header,
        (false, true) => Sent::Token,
        (false, false) => Sent::Nothing,
    };
    let session = HubSession::open(context, hub)?;
    let surveyed = session.survey(upstream, approval);
    session.finish(context);
    let catalogue = match surveyed {
        Ok(catalogue) => catalogue,
        Err(CommandError::Failed(failure)) => {
            let asks_for_login = may_log_in && !looked_at && failure.code().class() == Class::Oauth;
            checks.fail("connection", *failure);
            if asks_for_login {
                examine(context, hub, upstream, approval, checks)?;
            }
            return Ok(());
        }
        Err(other) => return Err(other),
    };
    checks.ok("connection", format!("it speaks {}", catalogue.protocol));
    if let Some(approved) = &approval.catalogue {
        compare(approved, &catalogue, checks);
        if catalogue.tool(WHO_AM_I).is_some() {
            identity(context, hub, upstream, sent, checks)?;
        }
    }
    Ok(())
}

/// Whether the login is checked before the server is contacted.
fn expects_login(
    context: &Context,
    hub: &Configured,
    upstream: &Upstream,
    approval: &Approval,
) -> Result<bool, Failure> {
    if upstream.oauth.is_some() || approval.catalogue.is_none() {
        return Ok(true);
    }
    let oauth = oauth::engine(context, &compose::home(context)?)?;
    let stored =
        Runtime::start()?.block_on(oauth.store().of_server(hub.place.key(), &upstream.name))?;
    Ok(!stored.is_empty())
}

/// Whether the stored token can be sent unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Usable,
    Unusable,
}

fn examine(
    context: &Context,
    hub: &Configured,
    upstream: &Upstream,
    approval: &Approval,
    checks: &mut Checks,
) -> Result<Token, CommandError> {
    let what = format!("{}: its login", upstream.name);
    let probing = login_probes(context, hub, upstream, approval);
    let progress = context.printer.progress();
    let probes = match Runtime::start()?.block_on(progress.waiting(what, probing)) {
        Ok(probes) => probes,
        Err(failure) => {
            checks.fail("oauth.settings", failure);
            return Ok(Token::Unusable);
        }
    };
    let mut token = Token::Unusable;
    for LoginCheck { id, outcome } in probes {
        let name = id.as_str();
        match outcome {
            LoginCheckOutcome::Passed(text) => {
                if id == LoginCheckId::Token {
                    token = Token::Usable;
                }
                checks.ok(name, text);
            }
            LoginCheckOutcome::Unknown(why) => {
                checks.skip(name, &format!("cannot be judged: {why}"));
            }
            LoginCheckOutcome::Failed(failure) => checks.fail(name, failure),
            LoginCheckOutcome::Skipped => {
                checks.skip(name, "not checked, because of an earlier failure");
            }
        }
    }
    Ok(token)
}

async fn login_probes(
    context: &Context,
    hub: &Configured,
    upstream: &Upstream,
    approval: &Approval,
) -> Result<Vec<LoginCheck>, Failure> {
    let PreparedLogin {
        permit,
        url,
        settings,
        oauth,
    } = PreparedLogin::of(context, hub, upstream, approval).await?;
    let request = LoginRequest {
        config: hub.place.key(),
        server: &upstream.name,
        url: &url,
        permit: &permit,
        settings,
        scopes: Vec::new(),
        registering: Registering::Refused,
        port: None,
        // No browser is opened.
        way: Way::Paste,
        look: UrlCheck::First,
    };
    oauth.examine(&request).await
}

fn compare(approved: &Catalogue, now: &Catalogue, checks: &mut Checks) {
    let differs: Vec<String> = approved
        .tools
        .iter()
        .filter_map(|tool| {
            let name = tool.get("name")?.as_str()?;
            match now.tool(name) {
                None => Some(format!("{name} is gone")),
                Some(now) if now != tool => Some(format!("{name} changed")),
                Some(_) => None,
            }
        })
        .collect();
    if differs.is_empty() {
        checks.ok("tools", "as approved");
    } else {
        checks.warn(
            "tools",
            &Failure::new(
                Code::UpstreamToolChanged,
                format!("not as approved: {}", differs.join(", ")),
            ),
        );
    }
}

/// The account that the server reports: a server may reject a token and still answer other
/// requests.
fn identity(
    context: &Context,
    hub: &Configured,
    upstream: &Upstream,
    sent: Sent,
    checks: &mut Checks,
) -> Result<(), CommandError> {
    let server = upstream.name.as_str();
    let session = HubSession::open(context, hub)?;
    let called = session.run(format!("{server}: {WHO_AM_I}"), async |hub| {
        hub.call(server, WHO_AM_I, Map::new()).await
    });
    session.finish(context);
    let result = match called {
        Ok(result) => result,
        Err(CommandError::Failed(failure)) => {
            checks.fail("identity", *failure);
            return Ok(());
        }
        Err(other) => return Err(other),
    };
    match (status(&result), sent) {
        (Some("authenticated"), _) => checks.ok("identity", "authenticated"),
        (Some("anonymous"), Sent::Nothing) => {
            checks.ok("identity", "anonymous: the entry sends no credential");
        }
        (Some("anonymous"), sent) => checks.fail("identity", anonymous(upstream, sent)),
        _ => checks.skip("identity", "the server does not say who is calling"),
    }
    Ok(())
}

/// The credential sent with each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Nothing,
    Header,
    Token,
}

fn status(result: &Map<String, Value>) -> Option<&str> {
    result.get("structuredContent")?.get("status")?.as_str()
}

fn anonymous(upstream: &Upstream, sent: Sent) -> Failure {
    let server = &upstream.name;
    let failure = Failure::new(
        Code::OauthTokenRefused,
        format!("`{server}` answers, but does not report a login"),
    )
    .cause(format!("`{WHO_AM_I}` says `anonymous`"))
    .of_server(server);
    match sent {
        Sent::Nothing | Sent::Header => {
            failure.hint("replace the token that the entry's header names")
        }
        Sent::Token => failure.remedy(
            "log in",
            &Remedy::LogIn {
                server: server.clone(),
                scopes: Vec::new(),
            },
        ),
    }
}

/// The tool by which Hugging Face's server reports the account.
const WHO_AM_I: &str = "hf_whoami";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_word_of_the_server_is_a_login() {
        let of = |value: Value| {
            let result = value.as_object().unwrap().clone();
            status(&result).map(str::to_owned)
        };
        let told = json!({"structuredContent": {"status": "authenticated"}});
        assert_eq!(of(told).as_deref(), Some("authenticated"));
        assert_eq!(
            of(json!({"content": [{"type": "text", "text": "authenticated"}]})),
            None
        );
        assert_eq!(of(json!({"structuredContent": {"status": true}})), None);
    }
}
