//! Invalid input of every kind: arguments, files, IDE messages. Each is refused with a code, a
//! position and a next step, and changes nothing.

mod answers;
mod arguments;
mod config_file;
mod connections;
mod credentials;
mod documents;
mod large;
mod protocol;
mod refusals;
mod urls;

use synapse_tests::Home;

use crate::TWIN;
/// A plausible URL, for input that is refused before it is used.
const BASE_URL: &str = "http://127.0.0.1:9/v1";

/// Writes a connections.toml with the connection `work`, network access on.
fn write_connection(home: &Home, credential: &str, base_url: &str) {
    home.write(
        ".synapse/connections.toml",
        format!(
            "format = 1\n\n[connections.work]\nprovider = \"openai\"\nmodel = \"gpt-5.6-terra\"\n\
             credential = \"{credential}\"\nnetwork = \"open\"\nbase_url = \"{base_url}\"\n"
        ),
    );
}
