//! OpenAI.

use super::{ANY, REMEDIES, Remedies, Vendor};

pub(super) const VENDOR: Vendor = Vendor {
    remedies: Remedies {
        permission: "give the key the scope that the message names (for chat: Model capabilities, Write)",
        ..REMEDIES
    },
    ..ANY
};

/// Parts of names of listed models that use other endpoints. A hint only: the list does not state a
/// model's abilities.
pub(crate) const NO_CHAT: [&str; 11] = [
    "embedding",
    "whisper",
    "tts",
    "transcribe",
    "dall-e",
    "image",
    "moderation",
    "sora",
    "realtime",
    "davinci",
    "babbage",
];
