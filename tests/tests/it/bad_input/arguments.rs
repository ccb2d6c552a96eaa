//! Invalid command-line arguments: names, providers, prompts.

use insta::assert_snapshot;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::terminal::Terminal;
use synapse_tests::{Home, LocalProvider as _};

use super::{BASE_URL, TWIN, write_connection};

/// The output of a command line.
fn run(command: &str) -> String {
    let home = Home::new(TWIN);
    home.shown(&home.run(command.split(' ')))
}

#[test]
fn an_unknown_provider() {
    let create = "connection create work --provider opnai --model m --credential env:KEY";
    assert_snapshot!(run(create), @"
    exit code: 3
    ----- stdout
    not saved
    ----- stderr
    error[config.unknown-provider]: that provider is not known
      cause: known providers are: openai, huggingface, anthropic, openrouter, groq, deepseek, xai, mistral, together, gemini, azure, ollama, lmstudio, llamacpp, vllm, openai-compatible
      hint: did you mean `openai`? synapse connection create work --provider openai --model m --credential env:KEY
      hint: any server of OpenAI's wire format is openai-compatible, with --base-url
    ");
}

#[test]
fn a_name_that_is_none() {
    let create = "connection create my/work --provider openai --model m --credential env:KEY";
    assert_snapshot!(run(create), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.invalid-value]: that is not a connection name
      cause: a name has 1 to 64 letters, digits, `.`, `_` or `-`, and begins with a letter or digit
      hint: write it with `-` or `_` in place of anything else
    ");
}

#[test]
fn a_setting_of_another_provider() {
    let check = "preflight --provider openai --model m --credential env:KEY --bill-to acme";
    assert_snapshot!(run(check), @"
    exit code: 3
    ----- stdout
    Preflight  openai · m
      FAIL  config      config.invalid-value: `bill_to` is not a setting of openai
      skip  endpoint    needs config
      skip  gate        needs config
      skip  credential  needs config
      skip  reach       needs config
      skip  token       needs config
      skip  model       needs config
      skip  live        needs config
    proven: nothing
    not proven: config, endpoint, gate, credential, reach, token, model, live
    ----- stderr
    error[config.invalid-value]: `bill_to` is not a setting of openai
      cause: it belongs to connections of huggingface
      hint: remove it
    ");
}

#[test]
fn an_unknown_connection_among_none_and_among_some() {
    assert_snapshot!(run("chat nope hello"), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.not-found]: no connection is called `nope`
      cause: there is no connection yet
      hint: set one up, step by step: synapse setup
      hint: or create one: synapse connection create NAME --provider openai --model MODEL --credential file:PATH --allow-network
    ");
    let home = Home::new(TWIN);
    write_connection(&home, "env:KEY", BASE_URL);
    let mut shown = Vec::new();
    for arguments in [
        &["chat", "nope", "hello"][..],
        &["preflight", "nope"],
        &["connection", "show", "nope"],
        &["connection", "edit", "nope", "--model", "m"],
        &["connection", "remove", "nope"],
    ] {
        shown.push(home.run(arguments).to_string());
    }
    assert_snapshot!(shown[0], @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.not-found]: no connection is called `nope`
      cause: connections: work
      hint: see them: synapse connection list
    ");
    assert!(shown.iter().all(|each| *each == shown[0]), "{shown:#?}");
}

#[test]
fn a_duplicate_name() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let flags = double.flags(&home);
    home.create("work", &flags, &["--allow-network"])
        .with_code(0);
    let (before, sent) = (home.files(), double.server().accepts());
    let output = home.create("work", &flags, &["--allow-network"]);
    assert_snapshot!(home.shown(&output), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.duplicate-name]: a connection called `work` already exists
      cause: nothing was changed
      hint: change it: synapse connection edit work --help
      hint: or look at it: synapse connection show work
    ");
    assert_eq!(home.files(), before);
    assert_eq!(double.server().accepts(), sent, "refused before any check");
}

#[test]
fn no_prompt() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let sent = double.server().accepts();
    let empty = home.run(["chat", "work", ""]);
    assert_snapshot!(home.shown(&empty), @"
    exit code: 2
    ----- stdout
    ----- stderr
    error[usage.invalid-arguments]: there is no prompt
      cause: a prompt, or a user message with content, is needed
      hint: write what you want to ask, in quotes, or pipe it in
    ");
    assert_eq!(home.run(["chat", "work", "-"]), empty);
    assert_eq!(home.run(["chat", "work"]), empty);
    let system = home.run(["chat", "work", "", "--system", "be brief"]);
    assert_eq!(system, empty, "a system message is no prompt");
    let binary = home
        .twin(["chat", "work", "-"])
        .input(*b"\xff\xfe")
        .output();
    assert_snapshot!(home.shown(&binary), @"
    exit code: 2
    ----- stdout
    ----- stderr
    error[usage.invalid-arguments]: the prompt cannot be read from stdin
      cause: stream did not contain valid UTF-8
    ");
    assert_eq!(double.server().accepts(), sent);
}

#[test]
fn flags_that_do_not_fit() {
    assert_snapshot!(run("connection create work --provider openai"), @"
    exit code: 2
    ----- stdout
    ----- stderr
    error[usage.invalid-arguments]: `connection create` needs --model
      cause: no question can be asked: stdin or stderr is not a terminal
      hint: see all flags: synapse connection create --help
    ");
    assert_snapshot!(run("connection create work --provider openai --model m"), @"
    exit code: 3
    ----- stdout
    not saved
    ----- stderr
    error[config.invalid-value]: a connection to OpenAI needs a credential
      hint: add --credential, with the place of the token: synapse connection create work --provider openai --model m --credential=file:~/.synapse/openai.token
      hint: create a token: https://platform.openai.com/api-keys
    ");
    assert_snapshot!(run("connection edit work"), @"
    exit code: 2
    ----- stdout
    ----- stderr
    error[usage.invalid-arguments]: there is nothing to change
      hint: see the flags: synapse connection edit --help
    ");
    assert_snapshot!(run("preflight"), @"
    exit code: 2
    ----- stdout
    ----- stderr
    error[usage.invalid-arguments]: there is nothing to check
      hint: check every connection: synapse preflight --all
      hint: or name a connection, or a new one by --provider, --model and --credential
    ");
    assert_snapshot!(run("explain no.such"), @"
    exit code: 2
    ----- stdout
    ----- stderr
    error[usage.invalid-arguments]: no error code has that name or matches these words
      hint: see every code: synapse explain
    ");
    assert_snapshot!(run("history show nope"), @"
    exit code: 2
    ----- stdout
    ----- stderr
    error[usage.invalid-arguments]: that is not a call id
      cause: a call id is a UUID, or at least its first 4 digits, or `last`
      hint: see the calls: synapse history
    ");
    assert_snapshot!(run("history list --where colour=red"), @"
    exit code: 2
    ----- stdout
    ----- stderr
    error[usage.invalid-arguments]: `colour=red` is not a condition on a column
      cause: columns are: call_id, started_at, ended_at, operation, outcome, error_class, error_code, connection, provider, host, model_requested, model_served, served_by, client_name, client_version, tool, attempts, maybe_billed, http_status, request_id, bytes_out, bytes_in, headers_ms, latency_ms, finish_reason, prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd, cost_source, priced_at, server, transport, era, catalogue, issuer, client_kind, scopes, generation, requests, may_have_run
      hint: compare a column with a value, such as latency_ms>=10000
    ");
    assert_snapshot!(run("history purge --before 30d"), @"
    exit code: 2
    ----- stdout
    ----- stderr
    error[usage.invalid-arguments]: deleting must be confirmed, and there is no terminal to ask on
      hint: add --yes when you are sure; `synapse history export` keeps a copy
    ");
    assert_snapshot!(run("usage --since yesterday"), @"
    exit code: 2
    ----- stdout
    ----- stderr
    error[usage.invalid-arguments]: that is not a point in time
      cause: --since takes 30d, 24h, 2w, 2026-11-01, 2026-11, 2026-11-01T08:00:00Z, now, today, this-week, this-month or all
      hint: for example, 7 days ago: synapse usage --since 7d
    ");
}

/// A misspelled level must not look like a quiet log.
#[test]
fn a_log_level_that_is_none_is_said_to_be_none() {
    let home = Home::new(TWIN);
    let serve = |level: &str| home.twin(["serve"]).env("SYNAPSE_LOG", level).output();
    assert_eq!(serve("warn,hyper=debug").stderr, "");
    let output = serve("hyper=loud").with_code(0);
    assert_snapshot!(output.stderr, @r#"
    warning[usage.invalid-arguments]: SYNAPSE_LOG is not understood; warnings are logged
      cause: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5
      hint: write a level, or target=level with a comma between several
    "#);
}

/// Arguments are echoed as plain text, without cursor movement, colour or direction changes.
#[test]
fn what_is_typed_is_repeated_as_text() {
    let evil = "\u{1b}[31mA\u{202e}B\u{1b}[2J\u{1b}]0;C\u{7}";
    for words in [
        vec!["completions", evil],
        vec!["usage", "--by", evil],
        vec!["usage", "--since", evil],
        vec!["chat", "work", evil, evil, evil],
        vec!["--unknown", evil],
        vec![evil],
        vec!["help", evil],
        vec!["explain", evil],
        vec!["connection", "show", evil],
        vec![
            "connection",
            "create",
            "work",
            "--provider",
            evil,
            "--model",
            evil,
        ],
        vec!["models", evil],
        vec!["history", "show", evil],
        vec!["secret", "check", evil],
        vec!["ide", "snippet", evil],
        vec!["ide", "install", "cursor", "--connection", evil],
        vec!["doctor", "--color", evil],
    ] {
        let home = Home::new(TWIN);
        for more in [&[][..], &["--json"]] {
            let run = || home.twin(words.iter().chain(more));
            let shown = Terminal::start(run()).finish().stdout;
            for hidden in ["\u{202e}", "\u{1b}[31mA", "\u{1b}[2J", "\u{1b}]"] {
                assert!(!shown.contains(hidden), "{words:?}: {shown:?}");
            }
            let piped = run().output();
            assert!(!piped.stdout.contains('\u{202e}'), "{words:?}: {piped}");
            assert!(!piped.stderr.contains('\u{202e}'), "{words:?}: {piped}");
        }
    }
}

#[test]
fn a_home_that_turns_a_line_around_is_shown_as_text() {
    let home = Home::new(TWIN);
    let turned = home.path().join("\u{202e}emoh");
    for words in [
        &["ide", "snippet"][..],
        &["ide", "snippet", "cursor"],
        &["ide", "snippet", "codex"],
    ] {
        let snippet = home.twin(words).env("SYNAPSE_HOME", &turned).output();
        assert!(!snippet.stdout.contains('\u{202e}'), "{snippet}");
        assert!(!snippet.stderr.contains('\u{202e}'), "{snippet}");
        assert!(
            snippet.stdout.contains("202e") || snippet.stderr.contains("ide.not-supported"),
            "{snippet}"
        );
    }
}
