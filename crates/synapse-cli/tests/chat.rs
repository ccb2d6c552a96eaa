//! `synapse chat` as a user runs it: files in, one request out, answer and tool calls on stdout.
//! Every test asserts the number of requests at the provider.

#![cfg(test)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use synapse_testkit::raw::{RawServer, Reply};
use tempfile::TempDir;

const ANSWER: &str = r#"{"model":"m-2026","choices":[{"message":{"content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
const TOOL_CALLS: &str = r#"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":"}},{"id":"call_2","type":"function","function":{"name":"time","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot really";

/// A home with a connection to a provider that always gives the same answer.
struct Bench {
    home: TempDir,
    server: RawServer,
}

impl Bench {
    fn new(answer: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self::at(home, RawServer::always(Reply::json(200, answer)))
    }

    fn at(home: TempDir, server: RawServer) -> Self {
        let bench = Self { home, server };
        let created = bench.run(
            &[
                "connection",
                "create",
                "work",
                "--provider",
                "openai",
                "--model",
                "m",
                "--credential",
                "env:TOKEN",
                "--allow-network",
                "--offline",
                "--base-url",
                bench.server.url("/v1").as_str(),
            ],
            b"",
        );
        assert!(created.status.success(), "{}", stderr(&created));
        bench
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.home.path().join(name);
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        self.run_into(Stdio::piped(), arguments, stdin)
    }

    fn run_into(&self, stdout: Stdio, arguments: &[&str], stdin: &[u8]) -> Output {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place of this test that starts the program"
        )]
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_synapse")));
        let mut child = command
            .args(arguments)
            .env_clear()
            .env("SYNAPSE_HOME", self.home.path().join("synapse"))
            .env("TOKEN", "fake-token")
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that fails early does not read it.
        drop(child.stdin.take().unwrap().write_all(stdin));
        child.wait_with_output().unwrap()
    }

    fn chat(&self, arguments: &[&str]) -> Output {
        self.run(&[&["chat", "work"], arguments].concat(), b"")
    }

    /// The body of the only request, and the output.
    fn sent(&self, arguments: &[&str]) -> (Value, String) {
        let output = self.chat(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        (self.server.only_request().json(), stdout(&output))
    }

    /// The failure of a call that must not send anything.
    fn refused(&self, arguments: &[&str]) -> Value {
        let output = self.chat(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert_eq!(self.server.accepts(), 0, "nothing is sent");
        let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(document["error"]["code"], "usage.invalid-arguments");
        document["error"].clone()
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_pipe_gets_the_answer_as_it_came() {
    let answer = "a\u{1b}[31mred\u{1b}[0m\r\n\u{202e}b";
    let body = json!({"choices": [{"message": {"content": answer}}]}).to_string();
    let bench = Bench::new(&body);
    let output = bench.run(&["chat", "work", "hi"], b"");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("{answer}\n")
    );
    assert_eq!(bench.server.heads(), 1);
}

/// A lost answer that was paid for is reported, and a script does not continue with an empty file.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_stdout_does_not_take_is_a_failure() {
    let bench = Bench::new(ANSWER);
    for arguments in [
        &["chat", "work", "hi"][..],
        &["chat", "work", "hi", "--json"],
        &["usage"],
        &["history", "export"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let output = bench.run_into(full.unwrap().into(), arguments, b"");
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(13), "{arguments:?}: {said}");
        let told = said
            .matches("error[storage.disk-full]: the result could not be fully written")
            .count();
        assert_eq!(told, 1, "{arguments:?}: {said}");
    }
    assert_eq!(bench.server.heads(), 2, "one request for each prompt");
}

#[test]
fn images_go_with_the_prompt() {
    let bench = Bench::new(ANSWER);
    let file = bench.file("photo.jpg", PNG);
    let url = "https://example.com/b.webp";
    let (body, answer) = bench.sent(&["What is it?", "--image", &file, "--image", url]);
    assert_eq!(answer, "ok\n");
    let data = "data:image/png;base64,iVBORw0KGgpub3QgcmVhbGx5";
    assert_eq!(
        body["messages"],
        json!([{"role": "user", "content": [
            {"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": data}},
            {"type": "image_url", "image_url": {"url": url}},
        ]}]),
        "the type is told by the bytes, not by the name"
    );
}

