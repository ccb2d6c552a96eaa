//! Logins, refreshes and logouts as rows of the ledger.

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::call::Caller;
use synapse_core::ledger::{HubClosing, HubFacts, HubKind, HubOpening, Outcome};
use synapse_core::ports::{CallIds, HubLedger, OAuthRecorder};
use synapse_core::upstream::{OAuthAction, OAuthEvent, RegistrationKind};

/// Writes one row per event, when it is over.
#[derive(Debug)]
pub(crate) struct LedgerRecorder {
    ledger: Arc<dyn HubLedger>,
    call_ids: Arc<dyn CallIds>,
}

impl LedgerRecorder {
    pub(crate) fn new(ledger: Arc<dyn HubLedger>, call_ids: Arc<dyn CallIds>) -> Self {
        Self { ledger, call_ids }
    }
}

#[async_trait]
impl OAuthRecorder for LedgerRecorder {
    async fn record(&self, event: &OAuthEvent) {
        let call_id = self.call_ids.next();
        let facts = facts(event);
        let begun = self.ledger.begin(HubOpening {
            call_id,
            started_at: event.at,
            kind: match event.action {
                OAuthAction::Login => HubKind::Login,
                OAuthAction::Refresh => HubKind::Refresh,
                OAuthAction::Logout => HubKind::Logout,
            },
            caller: Caller::default(),
            facts: facts.clone(),
        });
        let ended = self.ledger.end(HubClosing {
            call_id,
            ended_at: event.at,
            outcome: match (event.code, event.requests) {
                (None, _) => Outcome::Ok,
                (Some(_), 0) => Outcome::Refused,
                (Some(_), _) => Outcome::Error,
            },
            error_code: event.code,
            attempts: u8::from(event.requests > 0),
            http_status: None,
            bytes_out: 0,
            bytes_in: 0,
            latency_ms: None,
            facts,
        });
        // The tokens are already stored; a failed write to the ledger undoes nothing.
        drop(begun.await);
        drop(ended.await);
    }
}

fn facts(event: &OAuthEvent) -> HubFacts {
    HubFacts {
        transport: Some("streamable-http".to_owned()),
        issuer: event.issuer.clone(),
        client_kind: event
            .client
            .map(RegistrationKind::as_str)
            .map(str::to_owned),
        scopes: (!event.scopes.is_empty()).then(|| event.scopes.join(" ")),
        generation: event.generation,
        requests: Some(event.requests.into()),
        ..HubFacts::of(event.server.as_str())
    }
}
