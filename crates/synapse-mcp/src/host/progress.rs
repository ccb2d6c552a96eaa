//! Progress of a running call, reported to the client that asked for it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::JsonObject;

/// One report: the parameters of `notifications/progress` without the token.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress(JsonObject);

/// Sends progress of one call under the token its client chose.
///
/// Reports after the reply, or after the client cancelled the call, go nowhere.
#[derive(Clone)]
pub struct ProgressReporter {
    token: Value,
    sink: Arc<dyn Fn(JsonObject) + Send + Sync>,
}

impl Progress {
    /// Creates a report; `progress` must grow from one report of a call to the next.
    #[must_use]
    pub fn new(progress: f64) -> Self {
        let mut object = JsonObject::new();
        object.insert("progress".to_owned(), Value::from(progress));
        Self(object)
    }

    /// Takes a report as an upstream server sent it; its token is replaced when it is sent on.
    #[must_use]
    pub fn from_object(object: JsonObject) -> Self {
        Self(object)
    }

    /// Adds the value that means done.
    #[must_use]
    pub fn with_total(mut self, total: f64) -> Self {
        self.0.insert("total".to_owned(), Value::from(total));
        self
    }

    /// Adds what is being done, for people.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0
            .insert("message".to_owned(), Value::String(message.into()));
        self
    }
}

impl ProgressReporter {
    /// Creates a reporter that hands `sink` the complete parameters of each notification.
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
