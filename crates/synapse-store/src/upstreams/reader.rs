//! Reads the members of one entry: each is taken once, and the rest is classified as members of
//! other programs, typos and security settings.

use std::time::Duration;

use synapse_core::nearest::nearest;
use synapse_core::redact::printable_line;
use synapse_core::upstream::Template;
use synapse_core::{Code, Failure};

use super::keys::SAFETY_WORDS;
use super::source::UpstreamsText;
use super::tree::{Member, Node, Value};

/// The remaining members of an object, and warnings.
#[derive(Debug)]
pub(super) struct MemberReader<'a> {
    source: &'a UpstreamsText,
    server: &'a str,
    /// `oauth.` for members of that object, else empty.
    prefix: &'static str,
    members: Vec<&'a Member>,
    pub(super) warnings: Vec<Failure>,
}

impl<'a> MemberReader<'a> {
    pub(super) fn new(
        source: &'a UpstreamsText,
        server: &'a str,
        prefix: &'static str,
        members: &'a [Member],
    ) -> Self {
        Self {
            source,
            server,
            prefix,
            // `null` equals absent.
            members: members
                .iter()
                .filter(|member| member.value.value != Value::Null)
                .collect(),
            warnings: Vec::new(),
        }
    }

    /// A reader of a nested object.
    pub(super) fn below(&self, prefix: &'static str, members: &'a [Member]) -> Self {
        Self::new(self.source, self.server, prefix, members)
    }

