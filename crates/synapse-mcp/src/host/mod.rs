//! The ports of the server: [`ToolHost`], [`ResourceHost`], [`PromptHost`], [`CompletionHost`],
//! [`ExtensionHost`] and [`Introduction`].
//!
//! All data is raw JSON, because a hub must pass on unknown members, content types and numbers, in
//! order. The hub of upstream servers is another host, combined with the product's own by
//! [`ToolHosts`] and its siblings.

mod call;
mod changes;
mod client;
mod completions;
mod composite;
mod error;
mod extension;
mod introduction;
mod list;
mod observer;
mod progress;
mod prompts;
mod resources;
mod result;

use async_trait::async_trait;

pub(crate) use self::call::{CLIENT_CAPABILITIES, PROTOCOL_VERSION, Session};
pub use self::call::{Caller, NamedCall, PromptCall, ToolCall};
pub(crate) use self::changes::ChangeSignal;
pub use self::changes::{Changes, ListChange};
pub(crate) use self::client::Link;
pub use self::client::{AskError, Client, LogLevel};
pub use self::completions::{
    CompletionCall, CompletionHost, MAX_COMPLETIONS, completion, referenced,
};
pub use self::composite::{CompletionHosts, ExtensionHosts, PromptHosts, ResourceHosts, ToolHosts};
pub use self::error::{HostError, ToolError};
pub use self::extension::{ExtensionCall, ExtensionHost};
pub use self::introduction::Introduction;
pub use self::list::{CacheHint, CacheScope, ListItem, Listing, ToolList};
pub use self::observer::{
    RequestEnding, RequestObserver, RequestOpening, RequestSpan, SpanContext,
};
pub use self::progress::{Progress, ProgressReporter};
pub use self::prompts::PromptHost;
pub use self::resources::{ResourceHost, ResourceRead};
pub(crate) use self::result::STRUCTURED;
pub use self::result::ToolResult;
pub use self::result::{text_block, user_block};

/// Lists and runs tools.
#[async_trait]
pub trait ToolHost: Send + Sync {
    /// Returns every tool in display order; the server paginates.
    ///
    /// # Errors
    /// A [`ToolError`] fails the whole request. A host with several sources returns the available
    /// tools and reports missing sources elsewhere.
    async fn list_tools(&self, caller: &Caller) -> Result<ToolList, ToolError>;

    /// Whether a call of `tool` belongs to this host. Used for routing, so it must not block;
    /// [`ToolHost::call_tool`] may still find the tool unknown.
    fn owns(&self, tool: &str) -> bool;

    /// Whether a name without an owner means a tool of this host for `caller`, such as the
    /// unprefixed name used by an app. Not called for an owned name.
    fn understands(&self, tool: &str, caller: &Caller) -> bool {
        let _ = (tool, caller);
        false
    }

    /// Runs one tool. Calls run concurrently, and dropping the future cancels one: on the client's
    /// cancellation or disconnection. Put required cleanup in a `Drop`.
    ///
    /// A failed tool is a result (`isError`) for the model to read.
    ///
    /// # Errors
    /// [`ToolError`] is for a call that could not be made at all; clients show it only to the user.
    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError>;
}
