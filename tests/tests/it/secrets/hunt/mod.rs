//! The leak hunt: a token of every shape passes through every command, with every success and
//! failure and full logging, and is then searched in all output and files.

mod instrument;

use std::path::Path;
use std::sync::Mutex;

use serde_json::json;
use synapse_tests::home::set_mode;
use synapse_tests::process::Run;
use synapse_tests::{Era, Flags, Ide, report};

use self::instrument::{CONNECTIONS, Hunt};
use super::echo::TROUBLES;
use super::{rewrite, shapes};

/// The whole hunt for one token.
fn hunt(token: &str, trouble: &'static str) -> Hunt {
    let mut hunt = Hunt::new(token, trouble);
    in_the_terminal(&mut hunt);
    in_preflight(&mut hunt);
    for era in [Era::Legacy, Era::Modern] {
        in_an_ide(&mut hunt, era);
    }
    in_reports(&mut hunt);
    let credential = hunt.credential();
    hunt.files(&[credential]);
    with_secrets(&mut hunt);
    in_the_wrong_place(&mut hunt);
    in_a_bad_file(&mut hunt);
    through_children(&mut hunt);
    hunt
}

fn in_the_terminal(hunt: &mut Hunt) {
    for (name, _) in CONNECTIONS {
        for trouble in TROUBLES {
            hunt.run(&["chat", name, trouble, "--color", "always"]);
            hunt.run(&["chat", name, trouble, "--json"]);
        }
        hunt.run(&["models", name]);
        hunt.run(&["models", name, "--json"]);
    }
}

fn in_preflight(hunt: &mut Hunt) {
    for (name, kind) in CONNECTIONS {
        for trouble in TROUBLES {
            let flags = hunt.flags(kind, trouble);
            let words = ["preflight", "--allow-network", "--live"].into_iter();
            let mut words: Vec<&str> = words.chain(flags.words()).collect();
            hunt.run(&words);
            words.push("--json");
            hunt.run(&words);
        }
        hunt.run(&["connection", "edit", name, "--model", "401"]);
    }
}

/// Searches the files while the session is open, to include the ledger's WAL.
fn in_an_ide(hunt: &mut Hunt, era: Era) {
    let mut ide = Ide::connect(hunt.twin(&["serve"]), era);
    for (name, _) in CONNECTIONS {
        for trouble in TROUBLES {
            let result = ide.call("chat", json!({"connection": name, "prompt": trouble}));
            hunt.look("a tool result", result.to_string().as_bytes());
        }
    }
    let log = hunt.home.ledger().with_extension("db-wal");
    let length = std::fs::metadata(log).map_or(0, |log| log.len());
    assert_ne!(length, 0, "there is no log of the ledger to search");
    let credential = hunt.credential();
    hunt.files(&[credential]);
    let ended = ide.close();
    hunt.look("stdout of serve", ended.stdout.join("\n").as_bytes());
    hunt.look("stderr of serve", ended.stderr.as_bytes());
}

fn in_reports(hunt: &mut Hunt) {
    let bundle = hunt.home.path().join("bundle.json").display().to_string();
    for words in [
        &["history", "--limit", "1000"][..],
        &["history", "--limit", "1000", "--json"],
        &["usage"],
        &["usage", "--by", "model", "--json"],
        &["connection", "list"],
        &["connection", "list", "--json"],
        &["connection", "show", "openai"],
        &["connection", "show", "hf", "--json"],
        &["ide", "snippet"],
        &["ide", "snippet", "--connection", "openai"],
        &["preflight", "--all", "--offline"],
        &["doctor", "--bundle", &bundle],
        &["demo"],
        &["explain", "credential.token-rejected"],
        &["completions", "bash"],
        &["connection", "remove", "nobody"],
    ] {
        hunt.run(words);
    }
    let row = hunt.home.history().first().cloned().unwrap_or_default();
    if let Some(id) = row["call_id"].as_str() {
        hunt.run(&["history", "show", id]);
        hunt.run(&["history", "show", id, "--json"]);
    }
}

