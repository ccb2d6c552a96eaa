//! The example of this crate.

#[expect(dead_code, reason = "its `main` takes stdin")]
#[path = "../../examples/clean.rs"]
mod clean;

#[test]
fn the_example_takes_out_tokens_and_control_characters() {
    let line = format!("key sk-{} \u{1b}[2J", "0a1B".repeat(6));
    assert_eq!(clean::clean(&line), "key [redacted] \u{fffd}[2J");
}
