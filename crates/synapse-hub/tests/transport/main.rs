//! Conversations over real pipes and real sockets, with scripted servers and with those of others.

#![cfg(test)]
#![cfg(target_os = "linux")]

mod http;
mod http_faults;
mod http_legacy;
mod properties;
mod real;
mod stdio;
mod support;
