//! `ide check` on broken entries. A shell named `synapse` replaces the program; it runs the script
//! `serve` in the entry's directory.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synapse_tests::home::set_mode;
use synapse_tests::{Home, Output};

use crate::TWIN;

/// A home in which Cursor has an entry that runs `script`.
fn stand_in(script: &str) -> Home {
    let home = Home::new(TWIN);
    let file = home.write("stand-in/serve", script);
    let directory = file.parent().unwrap();
    let program = directory.join("synapse");
    symlink("/bin/sh", &program).unwrap();
    entry(&home, &program, directory);
    home
}

fn entry(home: &Home, program: &Path, directory: &Path) {
    let entry = json!({"command": program, "args": ["serve"], "cwd": directory});
    let text = json!({"mcpServers": {"synapse": entry}}).to_string();
    home.write(".cursor/mcp.json", text);
}

fn check(home: &Home, seconds: &str) -> Output {
    home.twin(["ide", "check", "cursor", "--json", "--timeout", seconds])
        .env("PATH", "/usr/bin:/bin")
        .output()
}

#[track_caller]
fn fails(output: Output, step: &str, code: &str) -> Value {
    let document = output.with_code(3).json();
    assert_eq!(document["ok"], false);
    let steps = document["checks"].as_array().unwrap();
    assert_eq!(steps.len(), 8, "{document}");
    let failed = steps.iter().find(|step| step["outcome"] == "fail").unwrap();
    assert_eq!(failed["id"], step, "{document}");
    assert_eq!(failed["error"]["code"], code, "{document}");
    assert_eq!(document["error"]["code"], code);
    let skipped = steps.iter().filter(|step| step["needs"] == failed["id"]);
    let before = steps.iter().take_while(|step| step["outcome"] != "fail");
    // Connections are checked whatever happens to the process.
    let behind = steps
        .iter()
        .filter(|step| step["id"] == "connection" && step["outcome"] == "ok");
    let made = skipped.count() + before.count() + behind.count() + 1;
    assert_eq!(made, 8, "{document}");
    failed["error"].clone()
}

#[test]
fn a_command_that_is_not_there() {
    let home = Home::new(TWIN);
    entry(&home, Path::new("/no/such/synapse"), home.path());
    let error = fails(check(&home, "5"), "command", "ide.launch-failed");
    assert_eq!(error["message"], "/no/such/synapse does not exist");
}

#[test]
fn a_command_that_may_not_be_executed() {
    let home = Home::new(TWIN);
    let program = home.write("synapse", "");
    entry(&home, &program, home.path());
    fails(check(&home, "5"), "command", "ide.launch-failed");
}

#[test]
fn a_command_that_only_the_shell_finds() {
    for command in ["synapse", "./synapse", "bin/synapse"] {
        let home = Home::new(TWIN);
        entry(&home, Path::new(command), home.path());
        fails(check(&home, "5"), "command", "ide.launch-failed");
    }
}

#[test]
fn a_directory_that_is_not_there() {
    let home = Home::new(TWIN);
    entry(&home, Path::new(TWIN), Path::new("/no/such/directory"));
    let error = fails(check(&home, "5"), "command", "ide.launch-failed");
    assert!(error["message"].as_str().unwrap().contains("/no/such"));
}

#[test]
fn a_command_that_ends_at_once_is_quoted() {
    let home = stand_in("echo boom >&2; exit 7");
    let error = fails(check(&home, "60"), "initialize", "ide.launch-failed");
    let causes = error["causes"].as_array().unwrap();
    assert!(causes.contains(&json!("stderr: boom")), "{error}");
    assert!(
        causes.contains(&json!("it ended with exit status: 7")),
        "{error}"
    );
}

#[test]
fn a_command_that_is_silent_is_ended_with_all_that_it_started() {
    let home = stand_in("sleep 1000 & echo $! > child; cat > /dev/null; wait");
    fails(check(&home, "3"), "initialize", "ide.no-answer");
    let child = std::fs::read_to_string(home.path().join("stand-in/child")).unwrap();
    let child: i32 = child.trim().parse().unwrap();
    // It may be a zombie until it is reaped.
    let status = std::fs::read_to_string(format!("/proc/{child}/stat"));
    let running = status.is_ok_and(|status| {
        let state = status.rsplit(')').next().unwrap().trim().chars().next();
        state != Some('Z') && state != Some('X')
    });
    assert!(!running, "process {child} outlived the check");
}

