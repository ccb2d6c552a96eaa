//! Every kind of reference through the whole product: the value reaches its host, and with network
//! access off no program is started and no server contacted.

use serde_json::json;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::{Flags, Home, LocalProvider as _, Output};

use super::{TWIN, answering, rewrite};

const GATE: i32 = 5;

/// Runs the twin with a PATH and the key of the local vault.
fn run(home: &Home, words: &[&str]) -> Output {
    home.twin(words)
        .env("PATH", "/usr/bin:/bin")
        .env("SYNAPSE_VAULT_KEY_FILE", home.path().join("vault.key"))
        .output()
}

/// Saves the connection `work` with that credential, network access on or off.
fn saved(credential: &str, provider: &RawServer, gate: &[&str]) -> Home {
    let home = Home::new(TWIN);
    let flags = Flags {
        credential: credential.to_owned(),
        ..provider.flags(&home)
    };
    home.create("work", &flags, &[gate, &["--offline"]].concat())
        .with_code(0);
    home
}

/// A Vault server with `fake-token` in every field `key`.
fn vault() -> RawServer {
    RawServer::always(Reply::json(
        200,
        r#"{"data":{"data":{"key":"fake-token"},"metadata":{"version":1}}}"#,
    ))
}

fn write_vault_toml(home: &Home, server: &RawServer) {
    std::fs::create_dir_all(home.synapse()).unwrap();
    let address = server.url("/").to_string();
    let token = home.credential("fake-server-token");
    let text = format!("format = 1\naddress = \"{address}\"\ntoken = \"{token}\"\n");
    rewrite(&home.synapse().join("vault.toml"), text);
}

#[test]
fn a_program_and_a_server_give_the_token_of_a_prompt_and_each_is_asked_once() {
    let (provider, server) = (answering(), vault());
    let command = r#"cmd:["printf","%s","fake-token"]"#;
    let home = saved(command, &provider, &["--allow-network"]);
    run(&home, &["chat", "work", "hi"]).with_code(0);

    let home = saved("vault:secret/a#key", &provider, &["--allow-network"]);
    write_vault_toml(&home, &server);
    run(&home, &["chat", "work", "hi"]).with_code(0);

    assert_eq!((provider.heads(), server.heads()), (2, 1));
    for request in provider.requests() {
        assert_eq!(request.header("authorization"), Some("Bearer fake-token"));
    }
    let asked = server.only_request();
    assert_eq!(
        asked.header("authorization"),
        Some("Bearer fake-server-token")
    );
}

#[test]
fn the_entry_of_an_ide_says_where_the_key_of_the_local_vault_is() {
    let home = Home::new(TWIN);
    let output = run(&home, &["ide", "snippet"]).with_code(0);
    let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let variables = &document["mcpServers"]["synapse"]["env"];
    let key_file = home.path().join("vault.key");
    assert_eq!(variables["SYNAPSE_VAULT_KEY_FILE"], json!(key_file));
    let output = home.run(["ide", "snippet"]).with_code(0);
    assert!(
        !output.stdout.contains("SYNAPSE_VAULT_KEY_FILE"),
        "{output}"
    );
}

#[test]
fn behind_a_closed_gate_no_program_runs_and_no_server_is_asked() {
    let (provider, server) = (answering(), vault());
    for credential in [
        r#"cmd:["touch","ran"]"#,
        "vault:secret/a#key",
        "vault:local/none",
        "keyring:none",
        "op://a/b/c",
        "pass:none",
        "systemd:none",
    ] {
        let home = saved(credential, &provider, &[]);
        write_vault_toml(&home, &server);
        for words in [
            &["chat", "work", "hi"][..],
            &["models", "work"],
            &["preflight", "work"],
            &["preflight", "work", "--live"],
        ] {
            run(&home, words).with_code(GATE);
        }
        assert!(!home.path().join("ran").exists(), "the program ran");
    }
    assert_eq!((provider.accepts(), server.accepts()), (0, 0));
    // Counter-check: with network access on, the program runs.
    let home = saved(r#"cmd:["touch","ran"]"#, &provider, &["--allow-network"]);
    let output = run(&home, &["chat", "work", "hi", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(
        document["error"]["code"],
        json!("credential.empty"),
        "{output}"
    );
    assert!(home.path().join("ran").exists());
    assert_eq!(provider.accepts(), 0);
}
