//! Dynamic instructions of a server: [`Introduction`].

/// Provides a server's instructions. Called at each `initialize` and `server/discover`, so that
/// nothing is read before a client connects.
pub trait Introduction: Send + Sync {
    /// The instructions, in addition to those of the identity; may read files, but must not block
    /// otherwise.
    fn instructions(&self) -> Option<String>;
}