#[test]
fn files_that_are_no_images_are_refused_before_anything_is_sent() {
    let bench = Bench::new(ANSWER);
    let refused = |file: &str| {
        let error = bench.refused(&["hi", "--image", file]);
        assert_eq!(error["context"]["argument"], "--image");
        assert!(!error["hints"].as_array().unwrap().is_empty(), "{error}");
        let cause = error["causes"][0].as_str().unwrap().to_owned();
        (error["message"].as_str().unwrap().to_owned(), cause)
    };
    let (message, cause) = refused("no/such.png");
    assert_eq!(message, "the image in `no/such.png` cannot be read");
    assert!(cause.starts_with("No such file or directory"), "{cause}");
    let (_, cause) = refused(bench.home.path().to_str().unwrap());
    assert!(cause.starts_with("Is a directory"), "{cause}");
    for (name, bytes) in [("empty.png", &b""[..]), ("page.png", b"<html>")] {
        let (message, _) = refused(&bench.file(name, bytes));
        assert!(
            message.ends_with("is not an image that models accept"),
            "{message}"
        );
    }
    let mut large = PNG.to_vec();
    large.resize((20 << 20) + 1, 0);
    let (message, cause) = refused(&bench.file("large.png", &large));
    assert!(message.ends_with("is too large"), "{message}");
    assert_eq!(cause, "it has more than 20 MiB");
}

#[test]
fn an_image_of_exactly_the_cap_is_sent() {
    let bench = Bench::new(ANSWER);
    let mut largest = PNG.to_vec();
    largest.resize(20 << 20, 0);
    let file = bench.file("largest.png", &largest);
    let (body, _) = bench.sent(&["hi", "--image", &file]);
    let url = &body["messages"][0]["content"][1]["image_url"]["url"];
    let data = "data:image/png;base64,".len() + (20_usize << 20).div_ceil(3) * 4;
    assert_eq!(url.as_str().unwrap().len(), data);
}

#[test]
fn parameters_schema_and_tools_are_passed_through() {
    let bench = Bench::new(ANSWER);
    let schema = bench.file("city.schema.json", r#"{"type":"object","z":1.0,"a":null}"#);
    let tools =
        r#"[{"type":"function","function":{"parameters":{"z":0.1,"a":[]},"name":"weather"}}]"#;
    let tools_file = bench.file("tools.json", tools);
    let (body, _) = bench.sent(&[
        "hi",
        "--json-schema",
        &schema,
        "--schema-strict",
        "--tools-file",
        &tools_file,
        "--temperature",
        "0",
        "--top-p",
        "0.5",
        "--stop",
        "END",
        "--stop",
        "\n",
        "--seed",
        "-7",
        "--max-tokens",
        "9",
        "--reasoning-effort",
        "low",
    ]);
    let format = r#"{"type":"json_schema","json_schema":{"name":"city_schema","schema":{"type":"object","z":1.0,"a":null},"strict":true}}"#;
    assert_eq!(
        body.to_string(),
        format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],"stream":false,"max_completion_tokens":9,"temperature":0.0,"top_p":0.5,"stop":["END","\n"],"seed":-7,"reasoning_effort":"low","response_format":{format},"tools":{tools}}}"#
        )
    );
}

#[test]
fn a_conversation_comes_from_a_file_or_from_stdin() {
    let talk = r#"[{"role":"user","content":"Weather?"},
        {"role":"assistant","tool_calls":[{"id":"call_1","name":"weather","arguments":"{}"}]},
        {"role":"tool","tool_call_id":"call_1","content":"21 °C"}]"#;
    let messages = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]},
        {"role": "tool", "content": "21 °C", "tool_call_id": "call_1"},
    ]);
    let bench = Bench::new(ANSWER);
    let file = bench.file("talk.json", talk);
    let (body, _) = bench.sent(&["--messages", &file, "--system", "Be brief."]);
    assert_eq!(body["messages"], messages);

    let bench = Bench::new(ANSWER);
    let arguments = ["chat", "work", "--messages", "-", "--system", "Be brief."];
    let output = bench.run(&arguments, talk.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(bench.server.only_request().json()["messages"], messages);
}