#[test]
fn a_command_that_writes_prose_does_not_speak_mcp() {
    let home = stand_in("while echo 'Welcome to my server'; do :; done");
    let error = fails(check(&home, "60"), "initialize", "ide.bad-answer");
    assert!(
        error.to_string().contains("Welcome to my server"),
        "{error}"
    );
}

#[test]
fn a_line_without_an_end_fills_no_memory() {
    let home = stand_in("cat /dev/zero");
    let output = check(&home, "60");
    fails(output, "initialize", "ide.bad-answer");
}

#[test]
fn a_server_that_refuses_or_answers_nonsense() {
    for (answer, code) in [
        (
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}}"#,
            "ide.bad-answer",
        ),
        (r#"{"jsonrpc":"2.0","id":1,"result":3}"#, "ide.bad-answer"),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "ide.bad-answer"),
        (
            r#"{"jsonrpc":"2.0","id":2,"result":{}}"#,
            "ide.launch-failed",
        ),
        ("", "ide.launch-failed"),
    ] {
        let home = stand_in(&format!("read line; echo '{answer}'"));
        fails(check(&home, "60"), "initialize", code);
    }
    let hello = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}"#;
    let script = format!("read line; echo '{hello}'; read line; read line; echo '{{}}'");
    let error = fails(
        check(&stand_in(&script), "60"),
        "tools",
        "ide.launch-failed",
    );
    assert!(error.to_string().contains("not of the protocol"), "{error}");
}

#[test]
fn a_banner_before_the_protocol_is_a_warning() {
    let home = stand_in(&format!("echo 'Starting up'; exec '{TWIN}' serve"));
    let document = check(&home, "60").with_code(0).json();
    let initialize = &document["checks"][4];
    assert_eq!(initialize["outcome"], "warn", "{document}");
    assert!(
        initialize["detail"]
            .as_str()
            .unwrap()
            .contains("Starting up")
    );
    // The entry is ours but outdated.
    assert_eq!(document["checks"][0]["outcome"], "warn");
}

#[test]
fn a_server_that_stays_is_a_warning() {
    let home = stand_in(&format!("'{TWIN}' serve; exit 9"));
    let document = check(&home, "60").with_code(0).json();
    assert_eq!(document["checks"][6]["outcome"], "warn", "{document}");
}

#[test]
fn it_gets_the_variables_of_the_client_and_no_other() {
    let home = stand_in(&format!("env > variables; exec '{TWIN}' serve"));
    let check = ["ide", "check", "cursor", "--timeout", "20"];
    home.twin(check)
        .env("PATH", "/usr/bin:/bin")
        .env("USER", "somebody")
        .env("XDG_CONFIG_HOME", "/elsewhere")
        .env("OPENAI_API_KEY", "fake")
        .output()
        .with_code(0);
    let text = std::fs::read_to_string(home.path().join("stand-in/variables")).unwrap();
    let mut names: Vec<_> = text
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        // Set by the shell itself.
        .filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "PATH", "USER"]);
}

/// A project with a program `synapse` that leaves a mark when it runs, and another one outside.
fn hostile() -> (Home, [PathBuf; 2]) {
    let home = Home::new(TWIN);
    let mark = home.path().join("was-run");
    let programs = ["project/tools/synapse", "elsewhere/synapse"].map(|name| {
        let script = format!(
            "#!/bin/sh\ntouch '{}'\nexec '{TWIN}' \"$@\"\n",
            mark.display()
        );
        let program = home.write(name, script);
        set_mode(&program, 0o755);
        program
    });
    (home, programs)
}

/// Checks `entry` in `file`, from `directory`, and returns whether a foreign program ran.
fn check_in(home: &Home, file: &str, directory: &Path, words: &[&str], entry: &Value) -> Output {
    let path = home.path().join(file);
    drop(std::fs::remove_file(&path));
    let text = json!({"mcpServers": {"synapse": entry}}).to_string();
    home.write(file, text);
    let words = ["ide", "check", "cursor", "--json"].iter().chain(words);
    let checked = home.twin(words).within(directory).output();
    assert!(!home.path().join("was-run").exists(), "{entry}: {checked}");
    checked
}

