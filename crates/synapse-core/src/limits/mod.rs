//! The limits of a connection, and the decision about a call. Pure arithmetic; the ledger provides
//! sums and stores reservations.

mod estimate;

use std::fmt;

pub use self::estimate::{Need, UsageEstimate};
use crate::error::{Code, Failure, Help, Remedy};
use crate::money::{self, Billing};
use crate::name::ConnectionName;
pub use crate::value::Period;

/// The validated limits of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// Per day, UTC.
    pub day: Allowance,
    /// Per month, UTC.
    pub month: Allowance,
    /// The action at a limit.
    pub mode: LimitMode,
    /// The treatment of calls whose cost is unknown in advance.
    pub unknown_cost: UnknownCost,
}

/// The limits of a period. `None` means unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowance {
    /// Tokens of prompts and answers.
    pub tokens: Option<u64>,
    /// Money, in nano-USD.
    pub nano_usd: Option<u64>,
}

/// The action at a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LimitMode {
    /// Send the call with a warning.
    Warn,
    /// Refuse the call. The default, since a limit should have an effect.
    #[default]
    Block,
}

impl LimitMode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Warn, Self::Block];

    /// Its name in files and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}

/// The treatment of calls whose cost is unknown in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UnknownCost {
    /// Allowed; only their tokens are limited.
    #[default]
    Passes,
    /// Refused like an exceeded limit: `strict = true`.
    Breaks,
}

/// Unvalidated limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DraftLimits {
    /// Tokens per day.
    pub tokens_per_day: Option<u64>,
    /// Tokens per month.
    pub tokens_per_month: Option<u64>,
    /// US dollars per day, such as `2.50`.
    pub usd_per_day: Option<String>,
    /// US dollars per month.
    pub usd_per_month: Option<String>,
    /// `warn` or `block`.
    pub mode: Option<String>,
    /// Whether a call of unknown cost exceeds the limit.
    pub strict: Option<bool>,
}

impl DraftLimits {
    /// The keys in connections.toml, in writing order.
    pub const KEYS: [&'static str; 6] = [
        "tokens_per_day",
        "tokens_per_month",
        "usd_per_day",
        "usd_per_month",
        "mode",
        "strict",
    ];

    /// Validates the limits; `None` if there are none.
    ///
    /// # Errors
    /// `config.invalid-value`, naming the key.
    pub fn parse(&self) -> Result<Option<Limits>, Failure> {
        if *self == Self::default() {
            return Ok(None);
        }
        let mode = match self.mode.as_deref() {
            None => LimitMode::default(),
            Some(word) => LimitMode::ALL
                .into_iter()
                .find(|mode| mode.as_str() == word)
                .ok_or_else(|| invalid("mode", "it is `warn` or `block`"))?,
        };
        Ok(Some(Limits {
            day: Allowance {
                tokens: self.tokens_per_day,
                nano_usd: dollars("usd_per_day", self.usd_per_day.as_deref())?,
            },
            month: Allowance {
                tokens: self.tokens_per_month,
                nano_usd: dollars("usd_per_month", self.usd_per_month.as_deref())?,
            },
            mode,
            unknown_cost: match self.strict {
                Some(true) => UnknownCost::Breaks,
                Some(false) | None => UnknownCost::Passes,
            },
        }))
    }
}

fn dollars(key: &'static str, text: Option<&str>) -> Result<Option<u64>, Failure> {
    let Some(text) = text else {
        return Ok(None);
    };
    match Billing::nano_usd(text) {
        Some(amount) => Ok(Some(amount)),
        None => Err(invalid(
            key,
            "it is a decimal number of US dollars, such as 2.50",
        )),
    }
}

fn invalid(key: &'static str, rule: &str) -> Failure {
    Failure::new(
        Code::ConfigInvalidValue,
        format!("the value of the limit `{key}` is invalid"),
    )
    .cause(rule)
    .remedy(
        "see every limit",
        &Remedy::ReadHelp {
            of: Help::EditConnection,
        },
    )
    .with("limit", key)
}

/// The amounts already counting against a connection's limits: reported ones, and the reservations
/// of calls in progress and of possibly billed calls without a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Of this day, UTC.
    pub day: Sums,
    /// Of this month, UTC.
    pub month: Sums,
}

/// The sums of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Tokens.
    pub tokens: u64,
    /// Nano-USD.
    pub nano_usd: u64,
}

/// The decision about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LimitDecision {
    /// It may be sent.
    Granted(Grant),
    /// It is refused; nothing is reserved.
    Refused(LimitExceeded),
}

/// The reservation of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grant {
    /// Tokens.
    pub tokens: u64,
    /// Nano-USD; `None` without a known price.
    pub nano_usd: Option<u64>,
    /// Limits reached in warn mode.
    pub warnings: Vec<LimitExceeded>,
}

