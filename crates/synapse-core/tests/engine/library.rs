//! The example of this crate.

#[expect(dead_code, reason = "its `main` prints")]
#[path = "../../examples/codes.rs"]
mod codes;

#[test]
fn the_example_has_a_line_for_each_code() {
    let lines: Vec<String> = codes::codes().collect();
    assert_eq!(lines.len(), synapse_core::Code::CATALOGUE.len());
    let gate = lines
        .iter()
        .find(|line| line.contains("gate.network-disabled"));
    assert!(gate.unwrap().starts_with("  5 "), "{gate:?}");
}
