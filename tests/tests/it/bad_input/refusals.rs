//! Every refusal has at most five lines and ends with something to type.

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::Home;

use crate::TWIN;

/// Command lines that are refused in a home with the connection `work`.
const REFUSED: [&str; 65] = [
    "chat wrok hi",
    "chat work",
    "chat work hi -f /nope/x",
    "chat work hi --image /nope/x",
    "chat work hi --max-tokens x",
    "chat work hi --timeout 0",
    "chat work hi --temprature 1",
    "chat work hi -o /nope/x",
    "chat work hi -o /",
    "chat -c",
    "connection create",
    "connection create work --provider openai --model m --credential env:KEY",
    "connection create x --provider opneai --model m",
    "connection create x --provider openai --model m",
    "connection create x --provider openai --model m --credential /etc/passwd",
    "connection create x --provider openai --model m --credential file:/nope --allow-network",
    "connection create x --provider openai --model m --credential env:NOPE --allow-network",
    "connection create x --provider openai-compatible --model m --allow-network",
    "connection create x --provider openai-compatible --model m --base-url ftp://x",
    "connection create x --provider openai-compatible --model m --base-url http://example.test/v1",
    "connection create a/b --provider ollama --model m",
    "connection show nope",
    "connection remove nope",
    "connection edit work",
    "connection edit work --limit-usd-month x",
    "connection default nope",
    "connection rename work",
    "connection rename work work",
    "connection copy nope x",
    "preflight",
    "preflight nope",
    "models --base-url http://127.0.0.1:1/v1",
    "models nope",
    "models --provider nope",
    "models --provider openai",
    "secret set file:/nope/x",
    "secret check file:/nope/x",
    "secret check env:NOPE",
    "secret list --shelf x",
    "ide install nope",
    "ide install",
    "ide check zed",
    "ide undo zed",
    "ide uninstall",
    "hub add",
    "hub add x nope://foo",
    "hub approve x",
    "hub call x y",
    "hub import nope",
    "hub remove x",
    "history show nope",
    "history --since yesterdya",
    "history --outcome foo",
    "history list --columns foo",
    "history export --output x.foo",
    "history purge",
    "usage --by foo",
    "usage --since 2026-13-01",
    "explain foo",
    "completions foo",
    "help foo",
    "dashboard --port 99999",
    "doctor --bundle /nope/x",
    "check nope",
    "setup",
];

#[test]
fn each_has_five_lines_at_most_and_something_to_type() {
    let provider = OpenAiDouble::start();
    let home = Home::connected(TWIN, &provider);
    let mut wrong = Vec::new();
    for line in REFUSED {
        let refused = home.run(line.split(' '));
        let lines: Vec<&str> = refused.stderr.lines().collect();
        let ends = ["  hint: ", "  type: "];
        let helps = lines
            .iter()
            .any(|line| ends.iter().any(|end| line.starts_with(end)));
        let is_refused = refused.code != 0 && lines[0].starts_with("error");
        if !is_refused || lines.len() > 5 || !helps {
            wrong.push(format!("`{line}`: {refused}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The whole corrected command.
#[test]
fn what_can_be_corrected_is_ready_to_copy() {
    let provider = OpenAiDouble::start();
    let home = Home::connected(TWIN, &provider);
    home.write("answer.md", "");
    for (line, corrected) in [
        ("chat wrok hi", "synapse chat work hi"),
        (
            "chat work hi -o answer.md",
            "synapse chat work hi -o answer.md --force",
        ),
        ("chat work hi -o /", "synapse chat work hi -o /answer.md"),
        (
            "connection create x --provider openai --model m",
            "synapse connection create x --provider openai --model m \
             --credential=file:~/.synapse/openai.token",
        ),
        (
            "connection create x --provider openai-compatible --model m",
            "synapse connection create x --provider openai-compatible --model m \
             --base-url=http://127.0.0.1:8080/v1",
        ),
        ("preflight", "synapse preflight --all"),
        ("history --since yesterdya", "synapse history --since 7d"),
        ("ide undo cursor", "synapse ide list"),
        ("ide install cursor", "synapse ide install cursor --yes"),
        ("models --model m", "synapse models --help"),
        ("secret list --shelf x", "synapse secret list --help"),
        ("chta work hi", "synapse chat work hi"),
    ] {
        let run = home.twin(line.split(' ')).within(home.path());
        let refused = run.output();
        let is_there = refused.stderr.lines().any(|line| line.ends_with(corrected));
        assert!(is_there, "`{line}` has no `{corrected}`: {refused}");
    }
}

/// A key whose variable is not set has one failure, and no warning that says the same.
#[test]
fn a_failure_is_not_preceded_by_a_warning_of_the_same_cause() {
    let refused = Home::new(TWIN).run([
        "setup",
        "--yes",
        "--provider",
        "openai",
        "--credential",
        "env:NOPE",
        "--allow-network",
        "--model",
        "m",
    ]);
    let refused = refused.with_code(4);
    assert!(!refused.stderr.contains("warning["), "{refused}");
}
