//! The code flow from the first request to the stored record.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use synapse_core::upstream::{
    AuthMethod, OAuthAction, RegistrationKind, ResourcePolicy, TokenState,
};
use synapse_core::{Code, Origin};
use synapse_oauth::{Decision, LoginSettings, Registering, Times, Way};

use crate::support::{Bench, Browser, Conduct, TIMES, told};

#[tokio::test]
async fn a_login_sends_what_it_needs_and_stores_what_came() {
    let bench = Bench::new();
    let done = bench.log_in(Bench::settings()).await.unwrap();
    assert_eq!(
        bench.authority.paths(),
        [
            "/mcp",
            "/.well-known/oauth-protected-resource/mcp",
            "/.well-known/oauth-authorization-server",
            "/authorize",
            "/token",
        ]
    );
    assert_eq!(done.requests, 5);
    let (key, record) = bench.record();
    assert_eq!((key.config.as_str(), key.server.as_str()), ("home", "hf"));
    assert_eq!(
        (key.url, key.issuer),
        (bench.url(), bench.authority.issuer())
    );
    assert_eq!((record.generation, record.state), (1, TokenState::Usable));
    assert_eq!(record.scopes, ["read-mcp", "jobs"]);
    assert!(
        bench
            .authority
            .takes(record.access.unwrap().expose_secret())
    );
    assert!(record.refresh.is_some());
    let life = record.expires_at.unwrap().as_millis() - record.obtained_at.as_millis();
    assert_eq!(life, 3_600_000);
}

#[tokio::test]
async fn every_leg_carries_the_same_resource_and_the_code_its_proof() {
    let bench = Bench::new();
    let browser = bench.browser();
    bench.log_in_by(&browser, Bench::settings()).await.unwrap();
    let opened = browser.opened.lock().unwrap()[0].clone();
    let query: std::collections::BTreeMap<_, _> = opened.query_pairs().into_owned().collect();
    let resource = format!("{}/mcp", bench.authority.issuer());
    assert_eq!(query["resource"], resource);
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["code_challenge"].len(), 43);
    assert!(query["state"].len() >= 43, "{}", query["state"]);
    assert_eq!(query["scope"], "read-mcp jobs");
    assert!(query["redirect_uri"].starts_with("http://127.0.0.1:"));
    let form = &bench.authority.forms()[0];
    assert_eq!(form["resource"], resource);
    assert_eq!(form["redirect_uri"], query["redirect_uri"]);
    assert_eq!(form["code_verifier"].len(), 43);
    assert!(!form.contains_key("client_secret"));
}

#[tokio::test]
async fn two_logins_share_neither_state_nor_verifier() {
    let bench = Bench::new();
    let browser = bench.browser();
    bench.log_in_by(&browser, Bench::settings()).await.unwrap();
    bench.log_in_by(&browser, Bench::settings()).await.unwrap();
    let opened = browser.opened.lock().unwrap();
    let text = |url: &url::Url, name: &str| {
        url.query_pairs()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
            .into_owned()
    };
    for name in ["state", "code_challenge"] {
        assert_ne!(text(&opened[0], name), text(&opened[1], name), "{name}");
    }
    assert_eq!(bench.record().1.generation, 2);
}

#[tokio::test]
async fn a_resource_is_fixed_or_left_out_where_the_entry_says_so() {
    for (resource, sent) in [
        (ResourcePolicy::Omitted, None),
        (
            ResourcePolicy::Fixed("api://app".to_owned()),
            Some("api://app".to_owned()),
        ),
    ] {
        let bench = Bench::new();
        let settings = LoginSettings {
            resource,
            ..Bench::settings()
        };
        bench.log_in(settings).await.unwrap();
        assert_eq!(bench.authority.forms()[0].get("resource").cloned(), sent);
        assert_eq!(bench.record().1.resource, sent);
    }
}

#[tokio::test]
async fn a_confidential_client_sends_its_secret_where_the_server_takes_it() {
    for (methods, method) in [
        (json!(["client_secret_basic"]), AuthMethod::Basic),
        (json!(["client_secret_post"]), AuthMethod::Post),
        (Value::Null, AuthMethod::Basic),
    ] {
        let bench = Bench::with(Conduct {
            server: json!({"token_endpoint_auth_methods_supported": methods}),
            ..Conduct::default()
        });
        let settings = LoginSettings {
            client_secret: Some("fake-client-secret".into()),
            ..Bench::settings()
        };
        bench.log_in(settings).await.unwrap();
        let request = &bench.authority.requests("/token")[0];
        let body = String::from_utf8_lossy(&request.body);
        assert_eq!(
            body.contains("fake-client-secret"),
            method == AuthMethod::Post
        );
        assert_eq!(
            request.header("authorization").is_some(),
            method == AuthMethod::Basic
        );
        let client = bench.record().1.client;
        assert_eq!(client.auth_method, method);
        // An IDE lacks the shell's variables: a refresh there needs the stored secret.
        assert_eq!(client.secret.unwrap().expose_secret(), "fake-client-secret");
    }
}

