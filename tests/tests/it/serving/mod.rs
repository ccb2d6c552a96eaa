//! The server from the IDE's view, apart from prompts: ledger tools, resources, prompts,
//! completions, and the effect of flags.

mod hostile;
mod library;
mod offers;
mod progress;
mod records;

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Era, Home, Ide};

use crate::TWIN;

/// A home with `work`, network access on, and `later`, network access off.
fn home(double: &OpenAiDouble) -> Home {
    let home = Home::connected(TWIN, double);
    home.save("later", double, &["--offline"]);
    home
}

/// A server with additional flags.
fn serve(home: &Home, flags: &[&str], era: Era) -> Ide {
    Ide::connect(home.twin(["serve"].iter().chain(flags)), era)
}

/// The `--json` output of a command.
fn printed(home: &Home, arguments: &[&str]) -> Value {
    home.run(arguments.iter().chain(&["--json"])).json()
}

fn ask_both(ide: &mut Ide) {
    for connection in ["work", "later"] {
        let arguments = json!({"connection": connection, "prompt": "the secret plan"});
        ide.call("chat", arguments);
    }
}
