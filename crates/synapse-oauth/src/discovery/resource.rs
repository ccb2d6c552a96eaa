//! Protected resource metadata (RFC 9728): authorization servers and scopes.

use serde_json::{Map, Value};
use synapse_core::{Code, Failure, NetworkPermit, Origin};
use url::Url;

use super::{Trail, document, with_inserted};
use crate::address::shown;
use crate::challenge::{Requirements, is_scope};
use crate::json;
use crate::wire::Wire;

/// The metadata of a protected resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its identifier, verbatim: the value of `resource`.
    pub identifier: String,
    /// The issuers of its authorization servers, in order.
    pub issuers: Vec<String>,
    /// Its supported scopes, in order.
    pub scopes: Vec<String>,
}

/// Finds the metadata of the server at `server`: at the challenge's URL, then at the well-known URL
/// with the server's path, then without. `None` if there is none.
///
/// # Errors
/// `oauth.resource-mismatch` if the challenge names another origin, which is not contacted, or the
/// document belongs to another resource.
pub(crate) async fn protected_resource(
    wire: &Wire,
    permit: &NetworkPermit,
    server: &Url,
    demand: &Requirements,
    trail: &mut Trail,
) -> Result<Option<Resource>, Failure> {
    let mut places = Vec::new();
    if let Some(named) = &demand.resource_metadata {
        places.push(at_same_origin(named, server)?);
    }
    let mut add = |url: Url| {
        if !places.contains(&url) {
            places.push(url);
        }
    };
    add(with_inserted(server, WELL_KNOWN));
    let mut root = server.clone();
    root.set_path("");
    add(with_inserted(&root, WELL_KNOWN));
    for place in places {
        if let Some(object) = document(wire, permit, &place, trail).await {
            return resource(&object, &place, server).map(Some);
        }
    }
    Ok(None)
}

/// The URL named by a challenge, on the server's origin.
pub(crate) fn at_same_origin(named: &str, server: &Url) -> Result<Url, Failure> {
    let refused = |why: &str| {
        Failure::new(
            Code::OauthResourceMismatch,
            "the server's challenge names metadata that is not its own",
        )
        .cause(format!("`resource_metadata` is {}", shown(named)))
        .cause(why)
        .cause("it was not contacted")
        .hint("check the URL of the entry; do not log in if it is right")
    };
    let url = Url::parse(named).map_err(|_| refused("it is not a URL"))?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if url.origin() != server.origin() || has_user {
        return Err(refused(&format!("the server is at {}", Origin::of(server))));
    }
    Ok(url)
}

/// Parses the document at `place` if it belongs to `server`.
pub(crate) fn resource(
    object: &Map<String, Value>,
    place: &Url,
    server: &Url,
) -> Result<Resource, Failure> {
    let other = |what: &str| {
        Failure::new(
            Code::OauthResourceMismatch,
            "the metadata belongs to another resource",
        )
        .cause(format!("{} has {what}", shown(place.as_str())))
        .cause(format!(
            "the server is {}",
            shown(without_query(server).as_str())
        ))
        .hint("check the URL of the entry; do not log in if it is right")
    };
    let Some(identifier) = json::text(object, "resource") else {
        return Err(other("no `resource`"));
    };
    match Url::parse(identifier) {
        Ok(url) if is_within(server, &url) => {}
        _ => return Err(other(&format!("the `resource` {}", shown(identifier)))),
    }
    let issuers = json::texts(object, "authorization_servers").unwrap_or_default();
    let scopes = json::texts(object, "scopes_supported").unwrap_or_default();
    Ok(Resource {
        identifier: identifier.to_owned(),
        issuers: issuers.into_iter().take(MOST_ISSUERS).collect(),
        scopes: scopes
            .into_iter()
            .filter(|scope| is_scope(scope))
            .take(MOST_SCOPES)
            .collect(),
    })
}

/// Whether `server` is `resource` or below it. Ignores the query: `/mcp?login` equals `/mcp`.
fn is_within(server: &Url, resource: &Url) -> bool {
    if server.origin() != resource.origin() || resource.fragment().is_some() {
        return false;
    }
    let parent = resource.path().trim_end_matches('/');
    let below = server.path().strip_prefix(parent);
    below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

fn without_query(url: &Url) -> Url {
    let mut bare = url.clone();
    bare.set_query(None);
    bare
}

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
const MOST_ISSUERS: usize = 8;
const MOST_SCOPES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_its_own_resource_and_that_of_its_parents() {
        let server: Url = "https://a.test/public/mcp?login".parse().unwrap();
        for (resource, within) in [
            ("https://a.test/public/mcp", true),
            ("https://a.test/public/mcp/", true),
            ("https://a.test/public/mcp?x=1", true),
            ("https://a.test/public", true),
            ("https://a.test", true),
            ("https://a.test/pub", false),
            ("https://a.test/public/mcp/more", false),
            ("https://a.test/public/mcp#x", false),
            ("https://b.test/public/mcp", false),
            ("http://a.test/public/mcp", false),
            ("https://a.test:444/public/mcp", false),
        ] {
            assert_eq!(
                is_within(&server, &resource.parse().unwrap()),
                within,
                "{resource}"
            );
        }
    }
}
