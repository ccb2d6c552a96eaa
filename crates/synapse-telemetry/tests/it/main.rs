//! The observer of calls, with a receiver that decodes OTLP and without one.

#![cfg(test)]

mod failing;
mod receiver;
mod requests;
mod sending;
