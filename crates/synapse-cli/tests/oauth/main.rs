//! OAuth with the real store: several processes sharing one record, processes that are killed, and
//! complete logins of the program against a third-party authorization server.

#![cfg(test)]
#![cfg(unix)]

mod login;
mod peer;
mod processes;
mod support;
