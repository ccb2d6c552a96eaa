//! Checks the examples of every visible command.

use std::collections::BTreeMap;

use clap::{Command, CommandFactory as _};

use crate::args::Arguments;

/// Every visible command, by its path.
fn commands() -> Vec<(String, Command)> {
    fn collect(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
        found.push((path.to_owned(), command.clone()));
        for child in command.get_subcommands() {
            let is_clap_own = child.get_name() == "help" && path != "synapse";
            if !child.is_hide_set() && !is_clap_own {
                collect(child, &format!("{path} {}", child.get_name()), found);
            }
        }
    }
    let mut root = Arguments::command();
    root.build();
    let mut found = Vec::new();
    collect(&root, "synapse", &mut found);
    assert!(found.len() > 45, "{}", found.len());
    found
}

fn notes(command: &Command) -> String {
    let text = command.get_after_long_help().or(command.get_after_help());
    text.map(ToString::to_string).unwrap_or_default()
}

/// The lines under `Examples:`, unchanged.
fn example_lines(command: &Command) -> Vec<String> {
    let notes = notes(command);
    let after = notes.split_once("Examples:\n").map(|(_, after)| after);
    let lines = after.unwrap_or_default().lines();
    lines
        .take_while(|line| line.starts_with("  "))
        .map(str::to_owned)
        .collect()
}

/// The examples, each on one line.
fn examples(command: &Command) -> Vec<String> {
    let joined = example_lines(command).join("\n").replace("\\\n", " ");
    joined.lines().map(|line| line.trim().to_owned()).collect()
}

/// The words of the part of a line that starts the program, split as a shell splits them.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for each in line.chars() {
        match (quote, each) {
            (Some(open), _) if each == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(each),
            (None, '\'' | '"') => {
                quote = Some(each);
                word.get_or_insert_default();
            }
            (None, ' ' | '|' | '>' | '#') => {
                words.extend(word.take());
                match each {
                    ' ' => {}
                    '|' if words.first().is_some_and(|first| first == "synapse") => break,
                    '|' => words.clear(),
                    _ => break,
                }
            }
            (None, _) => word.get_or_insert_default().push(each),
        }
    }
    words.extend(word);
    words
}

#[test]
fn every_help_has_an_example_of_its_command() {
    for (path, command) in commands() {
        let examples = examples(&command);
        assert!(
            examples.iter().any(|line| line.contains(&path)),
            "`{path} --help` has no example; add one in args/examples: {examples:?}"
        );
    }
}