/// Why a call exceeds its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// A limit is, or would be, exceeded.
    Exceeded {
        /// The period.
        period: Period,
        /// The unit.
        unit: Unit,
        /// The limit.
        limit: u64,
        /// The amount already counted.
        spent: u64,
        /// The minimum the call needs.
        needed: u64,
    },
    /// The cost is unknown in advance, and the limits are strict.
    CostUnknown,
}

/// The unit of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Tokens.
    Tokens,
    /// Nano-USD.
    NanoUsd,
}

impl Limits {
    /// Decides about a call.
    #[must_use]
    pub fn judge(&self, estimate: &UsageEstimate, spent: &Spent) -> LimitDecision {
        let mut breaches = Vec::new();
        if estimate.nano_usd.is_none() && self.unknown_cost == UnknownCost::Breaks {
            breaches.push(LimitExceeded::CostUnknown);
        }
        let mut tokens = estimate.tokens.most;
        let mut nano_usd = estimate.nano_usd.map(|need| need.most);
        for (period, allowance, sums) in [
            (Period::Day, self.day, spent.day),
            (Period::Month, self.month, spent.month),
        ] {
            let checks = [
                (
                    Unit::Tokens,
                    allowance.tokens,
                    sums.tokens,
                    Some(estimate.tokens),
                ),
                (
                    Unit::NanoUsd,
                    allowance.nano_usd,
                    sums.nano_usd,
                    estimate.nano_usd,
                ),
            ];
            for (unit, limit, spent, need) in checks {
                let Some(limit) = limit else { continue };
                let left = limit.saturating_sub(spent);
                let needed = need.map_or(0, |need| need.least);
                if left == 0 || needed > left {
                    breaches.push(LimitExceeded::Exceeded {
                        period,
                        unit,
                        limit,
                        spent,
                        needed,
                    });
                } else {
                    match unit {
                        Unit::Tokens => tokens = tokens.min(left),
                        Unit::NanoUsd => nano_usd = nano_usd.map(|amount| amount.min(left)),
                    }
                }
            }
        }
        match (self.mode, breaches.first()) {
            (LimitMode::Block, Some(breach)) => LimitDecision::Refused(*breach),
            (LimitMode::Block | LimitMode::Warn, _) => LimitDecision::Granted(Grant {
                tokens,
                nano_usd,
                warnings: breaches,
            }),
        }
    }
}

impl LimitExceeded {
    /// The failure or warning for the connection `name`.
    #[must_use]
    pub fn failure(self, name: &ConnectionName) -> Failure {
        match self {
            Self::CostUnknown => Failure::new(
                Code::PolicyCostUnknown,
                format!("what this call may cost is not known, and `{name}` is strict about that"),
            )
            .cause("no price is known for the model before it answers")
            .remedy(
                "see the listed prices",
                &Remedy::ListModels {
                    connection: name.clone(),
                },
            )
            .remedy(
                "or let such calls pass",
                &Remedy::AllowUnknownCost {
                    connection: name.clone(),
                },
            ),
            Self::Exceeded {
                period,
                unit,
                limit,
                spent,
                needed,
            } => Failure::new(
                Code::PolicyBudgetExceeded,
                format!("the limit of `{name}` per {period} is reached"),
            )
            .cause(format!(
                "{} of {} per {period} are spent or set aside for calls under way; \
                 this call needs at least {}",
                unit.show(spent),
                unit.show(limit),
                unit.show(needed),
            ))
            .remedy("see the usage", &Remedy::ShowUsage { by: period })
            .remedy(
                "or change the limit",
                &Remedy::EditLimits {
                    connection: name.clone(),
                },
            )
            .with("period", period)
            .with("limit", limit)
            .with("spent", spent)
            .with("needed", needed),
        }
        .with("connection", name)
    }
}

impl Unit {
    fn show(self, amount: u64) -> String {
        match self {
            Self::Tokens => format!("{amount} tokens"),
            Self::NanoUsd => format!("{} USD", money::dollars(amount)),
        }
    }
}

