//! The secrets of one upstream: resolved on start or send, passed to it alone, and redacted from
//! its output.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use synapse_core::credential::CredentialRef;
use synapse_core::endpoint::Origin;
use synapse_core::error::{Code, Failure};
use synapse_core::gate::NetworkPermit;
use synapse_core::ports::{SecretResolver, TokenSource};
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;
use synapse_core::upstream::is_secret;
use synapse_core::upstream::{Piece, Target, Template, UpstreamName};
use synapse_mcp::JsonObject;
use synapse_mcp::size::outweigh;

use crate::ports::Credentials;

/// The [`Credentials`] of an approved upstream.
pub(crate) struct UpstreamCredentials {
    pub(crate) server: UpstreamName,
    pub(crate) target: Target,
    pub(crate) permit: Arc<NetworkPermit>,
    pub(crate) resolver: Arc<dyn SecretResolver>,
    pub(crate) tokens: Option<Arc<dyn TokenSource>>,
    /// The IDE's working directory.
    pub(crate) workspace: Option<String>,
    /// The last token provided.
    pub(crate) sent: Mutex<Option<Arc<BoundSecret>>>,
    pub(crate) known: Known,
}

/// Redactors of the values an upstream received. They also keep the values known to the process's
/// redactor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known(Arc<RwLock<Vec<(String, Redactor)>>>);

impl UpstreamCredentials {
    /// Expands a template with its secrets.
    async fn text(&self, name: &str, template: &Template) -> Result<SecretString, Failure> {
        let mut text = String::new();
        for piece in &template.pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Secret(reference) => {
                    let value = self.secret(name, reference).await?;
                    text.push_str(value.expose_secret());
                }
                Piece::Value {
                    name: variable,
                    value,
                } => {
                    text.push_str(value.expose());
                    // A token in a variable is still a secret.
                    if is_secret(variable, value.expose()) {
                        let secret = SecretString::from(value.expose());
                        let key = format!("{name} ${variable}");
                        self.known.remember(key, self.resolver.redactor(&secret));
                    }
                }
                Piece::WorkspaceFolder => {
                    text.push_str(self.workspace.as_deref().ok_or_else(|| {
                        self.unresolved("workspaceFolder")
                            .cause("no IDE named its workspace folder")
                    })?);
                }
                Piece::Variable { name, .. } => return Err(self.unresolved(name)),
            }
        }
        Ok(SecretString::from(text))
    }

    fn unresolved(&self, variable: &str) -> Failure {
        Failure::new(
            Code::ConfigUnresolvedVariable,
            format!("`${{{variable}}}` of `{}` is not set", self.server),
        )
        .of_server(&self.server)
    }

    async fn secret(&self, name: &str, reference: &CredentialRef) -> Result<SecretString, Failure> {
        let resolved = self.resolver.resolve(&self.permit, reference).await;
        let value = resolved
            .map_err(|failure| failure.of_server(&self.server).with("setting", name))?
            .value;
        let key = format!("{name} {reference}");
        self.known.remember(key, self.resolver.redactor(&value));
        Ok(value)
    }
}

#[async_trait]
impl Credentials for UpstreamCredentials {
    async fn variables(&self) -> Result<Vec<(String, BoundSecret)>, Failure> {
        let Target::Program {
            program,
            environment,
            ..
        } = &self.target
        else {
            return Ok(Vec::new());
        };
        let mut variables = Vec::new();
        for (name, template) in environment {
            let value = self.text(name, template).await?;
            variables.push((name.clone(), BoundSecret::of_program(value, program)));
        }
        Ok(variables)
    }

    async fn headers(&self) -> Result<Vec<(String, BoundSecret)>, Failure> {
        let Target::Url { url, headers } = &self.target else {
            return Ok(Vec::new());
        };
        let origin = Origin::of(url);
        let mut resolved = Vec::new();
        for (name, template) in headers {
            let value = self.text(name, template).await?;
            resolved.push((name.clone(), BoundSecret::new(value, vec![origin.clone()])));
        }
        Ok(resolved)
    }