    /// The name of the server.
    pub(super) const fn server(&self) -> &'a str {
        self.server
    }

    /// Whether the member `key` exists.
    pub(super) fn has(&self, key: &str) -> bool {
        self.members.iter().any(|member| member.key == key)
    }

    /// Takes the member `key`.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a Node> {
        let index = self.members.iter().position(|member| member.key == key)?;
        Some(&self.members.remove(index).value)
    }

    /// Takes the member `key`, or an alternative spelling with a warning.
    pub(super) fn take_any(
        &mut self,
        key: &str,
        spellings: &[&str],
    ) -> Result<Option<&'a Node>, Failure> {
        let mut found = self.take(key);
        for spelling in spellings {
            let Some(node) = self.take(spelling) else {
                continue;
            };
            if found.is_some() {
                return Err(self.at(
                    node,
                    Code::ConfigInvalidValue,
                    format!("`{key}` is set twice: as `{spelling}` too"),
                ));
            }
            self.spelled(spelling, key);
            found = Some(node);
        }
        Ok(found)
    }

    /// Warns that another program's spelling was accepted.
    pub(super) fn spelled(&mut self, spelling: &str, ours: &str) {
        let (prefix, server) = (self.prefix, self.server);
        self.warnings.push(
            Failure::new(
                Code::ConfigInvalidValue,
                format!("`{prefix}{spelling}` of `{server}` is taken for `{prefix}{ours}`"),
            )
            .of_server(server),
        );
    }

    pub(super) fn warn(&mut self, failure: Failure) {
        let failure = failure.of_server(self.server);
        self.warnings.push(failure);
    }

    /// A failure at `node`.
    pub(super) fn at(&self, node: &Node, code: Code, message: impl Into<String>) -> Failure {
        self.source
            .locate(Failure::new(code, message), node.at)
            .of_server(self.server)
    }

    /// The same failure, at `node`.
    pub(super) fn locate(&self, failure: Failure, node: &Node) -> Failure {
        self.source.locate(failure, node.at).of_server(self.server)
    }

    fn wrong(&self, node: &Node, key: &str, wanted: &str) -> Failure {
        let prefix = self.prefix;
        self.at(
            node,
            Code::ConfigInvalidValue,
            format!("`{prefix}{key}` is {}, not {wanted}", node.kind()),
        )
    }

    pub(super) fn text(&self, key: &str, node: &'a Node) -> Result<&'a str, Failure> {
        match &node.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong(node, key, "a text")),
        }
    }

    pub(super) fn flag(&self, key: &str, node: &Node) -> Result<bool, Failure> {
        match node.value {
            Value::Flag(flag) => Ok(flag),
            _ => Err(self.wrong(node, key, "true or false")),
        }
    }

    pub(super) fn template(&self, key: &str, node: &'a Node) -> Result<Template, Failure> {
        let text = self.text(key, node)?;
        if text.contains('\0') {
            return Err(self.at(
                node,
                Code::ConfigInvalidValue,
                format!("`{key}` has a NUL in it"),
            ));
        }
        Template::parse(text).map_err(|failure| self.locate(failure, node))
    }

    pub(super) fn list(&self, key: &str, node: &'a Node) -> Result<&'a [Node], Failure> {
        match &node.value {
            Value::List(items) => Ok(items),
            _ => Err(self.wrong(node, key, "a list")),
        }
    }

    pub(super) fn texts(&self, key: &str, node: &'a Node) -> Result<Vec<String>, Failure> {
        self.list(key, node)?
            .iter()
            .map(|item| self.text(key, item).map(str::to_owned))
            .collect()
    }

    pub(super) fn object(&self, key: &str, node: &'a Node) -> Result<&'a [Member], Failure> {
        match &node.value {
            Value::Object(members) => Ok(members),
            _ => Err(self.wrong(node, key, "an object")),
        }
    }

    /// A time of 1 second to 24 hours, in seconds.
    pub(super) fn seconds(&self, key: &str, node: &Node) -> Result<Duration, Failure> {
        let seconds = match &node.value {
            Value::Number(number) => number.parse::<f64>().ok(),
            _ => return Err(self.wrong(node, key, "a number of seconds")),
        };
        seconds
            .filter(|seconds| (1.0..=86_400.0).contains(seconds))
            .map(Duration::from_secs_f64)
            .ok_or_else(|| {
                let prefix = self.prefix;
                self.at(
                    node,
                    Code::ConfigInvalidValue,
                    format!("`{prefix}{key}` is not between 1 and 86400 seconds"),
                )
            })
    }

    /// Refuses every remaining member.
    pub(super) fn finish_none(self) -> Result<(), Failure> {
        let Some(member) = self.members.first() else {
            return Ok(());
        };
        let (prefix, server) = (self.prefix, self.server);
        let key = printable_line(&member.key);
        Err(self.locate(
            Failure::new(
                Code::ConfigUnknownField,
                format!("`{prefix}{key}` of `{server}` is not known"),
            )
            .cause("it would affect the server's permissions")
            .hint("write `allow` or `deny`, or remove it"),
            &member.value,
        ))
    }

    /// Classifies the remaining members: those of other programs are returned as ignored, an
    /// unknown one is a warning, or an error if it resembles one of `safety`.
    pub(super) fn finish(
        mut self,
        known: &[&str],
        foreign: &[&str],
        safety: &[&str],
    ) -> Result<(Vec<String>, Vec<Failure>), Failure> {
        let mut ignored = Vec::new();
        for member in std::mem::take(&mut self.members) {
            let (prefix, server) = (self.prefix, self.server);
            let key = printable_line(&member.key);
            if foreign.contains(&member.key.as_str()) {
                ignored.push(format!("{prefix}{key}"));
                self.warnings.push(
                    Failure::new(
                        Code::ConfigUnknownField,
                        format!("`{prefix}{key}` of `{server}` is ignored"),
                    )
                    .cause("it is a setting of another program")
                    .of_server(server),
                );
                continue;
            }
            let unknown = Failure::new(
                Code::ConfigUnknownField,
                format!("`{prefix}{key}` of `{server}` is not known"),
            );
            let near = nearest(&member.key, safety.iter().copied());
            if near.is_none() && prefix.is_empty() && concerns_permissions(&member.key) {
                return Err(self.locate(
                    unknown
                        .cause("its name mentions permissions, but it would have no effect")
                        .hint("write `tools`: {`allow`, `deny`}, or remove it"),
                    &member.value,
                ));
            }
            if let Some(near) = near {
                return Err(self.locate(
                    unknown
                        .cause(format!(
                            "it resembles `{near}`, which affects the server's permissions"
                        ))
                        .hint(format!("write `{near}`, or remove it")),
                    &member.value,
                ));
            }
            let unknown = match nearest(&member.key, known.iter().copied()) {
                Some(near) => unknown.hint(format!("`{near}` is a setting; did you mean that?")),
                None => unknown.cause("it has no effect"),
            };
            let unknown = self.locate(unknown, &member.value);
            self.warnings.push(unknown);
        }
        Ok((ignored, self.warnings))
    }
}

/// Whether `key` has a word about permissions; a timeout of tools is not one.
fn concerns_permissions(key: &str) -> bool {
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    let key: String = letters.map(|each| each.to_ascii_lowercase()).collect();
    !key.contains("timeout") && SAFETY_WORDS.iter().any(|word| key.contains(word))
}
