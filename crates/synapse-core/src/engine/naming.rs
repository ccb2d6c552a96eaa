//! The values that the owner of a connection named explicitly.

/// The values that the owner named explicitly, changed or not, and thereby confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Naming {
    /// Its base URL.
    pub base_url: bool,
    /// Its proxy.
    pub proxy: bool,
}
