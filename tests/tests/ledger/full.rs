//! A disk without room: prompts are answered, each warns once, and no row says more than is true.

use std::fs;
use std::path::Path;

use synapse_tests::process::Run;
use synapse_tests::{Home, Output};

use super::{TWIN, hex, home, provider, rows};

const PROMPTS: usize = 30;

/// The twin with room for files of so many blocks of 512 bytes, where nothing may be mounted.
fn confined(home: &Home, arguments: &[&str], blocks: u32) -> Run {
    let shell = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let words = ["-c", &shell, TWIN]
        .into_iter()
        .chain(arguments.iter().copied());
    Run::new(Path::new("/bin/sh"), words)
        .env("HOME", home.path())
        .env("SYNAPSE_HOME", home.synapse())
}

fn warnings(output: &Output) -> Vec<String> {
    let document = output.json();
    let warnings = document["warnings"].as_array().cloned().unwrap_or_default();
    warnings
        .iter()
        .map(|warning| warning["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_disk_that_fills_up_costs_rows_and_no_answers() {
    let provider = provider();
    let home = home(&provider, &[]);
    home.run(["chat", "work", "hello", "--json"]).with_code(0);
    let size = fs::metadata(home.ledger()).unwrap().len();
    // Room for the ledger as it is, and for a log of a few rows.
    let blocks = u32::try_from(size / 512).unwrap();
    let (mut told, mut silent) = (0, Vec::new());
    for _ in 0..PROMPTS {
        let long = "x".repeat(3_000);
        let arguments = ["chat", "work", &long, "--json", "--model", &long[..200]];
        let output = confined(&home, &arguments, blocks).output().with_code(0);
        assert_eq!(output.json()["content"], "Here", "{output}");
        let codes = warnings(&output);
        assert!(codes.len() <= 1, "warned once: {output}");
        match codes.first() {
            Some(code) => {
                assert!(code.starts_with("storage."), "{code}");
                told += 1;
            }
            None => silent.push(output.json()["receipt"]["call_id"].clone()),
        }
    }
    let rows = rows(&home);
    let ok = rows.iter().filter(|(_, outcome)| outcome == "ok").count();
    println!(
        "{PROMPTS} prompts answered without room: {told} warned, {} rows, {ok} of them ok",
        rows.len()
    );
    assert!(told > 0, "the disk was never full");
    // The row before, and those of the prompts that did not warn: not one more.
    assert_eq!(ok, 1 + silent.len());
    for call_id in silent {
        let row = (hex(call_id.as_str().unwrap()), "ok".to_owned());
        assert!(rows.contains(&row));
    }
    assert_eq!(provider.requests().len(), 1 + PROMPTS);
    // With room again everything goes on, and nothing is wrong with what is there.
    let output = home.run(["chat", "work", "hello", "--json"]).with_code(0);
    assert_eq!(warnings(&output), [""; 0]);
    home.run(["history", "verify"]).with_code(0);
}
