//! The health of a connection from its newest rows, in the same words on every page.

use maud::{Markup, html};
use synapse_core::gate::NetworkGate;
use synapse_core::ledger::{LatestCall, LimitUsage, Outcome};
use synapse_core::limits::{Allowance, Limits, Sums};
use synapse_core::ports::StoredConnection;
use synapse_core::time::Timestamp;

use crate::chart::bar;
use crate::hub::Tone;
use crate::icon::Icon;
use crate::text::foreign;
use crate::view::state;
use crate::words::{ago, count, lately, money};

/// The recent health of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lately {
    /// It is invalid.
    Broken(String),
    /// Its network access is off.
    Closed,
    /// None of the newest rows is its call.
    Unused,
    /// A call is in progress.
    UnderWay,
    /// Its newest call succeeded.
    Answered(Timestamp),
    /// Its newest calls failed: since when, how many, the code, the newest one.
    Fails {
        since: Timestamp,
        times: u64,
        code: Option<String>,
        call: String,
    },
}

impl Lately {
    /// From the newest calls of any connection, newest first.
    pub(crate) fn of(stored: &StoredConnection, calls: &[LatestCall]) -> Self {
        if let Err(failure) = &stored.connection {
            return Self::Broken(failure.code().as_str().to_owned());
        }
        if stored.draft.gate == NetworkGate::Closed {
            return Self::Closed;
        }
        let own = || {
            calls
                .iter()
                .filter(|call| call.connection == stored.name.as_str())
        };
        let failed = |call: &&LatestCall| {
            matches!(
                call.outcome,
                Outcome::Error | Outcome::Refused | Outcome::Interrupted
            )
        };
        let Some(newest) = own().find(|call| call.outcome != Outcome::Cancelled) else {
            return Self::Unused;
        };
        match newest.outcome {
            Outcome::Open => Self::UnderWay,
            Outcome::Ok => Self::Answered(newest.started_at),
            _ => {
                let run: Vec<&LatestCall> = own()
                    .filter(|call| call.outcome != Outcome::Cancelled)
                    .take_while(failed)
                    .collect();
                Self::Fails {
                    since: run.last().map_or(newest.started_at, |call| call.started_at),
                    times: u64::try_from(run.len()).unwrap_or(u64::MAX),
                    code: newest.error_code.clone(),
                    call: newest.call_id.to_string(),
                }
            }
        }
    }

    pub(crate) fn show(&self, now: Timestamp) -> Markup {
        match self {
            Self::Broken(code) => state(
                Tone::Bad,
                Icon::Failed,
                &html! { "broken: " (foreign(code)) },
            ),
            Self::Closed => state(Tone::Off, Icon::Lock, &html! { "gate is closed" }),
            Self::Unused => state(Tone::Off, Icon::None, &html! { "not used lately" }),
            Self::UnderWay => state(Tone::Off, Icon::Clock, &html! { "a call is in progress" }),
            Self::Answered(at) => state(
                Tone::Good,
                Icon::Tick,
                &html! { "answered " (ago(*at, now)) },
            ),
            Self::Fails { since, .. } => state(
                Tone::Bad,
                Icon::Failed,
                &html! { "fails since " (lately(*since, now)) },
            ),
        }
    }

    pub(crate) const fn row_class(&self) -> Option<&'static str> {
        match self {
            Self::Broken(_) | Self::Fails { .. } => Some("bad"),
            _ => None,
        }
    }
}

/// The used part of a limit, including calls in progress.
pub(crate) fn limit(allowance: &Allowance, spent: Sums, aside: Sums) -> Markup {
    let parts = [
        (
            allowance.nano_usd,
            spent.nano_usd.saturating_add(aside.nano_usd),
            true,
        ),
        (
            allowance.tokens,
            spent.tokens.saturating_add(aside.tokens),
            false,
        ),
    ];
    html! {
        @if allowance.nano_usd.is_none() && allowance.tokens.is_none() { span .dim { "no limit" } }
        @for (most, used, is_money) in parts {
            @if let Some(most) = most {
                @let text = |amount: u64| if is_money { money(amount) } else { format!("{} tokens", count(amount)) };
                div { (bar(used, most, "t", if is_near(used, most) { "bw" } else { "b1" })) (text(used)) " of " (text(most)) }
            }
        }
    }
}

/// At least four fifths of it are used.
pub(crate) const fn is_near(used: u64, most: u64) -> bool {
    used > 0 && used >= most - most / 5
}

/// The limit that is used most, if one is nearly used up: its name, its part, the amount.
pub(crate) fn nearest(
    limits: &Limits,
    standing: &LimitUsage,
) -> Option<(&'static str, u64, String)> {
    let spans = [
        (
            "today",
            &limits.day,
            standing.spent.day,
            standing.set_aside.day,
        ),
        (
            "this month",
            &limits.month,
            standing.spent.month,
            standing.set_aside.month,
        ),
    ];
    let amounts = spans
        .into_iter()
        .flat_map(|(name, allowance, spent, aside)| {
            let tokens = |most| format!("{} tokens", count(most));
            [
                (
                    name,
                    spent.nano_usd.saturating_add(aside.nano_usd),
                    allowance.nano_usd,
                    money(allowance.nano_usd.unwrap_or_default()),
                ),
                (
                    name,
                    spent.tokens.saturating_add(aside.tokens),
                    allowance.tokens,
                    tokens(allowance.tokens.unwrap_or_default()),
                ),
            ]
        });
    amounts
        .filter_map(|(name, used, most, amount)| {
            let most = most.filter(|most| is_near(used, *most))?;
            let part = u128::from(used) * 100 / u128::from(most.max(1));
            Some((name, u64::try_from(part).unwrap_or(u64::MAX), amount))
        })
        .max_by_key(|(_, part, _)| *part)
}

/// Today's part of the spending.
pub(crate) fn today(standing: Option<&LimitUsage>) -> (Sums, Sums) {
    standing.map_or_else(Default::default, |standing| {
        (standing.spent.day, standing.set_aside.day)
    })
}
