//! `usage`, `history`, exports, purge and audit, in a home with calls of every kind.

mod export;
mod history;
mod keeping;
mod lists;
mod memory;
mod screens;
mod unbuilt;
mod usage;

use serde_json::json;
use synapse_testkit::provider_doubles::{HuggingFaceDouble, OpenAiDouble};
use synapse_tests::{Era, Home, LocalProvider as _};

use crate::TWIN;

/// A home with five calls: two of `work` in the terminal, one of `work` from an IDE, one of `hf`
/// priced by the router, and a refused one of `shut`, whose network access is off.
pub(crate) fn home_with_calls() -> Home {
    let (openai, router) = (OpenAiDouble::start(), HuggingFaceDouble::start());
    let home = Home::connected(TWIN, &openai);
    home.save("shut", &openai, &["--offline"]);
    home.save("hf", &router, router.opening());
    home.run(["chat", "work", "hello"]).with_code(0);
    home.run(["chat", "work", "hello"]).with_code(0);
    home.run(["chat", "shut", "hello"]).with_code(5);
    home.run(["chat", "hf", "hello"]).with_code(0);
    let mut ide = home.serve(Era::Modern);
    ide.call("chat", json!({"connection": "work", "prompt": "hello"}));
    assert!(ide.close().status.success());
    home
}

/// Masks unpredictable text: ids, times, column widths.
pub(crate) fn masked(text: &str) -> String {
    let mask = |word: &str| match word {
        word if word.len() == 36 && word.matches('-').count() == 4 => "[ID]".to_owned(),
        word if word.len() == 24 && word.ends_with('Z') => "[TIME]".to_owned(),
        word if word.starts_with("127.0.0.1:") => "127.0.0.1:[PORT]".to_owned(),
        word => word.to_owned(),
    };
    let lines = text.lines().map(|line| {
        let words: Vec<String> = line.split_whitespace().map(mask).collect();
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}
