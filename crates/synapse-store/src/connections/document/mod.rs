//! Reads connections.toml strictly: unknown content is refused with file, line and column, while an
//! invalid connection does not affect the others.

mod ledger;

use memchr::memmem;
use synapse_core::connection::Field;
use synapse_core::credential::{CredentialRef, looks_like_token};
use synapse_core::limits::DraftLimits;
use synapse_core::nearest::nearest;
use synapse_core::ports::StoredConnection;
use synapse_core::preflight::PreflightRecord;
use synapse_core::redact::{Redactor, is_opaque};
use synapse_core::telemetry::CollectorUrl;
use synapse_core::{BaseUrl, Code, Connection, ConnectionName, Draft, Failure, NetworkGate};
use toml_edit::{Document, Item, TableLike, TomlError};

use super::fields::{
    self, ALLOW_PLAIN_HTTP, CONNECTION, DEFAULT, ENDPOINT, FORMAT, LEDGER_FIELDS, NETWORK,
    PREFLIGHT, RECORD, RECORD_TEXT, ROOT, TELEMETRY, TELEMETRY_FIELDS,
};
use super::source::Source;

pub(crate) use self::ledger::{LedgerSettings, settings};

/// The connections in `source`, in order.
pub(super) fn read(source: &Source) -> Result<Vec<StoredConnection>, Failure> {
    let document = Document::parse(source.text()).map_err(|error| syntax(source, &error))?;
    let reader = DocumentReader { source };
    let root = document.as_table();
    if root.is_empty() {
        return Ok(Vec::new());
    }
    reader.check_format(root)?;
    reader.refuse_unknown(root, &ROOT, "connections.toml")?;
    reader.default_name(root)?;
    let Some(item) = root.get("connections") else {
        return Ok(Vec::new());
    };
    let connections = reader.table(root, "connections", item)?;
    connections
        .iter()
        .map(|(name, item)| reader.entry(connections, name, item))
        .collect()
}

/// The one connection in `source`, which is its table and nothing else.
pub(super) fn read_one(source: &Source) -> Result<Option<StoredConnection>, Failure> {
    let document = Document::parse(source.text()).map_err(|error| syntax(source, &error))?;
    let reader = DocumentReader { source };
    let root = document.as_table();
    let Some(item) = root.get("connections") else {
        return Ok(None);
    };
    let connections = reader.table(root, "connections", item)?;
    let first = connections.iter().next();
    first
        .map(|(name, item)| reader.entry(connections, name, item))
        .transpose()
}

/// The default connection of `source`.
pub(super) fn default_name(source: &Source) -> Result<Option<ConnectionName>, Failure> {
    if !may_have(source, DEFAULT) {
        return Ok(None);
    }
    let document = Document::parse(source.text()).map_err(|error| syntax(source, &error))?;
    let reader = DocumentReader { source };
    reader.default_name(document.as_table())
}

/// The collector in `source`, if any. An error in this table does not invalidate the connections.
pub(super) fn telemetry(source: &Source) -> Result<Option<CollectorUrl>, Failure> {
    if !may_have(source, TELEMETRY) {
        return Ok(None);
    }
    let document = Document::parse(source.text()).map_err(|error| syntax(source, &error))?;
    let reader = DocumentReader { source };
    let root = document.as_table();
    let Some(item) = root.get(TELEMETRY) else {
        return Ok(None);
    };
    reader.check_format(root)?;
    let table = reader.table(root, TELEMETRY, item)?;
    reader.refuse_unknown(table, &TELEMETRY_FIELDS, "`telemetry`")?;
    let Some(endpoint) = reader.text(table, ENDPOINT)? else {
        let at = offset(root, TELEMETRY);
        return Err(source
            .failure(
                Code::ConfigInvalidValue,
                "`telemetry` has no `endpoint`",
                at,
            )
            .hint("name the collector, for example endpoint = \"http://127.0.0.1:4318\"")
            .in_field(ENDPOINT));
    };
    endpoint
        .parse()
        .map(Some)
        .map_err(|failure| source.locate(failure, offset(table, ENDPOINT)))
}