#[test]
fn json_that_does_not_fit_is_refused_with_its_place() {
    let bench = Bench::new(ANSWER);
    for (flag, text, cause) in [
        (
            "--messages",
            "[{\"role\": \"user\"}\n",
            "line 2, column 0: EOF",
        ),
        (
            "--messages",
            "[\n {\"role\": \"bot\"}]",
            "line 2, column 15: [0]: unknown variant `bot`",
        ),
        (
            "--tools-file",
            "[{},\n  \"x\"]",
            "line 2, column 5: [1]: invalid type: string \"x\"",
        ),
        (
            "--json-schema",
            "[]",
            "line 1, column 0: invalid type: sequence",
        ),
    ] {
        let file = bench.file("wrong.json", text);
        let prompt: &[&str] = if flag == "--messages" { &[] } else { &["hi"] };
        let error = bench.refused(&[prompt, &[flag, &file]].concat());
        let told = error["causes"][0].as_str().unwrap();
        assert!(told.starts_with(cause), "{told}");
        assert_eq!(error["context"]["argument"], flag);
    }
    let file = bench.file("schema.json", "{}");
    let named = ["hi", "--json-schema", &file, "--schema-name", "a b"];
    let error = bench.refused(&named);
    assert_eq!(error["message"], "that is not a valid schema name");
    let empty = bench.file("empty.json", "[]");
    let error = bench.refused(&["--messages", &empty]);
    assert_eq!(error["message"], "there is no prompt");
}

#[test]
fn tool_calls_are_the_result() {
    let bench = Bench::new(TOOL_CALLS);
    let output = bench.chat(&["Weather?"]);
    assert!(output.status.success());
    assert_eq!(
        stdout(&output),
        concat!(
            r#"{"id":"call_1","name":"weather","arguments":"{\"city\":"}"#,
            "\n",
            r#"{"id":"call_2","name":"time","arguments":"{}"}"#,
            "\n",
        )
    );
    let said = stderr(&output);
    assert!(
        said.contains("no text (finish reason tool_calls): the model asks"),
        "{said}"
    );

    let output = bench.chat(&["Weather?", "--json"]);
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(document["content"], Value::Null);
    assert_eq!(document["tool_calls"][0]["name"], "weather");
    assert_eq!(document["receipt"]["finish_reason"], "tool_calls");
    assert_eq!(bench.server.heads(), 2, "one request for each prompt");
}

/// The connection need not be named, because it is the only one.
#[test]
fn a_prompt_goes_to_the_only_connection_and_a_word_alone_is_a_name() {
    let bench = Bench::new(ANSWER);
    let output = bench.run(&["chat", "What is it?"], b"");
    assert_eq!(stdout(&output), "ok\n", "{}", stderr(&output));
    let piped = bench.run(&["chat", "-"], b"piped");
    assert_eq!(stdout(&piped), "ok\n", "{}", stderr(&piped));
    let word = bench.run(&["chat", "Hello"], b"a prompt");
    assert_eq!(word.status.code(), Some(3), "{}", stderr(&word));
    assert_eq!(bench.server.heads(), 2, "a mistyped name sends nothing");
}

#[test]
fn files_are_text_before_the_prompt_and_are_shown_without_being_sent() {
    let bench = Bench::new(ANSWER);
    let code = bench.file("a.rs", "fn a() {}\n");
    let fenced = bench.file("b.md", "````\nx\n````");
    let ask = [
        "Explain",
        "-f",
        &code,
        "--file",
        &fenced,
        "--temperature",
        "0",
    ];
    let shown = bench.chat(&[&ask[..], &["--dry-run"]].concat());
    assert!(shown.status.success(), "{}", stderr(&shown));
    assert_eq!(bench.server.accepts(), 0, "nothing is sent");
    let address = format!("POST {}", bench.server.url("/v1/chat/completions"));
    assert!(stderr(&shown).contains(&address), "{}", stderr(&shown));
    let (body, _) = bench.sent(&ask);
    let text = format!(
        "File: {code}\n```\nfn a() {{}}\n```\n\n\
         File: {fenced}\n`````\n````\nx\n````\n`````\n\nExplain"
    );
    assert_eq!(body["messages"], json!([{"role": "user", "content": text}]));
    let sent = bench.server.only_request();
    assert_eq!(stdout(&shown).trim_end().as_bytes(), sent.body);
}

