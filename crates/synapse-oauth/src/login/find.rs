//! Collects the prerequisites of a login: the resource, the confirmed authorization server, the
//! scopes, and earlier records.

use synapse_core::upstream::{RecordKey, ResourcePolicy, TokenRecord};
use synapse_core::{Code, Failure, NetworkPermit, Origin};
use tokio::time::timeout;
use url::Url;

use super::{Decision, Login, Proposal};
use crate::address::{named_by, shown};
use crate::discovery::{
    Resource, ServerMetadata, Trail, authorization_server, named_document, probe,
    protected_resource,
};

/// The prerequisites of a login.
#[derive(Debug)]
pub(super) struct Prerequisites {
    pub(super) server: ServerMetadata,
    /// The `resource` parameter of every request.
    pub(super) resource: Option<String>,
    pub(super) scopes: Vec<String>,
    /// The record of this server and issuer.
    pub(super) stored: Option<(RecordKey, TokenRecord)>,
    /// Records of this URL at other issuers, which a new login replaces.
    pub(super) replaced: Vec<RecordKey>,
}

/// Where to look for the authorization server.
enum Lead {
    Issuer(String),
    Document { place: Url, issuer: Option<String> },
}

impl Login<'_, '_> {
    pub(super) async fn find(&self) -> Result<Prerequisites, Failure> {
        let limit = self.oauth.times.discovery;
        let mut trail = Trail::default();
        let url = self.request.url;
        let before: Vec<(RecordKey, TokenRecord)> = self
            .oauth
            .store
            .of_server(self.request.config, self.request.server)
            .await?
            .into_iter()
            .filter(|(key, _)| key.url == *url)
            .collect();
        let late = |trail: &Trail| {
            trail.failure(&format!(
                "the authorization server was not found within {} s",
                limit.as_secs_f64()
            ))
        };
        let probed = timeout(limit, async {
            let permit = self.request.permit;
            let probed = probe(self.wire, permit, url).await?;
            let demand = &probed.demand;
            let resource = protected_resource(self.wire, permit, url, demand, &mut trail).await?;
            Ok::<_, Failure>((probed, resource))
        })
        .await;
        let (probed, resource) = match probed {
            Ok(probed) => probed?,
            Err(_) => return Err(late(&trail)),
        };
        let lead = self.lead(resource.as_ref(), &trail, probed.status)?;
        let server = self.server(lead, &before, &mut trail).await?;
        self.demand_grant(&server)?;
        let scopes = self.scopes(&probed.demand.scopes, resource.as_ref(), &server);
        let (stored, others): (Vec<_>, Vec<_>) = before
            .into_iter()
            .partition(|(key, _)| key.issuer == server.issuer);
        Ok(Prerequisites {
            resource: self.resource(resource.as_ref()),
            scopes,
            stored: stored.into_iter().next(),
            replaced: others.into_iter().map(|(key, _)| key).collect(),
            server,
        })
    }

    fn lead(
        &self,
        resource: Option<&Resource>,
        trail: &Trail,
        status: u16,
    ) -> Result<Lead, Failure> {
        let settings = &self.request.settings;
        let named = resource.map_or(&[][..], |resource| resource.issuers.as_slice());
        let issuer = match &settings.issuer {
            Some(wanted) if named.is_empty() || named.contains(wanted) => Some(wanted.clone()),
            Some(wanted) => return Err(not_expected(wanted, named)),
            None => named.first().cloned(),
        };
        if let Some(place) = &settings.server_metadata_url {
            let place = named_by(place, self.request.url).map_err(|why| {
                Failure::new(
                    Code::ConfigInvalidValue,
                    "`authServerMetadataUrl` cannot be used",
                )
                .cause(why.to_string())
            })?;
            return Ok(Lead::Document { place, issuer });
        }
        issuer.map(Lead::Issuer).ok_or_else(|| {
            let failure = trail.failure("the server names no authorization server");
            failure
                .cause(format!("it answered {status} to a request without a token"))
                .hint(
                    "check the URL of the entry, or name the document with \
                     `authServerMetadataUrl` in its `oauth`",
                )
        })
    }

    /// Reads the metadata. Nothing is sent to an origin before the user confirmed it.
    async fn server(
        &self,
        lead: Lead,
        before: &[(RecordKey, TokenRecord)],
        trail: &mut Trail,
    ) -> Result<ServerMetadata, Failure> {
        let url = self.request.url;
        let (place, issuer) = match &lead {
            Lead::Issuer(issuer) => (named_by(issuer, url).ok(), Some(issuer.as_str())),
            Lead::Document { place, issuer } => (Some(place.clone()), issuer.as_deref()),
        };
        let mut agreed: Vec<Origin> = Vec::new();
        let known = before
            .iter()
            .find(|(key, _)| issuer == Some(key.issuer.as_str()));
        let first = place.as_ref().map(Origin::of);
        if let Some(first) = &first {
            let shown_issuer = issuer.unwrap_or_else(|| first.as_str());
            match known {
                // Confirmed by the previous login.
                Some(_) => agreed.push(first.clone()),
                None => {
                    self.agree(shown_issuer, vec![first.clone()], before)
                        .await?;
                    agreed.push(first.clone());
                }
            }
        }
        let permit = match &first {
            Some(first) => self.request.permit.for_issuer(first.clone()),
            None => self.request.permit.for_issuer(Origin::of(url)),
        };
        let server = self.read(&lead, &permit, trail).await?;
        if let Some((_, record)) = known {
            self.same_endpoint(&server, record, before).await?;
            agreed.push(Origin::of(&record.token_endpoint));
        }
        let further: Vec<Origin> = server
            .origins()
            .into_iter()
            .filter(|origin| !agreed.contains(origin))
            .collect();
        if !further.is_empty() {
            self.agree(&server.issuer, further, before).await?;
        }
        Ok(server)
    }

