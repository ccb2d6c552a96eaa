//! Client selection without fallback.

use serde_json::json;
use synapse_core::Code;
use synapse_core::upstream::{RegistrationKind, TokenState};
use synapse_oauth::{LoginSettings, Registering, Way};
use synapse_testkit::raw::Reply;

use crate::support::{Bench, Browser, Conduct, told};

async fn register(bench: &Bench) -> Result<(), synapse_core::Failure> {
    let browser = bench.browser();
    bench
        .run(
            LoginSettings::default(),
            Registering::Allowed,
            Way::Browser(&browser),
        )
        .await
        .map(drop)
}

#[tokio::test]
async fn without_a_client_the_ways_to_one_are_listed_and_nothing_is_registered() {
    let bench = Bench::new();
    let failure = bench
        .fails(LoginSettings::default(), Code::OauthClientRequired)
        .await;
    let all = told(&failure);
    for way in ["clientId", "clientMetadataUrl", "LogInAndRegister"] {
        assert!(all.contains(way), "{way}: {all}");
    }
    assert_eq!(bench.authority.requests("/register").len(), 0);
}

#[tokio::test]
async fn a_registration_is_that_of_a_native_client_and_serves_later_logins() {
    let bench = Bench::new();
    register(&bench).await.unwrap();
    let sent = &bench.authority.registered()[0];
    assert_eq!(sent["application_type"], "native");
    assert_eq!(sent["token_endpoint_auth_method"], "none");
    let redirect = sent["redirect_uris"][0].as_str().unwrap();
    assert!(redirect.starts_with("http://127.0.0.1:"), "{redirect}");
    let (_, record) = bench.record();
    assert_eq!(record.client.kind, RegistrationKind::Registered);
    assert_eq!(record.client.redirect_uri.as_deref(), Some(redirect));
    // The next login needs no `--register`, and uses the same redirect with its port.
    bench.log_in(LoginSettings::default()).await.unwrap();
    assert_eq!(bench.authority.requests("/register").len(), 1);
    assert_eq!(bench.authority.forms()[1]["redirect_uri"], redirect);
}

#[tokio::test]
async fn a_login_that_is_broken_off_after_the_registration_blocks_nothing() {
    let bench = Bench::new();
    let browser = Browser::visiting(&bench.authority, |end| {
        let (redirect, query) = end.as_str().split_once('?').unwrap();
        vec![format!(
            "{redirect}?error=access_denied&{}",
            query.split_once('&').unwrap().1
        )]
    });
    let denied = bench
        .run(
            LoginSettings::default(),
            Registering::Allowed,
            Way::Browser(&browser),
        )
        .await;
    assert_eq!(denied.unwrap_err().code(), Code::OauthDenied);
    assert_eq!(bench.record().1.state, TokenState::Expired);
    register(&bench).await.unwrap();
    assert_eq!(bench.authority.requests("/register").len(), 1);
    assert_eq!(bench.record().1.state, TokenState::Usable);
}

#[tokio::test]
async fn a_registration_serves_no_other_redirect() {
    let bench = Bench::new();
    register(&bench).await.unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let settings = LoginSettings {
        callback_port: Some(port),
        ..LoginSettings::default()
    };
    bench
        .fails(settings.clone(), Code::OauthRedirectMismatch)
        .await;
    let browser = bench.browser();
    bench
        .run(settings, Registering::Allowed, Way::Browser(&browser))
        .await
        .unwrap();
    assert_eq!(bench.authority.requests("/register").len(), 2);
}

#[tokio::test]
async fn a_configured_client_is_used_although_registering_is_allowed() {
    let bench = Bench::new();
    let browser = bench.browser();
    bench
        .run(
            Bench::settings(),
            Registering::Allowed,
            Way::Browser(&browser),
        )
        .await
        .unwrap();
    assert_eq!(bench.authority.requests("/register").len(), 0);
    assert_eq!(bench.authority.forms()[0]["client_id"], "public");
    assert!(
        bench.user.news().contains("Configured"),
        "{}",
        bench.user.news()
    );
}

