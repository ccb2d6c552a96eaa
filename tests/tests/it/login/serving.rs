//! A login in one terminal, used by a running server, and its logout.

use serde_json::json;
use synapse_tests::Era;

use super::{Bench, Rotation, code};

#[test]
fn a_browser_login_is_used_by_a_server_that_runs_and_ends_with_the_logout() {
    let bench = Bench::start(Rotation::Never);
    let mut ide = bench.home.serve(Era::Modern);
    let refused = bench.call().output();
    assert_eq!(refused.code, 10, "{refused}");
    assert_eq!(bench.openings(), 0);

    let unregistered = bench.run(&["hub", "login", "work", "--yes", "--json"]);
    assert_eq!(code(&unregistered), "oauth.client-required");
    assert_eq!((bench.openings(), bench.count("register")), (0, 0));

    bench.log_in().with_code(0);
    assert_eq!((bench.openings(), bench.count("register")), (1, 1));
    let said = ide.call("work__whoami", json!({}));
    assert_eq!(
        said["content"][0]["text"], "authenticated as user",
        "{said}"
    );
    assert!(bench.count("calls") > 0);

    let (file, record) = bench.record();
    let status = bench.run(&["hub", "auth-status", "work", "--json"]);
    for secret in ["access_token", "refresh_token"] {
        let value = record[secret].as_str().unwrap();
        assert!(!status.stdout.contains(value), "{secret} is shown");
        for (path, content) in bench.home.files() {
            let holds = content
                .windows(value.len())
                .any(|part| part == value.as_bytes());
            assert!(!holds || path == file, "{} holds {secret}", path.display());
        }
    }

    bench.run(&["hub", "logout", "work"]).with_code(0);
    let after = ide.call("work__whoami", json!({}));
    let failure = &after["structuredContent"]["error"]["code"];
    assert_eq!(failure, "oauth.login-required", "{after}");
    let kinds: Vec<_> = bench.home.history_of(["--server", "work"]);
    for kind in ["login", "logout"] {
        assert!(
            kinds.iter().any(|row| row["operation"] == kind),
            "no row {kind}"
        );
    }
}

#[test]
fn a_confidential_client_keeps_its_secret_with_the_login() {
    let bench = Bench::start(Rotation::Never);
    let secret = bench
        .home
        .credential(&["fake", "client", "secret"].join("-"));
    bench.declare(&json!({
        "clientId": "confidential",
        "clientSecret": format!("${{{secret}}}"),
        "redirectUri": "http://localhost/oauth/callback",
    }));
    bench.run(&["hub", "login", "work", "--yes"]).with_code(0);
    assert_eq!(bench.openings(), 1);
    bench.call().output().with_code(0);
}
