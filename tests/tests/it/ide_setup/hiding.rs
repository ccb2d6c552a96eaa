//! Commands on IDE files never print the user's content: not as text, JSON or preview, nor through
//! a process that echoes its arguments.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synapse_tests::{Home, Output};

use crate::TWIN;

/// Words, because a redactor cannot recognise them by shape.
fn canaries() -> [String; 8] {
    let words = [
        "walrus", "teapot", "granite", "velvet", "harbour", "saffron", "lantern", "meadow",
    ];
    words.map(|word| format!("{word}{}", "quay"))
}

#[track_caller]
fn is_silent(what: &str, output: &Output) {
    for canary in canaries() {
        for text in [&output.stdout, &output.stderr] {
            assert!(!text.contains(&canary), "{what} prints {canary}: {output}");
        }
    }
}

/// Every client with a user file on this system.
fn clients(home: &Home) -> Vec<String> {
    let listed = home.run(["ide", "list", "--json"]).with_code(0).json();
    let clients = listed["clients"].as_array().unwrap().iter();
    let found: Vec<String> = clients
        .filter(|client| client["files"][0]["scope"] == "user")
        .map(|client| client["client"].as_str().unwrap().to_owned())
        .collect();
    assert!(found.len() >= 17, "{found:?}");
    found
}

fn file_of(home: &Home, client: &str) -> PathBuf {
    let listed = home.run(["ide", "list", "--json"]).with_code(0).json();
    let clients = listed["clients"].as_array().unwrap();
    let found = clients.iter().find(|each| each["client"] == client);
    found.unwrap()["files"][0]["file"].as_str().unwrap().into()
}

/// A file of `client` in which every user value is a canary. Our entry starts `command`.
fn secretive(client: &str, command: &str, created: &str) -> String {
    let [env, token, key, header, above, beside, other, inside] = canaries();
    let arguments = [
        "serve",
        "--token",
        &token,
        &format!("--api-key={key}"),
        "--header",
        &format!("X-Key: {header}"),
    ];
    match client {
        "codex" => format!(
            "# {above}\n[mcp_servers.other]\ncommand = \"{other}\" # {beside}\nenv = {{ K = '{env}' }}\n\n\
             # {above}\n[mcp_servers.synapse]\n# {inside}\ncommand = \"{command}\" # {beside}\n\
             args = {arguments:?}\nhttp_headers = {{ \"X-Key\" = \"{header}\" }}\n\
             [mcp_servers.synapse.env]\nMY_KEY = \"\"\"\n{env}\n\"\"\"\n"
        ),
        "goose" => format!(
            "# {above}\nextensions:\n  other:\n    cmd: {other} # {beside}\n    envs: {{K: '{env}'}}\n  \
             # {above}\n  synapse: # {beside}\n    # {inside}\n    type: stdio\n    cmd: {command} # {beside}\n    \
             args: {arguments:?}\n    headers:\n      X-Key: {header}\n    envs:\n      MY_KEY: |\n        {env}\n"
        ),
        _ => {
            let mut root: Value = serde_json::from_str(created).unwrap();
            let key = root.as_object().unwrap().keys().next().unwrap().clone();
            let entry = &mut root[&key]["synapse"];
            if entry["command"].is_array() {
                let words = std::iter::once(command).chain(arguments);
                entry["command"] = json!(words.collect::<Vec<_>>());
            } else {
                entry["command"] = json!(command);
                entry["args"] = json!(arguments);
            }
            let variables = match client {
                "opencode" => "environment",
                _ => "env",
            };
            entry[variables]["MY_KEY"] = json!(env);
            entry["headers"] = json!({"X-Key": header, "N": [header]});
            root[&key]["other"] =
                json!({"command": other, "env": {"K": env}, "args": ["serve", token]});
            let text = serde_json::to_string_pretty(&root).unwrap();
            let text = text.replacen('{', &format!("// {above}\n{{ /* {above}\n {above} */"), 1);
            let text = text.replace(
                "\"synapse\": {",
                &format!("// {above}\n\"synapse\": {{ // {beside}\n/* {inside} */"),
            );
            text.replace("\"headers\"", &format!("/* {inside} */ \"headers\""))
        }
    }
}