#[tokio::test]
async fn a_metadata_document_is_the_client_id_where_the_server_takes_it() {
    let document = "https://app.example.test/oauth/client.json";
    let settings = || LoginSettings {
        client_metadata_url: Some(document.to_owned()),
        ..LoginSettings::default()
    };
    let bench = Bench::new();
    bench.log_in(settings()).await.unwrap();
    let form = &bench.authority.forms()[0];
    assert_eq!(form["client_id"], document);
    assert!(
        form["redirect_uri"].ends_with("/callback"),
        "{}",
        form["redirect_uri"]
    );

    let refusing = Bench::with(Conduct {
        server: json!({"client_id_metadata_document_supported": null}),
        ..Conduct::default()
    });
    refusing.fails(settings(), Code::OauthClientRequired).await;
    assert_eq!(refusing.authority.requests("/register").len(), 0);
}

#[tokio::test]
async fn a_metadata_document_over_http_or_without_a_path_is_refused() {
    let bench = Bench::new();
    for document in [
        bench.authority.url("/client.json").to_string(),
        "https://app.example.test/".to_owned(),
    ] {
        let settings = LoginSettings {
            client_metadata_url: Some(document),
            ..LoginSettings::default()
        };
        bench.fails(settings, Code::OauthClientRequired).await;
    }
    assert_eq!(bench.authority.requests("/authorize").len(), 0);
}

#[tokio::test]
async fn a_secret_for_a_public_client_is_not_kept() {
    let given = r#"{"client_id":"given","client_secret":"fake-given-secret","token_endpoint_auth_method":"none"}"#;
    let bench = Bench::with(Conduct {
        instead: [("/register".to_owned(), Reply::json(201, given))].into(),
        ..Conduct::default()
    });
    register(&bench).await.unwrap();
    assert!(bench.record().1.client.secret.is_none());
}

#[tokio::test]
async fn a_refused_registration_is_told_and_opens_nothing() {
    for (reply, word) in [
        (
            Reply::json(
                400,
                r#"{"error":"invalid_redirect_uri","error_description":"not native"}"#,
            ),
            "not native",
        ),
        (Reply::status(403), "403"),
        (Reply::typed(200, "text/html", "<p>hi</p>"), "JSON"),
        (Reply::json(201, r#"{"client_id":""}"#), "client id"),
        (
            Reply::status(307).header("location", "https://evil.test/"),
            "307",
        ),
    ] {
        let bench = Bench::with(Conduct {
            instead: [("/register".to_owned(), reply)].into(),
            ..Conduct::default()
        });
        let failure = register(&bench).await.unwrap_err();
        assert_eq!(failure.code(), Code::OauthRegistrationRefused);
        assert!(told(&failure).contains(word), "{word}: {failure:?}");
        assert_eq!(bench.authority.requests("/register").len(), 1);
        assert_eq!(bench.authority.requests("/authorize").len(), 0);
    }
    let none = Bench::with(Conduct {
        server: json!({"registration_endpoint": null}),
        ..Conduct::default()
    });
    assert_eq!(
        register(&none).await.unwrap_err().code(),
        Code::OauthRegistrationRefused
    );
}

#[tokio::test]
async fn a_server_that_wants_secrets_gives_one_and_gets_it_back() {
    let bench = Bench::with(Conduct {
        server: json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}),
        instead: [(
            "/register".to_owned(),
            Reply::json(
                201,
                r#"{"client_id":"given","client_secret":"fake-given-secret","token_endpoint_auth_method":"client_secret_post"}"#,
            ),
        )]
        .into(),
        ..Conduct::default()
    });
    register(&bench).await.unwrap();
    assert_eq!(
        bench.authority.forms()[0]["client_secret"],
        "fake-given-secret"
    );
}
