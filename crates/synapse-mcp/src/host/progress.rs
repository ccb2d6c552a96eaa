//! Progress of a running call, for the client that requested it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::JsonObject;

/// The parameters of `notifications/progress` without the token.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress(JsonObject);

/// Sends progress of one call under the client's token.
///
/// Reports after the reply or a cancellation are dropped.
#[derive(Clone)]
pub struct ProgressReporter {
    token: Value,
    sink: Arc<dyn Fn(JsonObject) + Send + Sync>,
}

impl Progress {
    /// Creates a report; `progress` must increase with each report of a call.
    #[must_use]
    pub fn new(progress: f64) -> Self {
        let mut object = JsonObject::new();
        object.insert("progress".to_owned(), Value::from(progress));
        Self(object)
    }

    /// Wraps an upstream's report; its token is replaced on sending.
    #[must_use]
    pub fn from_object(object: JsonObject) -> Self {
        Self(object)
    }

    /// Adds the value at completion.
    #[must_use]
    pub fn with_total(mut self, total: f64) -> Self {
        self.0.insert("total".to_owned(), Value::from(total));
        self
    }

    /// Adds a description for people.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0
            .insert("message".to_owned(), Value::String(message.into()));
        self
    }
}

impl ProgressReporter {
    /// Creates a reporter that passes the complete parameters of each notification to `sink`.
    pub fn new(token: Value, sink: impl Fn(JsonObject) + Send + Sync + 'static) -> Self {
        Self {
            token,
            sink: Arc::new(sink),
        }
    }

    /// Queues one notification; never waits.
    pub fn report(&self, progress: Progress) {
        let Progress(mut params) = progress;
        params.insert("progressToken".to_owned(), self.token.clone());
        (self.sink)(params);
    }
}

impl fmt::Debug for ProgressReporter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProgressReporter")
            .finish_non_exhaustive()
    }
}
