//! In-memory ports: enough of a store, a ledger, a secret and a clock to run the engine without
//! disk, network or time.

mod connections;
mod ledger;
mod prices;
mod provider;
mod remedies;
mod secrets;
mod time;

pub use self::connections::MemoryConnections;
pub use self::ledger::MemoryLedger;
pub use self::prices::MemoryPrices;
pub use self::provider::{StubProvider, StubProviders};
pub use self::remedies::NamedRemedies;
pub use self::secrets::FixedSecret;
pub use self::time::{FixedClock, SequentialCallIds};
