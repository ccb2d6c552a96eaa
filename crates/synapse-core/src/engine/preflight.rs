//! Runs preflight: local checks first, then the provider's free probes, then, on request only, one
//! small billed prompt.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::call::{Caller, Operation};
use crate::chat::{ChatRequest, Parameters};
use crate::connection::{Connection, Draft, Field, ProxyUrl};
use crate::credential::CredentialRef;
use crate::endpoint::Origin;
use crate::error::{Code, Failure};
use crate::gate::{NetworkGate, NetworkPermit};
use crate::name::ConnectionName;
use crate::ports::StoredConnection;
use crate::preflight::{Check, CheckId, Finding, PreflightReport, Probe, Reach, Skip, blame};
use crate::provider::{Access, Provider};
use crate::secret::BoundSecret;

use super::access::{self, open_gate_hint};
use super::models::keep_prices;
use super::{Engine, Naming, Ports, chat};

/// The subject and extent of a preflight.
#[derive(Debug, Clone)]
pub struct PreflightCall {
    name: Option<ConnectionName>,
    standing: ConnectionState,
    draft: Draft,
    reach: Reach,
    bound: Bound,
}

/// The confirmed host and proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    host: Confirmation<Origin>,
    proxy: Confirmation<ProxyUrl>,
}

/// The confirmed values of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Confirmation<T> {
    /// The draft's value, which its owner has just named.
    AsNamed,
    /// The previously confirmed value, if any.
    AsBefore(Option<T>),
}

impl<T> Confirmation<T> {
    fn or(self, named: Option<T>) -> Option<T> {
        match self {
            Self::AsNamed => named,
            Self::AsBefore(confirmed) => confirmed,
        }
    }
}

impl Bound {
    const AS_NAMED: Self = Self {
        host: Confirmation::AsNamed,
        proxy: Confirmation::AsNamed,
    };

    fn as_before(stored: &StoredConnection) -> Self {
        Self {
            host: Confirmation::AsBefore(stored.bound_to()),
            proxy: Confirmation::AsBefore(stored.bound_proxy()),
        }
    }
}

/// Whether the connection is saved, which determines the remedies for a closed gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConnectionState {
    New,
    Saved,
}

impl PreflightCall {
    /// Checks an unsaved draft, with its future name, if any.
    #[must_use]
    pub const fn draft(name: Option<ConnectionName>, draft: Draft, reach: Reach) -> Self {
        Self {
            name,
            standing: ConnectionState::New,
            draft,
            reach,
            bound: Bound::AS_NAMED,
        }
    }

    /// Checks a saved connection.
    #[must_use]
    pub fn saved(stored: StoredConnection, reach: Reach) -> Self {
        Self {
            bound: Bound::as_before(&stored),
            name: Some(stored.name),
            standing: ConnectionState::Saved,
            draft: stored.draft,
            reach,
        }
    }

    /// The name of the connection, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(ConnectionName::as_str)
    }

    /// The draft to check.
    #[must_use]
    pub const fn subject(&self) -> &Draft {
        &self.draft
    }

    /// The checks of a saved connection that cost nothing. Network access that is off is a state,
    /// not a failure.
    #[must_use]
    pub fn unpaid(stored: StoredConnection) -> Self {
        let reach = match stored.draft.gate {
            NetworkGate::Open => Reach::Free,
            NetworkGate::Closed => Reach::Offline,
        };
        Self::saved(stored, reach)
    }

    /// Checks `draft`, a changed connection whose owner named the values in `naming`; other
    /// confirmations are kept.
    pub(super) fn changed(
        stored: &StoredConnection,
        draft: Draft,
        naming: Naming,
        reach: Reach,
    ) -> Self {
        let mut bound = Bound::as_before(stored);
        if naming.base_url {
            bound.host = Confirmation::AsNamed;
        }
        if naming.proxy {
            bound.proxy = Confirmation::AsNamed;
        }
        Self {
            bound,
            ..Self::draft(Some(stored.name.clone()), draft, reach)
        }
    }
}

impl Engine {
    /// Runs the checks. Sends at most one request per probe; none if the gate is closed or with
    /// `Reach::Offline`.
    pub async fn preflight(&self, call: PreflightCall) -> PreflightReport {
        self.preflight_observed(call, &mut |_| ()).await
    }

