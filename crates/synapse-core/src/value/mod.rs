//! Values that failures name: names, URLs, credential references. They know no failure; their parsers
//! are above, in [`crate::name`], [`crate::endpoint`], [`crate::credential`], [`crate::connection`]
//! and [`crate::upstream`].

mod base_url;
pub(crate) mod credential;
mod name;
mod origin;
mod period;
mod proxy;
pub mod secure_url;

pub use self::base_url::BaseUrl;
pub use self::credential::{CredentialRef, KvEngine, VaultSecret};
pub use self::name::{ConnectionName, UpstreamName};
pub use self::origin::Origin;
pub use self::period::Period;
pub use self::proxy::ProxyUrl;
