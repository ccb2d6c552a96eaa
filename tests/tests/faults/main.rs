//! What goes wrong around the product: calls that are given up, processes that die or race, disks
//! that cannot be written, and pipes that nobody reads.

#![cfg(test)]

mod ending;
mod once;
mod pipes;
mod processes;
mod storage;

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_testkit::raw::{End, RawServer, RecordedRequest, Reply};
use synapse_tests::{Flags, Home};

const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");

/// Flags of a connection to `double`, with the credential that it takes.
fn flags(home: &Home, double: &OpenAiDouble) -> Flags {
    let credential = home.credential(OpenAiDouble::KEY);
    Flags::new(
        "openai",
        OpenAiDouble::MODEL,
        &credential,
        &double.base_url(),
    )
}

/// Saves an open connection called `work` to a server that need not be a provider.
fn save_unchecked(home: &Home, server: &RawServer) {
    let base_url = server.url("/v1").to_string();
    let flags = Flags::new("openai", "m", &home.credential("sk-fake"), &base_url);
    home.create("work", &flags, &["--allow-network", "--offline"])
        .with_code(0);
}

/// A provider that takes a prompt and then says nothing, unless the prompt asks for an answer.
fn hanging() -> RawServer {
    RawServer::start(|request| match prompt(request).as_str() {
        "answer" => completion(),
        _ => Reply::silent(End::Hang),
    })
}

fn prompt(request: &RecordedRequest) -> String {
    let body = request.json();
    body["messages"][0]["content"].as_str().unwrap().to_owned()
}

fn completion() -> Reply {
    Reply::json(
        200,
        r#"{"model":"m","choices":[{"message":{"role":"assistant","content":"Here"},
            "finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
    )
}
