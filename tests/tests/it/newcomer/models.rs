//! Choosing a model before a connection exists, and long lists.

use std::fmt::Write as _;

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::{Home, Terminal};

use super::own_files;
use crate::TWIN;

const GATE: i32 = 5;
const ACCESS: i32 = 7;

fn words(provider: &OpenAiDouble) -> Vec<String> {
    let words = [
        "models",
        "--provider",
        "openai",
        "--credential",
        "env:OPENAI_API_KEY",
    ];
    let more = ["--base-url".to_owned(), provider.base_url()];
    words.map(str::to_owned).into_iter().chain(more).collect()
}

#[test]
fn models_are_listed_before_there_is_a_connection_and_nothing_is_written() {
    let provider = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let mut words = words(&provider);
    words.push("--allow-network".to_owned());
    let twin = || home.twin(&words).env("OPENAI_API_KEY", OpenAiDouble::KEY);
    let listed = twin().output().with_code(0);
    assert!(listed.stdout.contains(OpenAiDouble::MODEL), "{listed}");
    assert!(listed.stderr.contains("3 of 3 models"), "{listed}");
    words.push("--json".to_owned());
    let twin = home.twin(&words).env("OPENAI_API_KEY", OpenAiDouble::KEY);
    let document = twin.output().with_code(0).json();
    assert_eq!(document["schema"], "synapse.models/1");
    assert!(document["connection"].is_null(), "{document}");
    assert!(
        document["model"].is_null() && document["check"].is_null(),
        "{document}"
    );
    assert!(own_files(&home).is_empty());
}

#[test]
fn a_closed_gate_means_no_socket() {
    let provider = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let twin = home
        .twin(words(&provider))
        .env("OPENAI_API_KEY", OpenAiDouble::KEY);
    let refused = twin.output().with_code(GATE);
    assert!(
        refused.stderr.contains("gate.network-disabled"),
        "{refused}"
    );
    assert!(refused.stderr.contains("--allow-network"), "{refused}");
    assert_eq!(provider.server().accepts(), 0);
}

#[test]
fn a_model_that_does_not_exist_names_the_nearest() {
    let provider = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let words = words(&provider).into_iter();
    let more = ["--allow-network", "--model", "gpt-5.6-tera"].map(str::to_owned);
    let twin = home
        .twin(words.chain(more))
        .env("OPENAI_API_KEY", OpenAiDouble::KEY);
    let judged = twin.output().with_code(0);
    assert!(
        judged.stderr.contains("nearest listed: gpt-5.6-terra"),
        "{judged}"
    );

    let credential = home.credential(OpenAiDouble::KEY);
    let flags =
        synapse_tests::Flags::new("openai", "gpt-4.1-nao", &credential, &provider.base_url());
    let refused = home
        .create("work", &flags, &["--allow-network"])
        .with_code(ACCESS);
    assert!(
        refused.stderr.contains("spelled nearly so: gpt-4.1-nano"),
        "{refused}"
    );
}

#[test]
fn three_thousand_models_are_searched() {
    let mut list = r#"{"object":"list","data":["#.to_owned();
    for number in 0..3000 {
        let comma = if number == 0 { "" } else { "," };
        write!(
            list,
            r#"{comma}{{"id":"model-{number:04}","object":"model"}}"#
        )
        .unwrap();
    }
    list.push_str("]}");
    let server = RawServer::always(Reply::json(200, list));
    let home = Home::new(TWIN);
    let words = [
        "setup",
        "--provider",
        "openai-compatible",
        "--allow-network",
        "--base-url",
    ];
    let url = server.url("/v1").to_string();
    let words = words
        .into_iter()
        .chain([url.as_str(), "--credential", "env:NO_KEY"]);
    let run = home
        .twin(words)
        .env("TERM", "xterm-256color")
        .env("NO_KEY", "fake-key");
    let mut terminal = Terminal::sized(run, 24, 80);
    terminal.wait_for_shown("Which of 3000 models?");
    terminal.press("3001");
    terminal.wait_for_shown("> nothing matches  Backspace widens the search");
    // Taking that does not answer: the search continues with what was typed.
    terminal.press("\r");
    terminal.wait_for_shown("> Which of 3000 models? nothing matches");
    terminal.wait_for_shown("? Which of 3000 models? 3001");
    terminal.press(&Terminal::BACKSPACE.repeat(4));
    terminal.wait_for_shown("model-0000");
    assert!(
        !terminal.shown().contains("Backspace widens"),
        "{}",
        terminal.shown()
    );
    terminal.press("2718");
    terminal.wait_for_shown("> model-2718");
    assert!(
        !terminal.shown().contains("model-0000"),
        "{}",
        terminal.shown()
    );
    terminal.press("\r");
    terminal.wait_for_shown("Check it, and save it");
    let shown = terminal.shown();
    assert!(shown.contains("--model model-2718"), "{shown}");
    terminal.press(Terminal::ESC);
    drop(terminal.finish().with_code(0));
}

#[test]
fn create_asks_at_a_terminal_for_what_is_missing() {
    let provider = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let credential = home.credential(OpenAiDouble::KEY);
    let words = [
        "connection",
        "create",
        "work",
        "--provider",
        "openai",
        "--credential",
    ];
    let url = provider.base_url();
    let more = [credential.as_str(), "--base-url", &url, "--allow-network"];
    let run = home.twin(words.into_iter().chain(more));
    let mut terminal = Terminal::sized(run.env("TERM", "xterm-256color"), 24, 100);
    terminal.wait_for_shown("Which of 3 models?");
    terminal.press("terra\r");
    terminal.wait_for_shown("Check it, and save it");
    terminal.press("\r");
    let seen = terminal.finish().with_code(0);
    assert!(seen.stdout.contains("saved work"), "{seen}");
    home.run(["preflight", "work"]).with_code(0);
}
