//! A token that is looked for everywhere: in all output, in every file of the home, in the ledger
//! and its log, in the snippet. The provider does its worst to bring it back.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::json;
use synapse_testkit::raw::{End, RawServer, RecordedRequest, Reply};
use synapse_tests::{Era, Flags, Home, Ide, Output};

use super::TWIN;

/// With characters that are written otherwise in JSON, URLs and base64; of no known vendor.
const TOKEN: &str = "fake-canary/0123+4567==89&\"x\\y'z";

/// A provider that says back whatever it was told, in every field that anybody could look at. The
/// prompt chooses how it fails.
fn echo() -> RawServer {
    RawServer::start(|request| {
        let said = request
            .header("authorization")
            .unwrap_or_default()
            .to_owned();
        let reply = match trouble(request).as_str() {
            "reset" => return Reply::silent(End::Reset),
            "half" => {
                let reply = Reply::typed(200, "application/json", said.clone());
                reply.claiming(10_000).then(End::Close)
            }
            "redirect" => {
                let token = said.trim_start_matches("Bearer ");
                let target = format!("https://elsewhere.test/{token}?key={token}");
                Reply::status(307).header("location", &target)
            }
            "stream" => Reply::typed(200, "text/event-stream", said.clone()),
            "text" => Reply::typed(404, "text/plain", said.clone()),
            "html" => Reply::typed(502, "text/html", said.clone()),
            "shape" => Reply::json(200, json!({"said": said}).to_string()),
            "encoded" => encoded(&said),
            "whoami-v2" => identity(&said),
            "models" => Reply::json(200, json!({"data": [{"id": said}]}).to_string()),
            "ok" => completion(&said),
            status => match status.parse() {
                Ok(status) => error(status, &said),
                Err(_) => panic!("no trouble is called {status}"),
            },
        };
        echoing(reply, &said)
    })
}

/// How to fail: the prompt says so, or in preflight the model.
fn trouble(request: &RecordedRequest) -> String {
    if request.method() == "GET" {
        return request.path().rsplit('/').next().unwrap().to_owned();
    }
    let body = request.json();
    match body["messages"][0]["content"].as_str().unwrap() {
        "ping" => body["model"].as_str().unwrap().to_owned(),
        prompt => prompt.to_owned(),
    }
}

/// In every header that receipts and messages show.
fn echoing(reply: Reply, said: &str) -> Reply {
    [
        "x-request-id",
        "cf-ray",
        "x-inference-provider",
        "retry-after",
        "server",
        "x-error-message",
    ]
    .into_iter()
    .fold(reply, |reply, name| reply.header(name, said))
}

fn error(status: u16, said: &str) -> Reply {
    let error =
        json!({"message": format!("you sent {said}"), "type": said, "param": said, "code": said});
    Reply::json(status, json!({"error": error}).to_string())
}

fn encoded(said: &str) -> Reply {
    let token = said.trim_start_matches("Bearer ");
    let message = format!(
        "base64 {} and {}",
        STANDARD.encode(token),
        STANDARD.encode(said)
    );
    Reply::json(400, json!({"error": {"message": message}}).to_string())
}

fn identity(said: &str) -> Reply {
    let token = json!({"displayName": said, "role": "read", "createdAt": said});
    let body = json!({
        "name": said, "fullname": said, "orgs": [{"name": said}],
        "auth": {"type": said, "accessToken": token},
    });
    Reply::json(200, body.to_string())
}

/// The answer itself is the provider's text and goes through; what surrounds it must not carry the
/// token.
fn completion(said: &str) -> Reply {
    let body = json!({
        "id": said,
        "model": said,
        "shutdown_date": said,
        "system_fingerprint": said,
        "choices": [{
            "message": {"role": "assistant", "content": "fine"},
            "finish_reason": said,
        }],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    });
    Reply::json(200, body.to_string())
}

/// The token as it may be written.
fn forms() -> Vec<Vec<u8>> {
    let json = serde_json::to_string(TOKEN).unwrap();
    let percent: String = TOKEN
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    // Base64 of a text that begins at another place has another alphabet: all three shifts, without
    // the ends that depend on what stands around.
    let shifted = |engine: &base64::engine::GeneralPurpose, shift: usize| {
        let encoded = engine.encode(format!("{}{TOKEN}", "x".repeat(shift)));
        encoded.get(4..encoded.len() - 6).unwrap().to_owned()
    };
    let mut forms = vec![
        // The beginning is enough to be a leak.
        "canary/0123+4567".to_owned(),
        json.trim_matches('"').to_owned(),
        percent.get(..30).unwrap().to_owned(),
        "canary%2F0123".to_owned(),
    ];
    for shift in 0..3 {
        forms.push(shifted(&STANDARD, shift));
        forms.push(shifted(&URL_SAFE, shift));
    }
    let hexadecimal: String = TOKEN.bytes().map(|byte| format!("{byte:02x}")).collect();
    forms.push(hexadecimal);
    forms.into_iter().map(String::into_bytes).collect()
}

fn holds_token(bytes: &[u8]) -> bool {
    forms()
        .iter()
        .any(|form| bytes.windows(form.len()).any(|window| window == form))
}

/// Everything that was said so far.
#[derive(Default)]
struct Heard(Vec<(String, String)>);

impl Heard {
    fn output(&mut self, what: &str, output: &Output) {
        self.0.push((what.to_owned(), output.to_string()));
    }

    fn assert_clean(&self) {
        for (what, text) in &self.0 {
            assert!(
                !holds_token(text.as_bytes()),
                "{what} tells the token:\n{text}"
            );
        }
    }
}

