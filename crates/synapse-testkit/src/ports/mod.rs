//! In-memory ports: store, ledger, secret and clock to run the engine without disk, network or real
//! time.

mod connections;
mod heard;
mod ledger;
mod prices;
mod provider;
mod remedies;
mod secrets;
mod time;

pub use self::connections::MemoryConnections;
pub use self::heard::HeardCalls;
pub use self::ledger::MemoryLedger;
pub use self::prices::MemoryPrices;
pub use self::provider::{StubProvider, StubProviders};
pub use self::remedies::NamedRemedies;
pub use self::secrets::FixedSecret;
pub use self::time::{FixedClock, SequentialCallIds};
