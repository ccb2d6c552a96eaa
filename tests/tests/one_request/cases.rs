//! Runs one case of the table through the twin, as a user would.

use serde_json::Value;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::{Flags, Home};

pub(crate) const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");
pub(crate) const PROVIDERS: [&str; 2] = ["openai", "huggingface"];
pub(crate) const CALLS: [&[&str]; 2] = [
    &["chat", "work", "hello", "--json"],
    &["models", "work", "--json"],
];

/// A home with one connection, saved offline, to the server at `base_url`.
pub(crate) fn home(provider: &str, base_url: &str, more: &[&str]) -> Home {
    home_with_timeout(provider, base_url, more, "30")
}

fn home_with_timeout(provider: &str, base_url: &str, more: &[&str], seconds: &str) -> Home {
    let home = Home::new(TWIN);
    let credential = home.credential("fake-token");
    let flags = Flags::new(provider, "org/model", &credential, base_url);
    let more = [
        &["--offline", "--allow-network", "--timeout", seconds],
        more,
    ]
    .concat();
    home.create("work", &flags, &more).with_code(0);
    home
}

/// What came of one call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) code: String,
    pub(crate) rows: usize,
    pub(crate) attempts: Option<u64>,
}

/// Makes one call and reads what it left behind.
pub(crate) fn call(home: &Home, arguments: &[&str]) -> Seen {
    let before = home.history().len();
    let output = home.run(arguments.to_vec());
    let document = output.json();
    let rows = home.history().len() - before;
    let code = document["error"]["code"]
        .as_str()
        .unwrap_or("ok")
        .to_owned();
    if rows == 1 {
        let row = &home.history()[0];
        let recorded = row["error_code"].as_str().unwrap_or("ok");
        assert_eq!(recorded, code, "the ledger says something else: {row}");
    }
    Seen {
        code,
        rows,
        attempts: document["receipt"]["attempts"].as_u64(),
    }
}

/// One reply, for both providers and both calls: `code` comes back after exactly one head.
pub(crate) fn always(name: &str, reply: &Reply, code: &str) -> usize {
    let mut made = 0;
    for provider in PROVIDERS {
        let server = RawServer::always(reply.clone());
        // Where the time-out is the case, it is waited for.
        let seconds = if code == "transport.response-timeout" {
            "1"
        } else {
            "30"
        };
        let home = home_with_timeout(provider, server.url("/v1").as_str(), &[], seconds);
        for arguments in CALLS {
            let before = server.heads();
            let seen = call(&home, arguments);
            let is_chat = arguments.contains(&"chat");
            assert_eq!(seen.code, code, "{name}, {provider}, {arguments:?}");
            assert_eq!(
                server.heads() - before,
                1,
                "{name}, {provider}, {arguments:?}"
            );
            assert_eq!(seen.rows, usize::from(is_chat), "{name}, {provider}");
            assert_eq!(seen.attempts, is_chat.then_some(1), "{name}, {provider}");
            made += 1;
        }
    }
    made
}

/// A JSON error body without any hint of its cause.
pub(crate) fn bare_error() -> String {
    Value::from_iter([("error", Value::from_iter([("message", "no")]))]).to_string()
}
