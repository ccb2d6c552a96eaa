//! A full disk: prompts are answered, each with one warning, and the rows follow when there is
//! space.

use std::fs;
use std::path::Path;

use synapse_tests::process::Run;
use synapse_tests::{Home, Output};

use super::{TWIN, home, provider, rows};

const PROMPTS: usize = 30;

/// The twin with a file size limit in blocks of 512 bytes, since tests cannot mount file systems.
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

/// A part of it would stop the next attempt, which never replaces a file.
#[test]
fn a_support_bundle_that_does_not_fit_leaves_no_file() {
    let provider = provider();
    let home = home(&provider, &[]);
    let path = home.path().join("bundle.json");
    let words = ["doctor", "--bundle", path.to_str().unwrap()];
    confined(&home, &words, 1).output().with_code(13);
    assert!(!path.exists());
    home.run(words).with_code(0);
    assert!(path.exists());
}

#[test]
fn a_disk_that_fills_up_costs_no_answers_and_no_rows() {
    let provider = provider();
    let home = home(&provider, &[]);
    home.run(["chat", "work", "hello", "--json"]).with_code(0);
    let size = fs::metadata(home.ledger()).unwrap().len();
    // Space for the current ledger and a log of a few rows.
    let blocks = u32::try_from(size / 512).unwrap();
    let mut told = 0;
    for _ in 0..PROMPTS {
        let long = "x".repeat(3_000);
        let arguments = ["chat", "work", &long, "--json", "--model", &long[..200]];
        let output = confined(&home, &arguments, blocks).output().with_code(0);
        assert_eq!(output.json()["content"], "Here", "{output}");
        let codes = warnings(&output);
        assert!(codes.len() <= 1, "warned once: {output}");
        assert_eq!(
            output.stderr.matches("warning[").count(),
            codes.len(),
            "told once on the terminal too: {output}"
        );
        if let Some(code) = codes.first() {
            assert_eq!(code, "storage.disk-full", "{output}");
            told += 1;
        }
    }
    assert!(told > 0, "the disk was never full");
    assert_eq!(provider.requests().len(), 1 + PROMPTS);
    // With space available, everything continues and spooled rows are written.
    let output = home.run(["chat", "work", "hello", "--json"]).with_code(0);
    assert_eq!(warnings(&output), [""; 0]);
    let verified = home
        .run(["history", "verify", "--json"])
        .with_code(0)
        .json();
    let rows = rows(&home);
    println!(
        "{PROMPTS} prompts answered without room: {told} warned, {} rows",
        rows.len()
    );
    assert_eq!(verified["waiting"]["calls"], 0, "{verified}");
    assert_eq!(rows.len(), 2 + PROMPTS);
    assert!(rows.iter().all(|(_, outcome)| outcome == "ok"), "{rows:?}");
}
