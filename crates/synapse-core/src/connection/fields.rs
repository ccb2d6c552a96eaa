//! The table of a connection's fields: flags, forms and the digest of a form are made from it.

use crate::error::{Code, Failure};
use crate::gate::NetworkGate;

use super::Draft;

/// One field of a connection.
#[derive(Debug)]
#[non_exhaustive]
pub struct FieldEntry {
    /// The key in connections.toml, also the form field name.
    pub key: &'static str,
    /// The flag, without a value.
    pub flag: &'static str,
    /// Its display name.
    pub label: &'static str,
    /// One line of help, shared by the command line and forms.
    pub hint: &'static str,
    /// The kind of its value.
    pub kind: FieldKind,
    read: fn(&Draft) -> String,
    write: fn(&Self, &mut Draft, &str) -> Result<(), Failure>,
}

/// The kind of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// The name of a provider.
    Provider,
    /// Text.
    Text,
    /// A URL.
    Url,
    /// A credential reference, never a secret.
    Reference,
    /// A whole number, or `none`.
    Number,
    /// The same, where 0 is no cap either.
    Cap,
    /// US dollars, such as `2.50`, or `none`.
    Money,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// On or off.
    Switch,
}

macro_rules! fields {
    ($($name:ident = $key:literal, $flag:literal, $label:literal, $kind:expr, $($place:ident).+,
        $hint:literal;)+) => {
        $(
            #[doc = concat!("`", $key, "`: ", $hint)]
            pub const $name: FieldEntry = FieldEntry {
                key: $key,
                flag: $flag,
                label: $label,
                hint: $hint,
                kind: $kind,
                read: |draft| draft.$($place).+.shown(),
                write: |field, draft, value| {
                    draft.$($place).+ = FormValue::parse(field, value)?;
                    Ok(())
                },
            };
        )+

        /// Every field, in the order of a form.
        pub const FIELDS: &[FieldEntry] = &[$($name),+];
    };
}

fields! {
    PROVIDER = "provider", "--provider", "Provider", FieldKind::Provider, provider,
        "Provider: openai, huggingface, anthropic, ollama, …";
    MODEL = "model", "--model", "Model", FieldKind::Text, model,
        "Model id; on Hugging Face, pin a sub-provider as MODEL:PROVIDER";
    CREDENTIAL = "credential", "--credential", "Credential", FieldKind::Reference, credential,
        "Where the token is: file:~/path, keyring:NAME, vault:…, op://…, env:NAME, …; never the token itself. Servers on this machine need none, which is the default";
    NETWORK = "network", "--allow-network", "Network gate", FieldKind::Switch, gate,
        "Turn on network access (open the gate): allow live calls to the provider's hosts";
    BASE_URL = "base_url", "--base-url", "Base URL", FieldKind::Url, base_url,
        "Base URL of the API; the provider's own when left out";
    ORGANIZATION = "organization", "--organization", "Organization", FieldKind::Text, organization,
        "OpenAI organization to charge; that of the key by default";
    PROJECT = "project", "--openai-project", "Project", FieldKind::Text, project,
        "OpenAI project to charge; that of the key by default";
    BILL_TO = "bill_to", "--bill-to", "Bill to", FieldKind::Text, bill_to,
        "Hugging Face organization to bill; the key's owner by default";
    TIMEOUT = "timeout_seconds", "--timeout", "Seconds a call may take", FieldKind::Number, timeout_seconds,
        "Timeout of a call; the provider's own when left out, 120 or 600 seconds";
    MAX_TOKENS = "max_tokens", "--max-tokens", "Tokens of an answer, at most", FieldKind::Cap, max_tokens,
        "The maximum number of tokens of an answer, for prompts without their own cap; no cap when left out";
    PROXY = "proxy", "--proxy", "Proxy", FieldKind::Url, proxy,
        "HTTP proxy, for https only; none when left out: proxy variables of the environment are never used";
    PLAIN_HTTP = "allow_plain_http", "--allow-plain-http", "Plain http", FieldKind::Switch, allow_plain_http,
        "Allow plain http to a private address (such as 192.168.1.7), unencrypted and without a credential";
    TOKENS_PER_DAY = "tokens_per_day", "--limit-tokens-day", "Tokens a day, at most", FieldKind::Number, limits.tokens_per_day,
        "Most tokens per day (UTC); no limit when left out or `none`";
    TOKENS_PER_MONTH = "tokens_per_month", "--limit-tokens-month", "Tokens a month, at most", FieldKind::Number, limits.tokens_per_month,
        "Most tokens per month (UTC); no limit when left out or `none`";
    USD_PER_DAY = "usd_per_day", "--limit-usd-day", "US dollars a day, at most", FieldKind::Money, limits.usd_per_day,
        "Most US dollars per day (UTC), such as 2.50; no limit when left out or `none`";
    USD_PER_MONTH = "usd_per_month", "--limit-usd-month", "US dollars a month, at most", FieldKind::Money, limits.usd_per_month,
        "Most US dollars per month (UTC); no limit when left out or `none`";
    LIMIT_MODE = "mode", "--limit-mode", "At a limit", FieldKind::Choice(&["block", "warn"]), limits.mode,
        "The action at a limit: `warn` sends the call with a warning, `block` refuses it; block when left out";
    STRICT = "strict", "--limit-strict", "Strict about unknown costs", FieldKind::Switch, limits.strict,
        "Refuse a call whose cost is unknown beforehand, as if it exceeded the limit";
    RECORD_TEXT = "record_text", "--record-text", "Record texts", FieldKind::Switch, record_text,
        "Record prompts and answers in the ledger, where a search of the history finds their words";
}

