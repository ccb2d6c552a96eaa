//! The ports through which the server sees what it offers: [`ToolHost`], [`ResourceHost`],
//! [`PromptHost`], [`CompletionHost`], [`ExtensionHost`] and [`Introduction`].
//!
//! Everything crosses them as raw JSON, because a hub has to pass on what it does not understand:
//! unknown members, content types and numbers, in the order they came. The hub of upstream
//! servers is one more host, joined to the product's own by [`ToolHosts`] and its siblings.

mod call;
mod changes;
mod client;
mod completions;
mod composite;
mod error;
mod extension;
mod introduction;
mod list;
mod progress;
mod prompts;
mod resources;
mod result;

use async_trait::async_trait;

pub(crate) use self::call::{CLIENT_CAPABILITIES, PROTOCOL_VERSION, Session};
pub use self::call::{Caller, NamedCall, PromptCall, ToolCall};
pub(crate) use self::changes::News;
pub use self::changes::{Change, Changes};
pub(crate) use self::client::Link;
pub use self::client::{AskError, Client, LogLevel};
pub use self::completions::{
    CompletionCall, CompletionHost, MAX_COMPLETIONS, completion, referenced,
};
pub use self::composite::{CompletionHosts, ExtensionHosts, PromptHosts, ResourceHosts, ToolHosts};
pub use self::error::{HostError, ToolError};
pub use self::extension::{ExtensionCall, ExtensionHost};
pub use self::introduction::Introduction;
pub use self::list::{CacheHint, CacheScope, Listing, ToolList};
pub use self::progress::{Progress, ProgressReporter};
pub use self::prompts::PromptHost;
pub use self::resources::{ResourceHost, ResourceRead};
pub use self::result::ToolResult;
pub(crate) use self::result::{text_block, user_block};

/// Something that has tools and runs them.
#[async_trait]
pub trait ToolHost: Send + Sync {
    /// Returns every tool, in the order clients shall see; the server makes the pages.
    ///
    /// # Errors
    /// A [`ToolError`] fails the whole request. A host of several sources answers with the tools
    /// it has and makes a missing source visible elsewhere.
    async fn list_tools(&self, caller: &Caller) -> Result<ToolList, ToolError>;

    /// Says whether a call of `tool` belongs here. It decides routing among several hosts, so it
    /// must not wait for anything; [`ToolHost::call_tool`] may still find the tool unknown.
    fn owns(&self, tool: &str) -> bool;

    /// Says whether a name that nobody owns means a tool of this host when `caller` calls it, such
    /// as the name without a server that an app uses. An owned name is never asked for here.
    fn understands(&self, tool: &str, caller: &Caller) -> bool {
        let _ = (tool, caller);
        false
    }

    /// Runs one tool. The server runs calls concurrently and drops the future to cancel one: when
    /// the client cancels it, and when the client is gone. What must happen then belongs in a
    /// `Drop`.
    ///
    /// A tool that ran and failed is a result (`isError`), which the model gets to read.
    ///
    /// # Errors
    /// [`ToolError`] is for a call that could not be made at all; clients show it to nobody but
    /// the user.
    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError>;
}
