//! The lines of `check`, and the side effects it must not have.

use synapse_core::check::CheckId;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::Home;

use super::{TWIN, check, document, line};

#[test]
fn an_empty_home_fails_nothing_and_is_not_made() {
    let home = Home::new(TWIN);
    let document = document(&home, &[]);
    assert_eq!(document["ok"], true, "{document}");
    assert_eq!(line(&document, "ide", None)["outcome"], "warn");
    assert!(!home.synapse().exists(), "looking makes nothing");
}

/// A misspelt `retention_days` keeps everything forever, and calls do not say so.
#[test]
fn a_mistake_in_the_settings_of_the_ledger_or_the_collector_fails() {
    for (settings, code) in [
        ("[ledger]\nretention_dayss = 30", "config.unknown-field"),
        ("[ledger]\nretention_days = \"30\"", "config.invalid-value"),
        (
            "[telemetry]\nendpiont = \"http://127.0.0.1:1\"",
            "config.unknown-field",
        ),
        (
            "[telemetry]\nendpoint = \"http://example.com\"",
            "endpoint.invalid-url",
        ),
    ] {
        let home = Home::closed(TWIN, &OpenAiDouble::start());
        let connections = std::fs::read_to_string(home.connections()).unwrap();
        crate::write(&home.connections(), &format!("{connections}\n{settings}\n"));
        let document = document(&home, &[]);
        let found = line(&document, "connections", None);
        assert_eq!(found["outcome"], "fail", "{settings}: {found}");
        assert_eq!(found["error"]["code"], code, "{settings}: {found}");
        // The connections themselves can be used.
        assert_eq!(line(&document, "connection", Some("work"))["outcome"], "ok");
    }
}

#[test]
fn a_closed_gate_opens_no_socket_and_reads_no_key() {
    let double = OpenAiDouble::start();
    let home = Home::closed(TWIN, &double);
    for words in [&[][..], &["work"]] {
        let document = document(&home, words);
        assert_eq!(document["ok"], true, "{document}");
    }
    let all = document(&home, &[]);
    assert_eq!(line(&all, "preflight", Some("work"))["outcome"], "skip");
    let one = document(&home, &["work"]);
    assert_eq!(line(&one, "gate", Some("work"))["outcome"], "warn");
    assert_eq!(line(&one, "reach", Some("work"))["needs"], "gate");
    assert_eq!(double.server().accepts(), 0, "the gate is closed");
}

#[test]
fn an_open_gate_is_gone_through_as_far_as_nothing_is_paid() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let all = document(&home, &[]);
    let preflight = line(&all, "preflight", Some("work"));
    assert_eq!(preflight["outcome"], "ok", "{preflight}");
    let one = document(&home, &["work"]);
    for id in [
        "config",
        "endpoint",
        "gate",
        "credential",
        "reach",
        "token",
        "model",
    ] {
        assert_eq!(line(&one, id, Some("work"))["outcome"], "ok", "{id}: {one}");
    }
    assert_eq!(line(&one, "live", Some("work"))["outcome"], "skip");
    let people = check(&home, &["work"]).with_code(0);
    assert_eq!(
        people.stdout.matches("credential work").count(),
        1,
        "{people}"
    );
    assert_eq!(home.history().len(), 0, "nothing was asked");
}

#[test]
fn what_fails_says_why_and_what_to_type_and_decides_the_exit_code() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    for entry in std::fs::read_dir(home.path()).unwrap().flatten() {
        if entry
            .path()
            .extension()
            .is_some_and(|ending| ending == "token")
        {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    let document = document(&home, &[]);
    let preflight = line(&document, "preflight", Some("work"));
    assert_eq!(preflight["error"]["code"], "credential.missing");
    let command = preflight["remedy"]["command"].as_str().unwrap();
    assert!(command.starts_with("synapse secret set file:"), "{command}");
    let people = check(&home, &[]).with_code(4);
    assert!(people.stdout.contains(command), "{people}");
    assert!(people.stdout.contains("1 failed"), "{people}");
    assert_eq!(people.stderr, "", "each line says it once");
}

#[test]
fn a_client_is_started_and_gone_through_step_by_step() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    let all = document(&home, &[]);
    let entry = line(&all, "entry", Some("cursor"));
    assert_eq!(entry["outcome"], "ok", "{entry}");
    let one = document(&home, &["cursor"]);
    for id in [
        "entry",
        "loaded",
        "command",
        "start",
        "initialize",
        "tools",
        "end",
    ] {
        assert_eq!(
            line(&one, id, Some("cursor"))["outcome"],
            "ok",
            "{id}: {one}"
        );
    }
    assert_eq!(
        line(&one, "connection", Some("cursor: work"))["outcome"],
        "ok"
    );
    // A client without an entry is only reported if named.
    let none = document(&home, &["zed"]);
    assert_eq!(none["error"]["code"], "ide.not-installed", "{none}");
}

#[test]
fn an_upstream_server_is_looked_at_and_left_alone() {
    let home = Home::new(TWIN);
    let witness = home.path().join("started");
    let entry = serde_json::json!({"mcpServers": {"files": {
        "command": "/usr/bin/touch", "args": [witness]}}});
    home.write(".synapse/mcp-servers.json", entry.to_string());
    for words in [&[][..], &["files"]] {
        let document = document(&home, words);
        let server = line(&document, "server", Some("files"));
        assert_eq!(server["outcome"], "warn", "{server}");
        assert_eq!(server["error"]["code"], "upstream.not-approved");
        assert_eq!(server["remedy"]["command"], "synapse hub approve files");
    }
    assert!(!witness.exists(), "nothing was started");
    // Doctor reports the same checks.
    let doctor = home.run(["doctor", "--json"]).with_code(0).json();
    assert_eq!(line(&doctor, "hub", None)["detail"], "1 upstream server");
    assert_eq!(line(&doctor, "server", Some("files"))["outcome"], "warn");
}

#[test]
fn a_broken_file_of_servers_fails_doctor_too() {
    let home = Home::new(TWIN);
    home.write(".synapse/mcp-servers.json", "{");
    let doctor = home.run(["doctor", "--json"]).json();
    assert_eq!(line(&doctor, "hub", None)["outcome"], "fail", "{doctor}");
    assert_eq!(doctor["ok"], false);
}

#[test]
fn a_name_that_nothing_has_is_corrected_with_the_whole_command() {
    let double = OpenAiDouble::start();
    let home = Home::closed(TWIN, &double);
    let output = check(&home, &["wrok", "--fix"]).with_code(3);
    assert!(
        output
            .stderr
            .contains("did you mean `work`? synapse check work --fix"),
        "{output}"
    );
    let cursor = check(&home, &["cursr"]).with_code(3);
    assert!(cursor.stderr.contains("synapse check cursor"), "{cursor}");
}

#[test]
fn every_id_is_explained_in_the_guide() {
    let guide = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides/check.md"),
    )
    .unwrap();
    for id in CheckId::ALL {
        let row = format!("| `{id}` | {} |", id.about());
        assert!(guide.contains(&row), "{row}");
    }
}