/// Whether the key `word` may occur in the file, without parsing it. A quoted key may contain
/// escapes.
fn may_have(source: &Source, word: &str) -> bool {
    let text = source.text().as_bytes();
    memchr::memchr(b'\\', text).is_some() || memmem::find(text, word.as_bytes()).is_some()
}

struct DocumentReader<'a> {
    source: &'a Source,
}

impl DocumentReader<'_> {
    fn check_format(&self, root: &dyn TableLike) -> Result<(), Failure> {
        let Some(item) = root.get("format") else {
            return Err(self
                .source
                .failure(
                    Code::ConfigInvalidValue,
                    "connections.toml does not say its format",
                    0,
                )
                .hint(format!("add the line `format = {FORMAT}` at the top"))
                .in_field("format"));
        };
        let at = offset(root, "format");
        match item.as_integer() {
            Some(FORMAT) => Ok(()),
            Some(newer @ FORMAT..) => Err(self
                .source
                .failure(
                    Code::ConfigNewerFormat,
                    "connections.toml was written by a newer Synapse",
                    at,
                )
                .cause(format!(
                    "its format is {newer}, this version knows up to {FORMAT}; it was not changed"
                ))
                .hint("use the newer Synapse, or set SYNAPSE_HOME to another directory")
                .with("format", newer)),
            Some(_) | None => Err(self
                .source
                .failure(
                    Code::ConfigInvalidValue,
                    "that is not a format of connections.toml",
                    at,
                )
                .hint(format!("write `format = {FORMAT}`"))
                .in_field("format")),
        }
    }

    fn default_name(&self, root: &dyn TableLike) -> Result<Option<ConnectionName>, Failure> {
        let Some(name) = self.text(root, DEFAULT)? else {
            return Ok(None);
        };
        let name = name.parse();
        name.map(Some)
            .map_err(|failure| self.source.locate(failure, offset(root, DEFAULT)))
    }

    fn entry(
        &self,
        connections: &dyn TableLike,
        name: &str,
        item: &Item,
    ) -> Result<StoredConnection, Failure> {
        let at = offset(connections, name);
        let name: ConnectionName = name
            .parse()
            .map_err(|failure| self.source.locate(failure, at))?;
        let table = self.table(connections, name.as_str(), item)?;
        self.refuse_unknown(table, &CONNECTION, &format!("connection `{name}`"))?;
        let mut draft = self.draft(table)?;
        let connection = self.understand(&name, &draft, table, at);
        hide_secrets(&mut draft);
        Ok(StoredConnection {
            name,
            draft,
            connection,
            preflight: self.record(table)?,
        })
    }

    fn draft(&self, table: &dyn TableLike) -> Result<Draft, Failure> {
        let text = |field: Field| self.text(table, field.as_str());
        Ok(Draft {
            provider: text(Field::Provider)?.unwrap_or_default(),
            model: text(Field::Model)?.unwrap_or_default(),
            base_url: text(Field::BaseUrl)?,
            credential: text(Field::Credential)?,
            gate: self.gate(table)?,
            timeout_seconds: self.number(table, Field::Timeout, "a whole number of seconds")?,
            max_tokens: self.number(table, Field::MaxTokens, "a whole number of tokens")?,
            organization: text(Field::Organization)?,
            project: text(Field::Project)?,
            bill_to: text(Field::BillTo)?,
            proxy: text(Field::Proxy)?,
            allow_plain_http: self.flag(table, ALLOW_PLAIN_HTTP)?.unwrap_or_default(),
            limits: self.limits(table)?,
            record_text: self.flag(table, RECORD_TEXT)?.unwrap_or_default(),
        })
    }

    /// Validates the draft; a failure has the position of the invalid field.
    fn understand(
        &self,
        name: &ConnectionName,
        draft: &Draft,
        table: &dyn TableLike,
        at: usize,
    ) -> Result<Connection, Failure> {
        for field in [Field::Provider, Field::Model] {
            if !table.contains_key(field.as_str()) {
                let message = format!("connection `{name}` has no `{}`", field.as_str());
                return Err(self
                    .source
                    .failure(Code::ConfigInvalidValue, &message, at)
                    .hint(format!("add the field `{}` to it", field.as_str()))
                    .in_field(field.as_str()));
            }
        }
        draft.parse(name.clone()).map_err(|wrong| {
            let at = if table.contains_key(wrong.field.as_str()) {
                offset(table, wrong.field.as_str())
            } else {
                at
            };
            self.source.locate(wrong.failure, at)
        })
    }

    fn record(&self, table: &dyn TableLike) -> Result<Option<PreflightRecord>, Failure> {
        let Some(item) = table.get(PREFLIGHT) else {
            return Ok(None);
        };
        let record = self.table(table, PREFLIGHT, item)?;
        self.refuse_unknown(record, &RECORD, "`preflight`")?;
        let [checked_at, proven, unproven, bound_to, bound_proxy] = RECORD;
        let time = self
            .text(record, checked_at)?
            .and_then(|text| text.parse().ok());
        let Some(time) = time else {
            let at = if record.contains_key(checked_at) {
                offset(record, checked_at)
            } else {
                offset(table, PREFLIGHT)
            };
            return Err(self.wrong_value(
                checked_at,
                at,
                "it takes a time such as \"2026-11-20T12:00:00Z\"",
            ));
        };
        let origin = self.text(record, bound_to)?.map(|text| text.parse());
        let origin = origin.transpose().map_err(|_| {
            let rule = "it takes an origin such as \"https://api.openai.com\"";
            self.wrong_value(bound_to, offset(record, bound_to), rule)
        })?;
        let proxy = self.text(record, bound_proxy)?.map(|text| text.parse());
        let proxy = proxy.transpose().map_err(|_| {
            let rule = "it takes a proxy such as \"http://127.0.0.1:3128\"";
            self.wrong_value(bound_proxy, offset(record, bound_proxy), rule)
        })?;
        Ok(Some(PreflightRecord {
            checked_at: time,
            proven: self.words(record, proven)?,
            unproven: self.words(record, unproven)?,
            bound_to: origin,
            bound_proxy: proxy,
        }))
    }

    fn gate(&self, table: &dyn TableLike) -> Result<NetworkGate, Failure> {
        let Some(word) = self.text(table, NETWORK)? else {
            return Ok(NetworkGate::Closed);
        };
        fields::gate(&word).ok_or_else(|| {
            self.wrong_value(
                NETWORK,
                offset(table, NETWORK),
                "it takes \"open\" or \"closed\"",
            )
        })
    }

    fn text(&self, table: &dyn TableLike, field: &str) -> Result<Option<String>, Failure> {
        self.value(table, field, "a string", |item| {
            item.as_str().map(str::to_owned)
        })
    }

    fn number(
        &self,
        table: &dyn TableLike,
        field: Field,
        takes: &str,
    ) -> Result<Option<u64>, Failure> {
        self.value(table, field.as_str(), takes, |item| {
            item.as_integer()
                .and_then(|number| u64::try_from(number).ok())
        })
    }

    fn words(&self, table: &dyn TableLike, field: &str) -> Result<Vec<String>, Failure> {
        let words = self.value(table, field, "an array of strings", |item| {
            let array = item.as_array()?;
            array
                .iter()
                .map(|each| each.as_str().map(str::to_owned))
                .collect::<Option<Vec<String>>>()
        })?;
        Ok(words.unwrap_or_default())
    }

    fn value<T>(
        &self,
        table: &dyn TableLike,
        field: &str,
        takes: &str,
        convert: impl FnOnce(&Item) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(item) = table.get(field) else {
            return Ok(None);
        };
        convert(item).map(Some).ok_or_else(|| {
            let found = item.type_name();
            self.wrong_value(
                field,
                offset(table, field),
                &format!("it takes {takes}; this is of type {found}"),
            )
        })
    }

    fn table<'t>(
        &self,
        parent: &dyn TableLike,
        field: &str,
        item: &'t Item,
    ) -> Result<&'t dyn TableLike, Failure> {
        item.as_table_like().ok_or_else(|| {
            let found = item.type_name();
            self.wrong_value(
                field,
                offset(parent, field),
                &format!("it takes a table; this is of type {found}"),
            )
        })
    }

    fn wrong_value(&self, field: &str, at: usize, rule: &str) -> Failure {
        let message = format!("`{field}` has an invalid value");
        let failure = Failure::new(Code::ConfigInvalidValue, message).cause(rule);
        self.source.locate(failure, at).in_field(field)
    }

    fn refuse_unknown(
        &self,
        table: &dyn TableLike,
        known: &[&str],
        owner: &str,
    ) -> Result<(), Failure> {
        let Some((field, _)) = table.iter().find(|(field, _)| !known.contains(field)) else {
            return Ok(());
        };
        let at = key_offset(table, field);
        let shown = if looks_like_token(field) || is_opaque(field) {
            HIDDEN.to_owned()
        } else {
            Redactor::none().clean(field, MAX_SHOWN)
        };
        let failure = self
            .source
            .failure(
                Code::ConfigUnknownField,
                &format!("{owner} has a field `{shown}` that is not known"),
                at,
            )
            .in_field(&shown);
        Err(
            if TOKEN_WORDS.contains(&field) && known.contains(&"credential") {
                failure.hint(
                    "a token is never written in this file: write `credential = \"file:PATH\"` instead",
                )
            } else {
                match nearest(field, known.iter().copied()) {
                    Some(near) => failure.hint(format!("did you mean `{near}`?")),
                    None => failure.hint(format!("known fields are: {}", known.join(", "))),
                }
            },
        )
    }
}

