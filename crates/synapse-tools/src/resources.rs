//! The product's own resources: connections, usage, single calls, and explanations of error codes.
//! They are read on demand, and contain no prompt, answer or credential.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::json;
use synapse_core::call::CallId;
use synapse_core::engine::Engine;
use synapse_core::error::{Code, CodeEntry, RemedyText};
use synapse_core::ledger::UsageKey;
use synapse_documents::mcp::value;
use synapse_documents::{EntryDocument, UsageDocument};
use synapse_mcp::JsonObject;
use synapse_mcp::host::{Caller, HostError, Listing, ResourceHost, ResourceRead};

use crate::failure::failed_request as failed;
use crate::object;
use crate::tools::{connections, history, usage};
use crate::view::View;

/// The product's own resources.
#[derive(Debug, Clone)]
pub struct ProductResources {
    view: View,
    remedies: Arc<dyn RemedyText>,
}

impl ProductResources {
    /// The resources over `engine`, for every connection. `remedies` renders what a user can do
    /// about a failure.
    #[must_use]
    pub const fn new(engine: Engine, remedies: Arc<dyn RemedyText>) -> Self {
        Self {
            view: View::of(engine),
            remedies,
        }
    }

    /// Restricts them to the connection `name`.
    #[must_use]
    pub fn scoped_to(mut self, name: impl Into<String>) -> Self {
        self.view = self.view.scoped_to(name);
        self
    }

    async fn read(&self, target: OwnResource<'_>) -> Result<Option<Content>, HostError> {
        let remedies = self.remedies.as_ref();
        Ok(match target {
            OwnResource::Connections => {
                let text = self.view.reading(|view| {
                    let document = connections::document(view)?;
                    Ok(Content::json(&document))
                });
                let text = text.await.flatten();
                Some(text.map_err(|failure| failed(&failure, remedies))?)
            }
            OwnResource::Connection(name) => {
                let name = name.to_owned();
                let text = self.view.reading(move |view| {
                    let document = connections::document(view)?.only(&name);
                    Ok(document.map(|document| Content::json(&document)))
                });
                let text = text.await.flatten();
                text.map_err(|failure| failed(&failure, remedies))?
            }
            OwnResource::Usage(by) => {
                let sums = usage::sums(&self.view, by, None).await;
                let (query, lines) = sums.map_err(|failure| failed(&failure, remedies))?;
                Some(Content::json(&UsageDocument::new(&query, &lines)))
            }
            OwnResource::Call(id) => {
                let entry = history::entry(&self.view, id).await;
                let entry = entry.map_err(|failure| failed(&failure, remedies))?;
                entry.map(|entry| Content::json(&EntryDocument::new(&entry, None)))
            }
            OwnResource::Code(entry) => Some(Content::Markdown(page(entry, remedies))),
        })
    }
}

#[async_trait]
impl ResourceHost for ProductResources {
    async fn list_resources(&self, _caller: &Caller) -> Result<Listing, HostError> {
        let mut items = vec![json!({
            "uri": "synapse://connections",
            "name": "connections",
            "title": "Connections",
            "description": "The user's model connections",
            "mimeType": JSON,
        })];
        // An unreadable file is reported on reading, not on listing.
        let connections = self.view.reading(|view| {
            view.each_connection(|stored| {
                let name = stored.name.as_str();
                json!({
                    "uri": format!("synapse://connections/{name}"),
                    "name": format!("connection {name}"),
                    "mimeType": JSON,
                })
            })
        });
        items.extend(connections.await.flatten().unwrap_or_default());
        for by in UsageKey::ALL.map(UsageKey::as_str) {
            items.push(json!({
                "uri": format!("synapse://usage/{by}"),
                "name": format!("usage by {by}"),
                "description": "Calls, tokens and cost so far",
                "mimeType": JSON,
            }));
        }
        Ok(Listing::new(items.into_iter().map(object)))
    }

    async fn list_templates(&self, _caller: &Caller) -> Result<Listing, HostError> {
        let templates = TEMPLATES.map(|(uri, name, kind)| {
            object(json!({ "uriTemplate": uri, "name": name, "mimeType": kind }))
        });
        Ok(Listing::new(templates.to_vec()))
    }

    fn owns(&self, uri: &str) -> bool {
        OwnResource::parse(uri).is_some()
    }

    async fn read_resource(&self, read: ResourceRead) -> Result<JsonObject, HostError> {
        let found = match OwnResource::parse(&read.uri) {
            Some(target) => self.read(target).await?,
            None => None,
        };
        let (kind, text) = match found {
            Some(Content::Json(text)) => (JSON, text),
            Some(Content::Markdown(text)) => (MARKDOWN, text),
            None => return Err(HostError::NotFound { uri: read.uri }),
        };
        let content = json!({ "uri": read.uri, "mimeType": kind, "text": text });
        Ok(object(json!({ "contents": [content] })))
    }
}

/// The target of one of our URIs.
enum OwnResource<'a> {
    Connections,
    Connection(&'a str),
    Usage(UsageKey),
    Call(CallId),
    Code(&'static CodeEntry),
}

/// The text of a resource.
enum Content {
    Json(String),
    Markdown(String),
}

impl Content {
    fn json(document: &impl Serialize) -> Self {
        Self::Json(format!("{:#}", value(document)))
    }
}

impl<'a> OwnResource<'a> {
    fn parse(uri: &'a str) -> Option<Self> {
        let path = uri.strip_prefix(SCHEME)?;
        Some(match path.split_once('/') {
            None if path == "connections" => Self::Connections,
            Some(("connections", name)) => Self::Connection(name),
            Some(("usage", by)) => Self::Usage(usage::key(by)?),
            Some(("history", id)) => Self::Call(id.parse().ok()?),
            Some(("errors", code)) => Self::Code(code.parse::<Code>().ok()?.entry()?),
            None | Some(_) => return None,
        })
    }
}

fn page(entry: &CodeEntry, remedies: &dyn RemedyText) -> String {
    format!(
        "# {}\n\nClass {}, exit code {}.\n\n{}\n\n* Detected: {}\n* Remedy: {}\n",
        entry.name,
        entry.class.as_str(),
        entry.class.exit_code(),
        entry.meaning,
        entry.detected(remedies),
        entry.remedy(remedies),
    )
}

const SCHEME: &str = "synapse://";
const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown";

/// URI template, name, and type of each template.
pub(crate) const TEMPLATES: [(&str, &str, &str); 4] = [
    ("synapse://connections/{name}", "one connection", JSON),
    ("synapse://usage/{by}", "usage", JSON),
    ("synapse://history/{id}", "what one call did", JSON),
    (
        "synapse://errors/{code}",
        "what an error code means",
        MARKDOWN,
    ),
];
