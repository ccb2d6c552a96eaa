//! The table of a connection's fields, the common source of flags, forms and the reference.

use crate::error::{Code, Failure};
use crate::gate::NetworkGate;
use crate::limits::LimitMode;

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
    /// A whole number.
    Number,
    /// US dollars, such as `2.50`.
    Money,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// On or off.
    Switch,
}

macro_rules! fields {
    ($($name:ident = $key:literal, $flag:literal, $label:literal, $kind:expr, $hint:literal;)+) => {
        $(
            #[doc = concat!("`", $key, "`: ", $hint)]
            pub const $name: FieldEntry = FieldEntry {
                key: $key,
                flag: $flag,
                label: $label,
                hint: $hint,
                kind: $kind,
            };
        )+

        /// Every field, in the order of a form.
        pub const FIELDS: &[FieldEntry] = &[$($name),+];
    };
}

fields! {
    PROVIDER = "provider", "--provider", "Provider", FieldKind::Provider,
        "Provider: openai, huggingface, anthropic, ollama, …";
    MODEL = "model", "--model", "Model", FieldKind::Text,
        "Model id; on Hugging Face, pin a sub-provider as MODEL:PROVIDER";
    CREDENTIAL = "credential", "--credential", "Credential", FieldKind::Reference,
        "Where the token is: file:~/path, keyring:NAME, vault:…, op://…, env:NAME, …; never the token. Servers on this machine need none";
    NETWORK = "network", "--allow-network", "Network gate", FieldKind::Switch,
        "Open the network gate: allow live calls to the provider's hosts";
    BASE_URL = "base_url", "--base-url", "Base URL", FieldKind::Url,
        "Base URL of the API, when it is not the provider's own";
    ORGANIZATION = "organization", "--organization", "Organization", FieldKind::Text,
        "OpenAI organization to charge";
    PROJECT = "project", "--openai-project", "Project", FieldKind::Text,
        "OpenAI project to charge";
    BILL_TO = "bill_to", "--bill-to", "Bill to", FieldKind::Text,
        "Hugging Face organization to bill";
    TIMEOUT = "timeout_seconds", "--timeout", "Seconds a call may take", FieldKind::Number,
        "Total time a call may take";
    MAX_TOKENS = "max_tokens", "--max-tokens", "Tokens of an answer, at most", FieldKind::Number,
        "The most tokens of an answer, for prompts that name no cap of their own";
    PROXY = "proxy", "--proxy", "Proxy", FieldKind::Url,
        "HTTP proxy to use, for https only; proxy variables of the environment are never used";
    PLAIN_HTTP = "allow_plain_http", "--allow-plain-http", "Plain http", FieldKind::Switch,
        "Allow plain http to a private address (such as 192.168.1.7), unencrypted and without a credential";
    TOKENS_PER_DAY = "tokens_per_day", "--limit-tokens-day", "Tokens a day, at most", FieldKind::Number,
        "Most tokens per day (UTC), or `none`";
    TOKENS_PER_MONTH = "tokens_per_month", "--limit-tokens-month", "Tokens a month, at most", FieldKind::Number,
        "Most tokens per month (UTC), or `none`";
    USD_PER_DAY = "usd_per_day", "--limit-usd-day", "US dollars a day, at most", FieldKind::Money,
        "Most US dollars per day (UTC), such as 2.50, or `none`";
    USD_PER_MONTH = "usd_per_month", "--limit-usd-month", "US dollars a month, at most", FieldKind::Money,
        "Most US dollars per month (UTC), or `none`";
    LIMIT_MODE = "mode", "--limit-mode", "At a limit", FieldKind::Choice(&["block", "warn"]),
        "What happens at a limit: `warn` sends the call with a warning, `block` refuses it, which is what happens unless set";
    STRICT = "strict", "--limit-strict", "Strict about unknown costs", FieldKind::Switch,
        "Treat a call whose cost is not known beforehand as one beyond the limit";
    RECORD_TEXT = "record_text", "--record-text", "Record texts", FieldKind::Switch,
        "Keep prompts and answers in the ledger, where a search finds their words";
}

/// The form value of an enabled switch.
pub const ON: &str = "on";

