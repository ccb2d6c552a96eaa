//! Wrong input of every kind: what people type, what stands in their files, what an IDE sends. Each
//! is refused with a code, a place and a next step, and leaves everything as it was.

mod answers;
mod arguments;
mod config_file;
mod connections;
mod credentials;
mod documents;
mod large;
mod protocol;
mod urls;

use synapse_tests::Home;

use crate::TWIN;
/// A URL that can be right, for input that is refused before it matters.
const BASE_URL: &str = "http://127.0.0.1:9/v1";

/// Writes a connections.toml with an open connection called `work`, as a person would.
fn write_connection(home: &Home, credential: &str, base_url: &str) {
    home.write(
        ".synapse/connections.toml",
        format!(
            "format = 1\n\n[connections.work]\nprovider = \"openai\"\nmodel = \"gpt-5.6-terra\"\n\
             credential = \"{credential}\"\nnetwork = \"open\"\nbase_url = \"{base_url}\"\n"
        ),
    );
}
