//! A provider with everything a call needs.

use std::sync::Arc;
use std::time::Duration;

use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::connection::{Connection, Draft};
use synapse_core::error::Code;
use synapse_core::gate::{NetworkGate, NetworkPermit};
use synapse_core::ports::ProviderFactory;
use synapse_core::preflight::{CheckId, Finding, blame};
use synapse_core::provider::{Access, Exchanged, Provider};
use synapse_core::secret::BoundSecret;
use synapse_providers::Providers;

/// A provider with everything a call needs.
pub(crate) struct Bench {
    pub(crate) connection: Connection,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) permit: NetworkPermit,
    pub(crate) secret: BoundSecret,
}

impl Bench {
    pub(crate) fn new(draft: &Draft, token: &str) -> Self {
        Self::made_by(&Providers::new("synapse-test"), draft, token)
    }

    pub(crate) fn made_by(providers: &Providers, draft: &Draft, token: &str) -> Self {
        let mut connection = draft.parse("bench".parse().unwrap()).unwrap();
        connection.timeout = Duration::from_secs(20);
        let provider = providers.provider(&connection).unwrap();
        let permit = NetworkGate::Open.permit(provider.origins()).unwrap();
        let secret = BoundSecret::new(token.into(), provider.origins());
        Self {
            connection,
            provider,
            permit,
            secret,
        }
    }

    pub(crate) async fn chat(&self, request: &ChatRequest) -> Exchanged<ChatReply> {
        let request = Arc::new(request.clone());
        self.provider
            .chat(Access::new(&self.permit, Some(&self.secret)), &request)
            .await
    }

    /// Runs probes like the engine: a probe is skipped if its checks are decided, and a failure is
    /// the last finding, at the check it concerns.
    pub(crate) async fn climb(&self, secret: Option<&BoundSecret>) -> Vec<(CheckId, Finding)> {
        let mut seen: Vec<(CheckId, Finding)> = Vec::new();
        for rung in self.provider.probes() {
            let decided = |id: &CheckId| seen.iter().any(|(each, _)| each == id);
            if rung.decides.iter().all(decided) {
                continue;
            }
            let model = &self.connection.model;
            let climbed = self
                .provider
                .probe(rung, Access::new(&self.permit, secret), model)
                .await;
            match climbed.outcome {
                Ok(climbed) => seen.extend(climbed.findings),
                Err(failure) => {
                    seen.push((blame(rung, &failure), Finding::Fail(failure)));
                    break;
                }
            }
        }
        seen
    }

    pub(crate) async fn prompt(&self, prompt: &str) -> Exchanged<ChatReply> {
        self.chat(&ChatRequest::prompt(self.connection.model.clone(), prompt))
            .await
    }
}

/// The outcomes of the findings.
pub(crate) fn words(findings: &[(CheckId, Finding)]) -> Vec<(CheckId, &'static str)> {
    let word = |finding: &Finding| match finding {
        Finding::Ok(_) => "ok",
        Finding::Warn(_) | Finding::Doubt(_) => "warn",
        Finding::Missing(_) => "missing",
        Finding::Fail(_) => "fail",
        Finding::Skip(_) => "skip",
    };
    let words = findings.iter();
    words.map(|(id, finding)| (*id, word(finding))).collect()
}

/// The failed check and its failure.
pub(crate) fn failed(findings: &[(CheckId, Finding)]) -> Option<(CheckId, Code)> {
    findings.iter().find_map(|(id, finding)| match finding {
        Finding::Fail(failure) => Some((*id, failure.code())),
        _ => None,
    })
}

pub(crate) fn draft(provider: &str, model: &str, base_url: &str) -> Draft {
    Draft {
        provider: provider.into(),
        model: model.into(),
        base_url: Some(base_url.into()),
        credential: Some("env:TOKEN".into()),
        gate: NetworkGate::Open,
        ..Draft::default()
    }
}