const CONNECTIONS: [(&str, &str); 2] = [("openai", "openai"), ("hf", "huggingface")];

const TROUBLES: [&str; 21] = [
    "ok", "400", "401", "402", "403", "404", "405", "410", "413", "422", "429", "500", "503",
    "encoded", "text", "html", "shape", "stream", "redirect", "reset", "half",
];

#[test]
fn the_search_finds_what_it_looks_for() {
    assert!(holds_token(format!("Bearer {TOKEN}").as_bytes()));
    assert!(holds_token(json!({"said": TOKEN}).to_string().as_bytes()));
    assert!(holds_token(
        STANDARD.encode(format!("Bearer {TOKEN}")).as_bytes()
    ));
    assert!(holds_token(
        STANDARD.encode(format!("k:{TOKEN}")).as_bytes()
    ));
    assert!(!holds_token(b"[redacted]"));
    let provider = echo();
    let home = Home::new(TWIN);
    save(&home, &provider);
    let files = home.files();
    let found = files.iter().filter(|(_, content)| holds_token(content));
    assert_eq!(found.count(), 1, "the credential file itself");
}

fn save(home: &Home, provider: &RawServer) {
    let credential = home.credential(TOKEN);
    for (name, kind) in CONNECTIONS {
        let flags = flags(home, provider, kind, "m");
        home.create(name, &flags, &["--allow-network", "--offline"])
            .with_code(0);
    }
    assert_eq!(credential, reference(home));
}

fn flags(home: &Home, provider: &RawServer, kind: &str, model: &str) -> Flags {
    let base_url = provider.url("/v1").to_string();
    Flags::new(kind, model, &reference(home), &base_url)
}

fn reference(home: &Home) -> String {
    format!("file:{}", credential_file(home).display())
}

fn credential_file(home: &Home) -> PathBuf {
    home.path().join("0.token")
}

#[test]
fn no_output_and_no_file_ever_holds_the_token() {
    let provider = echo();
    let home = Home::new(TWIN);
    save(&home, &provider);
    let mut heard = Heard::default();
    for (name, kind) in CONNECTIONS {
        in_the_terminal(&home, name, &mut heard);
        in_preflight(&home, &provider, name, kind, &mut heard);
    }
    for era in [Era::Legacy, Era::Modern] {
        in_an_ide(&home, era, &mut heard);
    }
    in_reports(&home, &mut heard);
    heard.assert_clean();
    assert_no_file_holds_it(&home);
}

fn in_the_terminal(home: &Home, name: &str, heard: &mut Heard) {
    for trouble in TROUBLES {
        for format in [&["--color", "always"][..], &["--json"]] {
            let words = [&["chat", name, trouble][..], format].concat();
            let output = home.twin(words).env("SYNAPSE_LOG", "trace").output();
            assert_eq!(output.code == 0, trouble == "ok", "{trouble}\n{output}");
            heard.output(&format!("chat {name} {trouble}"), &output);
        }
    }
}

/// The model's name chooses how the provider fails.
fn in_preflight(home: &Home, provider: &RawServer, name: &str, kind: &str, heard: &mut Heard) {
    for trouble in TROUBLES {
        let flags = flags(home, provider, kind, trouble);
        for more in [&["--live"][..], &["--json"]] {
            let words = ["preflight", "--allow-network"].into_iter();
            let words = words.chain(flags.words()).chain(more.iter().copied());
            heard.output(&format!("preflight {kind} {trouble}"), &home.run(words));
        }
        let edit = ["connection", "edit", name, "--model", trouble];
        heard.output(&format!("edit {name} {trouble}"), &home.run(edit));
    }
}

/// Searches the files while the session is open, so that the ledger's log is there as well.
fn in_an_ide(home: &Home, era: Era, heard: &mut Heard) {
    let mut ide = Ide::start(home.twin(["serve"]).env("SYNAPSE_LOG", "trace"));
    ide.shake_hands(era);
    for (name, _) in CONNECTIONS {
        for trouble in TROUBLES {
            let result = ide.call("chat", json!({"connection": name, "prompt": trouble}));
            let failed = result["isError"] == true;
            assert_eq!(failed, trouble != "ok", "{trouble}: {result}");
        }
    }
    let log = home.ledger().with_extension("db-wal");
    assert_ne!(
        std::fs::metadata(log).unwrap().len(),
        0,
        "there is no log to search"
    );
    assert_no_file_holds_it(home);
    let ended = ide.close();
    assert!(ended.status.success(), "{ended:?}");
    heard
        .0
        .push((format!("{era:?} stdout"), ended.stdout.join("\n")));
    heard.0.push((format!("{era:?} stderr"), ended.stderr));
}

fn in_reports(home: &Home, heard: &mut Heard) {
    for arguments in [
        &["history", "--limit", "1000"][..],
        &["history", "--limit", "1000", "--json"],
        &["usage"],
        &["usage", "--json"],
        &["usage", "--by", "model", "--json"],
        &["connection", "list", "--json"],
        &["connection", "show", "openai", "--json"],
        &["ide", "snippet"],
        &["ide", "snippet", "--connection", "openai"],
    ] {
        let output = home.run(arguments.iter().copied()).with_code(0);
        heard.output(&arguments.join(" "), &output);
    }
    for row in home.history() {
        let id = row["call_id"].as_str().unwrap();
        let output = home.run(["history", "show", id]).with_code(0);
        heard.output("history show", &output);
    }
}

fn assert_no_file_holds_it(home: &Home) {
    let credential = credential_file(home);
    for (path, content) in home.files() {
        let holds = holds_token(&content);
        assert_eq!(
            holds,
            path == credential,
            "{} holds the token",
            path.display()
        );
    }
}
