//! The observed ledger against a receiver that decodes OTLP, and against none.

#![cfg(test)]

mod failing;
mod receiver;
mod requests;
mod sending;
