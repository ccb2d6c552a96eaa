//! The configured upstreams with their consent and status.

use std::sync::{Arc, Weak};

use synapse_core::error::Failure;
use synapse_core::ports::StoredUpstream;
use synapse_core::upstream::{Approval, Catalogue, Upstream};

use crate::failure::{login_required, not_approved};
use crate::ports::{Consented, HubPorts};
use crate::runtime::{Owner, Runtime};

/// A configured upstream.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name as written in the file.
    pub(crate) name: String,
    /// The parsed entry, if valid.
    pub(crate) upstream: Option<Upstream>,
    pub(crate) standing: Readiness,
    /// Whether its entry failed to expand.
    pub(crate) is_unexpanded: bool,
    /// Its runtime, if ready.
    pub(crate) runtime: Option<Arc<Runtime>>,
    /// Its approved lists, ready or not.
    approved: Option<Arc<Catalogue>>,
}

/// The status of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Approved: a call starts it.
    Ready,
    /// Disabled in the configuration.
    Disabled,
    /// Unusable for this reason.
    Failed(Failure),
}

impl Member {
    /// Evaluates one entry. Keeps an unchanged runtime of `before`.
    pub(crate) fn of(
        stored: &StoredUpstream,
        approvals: &[Approval],
        before: Option<&Self>,
        ports: &HubPorts,
        hub: &Weak<dyn Owner>,
    ) -> Self {
        let failed = |upstream: Option<Upstream>, failure: Failure| {
            // By its name alone: the tools of an entry that cannot be read say so when called.
            let approval = approvals
                .iter()
                .find(|approval| approval.server.as_str() == stored.name);
            let approved = approval.and_then(|approval| approval.catalogue.clone());
            Self {
                name: stored.name.clone(),
                upstream,
                standing: Readiness::Failed(failure.with("server", &stored.name)),
                is_unexpanded: false,
                runtime: None,
                approved,
            }
        };
        let upstream = match &stored.upstream {
            Ok(upstream) => upstream.clone(),
            Err(failure) => return failed(None, failure.clone()),
        };
        if upstream.disabled {
            return Self {
                name: stored.name.clone(),
                upstream: Some(upstream),
                standing: Readiness::Disabled,
                is_unexpanded: false,
                runtime: None,
                approved: None,
            };
        }
        let approval = approvals.iter().find(|each| each.server == upstream.name);
        let Some(approval) = approval else {
            // A damaged approval is not listed, and its failure is shown on request.
            let failure = match ports.approvals.find(&upstream.name) {
                Err(failure) => failure,
                Ok(_) => not_approved(&upstream.name),
            };
            return failed(Some(upstream), failure);
        };
        let expanded = ports.targets.target(&upstream, approval.start.as_ref());
        let (target, fingerprint) = match expanded {
            Ok(expanded) => expanded,
            Err(failure) => {
                return Self {
                    is_unexpanded: true,
                    ..failed(Some(upstream), failure)
                };
            }
        };
        if let Err(failure) = approval.permit(&target, &fingerprint) {
            let remedy = synapse_core::error::Remedy::ApproveUpstream {
                server: upstream.name.clone(),
            };
            let failure = failure.remedy("review the difference and approve it", &remedy);
            return failed(Some(upstream), failure);
        }
        if approval.catalogue.is_none() {
            let failure = login_required(&upstream.name);
            return failed(Some(upstream), failure);
        }
        let consented = Consented {
            upstream: upstream.clone(),
            approval: approval.clone(),
            target,
            fingerprint,
        };
        let kept = before
            .and_then(|before| before.runtime.clone())
            .filter(|runtime| runtime.consented == consented);
        let runtime =
            kept.unwrap_or_else(|| Arc::new(Runtime::new(consented, ports.clone(), hub.clone())));
        Self {
            name: stored.name.clone(),
            upstream: Some(upstream),
            standing: Readiness::Ready,
            is_unexpanded: false,
            runtime: Some(runtime),
            approved: None,
        }
    }

    /// Its lists: from its runtime, or as approved.
    pub(crate) fn lists(&self) -> Option<Arc<Catalogue>> {
        match &self.runtime {
            Some(runtime) => Some(runtime.lists()),
            None => self.approved.clone(),
        }
    }

    /// Why it is unusable; `None` if it is usable or disabled.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match &self.standing {
            Readiness::Failed(failure) => Some(failure.clone()),
            Readiness::Ready | Readiness::Disabled => None,
        }
    }
}
