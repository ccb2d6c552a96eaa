//! A ledger in memory, for writing and for reading.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_core::ledger::{
    Closing, Entry, HistoryQuery, Opening, Outcome, UsageKey, UsageLine, UsageQuery,
};
use synapse_core::ports::{Ledger, LedgerReader};

/// A [`Ledger`] and its [`LedgerReader`] over one list of rows.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    rows: Mutex<Vec<Entry>>,
    failure: Option<Failure>,
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A ledger that cannot be opened for writing, as with a full disk.
    #[must_use]
    pub fn failing(failure: Failure) -> Self {
        Self {
            failure: Some(failure),
            ..Self::default()
        }
    }

    /// Every row, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn open(&self, opening: Opening) -> Result<(), Failure> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.lock().push(Entry {
            started_at: opening.started_at,
            operation: opening.operation.as_str().to_owned(),
            outcome: Outcome::Open,
            error_code: None,
            caller: opening.caller,
            receipt: opening.receipt,
        });
        Ok(())
    }

    fn close(&self, closing: Closing) {
        let mut rows = self.lock();
        let call_id = closing.receipt.call_id;
        // Without a row there is nothing to complete: the opening has failed and was reported.
        if let Some(row) = rows.iter_mut().find(|row| row.receipt.call_id == call_id) {
            row.outcome = closing.outcome;
            row.error_code = closing.error_code.map(|code| code.as_str().to_owned());
            row.receipt = closing.receipt;
        }
    }

    async fn flush(&self) -> Result<(), Failure> {
        Ok(())
    }
}

#[async_trait]
impl LedgerReader for MemoryLedger {
    async fn history(&self, query: HistoryQuery) -> Result<Vec<Entry>, Failure> {
        let mut rows: Vec<Entry> = self
            .lock()
            .iter()
            .filter(|row| {
                query
                    .connection
                    .as_ref()
                    .is_none_or(|name| row.receipt.connection == *name)
                    && query.outcome.is_none_or(|outcome| row.outcome == outcome)
                    && query
                        .before
                        .is_none_or(|before| row.receipt.call_id < before)
            })
            .cloned()
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.receipt.call_id));
        rows.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
        Ok(rows)
    }

    async fn entry(&self, call_id: CallId) -> Result<Option<Entry>, Failure> {
        Ok(self
            .lock()
            .iter()
            .find(|row| row.receipt.call_id == call_id)
            .cloned())
    }

    async fn usage(&self, query: UsageQuery) -> Result<Vec<UsageLine>, Failure> {
        let mut lines: BTreeMap<String, UsageLine> = BTreeMap::new();
        for row in self.lock().iter() {
            if query.since.is_none_or(|since| row.started_at >= since) {
                let key = key_of(row, query.by);
                let line = lines.entry(key.clone()).or_insert_with(|| UsageLine {
                    key,
                    ..UsageLine::default()
                });
                add(line, row);
            }
        }
        Ok(lines.into_values().collect())
    }
}

fn key_of(row: &Entry, by: UsageKey) -> String {
    let receipt = &row.receipt;
    match by {
        UsageKey::Connection => receipt.connection.clone(),
        UsageKey::Provider => receipt.provider.clone(),
        UsageKey::Day => row.started_at.to_string().chars().take(10).collect(),
        // The set of keys is open; by model is the finest of those known here.
        _ => receipt
            .model_served
            .clone()
            .unwrap_or_else(|| receipt.model_requested.clone()),
    }
}

fn add(line: &mut UsageLine, row: &Entry) {
    let receipt = &row.receipt;
    line.calls += 1;
    match row.outcome {
        Outcome::Ok => line.ok += 1,
        Outcome::Error | Outcome::Cancelled | Outcome::Interrupted => line.failed += 1,
        Outcome::Refused => line.refused += 1,
        _ => {}
    }
    let usage = &receipt.usage;
    line.prompt_tokens += usage.prompt_tokens.unwrap_or_default();
    line.completion_tokens += usage.completion_tokens.unwrap_or_default();
    line.cost_nano_usd += receipt.cost.amount_nano_usd.unwrap_or_default();
    if receipt.exchange.maybe_billed {
        let tokens_told = usage.prompt_tokens.is_some() && usage.completion_tokens.is_some();
        line.unknown_tokens += u64::from(!tokens_told);
        line.unknown_cost += u64::from(receipt.cost.amount_nano_usd.is_none());
    }
}
