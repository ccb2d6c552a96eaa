//! `hub login`, `hub logout` and `hub auth-status` against oidc-provider, as a user runs them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use synapse_core::ports::TokenStore as _;
use synapse_home::Home;
use synapse_secrets::TokenRecords;

use crate::peer::{Desk, Peer};

fn public(peer: &Peer) -> Value {
    json!({
        "type": "streamable-http",
        "url": peer.mcp,
        "oauth": {"clientId": "native", "scopes": ["read-mcp"]},
    })
}

/// A server without a configured client.
fn bare(peer: &Peer) -> Value {
    json!({"type": "streamable-http", "url": peer.mcp})
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no document: {output:?}"))
}

fn succeeded(output: &Output) {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn failed(output: &Output, code: &str) -> String {
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    assert_eq!(document(output)["error"]["code"], code, "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The values of the only record.
fn values(desk: &Desk) -> (String, String) {
    use secrecy::ExposeSecret as _;

    let records = TokenRecords::open(Home::new(desk.synapse())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut all = runtime.block_on(records.list("home")).unwrap();
    assert_eq!(all.len(), 1);
    let (_, record) = all.remove(0).record.unwrap();
    let text = |secret: Option<secrecy::SecretString>| secret.unwrap().expose_secret().to_owned();
    (text(record.access), text(record.refresh))
}

#[test]
fn a_registered_client_logs_in_by_a_browser_and_shows_no_value() {
    let peer = Peer::start("");
    let desk = Desk::new(&bare(&peer));
    let output = desk.run(&["hub", "login", "work", "--yes", "--register", "--json"]);
    succeeded(&output);
    let login = document(&output);
    assert_eq!(login["schema"], "synapse.hub-login/1");
    assert_eq!(login["login"]["issuer"], peer.issuer);
    assert_eq!(login["login"]["client_kind"], "registered");
    assert_eq!(login["login"]["state"], "usable");
    assert_eq!(peer.count("register"), 1);
    let status = desk.run(&["hub", "auth-status", "work", "--json"]);
    succeeded(&status);
    assert_eq!(document(&status)["servers"][0]["login"]["generation"], 2);
    // The values are in one file only: not in the output, not in the ledger.
    let (access, refresh) = values(&desk);
    for value in [access, refresh] {
        assert_eq!(desk.holding(&value).len(), 1);
        for output in [&output, &status] {
            let all = [output.stdout.as_slice(), &output.stderr].concat();
            assert!(!String::from_utf8_lossy(&all).contains(&value));
        }
    }
}

/// The address reaches the opener as one argument, whatever a shell would make of it; `%s` places
/// it.
#[test]
fn a_browser_gets_the_whole_address_as_one_argument() {
    let peer = Peer::start("");
    let desk = Desk::new(&bare(&peer));
    let seen = desk.home.path().join("seen");
    let opener = desk.home.path().join("an opener");
    let text = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{}'\nexec '{}' \"$2\"\n",
        seen.display(),
        desk.home.path().join("browser").display()
    );
    crate::peer::write(&opener, &text, 0o700);
    let place = desk.home.path().join("opener");
    std::os::unix::fs::symlink(&opener, &place).unwrap();
    let browser = format!("{} --new;window %s $(id)", place.display());
    let output = desk
        .synapse_with(&["hub", "login", "work", "--yes", "--register"])
        .env("BROWSER", browser)
        .output()
        .unwrap();
    succeeded(&output);
    let seen = std::fs::read_to_string(seen).unwrap();
    let arguments: Vec<&str> = seen.lines().collect();
    let [first, address, last] = arguments[..] else {
        panic!("{arguments:?}")
    };
    assert_eq!((first, last), ("--new;window", "$(id)"));
    assert!(address.starts_with(&peer.issuer), "{address}");
    for part in [
        "&state=",
        "&code_challenge=",
        "&redirect_uri=",
        "&resource=",
    ] {
        assert!(address.contains(part), "{address}");
    }
}

#[test]
fn a_pasted_address_logs_in_without_a_listener() {
    let peer = Peer::start("");
    let mut entry = public(&peer);
    entry["oauth"]["redirectUri"] = json!("http://localhost:7000/oauth/callback");
    let desk = Desk::new(&entry);
    let mut child = desk
        .synapse_with(&["hub", "login", "work", "--yes", "--paste"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.trim_start().starts_with(&peer.issuer) {
        line.clear();
        assert_ne!(
            stderr.read_line(&mut line).unwrap(),
            0,
            "no address was printed"
        );
    }
    let end = desk.end_of(line.trim());
    assert!(
        end.starts_with("http://localhost:7000/oauth/callback?code="),
        "{end}"
    );
    writeln!(child.stdin.take().unwrap(), "{end}").unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}");
    let code = end
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    assert!(!rest.contains(code), "{rest}");
}

#[test]
fn a_device_logs_in_with_a_code() {
    let peer = Peer::start("");
    let desk = Desk::new(&public(&peer));
    let mut child = desk
        .synapse_with(&["hub", "login", "work", "--yes", "--device"])
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("or open ") {
        line.clear();
        assert_ne!(
            stderr.read_line(&mut line).unwrap(),
            0,
            "no code was printed"
        );
    }
    desk.end_of(line.trim_start_matches("or open ").trim());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}");
    assert_eq!(peer.count("token"), 1);
}

#[test]
fn an_unregistered_redirect_is_told_with_its_uri_and_no_browser_opens() {
    let peer = Peer::start("");
    let mut entry = public(&peer);
    entry["oauth"]["redirectUri"] = json!("http://127.0.0.1:7123/other");
    let desk = Desk::new(&entry);
    let output = desk.run(&["hub", "login", "work", "--yes", "--json"]);
    let told = failed(&output, "oauth.redirect-mismatch");
    assert!(told.contains("http://127.0.0.1:7123/other"), "{told}");
    assert_eq!(peer.count("token"), 0);
}

#[test]
fn an_unknown_client_is_told_before_a_browser_opens() {
    let peer = Peer::start("");
    let mut entry = public(&peer);
    entry["oauth"]["clientId"] = json!("nobody");
    let desk = Desk::new(&entry);
    let output = desk.run(&["hub", "login", "work", "--yes", "--json"]);
    failed(&output, "oauth.client-unknown");
}

#[test]
fn without_a_client_nothing_is_registered_and_the_ways_are_listed() {
    let peer = Peer::start("");
    let desk = Desk::new(&bare(&peer));
    let output = desk.run(&["hub", "login", "work", "--yes", "--json"]);
    let told = failed(&output, "oauth.client-required");
    assert!(told.contains("synapse hub login work --register"), "{told}");
    assert_eq!(peer.count("register"), 0);
}

#[test]
fn a_server_that_is_not_approved_is_not_contacted() {
    let peer = Peer::start("");
    let desk = Desk::new(&public(&peer));
    std::fs::remove_dir_all(desk.synapse().join("hub")).unwrap();
    let output = desk.run(&["hub", "login", "work", "--yes", "--json"]);
    assert_eq!(
        document(&output)["error"]["code"],
        "upstream.not-approved",
        "{output:?}"
    );
}

#[test]
fn an_entry_with_a_header_of_its_own_is_not_logged_in() {
    let peer = Peer::start("");
    let mut entry = public(&peer);
    entry["headers"] = json!({"Authorization": "Bearer ${keyring:work}"});
    let desk = Desk::new(&entry);
    let output = desk.run(&["hub", "login", "work", "--yes", "--json"]);
    failed(&output, "oauth.two-credentials");
}

#[test]
fn without_yes_and_without_a_terminal_nothing_is_sent_to_the_authorization_server() {
    let peer = Peer::start("");
    let desk = Desk::new(&public(&peer));
    let output = desk.run(&["hub", "login", "work", "--json"]);
    let told = failed(&output, "oauth.denied");
    assert!(told.contains(&peer.issuer), "{told}");
}

#[test]
fn a_logout_forgets_the_tokens_and_keeps_the_client_unless_told() {
    let peer = Peer::start("");
    let desk = Desk::new(&bare(&peer));
    succeeded(&desk.run(&["hub", "login", "work", "--yes", "--register"]));
    let (access, refresh) = values(&desk);
    let output = desk.run(&["hub", "logout", "work", "--json"]);
    succeeded(&output);
    assert_eq!(document(&output)["records"], 1);
    for value in [access, refresh] {
        assert!(desk.holding(&value).is_empty());
    }
    succeeded(&desk.run(&["hub", "login", "work", "--yes"]));
    assert_eq!(peer.count("register"), 1);
    succeeded(&desk.run(&["hub", "logout", "work", "--forget-client"]));
    let output = desk.run(&["hub", "login", "work", "--yes", "--json"]);
    failed(&output, "oauth.client-required");
}