impl FieldEntry {
    /// The value of this field in a form; empty if unset.
    #[must_use]
    pub fn value(&self, draft: &Draft) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let number =
            |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let switch = |is_on: bool| if is_on { ON.to_owned() } else { String::new() };
        let limits = &draft.limits;
        match self.key {
            "provider" => draft.provider.clone(),
            "model" => draft.model.clone(),
            "credential" => text(&draft.credential),
            "network" => switch(draft.gate == NetworkGate::Open),
            "base_url" => text(&draft.base_url),
            "organization" => text(&draft.organization),
            "project" => text(&draft.project),
            "bill_to" => text(&draft.bill_to),
            "timeout_seconds" => number(draft.timeout_seconds),
            "max_tokens" => number(draft.max_tokens),
            "proxy" => text(&draft.proxy),
            "allow_plain_http" => switch(draft.allow_plain_http),
            "tokens_per_day" => number(limits.tokens_per_day),
            "tokens_per_month" => number(limits.tokens_per_month),
            "usd_per_day" => text(&limits.usd_per_day),
            "usd_per_month" => text(&limits.usd_per_month),
            "mode" => text(&limits.mode),
            "strict" => switch(limits.strict == Some(true)),
            "record_text" => switch(draft.record_text),
            _ => String::new(),
        }
    }

    /// Sets this field from a form value; empty removes it.
    ///
    /// # Errors
    /// `config.invalid-value` with the field in its context, for an invalid number or word. Other
    /// validation happens when the draft is parsed.
    pub fn set(&self, draft: &mut Draft, value: &str) -> Result<(), Failure> {
        let value = value.trim();
        let text = || (!value.is_empty()).then(|| value.to_owned());
        let number = || match value {
            "" => Ok(None),
            digits => digits
                .parse::<u64>()
                .map(Some)
                .map_err(|_| self.invalid("it takes a whole number")),
        };
        let switch = || match value {
            ON => Ok(true),
            "" => Ok(false),
            _ => Err(self.invalid("it is on or off")),
        };
        match self.key {
            "provider" => draft.provider = value.to_owned(),
            "model" => draft.model = value.to_owned(),
            "credential" => draft.credential = text(),
            "network" => {
                draft.gate = if switch()? {
                    NetworkGate::Open
                } else {
                    NetworkGate::Closed
                };
            }
            "base_url" => draft.base_url = text(),
            "organization" => draft.organization = text(),
            "project" => draft.project = text(),
            "bill_to" => draft.bill_to = text(),
            "timeout_seconds" => draft.timeout_seconds = number()?,
            "max_tokens" => draft.max_tokens = number()?.filter(|cap| *cap > 0),
            "proxy" => draft.proxy = text(),
            "allow_plain_http" => draft.allow_plain_http = switch()?,
            "tokens_per_day" => draft.limits.tokens_per_day = number()?,
            "tokens_per_month" => draft.limits.tokens_per_month = number()?,
            "usd_per_day" => draft.limits.usd_per_day = text(),
            "usd_per_month" => draft.limits.usd_per_month = text(),
            "mode" => draft.limits.mode = self.word(value)?,
            "strict" => draft.limits.strict = switch()?.then_some(true),
            "record_text" => draft.record_text = switch()?,
            _ => {}
        }
        Ok(())
    }

    fn word(&self, value: &str) -> Result<Option<String>, Failure> {
        match LimitMode::ALL
            .into_iter()
            .find(|mode| mode.as_str() == value)
        {
            Some(mode) => Ok(Some(mode.as_str().to_owned())),
            None if value.is_empty() => Ok(None),
            None => Err(self.invalid("it is `warn` or `block`")),
        }
    }

    fn invalid(&self, why: &str) -> Failure {
        let message = format!("`{}` cannot be that", self.key);
        Failure::new(Code::ConfigInvalidValue, message)
            .cause(why)
            .in_field(self.key)
    }
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

    #[test]
    fn every_field_is_set_and_read_back() {
        for field in FIELDS {
            let value = match field.kind {
                FieldKind::Switch => ON,
                FieldKind::Number => "7",
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
        }
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
