//! The README's tables have exactly one row per item of the program.

use std::collections::BTreeSet;

use synapse_tests::Home;

use super::{TWIN, readme, spans, text};

/// The cells of the README's table with that header.
fn table(head: &str) -> Vec<Vec<String>> {
    let text = text(&readme());
    let rows = text.lines().skip_while(|line| !line.starts_with(head));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        row.trim_matches('|')
            .split(" | ")
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    let rows: Vec<_> = rows.map(cells).collect();
    assert!(!rows.is_empty(), "README.md has no table `{head}`");
    rows
}

/// The `key` of each item of `list` in the program's document.
fn listed(words: &[&str], list: &str, key: &str) -> BTreeSet<String> {
    let document = Home::new(TWIN).run(words).with_code(0).json();
    let items = document[list].as_array().unwrap();
    items
        .iter()
        .map(|item| item[key].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_provider_is_in_the_table() {
    let told = table("| `--provider` | connects to |");
    let told: BTreeSet<String> = told.iter().flat_map(|row| spans(&row[0])).collect();
    assert_eq!(told, listed(&["providers", "--json"], "providers", "name"));
}

#[test]
fn every_client_is_in_the_table() {
    let told = table("| client | `synapse ide install …` |");
    // Or the last word of a whole command.
    let name = |span: String| span.rsplit(' ').next().unwrap().to_owned();
    let told: BTreeSet<String> = told
        .iter()
        .flat_map(|row| spans(&row[1]))
        .map(name)
        .collect();
    assert_eq!(
        told,
        listed(&["ide", "list", "--json"], "clients", "client")
    );
}

#[test]
fn every_exit_code_is_in_the_table() {
    let told = table("| exit | class | for example |");
    let told = told
        .iter()
        .map(|row| format!("{} {}", row[0], row[1].replace(' ', "-")));
    let document = Home::new(TWIN)
        .run(["explain", "--json"])
        .with_code(0)
        .json();
    let codes = document["codes"].as_array().unwrap().iter();
    let codes =
        codes.map(|code| format!("{} {}", code["exit_code"], code["class"].as_str().unwrap()));
    assert_eq!(
        told.collect::<BTreeSet<_>>(),
        codes.collect::<BTreeSet<_>>()
    );
}
