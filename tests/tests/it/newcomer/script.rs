//! `setup --yes` in a pipe: flags replace answers, and a second run changes nothing.

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::Home;

use super::{has_entry, home, own_files};
use crate::TWIN;

fn words(home: &Home, provider: &OpenAiDouble) -> Vec<String> {
    let file = format!("file:{}", home.synapse().join("openai.token").display());
    let words = [
        "setup",
        "--yes",
        "--key-stdin",
        "--provider",
        "openai",
        "--credential",
        &file,
    ];
    let more = ["--base-url", &provider.base_url(), "--allow-network"].map(str::to_owned);
    let words = words.map(str::to_owned).into_iter().chain(more);
    words.collect()
}

#[test]
fn flags_are_the_answers() {
    let provider = OpenAiDouble::start();
    let home = home();
    let model = [
        "--model",
        OpenAiDouble::MODEL,
        "--ide",
        "detected",
        "--prompt",
        "Say hello",
    ];
    let words = words(&home, &provider).into_iter();
    let words: Vec<String> = words.chain(model.map(str::to_owned)).collect();
    let run = home
        .twin(&words)
        .input(OpenAiDouble::KEY)
        .output()
        .with_code(0);
    assert!(run.stdout.contains("saved openai"), "{run}");
    assert!(run.stdout.ends_with("Hello\n"), "{run}");
    assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
    for file in [
        ".cursor/mcp.json",
        ".codeium/windsurf/mcp_config.json",
        ".gemini/settings.json",
    ] {
        assert!(has_entry(&home.path().join(file)), "{file}");
    }
    let before = std::fs::read(home.connections()).unwrap();
    let again: Vec<&String> = words.iter().filter(|word| *word != "--key-stdin").collect();
    let again = home.run(again).with_code(0);
    assert!(again.stderr.contains("already exists"), "{again}");
    assert_eq!(std::fs::read(home.connections()).unwrap(), before);
}

#[test]
fn what_is_missing_is_named_and_nothing_is_asked_or_written() {
    let provider = OpenAiDouble::start();
    let home = home();
    for (words, names) in [
        (vec!["setup"], "no question can be asked"),
        (vec!["setup", "--yes"], "needs --provider"),
        (
            vec!["setup", "--yes", "--provider", "openai"],
            "needs --credential",
        ),
        (
            vec!["connection", "create"],
            "needs NAME, --provider, --model",
        ),
        (
            vec!["connection", "create", "work", "--provider", "openai"],
            "needs --model",
        ),
    ] {
        let refused = home.run(&words).with_code(2);
        assert!(refused.stderr.contains(names), "{words:?}: {refused}");
    }
    let no_model = words(&home, &provider);
    let refused = home
        .twin(no_model)
        .input(OpenAiDouble::KEY)
        .output()
        .with_code(2);
    assert!(refused.stderr.contains("needs --model"), "{refused}");
    assert!(own_files(&home).is_empty());
}

#[test]
fn a_wrong_key_from_stdin_is_not_kept() {
    let provider = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let model = ["--model", OpenAiDouble::MODEL].map(str::to_owned);
    let words = words(&home, &provider).into_iter().chain(model);
    let refused = home
        .twin(words)
        .input("sk-fake-wrong")
        .output()
        .with_code(4);
    assert!(!refused.to_string().contains("sk-fake-wrong"), "{refused}");
    assert!(own_files(&home).is_empty());
}

/// Whichever is first saves both; the other takes neither away.
#[test]
fn two_runs_at_once_leave_a_key_and_its_connection() {
    for _ in 0..4 {
        let provider = OpenAiDouble::start();
        let home = Home::new(TWIN);
        let model = ["--model", OpenAiDouble::MODEL].map(str::to_owned);
        let words: Vec<String> = words(&home, &provider).into_iter().chain(model).collect();
        let run = || home.twin(&words).input(OpenAiDouble::KEY).start();
        let (one, other) = (run(), run());
        let ended = [one.finish(), other.finish()];
        assert!(ended.iter().any(|run| run.code == 0), "{ended:?}");
        for run in &ended {
            assert!(run.code == 0 || run.stderr.contains("error["), "{run}");
        }
        assert_eq!(own_files(&home), ["connections.toml", "openai.token"]);
        home.run(["preflight", "openai"]).with_code(0);
    }
}
