//! `llama-server` of llama.cpp.

use super::{ANY, NAMES, Names, Vendor};

pub(super) const VENDOR: Vendor = Vendor {
    names: Names {
        answers_to_any: true,
        ..NAMES
    },
    ..ANY
};
