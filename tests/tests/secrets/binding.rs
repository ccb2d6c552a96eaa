//! A credential goes to the host that its owner confirmed. Whatever else the file or the
//! environment says, the other host gets no request.

use serde_json::json;
use synapse_testkit::raw::RawServer;
use synapse_tests::{Era, Home};

use super::{TWIN, answering, rewrite};

const UNBOUND: i32 = 4;

/// A home with a saved connection `work`, which is then made to point elsewhere by hand.
fn redirected(from: &RawServer, to: &RawServer) -> Home {
    let home = Home::connected(TWIN, from);
    let written = std::fs::read_to_string(home.connections()).unwrap();
    let (old, new) = (format!("base_url = \"{}", from.url("/v1")), to.url("/v1"));
    assert!(written.contains(&old), "{written}");
    let edited = written.replace(&old, &format!("base_url = \"{new}"));
    rewrite(&home.connections(), edited);
    home
}

#[test]
fn a_base_url_changed_by_hand_gets_no_request_until_it_is_confirmed() {
    let (mine, other) = (answering(), answering());
    let home = redirected(&mine, &other);
    let base_url = other.url("/v1").to_string();
    let command = format!("synapse connection edit work --base-url {base_url}");
    for words in [
        &["chat", "work", "hi"][..],
        &["chat", "work", "hi", "--json"],
        &["models", "work"],
        &["preflight", "work"],
        &["preflight", "work", "--live", "--json"],
        &["connection", "edit", "work", "--model", "other"],
        &[
            "connection",
            "edit",
            "work",
            "--model",
            "other",
            "--offline",
        ],
    ] {
        let output = home.run(words).with_code(UNBOUND);
        let said = output.to_string();
        assert!(said.contains("credential.unbound"), "{words:?}\n{said}");
        assert!(said.contains(&command), "{words:?}\n{said}");
    }
    let mut ide = home.serve(Era::Modern);
    let result = ide.call("chat", json!({"prompt": "hi"}));
    assert_eq!(
        result["structuredContent"]["error"]["code"],
        "credential.unbound"
    );
    drop(ide.close());
    let listed = home.run(["connection", "list"]).with_code(0);
    assert!(listed.stdout.contains("unconfirmed"), "{listed}");
    let refused = home.history();
    assert_eq!(refused.len(), 3, "each refused call is a row: {refused:?}");
    assert!(
        refused
            .iter()
            .all(|row| row["error_code"] == "credential.unbound")
    );

    // Closing the gate is never hindered, and confirms nothing.
    for edit in ["--deny-network", "--allow-network"] {
        let output = home.run(["connection", "edit", "work", edit, "--offline"]);
        assert_eq!(output.code == 0, edit == "--deny-network", "{output}");
    }
    assert_eq!((mine.heads(), other.heads()), (0, 0));

    let confirm = format!("connection edit work --allow-network --base-url {base_url} --offline");
    home.run(confirm.split(' ')).with_code(0);
    home.run(["chat", "work", "hi"]).with_code(0);
    assert_eq!((mine.heads(), other.heads()), (0, 1));
}

#[test]
fn a_hand_written_connection_to_a_strange_host_waits_for_its_owner() {
    let home = Home::new(TWIN);
    let credential = home.credential("fake-token");
    home.write(
        ".synapse/connections.toml",
        format!(
            "format = 1\n[connections.work]\nprovider = \"openai\"\nmodel = \"m\"\n\
             credential = \"{credential}\"\nnetwork = \"open\"\n\
             base_url = \"https://api.invalid/v1\"\n"
        ),
    );
    let output = home.run(["chat", "work", "hi"]).with_code(UNBOUND);
    assert!(output.stderr.contains("credential.unbound"), "{output}");
}

#[test]
fn no_variable_of_the_environment_redirects_a_stored_key() {
    let (mine, other) = (answering(), answering());
    let home = Home::connected(TWIN, &mine);
    let elsewhere = other.url("/v1").to_string();
    let chat = REDIRECTING
        .iter()
        .fold(home.twin(["chat", "work", "hi"]), |run, name| {
            run.env(name, &elsewhere)
        });
    drop(chat.output().with_code(0));
    assert_eq!((mine.heads(), other.heads()), (1, 0));
}

/// By which other programs let themselves be sent elsewhere.
const REDIRECTING: [&str; 18] = [
    "OPENAI_BASE_URL",
    "OPENAI_API_BASE",
    "OPENAI_API_HOST",
    "OPENAI_PROXY",
    "ANTHROPIC_BASE_URL",
    "HF_ENDPOINT",
    "HF_INFERENCE_ENDPOINT",
    "HUGGINGFACE_HUB_ENDPOINT",
    "SYNAPSE_BASE_URL",
    "BASE_URL",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "CURL_CA_BUNDLE",
];
