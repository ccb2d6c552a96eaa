//! Dynamic instructions of a server: [`Introduction`].

use async_trait::async_trait;

/// Provides a server's instructions. Called at each `initialize` and `server/discover`, so that
/// nothing is read before a client connects.
#[async_trait]
pub trait Introduction: Send + Sync {
    /// Runs before each request and each introduction: brings up to date what hosts answer from, so
    /// that none of them has to read large files on the runtime's thread.
    async fn prepare(&self) {}

    /// The instructions, in addition to those of the identity; may read files, but must not block
    /// otherwise.
    fn instructions(&self) -> Option<String>;
}
