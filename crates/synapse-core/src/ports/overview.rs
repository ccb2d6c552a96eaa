//! An overview as the answers to the single questions.

use std::collections::BTreeMap;

use super::LedgerReader;
use crate::error::Failure;
use crate::ledger::{
    HistoryQuery, LatestCall, Overview, OverviewSpans, PeriodUsage, UsageKey, UsageLine,
    UsageQuery, UsageReport,
};
use crate::time::Timestamp;

/// The overview at `now` by single questions, one after the other.
///
/// # Errors
/// `storage.*`.
pub async fn assemble_overview<R: LedgerReader + ?Sized>(
    reader: &R,
    now: Timestamp,
) -> Result<Overview, Failure> {
    let spans = OverviewSpans::of(now);
    let over = async |per, by, since, until| {
        let query = UsageQuery {
            since: Some(since),
            until,
            ..UsageQuery::by(by)
        };
        reader.usage_per(per, query).await
    };
    let days = over(UsageKey::Day, UsageKey::Model, spans.first, None).await?;
    let month = over(UsageKey::Month, UsageKey::Model, spans.month, None).await?;
    let clients = over(UsageKey::Month, UsageKey::Client, spans.month, None).await?;
    let until = Some(spans.before_until);
    let before = over(UsageKey::Month, UsageKey::Model, spans.before, until).await?;
    let today = UsageQuery {
        since: Some(spans.today),
        ..UsageQuery::by(UsageKey::Day)
    };
    let newest = HistoryQuery::newest(Overview::NEWEST);
    Ok(Overview {
        days: summed(&days, |period, _| period.to_owned()),
        models: summed(&month, |_, key| key.to_owned()),
        clients: summed(&clients, |_, key| key.to_owned()),
        before: summed(&before, |_, key| key.to_owned()).total,
        today: reader.usage(today).await?,
        failures: reader.failures(spans.today).await?,
        standings: reader.standings(now).await?,
        newest: reader
            .history(newest)
            .await?
            .iter()
            .map(LatestCall::from)
            .collect(),
    })
}

/// One report of several periods, by the name that `name` gives a line.
fn summed(periods: &[PeriodUsage], name: impl Fn(&str, &str) -> String) -> UsageReport {
    let mut lines: BTreeMap<String, UsageLine> = BTreeMap::new();
    let mut total = UsageLine {
        key: "total".to_owned(),
        ..UsageLine::default()
    };
    for period in periods {
        for line in &period.lines {
            let key = name(&period.period, &line.key);
            lines.entry(key).or_default().merge(line);
            total.merge(line);
        }
    }
    let lines = lines
        .into_iter()
        .map(|(key, line)| UsageLine { key, ..line })
        .collect();
    UsageReport {
        lines,
        total,
        ..UsageReport::default()
    }
}