/// On one line, such as `block at 1000 tokens per day, 2.50 USD per month`.
impl fmt::Display for Limits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let periods = [(Period::Day, self.day), (Period::Month, self.month)];
        let mut parts: Vec<String> = periods
            .into_iter()
            .flat_map(|(period, allowance)| {
                let tokens = allowance.tokens.map(|amount| Unit::Tokens.show(amount));
                let money = allowance.nano_usd.map(|amount| Unit::NanoUsd.show(amount));
                [tokens, money]
                    .into_iter()
                    .flatten()
                    .map(move |amount| format!("{amount} per {period}"))
            })
            .collect();
        if self.unknown_cost == UnknownCost::Breaks {
            parts.push("unknown cost".to_owned());
        }
        write!(formatter, "{} at {}", self.mode.as_str(), parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::estimate::tests::request;
    use super::*;

    fn limits(tokens: Option<u64>, nano_usd: Option<u64>) -> Limits {
        Limits {
            day: Allowance { tokens, nano_usd },
            ..Limits::default()
        }
    }

    fn spent(tokens: u64, nano_usd: u64) -> Spent {
        let sums = Sums { tokens, nano_usd };
        Spent {
            day: sums,
            month: sums,
        }
    }

    #[test]
    fn a_call_without_a_cap_takes_what_is_left_and_no_second_one_passes_beside_it() {
        let estimate = UsageEstimate::of(&request("hello", None), None);
        assert!(!estimate.tokens.bounded());
        let limits = limits(Some(100), None);
        let LimitDecision::Granted(grant) = limits.judge(&estimate, &spent(20, 0)) else {
            panic!("80 tokens are left");
        };
        assert_eq!(grant.tokens, 80);
        assert!(matches!(
            limits.judge(&estimate, &spent(20 + grant.tokens, 0)),
            LimitDecision::Refused(LimitExceeded::Exceeded { spent: 100, .. })
        ));
    }

    #[test]
    fn a_bounded_call_that_does_not_fit_is_refused_and_one_that_just_fits_is_not() {
        let estimate = UsageEstimate::of(&request("hello", Some(63)), None);
        assert_eq!(estimate.tokens.most, 100);
        let limits = limits(Some(100), None);
        assert!(matches!(
            limits.judge(&estimate, &spent(0, 0)),
            LimitDecision::Granted(Grant { tokens: 100, .. })
        ));
        assert!(matches!(
            limits.judge(&estimate, &spent(1, 0)),
            LimitDecision::Refused(_)
        ));
    }

    #[test]
    fn warnings_let_pass_and_strictness_is_about_unknown_cost_alone() {
        let estimate = UsageEstimate::of(&request("hello", Some(63)), None);
        let mut limits = limits(Some(10), None);
        limits.mode = LimitMode::Warn;
        let LimitDecision::Granted(grant) = limits.judge(&estimate, &spent(0, 0)) else {
            panic!("a warning lets pass");
        };
        assert_eq!((grant.tokens, grant.warnings.len()), (100, 1));

        let mut limits = self::limits(None, Some(5));
        assert!(matches!(
            limits.judge(&estimate, &spent(0, 0)),
            LimitDecision::Granted(_)
        ));
        assert!(matches!(
            limits.judge(&estimate, &spent(0, 5)),
            LimitDecision::Refused(LimitExceeded::Exceeded { .. })
        ));
        limits.unknown_cost = UnknownCost::Breaks;
        assert_eq!(
            limits.judge(&estimate, &spent(0, 0)),
            LimitDecision::Refused(LimitExceeded::CostUnknown)
        );
    }

    #[test]
    fn limits_are_read_exactly_or_refused_by_name() {
        let draft = DraftLimits {
            usd_per_month: Some("2.50".into()),
            strict: Some(true),
            ..DraftLimits::default()
        };
        let limits = draft.parse().unwrap().unwrap();
        assert_eq!(limits.month.nano_usd, Some(2_500_000_000));
        assert_eq!(limits.mode, LimitMode::Block);
        assert_eq!(limits.unknown_cost, UnknownCost::Breaks);
        assert_eq!(
            limits.to_string(),
            "block at 2.50 USD per month, unknown cost"
        );
        assert_eq!(DraftLimits::default().parse(), Ok(None));
        for (mode, usd, key) in [
            (Some("stop"), None, "mode"),
            (None, Some("-1"), "usd_per_day"),
            (None, Some("cheap"), "usd_per_day"),
        ] {
            let draft = DraftLimits {
                mode: mode.map(str::to_owned),
                usd_per_day: usd.map(str::to_owned),
                ..DraftLimits::default()
            };
            let failure = draft.parse().unwrap_err();
            assert_eq!(failure.context()["limit"], key);
        }
    }

    #[test]
    fn a_breach_tells_amounts_in_their_units() {
        let breach = LimitExceeded::Exceeded {
            period: Period::Month,
            unit: Unit::NanoUsd,
            limit: 2_500_000_000,
            spent: 2_499_999_999,
            needed: 37_000,
        };
        let failure = breach.failure(&"work".parse().unwrap());
        assert_eq!(failure.code(), Code::PolicyBudgetExceeded);
        assert!(
            failure.causes()[0].contains("2.499999999 USD of 2.50 USD per month"),
            "{failure:?}"
        );
    }

    /// With `mode = "warn"` the same text comes with a call that was sent.
    #[test]
    fn an_unknown_cost_does_not_claim_that_nothing_was_sent() {
        let failure = LimitExceeded::CostUnknown.failure(&"work".parse().unwrap());
        assert_eq!(
            failure.causes(),
            ["no price is known for the model before it answers"]
        );
    }
}
