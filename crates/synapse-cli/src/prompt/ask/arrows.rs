//! Questions with arrow keys, by inquire: it restores the terminal on every way out of a question
//! and handles pastes as text. Why this crate: docs/adr/0018-prompts.md.

use std::cell::{Cell, RefCell};
use std::fmt;

use inquire::list_option::ListOption;
use inquire::ui::{Color, RenderConfig, StyleSheet, Styled};
use inquire::{Confirm, InquireError, MultiSelect, Select, Text};

use super::{Left, Search, Usual};

pub(super) fn one_of(
    question: &str,
    options: Vec<String>,
    start: usize,
    search: Search,
) -> Result<usize, Left> {
    let start = start.min(options.len().saturating_sub(1));
    if search == Search::WhenLong && options.len() <= PAGE {
        return asked(|| {
            Select::new(question, numbered(options))
                .without_filtering()
                .with_starting_cursor(start)
                .with_page_size(PAGE)
                .with_formatter(&|chosen| chosen.value.name().to_owned())
                .with_help_message(MOVE)
                .with_render_config(look())
                .prompt()
        })
        .map(|chosen| chosen.index);
    }
    searched(question, &options, start)
}

/// A list in which typing searches. inquire shows an empty list without a word, so the list ends
/// with an option that says so; choosing it leads back to the search.
fn searched(question: &str, options: &[String], start: usize) -> Result<usize, Left> {
    let typed = RefCell::new(String::new());
    loop {
        let before = typed.borrow().clone();
        let found = Cell::new(false);
        let score = |input: &str, option: &ListLine, text: &str, at: usize| {
            // Options are scored in order: the first begins a search, the last sums it up.
            if at == 0 {
                found.set(false);
                input.clone_into(&mut typed.borrow_mut());
            }
            if option.index == options.len() {
                return (!found.get()).then_some(0);
            }
            let score = matches(input, text);
            found.set(found.get() || score.is_some());
            score
        };
        let mut lines = numbered(options.to_vec());
        lines.push(ListLine {
            index: options.len(),
            text: NOTHING_MATCHES.to_owned(),
        });
        let chosen = asked(|| {
            Select::new(question, lines)
                .with_starting_cursor(start)
                .with_starting_filter_input(&before)
                .with_page_size(PAGE)
                .with_scorer(&score)
                .with_sorter(&|_| ())
                .with_formatter(&|chosen| chosen.value.name().to_owned())
                .with_help_message(SEARCH)
                .with_render_config(look())
                .prompt()
        })?;
        if chosen.index < options.len() {
            return Ok(chosen.index);
        }
    }
}

pub(super) fn several_of(question: &str, options: Vec<String>) -> Result<Vec<usize>, Left> {
    let all: Vec<usize> = (0..options.len()).collect();
    asked(|| {
        MultiSelect::new(question, numbered(options))
            .without_filtering()
            .with_default(&all)
            .with_page_size(PAGE)
            .with_help_message(TOGGLE)
            .with_formatter(&|chosen: &[ListOption<&ListLine>]| match chosen.len() {
                0 => "none".to_owned(),
                _ => {
                    let names = chosen.iter().map(|each| each.value.name());
                    names.collect::<Vec<_>>().join(", ")
                }
            })
            .with_render_config(look())
            .prompt()
    })
    .map(|chosen| chosen.into_iter().map(|each| each.index).collect())
}

pub(super) fn agrees(question: &str, usual: Usual) -> Result<bool, Left> {
    asked(|| {
        Confirm::new(question)
            .with_default(usual == Usual::Yes)
            .with_render_config(look())
            .prompt()
    })
}

pub(super) fn text(question: &str, usual: &str) -> Result<String, Left> {
    asked(|| {
        let text = Text::new(question).with_render_config(look());
        if usual.is_empty() {
            text.prompt()
        } else {
            text.with_default(usual).prompt()
        }
    })
}

/// Asks while a thread watches whether the terminal still exists.
fn asked<T>(question: impl FnOnce() -> Result<T, InquireError>) -> Result<T, Left> {
    #[cfg(unix)]
    let _watch = super::hangup::Watch::start();
    question().map_err(|error| match error {
        InquireError::OperationInterrupted => Left::Interrupted,
        // Any other error counts as no answer.
        _ => Left::Quit,
    })
}

/// An option and its index before the search.
struct ListLine {
    index: usize,
    text: String,
}

impl ListLine {
    /// The option without its notes.
    fn name(&self) -> &str {
        self.text.split("  ").next().unwrap_or_default()
    }
}

impl fmt::Display for ListLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn numbered(options: Vec<String>) -> Vec<ListLine> {
    let numbered = options.into_iter().enumerate();
    numbered
        .map(|(index, text)| ListLine { index, text })
        .collect()
}

/// Every typed word must occur in the option, case-insensitively; the order of the list is kept.
fn matches(typed: &str, text: &str) -> Option<i64> {
    let text = text.to_lowercase();
    let mut words = typed.split_whitespace();
    words
        .all(|word| text.contains(&word.to_lowercase()))
        .then_some(0)
}

/// The dark colours of the terminal's own palette, and only for marks and chosen lines: the bright
/// ones cannot be read on a light background.
fn look() -> RenderConfig<'static> {
    let marked = StyleSheet::empty().with_fg(Color::DarkCyan);
    RenderConfig {
        prompt_prefix: Styled::new("?").with_fg(Color::DarkGreen),
        answered_prompt_prefix: Styled::new(">").with_fg(Color::DarkGreen),
        answer: marked,
        highlighted_option_prefix: Styled::new(">").with_fg(Color::DarkCyan),
        selected_checkbox: Styled::new("[x]").with_fg(Color::DarkGreen),
        selected_option: Some(marked),
        ..RenderConfig::empty()
    }
}

/// As many options as fit into 24 lines with the previous questions.
const PAGE: usize = 10;
const NOTHING_MATCHES: &str = "nothing matches  Backspace widens the search";
const MOVE: &str = "↑↓ move · Enter takes · Esc leaves";
const SEARCH: &str = "type to search · ↑↓ move · Enter takes · Esc leaves";
const TOGGLE: &str = "Space marks · → all · ← none · Enter takes · Esc leaves";
