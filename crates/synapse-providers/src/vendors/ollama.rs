//! Ollama.

use super::{NAMES, Names, REMEDIES, Remedies, Step, Vendor};
use crate::verdict::MODEL_UNAVAILABLE;

pub(super) const VENDOR: Vendor = Vendor {
    judge: |_, body| {
        body.says("does not support chat")
            .then_some(MODEL_UNAVAILABLE)
    },
    remedies: Remedies {
        model_access: &[Step::Hint(
            "models of the cloud need a subscription there; choose one that runs on your own machine",
        )],
        model_unavailable: &[Step::Run("fetch the model", "ollama pull {model}")],
        unlisted: Step::Run("fetch it", "ollama pull {model}"),
        ..REMEDIES
    },
    names: Names {
        is: |listed, asked| tagged(listed).eq_ignore_ascii_case(&tagged(asked.as_str())),
        // Its cloud models.
        is_elsewhere: |asked| {
            let asked = asked.as_str();
            asked.ends_with(":cloud") || asked.ends_with("-cloud")
        },
        ..NAMES
    },
};

/// `llama3.2` means `llama3.2:latest`.
fn tagged(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains(':') {
        name.to_owned()
    } else {
        format!("{name}:latest")
    }
}