/// Commands that take the token from their user.
fn with_secrets(hunt: &mut Hunt) {
    let kept = hunt.home.path().join("kept.token");
    let reference = format!("file:{}", kept.display());
    let token = hunt.canary.token().to_owned();
    let key = hunt.home.path().join("vault.key");
    let given = |run: Run| {
        run.input(format!("{token}\n"))
            .env("SYNAPSE_VAULT_KEY_FILE", &key)
    };
    for reference in [&reference, "vault:local/canary", "env:CANARY"] {
        hunt.run_with(&["secret", "set", reference], given);
        hunt.run_with(&["secret", "set", reference, "--json"], given);
        hunt.run_with(&["secret", "rotate", reference], given);
        hunt.run_with(&["secret", "check", reference], given);
        hunt.run_with(&["secret", "check", reference, "--json"], given);
    }
    hunt.run_with(&["secret", "list"], given);
    hunt.run_with(&["secret", "list", "--json"], given);
    hunt.run_with(&["secret", "remove", "vault:local/canary"], given);
    // An invalid secret.
    let two = |run: Run| run.input(format!("{token}\n{token}\n"));
    hunt.run_with(&["secret", "rotate", &reference], two);
    let odd = |run: Run| run.input(format!(" {token}\u{e4}"));
    hunt.run_with(&["secret", "rotate", &reference, "--json"], odd);
    // A value that was not stored cannot leak.
    assert_eq!(std::fs::read_to_string(&kept).unwrap().trim_end(), token);
    assert!(hunt.home.synapse().join("vault.age").exists());
    let credential = hunt.credential();
    hunt.files(&[credential, kept.clone()]);
    hunt.run(&["secret", "remove", &reference]);
    assert!(!kept.exists(), "`secret remove` left the file");
}

/// A token pasted in the wrong place.
fn in_the_wrong_place(hunt: &mut Hunt) {
    let token = hunt.canary.token().to_owned();
    let flag = format!("--api-key={token}");
    let url = format!("https://me:{token}@h.test/v1");
    let reference = format!("env:{token}");
    for words in [
        &["chat", "openai", "hi", &flag][..],
        &["chat", "openai", "hi", &flag, "--json"],
        &["chat", &token, "hi"],
        &["chat", "openai", "hi", "--model", &token],
        &["connection", "show", &token],
        &["connection", "edit", "openai", "--credential", &token],
        &["connection", "edit", "openai", "--credential", &reference],
        &["connection", "edit", "openai", "--base-url", &url, "--json"],
        &["connection", "edit", "openai", "--proxy", &url],
        &["connection", "edit", "openai", "--model", &token],
        &["secret", "set", &token],
        &["secret", "check", &token, "--json"],
        &["explain", &token],
        &[&token],
    ] {
        // Model names are free-form: a token of unknown shape is one too.
        if hunt.known || !words.ends_with(&["--model", token.as_str()]) {
            hunt.run(words);
        }
    }
    let connections = hunt.home.connections();
    let saved = std::fs::read_to_string(&connections).unwrap();
    for line in [
        format!("credential = \"{token}\""),
        format!("api_key = \"{token}\""),
        format!("base_url = \"{url}\""),
        format!("proxy = \"{url}\""),
        format!("{token} = 1"),
        format!("model = {token}"),
        token.clone(),
    ] {
        let broken = format!("{saved}\n[connections.pasted]\n{line}\n");
        rewrite(&connections, broken);
        hunt.run(&["doctor"]);
        hunt.run(&["doctor", "--json"]);
        hunt.run(&["connection", "list"]);
        hunt.run(&["connection", "list", "--json"]);
        hunt.run(&["connection", "show", "pasted"]);
        hunt.run(&["chat", "pasted", "hi"]);
        hunt.run(&["preflight", "--all", "--json"]);
    }
    rewrite(&connections, saved);
}

