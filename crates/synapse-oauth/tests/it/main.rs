//! OAuth against a server and an authorization server on raw sockets: requests, their order, and
//! refusals.

#![cfg(test)]

mod callback;
mod device;
mod discovery;
mod examine;
mod faults;
mod login;
mod names;
mod preflight;
mod registration;
mod support;
mod tokens;
