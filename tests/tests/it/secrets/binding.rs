//! A credential is only sent to the host its owner confirmed. Whatever the file or the environment
//! says, another host gets no request.

use serde_json::json;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::{Era, Home};

use super::{TWIN, answering, rewrite};

const UNBOUND: i32 = 4;

/// A home with a saved connection `work`, edited by hand to another host.
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

    // Turning access off is always possible, and confirms nothing.
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

/// A proxy sees hosts and times; an unconfirmed one counts as a change like a host does.
#[test]
fn a_proxy_written_by_hand_gets_no_connection_until_it_is_confirmed() {
    let (mine, other) = (RawServer::always(Reply::status(403)), RawServer::mute());
    let home = Home::new(TWIN);
    let credential = home.credential("fake-token");
    let create = format!(
        "connection create work --provider openai --model m --credential {credential} \
         --base-url https://api.invalid/v1 --allow-network --offline --proxy {}",
        mine.url("/")
    );
    home.run(create.split(' ')).with_code(0);
    home.run(["chat", "work", "hi"]).with_code(9);
    assert_eq!((mine.heads(), other.accepts()), (1, 0));

    let saved = std::fs::read_to_string(home.connections()).unwrap();
    let (old, new) = (mine.url("/").to_string(), other.url("/").to_string());
    let record = saved.find("preflight = ").unwrap();
    let (fields, record) = saved.split_at(record);
    assert!(
        record.contains(&format!("bound_proxy = \"{old}\"")),
        "{saved}"
    );
    let without_record = record.replace(&format!(", bound_proxy = \"{old}\""), "");
    for edited in [
        format!("{}{record}", fields.replace(&old, &new)),
        // A record from before proxies were confirmed, and none at all.
        format!("{fields}{without_record}"),
        fields.replace("https://api.invalid/v1", "https://api.openai.com/v1"),
    ] {
        rewrite(&home.connections(), edited);
        for words in [
            &["chat", "work", "hi"][..],
            &["models", "work"],
            &["preflight", "work"],
            &["connection", "edit", "work", "--model", "other"],
        ] {
            let output = home.run(words).with_code(UNBOUND);
            let said = output.to_string();
            assert!(said.contains("credential.unbound"), "{words:?}\n{said}");
            let command = "synapse connection edit work --proxy http";
            assert!(said.contains(command), "{words:?}\n{said}");
        }
        let listed = home.run(["connection", "list"]).with_code(0);
        assert!(listed.stdout.contains("unconfirmed"), "{listed}");
    }
    assert_eq!((mine.heads(), other.accepts()), (1, 0));

    rewrite(&home.connections(), format!("{fields}{without_record}"));
    let confirm = format!("connection edit work --proxy {old} --offline");
    home.run(confirm.split(' ')).with_code(0);
    home.run(["chat", "work", "hi"]).with_code(9);
    assert_eq!((mine.heads(), other.accepts()), (2, 0));
}

/// A proxy could read the key and every prompt of a plain-http connection.
#[test]
fn plain_http_has_no_proxy_wherever_it_is_written() {
    let (server, proxy) = (answering(), answering());
    let home = Home::connected(TWIN, &server);
    let through = proxy.url("/").to_string();
    let refused = "config.invalid-value";
    let edit = home.run(["connection", "edit", "work", "--proxy", &through]);
    assert!(edit.with_code(3).stderr.contains(refused));

    let saved = std::fs::read_to_string(home.connections()).unwrap();
    let edited = saved.replace(
        "base_url = ",
        &format!("proxy = \"{through}\"\nbase_url = "),
    );
    rewrite(&home.connections(), edited);
    let chat = home.run(["chat", "work", "hi"]).with_code(3);
    assert!(chat.stderr.contains(refused), "{chat}");
    let local = saved.replace("127.0.0.1", "localhost");
    let edited = local.replace(
        "base_url = ",
        &format!("proxy = \"{through}\"\nbase_url = "),
    );
    rewrite(&home.connections(), edited);
    drop(home.run(["chat", "work", "hi"]).with_code(3));
    assert_eq!((server.heads(), proxy.accepts()), (0, 0));
}

/// Prompts may cross a private network unencrypted if the owner agrees; a key never may.
#[test]
fn plain_http_to_a_private_address_is_for_servers_without_a_credential() {
    let home = Home::new(TWIN);
    let credential = home.credential("fake-token");
    let create = |url: &str, flags: &[&str]| {
        let mut words = vec!["connection", "create", "lan", "--provider", "ollama"];
        words.extend(["--model", "m", "--offline", "--base-url", url]);
        words.extend(flags);
        home.run(words)
    };
    let private = "http://192.168.1.7:11434/v1";
    let refused = create(private, &[]).with_code(6);
    assert!(refused.stderr.contains("--allow-plain-http"), "{refused}");
    assert!(!refused.stderr.contains("send the credential"), "{refused}");
    let allow = "--allow-plain-http";
    let with_key = create(private, &[allow, "--credential", &credential]).with_code(6);
    assert!(
        with_key.stderr.contains("send the credential unencrypted"),
        "{with_key}"
    );
    for elsewhere in [
        "http://api.invalid/v1",
        "http://nas.local/v1",
        "http://8.8.8.8/v1",
    ] {
        drop(create(elsewhere, &[allow]).with_code(6));
    }
    create(private, &[allow]).with_code(0);
    let written = std::fs::read_to_string(home.connections()).unwrap();
    assert!(written.contains("allow_plain_http = true"), "{written}");
    let shown = home.run(["connection", "show", "lan"]).with_code(0);
    assert!(shown.stdout.contains("not encrypted"), "{shown}");

    let add_key = [
        "connection",
        "edit",
        "lan",
        "--offline",
        "--credential",
        &credential,
    ];
    drop(home.run(add_key).with_code(6));
    let by_hand = written.replace(
        "network = ",
        &format!("credential = \"{credential}\"\nnetwork = "),
    );
    rewrite(&home.connections(), by_hand);
    let chat = home.run(["chat", "lan", "hi"]).with_code(6);
    assert!(chat.stderr.contains("endpoint.invalid-url"), "{chat}");
    rewrite(&home.connections(), written);
    let deny = [
        "connection",
        "edit",
        "lan",
        "--offline",
        "--deny-plain-http",
    ];
    drop(home.run(deny).with_code(6));
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

/// Variables that redirect other programs.
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
