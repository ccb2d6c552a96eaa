//! A new user with only the program: `synapse setup`, from an empty home to an answer, and every
//! way to cancel it.

mod full;
mod leaving;
#[cfg(target_os = "linux")]
mod local_server;
mod machine;
mod models;
mod script;
mod whole;

use std::path::Path;

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::process::Run;
use synapse_tests::{Home, Terminal};

use crate::TWIN;

/// A question: its text on the screen, and the answer.
#[derive(Debug, Clone, Copy)]
struct Question {
    shows: &'static str,
    /// Pasted or typed text: a key or a prompt, which is mandatory.
    pasted: &'static str,
    /// Additional keys.
    keys: &'static str,
}

/// All questions, in order.
const WAY: [Question; 10] = [
    question("Who answers?", "\r"),
    question("Which key?", "\r"),
    pasting("Key of OpenAI (not shown):", OpenAiDouble::KEY),
    question("Where is it kept?", "\r"),
    question("Open it for 127.0.0.1", "y\r"),
    question("Which of 3 models?", "terra\r"),
    question("Check it, and save it", "\r"),
    question("Which of these get Synapse?", "\r"),
    question("Write these 3 files?", "y\r"),
    pasting("Ask:", "Say hello"),
];
/// The first question after something is saved.
const SAVED: usize = 7;

const fn question(shows: &'static str, keys: &'static str) -> Question {
    Question {
        shows,
        pasted: "",
        keys,
    }
}

const fn pasting(shows: &'static str, pasted: &'static str) -> Question {
    Question {
        shows,
        pasted,
        keys: "\r",
    }
}

/// A home in which three clients are detected, without any file of Synapse.
fn home() -> Home {
    let home = Home::new(TWIN);
    for sign in [".cursor", ".codeium/windsurf", ".gemini"] {
        home.write(&format!("{sign}/sign"), "");
    }
    home
}

/// `setup` against `provider`, for a full-featured terminal.
fn setup(home: &Home, provider: &OpenAiDouble) -> Run {
    let words = ["setup", "--base-url", &provider.base_url()].map(str::to_owned);
    home.twin(words).env("TERM", "xterm-256color")
}

/// Answers the first `count` questions and waits for the next.
fn answered(terminal: &mut Terminal, count: usize) {
    for question in &WAY[..count] {
        terminal.wait_for_shown(question.shows);
        terminal.press(question.pasted);
        terminal.press(question.keys);
    }
    if let Some(next) = WAY.get(count) {
        terminal.wait_for_shown(next.shows);
    }
}

/// The files in the directory of Synapse, except empty lock files.
fn own_files(home: &Home) -> Vec<String> {
    let mut files: Vec<String> = home
        .files()
        .into_iter()
        .filter_map(|(path, _)| {
            let below = path.strip_prefix(home.synapse()).ok()?;
            Some(below.to_string_lossy().into_owned())
        })
        .collect();
    files.retain(|file| !file.ends_with(".lock"));
    files.sort();
    files
}

/// Whether the file has our entry.
fn has_entry(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.contains("synapse"))
}