    /// Like [`Engine::preflight`], reporting each check to `observe` once it is decided, in the
    /// order of the report. Dropping the future cancels the checks; the row of a billed prompt
    /// records it.
    pub async fn preflight_observed(
        &self,
        call: PreflightCall,
        observe: &mut Observer<'_>,
    ) -> PreflightReport {
        let mut run = PreflightRun {
            ports: &self.ports,
            observe,
            report: PreflightReport {
                draft: call.draft,
                connection: None,
                hosts: Vec::new(),
                checks: Vec::new(),
                reach: call.reach,
                checked_at: self.ports.clock.now(),
                receipt: None,
                warnings: Vec::new(),
            },
        };
        run.run(call.name, call.standing, call.bound).await;
        run.report
    }

    /// The preflight of a saved connection in one check, without its paid checks; `None` for an
    /// invalid connection. A closed gate skips it.
    pub async fn preflight_summary(
        &self,
        stored: StoredConnection,
        observe: &mut Observer<'_>,
    ) -> Option<Check> {
        let connection = stored.usable().ok()?;
        let finding = match connection.gate {
            NetworkGate::Closed => Finding::Skip(Skip::Because(
                "its network gate is closed: nothing was sent, no key was read",
            )),
            NetworkGate::Open => {
                let call = PreflightCall::unpaid(stored);
                self.preflight_observed(call, observe).await.summary()
            }
        };
        Some(Check::new(CheckId::Preflight, finding).of(connection.name.as_str()))
    }
}

/// Receives each check once it is decided.
pub type Observer<'a> = dyn FnMut(&Check) + Send + 'a;

/// The state of a preflight.
struct PreflightRun<'a, 'o> {
    ports: &'a Ports,
    observe: &'a mut Observer<'o>,
    report: PreflightReport,
}

/// The prerequisites of network probes.
struct Ready {
    connection: Connection,
    provider: Arc<dyn Provider>,
    permit: NetworkPermit,
    secret: Option<BoundSecret>,
}

impl PreflightRun<'_, '_> {
    async fn run(&mut self, name: Option<ConnectionName>, standing: ConnectionState, bound: Bound) {
        let Some((connection, provider)) = self.understand(name.as_ref(), bound) else {
            return;
        };
        let saved = name.as_ref().filter(|_| standing == ConnectionState::Saved);
        let Some(permit) = self.pass_gate(saved, &connection, provider.as_ref()) else {
            return;
        };
        let credential = connection.credential.as_ref();
        let over_the_network = credential.is_some_and(CredentialRef::may_use_network);
        if self.report.reach == Reach::Offline && over_the_network {
            self.push(CheckId::Credential, Finding::Skip(Skip::Offline));
            self.skip_network(provider.probes(), Skip::Offline);
            return;
        }
        let read = self
            .read_credential(&connection, &permit, provider.probes())
            .await;
        let ControlFlow::Continue(secret) = read else {
            return;
        };
        let ready = Ready {
            connection,
            provider,
            permit,
            secret,
        };
        if self.report.reach == Reach::Offline {
            self.skip_network(ready.provider.probes(), Skip::Offline);
            return;
        }
        for probe in ready.provider.probes() {
            self.run_probe(probe, &ready).await;
        }
        self.live(&ready).await;
    }

    /// `config` and `endpoint`, the prerequisites of everything else.
    fn understand(
        &mut self,
        name: Option<&ConnectionName>,
        bound: Bound,
    ) -> Option<(Connection, Arc<dyn Provider>)> {
        let parsed = match name {
            Some(name) => Ok(name.clone()),
            None => DRAFT_NAME.parse(),
        }
        .map_err(|failure| (CheckId::Config, failure))
        .and_then(|name| {
            self.report.draft.parse(name).map_err(|wrong| {
                let check = match wrong.field {
                    Field::BaseUrl => CheckId::Endpoint,
                    Field::Credential => CheckId::Credential,
                    _ => CheckId::Config,
                };
                (check, wrong.failure)
            })
        })
        .and_then(
            |connection| match self.ports.providers.provider(&connection) {
                Ok(provider) => Ok((connection, provider)),
                Err(failure) => Err((CheckId::Endpoint, failure)),
            },
        );
        match parsed {
            Ok((mut connection, provider)) => {
                connection.bound_to = bound.host.or(Some(connection.base_url.origin()));
                connection.bound_proxy = bound.proxy.or(connection.proxy.clone());
                self.ok(
                    CheckId::Config,
                    format!(
                        "{} · {}",
                        connection.provider.profile().title,
                        connection.model
                    ),
                );
                self.ok(CheckId::Endpoint, connection.base_url.to_string());
                self.report.hosts = hosts(provider.as_ref());
                self.report.connection = Some(connection.clone());
                Some((connection, provider))
            }
            Err((check, failure)) => {
                self.fail_understanding(check, failure);
                None
            }
        }
    }