#[test]
fn what_somebody_wrote_into_a_file_is_never_printed() {
    for client in &clients(&Home::new(TWIN)) {
        for command in [TWIN, "bin/synapse", "/old/bin/synapse"] {
            let home = Home::new(TWIN);
            // Under another path it is started, and echoes unknown arguments.
            let program = home.path().join(command);
            if command == "bin/synapse" {
                std::fs::create_dir(home.path().join("bin")).unwrap();
                symlink(TWIN, &program).unwrap();
            }
            let command = program.to_str().unwrap();
            home.run(["ide", "install", client, "--yes"]).with_code(0);
            let file = file_of(&home, client);
            let created = std::fs::read_to_string(&file).unwrap();
            let text = secretive(client, command, &created);
            rewrite(&file, &text);
            for json in [&[][..], &["--json"]] {
                let run = |words: &[&str]| {
                    let words: Vec<&str> = words.iter().chain(json).copied().collect();
                    let output = home.run(&words);
                    is_silent(&format!("{client} {command}: {words:?}"), &output);
                    output
                };
                run(&["ide", "list"]).with_code(0);
                run(&["ide", "snippet", client]).with_code(0);
                let checked = run(&["ide", "check", client, "--timeout", "20"]);
                assert!([2, 3].contains(&checked.code), "{checked}");
                let looked = run(&["ide", "remove", client, "--dry-run"]).with_code(0);
                is_whole(&looked, json);
                let looked = run(&["ide", "install", client, "--dry-run"]).with_code(0);
                if command == TWIN {
                    // The user's part of the entry stays, and nothing else is left to do.
                    continue;
                }
                is_whole(&looked, json);
                run(&["ide", "install", client, "--yes"]).with_code(0);
                let looked = run(&["ide", "undo", client, "--dry-run"]).with_code(0);
                is_whole(&looked, json);
                run(&["ide", "undo", client, "--yes"]).with_code(0);
                assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "{client}");
                run(&["ide", "remove", client, "--yes"]).with_code(0);
                rewrite(&file, &text);
            }
        }
    }
}

fn rewrite(file: &Path, text: &str) {
    use std::io::Write as _;

    let mut file = std::fs::File::create(file).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// A preview has changed lines that name the changed members.
fn is_whole(looked: &Output, json: &[&str]) {
    let diff = match json {
        [] => looked.stdout.clone(),
        _ => looked.json()["diff"].as_str().unwrap().to_owned(),
    };
    let changed = diff.lines().filter(|line| {
        line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
    });
    assert!(changed.count() > 0, "{looked}");
}

#[test]
fn a_comment_beside_the_command_does_not_hide_that_it_changes() {
    let home = Home::new(TWIN);
    home.write(
        ".config/goose/config.yaml",
        "extensions:\n  synapse:\n    type: stdio\n    cmd: /old/synapse # mine\n    args: [serve]\n",
    );
    let looked = home
        .run(["ide", "install", "goose", "--dry-run"])
        .with_code(0);
    assert!(
        looked.stdout.contains("-    cmd: /old/synapse # …\n"),
        "{looked}"
    );
    assert!(
        looked.stdout.contains(&format!("+    cmd: {TWIN}")),
        "{looked}"
    );
}

#[test]
fn the_names_and_our_own_values_stay_readable() {
    let home = Home::new(TWIN);
    let words = ["ide", "install", "cursor", "--yes", "--connection", "work"];
    home.run(words).with_code(0);
    let looked = home
        .run(["ide", "remove", "cursor", "--dry-run"])
        .with_code(0);
    for shown in [
        &format!("\"command\": \"{TWIN}\""),
        "\"args\": [\"serve\", \"--connection\", \"work\"]",
        &format!("\"SYNAPSE_HOME\": \"{}\"", home.synapse().display()),
    ] {
        assert!(looked.stdout.contains(shown), "{shown}: {looked}");
    }
}
