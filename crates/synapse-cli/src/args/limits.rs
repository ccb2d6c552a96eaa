//! Flags of a connection's limits and of text recording.

use clap::Args;
use synapse_core::connection::{Draft, fields};
use synapse_core::limits::{DraftLimits, LimitMode};

use super::one_of;

/// The limits of a connection, and whether its texts are recorded.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Limits and records")]
pub(crate) struct LimitFlags {
    #[arg(long, value_name = "N", value_parser = tokens, help = fields::TOKENS_PER_DAY.hint)]
    pub(crate) limit_tokens_day: Option<Setting<u64>>,

    #[arg(long, value_name = "N", value_parser = tokens, help = fields::TOKENS_PER_MONTH.hint)]
    pub(crate) limit_tokens_month: Option<Setting<u64>>,

    #[arg(long, value_name = "USD", value_parser = dollars, help = fields::USD_PER_DAY.hint)]
    pub(crate) limit_usd_day: Option<Setting<String>>,

    #[arg(long, value_name = "USD", value_parser = dollars, help = fields::USD_PER_MONTH.hint)]
    pub(crate) limit_usd_month: Option<Setting<String>>,

    #[arg(
        long,
        value_parser = one_of(LimitMode::ALL, |mode| mode.as_str().into()),
        help = fields::LIMIT_MODE.hint
    )]
    pub(crate) limit_mode: Option<LimitMode>,

    #[arg(long, conflicts_with = "limit_lenient", help = fields::STRICT.hint)]
    pub(crate) limit_strict: bool,

    /// Allow such calls again
    #[arg(long)]
    pub(crate) limit_lenient: bool,

    #[arg(long, conflicts_with = "no_record_text", help = fields::RECORD_TEXT.hint)]
    pub(crate) record_text: bool,

    /// Stop recording prompts and answers
    #[arg(long)]
    pub(crate) no_record_text: bool,
}

/// A value, or `none` to remove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Setting<T> {
    To(T),
    Off,
}

impl LimitFlags {
    /// Whether any of them was given.
    pub(crate) const fn any(&self) -> bool {
        self.limit_tokens_day.is_some()
            || self.limit_tokens_month.is_some()
            || self.limit_usd_day.is_some()
            || self.limit_usd_month.is_some()
            || self.limit_mode.is_some()
            || self.limit_strict
            || self.limit_lenient
            || self.record_text
            || self.no_record_text
    }

    /// Writes the given fields into `draft`.
    pub(crate) fn apply(&self, draft: &mut Draft) {
        let limits = &mut draft.limits;
        set(&mut limits.tokens_per_day, self.limit_tokens_day.as_ref());
        set(
            &mut limits.tokens_per_month,
            self.limit_tokens_month.as_ref(),
        );
        set(&mut limits.usd_per_day, self.limit_usd_day.as_ref());
        set(&mut limits.usd_per_month, self.limit_usd_month.as_ref());
        if let Some(mode) = self.limit_mode {
            limits.mode = Some(mode.as_str().to_owned());
        }
        if self.limit_strict {
            limits.strict = Some(true);
        }
        if self.limit_lenient {
            limits.strict = None;
        }
        // A mode without a limit has no meaning.
        let of_nothing = DraftLimits {
            mode: limits.mode.clone(),
            ..DraftLimits::default()
        };
        if *limits == of_nothing {
            *limits = DraftLimits::default();
        }
        if self.record_text {
            draft.record_text = true;
        }
        if self.no_record_text {
            draft.record_text = false;
        }
    }
}

fn set<T: Clone>(field: &mut Option<T>, setting: Option<&Setting<T>>) {
    match setting {
        None => {}
        Some(Setting::To(value)) => *field = Some(value.clone()),
        Some(Setting::Off) => *field = None,
    }
}

fn tokens(text: &str) -> Result<Setting<u64>, String> {
    match text {
        NONE => Ok(Setting::Off),
        text => text
            .parse()
            .map(Setting::To)
            .map_err(|_| format!("it takes a whole number of tokens, or `{NONE}`")),
    }
}

/// An invalid amount is refused with the connection, which names the field.
#[expect(
    clippy::unnecessary_wraps,
    reason = "clap takes value parsers that may fail"
)]
fn dollars(text: &str) -> Result<Setting<String>, String> {
    Ok(match text {
        NONE => Setting::Off,
        text => Setting::To(text.to_owned()),
    })
}

pub(super) const NONE: &str = "none";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_set_one_by_one_and_gone_when_none_is_left() {
        let mut draft = Draft::default();
        let flags = LimitFlags {
            limit_tokens_day: Some(Setting::To(10)),
            limit_usd_month: Some(Setting::To("2.50".into())),
            limit_mode: Some(LimitMode::Warn),
            limit_strict: true,
            ..LimitFlags::default()
        };
        flags.apply(&mut draft);
        let limits = draft.limits.clone();
        assert_eq!(limits.tokens_per_day, Some(10));
        assert_eq!(limits.usd_per_month.as_deref(), Some("2.50"));
        assert_eq!(limits.mode.as_deref(), Some("warn"));
        assert_eq!(limits.strict, Some(true));
        let flags = LimitFlags {
            limit_tokens_day: Some(Setting::Off),
            limit_usd_month: Some(Setting::Off),
            limit_lenient: true,
            record_text: true,
            ..LimitFlags::default()
        };
        flags.apply(&mut draft);
        assert_eq!(draft.limits, DraftLimits::default());
        assert!(draft.record_text);
        assert_eq!(tokens("none"), Ok(Setting::Off));
        assert!(tokens("-1").is_err());
    }
}
