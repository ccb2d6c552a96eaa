//! The columns of a row: one list for filters, exports and storage.

use std::str::FromStr;

use super::{Entry, HubFacts, Outcome};
use crate::call::Caller;
use crate::money::CostSource;
use crate::provider::ProviderKind;
use crate::time::Timestamp;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// An integer.
    Number,
    /// A time.
    Time,
    /// A boolean.
    Flag,
}

/// A known value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnValue {
    /// Text.
    Text(String),
    /// An integer.
    Number(i64),
    /// A time.
    Time(Timestamp),
    /// A boolean.
    Flag(bool),
}

impl ColumnValue {
    /// The numeric value of anything but text: a time in milliseconds, a boolean as 0 or 1.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Text(_) => None,
            Self::Number(number) => Some(*number),
            Self::Time(time) => Some(time.as_millis()),
            Self::Flag(flag) => Some(i64::from(*flag)),
        }
    }
}

macro_rules! columns {
    ($(
        $(#[$doc:meta])*
        $variant:ident $name:literal $kind:ident $(in $unit:literal)? $read:expr;
    )*) => {
        /// A column of a row, with the same name in the ledger file, filters and exports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Column {
            $($(#[$doc])* $variant,)*
        }

        impl Column {
            /// Every column, in the order of an export.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its type.
            #[must_use]
            pub const fn kind(self) -> ColumnKind {
                match self { $(Self::$variant => ColumnKind::$kind,)* }
            }

            /// The unit of its numbers and times, if any.
            #[must_use]
            pub const fn unit(self) -> Option<&'static str> {
                match self { $(Self::$variant => unit!($($unit)?),)* }
            }

            /// Its value in a row; `None` if unknown.
            #[must_use]
            pub fn value(self, entry: &Entry) -> Option<ColumnValue> {
                match self {
                    $(Self::$variant => {
                        let read: fn(&Entry) -> Option<_> = $read;
                        read(entry).map(ColumnValue::$kind)
                    })*
                }
            }
        }
    };
}

macro_rules! unit {
    () => {
        None
    };
    ($unit:literal) => {
        Some($unit)
    };
}

columns! {
    /// The id of the call.
    CallId "call_id" Text |row| Some(row.receipt.call_id.to_string());
    /// Start time.
    StartedAt "started_at" Time in "ms since 1970-01-01 UTC" |row| Some(row.started_at);
    /// End time.
    EndedAt "ended_at" Time in "ms since 1970-01-01 UTC" |row| row.ended_at;
    /// The kind of call.
    Operation "operation" Text |row| Some(row.operation.clone());
    /// The outcome.
    Outcome "outcome" Text |row| Some(row.outcome.as_str().to_owned());
    /// The class of the failure.
    ErrorClass "error_class" Text |row| row.error_class.clone();
    /// The code of the failure.
    ErrorCode "error_code" Text |row| row.error_code.clone();
    /// The connection.
    Connection "connection" Text |row| present(&row.receipt.connection);
    /// The provider.
    Provider "provider" Text |row| present(&row.receipt.provider);
    /// The host.
    Host "host" Text |row| present(&row.receipt.exchange.host);
    /// The requested model.
    ModelRequested "model_requested" Text |row| present(&row.receipt.model_requested);
    /// The model that answered.
    ModelServed "model_served" Text |row| row.receipt.model_served.clone();
    /// The sub-provider.
    ServedBy "served_by" Text |row| row.receipt.exchange.served_by.clone();
    /// The name of the MCP client.
    ClientName "client_name" Text |row| row.caller.client_name.clone();
    /// The version of the MCP client.
    ClientVersion "client_version" Text |row| row.caller.client_version.clone();
    /// The MCP tool.
    Tool "tool" Text |row| row.caller.tool.clone();
    /// Requests sent: 0 or 1.
    Attempts "attempts" Number in "request" |row| Some(i64::from(row.receipt.exchange.attempts));
    /// Whether the provider may have billed it.
    MaybeBilled "maybe_billed" Flag |row| Some(row.receipt.exchange.maybe_billed);
    /// The HTTP status.
    HttpStatus "http_status" Number |row| row.receipt.exchange.http_status.map(i64::from);
    /// The provider's request id.
    RequestId "request_id" Text |row| row.receipt.exchange.request_id.clone();
    /// Bytes of the request body.
    BytesOut "bytes_out" Number in "byte" |row| Some(whole(row.receipt.exchange.bytes_out));
    /// Bytes of the response body.
    BytesIn "bytes_in" Number in "byte" |row| Some(whole(row.receipt.exchange.bytes_in));
    /// Milliseconds until the response headers were complete.
    HeadersMs "headers_ms" Number in "ms" |row| row.receipt.exchange.headers_ms.map(whole);
    /// Milliseconds until the end.
    LatencyMs "latency_ms" Number in "ms" |row| row.receipt.latency_ms.map(whole);
    /// Why the model stopped.
    FinishReason "finish_reason" Text |row| row.receipt.finish_reason.clone();
    /// Tokens of the prompt.
    PromptTokens "prompt_tokens" Number in "token" |row| row.receipt.usage.prompt_tokens.map(whole);
    /// Tokens of the answer.
    CompletionTokens "completion_tokens" Number in "token"
        |row| row.receipt.usage.completion_tokens.map(whole);
    /// Prompt tokens read from the provider's cache.
    CachedTokens "cached_tokens" Number in "token" |row| row.receipt.usage.cached_tokens.map(whole);
    /// Prompt tokens written to the provider's cache.
    CacheWriteTokens "cache_write_tokens" Number in "token"
        |row| row.receipt.usage.cache_write_tokens.map(whole);
    /// Completion tokens spent on reasoning.
    ReasoningTokens "reasoning_tokens" Number in "token"
        |row| row.receipt.usage.reasoning_tokens.map(whole);
    /// The cost in nano-USD.
    CostNanoUsd "cost_nano_usd" Number in "nano-USD"
        |row| row.receipt.cost.amount_nano_usd.map(whole);
    /// The source of the cost.
    CostSource "cost_source" Text |row| Some(row.receipt.cost.source.as_str().to_owned());
    /// The date of the prices of an estimate.
    PricedAt "priced_at" Time in "ms since 1970-01-01 UTC" |row| row.receipt.cost.priced_at;
    /// The upstream server of a hub row.
    Server "server" Text |row| hub(row, |facts| Some(facts.server.clone()));
    /// The server's transport.
    Transport "transport" Text |row| hub(row, |facts| facts.transport.clone());
    /// The protocol version in use.
    Era "era" Text |row| hub(row, |facts| facts.era.clone());
    /// The hash of its approved catalogue.
    Catalogue "catalogue" Text |row| hub(row, |facts| facts.catalogue.clone());
    /// The authorization server.
    Issuer "issuer" Text |row| hub(row, |facts| facts.issuer.clone());
    /// The origin of the OAuth client.
    ClientKind "client_kind" Text |row| hub(row, |facts| facts.client_kind.clone());
    /// The granted scopes.
    Scopes "scopes" Text |row| hub(row, |facts| facts.scopes.clone());
    /// The generation of the token record.
    Generation "generation" Number |row| hub(row, |facts| facts.generation.map(whole));
    /// Number of requests of a login, refresh or logout.
    Requests "requests" Number in "request" |row| hub(row, |facts| facts.requests.map(whole));
    /// Whether the server may have executed the request.
    MayHaveRun "may_have_run" Flag |row| hub(row, |facts| Some(facts.may_have_run));
}

impl Column {
    /// Whether it only exists in hub rows.
    #[must_use]
    pub const fn is_of_hub(self) -> bool {
        matches!(
            self,
            Self::Server
                | Self::Transport
                | Self::Era
                | Self::Catalogue
                | Self::Issuer
                | Self::ClientKind
                | Self::Scopes
                | Self::Generation
                | Self::Requests
                | Self::MayHaveRun
        )
    }

    /// Whether the column applies to the row. A successful call has no error, an unsent one no
    /// status and no cost, a terminal call no client: there `None` does not mean unknown.
    #[must_use]
    pub fn applies(self, entry: &Entry) -> bool {
        let exchange = &entry.receipt.exchange;
        let is_sent = exchange.attempts > 0 || exchange.maybe_billed;
        let is_known = self.value(entry).is_some();
        match self {
            // A hub row has no connection, and any other row no server.
            Self::Connection | Self::Provider | Self::Host | Self::ModelRequested => is_known,
            column if column.is_of_hub() => is_known,
            Self::HeadersMs
            | Self::RequestId
            | Self::ModelServed
            | Self::FinishReason
            | Self::HttpStatus
                if entry.hub.is_some() =>
            {
                is_known
            }
            Self::ErrorClass | Self::ErrorCode => {
                is_known || matches!(entry.outcome, Outcome::Error | Outcome::Refused)
            }
            Self::ClientName | Self::ClientVersion | Self::Tool => {
                is_known || entry.caller != Caller::default()
            }
            Self::EndedAt | Self::LatencyMs => is_known || entry.outcome != Outcome::Open,
            Self::HttpStatus | Self::RequestId | Self::HeadersMs => is_known || is_sent,
            Self::ModelServed | Self::FinishReason => {
                is_known || (is_sent && entry.outcome != Outcome::Error)
            }
            Self::ServedBy => {
                is_known || (is_sent && entry.outcome != Outcome::Error && routes(entry))
            }
            Self::PromptTokens
            | Self::CompletionTokens
            | Self::CachedTokens
            | Self::CacheWriteTokens
            | Self::ReasoningTokens
            | Self::CostNanoUsd => is_known || exchange.maybe_billed,
            Self::CostSource => {
                entry.receipt.cost.source != CostSource::Unknown || exchange.maybe_billed
            }
            Self::PricedAt => is_known || entry.receipt.cost.source == CostSource::Estimated,
            _ => true,
        }
    }
}

/// A text; empty means none.
fn present(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A hub row's fact; other rows have none.
fn hub<T>(entry: &Entry, read: impl FnOnce(&HubFacts) -> Option<T>) -> Option<T> {
    entry.hub.as_deref().and_then(read)
}

/// Whether a sub-provider may have answered.
fn routes(entry: &Entry) -> bool {
    entry
        .receipt
        .provider
        .parse()
        .is_ok_and(|provider: ProviderKind| {
            matches!(
                provider,
                ProviderKind::HuggingFace | ProviderKind::OpenRouter
            )
        })
}

impl FromStr for Column {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .iter()
            .find(|column| column.as_str() == text)
            .copied()
            .ok_or(())
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
