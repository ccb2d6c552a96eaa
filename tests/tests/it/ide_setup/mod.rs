//! `synapse ide` from the user's view: every client configured, checked from the client's side, and
//! restored.

mod check;
mod commands;
mod every_client;
mod hiding;
mod places;
mod settings;
mod terminal;
