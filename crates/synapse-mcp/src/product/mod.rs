//! What the product offers beside its tools: resources to read, prompts to start from, and
//! completions of their arguments. Nothing here sends anything.

mod completions;
mod prompts;
mod resources;

use serde_json::Value;

pub use self::completions::ProductCompletions;
pub use self::prompts::ProductPrompts;
pub use self::resources::ProductResources;
use crate::JsonObject;
use crate::failure::failed_request as failed;

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}