    /// Assigns the failure to its check and skips dependent ones.
    fn fail_understanding(&mut self, failed: CheckId, failure: Failure) {
        let mut failure = Some(failure);
        for id in LOCAL_CHECKS {
            let finding = match failure.take_if(|_| id == failed) {
                Some(failure) => Finding::Fail(failure),
                None if failure.is_some() && id != CheckId::Gate => {
                    Finding::Ok("understood".to_owned())
                }
                None => Finding::Skip(Skip::Needs(failed)),
            };
            self.push(id, finding);
        }
        for id in NETWORK_CHECKS {
            self.push(id, Finding::Skip(Skip::Needs(failed)));
        }
    }

    fn pass_gate(
        &mut self,
        saved: Option<&ConnectionName>,
        connection: &Connection,
        provider: &dyn Provider,
    ) -> Option<NetworkPermit> {
        let hosts = self.report.hosts.join(", ");
        match connection.gate.permit(provider.origins()) {
            Ok(permit) => {
                self.ok(CheckId::Gate, format!("open for {hosts}"));
                Some(permit)
            }
            Err(failure) => {
                // Offline, a closed gate is reported but no obstacle; the secret is still not read.
                let finding = match (self.report.reach, connection.gate) {
                    (Reach::Offline, NetworkGate::Closed) => Finding::Warn(
                        "closed: no live call is possible and the credential was not read"
                            .to_owned(),
                    ),
                    _ => Finding::Fail(open_gate_hint(failure, saved)),
                };
                self.push(CheckId::Gate, finding);
                self.push(
                    CheckId::Credential,
                    Finding::Skip(Skip::Needs(CheckId::Gate)),
                );
                self.skip_network(provider.probes(), Skip::Needs(CheckId::Gate));
                None
            }
        }
    }

    async fn read_credential(
        &mut self,
        connection: &Connection,
        permit: &NetworkPermit,
        probes: &[Probe],
    ) -> ControlFlow<(), Option<BoundSecret>> {
        let flaws = match &connection.credential {
            Some(reference) => self.ports.secrets.inspect(reference).await,
            None => Vec::new(),
        };
        let (fatal, flaws): (Vec<_>, Vec<_>) = flaws
            .into_iter()
            .partition(|flaw| flaw.code() == Code::CredentialTrackedByGit);
        self.report.warnings.extend(flaws);
        let read = match fatal.into_iter().next() {
            Some(flaw) => Err(flaw),
            None => access::secret(self.ports, connection, permit).await,
        };
        match read {
            Ok(None) => {
                let seen = "the connection has no key: none is read or sent";
                self.ok(CheckId::Credential, seen.to_owned());
                ControlFlow::Continue(None)
            }
            Ok(Some((secret, found))) => {
                let seen = match &connection.credential {
                    Some(reference) => format!("{reference}: {found}"),
                    None => found,
                };
                self.ok(CheckId::Credential, seen);
                ControlFlow::Continue(Some(secret))
            }
            Err(failure) => {
                self.push(CheckId::Credential, Finding::Fail(failure));
                self.skip_network(probes, Skip::Needs(CheckId::Credential));
                ControlFlow::Break(())
            }
        }
    }

    /// Sends a probe's single request, unless its checks are decided or pointless already.
    async fn run_probe(&mut self, probe: &Probe, ready: &Ready) {
        if probe.decides.iter().all(|id| self.decided(*id)) {
            return;
        }
        if let Some(needed) = self.failed(&[CheckId::Reach]) {
            self.skip_undecided(probe, Skip::Needs(needed));
            return;
        }
        let access = Access::new(&ready.permit, ready.secret.as_ref());
        let model = &ready.connection.model;
        let exchanged = ready.provider.probe(probe, access, model).await;
        match exchanged.outcome {
            Ok(climbed) => {
                for (id, finding) in climbed.findings {
                    self.push(id, finding);
                }
                let kept = keep_prices(self.ports, climbed.prices).await;
                self.report.warnings.extend(kept.err());
            }
            Err(failure) => self.attribute(probe, failure, &exchanged.exchange.host, ready),
        }
    }

