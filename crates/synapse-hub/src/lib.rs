//! The hub: upstream MCP servers of `mcp-servers.json`, offered through one entry.
//!
//! **Invariant:** nothing is started, contacted or read for an upstream without its
//! [`Approval`](synapse_core::upstream::Approval), and one tool call is at most one upstream
//! request.
//!
//! - [`Hub`] reads the configuration on first use and after changes, and serves lists from the
//!   approved catalogues.
//! - A `Runtime` per upstream starts it with the first call, compares its lists with the catalogue
//!   before sending the call, and ends it.
//! - [`hosts`] implements the ports of `synapse-mcp`.

mod allowed;
mod blocking;
mod budget;
mod checks;
mod compare;
mod configuration;
mod connect;
mod declared;
mod failure;
pub mod hosts;
mod hub;
mod index;
mod instructions;
mod names;
mod owners;
mod places;
mod ports;
mod relay;
mod roster;
mod rows;
mod runtime;
mod schema;
mod search;
mod secrets;
mod settings;
mod status;
pub mod transport;

pub use allowed::{ALLOWED_VARIABLES, allowed_variables};
pub use budget::{ToolCost, estimated_tokens};
pub use checks::{KeptLogin, LoginRecords, check_file, check_server};
pub use connect::{AllowedVariables, ProgramNotes, SystemConnector};
pub use declared::{Declarations, DeclaredServer, Depth, ServerState, changed, not_approved};
pub use hub::Hub;
pub use names::{MAX_NAME_CHARACTERS, offered_name};
pub use places::SystemPlaces;
pub use ports::{
    Carrier, Connected, Connector, Credentials, Ending, Events, HubPorts, OpenError, Opening,
    SamplingMeter, SamplingSlot, Targets,
};
pub use relay::relay_capabilities;
pub use settings::{HubMode, HubSettings, Selection};
pub use status::{Health, MANY_TOKENS, UpstreamStatus};
pub use transport::ENDED_WITH;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
