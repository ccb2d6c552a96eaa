//! What a server says of itself that is only known when a client asks: [`Introduction`].

/// Gives the instructions of a server. It is asked at each `initialize` and `server/discover`, so
/// that nothing has to be read before a client is there.
pub trait Introduction: Send + Sync {
    /// The instructions, beside those of the identity; must not wait for anything but a file.
    fn instructions(&self) -> Option<String>;
}
