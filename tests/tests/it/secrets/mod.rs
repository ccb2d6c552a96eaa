//! Secrets: where they are sent, how they are stored and checked, and that they appear nowhere
//! else.

mod binding;
mod echo;
mod hunt;
mod hygiene;
mod memory;
mod places;
mod prompts;

use synapse_testkit::raw::RawServer;
use synapse_tests::provider::here;

use crate::TWIN;

/// Overwrites the content of a file.
fn rewrite(path: &std::path::Path, content: impl AsRef<[u8]>) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(content.as_ref()).unwrap();
}

/// A server that answers every prompt.
fn answering() -> RawServer {
    RawServer::always(here())
}

/// Made-up tokens in vendors' shapes, and some in no known shape. Built here, so that no scanner
/// reports this file.
fn shapes() -> Vec<(&'static str, String)> {
    let body = |seed: u64, length: usize| {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(letters[usize::try_from(state % 62).unwrap()])
        };
        (0..length).map(|_| next()).collect::<String>()
    };
    vec![
        ("old OpenAI key", format!("sk-{}", body(1, 48))),
        (
            "project key",
            format!("sk-proj-{}_{}", body(2, 74), body(3, 50)),
        ),
        (
            "service account key",
            format!("sk-svcacct-{}-{}", body(4, 40), body(5, 40)),
        ),
        ("Hugging Face token", format!("hf_{}", body(6, 34))),
        (
            "Hugging Face OAuth token",
            format!("hf_oauth_{}.{}.{}", body(7, 30), body(8, 60), body(9, 40)),
        ),
        (
            "web token",
            format!("eyJ{}.eyJ{}.{}", body(10, 33), body(11, 80), body(12, 43)),
        ),
        (
            "GitHub token",
            format!("github_pat_{}_{}", body(13, 22), body(14, 59)),
        ),
        ("Vault token", format!("hvs.{}", body(15, 90))),
        ("Groq key", format!("gsk_{}", body(16, 52))),
        (
            "opaque base64",
            format!(
                "{}+/{}/{}+{}==",
                body(17, 9),
                body(18, 11),
                body(19, 8),
                body(20, 4)
            ),
        ),
        (
            "opaque hexadecimal",
            "5f0c1e9b7a3d48261f0e9d8c7b6a5948372615f4e3d2c1b0a9f8e7d6c5b4a392".to_owned(),
        ),
        (
            "awkward characters",
            "fake-canary/0123+4567==89&\"x\\y'z%41<Qq>".to_owned(),
        ),
    ]
}