    /// Assigns the failure to its check: earlier checks of the probe passed, later ones are
    /// unknown.
    fn attribute(&mut self, probe: &Probe, failure: Failure, host: &str, ready: &Ready) {
        let blamed = blame(probe, &failure);
        let mut failure = Some(failure);
        for id in probe.decides {
            let finding = match failure.take_if(|_| *id == blamed) {
                Some(failure) => Finding::Fail(failure),
                None if failure.is_some() && *id == CheckId::Token => {
                    Finding::Ok(match ready.secret {
                        Some(_) => format!("{host} accepts it"),
                        None => format!("not required: {host} answered without one"),
                    })
                }
                None if failure.is_some() => Finding::Ok(format!("{host} answers")),
                None => Finding::Skip(Skip::Needs(blamed)),
            };
            self.push(*id, finding);
        }
    }

    /// The billed prompt: 16 tokens, once, recorded in the ledger like any call.
    async fn live(&mut self, ready: &Ready) {
        if self.report.reach != Reach::Live {
            self.push(CheckId::Live, Finding::Skip(Skip::NotAsked));
            return;
        }
        if let Some(needed) = self.failed(&[CheckId::Reach, CheckId::Token, CheckId::Model]) {
            self.push(CheckId::Live, Finding::Skip(Skip::Needs(needed)));
            return;
        }
        let mut request = ChatRequest::prompt(ready.connection.model.clone(), PROBE_PROMPT);
        request.parameters = Parameters {
            max_tokens: Some(PROBE_TOKENS),
            ..Parameters::default()
        };
        let sent = chat::send(
            self.ports,
            &ready.connection,
            ready.connection.model.clone(),
            Operation::Probe,
            Caller::default(),
            Arc::new(request),
        )
        .await;
        let finding = match sent {
            Err(failure) => Finding::Fail(failure),
            Ok(outcome) => {
                self.report.receipt = Some(outcome.receipt.clone());
                self.report.warnings.extend(outcome.warnings);
                match outcome.result {
                    Ok(reply) => Finding::Ok(answered_by(
                        reply.model.as_deref(),
                        outcome.receipt.exchange.served_by.as_deref(),
                    )),
                    Err(failure) if failure.reached_token_cap() => Finding::Ok(format!(
                        "the model accepted the prompt and ran into the {PROBE_TOKENS}-token cap of the probe"
                    )),
                    Err(failure) => Finding::Fail(failure),
                }
            }
        };
        self.push(CheckId::Live, finding);
    }

    /// The first failed check of `needed`.
    fn failed(&self, needed: &[CheckId]) -> Option<CheckId> {
        self.report
            .checks
            .iter()
            .find(|check| needed.contains(&check.id) && matches!(check.finding, Finding::Fail(_)))
            .map(|check| check.id)
    }

    fn decided(&self, id: CheckId) -> bool {
        self.report.checks.iter().any(|check| check.id == id)
    }

    fn skip_undecided(&mut self, probe: &Probe, skip: Skip) {
        for id in probe.decides {
            if !self.decided(*id) {
                self.push(*id, Finding::Skip(skip));
            }
        }
    }

    fn skip_network(&mut self, probes: &[Probe], skip: Skip) {
        let mut seen = BTreeSet::new();
        for id in probes.iter().flat_map(|probe| probe.decides) {
            if seen.insert(*id) {
                self.push(*id, Finding::Skip(skip));
            }
        }
        self.push(CheckId::Live, Finding::Skip(skip));
    }

    fn ok(&mut self, id: CheckId, seen: String) {
        self.push(id, Finding::Ok(seen));
    }

    fn push(&mut self, id: CheckId, finding: Finding) {
        let check = Check::new(id, finding);
        (self.observe)(&check);
        self.report.checks.push(check);
    }
}

fn answered_by(model: Option<&str>, sub_provider: Option<&str>) -> String {
    let model = model.unwrap_or("the provider");
    match sub_provider {
        Some(sub_provider) => format!("one prompt was answered by {model} at {sub_provider}"),
        None => format!("one prompt was answered by {model}"),
    }
}

fn hosts(provider: &dyn Provider) -> Vec<String> {
    provider
        .origins()
        .iter()
        .map(|origin| origin.host().to_owned())
        .collect()
}

const DRAFT_NAME: &str = "draft";
const PROBE_PROMPT: &str = "ping";
const PROBE_TOKENS: u64 = 16;
const LOCAL_CHECKS: [CheckId; 4] = [
    CheckId::Config,
    CheckId::Endpoint,
    CheckId::Gate,
    CheckId::Credential,
];
const NETWORK_CHECKS: [CheckId; 4] = [
    CheckId::Reach,
    CheckId::Token,
    CheckId::Model,
    CheckId::Live,
];
