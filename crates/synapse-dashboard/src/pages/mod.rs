//! One module per page: its data and its layout.

pub(crate) mod check;
pub(crate) mod choose;
pub(crate) mod connection;
pub(crate) mod connections;
pub(crate) mod digest;
pub(crate) mod doctor;
pub(crate) mod edit;
pub(crate) mod error;
pub(crate) mod fields;
pub(crate) mod history;
pub(crate) mod hub;
pub(crate) mod login;
mod needs;
pub(crate) mod overview;
pub(crate) mod receipt;
pub(crate) mod secrets;
mod seen;
pub(crate) mod show;
pub(crate) mod standing;
pub(crate) mod start;
pub(crate) mod usage;
pub(crate) mod welcome;
