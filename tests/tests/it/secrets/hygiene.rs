//! Exposed secrets: the findings of preflight, `secret check` and `doctor`, none of which reveals a
//! secret.

use serde_json::{Value, json};
use synapse_testkit::leak::Canary;
use synapse_tests::home::set_mode;
use synapse_tests::process::Run;
use synapse_tests::{Flags, Home, Output};

use super::{TWIN, answering, rewrite, shapes};

const CREDENTIAL: i32 = 4;
const STORAGE: i32 = 13;
const SYSTEM: &str = "/usr/bin:/bin";

fn run(home: &Home, words: &[&str]) -> Output {
    home.twin(words).env("PATH", SYSTEM).output()
}

/// The codes of doctor's findings, with their outcomes.
fn codes(document: &Value) -> Vec<(String, String)> {
    let checks = document["checks"].as_array().unwrap().iter();
    let coded = checks.filter(|check| check["error"].is_object());
    coded
        .map(|check| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&check["outcome"]), text(&check["error"]["code"]))
        })
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(one, other): &(&str, &str)| ((*one).to_owned(), (*other).to_owned());
    expected.iter().map(owned).collect()
}

#[test]
fn a_credential_that_git_tracks_is_not_even_read() {
    let server = answering();
    let home = Home::new(TWIN);
    let (_, token) = shapes().remove(0);
    let file = home.write("project/keys/openai.token", &token);
    let project = home.path().join("project");
    Run::git(&project, &["init", "--quiet"])
        .output()
        .with_code(0);
    Run::git(&project, &["add", "."]).output().with_code(0);
    let reference = format!("file:{}", file.display());
    let base_url = server.url("/v1").to_string();
    let flags = Flags::new("openai", "m", &reference, &base_url);
    home.create("work", &flags, &["--allow-network", "--offline"])
        .with_code(0);

    let preflight = run(&home, &["preflight", "work"]).with_code(CREDENTIAL);
    assert!(
        preflight.stderr.contains("credential.tracked-by-git"),
        "{preflight}"
    );
    assert!(preflight.stderr.contains("rm --cached"), "{preflight}");
    let doctor = run(&home, &["doctor", "--json"]).with_code(CREDENTIAL);
    assert_eq!(
        codes(&doctor.json()),
        pairs(&[("fail", "credential.tracked-by-git")])
    );
    assert_eq!(server.heads(), 0);

    Run::git(&project, &["rm", "--quiet", "--cached", "-r", "."])
        .output()
        .with_code(0);
    let check = run(&home, &["secret", "check", &reference]).with_code(0);
    assert!(
        check.stderr.contains("credential.not-ignored-by-git"),
        "{check}"
    );
    let doctor = run(&home, &["doctor", "--json"]).with_code(0);
    assert_eq!(
        codes(&doctor.json()),
        pairs(&[("warn", "credential.not-ignored-by-git")])
    );

    home.write("project/.gitignore", "*.token\n");
    let doctor = run(&home, &["doctor", "--json"]).with_code(0);
    assert_eq!(codes(&doctor.json()), []);
    // A link out of the work tree is checked too, with its target.
    let link = home.path().join("link.token");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    rewrite(&project.join(".gitignore"), "");
    let reference = format!("file:{}", link.display());
    let check = run(&home, &["secret", "check", &reference, "--json"]).with_code(0);
    let warning = &check.json()["warnings"][0]["code"];
    assert_eq!(*warning, "credential.not-ignored-by-git");
}

