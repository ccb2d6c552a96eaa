//! The example of this crate.

use serde_json::json;

#[expect(dead_code, reason = "its `main` reads a file")]
#[path = "../../examples/context_cost.rs"]
mod context_cost;

#[test]
fn the_example_names_and_counts_tools() {
    let tools = [
        json!({"name": "read.file", "description": "Reads"}),
        json!({}),
    ];
    let costs = context_cost::costs("files", &tools);
    assert_eq!(costs, [("files__read_file".to_owned(), 11)]);
}
