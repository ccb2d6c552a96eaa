//! The document of `--version --json`.

use serde::Serialize;

/// `synapse.version/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionDocument {
    schema: &'static str,
    ok: bool,
    version: &'static str,
    /// `null` for builds outside a checkout and debug builds.
    commit: Option<&'static str>,
    target: &'static str,
    features: Vec<&'static str>,
}

impl VersionDocument {
    /// The document of a program of `version`, built for `target` with `features` from `commit`.
    #[must_use]
    pub fn new(
        version: &'static str,
        commit: Option<&'static str>,
        target: &'static str,
        features: Vec<&'static str>,
    ) -> Self {
        Self {
            schema: "synapse.version/1",
            ok: true,
            version,
            commit,
            target,
            features,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_commit_is_null() {
        let document = VersionDocument::new("0.1.0", None, "a-b-c", vec!["otel"]);
        assert_eq!(
            serde_json::to_value(document).unwrap(),
            serde_json::json!({
                "schema": "synapse.version/1", "ok": true, "version": "0.1.0", "commit": null,
                "target": "a-b-c", "features": ["otel"],
            })
        );
    }
}
