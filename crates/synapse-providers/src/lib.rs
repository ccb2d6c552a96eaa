//! Adapters for OpenAI, the Hugging Face router, Anthropic and OpenAI-compatible servers as
//! [`synapse_core::Provider`]s: conversion plus one send.
//!
//! **Invariant:** parameters the caller did not set are not sent, and facts missing from an answer
//! stay unknown. All classification is in `classify`; the adapters only choose the endpoint.

mod anthropic;
#[cfg(any(test, fuzzing))]
pub mod any_bytes;
mod blocking;
mod classify;
mod clean;
mod compatible;
#[cfg(test)]
mod damage;
mod directory;
mod found;
mod huggingface;
mod json;
mod list;
mod openai;
mod prices;
mod reply;
mod send;
mod vendors;
mod verdict;
mod whoami;
mod wire;

pub use anthropic::Anthropic;
pub use compatible::Compatible;
pub use directory::Providers;
pub use huggingface::HuggingFace;
pub use openai::OpenAi;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
