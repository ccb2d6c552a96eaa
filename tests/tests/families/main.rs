//! The four families of trouble that the guides know: the gate is closed, the endpoint's path is
//! wrong, the token is rejected, the provider refuses access. Each shows one and the same code in
//! preflight, in the terminal, to the IDE and in the ledger.

#![cfg(test)]

mod access;
mod endpoint;
mod gate;
mod token;
mod trouble;

use synapse_testkit::provider_doubles::{HuggingFaceDouble, OpenAiDouble};
use synapse_tests::{Flags, Home};

const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");

fn save(home: &Home, flags: &Flags, more: &[&str]) {
    home.create("work", flags, &[&["--offline"], more].concat())
        .with_code(0);
}

fn openai(double: &OpenAiDouble, credential: &str) -> Flags {
    Flags::new(
        "openai",
        OpenAiDouble::MODEL,
        credential,
        &double.base_url(),
    )
}

fn hugging_face(double: &HuggingFaceDouble, credential: &str) -> Flags {
    let model = format!("{}:novita", HuggingFaceDouble::MODEL);
    Flags::new("huggingface", &model, credential, &double.base_url())
}
