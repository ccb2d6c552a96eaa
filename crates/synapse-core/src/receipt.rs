//! The receipt of a call.

use crate::call::CallId;
use crate::chat::{ChatReply, Usage};
use crate::connection::Connection;
use crate::money::Cost;
use crate::name::ModelId;
pub use crate::provider::Exchange;

/// The receipt of a call. `None` is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The call's id in the history.
    pub call_id: CallId,
    /// The connection's name.
    pub connection: String,
    /// The provider's name.
    pub provider: String,
    /// The requested model.
    pub model_requested: String,
    /// The model reported by the provider.
    pub model_served: Option<String>,
    /// The wire facts.
    pub exchange: Exchange,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// Tokens.
    pub usage: Usage,
    /// Cost.
    pub cost: Cost,
    /// Milliseconds from the request to the end of the call.
    pub latency_ms: Option<u64>,
}

impl Receipt {
    /// The receipt of a new call.
    #[must_use]
    pub fn begin(call_id: CallId, connection: &Connection, model: &ModelId) -> Self {
        Self {
            call_id,
            connection: connection.name.to_string(),
            provider: connection.provider.to_string(),
            model_requested: model.to_string(),
            model_served: None,
            exchange: Exchange {
                host: connection.base_url.origin().host().to_owned(),
                ..Exchange::default()
            },
            finish_reason: None,
            usage: Usage::default(),
            cost: Cost::default(),
            latency_ms: None,
        }
    }

    /// Adds the facts of the answer.
    pub fn complete(&mut self, reply: &ChatReply) {
        self.model_served.clone_from(&reply.model);
        self.finish_reason = reply.finish_reason.as_ref().map(ToString::to_string);
        self.usage = reply.usage;
    }

    /// The receipt in one line: model, tokens, cost, time, id. Unknown values are shown as unknown,
    /// never 0. Contains provider text, which must be made safe for a terminal.
    #[must_use]
    pub fn summary(&self) -> String {
        let model = self.model_served.as_deref();
        let by = self.exchange.served_by.as_ref();
        let by = by.map_or_else(String::new, |name| format!(" by {name}"));
        let count = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let tokens = match (self.usage.prompt_tokens, self.usage.completion_tokens) {
            (None, None) => "tokens unknown".to_owned(),
            (prompt, answer) => format!("{} in, {} out tokens", count(prompt), count(answer)),
        };
        let time = match self.latency_ms {
            Some(latency) => format!("{latency} ms"),
            None => "time unknown".to_owned(),
        };
        format!(
            "{}{by} · {tokens} · cost {} · {time} · call {}",
            model.unwrap_or(&self.model_requested),
            self.cost,
            self.call_id
        )
    }
}
