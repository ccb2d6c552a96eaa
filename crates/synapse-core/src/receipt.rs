//! What one call did: the wire facts of an exchange, and the receipt that is shown and stored.

use crate::call::CallId;
use crate::chat::{ChatReply, Usage};
use crate::connection::Connection;
use crate::cost::Cost;
use crate::name::ModelId;

/// What went over the wire in one send.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// 1 once the request was handed to the network, else 0. Never more.
    pub attempts: u8,
    /// Host, and port when it is not the scheme's own.
    pub host: String,
    /// HTTP status, when headers came.
    pub http_status: Option<u16>,
    /// The provider's id of the request, for its support.
    pub request_id: Option<String>,
    /// The sub-provider that answered, when the provider routes.
    pub served_by: Option<String>,
    /// Bytes of the request body.
    pub bytes_out: u64,
    /// Bytes of the response body that were read.
    pub bytes_in: u64,
    /// Milliseconds until the response headers were complete.
    pub headers_ms: Option<u64>,
    /// Whether the provider may have processed and billed the request.
    pub maybe_billed: bool,
    /// What an answer that is of no use still says of the call: model, finish reason, tokens, money.
    pub stated: Option<Box<ChatReply>>,
}

/// What one call did. `None` means that it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The id of the call, under which history shows it.
    pub call_id: CallId,
    /// The connection's name.
    pub connection: String,
    /// The provider's name.
    pub provider: String,
    /// The model that was asked for.
    pub model_requested: String,
    /// The model that the provider says it used.
    pub model_served: Option<String>,
    /// The wire facts.
    pub exchange: Exchange,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// Tokens.
    pub usage: Usage,
    /// Cost.
    pub cost: Cost,
    /// Milliseconds from the caller's request to the end of the call.
    pub latency_ms: Option<u64>,
}

impl Receipt {
    /// The receipt of a call that has done nothing yet.
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

    /// Takes over what the provider told about its answer.
    pub fn complete(&mut self, reply: &ChatReply) {
        self.model_served.clone_from(&reply.model);
        self.finish_reason = reply.finish_reason.as_ref().map(ToString::to_string);
        self.usage = reply.usage;
    }

    /// The receipt in one line: model, tokens, money, time, id. What is not known is said to be
    /// unknown, never 0. It holds words of the provider, which a terminal must not get as they are.
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