/// The form value of an enabled switch.
pub const ON: &str = "on";

impl FieldEntry {
    /// The value of this field in a form; empty if unset.
    #[must_use]
    pub fn value(&self, draft: &Draft) -> String {
        (self.read)(draft)
    }

    /// Sets this field from a form value. An empty text removes it, and so does `none` in place of a
    /// number.
    ///
    /// # Errors
    /// `config.invalid-value` with the field in its context, for an invalid number or word. Other
    /// validation happens when the draft is parsed.
    pub fn set(&self, draft: &mut Draft, value: &str) -> Result<(), Failure> {
        (self.write)(self, draft, value.trim())
    }

    fn invalid(&self, why: &str) -> Failure {
        let message = format!("`{}` cannot be that", self.key);
        Failure::new(Code::ConfigInvalidValue, message)
            .cause(why)
            .in_field(self.key)
    }
}

/// A value of a draft as the text of a form.
trait FormValue: Sized {
    fn shown(&self) -> String;

    fn parse(field: &FieldEntry, value: &str) -> Result<Self, Failure>;
}

impl FormValue for String {
    fn shown(&self) -> String {
        self.clone()
    }

    fn parse(_: &FieldEntry, value: &str) -> Result<Self, Failure> {
        Ok(value.to_owned())
    }
}

impl FormValue for Option<String> {
    fn shown(&self) -> String {
        self.clone().unwrap_or_default()
    }

    fn parse(field: &FieldEntry, value: &str) -> Result<Self, Failure> {
        match field.kind {
            _ if value.is_empty() => Ok(None),
            FieldKind::Money if is_none(value) => Ok(None),
            FieldKind::Choice(words) if !words.contains(&value) => {
                Err(field.invalid(&format!("it is one of: {}", words.join(", "))))
            }
            _ => Ok(Some(value.to_owned())),
        }
    }
}

impl FormValue for Option<u64> {
    fn shown(&self) -> String {
        self.map(|number| number.to_string()).unwrap_or_default()
    }

    fn parse(field: &FieldEntry, value: &str) -> Result<Self, Failure> {
        if is_none(value) {
            return Ok(None);
        }
        match value.parse() {
            Ok(0) if field.kind == FieldKind::Cap => Ok(None),
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(field.invalid("it takes a whole number")),
        }
    }
}

impl FormValue for bool {
    fn shown(&self) -> String {
        if *self { ON.to_owned() } else { String::new() }
    }

    fn parse(field: &FieldEntry, value: &str) -> Result<Self, Failure> {
        match value {
            ON => Ok(true),
            "" => Ok(false),
            _ => Err(field.invalid("it is on or off")),
        }
    }
}

