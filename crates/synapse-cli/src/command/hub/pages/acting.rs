//! Actions of the pages: inspecting a server's catalogue, approving it, adding a server, enabling
//! or disabling a tool. The two consents of `synapse hub approve` are two forms here.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::Outcome;
use synapse_core::ports::{ApprovalStore as _, Clock as _, Ledger as _, UpstreamStore as _};
use synapse_core::redact::holds_token;
use synapse_core::upstream::{Approval, Catalogue, Upstream, UpstreamName};
use synapse_dashboard::{HubAction, HubDone, HubVerb, Next};
use synapse_hub::{Hub, HubSettings, Selection};
use synapse_store::Offering;

use super::HubPages;
use super::approvals::PendingApproval;
use crate::command::hub::Configured;
use crate::command::hub::approve::{self, Row};
use crate::compose::Asking;
use crate::hub_ports::hub_ports;
use crate::system::SystemClock;

impl HubPages {
    /// Performs a requested action.
    ///
    /// # Errors
    /// `upstream.*`, `oauth.*`, `config.*`, `storage.*`.
    pub(in crate::command) async fn act(&self, action: HubAction) -> Result<HubDone, Failure> {
        let hub = self.configured()?;
        let (said, next) = match (action.verb, &action.tool) {
            (HubVerb::Approve, None) => self.approve(&hub, &action).await?,
            (HubVerb::Start, None) => self.start(&hub, &action.server).await?,
            (HubVerb::Allow, Some(tool)) => {
                let said = self.offer(&hub, &action.server, tool, Offering::Allowed)?;
                (said, Next::Servers)
            }
            (HubVerb::Deny, Some(tool)) => {
                let said = self.offer(&hub, &action.server, tool, Offering::Denied)?;
                (said, Next::Servers)
            }
            (HubVerb::Stop, None) => (self.stop(&hub, &action.server).await?, Next::Servers),
            (HubVerb::Add, None) => (add(&hub, &action)?, Next::Approvals),
            _ => {
                return Err(
                    Failure::new(Code::UsageInvalidArguments, "no page can do that")
                        .hint("see `synapse hub --help`"),
                );
            }
        };
        // A failed row does not undo the action.
        drop(self.ledger.flush().await);
        Ok(HubDone { said, next })
    }

    async fn approve(
        &self,
        hub: &Configured,
        action: &HubAction,
    ) -> Result<(String, Next), Failure> {
        let waiting = self.waiting(hub)?.into_iter().find(|each| {
            each.shown.server == action.server
                && Some(each.shown.digest.as_str()) == action.digest.as_deref()
        });
        let Some(waiting) = waiting else {
            return Err(Failure::new(
                Code::ConfigChanged,
                "it changed after it was shown; nothing was approved",
            ));
        };
        let row = Row::begin(&self.ledger, &waiting.upstream);
        match waiting.survey {
            Some(survey) => {
                let hash = survey.catalogue.as_ref().map(|all| all.hash().to_string());
                let kept = self.pin(hub, survey);
                match &kept {
                    Ok(_) => row.end(Outcome::Ok, None, hash),
                    Err(failure) => row.end(Outcome::Error, Some(failure.code()), None),
                }
                kept.map(|said| (said, Next::Servers))
            }
            None => {
                let looked = self.look(hub, &waiting).await;
                match &looked {
                    Ok(_) => row.end(Outcome::Ok, None, None),
                    Err(failure) => row.end(Outcome::Error, Some(failure.code()), None),
                }
                looked
            }
        }
    }

    fn pin(&self, hub: &Configured, survey: Approval) -> Result<String, Failure> {
        let server = survey.server.clone();
        hub.approvals.keep(&Approval {
            approved_at: SystemClock::new().now(),
            ..survey
        })?;
        self.surveys().remove(server.as_str());
        Ok(format!(
            "Approved {server}. IDEs that are connected are offered its tools now."
        ))
    }

