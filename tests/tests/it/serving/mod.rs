//! What an IDE sees of the server beside the answer to a prompt: tools over the ledger, resources,
//! prompts, completions, and what flags leave of them.

mod hostile;
mod library;
mod offers;
mod progress;
mod records;

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Era, Home, Ide};

use crate::TWIN;

/// A home with `work`, which is open, and `later`, which is not.
fn home(double: &OpenAiDouble) -> Home {
    let home = Home::connected(TWIN, double);
    home.save("later", double, &["--offline"]);
    home
}

/// A server that was started with more flags.
fn serve(home: &Home, flags: &[&str], era: Era) -> Ide {
    Ide::connect(home.twin(["serve"].iter().chain(flags)), era)
}

/// What a command prints with `--json`.
fn printed(home: &Home, arguments: &[&str]) -> Value {
    home.run(arguments.iter().chain(&["--json"])).json()
}

fn ask_both(ide: &mut Ide) {
    for connection in ["work", "later"] {
        let arguments = json!({"connection": connection, "prompt": "the secret plan"});
        ide.call("chat", arguments);
    }
}
