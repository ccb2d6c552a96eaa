//! The tools, resources, prompts and completions that Synapse itself offers over MCP, built on the
//! use cases of `synapse-core`. Nothing here depends on transport or protocol revision.

mod completions;
mod failure;
mod prompts;
mod resources;
mod tools;
mod view;

use serde_json::Value;
use synapse_mcp::JsonObject;

pub use self::completions::ProductCompletions;
pub use self::prompts::ProductPrompts;
pub use self::resources::ProductResources;
pub use self::tools::{ProductTools, Tool};

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