    /// Starts or contacts a server that is not approved in its present form, and keeps its
    /// catalogue in memory.
    async fn look(
        &self,
        hub: &Configured,
        waiting: &PendingApproval,
    ) -> Result<(String, Next), Failure> {
        let upstream = &waiting.upstream;
        let server = &upstream.name;
        let mut approval = approve::approval(hub, upstream, &waiting.expanded);
        match self.survey(hub, upstream, &approval).await {
            Ok(catalogue) => {
                let tools = catalogue.tools.len();
                approval.catalogue = Some(Arc::new(catalogue));
                self.surveys().insert(server.to_string(), approval);
                let said = format!(
                    "{server} ran once and ended; it offers {tools} tools. Look at them, then \
                     approve them."
                );
                Ok((said, Next::Approvals))
            }
            Err(failure) if approve::wants_login(upstream, &failure) => {
                hub.approvals.keep(&approval)?;
                let said = format!("{server} is approved until its login. Log in to it.");
                Ok((said, Next::Servers))
            }
            Err(failure) => Err(failure),
        }
    }

    /// Starts or contacts an approved server once and compares its catalogue with the approval.
    async fn start(&self, hub: &Configured, server: &str) -> Result<(String, Next), Failure> {
        let (upstream, _) = hub.upstream(server)?;
        let approval = hub
            .approval(&upstream.name)?
            .ok_or_else(|| synapse_hub::not_approved(&upstream))?;
        let expanded = hub.targets.expand(&upstream, approval.start.as_ref())?;
        if expanded.fingerprint != approval.fingerprint {
            return Err(synapse_hub::changed(&upstream));
        }
        let catalogue = self.survey(hub, &upstream, &approval).await?;
        let tools = catalogue.tools.len();
        let is_same = approval
            .catalogue
            .as_ref()
            .is_some_and(|approved| approved.hash() == catalogue.hash());
        if is_same {
            self.surveys().remove(server);
            let said =
                format!("{server} ran once and ended; it offers {tools} tools, as approved.");
            return Ok((said, Next::Servers));
        }
        let survey = Approval {
            catalogue: Some(Arc::new(catalogue)),
            ..approval
        };
        self.surveys().insert(server.to_owned(), survey);
        let said = format!("{server} ran once and ended; its tools differ from the approval.");
        Ok((said, Next::Approvals))
    }

    async fn survey(
        &self,
        configured: &Configured,
        upstream: &Upstream,
        approval: &Approval,
    ) -> Result<Catalogue, Failure> {
        let ports = hub_ports(
            &self.context,
            &configured.place,
            configured.targets.clone(),
            self.ledger.clone(),
            Asking::Nobody,
        )?;
        let settings = HubSettings {
            selection: Selection::All,
            ..HubSettings::default()
        };
        let hub = Hub::new(ports, settings);
        let catalogue = hub.survey(upstream, approval).await;
        hub.close().await;
        catalogue
    }

    fn offer(
        &self,
        hub: &Configured,
        server: &str,
        tool: &str,
        offering: Offering,
    ) -> Result<String, Failure> {
        let (upstream, _) = hub.upstream(server)?;
        hub.upstreams.offer(&upstream.name, tool, offering)?;
        Ok(match offering {
            Offering::Allowed => format!("{server} offers `{tool}`."),
            Offering::Denied => format!("{server} no longer offers `{tool}`."),
        })
    }
}

/// Adds an entry. Does not run it.
fn add(hub: &Configured, action: &HubAction) -> Result<String, Failure> {
    let name: UpstreamName = action.server.parse()?;
    let declaration = action.declaration.as_deref().unwrap_or_default();
    let entry = entry(declaration)?;
    hub.upstreams.insert(&name, &entry)?;
    Ok(format!("Added {name}. Nothing of it ran."))
}

/// The entry for an address, or for a program and its arguments, one per line.
fn entry(declaration: &str) -> Result<Map<String, Value>, Failure> {
    let mut words = declaration
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let first = words.next().ok_or_else(|| {
        Failure::new(
            Code::UsageInvalidArguments,
            "an address or a command is needed",
        )
    })?;
    if holds_token(declaration) {
        return Err(Failure::new(
            Code::CredentialLiteralToken,
            "something in it looks like a token",
        )
        .cause("other users can see commands and addresses")
        .hint("keep it on the page of secrets, and name it in the entry's `env` or `headers`"));
    }
    let mut entry = Map::new();
    if first.contains("://") {
        entry.insert("type".to_owned(), json!("streamable-http"));
        entry.insert("url".to_owned(), json!(first));
    } else {
        let rest: Vec<&str> = words.collect();
        entry.insert("type".to_owned(), json!("stdio"));
        entry.insert("command".to_owned(), json!(first));
        entry.insert("args".to_owned(), json!(rest));
    }
    Ok(entry)
}