impl FormValue for Option<bool> {
    fn shown(&self) -> String {
        self.unwrap_or_default().shown()
    }

    fn parse(field: &FieldEntry, value: &str) -> Result<Self, Failure> {
        Ok(bool::parse(field, value)?.then_some(true))
    }
}

impl FormValue for NetworkGate {
    fn shown(&self) -> String {
        (*self == Self::Open).shown()
    }

    fn parse(field: &FieldEntry, value: &str) -> Result<Self, Failure> {
        let is_open = bool::parse(field, value)?;
        Ok(if is_open { Self::Open } else { Self::Closed })
    }
}

/// Whether a text in place of a number removes it.
fn is_none(value: &str) -> bool {
    ["", "none"].contains(&value)
}

/// The flags and values that produce `draft` from an empty one.
#[must_use]
pub fn flags(draft: &Draft) -> Vec<(&'static str, Option<String>)> {
    let empty = Draft::default();
    FIELDS
        .iter()
        .filter(|field| field.value(draft) != field.value(&empty))
        .map(|field| {
            let value = field.value(draft);
            (
                field.flag,
                (field.kind != FieldKind::Switch).then_some(value),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::LimitMode;

    #[test]
    fn every_field_is_set_and_read_back() {
        for field in FIELDS {
            let value = match field.kind {
                FieldKind::Switch => ON,
                FieldKind::Number | FieldKind::Cap => "7",
                FieldKind::Money => "2.50",
                FieldKind::Choice(words) => words[0],
                _ => "text",
            };
            let mut draft = Draft::default();
            field.set(&mut draft, value).unwrap();
            assert_eq!(field.value(&draft), value, "{}", field.key);
            assert_ne!(draft, Draft::default(), "{}", field.key);
            field.set(&mut draft, "").unwrap();
            assert_eq!(draft, Draft::default(), "{}", field.key);
            if matches!(
                field.kind,
                FieldKind::Number | FieldKind::Cap | FieldKind::Money
            ) {
                field.set(&mut draft, value).unwrap();
                field.set(&mut draft, "none").unwrap();
                assert_eq!(draft, Draft::default(), "{}", field.key);
            }
        }
    }

    #[test]
    fn a_cap_of_0_is_none_and_another_field_leaves_it_alone() {
        let mut draft = Draft {
            max_tokens: Some(0),
            ..Draft::default()
        };
        BILL_TO.set(&mut draft, "none").unwrap();
        assert_eq!(draft.bill_to.as_deref(), Some("none"), "a name");
        assert_eq!(draft.max_tokens, Some(0));
        MAX_TOKENS.set(&mut draft, "0").unwrap();
        assert_eq!(draft.max_tokens, None);
    }

    #[test]
    fn the_words_of_the_limit_mode_are_its_own() {
        let words = LimitMode::ALL.map(LimitMode::as_str);
        let FieldKind::Choice(offered) = LIMIT_MODE.kind else {
            panic!("{LIMIT_MODE:?}")
        };
        assert!(offered.iter().all(|word| words.contains(word)));
        assert_eq!(offered.len(), words.len());
    }

    #[test]
    fn what_is_no_number_names_its_field() {
        for (field, value) in [
            (&MAX_TOKENS, "many"),
            (&NETWORK, "perhaps"),
            (&LIMIT_MODE, "hope"),
        ] {
            let failure = field.set(&mut Draft::default(), value).unwrap_err();
            assert_eq!(failure.code(), Code::ConfigInvalidValue);
            assert_eq!(failure.context()["field"], field.key);
        }
    }

    #[test]
    fn the_flags_of_a_draft_are_those_that_it_differs_in() {
        let draft = Draft {
            provider: "openai".into(),
            model: "m".into(),
            gate: NetworkGate::Open,
            ..Draft::default()
        };
        assert_eq!(
            flags(&draft),
            [
                ("--provider", Some("openai".to_owned())),
                ("--model", Some("m".to_owned())),
                ("--allow-network", None),
            ]
        );
    }
}
