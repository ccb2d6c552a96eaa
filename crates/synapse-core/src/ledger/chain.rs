//! The last seal of the chain.

/// The last seal of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// Its place, from 1.
    pub sequence: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}
