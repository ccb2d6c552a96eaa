//! Somebody who has nothing but the program: `synapse setup`, from an empty home to an answer, and
//! every way to leave it.

mod leaving;
mod models;
mod script;
mod whole;

use std::path::Path;

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::process::Run;
use synapse_tests::{Home, Terminal};

use crate::TWIN;

/// One question: what is on the screen when it is asked, and what a newcomer answers.
#[derive(Debug, Clone, Copy)]
struct Question {
    shows: &'static str,
    /// What is pasted or written: a key or a prompt, which nobody can do without.
    pasted: &'static str,
    /// The keys beside it.
    keys: &'static str,
}

/// The whole way, in order.
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
/// The first question behind which something is kept.
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

/// A home in which three clients show themselves, and nothing of Synapse.
fn home() -> Home {
    let home = Home::new(TWIN);
    for sign in [".cursor", ".codeium/windsurf", ".gemini"] {
        home.write(&format!("{sign}/sign"), "");
    }
    home
}

/// `setup` against `provider`, for a terminal that can do all that is usual.
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

/// The files of Synapse, below its own directory, without locks, which hold nothing.
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

/// Whether `path` has an entry of ours.
fn has_entry(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.contains("synapse"))
}
