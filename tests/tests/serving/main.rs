//! What an IDE sees of the server beside the answer to a prompt: tools over the ledger, resources,
//! prompts, completions, and what flags leave of them.

#![cfg(test)]

mod library;
mod offers;
mod records;

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Era, Flags, Home, Ide};

const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");

/// A home with `work`, which is open, and `later`, which is not.
fn home(double: &OpenAiDouble) -> Home {
    let home = Home::new(TWIN);
    let credential = home.credential(OpenAiDouble::KEY);
    let flags = Flags::new(
        "openai",
        OpenAiDouble::MODEL,
        &credential,
        &double.base_url(),
    );
    home.create("work", &flags, &["--allow-network"])
        .with_code(0);
    home.create("later", &flags, &["--offline"]).with_code(0);
    home
}

/// A server that was started with more flags.
fn serve(home: &Home, flags: &[&str], era: Era) -> Ide {
    let mut ide = Ide::start(home.twin(["serve"].iter().chain(flags).copied()));
    ide.shake_hands(era);
    ide
}

/// What a command prints with `--json`.
fn printed(home: &Home, arguments: &[&str]) -> Value {
    let output = home.run(arguments.iter().chain(&["--json"]).copied());
    serde_json::from_str(&output.stdout).unwrap()
}

fn ask_both(ide: &mut Ide) {
    for connection in ["work", "later"] {
        let arguments = json!({"connection": connection, "prompt": "the secret plan"});
        ide.call("chat", arguments);
    }
}