#[test]
fn what_is_shown_needs_neither_secret_nor_gate() {
    let bench = Bench::new(ANSWER);
    let closed = ["connection", "edit", "work", "--deny-network"];
    assert!(bench.run(&closed, b"").status.success());
    let lost = ["--credential", "file:/no/such.token", "--offline"];
    let edit = [&["connection", "edit", "work"][..], &lost].concat();
    assert!(bench.run(&edit, b"").status.success());
    let shown = bench.chat(&["hi", "--dry-run", "--json"]);
    let document: Value = serde_json::from_str(&stdout(&shown)).unwrap();
    assert_eq!(document["schema"], "synapse.chat-request/1");
    let body: Value = serde_json::from_str(document["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["messages"][0]["content"], "hi");
    let history = bench.run(&["history"], b"");
    assert_eq!(stdout(&history), "", "and leaves no row");
}

#[test]
fn files_that_are_no_text_are_refused_before_anything_is_sent() {
    let bench = Bench::new(ANSWER);
    let wrong = bench.file("a.bin", b"a\xffb");
    let large = bench.file("large.txt", vec![b'a'; (4 << 20) + 1]);
    for (file, says) in [
        (wrong.as_str(), "is not UTF-8 text"),
        (&large, "is too large"),
        ("no/such.txt", "cannot be read"),
    ] {
        let error = bench.refused(&["hi", "-f", file]);
        assert_eq!(error["context"]["argument"], "--file");
        let message = error["message"].as_str().unwrap();
        assert!(message.ends_with(says), "{message}");
    }
}

#[test]
fn an_answer_goes_into_a_file_that_is_not_there_yet() {
    let bench = Bench::new(ANSWER);
    let there = bench.file("there.md", "mine");
    let error = bench.refused(&["hi", "-o", &there]);
    assert_eq!(error["context"]["argument"], "--output");
    let nowhere = bench.home.path().join("no/such/answer.md");
    let output = bench.chat(&["hi", "-o", nowhere.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(13), "{}", stderr(&output));
    assert_eq!(bench.server.accepts(), 0, "nothing is sent");

    let new = bench.home.path().join("new.md");
    let output = bench.chat(&["hi", "-o", new.to_str().unwrap()]);
    assert_eq!(stdout(&output), "", "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(&new).unwrap(), "ok\n");
    let output = bench.chat(&["hi", "-o", &there, "--force"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "ok\n");
    let left = std::fs::read_dir(bench.home.path()).unwrap();
    assert_eq!(left.count(), 3, "two files and the directory of Synapse");
}

/// The answer is paid for: it is printed, and nothing advises to ask again.
#[test]
fn an_answer_whose_file_appeared_meanwhile_is_printed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("answer.md");
    let appearing = path.clone();
    let server = RawServer::start(move |_| {
        let mut file = std::fs::File::create(&appearing).unwrap();
        file.write_all(b"theirs").unwrap();
        Reply::json(200, ANSWER)
    });
    let bench = Bench::at(home, server);
    let output = bench.chat(&["hi", "-o", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(stdout(&output), "ok\n");
    let told = stderr(&output);
    assert!(told.contains("the answer is printed"), "{told}");
    assert!(!told.contains("--force"), "{told}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "theirs");
    assert_eq!(bench.server.accepts(), 1);
}

#[test]
fn a_clipboard_without_a_terminal_and_a_time_limit_of_its_own() {
    let bench = Bench::new(ANSWER);
    let error = bench.refused(&["hi", "--copy"]);
    assert_eq!(error["context"]["argument"], "--copy");
    bench.refused(&["hi", "--timeout", "100000"]);
    let (_, answer) = bench.sent(&["hi", "--timeout", "20", "-m", "other"]);
    assert_eq!(answer, "ok\n");
    assert_eq!(bench.server.only_request().json()["model"], "other");
}
