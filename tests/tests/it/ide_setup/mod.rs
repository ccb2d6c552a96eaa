//! `synapse ide` as a user meets it: every client joined, looked at from the client's side, and
//! left as it was found.

mod check;
mod commands;
mod every_client;
mod hiding;
mod places;
mod settings;
mod terminal;
