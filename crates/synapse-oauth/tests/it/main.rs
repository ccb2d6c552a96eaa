//! OAuth against a server and an authorization server on raw sockets: what is sent, in which order,
//! and what is refused.

#![cfg(test)]

mod callback;
mod device;
mod discovery;
mod examine;
mod faults;
mod login;
mod preflight;
mod registration;
mod support;
mod tokens;
