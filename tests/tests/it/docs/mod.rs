//! Checks the README and guides against the program: `console` blocks run, commands exist, tables
//! match, and the getting-started path works.

mod commands;
mod console;
mod files;
mod library;
mod start;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use crate::TWIN;

fn repository() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap().to_owned()
}

fn readme() -> PathBuf {
    repository().join("README.md")
}

fn guides() -> Vec<PathBuf> {
    let guides = fs::read_dir(repository().join("docs/guides")).unwrap();
    let mut pages: Vec<PathBuf> = guides.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    assert_ne!(pages, [] as [PathBuf; 0], "there is no guide");
    pages
}

fn text(page: &Path) -> String {
    fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// The fenced code blocks of that language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some((info.trim() == language, String::new())),
            (Some(_), Some(_)) => {
                let closed = open.take().filter(|(wanted, _)| *wanted);
                blocks.extend(closed.map(|(_, block)| block));
            }
            (None, Some((_, block))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The language of each fenced code block.
fn languages(text: &str) -> Vec<String> {
    let mut fence: Option<String> = None;
    let mut languages = Vec::new();
    for line in text.lines().map(str::trim) {
        let ticks: String = line.chars().take_while(|each| *each == '`').collect();
        match &fence {
            None if ticks.len() >= 3 => {
                languages.push(line[ticks.len()..].trim().to_owned());
                fence = Some(ticks);
            }
            Some(open) if line == open => fence = None,
            _ => {}
        }
    }
    languages
}

/// Inline code spans.
fn spans(text: &str) -> Vec<String> {
    let mut spans = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            spans.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    spans
}
