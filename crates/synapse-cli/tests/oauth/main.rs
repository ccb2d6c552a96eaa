//! OAuth with the real store: several processes at one record, processes that die, and whole logins
//! of the program against the authorization server of other people.

#![cfg(test)]
#![cfg(unix)]

mod login;
mod peer;
mod processes;
mod support;