/// A call would fail there, and doctor says so, without reading the secret.
#[test]
fn doctor_fails_for_a_credential_that_a_call_could_not_read() {
    let server = answering();
    let home = Home::new(TWIN);
    let base_url = server.url("/v1").to_string();
    let empty = home.write("empty.token", "");
    set_mode(&empty, 0o600);
    let open = home.write("open.token", "fake-token");
    for (reference, code) in [
        (home.credential("fake-token"), None),
        ("file:~/gone.token".to_owned(), Some("credential.missing")),
        ("file:~/".to_owned(), Some("credential.not-a-file")),
        (
            format!("file:{}", empty.display()),
            Some("credential.empty"),
        ),
        (
            format!("file:{}", open.display()),
            Some("credential.mode-too-open"),
        ),
        (
            "cmd:[\"gone\"]".to_owned(),
            Some("credential.store-not-found"),
        ),
        (
            "vault:local/gone".to_owned(),
            Some("credential.store-not-found"),
        ),
    ] {
        let flags = Flags::new("openai", "m", &reference, &base_url);
        home.create("work", &flags, &["--offline"]).with_code(0);
        set_mode(&open, 0o644);
        // Nothing is called behind a closed gate.
        let doctor = run(&home, &["doctor", "--json"]).with_code(0).json();
        let expected: Vec<_> = code.into_iter().map(|code| ("warn", code)).collect();
        assert_eq!(codes(&doctor), pairs(&expected), "{reference}");
        let saved = std::fs::read_to_string(home.connections()).unwrap();
        rewrite(
            &home.connections(),
            saved.replace("network = \"closed\"", "network = \"open\""),
        );
        let status = code.map_or(0, |_| CREDENTIAL);
        let doctor = run(&home, &["doctor", "--json"]).with_code(status).json();
        let expected: Vec<_> = code.into_iter().map(|code| ("fail", code)).collect();
        assert_eq!(codes(&doctor), pairs(&expected), "{reference}");
        run(&home, &["connection", "remove", "work", "--yes"]).with_code(0);
    }
    assert_eq!(server.heads(), 0);
}

#[test]
fn doctor_looks_at_everything_and_says_what_is_wrong() {
    let server = answering();
    let home = Home::new(TWIN);
    let empty = run(&home, &["doctor"]).with_code(0);
    assert!(empty.stdout.contains("core dumps are off"), "{empty}");
    assert!(empty.stdout.contains("there is none yet"), "{empty}");
    assert!(!home.synapse().exists(), "looking makes nothing");

    let base_url = server.url("/v1").to_string();
    for (name, reference) in [
        ("file", home.credential("fake-token")),
        ("variable", "env:WORK_KEY".to_owned()),
        ("synced", {
            let path = home.write("Dropbox/openai.token", "fake-token");
            format!("file:{}", path.display())
        }),
    ] {
        let flags = Flags::new("openai", "m", &reference, &base_url);
        home.create(name, &flags, &["--offline"]).with_code(0);
    }
    let doctor = run(&home, &["doctor", "--json"]).with_code(0).json();
    assert_eq!(doctor["schema"], "synapse.doctor/1");
    assert_eq!(doctor["ok"], true);
    let expected = [
        ("warn", "credential.not-passed-on"),
        ("warn", "credential.public-place"),
    ];
    assert_eq!(codes(&doctor), pairs(&expected));

    // An IDE that names the variable passes it on.
    let entry = json!({"mcpServers": {"synapse": {"command": "synapse", "env": {"WORK_KEY": ""}}}});
    home.write(".cursor/mcp.json", entry.to_string());
    let doctor = run(&home, &["doctor", "--json"]).with_code(0).json();
    assert_eq!(codes(&doctor), pairs(&expected[1..]));

    set_mode(&home.connections(), 0o620);
    let doctor = run(&home, &["doctor"]).with_code(STORAGE);
    assert!(doctor.stderr.contains("chmod go-w"), "{doctor}");
    set_mode(&home.connections(), 0o600);

    rewrite(&home.connections(), "format = 1\n[connections");
    let doctor = run(&home, &["doctor", "--json"]).with_code(3).json();
    let skipped = doctor["checks"].as_array().unwrap();
    let skipped = skipped.iter().filter(|check| check["outcome"] == "skip");
    let whys: Vec<&Value> = skipped.map(|check| &check["detail"]).collect();
    assert_eq!(whys, ["needs connections", "needs connections"]);
    assert_eq!(server.heads(), 0);
}

