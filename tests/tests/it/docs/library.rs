//! The programs on the library page are the tested examples of their crates.

use super::{blocks, repository, text};

/// The example without this repository's lint attributes.
fn example(path: &str) -> String {
    let source = text(&repository().join(path));
    match source.split_once("#![expect(") {
        Some((before, rest)) => {
            let after = rest.split_once(")]\n\n").expect("the attribute ends").1;
            format!("{before}{after}")
        }
        None => source,
    }
}

#[test]
fn the_page_shows_the_examples() {
    let page = text(&repository().join("docs/guides/library.md"));
    let examples = [
        "crates/synapse-providers/examples/ask.rs",
        "crates/synapse-mcp/examples/own_tool.rs",
    ];
    assert_eq!(blocks(&page, "rust"), examples.map(example));
    for path in examples {
        assert!(page.contains(&format!("`{path}`")), "{path}");
    }
}

#[test]
fn every_example_of_the_table_is_there() {
    let page = text(&repository().join("docs/guides/library.md"));
    let rows = page.lines().filter(|line| line.contains("](../../crates/"));
    let mut count = 0;
    for row in rows {
        let spans: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let [package, name] = spans.as_slice() else {
            panic!("{row}");
        };
        let file = repository().join(format!("crates/{package}/examples/{name}.rs"));
        assert!(file.is_file(), "{}", file.display());
        count += 1;
    }
    assert_eq!(count, 8);
}
