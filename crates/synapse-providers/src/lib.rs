//! OpenAI and the Hugging Face router as [`synapse_core::Provider`]s: conversion plus one send.
//!
//! **Invariant:** what the caller did not set is not sent, and what cannot be told from an answer
//! stays unknown. All classification is in `classify`; the adapters only say where to send.

mod classify;
mod directory;
mod huggingface;
mod openai;
mod prices;
mod send;
mod whoami;
mod wire;

pub use directory::Providers;
pub use huggingface::HuggingFace;
pub use openai::OpenAi;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
