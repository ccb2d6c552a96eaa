//! The files that the pages show are taken by the program, and no block is of a kind that no test
//! reads.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use synapse_core::check::CheckId;
use synapse_tests::Home;
use synapse_tests::home::set_mode;

use super::{TWIN, blocks, guides, languages, readme, repository, text};

fn pages() -> Vec<PathBuf> {
    let others = ["SECURITY.md", "docs/reference/mcp-servers.md"];
    let others = others.map(|page| repository().join(page));
    guides()
        .into_iter()
        .chain(others)
        .chain([readme()])
        .collect()
}

/// A private file in the directory of Synapse.
fn put(home: &Home, name: &str, content: &str) -> PathBuf {
    let file = home.write(&format!(".synapse/{name}"), content);
    set_mode(&home.synapse(), 0o700);
    set_mode(&file, 0o600);
    file
}

/// `console` and `sh` are run or parsed, `rust` is compiled, `sql` and `python` are run in engines
/// or below; `text` is only shown, so it has no command.
#[test]
fn every_block_is_of_a_kind_that_a_test_reads() {
    let known = [
        "console", "json", "python", "rust", "sh", "sql", "text", "toml",
    ];
    for page in pages() {
        let text = text(&page);
        let found: BTreeSet<String> = languages(&text).into_iter().collect();
        let strange: Vec<_> = found
            .iter()
            .filter(|each| !known.contains(&each.as_str()))
            .collect();
        assert!(strange.is_empty(), "{}: {strange:?}", page.display());
        for block in blocks(&text, "text") {
            let command = block.lines().find(|line| line.starts_with("synapse "));
            assert_eq!(command, None, "{}", page.display());
        }
    }
}

#[test]
fn every_table_of_connections_toml_is_read() {
    let mut count = 0;
    for page in guides() {
        let tables = blocks(&text(&page), "toml");
        let ours = |block: &&String| {
            let tables = ["[connections.", "[ledger]", "[telemetry]"];
            tables.iter().any(|table| block.starts_with(table))
        };
        for block in tables.iter().filter(ours) {
            let home = Home::new(TWIN);
            let rest = "provider = \"ollama\"\nmodel = \"m\"";
            let block = block.replace("[connections.work]", &format!("[connections.work]\n{rest}"));
            put(&home, "connections.toml", &format!("format = 1\n{block}"));
            let document = home.run(["doctor", "--json"]).with_code(0).json();
            let checks = document["checks"].as_array().unwrap();
            let found = checks
                .iter()
                .find(|check| check["id"] == CheckId::Connections.as_str());
            assert_eq!(found.unwrap()["outcome"], "ok", "{block}: {document}");
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
}

/// Read as far as the server, which does not answer.
#[test]
fn the_file_of_a_vault_is_read() {
    let page = text(&repository().join("docs/guides/secrets.md"));
    let [file] = blocks(&page, "toml").try_into().unwrap();
    let home = Home::new(TWIN);
    let token = home.write(".vault-token", "fake-token-of-vault\n");
    set_mode(&token, 0o600);
    let file = file
        .replace("https://vault.example.com:8200", "https://127.0.0.1:1")
        .replace("# namespace", "namespace");
    put(&home, "vault.toml", &file);
    let shown = home
        .run(["secret", "check", "vault:secret/a#b", "--json"])
        .with_code(4);
    assert_eq!(
        shown.json()["error"]["code"],
        "credential.store-unreachable",
        "{shown}"
    );
}

#[test]
fn every_file_of_upstream_servers_is_valid() {
    let mut count = 0;
    for page in pages() {
        for block in blocks(&text(&page), "json") {
            if block.trim_start().starts_with('[') {
                continue;
            }
            let home = Home::new(TWIN);
            let file = put(&home, "servers.json", &block);
            for name in [".env", "hf.env"] {
                put(&home, name, "HF_TOKEN=fake-token\n");
            }
            set_mode(&home.write("bin/npx", "#!/bin/sh\n"), 0o700);
            let config = file.to_str().unwrap();
            let run = home.twin(["hub", "validate", "--config", config]);
            let run = run
                .env("HF_TOKEN", "fake-token")
                .env("PATH", home.path().join("bin"));
            let shown = run.output().with_code(0);
            assert_eq!(shown.stderr, "", "{}: {shown}", page.display());
            count += 1;
        }
    }
    assert!(count >= 4, "{count}");
}

#[test]
fn the_conversation_is_sent_as_it_is_shown() {
    let page = text(&repository().join("docs/guides/prompts.md"));
    let [conversation] = blocks(&page, "json").try_into().unwrap();
    let home = Home::new(TWIN);
    put(
        &home,
        "connections.toml",
        "format = 1\n[connections.work]\nprovider = \"ollama\"\nmodel = \"m\"\n",
    );
    let file = home.write("messages.json", conversation);
    let file = file.to_str().unwrap();
    let shown = home.run(["chat", "work", "--messages", file, "--dry-run"]);
    let body = shown.with_code(0).json();
    let call = &body["messages"][1]["tool_calls"][0];
    assert_eq!(call["id"], "call_1", "{body}");
}

/// The file that the guide of prompts says `-f` sends.
#[test]
fn a_file_is_sent_as_it_is_shown() {
    let page = text(&repository().join("docs/guides/prompts.md"));
    let from = page.split_once("````text\n").unwrap().1;
    let shown = from.split_once("\n````").unwrap().0;
    let home = Home::new(TWIN);
    put(
        &home,
        "connections.toml",
        "format = 1\n[connections.work]\nprovider = \"ollama\"\nmodel = \"m\"\n",
    );
    home.write("src/main.rs", "fn main() {}\n");
    let run = home.twin([
        "chat",
        "work",
        "What does this do?",
        "-f",
        "src/main.rs",
        "--dry-run",
    ]);
    let body = run
        .within(Path::new(home.path()))
        .output()
        .with_code(0)
        .json();
    assert_eq!(body["messages"][0]["content"], shown, "{body}");
}
