//! The requested documents, their order, and their validation.

use serde_json::json;
use synapse_core::Code;
use synapse_core::upstream::PkcePolicy;
use synapse_oauth::LoginSettings;
use synapse_testkit::raw::Reply;

use crate::support::{Bench, Conduct, told};

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

fn instead(path: &str, reply: Reply) -> Conduct {
    Conduct {
        instead: [(path.to_owned(), reply)].into(),
        ..Conduct::default()
    }
}

fn no_metadata_named() -> Conduct {
    Conduct {
        challenge: Some("Bearer".to_owned()),
        ..Conduct::default()
    }
}

#[tokio::test]
async fn without_a_place_in_the_challenge_the_path_is_tried_before_the_root() {
    let bench = Bench::with(no_metadata_named());
    bench.log_in(Bench::settings()).await.unwrap();
    assert_eq!(bench.authority.paths()[1], format!("{RESOURCE}/mcp"));

    let bench = Bench::with(Conduct {
        instead: [
            (format!("{RESOURCE}/mcp"), Reply::status(404)),
            (RESOURCE.to_owned(), Reply::json(200, "to be replaced")),
        ]
        .into(),
        ..no_metadata_named()
    });
    let document = json!({
        "resource": bench.authority.issuer(),
        "authorization_servers": [bench.authority.issuer()],
    });
    bench.authority.now(|conduct| {
        let root = Reply::json(200, document.to_string());
        conduct.instead.insert(RESOURCE.to_owned(), root);
    });
    bench.log_in(Bench::settings()).await.unwrap();
    assert_eq!(
        bench.authority.paths()[1..3],
        [format!("{RESOURCE}/mcp"), RESOURCE.to_owned()]
    );
}

/// `https://huggingface.co/mcp/.well-known/oauth-protected-resource` is a welcome page.
#[tokio::test]
async fn a_page_in_place_of_a_document_is_skipped() {
    let conduct = Conduct {
        challenge: Some("Bearer resource_metadata=\"ORIGIN/page\"".to_owned()),
        ..instead("/page", Reply::typed(200, "text/html", "<p>welcome</p>"))
    };
    let bench = Bench::with(conduct);
    bench.log_in(Bench::settings()).await.unwrap();
    assert_eq!(
        bench.authority.paths()[1..3],
        ["/page".to_owned(), format!("{RESOURCE}/mcp")]
    );
}

#[tokio::test]
async fn a_document_of_another_media_type_is_skipped() {
    let document = r#"{"resource":"https://evil.test/mcp","authorization_servers":[]}"#;
    let conduct = Conduct {
        challenge: Some("Bearer resource_metadata=\"ORIGIN/page\"".to_owned()),
        ..instead("/page", Reply::typed(200, "text/html", document))
    };
    let bench = Bench::with(conduct);
    bench.log_in(Bench::settings()).await.unwrap();
}

#[tokio::test]
async fn an_issuer_with_a_query_is_not_contacted() {
    let bench = Bench::new();
    let issuer = format!("{}/?tenant=1", bench.authority.issuer());
    bench.authority.now(|conduct| {
        conduct.resource = json!({"authorization_servers": [issuer]});
    });
    let failure = bench
        .fails(Bench::settings(), Code::OauthDiscoveryFailed)
        .await;
    assert!(
        told(&failure).contains("an issuer has no query"),
        "{failure:?}"
    );
    assert!(bench.authority.requests(OAUTH).is_empty());
}

#[tokio::test]
async fn metadata_on_another_origin_is_refused_and_not_contacted() {
    let other = Bench::new();
    let bench = Bench::with(Conduct {
        challenge: Some(format!(
            "Bearer resource_metadata=\"{}{RESOURCE}/mcp\"",
            other.authority.issuer()
        )),
        ..Conduct::default()
    });
    bench
        .fails(Bench::settings(), Code::OauthResourceMismatch)
        .await;
    assert!(other.authority.paths().is_empty());
    assert_eq!(bench.authority.paths(), ["/mcp"]);
}

#[tokio::test]
async fn a_document_of_another_resource_is_refused() {
    for resource in [
        json!("https://other.test/mcp"),
        json!(null),
        json!(7),
        json!("/mcp"),
    ] {
        let bench = Bench::with(Conduct {
            resource: json!({"resource": resource}),
            ..Conduct::default()
        });
        bench
            .fails(Bench::settings(), Code::OauthResourceMismatch)
            .await;
        assert_eq!(bench.authority.requests(OAUTH).len(), 0, "{resource}");
    }
}

