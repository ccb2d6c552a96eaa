//! The suite's resources.

use async_trait::async_trait;
use serde_json::json;
use synapse_mcp::host::{Listing, ResourceRead};
use synapse_mcp::{Caller, HostError, JsonObject, ResourceHost};

use crate::PNG;
use crate::tools::objects;

/// The suite's resources.
pub(crate) struct Resources;

#[async_trait]
impl ResourceHost for Resources {
    async fn list_resources(&self, _caller: &Caller) -> Result<Listing, HostError> {
        Ok(Listing::new(objects(json!([
            {"uri": "test://static-text", "name": "Static text", "mimeType": "text/plain",
             "description": "A text that never changes"},
            {"uri": "test://static-binary", "name": "Static binary", "mimeType": "image/png",
             "description": "An image that never changes"},
            {"uri": "test://watched-resource", "name": "Watched", "mimeType": "text/plain",
             "description": "A text to subscribe to"},
        ]))))
    }

    async fn list_templates(&self, _caller: &Caller) -> Result<Listing, HostError> {
        Ok(Listing::new(objects(json!([
            {"uriTemplate": "test://template/{id}/data", "name": "By id",
             "mimeType": "application/json", "description": "What its id says"},
        ]))))
    }

    fn owns(&self, uri: &str) -> bool {
        uri.starts_with("test://")
    }

    async fn read_resource(&self, read: ResourceRead) -> Result<JsonObject, HostError> {
        let uri = read.uri;
        let content = match uri.as_str() {
            "test://static-text" => json!({"uri": uri, "mimeType": "text/plain",
                "text": "This is the content of the static text resource."}),
            "test://static-binary" => json!({"uri": uri, "mimeType": "image/png", "blob": PNG}),
            "test://watched-resource" => json!({"uri": uri, "mimeType": "text/plain",
                "text": "This is the content of the watched resource."}),
            other => {
                let id = other.strip_prefix("test://template/");
                let Some(id) = id.and_then(|rest| rest.strip_suffix("/data")) else {
                    return Err(HostError::NotFound { uri });
                };
                let data = format!("Data for ID: {id}");
                let text = json!({"id": id, "templateTest": true, "data": data}).to_string();
                json!({"uri": uri, "mimeType": "application/json", "text": text})
            }
        };
        Ok(JsonObject::from_iter([(
            "contents".to_owned(),
            json!([content]),
        )]))
    }
}