/// Hides potential secrets in a draft: a credential that is not a reference, and URLs refused for
/// containing a password.
fn hide_secrets(draft: &mut Draft) {
    let hide = |text: &mut String| HIDDEN.clone_into(text);
    if let Some(credential) = &mut draft.credential
        && credential.parse::<CredentialRef>().is_err()
    {
        hide(credential);
    }
    if let Some(url) = &mut draft.base_url
        && url.contains('@')
        && url.parse::<BaseUrl>().is_err()
    {
        hide(url);
    }
    if let Some(url) = &mut draft.proxy
        && url.contains('@')
    {
        hide(url);
    }
}

/// A syntax error without any part of a value: the line may contain a token.
fn syntax(source: &Source, error: &TomlError) -> Failure {
    let at = error.span().map_or(source.text().len(), |span| span.start);
    let failure = Failure::new(Code::ConfigSyntax, "connections.toml is not valid TOML")
        .cause(error.message().replace('\n', "; "));
    let failure = source.locate(failure, at);
    let (line, _) = source.position(at);
    let failure = match known_key(source.text(), line) {
        Some(key) => failure.cause(format!("{line} | {key} = …")),
        None => failure,
    };
    failure.hint("repair the file at that line; it was left as it is")
}

/// The key of a line if it belongs to the format, and so is no part of a token.
fn known_key(text: &str, line: usize) -> Option<&str> {
    let line = text.lines().nth(line.checked_sub(1)?)?;
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    [
        &CONNECTION[..],
        &ROOT,
        &RECORD,
        &TELEMETRY_FIELDS,
        &LEDGER_FIELDS,
        &DraftLimits::KEYS,
    ]
    .iter()
    .any(|known| known.contains(&key))
    .then_some(key)
}

/// Start of a field's value, or of its key if the value has no position.
fn offset(table: &dyn TableLike, field: &str) -> usize {
    table
        .get(field)
        .filter(|item| item.is_value())
        .and_then(Item::span)
        .map_or_else(|| key_offset(table, field), |span| span.start)
}

fn key_offset(table: &dyn TableLike, field: &str) -> usize {
    table
        .key(field)
        .and_then(toml_edit::Key::span)
        .map_or(0, |span| span.start)
}

/// Replaces a credential that is not a reference.
const HIDDEN: &str = "[not shown]";
/// Fields in which other tools keep a token.
const TOKEN_WORDS: [&str; 6] = ["api_key", "apikey", "key", "token", "secret", "api_token"];
const MAX_SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_field_is_close_or_none() {
        for (word, near) in [
            ("modle", Some("model")),
            ("Network", Some("network")),
            ("netwrk", Some("network")),
            ("timeout_second", Some("timeout_seconds")),
            ("base-url", Some("base_url")),
            ("temperature", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, CONNECTION), near, "{word}");
        }
    }
}