#[tokio::test]
async fn the_three_places_of_an_issuer_with_a_path_are_tried_in_order() {
    let bench = Bench::new();
    let issuer = format!("{}/tenant", bench.authority.issuer());
    bench.authority.now(|conduct| {
        conduct.resource = json!({"authorization_servers": [issuer]});
    });
    let failure = bench
        .fails(Bench::settings(), Code::OauthDiscoveryFailed)
        .await;
    let tried = [
        format!("{OAUTH}/tenant"),
        format!("{OPENID}/tenant"),
        format!("/tenant{OPENID}"),
    ];
    assert_eq!(bench.authority.paths()[2..], tried);
    for path in tried {
        let line = format!("{}{path}: 404", bench.authority.issuer());
        assert!(
            failure.causes().contains(&line.as_str()),
            "{line}: {:#?}",
            failure.causes()
        );
    }
    assert!(
        !told(&failure).contains("registration endpoint"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn the_issuer_of_a_document_is_compared_byte_for_byte() {
    for forge in [
        |issuer: &str| format!("{issuer}/"),
        |issuer: &str| issuer.replace("http://", "HTTP://"),
        |_: &str| "https://evil.test".to_owned(),
        |_: &str| String::new(),
    ] {
        let bench = Bench::new();
        let forged = forge(&bench.authority.issuer());
        bench
            .authority
            .now(|conduct| conduct.server = json!({"issuer": forged}));
        bench
            .fails(Bench::settings(), Code::OauthIssuerMismatch)
            .await;
        assert_eq!(bench.authority.requests("/authorize").len(), 0);
    }
}

#[tokio::test]
async fn s256_is_demanded_unless_the_entry_says_otherwise() {
    for methods in [json!(null), json!(["plain"]), json!([]), json!("S256")] {
        let conduct = || Conduct {
            server: json!({"code_challenge_methods_supported": methods}),
            ..Conduct::default()
        };
        let bench = Bench::with(conduct());
        bench
            .fails(Bench::settings(), Code::OauthPkceUnsupported)
            .await;
        assert_eq!(bench.authority.requests("/authorize").len(), 0, "{methods}");
        let settings = LoginSettings {
            pkce: PkcePolicy::Unadvertised,
            ..Bench::settings()
        };
        let bench = Bench::with(conduct());
        bench.log_in(settings).await.unwrap();
        assert!(bench.authority.forms()[0].contains_key("code_verifier"));
    }
}

#[tokio::test]
async fn no_endpoint_is_made_up() {
    for (missing, code) in [
        ("authorization_endpoint", Code::OauthDiscoveryFailed),
        ("token_endpoint", Code::OauthDiscoveryFailed),
    ] {
        let bench = Bench::with(Conduct {
            server: json!({missing: null}),
            ..Conduct::default()
        });
        bench.fails(Bench::settings(), code).await;
        assert_eq!(bench.authority.paths().len(), 3, "{missing}");
    }
}

#[tokio::test]
async fn a_server_without_metadata_is_told_with_each_address() {
    let bench = Bench::with(Conduct {
        instead: [
            (format!("{RESOURCE}/mcp"), Reply::status(403)),
            (RESOURCE.to_owned(), Reply::status(500)),
        ]
        .into(),
        ..no_metadata_named()
    });
    let failure = bench
        .fails(Bench::settings(), Code::OauthDiscoveryFailed)
        .await;
    let all = told(&failure);
    assert!(all.contains(&format!("{RESOURCE}/mcp: 403")), "{all}");
    assert!(all.contains(&format!("{RESOURCE}: 500")), "{all}");
}

#[tokio::test]
async fn a_server_that_asks_for_nothing_needs_no_login() {
    let bench = Bench::with(instead("/mcp", Reply::json(200, "{}")));
    bench.fails(Bench::settings(), Code::OauthNoChallenge).await;
    assert_eq!(bench.authority.paths(), ["/mcp", "/mcp"]);
}

/// A server with a public handshake.
#[tokio::test]
async fn a_server_that_asks_for_a_login_at_its_tools_alone_is_logged_in_to() {
    let bench = Bench::with(Conduct {
        greeting: true,
        ..Conduct::default()
    });
    bench.log_in(Bench::settings()).await.unwrap();
    let asked = bench.authority.requests("/mcp");
    let methods: Vec<_> = asked
        .iter()
        .map(|request| request.json()["method"].clone())
        .collect();
    assert_eq!(methods, ["initialize", "tools/list"]);
    assert_eq!(asked[1].header("mcp-session-id"), Some("fake-session"));
}

#[tokio::test]
async fn the_document_that_the_entry_names_takes_the_place_of_discovery() {
    let bench = Bench::new();
    let settings = LoginSettings {
        server_metadata_url: Some(format!("{}{OAUTH}", bench.authority.issuer())),
        ..Bench::settings()
    };
    bench.authority.now(|conduct| {
        conduct
            .instead
            .insert(format!("{RESOURCE}/mcp"), Reply::status(404));
    });
    bench.log_in(settings).await.unwrap();
    assert_eq!(bench.authority.requests(OPENID).len(), 0);
}

#[tokio::test]
async fn endpoints_that_could_run_or_reach_something_are_refused() {
    for endpoint in [
        "javascript:alert(document.domain)",
        "file:///etc/passwd",
        "-flag",
        "https://as.test/$(calc)",
        "https://as.test/`calc`",
        "https://as.test/a;calc",
        "https://as.test/a|calc",
        "http://as.test/plain",
        "https://user:pass@as.test/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/token",
    ] {
        for name in ["authorization_endpoint", "token_endpoint"] {
            let bench = Bench::with(Conduct {
                server: json!({name: endpoint}),
                ..Conduct::default()
            });
            let failure = bench
                .fails(Bench::settings(), Code::OauthDiscoveryFailed)
                .await;
            assert!(told(&failure).contains(name), "{endpoint}: {failure:?}");
            assert_eq!(bench.authority.paths().len(), 3, "{endpoint}");
        }
    }
}

#[tokio::test]
async fn an_issuer_in_a_private_network_is_not_contacted() {
    for issuer in [
        "http://10.0.0.1/",
        "https://169.254.169.254",
        "file:///x",
        "https://a.test/?q",
    ] {
        let bench = Bench::with(Conduct {
            resource: json!({"authorization_servers": [issuer]}),
            ..Conduct::default()
        });
        bench
            .fails(Bench::settings(), Code::OauthDiscoveryFailed)
            .await;
        assert_eq!(bench.authority.paths().len(), 2, "{issuer}");
    }
}