#[tokio::test]
async fn an_unknown_authorization_server_gets_nothing_before_its_owner_agrees() {
    let bench = Bench::new();
    *bench.user.decision.lock().unwrap() = Decision::Declined;
    let failure = bench.fails(Bench::settings(), Code::OauthDenied).await;
    assert!(
        told(&failure).contains(&bench.authority.issuer()),
        "{failure:?}"
    );
    assert_eq!(
        bench.authority.paths(),
        ["/mcp", "/.well-known/oauth-protected-resource/mcp"]
    );
    let proposals = bench.user.proposals.lock().unwrap();
    assert_eq!(proposals[0].origins, [Origin::of(&bench.url())]);
}

#[tokio::test]
async fn a_known_authorization_server_is_not_asked_about_again() {
    let bench = Bench::new();
    bench.log_in(Bench::settings()).await.unwrap();
    assert_eq!(bench.user.proposals.lock().unwrap().len(), 1);
    bench.log_in(Bench::settings()).await.unwrap();
    assert_eq!(bench.user.proposals.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn endpoints_on_another_origin_are_asked_about_by_themselves() {
    let other = Bench::new();
    let token = other.authority.url("/token");
    let bench = Bench::with(Conduct {
        server: json!({"token_endpoint": token.as_str()}),
        ..Conduct::default()
    });
    // The code is invalid there; the request itself is what counts.
    let failure = bench.fails(Bench::settings(), Code::OauthDenied).await;
    assert!(told(&failure).contains("invalid_grant"), "{failure:?}");
    let proposals = bench.user.proposals.lock().unwrap();
    let origins: Vec<_> = proposals.iter().map(|each| each.origins.clone()).collect();
    assert_eq!(
        origins,
        [vec![Origin::of(&bench.url())], vec![Origin::of(&token)]]
    );
}

/// `--yes` agrees to what has no predecessor only.
#[tokio::test]
async fn a_token_endpoint_that_moved_is_proposed_as_a_change() {
    let bench = Bench::new();
    bench.log_in(Bench::settings()).await.unwrap();
    let other = Bench::new();
    let token = other.authority.url("/token");
    bench
        .authority
        .now(|conduct| conduct.server = json!({"token_endpoint": token.as_str()}));
    *bench.user.decision.lock().unwrap() = Decision::Declined;
    bench
        .fails(Bench::settings(), Code::OauthIssuerChanged)
        .await;
    let proposals = bench.user.proposals.lock().unwrap();
    let last = proposals.last().unwrap();
    assert_eq!(last.origins, [Origin::of(&token)]);
    assert_eq!(last.previous, Some(bench.authority.issuer()));
    assert!(other.authority.paths().is_empty());
}

#[tokio::test]
async fn a_login_outlives_a_write_that_fails_for_want_of_space() {
    let bench = Bench::new();
    bench.store.fail_at(1);
    bench.log_in(Bench::settings()).await.unwrap();
    assert_eq!(bench.record().1.state, TokenState::Usable);
}

#[tokio::test]
async fn another_issuer_than_at_the_last_login_is_told_and_gets_nothing() {
    let bench = Bench::new();
    bench.log_in(Bench::settings()).await.unwrap();
    let other = Bench::new();
    bench.authority.now(|conduct| {
        conduct.resource = json!({"authorization_servers": [other.authority.issuer()]});
    });
    *bench.user.decision.lock().unwrap() = Decision::Declined;
    bench
        .fails(Bench::settings(), Code::OauthIssuerChanged)
        .await;
    assert!(other.authority.paths().is_empty());
    let proposals = bench.user.proposals.lock().unwrap();
    assert_eq!(
        proposals.last().unwrap().previous,
        Some(bench.authority.issuer())
    );
    // The previous record is unchanged.
    assert_eq!(bench.record().1.state, TokenState::Usable);
}

#[tokio::test]
async fn a_confirmed_other_issuer_takes_the_place_of_the_first() {
    let bench = Bench::new();
    bench.log_in(Bench::settings()).await.unwrap();
    let other = Bench::new();
    bench.authority.now(|conduct| {
        conduct.resource = json!({"authorization_servers": [other.authority.issuer()]});
    });
    let browser = Browser::of(&other.authority);
    bench.log_in_by(&browser, Bench::settings()).await.unwrap();
    assert_eq!(bench.record().0.issuer, other.authority.issuer());
    let refresh_sent = other.authority.forms();
    assert!(
        refresh_sent
            .iter()
            .all(|form| form["grant_type"] == "authorization_code")
    );
}

#[tokio::test]
async fn an_expected_issuer_that_is_not_named_stops_everything() {
    let bench = Bench::new();
    let settings = LoginSettings {
        issuer: Some("https://huggingface.co".to_owned()),
        ..Bench::settings()
    };
    bench.fails(settings, Code::OauthIssuerMismatch).await;
    assert_eq!(bench.authority.paths().len(), 2);
}

#[tokio::test]
async fn a_second_issuer_of_the_list_is_used_when_it_is_expected() {
    let bench = Bench::new();
    let issuer = bench.authority.issuer();
    bench.authority.now(|conduct| {
        conduct.resource = json!({"authorization_servers": ["https://first.test", issuer]});
    });
    let settings = LoginSettings {
        issuer: Some(bench.authority.issuer()),
        ..Bench::settings()
    };
    bench.log_in(settings).await.unwrap();
}

#[tokio::test]
async fn a_login_that_nobody_completes_ends_in_time() {
    let bench = Bench::new();
    let oauth = bench.oauth.clone().within(Times {
        login: Duration::from_millis(300),
        ..TIMES
    });
    let bench = Bench { oauth, ..bench };
    let browser = Browser::visiting(&bench.authority, |_| Vec::new());
    let failure = bench
        .log_in_by(&browser, Bench::settings())
        .await
        .unwrap_err();
    assert_eq!(failure.code(), Code::OauthLoginTimeout);
    assert!(told(&failure).contains("--paste"), "{failure:?}");
}

#[tokio::test]
async fn a_pasted_address_logs_in_and_one_of_another_login_does_not() {
    let bench = Bench::new();
    *bench.user.at.lock().unwrap() = Some(bench.authority.clone());
    bench
        .run(Bench::settings(), Registering::Refused, Way::Paste)
        .await
        .unwrap();
    assert_eq!(bench.record().1.generation, 1);
    *bench.user.forging.lock().unwrap() = Some(("state=".to_owned(), "state=x".to_owned()));
    let result = bench
        .run(Bench::settings(), Registering::Refused, Way::Paste)
        .await;
    assert_eq!(result.unwrap_err().code(), Code::OauthStateMismatch);
    assert_eq!(bench.authority.requests("/token").len(), 1);
    assert_eq!(bench.record().1.generation, 1);
}

#[tokio::test]
async fn a_paste_works_for_a_redirect_that_is_not_on_this_machine() {
    let bench = Bench::new();
    *bench.user.at.lock().unwrap() = Some(bench.authority.clone());
    let settings = LoginSettings {
        redirect_uri: Some("https://app.example.test/callback".to_owned()),
        ..Bench::settings()
    };
    bench
        .run(settings.clone(), Registering::Refused, Way::Paste)
        .await
        .unwrap();
    bench.fails(settings, Code::ConfigInvalidValue).await;
}

#[tokio::test]
async fn what_happened_is_recorded_without_a_value() {
    let bench = Bench::new();
    bench.log_in(Bench::settings()).await.unwrap();
    let settings = LoginSettings {
        client_id: None,
        ..LoginSettings::default()
    };
    bench.fails(settings, Code::OauthClientRequired).await;
    let events = bench.events.all();
    assert_eq!(events[0].action, OAuthAction::Login);
    assert_eq!(events[0].issuer, Some(bench.authority.issuer()));
    assert_eq!(events[0].client, Some(RegistrationKind::Configured));
    assert_eq!(
        (events[0].generation, events[0].code, events[0].requests),
        (Some(1), None, 5)
    );
    assert_eq!(events[1].code, Some(Code::OauthClientRequired));
    assert_eq!((events[1].generation, events[1].requests), (None, 3));
    assert!(!format!("{events:?}").contains("fake-"), "{events:?}");
}

#[tokio::test]
async fn scopes_come_from_the_entry_before_the_challenge_before_the_metadata() {
    let asked = |conduct: Conduct, settings: LoginSettings| async move {
        let bench = Bench::with(conduct);
        let browser = bench.browser();
        bench.log_in_by(&browser, settings).await.unwrap();
        let opened = browser.opened.lock().unwrap()[0].clone();
        let scope = opened.query_pairs().find(|(name, _)| name == "scope");
        scope.map(|(_, scope)| scope.into_owned())
    };
    let challenged = || Conduct {
        challenge: Some("Bearer scope=\"from challenge\"".to_owned()),
        ..Conduct::default()
    };
    let configured = LoginSettings {
        scopes: Some(vec!["mine".to_owned()]),
        ..Bench::settings()
    };
    assert_eq!(
        asked(challenged(), configured).await.as_deref(),
        Some("mine")
    );
    assert_eq!(
        asked(challenged(), Bench::settings()).await.as_deref(),
        Some("from challenge")
    );
    let none = Conduct {
        resource: json!({"scopes_supported": null}),
        ..Conduct::default()
    };
    assert_eq!(asked(none, Bench::settings()).await, None);
    let offline = Conduct {
        server: json!({"scopes_supported": ["offline_access", "other"]}),
        ..Conduct::default()
    };
    let scope = asked(offline, Bench::settings()).await;
    assert_eq!(scope.as_deref(), Some("read-mcp jobs offline_access"));
}

#[tokio::test]
async fn a_grant_that_is_not_supported_is_refused_by_name() {
    let bench = Bench::with(Conduct {
        server: json!({"grant_types_supported": ["client_credentials"]}),
        ..Conduct::default()
    });
    let failure = bench
        .fails(Bench::settings(), Code::OauthDiscoveryFailed)
        .await;
    assert!(told(&failure).contains("client_credentials"), "{failure:?}");
    assert_eq!(bench.authority.requests("/authorize").len(), 0);
}
