//! Broken connections.toml files: the error shows the position, and the file is left unchanged.

use std::fs;

use insta::assert_snapshot;
use synapse_tests::Home;

use super::TWIN;

/// The output of `connection list` for this file, which every command leaves unchanged.
fn broken(content: &str) -> String {
    let home = Home::new(TWIN);
    let file = home.write(".synapse/connections.toml", content);
    let listed = home.run(["connection", "list"]);
    assert_eq!(listed.stdout, "", "{listed}");
    let create = "connection create new --provider openai --model m --credential env:KEY --offline";
    let create: Vec<&str> = create.split(' ').collect();
    for arguments in [
        &["chat", "work", "hello"][..],
        &["preflight", "work"],
        &["preflight", "--all"],
        &["connection", "show", "work"],
        &["connection", "edit", "work", "--deny-network"],
        &["connection", "remove", "work"],
        &create,
    ] {
        let output = home.run(arguments);
        assert_eq!(output, listed, "{arguments:?}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), content);
    home.shown(&listed)
}

fn with_connection(fields: &str) -> String {
    format!(
        "format = 1\n\n[connections.work]\nprovider = \"openai\"\nmodel = \"m\"\n\
         credential = \"env:KEY\"\n{fields}"
    )
}

#[test]
fn no_toml() {
    assert_snapshot!(broken(&with_connection("network = open\n")), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.syntax]: connections.toml is not valid TOML
      cause: string values must be quoted, expected literal string
      cause: at [HOME]/.synapse/connections.toml:7:11
      cause: 7 | network = …
      hint: repair the file at that line; it was left as it is
    ");
}

#[test]
fn a_newer_format() {
    assert_snapshot!(broken("format = 2\n[hubs]\n"), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.newer-format]: connections.toml was written by a newer Synapse
      cause: at [HOME]/.synapse/connections.toml:1:10
      cause: its format is 2, this version knows up to 1; it was not changed
      hint: use the newer Synapse, or set SYNAPSE_HOME to another directory
    ");
}

#[test]
fn no_format() {
    assert_snapshot!(broken("[connections.work]\nprovider = \"openai\"\n"), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.invalid-value]: connections.toml does not say its format
      cause: at [HOME]/.synapse/connections.toml:1:1
      hint: add the line `format = 1` at the top
    ");
}

#[test]
fn an_unknown_field() {
    assert_snapshot!(broken(&with_connection("netwrk = \"open\"\n")), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.unknown-field]: connection `work` has a field `netwrk` that is not known
      cause: at [HOME]/.synapse/connections.toml:7:1
      hint: did you mean `network`?
    ");
}

#[test]
fn a_token_in_a_field_of_its_own() {
    let shown = broken(&with_connection("api_key = \"sk-canary0123456789\"\n"));
    assert!(!shown.contains("canary"), "{shown}");
    assert_snapshot!(shown, @r#"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.unknown-field]: connection `work` has a field `api_key` that is not known
      cause: at [HOME]/.synapse/connections.toml:7:1
      hint: a token is never written in this file: write `credential = "file:PATH"` instead
    "#);
}

#[test]
fn a_token_on_the_line_of_a_syntax_error() {
    let shown = broken(&with_connection("proxy = \"sk-canary0123456789\n"));
    assert!(!shown.contains("canary"), "{shown}");
    assert_snapshot!(shown, @r#"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.syntax]: connections.toml is not valid TOML
      cause: invalid basic string, expected `"`
      cause: at [HOME]/.synapse/connections.toml:7:29
      cause: 7 | proxy = …
      hint: repair the file at that line; it was left as it is
    "#);
}

#[test]
fn a_value_of_another_type() {
    assert_snapshot!(broken(&with_connection("timeout_seconds = \"10\"\n")), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.invalid-value]: `timeout_seconds` has an invalid value
      cause: it takes a whole number of seconds; this is of type string
      cause: at [HOME]/.synapse/connections.toml:7:19
    ");
}

#[test]
fn a_gate_that_is_neither_open_nor_closed() {
    assert_snapshot!(broken(&with_connection("network = \"yes\"\n")), @r#"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.invalid-value]: `network` has an invalid value
      cause: it takes "open" or "closed"
      cause: at [HOME]/.synapse/connections.toml:7:11
    "#);
}

#[test]
fn the_same_connection_twice() {
    let twice = with_connection("\n[connections.work]\nprovider = \"openai\"\n");
    assert_snapshot!(broken(&twice), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.syntax]: connections.toml is not valid TOML
      cause: duplicate key
      cause: at [HOME]/.synapse/connections.toml:8:14
      hint: repair the file at that line; it was left as it is
    ");
}

#[test]
fn no_text() {
    let home = Home::new(TWIN);
    let content = b"format = 1\n# caf\xe9\n";
    let file = home.write(".synapse/connections.toml", content);
    let listed = home.run(["connection", "list"]);
    assert_snapshot!(home.shown(&listed), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.syntax]: connections.toml is not UTF-8 text
      cause: at [HOME]/.synapse/connections.toml:2:6
      hint: save it as UTF-8
    ");
    assert_eq!(fs::read(file).unwrap(), content);
}

/// An invalid connection does not affect the others.
#[test]
fn a_broken_connection_beside_a_good_one() {
    let home = Home::new(TWIN);
    let good = with_connection("");
    home.write(
        ".synapse/connections.toml",
        format!("{good}\n[connections.bad]\nprovider = \"opnai\"\nmodel = \"m\"\ncredential = \"env:X\"\n"),
    );
    let listed = home.run(["connection", "list"]);
    assert_snapshot!(home.shown(&listed), @"
    exit code: 0
    ----- stdout
    NAME  PROVIDER  MODEL  NETWORK  PREFLIGHT
    work  openai    m      closed   never made
    bad   opnai     m      closed   broken: config.unknown-provider
    ----- stderr
    warning[config.unknown-provider]: connection `bad`: that provider is not known
      cause: known providers are: openai, huggingface, anthropic, openrouter, groq, deepseek, xai, mistral, together, gemini, azure, ollama, lmstudio, llamacpp, vllm, openai-compatible
      cause: at [HOME]/.synapse/connections.toml:9:12
      hint: did you mean `openai`?
      hint: any server of OpenAI's wire format is openai-compatible, with --base-url
    ");
    let chat = home.run(["chat", "bad", "hello"]);
    assert_snapshot!(home.shown(&chat), @"
    exit code: 3
    ----- stdout
    ----- stderr
    error[config.unknown-provider]: that provider is not known
      cause: known providers are: openai, huggingface, anthropic, openrouter, groq, deepseek, xai, mistral, together, gemini, azure, ollama, lmstudio, llamacpp, vllm, openai-compatible
      cause: at [HOME]/.synapse/connections.toml:9:12
      hint: did you mean `openai`?
      hint: any server of OpenAI's wire format is openai-compatible, with --base-url
    ");
    home.run(["connection", "show", "work"]).with_code(0);
}