/// Malformed credential files.
fn in_a_bad_file(hunt: &mut Hunt) {
    let token = hunt.canary.token().to_owned();
    let credential = hunt.credential();
    for content in [
        format!("{token}\n{token}\n"),
        format!(" {token}"),
        format!("\u{feff}{token}"),
        format!("OPENAI_API_KEY={token}\nx\n"),
    ] {
        rewrite(&credential, content);
        hunt.run(&["chat", "openai", "hi"]);
        hunt.run(&["preflight", "hf", "--json"]);
    }
    rewrite(&credential, &token);
    set_mode(&credential, 0o644);
    hunt.run(&["chat", "openai", "hi"]);
    hunt.run(&["chat", "openai", "hi", "--json"]);
    set_mode(&credential, 0o600);
}

/// Programs that print the token, and log their arguments.
fn through_children(hunt: &mut Hunt) {
    let bin = hunt.home.path().join("bin");
    let token = hunt.canary.token().replace('\'', "'\\''");
    let told = hunt.home.path().join("told");
    let mut programs = Vec::new();
    for name in ["op", "pass", "helper"] {
        let script = format!(
            "#!/bin/sh\n(echo \"$0 $*\"; env; cat /proc/$PPID/cmdline) >> '{}'\n\
             echo 'no secret, but noise' >&2\nprintf '%s\\n' '{token}'\n",
            told.display()
        );
        let path = hunt.home.write(&format!("bin/{name}"), script);
        set_mode(&path, 0o700);
        programs.push(path);
    }
    let helper = bin.join("helper").display().to_string();
    let command = format!("cmd:{}", json!([helper, "get"]));
    let base_url = hunt.provider.url("/v1").to_string();
    for reference in ["op://vault/item/field", "pass:synapse/canary", &command] {
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let flags = Flags::new("openai", "m", reference, &base_url);
        let words: Vec<&str> = ["preflight", "--allow-network", "--live"]
            .into_iter()
            .chain(flags.words())
            .collect();
        hunt.run_with(&words, |run| run.env("PATH", &path));
        hunt.run_with(&["secret", "check", reference], |run| {
            run.env("PATH", &path)
        });
    }
    let started = std::fs::read_to_string(&told).unwrap();
    assert!(started.contains("op read"), "{started}");
    let credential = hunt.credential();
    programs.push(credential);
    hunt.files(&programs);
}

#[test]
fn no_token_of_any_shape_turns_up_anywhere() {
    let left = Mutex::new(shapes());
    let total = Mutex::new((0, Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((shape, token)) = left.lock().unwrap().pop() else {
                        return;
                    };
                    let hunt = hunt(&token, "none");
                    let mut total = total.lock().unwrap();
                    total.0 += hunt.searched;
                    let leaks = hunt.leaks.into_iter();
                    total.1.extend(leaks.map(|leak| format!("{shape}: {leak}")));
                }
            });
        }
    });
    let (searched, leaks) = total.into_inner().unwrap();
    report(&format!(
        "leak hunt: {searched} outputs and files searched for {} tokens, {} leaks",
        shapes().len(),
        leaks.len()
    ));
    assert!(searched > 5_000, "{searched} outputs are too few to be all");
    assert!(leaks.is_empty(), "{}", leaks.join("\n\n"));
}

/// A twin that logs the secret simulates a broken redactor.
#[test]
fn the_hunt_finds_what_a_broken_redactor_lets_through() {
    let (_, token) = shapes().remove(0);
    let mut hunt = Hunt::new(&token, "tell");
    in_the_terminal(&mut hunt);
    assert!(hunt.leaks.len() > TROUBLES.len(), "{:?}", hunt.leaks);
    let before = hunt.leaks.len();
    hunt.files(&[]);
    assert_eq!(hunt.leaks.len(), before + 1, "the credential file itself");
}

#[test]
fn the_search_looks_into_every_file() {
    let (_, token) = shapes().remove(3);
    let mut hunt = Hunt::new(&token, "none");
    let planted = hunt
        .home
        .write("deep/down/x.db", [&[0, 255][..], token.as_bytes()].concat());
    let credential = hunt.credential();
    hunt.files(&[credential]);
    let [leak] = hunt.leaks.as_slice() else {
        panic!("{:?}", hunt.leaks);
    };
    assert!(
        Path::new(leak.split(' ').next().unwrap()) == planted,
        "{leak}"
    );
}
