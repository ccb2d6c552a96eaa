//! Conversations over real pipes and sockets, with scripted and third-party servers.

#![cfg(test)]
#![cfg(target_os = "linux")]

mod http;
mod http_faults;
mod http_legacy;
mod properties;
mod real;
mod stdio;
mod support;