#[test]
fn the_entry_of_a_project_starts_nothing_but_the_running_program() {
    let (home, [inside, outside]) = hostile();
    let project = home.path().join("project");
    std::fs::create_dir_all(project.join("sub")).unwrap();
    let link = |target: &Path, name: &str| {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, &path).unwrap();
        path
    };
    let in_project = |name: &str| project.join(name);
    for command in [
        inside.clone(),
        outside.clone(),
        "/proc/self/cwd/tools/synapse".into(),
        "/proc/thread-self/cwd/tools/synapse".into(),
        in_project("sub/../tools/synapse"),
        home.path().join("./project//tools/./synapse"),
        link(&outside, "project/out/synapse"),
        link(&inside, "other/synapse"),
        link(&project, "alias").join("tools/synapse"),
        link(Path::new("/bin/sh"), "project/sh/synapse"),
    ] {
        let entry = json!({"command": command, "args": ["serve"]});
        let project_scope = ["--scope", "project"];
        let checked = check_in(
            &home,
            "project/.cursor/mcp.json",
            &project,
            &project_scope,
            &entry,
        );
        fails(checked, "entry", "ide.foreign-entry");
        let below = project.join("sub");
        // Some of the paths do not resolve from there.
        let file = "project/sub/.cursor/mcp.json";
        check_in(&home, file, &below, &project_scope, &entry).with_code(3);
    }
    // The refused program is shown.
    let entry = json!({"command": inside, "args": ["serve"]});
    let words = ["--scope", "project"];
    let checked = check_in(&home, "project/.cursor/mcp.json", &project, &words, &entry);
    assert_eq!(checked.json()["command"], json!([inside, "serve"]));
}

#[test]
fn the_entry_of_a_project_changes_nothing_for_the_running_program() {
    let (home, _) = hostile();
    let project = home.path().join("project");
    let words = ["--scope", "project"];
    let check =
        |entry: Value| check_in(&home, "project/.cursor/mcp.json", &project, &words, &entry);
    let elsewhere = home.path().join("elsewhere");
    for (variable, value) in [
        ("LD_PRELOAD", "./x.so"),
        ("LD_LIBRARY_PATH", "."),
        ("PATH", "./tools"),
        ("SYNAPSE_LOG", "trace"),
        ("SYNAPSE_HOME", elsewhere.to_str().unwrap()),
        ("SYNAPSE_VAULT_KEY_FILE", "/tmp/key"),
        ("synapse_home", "x"),
    ] {
        let entry = json!({"command": TWIN, "args": ["serve"], "env": {variable: value}});
        let error = fails(check(entry), "entry", "ide.foreign-entry");
        assert!(error.to_string().contains(variable), "{error}");
    }
    for arguments in [
        &["serve", "--config", "servers.json"][..],
        &["serve", "--config=servers.json"],
        &["serve", "--connection", "work", "extra"],
    ] {
        let entry = json!({"command": TWIN, "args": arguments});
        fails(check(entry), "entry", "ide.foreign-entry");
    }
    let alias = project.join("alias/synapse");
    std::fs::create_dir_all(alias.parent().unwrap()).unwrap();
    symlink(TWIN, &alias).unwrap();
    for (command, arguments) in [
        (Path::new(TWIN), &["serve"][..]),
        (&alias, &["serve", "--read-only"]),
        (
            &alias,
            &["serve", "--tools=list_connections", "--read-only"],
        ),
    ] {
        let own = json!({"SYNAPSE_HOME": home.synapse()});
        let entry = json!({"command": command, "args": arguments, "env": own});
        let document = check(entry).with_code(0).json();
        // Its own path is started instead of the path in the file.
        let steps = document["checks"].as_array().unwrap();
        let command = steps.iter().find(|step| step["id"] == "command").unwrap();
        assert_eq!(command["detail"], TWIN, "{document}");
    }
}

#[test]
fn a_file_of_the_user_is_trusted_by_where_it_lies() {
    let (home, [inside, _]) = hostile();
    let project = home.path().join("project");
    let entry = json!({"command": inside, "args": ["serve"]});
    std::fs::create_dir(home.path().join(".cursor")).unwrap();
    let link = home.path().join(".cursor/mcp.json");
    symlink(project.join("dotfiles.json"), &link).unwrap();
    for directory in [project.clone(), project.join("tools")] {
        std::fs::create_dir_all(project.join(".git")).unwrap();
        let checked = check_in(&home, "project/dotfiles.json", &directory, &[], &entry);
        fails(checked, "entry", "ide.foreign-entry");
    }
    // A file linked to elsewhere, and one that is not a link, belongs to the user.
    for file in ["dotfiles/mcp.json", ".cursor/mcp.json"] {
        std::fs::remove_file(&link).unwrap();
        let entry = json!({"command": TWIN, "args": ["serve"], "env": {"MINE": "1"}});
        if file != ".cursor/mcp.json" {
            symlink(home.path().join(file), &link).unwrap();
        }
        check_in(&home, file, &project, &[], &entry).with_code(0);
    }
}