    async fn token(&self) -> Result<Option<Arc<BoundSecret>>, Failure> {
        let (Some(tokens), Target::Url { url, headers }) = (&self.tokens, &self.target) else {
            return Ok(None);
        };
        if has_authorization(headers) {
            return Ok(None);
        }
        let token = tokens.token(&self.permit, &self.server, url).await?;
        let token = token.map(Arc::new);
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&token);
        if let Some(token) = &token {
            self.known
                .remember(AUTHORIZATION.to_owned(), token.redactor());
        }
        Ok(token)
    }

    async fn refused(&self, status: u16, challenges: &[String]) -> Failure {
        if let (Some(tokens), Target::Url { url, headers }) = (&self.tokens, &self.target)
            && !has_authorization(headers)
        {
            let sent = self.sent.lock();
            let sent = sent.unwrap_or_else(PoisonError::into_inner).clone();
            return tokens
                .refused(&self.server, url, sent.as_deref(), status, challenges)
                .await;
        }
        Failure::new(
            Code::UpstreamRefused,
            format!("`{}` refused access with status {status}", self.server),
        )
        .of_server(&self.server)
        .with_status(status)
        .hint("replace the credential that the entry has")
    }

    fn clean(&self, line: &str) -> String {
        self.known.clean(line, LONGEST_LINE)
    }
}

fn has_authorization(headers: &[(String, Template)]) -> bool {
    let mut names = headers.iter().map(|(name, _)| name);
    names.any(|name| name.eq_ignore_ascii_case(AUTHORIZATION))
}

impl Known {
    fn remember(&self, key: String, redactor: Redactor) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match known.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = redactor,
            None => known.push((key, redactor)),
        }
    }

    fn redactors(&self) -> Vec<Redactor> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(_, redactor)| redactor.clone()).collect()
    }

    /// Cleans a line of foreign text.
    pub(crate) fn clean(&self, text: &str, max: usize) -> String {
        let mut text = text.to_owned();
        for redactor in self.redactors() {
            text = redactor.redact(&text).into_owned();
        }
        Redactor::none().clean(&text, max)
    }

    /// Removes the upstream's secrets from an object. A large one is scanned off the server's
    /// thread.
    pub(crate) async fn taken_out_of(&self, object: JsonObject) -> JsonObject {
        let redactors = self.redactors();
        if redactors.iter().all(Redactor::is_idle) {
            return object;
        }
        if !outweigh(object.values(), LARGE) {
            return without(&redactors, object);
        }
        let shared = Arc::new(Mutex::new(Some(object)));
        let taken = Arc::clone(&shared);
        let scan = tokio::task::spawn_blocking(move || {
            let object = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
            object.map(|object| without(&redactors, object))
        });
        // A panicked scan yields nothing rather than unscanned data.
        scan.await.ok().flatten().unwrap_or_default()
    }
}

fn without(redactors: &[Redactor], object: JsonObject) -> JsonObject {
    let mut value = Value::Object(object);
    replace(redactors, &mut value);
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

/// Redacts every text in `value`; parsing limited the depth.
fn replace(redactors: &[Redactor], value: &mut Value) {
    match value {
        Value::String(text) => {
            for redactor in redactors {
                if let std::borrow::Cow::Owned(clean) = redactor.spare(text) {
                    *text = clean;
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|each| replace(redactors, each)),
        Value::Object(members) => {
            let has_secret = |key: &str| {
                redactors
                    .iter()
                    .any(|redactor| matches!(redactor.spare(key), std::borrow::Cow::Owned(_)))
            };
            let keys: Vec<String> = members
                .keys()
                .filter(|key| has_secret(key))
                .cloned()
                .collect();
            for key in keys {
                if let Some(value) = members.remove(&key) {
                    let mut clean = Value::String(key);
                    replace(redactors, &mut clean);
                    if let Value::String(clean) = clean {
                        members.insert(clean, value);
                    }
                }
            }
            members
                .values_mut()
                .for_each(|each| replace(redactors, each));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl fmt::Debug for UpstreamCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UpstreamCredentials")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

const AUTHORIZATION: &str = "Authorization";
const LONGEST_LINE: usize = 4_000;
/// Results of this size are scanned on a separate thread.
const LARGE: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_goes_from_every_text_and_key() {
        let known = Known::default();
        known.remember(
            "a".to_owned(),
            Redactor::for_secret("fake-0123456789-value-abc"),
        );
        let said = json!({"fake-0123456789-value-abc": ["x fake-0123456789-value-abc", 1]});
        let object = without(&known.redactors(), said.as_object().unwrap().clone());
        assert_eq!(
            Value::Object(object),
            json!({"[redacted]": ["x [redacted]", 1]})
        );
    }

    #[test]
    fn a_new_value_takes_the_place_of_the_old_one() {
        let known = Known::default();
        for value in ["fake-0123456789-value-abc", "fake-0123456789-value-def"] {
            known.remember("a".to_owned(), Redactor::for_secret(value));
        }
        assert_eq!(known.redactors().len(), 1);
    }
}