    async fn read(
        &self,
        lead: &Lead,
        permit: &NetworkPermit,
        trail: &mut Trail,
    ) -> Result<ServerMetadata, Failure> {
        let limit = self.oauth.times.discovery;
        let url = self.request.url;
        let reading = async {
            match lead {
                Lead::Issuer(issuer) => {
                    authorization_server(self.wire, permit, issuer, url, trail).await
                }
                Lead::Document { place, issuer } => {
                    let issuer = issuer.as_deref();
                    named_document(self.wire, permit, place, issuer, url, trail).await
                }
            }
        };
        match timeout(limit, reading).await {
            Ok(read) => read,
            Err(_) => Err(Failure::new(
                Code::OauthDiscoveryFailed,
                format!(
                    "the authorization server's metadata did not come within {} s",
                    limit.as_secs_f64()
                ),
            )),
        }
    }

    /// Asks the user about origins new to this server.
    async fn agree(
        &self,
        issuer: &str,
        origins: Vec<Origin>,
        before: &[(RecordKey, TokenRecord)],
    ) -> Result<(), Failure> {
        let previous = before
            .iter()
            .find(|(key, _)| key.issuer != issuer)
            .map(|(key, _)| key.issuer.clone());
        let proposal = Proposal {
            issuer: shown(issuer),
            origins,
            previous: previous.as_deref().map(shown),
        };
        match self.dialogue.confirm(&proposal).await? {
            Decision::Agreed => Ok(()),
            Decision::Declined => Err(declined(&proposal)),
        }
    }

    /// The token endpoint receives the refresh token of a known issuer: a different one must be
    /// confirmed.
    async fn same_endpoint(
        &self,
        server: &ServerMetadata,
        record: &TokenRecord,
        before: &[(RecordKey, TokenRecord)],
    ) -> Result<(), Failure> {
        let (now, then) = (
            Origin::of(&server.token_endpoint),
            Origin::of(&record.token_endpoint),
        );
        if now == then {
            return Ok(());
        }
        let proposal = Proposal {
            issuer: shown(&server.issuer),
            origins: vec![now],
            previous: before.first().map(|(key, _)| shown(&key.issuer)),
        };
        match self.dialogue.confirm(&proposal).await? {
            Decision::Agreed => Ok(()),
            Decision::Declined => Err(declined(&proposal)),
        }
    }

    /// Requires the grant in use; unsupported ones are refused by name.
    fn demand_grant(&self, server: &ServerMetadata) -> Result<(), Failure> {
        let wanted = match self.request.way {
            super::Way::Device => return Ok(()),
            super::Way::Browser(_) | super::Way::Paste => "authorization_code",
        };
        let Some(grants) = &server.grants else {
            return Ok(());
        };
        if grants.iter().any(|grant| grant == wanted) {
            return Ok(());
        }
        Err(Failure::new(
            Code::OauthDiscoveryFailed,
            "the authorization server offers no login that is supported",
        )
        .cause(format!("its grants are {}", shown(&grants.join(", "))))
        .cause("supported are `authorization_code` and the device grant, for a person who logs in"))
    }

    fn resource(&self, resource: Option<&Resource>) -> Option<String> {
        match &self.request.settings.resource {
            ResourcePolicy::Omitted => None,
            ResourcePolicy::Fixed(uri) => Some(uri.clone()),
            ResourcePolicy::Discovered => Some(match resource {
                Some(resource) => resource.identifier.clone(),
                None => {
                    let mut bare = self.request.url.clone();
                    bare.set_query(None);
                    bare.set_fragment(None);
                    bare.into()
                }
            }),
        }
    }

    /// From the command line, the entry, the challenge, the resource metadata, or none.
    fn scopes(
        &self,
        challenged: &[String],
        resource: Option<&Resource>,
        server: &ServerMetadata,
    ) -> Vec<String> {
        if !self.request.scopes.is_empty() {
            return self.request.scopes.clone();
        }
        if let Some(configured) = &self.request.settings.scopes {
            return configured.clone();
        }
        let mut scopes = match (challenged, resource) {
            ([], None) => Vec::new(),
            ([], Some(resource)) => resource.scopes.clone(),
            (challenged, _) => challenged.to_vec(),
        };
        let offers = server.scopes.iter().any(|scope| scope == OFFLINE);
        if offers && !scopes.is_empty() && !scopes.iter().any(|scope| scope == OFFLINE) {
            scopes.push(OFFLINE.to_owned());
        }
        scopes
    }
}

fn not_expected(wanted: &str, named: &[String]) -> Failure {
    Failure::new(
        Code::OauthIssuerMismatch,
        "the server does not name the configured issuer",
    )
    .cause(format!("the entry expects {}", shown(wanted)))
    .cause(format!("the server names {}", shown(&named.join(", "))))
    .cause("nothing was sent to either")
}

fn declined(proposal: &Proposal) -> Failure {
    let code = match proposal.previous {
        Some(_) => Code::OauthIssuerChanged,
        None => Code::OauthDenied,
    };
    let origins: Vec<&str> = proposal.origins.iter().map(Origin::as_str).collect();
    let message = match &proposal.previous {
        Some(_) => "the server names another authorization server than at the last login",
        None => "the authorization server was not confirmed",
    };
    let failure = Failure::new(code, message)
        .cause(format!("the issuer is {}", proposal.issuer))
        .cause(format!("nothing was sent to {}", origins.join(", ")));
    match &proposal.previous {
        Some(previous) => failure
            .cause(format!("the last login was at {previous}"))
            .hint(
                "if the change is expected, log in at a terminal, without `--yes`, and confirm it",
            ),
        None => failure,
    }
}

const OFFLINE: &str = "offline_access";