#[test]
fn every_example_is_one_that_the_program_takes() {
    let mut count = 0;
    for (path, command) in commands() {
        for line in examples(&command) {
            let words = words(&line);
            assert_eq!(words.first().map(String::as_str), Some("synapse"), "{line}");
            let taken = Arguments::command().try_get_matches_from(&words);
            assert!(taken.is_ok(), "`{path} --help` shows `{line}`: {taken:?}");
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn no_line_of_an_example_breaks_at_80_columns() {
    for (path, command) in commands() {
        let help = command
            .clone()
            .term_width(80)
            .render_long_help()
            .to_string();
        for line in example_lines(&command) {
            assert!(line.chars().count() <= 80, "{path}: {line}");
            assert!(
                help.lines().any(|shown| shown == line.trim_end()),
                "`{path} --help` breaks `{line}`"
            );
        }
    }
}

/// A paragraph is one source line, so that it wraps at any width; a table has lines of at most 80
/// columns.
#[test]
fn no_note_is_broken_by_hand() {
    for (path, command) in commands() {
        let notes = notes(&command);
        let lines: Vec<&str> = notes.lines().collect();
        for pair in lines.windows(2) {
            let [line, next] = pair else { continue };
            let is_prose = |text: &str| !text.is_empty() && !text.starts_with(' ');
            let is_heading = line.ends_with(':');
            assert!(
                !(is_prose(line) && is_prose(next) && !is_heading),
                "{path}: `{line}` goes on in the next line"
            );
        }
        for line in lines.iter().filter(|line| line.starts_with(' ')) {
            assert!(line.chars().count() <= 80, "{path}: {line}");
        }
    }
}

#[test]
fn the_first_help_names_the_environment() {
    let help = Arguments::command().render_long_help().to_string();
    for name in ["SYNAPSE_HOME", "SYNAPSE_LOG", "NO_COLOR"] {
        assert!(help.contains(name), "{help}");
    }
}

/// Every command that uses files of Synapse names the variable that moves them.
#[test]
fn every_help_names_the_variables_that_matter_to_it() {
    for (path, command) in commands() {
        let notes = notes(&command);
        let first = path.split(' ').nth(1).unwrap_or_default();
        let uses_home = !["demo", "providers", "explain", "completions", "help"].contains(&first);
        assert_eq!(
            notes.contains("\n  SYNAPSE_HOME "),
            uses_home,
            "{path}: {notes}"
        );
        let logs = path == "synapse" || path == "synapse serve";
        assert_eq!(notes.contains("\n  SYNAPSE_LOG "), logs, "{path}");
    }
}

/// The words with which a help says what happens without an optional value.
const DEFAULTS: [&str; 8] = [
    "default",
    "left out",
    "instead of",
    "Only",
    "only",
    "at most",
    "as well",
    "unless",
];
/// Flags that add something, or that select: without one, nothing is added and everything is
/// selected.
const ADDING: [&str; 18] = [
    "tools-file",
    "bundle",
    "system",
    "continue",
    "json-schema",
    "stop",
    "pass-env",
    "env",
    "header",
    "group",
    "note",
    "before",
    "after",
    "where",
    "dataset",
    "machine",
    "until",
    "prompt",
];

/// A flag with a value says what applies when it is left out: by clap, or in words.
#[test]
fn every_flag_with_a_value_states_its_default() {
    let mut silent = Vec::new();
    for (path, command) in commands() {
        for argument in command.get_arguments() {
            let takes = argument
                .get_num_args()
                .is_some_and(|count| count.takes_values());
            let has_default = !argument.get_default_values().is_empty();
            let is_asked =
                argument.is_required_set() || argument.is_hide_set() || argument.is_global_set();
            let Some(long) = argument.get_long() else {
                continue;
            };
            if !takes || has_default || is_asked || ADDING.contains(&long) {
                continue;
            }
            let help = argument.get_long_help().or(argument.get_help());
            let help = help.map(ToString::to_string).unwrap_or_default();
            let keeps = notes(&command).contains("Omitted flags change nothing.");
            if !keeps && !DEFAULTS.iter().any(|word| help.contains(word)) {
                silent.push(format!("{path} --{long}: {help}"));
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

/// `--prompt` either requests a first prompt or gives its text: the same purpose, once without a
/// value.
const BOTH: [&str; 1] = ["prompt"];

/// A flag takes the same kind of value in every command.
#[test]
fn a_flag_means_one_thing() {
    let mut kinds: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (path, command) in commands() {
        for argument in command.get_arguments().filter(|each| !each.is_hide_set()) {
            let Some(long) = argument.get_long() else {
                continue;
            };
            let takes = argument
                .get_num_args()
                .is_some_and(|count| count.takes_values());
            let kind = match argument.get_value_names() {
                Some(names) if takes => names.join(" "),
                _ => String::new(),
            };
            let uses = kinds.entry(long.to_owned()).or_default();
            uses.entry(kind).or_default().push(path.clone());
        }
    }
    kinds.retain(|long, uses| uses.len() > 1 && !BOTH.contains(&long.as_str()));
    assert!(
        kinds.is_empty(),
        "flags with more than one kind of value: {kinds:#?}"
    );
}

/// Every `--yes` has the same short form.
#[test]
fn yes_is_short_everywhere() {
    let mut seen = 0;
    for (path, command) in commands() {
        for argument in command.get_arguments() {
            if argument.get_long() == Some("yes") {
                assert_eq!(argument.get_short(), Some('y'), "{path}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn words_are_those_of_a_shell() {
    for (line, expected) in [
        (
            "git diff | synapse chat work - --system \"A b.\"",
            &["synapse", "chat", "work", "-", "--system", "A b."][..],
        ),
        (
            "synapse history export | jq .cost",
            &["synapse", "history", "export"],
        ),
        (
            "synapse usage --csv > a.csv",
            &["synapse", "usage", "--csv"],
        ),
        ("synapse demo   # nothing", &["synapse", "demo"]),
        (
            "synapse x '{\"a\": \"/b\"}'",
            &["synapse", "x", "{\"a\": \"/b\"}"],
        ),
    ] {
        assert_eq!(words(line), expected, "{line}");
    }
}
