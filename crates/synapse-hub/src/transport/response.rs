//! HTTP responses that are not MCP, as errors.

use std::time::Duration;

use synapse_http::StreamingResponse;
use synapse_mcp::client::CallError;
use tokio::time::timeout;

/// The lower-case media type of a response, without parameters.
pub(super) fn content_type(response: &StreamingResponse) -> Option<String> {
    let value = response.headers.text("content-type")?;
    let kind = value.split(';').next().unwrap_or_default();
    Some(kind.trim().to_ascii_lowercase())
}

/// A response that is not MCP.
pub(super) async fn refused(response: StreamingResponse) -> CallError {
    let status = response.status;
    let headers = telling_headers(&response);
    let body = response.body.beginning(LONGEST_EXCERPT);
    let body = timeout(FAREWELL, body).await.unwrap_or_default();
    CallError::Http {
        status,
        headers,
        body: beginning(&body),
    }
}

pub(super) fn telling_headers(response: &StreamingResponse) -> Vec<(String, String)> {
    let headers = &response.headers;
    TELLING
        .iter()
        .flat_map(|name| {
            headers
                .all(name)
                .map(|value| ((*name).to_owned(), value.to_owned()))
        })
        .collect()
}

pub(super) fn beginning(body: &[u8]) -> String {
    let body = body.get(..LONGEST_EXCERPT).unwrap_or(body);
    String::from_utf8_lossy(body).into_owned()
}

const TELLING: [&str; 4] = [
    "www-authenticate",
    "retry-after",
    "content-type",
    "location",
];
const LONGEST_EXCERPT: usize = 2 * 1024;
pub(super) const FAREWELL: Duration = Duration::from_secs(5);