#[test]
fn a_token_in_a_configuration_is_told_by_its_line_and_not_shown() {
    let home = Home::new(TWIN);
    let (_, token) = shapes().remove(1);
    let canary = Canary::new(&token);
    let entry = |token: &str| {
        format!(
            "{{\n  \"mcpServers\": {{ \"x\": {{\n    \"env\": {{ \"OPENAI_API_KEY\": \"{token}\" }}\n  }} }}\n}}\n"
        )
    };
    home.write(".cursor/mcp.json", entry(&token));
    home.write(
        ".codeium/windsurf/mcp_config.json",
        entry("${env:OPENAI_API_KEY}"),
    );
    home.write(
        ".codex/config.toml",
        "[mcp_servers.x]\nenv_vars = [\"OPENAI_API_KEY\"]\n",
    );
    home.write(".cursor/.env", format!("A=1\nOPENAI_API_KEY={token}\n"));
    let output = run(&home, &["doctor", "--json"]).with_code(0);
    assert_eq!(
        canary.found_in(output.to_string().as_bytes()),
        None,
        "{output}"
    );
    let found = ("warn", "credential.token-in-file");
    assert_eq!(codes(&output.json()), pairs(&[found, found]));
    let lines: Vec<String> = output.json()["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|check| Some(check["error"]["context"]["lines"].as_str()?.to_owned()))
        .collect();
    assert_eq!(lines, ["2", "3"]);
    // Synapse's own server list accepts references only.
    home.write(".synapse/mcp-servers.json", entry(&token));
    let output = run(&home, &["doctor"]).with_code(CREDENTIAL);
    assert!(output.stdout.contains("FAIL  configurations"), "{output}");
    assert_eq!(
        canary.found_in(output.to_string().as_bytes()),
        None,
        "{output}"
    );
}

#[test]
fn a_support_bundle_holds_no_secret_and_replaces_nothing() {
    let server = answering();
    let home = Home::new(TWIN);
    let (_, token) = shapes().remove(2);
    let canary = Canary::new(&token);
    let base_url = server.url("/v1").to_string();
    let flags = Flags::new("openai", "m", &home.credential(&token), &base_url);
    home.create("work", &flags, &["--allow-network", "--offline"])
        .with_code(0);
    drop(run(&home, &["chat", "work", "a prompt of mine"]).with_code(0));
    // As if pasted by hand into the wrong line.
    let mut text = std::fs::read_to_string(home.connections()).unwrap();
    text += &format!(
        "[connections.odd]\nprovider = \"{token}\"\nmodel = \"{token}\"\ncredential = \"{token}\"\n"
    );
    rewrite(&home.connections(), text);
    home.write(".env", format!("KEY={token}\n"));

    let path = home.path().join("bundle.json");
    let words = ["doctor", "--bundle", path.to_str().unwrap()];
    let output = run(&home, &words).with_code(3);
    assert_eq!(
        canary.found_in(output.to_string().as_bytes()),
        None,
        "{output}"
    );
    let bundle = std::fs::read(&path).unwrap();
    let shown = String::from_utf8_lossy(&bundle);
    assert_eq!(canary.found_in(&bundle), None, "{shown}");
    assert!(!shown.contains("a prompt of mine"), "{shown}");
    assert!(!shown.contains(home.path().to_str().unwrap()), "{shown}");
    let document: Value = serde_json::from_slice(&bundle).unwrap();
    assert_eq!(document["schema"], "synapse.bundle/1");
    assert_eq!(document["history"]["entries"][0]["connection"], "work");
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);

    let again = run(&home, &words).with_code(2);
    assert!(again.stderr.contains("already exists"), "{again}");
    assert_eq!(std::fs::read(&path).unwrap(), bundle);
}

/// A large file beside a configuration does not block doctor.
#[test]
fn a_large_file_beside_a_configuration_is_looked_through_quickly() {
    for line in [
        "key=".repeat(1 << 20),
        "eyJ-".repeat(1 << 20),
        "NAME=some words, ".repeat(1 << 18),
    ] {
        let home = Home::new(TWIN);
        home.write(".env", &line);
        let began = std::time::Instant::now();
        let doctor = run(&home, &["doctor", "--json"]).with_code(0);
        assert_eq!(codes(&doctor.json()), []);
        let took = began.elapsed();
        // Beside other tests and unoptimised; quadratic scanning took hours.
        assert!(took < synapse_tests::PATIENCE, "{took:?}");
    }
}
