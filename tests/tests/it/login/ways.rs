//! The ways to log in, and what is said before a browser opens.

use serde_json::json;
use synapse_tests::Era;
use synapse_tests::process::Run;
use synapse_tests::terminal::Terminal;
use synapse_tests::third_party::{NODE, installed};

use super::{Bench, Rotation, code, script};

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
fn a_redirect_uri_that_is_not_registered_is_named_before_a_browser_opens() {
    let bench = Bench::start(Rotation::Never);
    let wrong = "http://localhost:7000/wrong/callback";
    bench.declare(&json!({"clientId": "native", "redirectUri": wrong}));
    let mismatch = bench.run(&["hub", "login", "work", "--yes", "--json"]);
    assert_eq!(mismatch.code, 10, "{mismatch}");
    assert_eq!(code(&mismatch), "oauth.redirect-mismatch");
    assert!(mismatch.stdout.contains(wrong), "{mismatch}");

    bench.declare(&json!({"clientId": "nobody", "redirectUri": wrong}));
    let unknown = bench.run(&["hub", "login", "work", "--yes", "--json"]);
    assert_eq!(code(&unknown), "oauth.client-unknown");
    assert_eq!((bench.openings(), bench.count("token")), (0, 0));
}

#[test]
fn a_device_logs_in_with_a_code_that_another_browser_takes() {
    let bench = Bench::start(Rotation::Never);
    bench.declare(&json!({"clientId": "native"}));
    let mut terminal =
        Terminal::start(bench.command(&["hub", "login", "work", "--device", "--yes"]));
    terminal.wait_for("the code is good for");
    let seen = terminal.seen();
    let address = word_after(&seen, "or open ");
    assert!(address.starts_with(&bench.issuer), "{seen}");
    visit(&[&address]);
    let output = terminal.finish();
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(bench.openings(), 0);
    let said = bench.call().output().with_code(0);
    assert!(said.stdout.contains("authenticated as user"), "{said}");
}

#[test]
fn an_answer_that_is_pasted_logs_in_and_is_not_shown() {
    let bench = Bench::start(Rotation::Never);
    bench.declare(&json!({
        "clientId": "native",
        "redirectUri": "http://localhost/oauth/callback",
    }));
    let words = ["hub", "login", "work", "--paste", "--yes"];
    let mut terminal = Terminal::start(bench.command(&words));
    terminal.wait_for("the answer is expected at");
    let seen = terminal.seen();
    let answer = visit(&["--end", &word_after(&seen, "log in at:\n")]);
    terminal.type_line(answer.trim());
    let output = terminal.finish();
    assert_eq!(output.code, 0, "{output}");
    let (_, secret) = answer.split_once("code=").unwrap();
    let secret = secret.split('&').next().unwrap();
    assert!(!output.stdout.contains(secret), "{output}");
    assert_eq!(bench.openings(), 0);
    bench.call().output().with_code(0);
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

/// The browser without a window, at this address.
fn visit(words: &[&str]) -> String {
    let browser = script("browser.mjs");
    let words = std::iter::once(browser.as_str()).chain(words.iter().copied());
    let output = Run::new(&installed(NODE), words).output().with_code(0);
    output.stdout
}

/// The word that follows `mark` on a screen.
fn word_after(seen: &str, mark: &str) -> String {
    let (_, rest) = seen.split_once(mark).unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}
