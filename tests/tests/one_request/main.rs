//! One call is at most one HTTP request, whatever the server does: every misbehaviour, for both
//! providers, for a prompt and for the list of models. Each case says how many request heads the
//! server saw, which code came back, and what the ledger has.

#![expect(clippy::print_stdout, reason = "the table says how large it is")]

#[cfg(test)]
mod cases;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod statuses;
