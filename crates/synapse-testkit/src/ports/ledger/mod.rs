//! A ledger in memory, for writing and for reading.

mod sums;

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_core::chat::Usage;
use synapse_core::ledger::{
    Closing, Dating, Entry, Examination, Extent, FailureGroup, HistoryQuery, HubClosing, HubFacts,
    HubOpening, LimitUsage, Opening, Order, Outcome, OutcomeCounts, PeriodUsage, Purged,
    RecordedEntry, RecordedText, Repaired, Reservation, UsageKey, UsageOverTime, UsageQuery,
    UsageReport, Verification,
};
use synapse_core::limits::{Grant, LimitDecision, Spent};
use synapse_core::money::Cost;
use synapse_core::ports::{HubLedger, Ledger, LedgerReader, Written};
use synapse_core::receipt::{Exchange, Receipt};
use synapse_core::time::Timestamp;

/// An in-memory [`Ledger`] and [`LedgerReader`] over one list of rows. Seals nothing.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    rows: Mutex<Vec<MemoryRow>>,
    /// Amounts of purged rows that still count against limits.
    carried: Mutex<Vec<MemoryRow>>,
    failure: Option<Failure>,
    required: bool,
    questions: AtomicUsize,
}

#[derive(Debug, Clone)]
struct MemoryRow {
    entry: Entry,
    text: Option<RecordedText>,
    reserved: Grant,
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A ledger on which every operation fails, as with a full or broken disk.
    #[must_use]
    pub fn failing(failure: Failure) -> Self {
        Self {
            failure: Some(failure),
            ..Self::default()
        }
    }

    /// Makes ledger rows required for calls.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Every row, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().iter().map(|row| row.entry.clone()).collect()
    }

    /// How many questions were asked of it as a [`LedgerReader`].
    #[must_use]
    pub fn questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }

    fn count_question(&self) {
        self.questions.fetch_add(1, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<MemoryRow>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    fn open(&self, opening: Opening) -> Written {
        if let Some(failure) = &self.failure {
            return Box::pin(ready(Err(failure.clone())));
        }
        self.lock().push(MemoryRow {
            entry: Entry {
                started_at: opening.started_at,
                ended_at: None,
                operation: opening.operation.as_str().to_owned(),
                outcome: Outcome::Open,
                error_class: None,
                error_code: None,
                caller: opening.caller,
                receipt: opening.receipt,
                hub: None,
            },
            text: opening.prompt.map(|prompt| RecordedText {
                prompt,
                reply: None,
            }),
            reserved: Grant::default(),
        });
        Box::pin(ready(Ok(())))
    }

    async fn reserve(&self, reservation: Reservation) -> Result<LimitDecision, Failure> {
        let carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows = self.lock();
        let mut spent = Spent::default();
        for row in rows
            .iter()
            .chain(carried.iter())
            .filter(|row| row.entry.receipt.connection == reservation.connection)
        {
            sums::spend(&mut spent, &row.entry, &row.reserved, reservation.at);
        }
        let verdict = reservation.limits.judge(&reservation.demand, &spent);
        if let LimitDecision::Granted(grant) = &verdict
            && let Some(row) = find(&mut rows, reservation.call_id)
        {
            row.reserved = grant.clone();
        }
        Ok(verdict)
    }

    fn sending(&self, call_id: CallId, bytes_out: u64) -> Written {
        if let Some(row) = find(&mut self.lock(), call_id) {
            let exchange = &mut row.entry.receipt.exchange;
            exchange.attempts = 1;
            exchange.maybe_billed = true;
            exchange.bytes_out = bytes_out;
        }
        Box::pin(ready(Ok(())))
    }

    fn complete(&self, closing: Closing) -> Written {
        self.close(closing);
        Box::pin(ready(self.failure.clone().map_or(Ok(()), Err)))
    }

    async fn is_required(&self) -> bool {
        self.required
    }

    fn close(&self, closing: Closing) {
        let mut rows = self.lock();
        // Without a row there is nothing to complete: the failed opening was reported.
        if let Some(row) = find(&mut rows, closing.receipt.call_id) {
            let entry = &mut row.entry;
            entry.ended_at = Some(closing.ended_at);
            entry.outcome = closing.outcome;
            entry.error_class = closing
                .error_code
                .map(|code| code.class().as_str().to_owned());
            entry.error_code = closing.error_code.map(|code| code.as_str().to_owned());
            entry.receipt = closing.receipt;
            if let Some(text) = &mut row.text {
                text.reply = closing.reply;
            }
        }
    }

    async fn flush(&self) -> Result<(), Failure> {
        Ok(())
    }

    async fn purge(&self, before: Timestamp) -> Result<Purged, Failure> {
        let mut purged = Purged::default();
        let mut carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock().retain(|row| {
            let gone = row.entry.started_at < before && row.entry.outcome != Outcome::Open;
            purged.rows += u64::from(gone);
            purged.texts += u64::from(gone && row.text.is_some());
            if gone {
                carried.push(row.clone());
            }
            !gone
        });
        drop(carried);
        Ok(purged)
    }

    async fn repair(&self) -> Result<Repaired, Failure> {
        Ok(Repaired::default())
    }
}

impl HubLedger for MemoryLedger {
    fn begin(&self, opening: HubOpening) -> Written {
        if let Some(failure) = &self.failure {
            return Box::pin(ready(Err(failure.clone())));
        }
        self.lock().push(MemoryRow {
            entry: Entry {
                started_at: opening.started_at,
                ended_at: None,
                operation: opening.kind.as_str().to_owned(),
                outcome: Outcome::Open,
                error_class: None,
                error_code: None,
                caller: opening.caller,
                receipt: Receipt {
                    call_id: opening.call_id,
                    connection: String::new(),
                    provider: String::new(),
                    model_requested: String::new(),
                    model_served: None,
                    exchange: Exchange::default(),
                    finish_reason: None,
                    usage: Usage::default(),
                    cost: Cost::default(),
                    latency_ms: None,
                },
                hub: Some(Box::new(opening.facts)),
            },
            text: None,
            reserved: Grant::default(),
        });
        Box::pin(ready(Ok(())))
    }

    fn departing(&self, call_id: CallId, bytes_out: u64) -> Written {
        if let Some(row) = find(&mut self.lock(), call_id) {
            let exchange = &mut row.entry.receipt.exchange;
            exchange.attempts = 1;
            exchange.bytes_out = bytes_out;
            if let Some(facts) = &mut row.entry.hub {
                facts.may_have_run = true;
            }
        }
        Box::pin(ready(Ok(())))
    }

    fn end(&self, closing: HubClosing) -> Written {
        if let Some(row) = find(&mut self.lock(), closing.call_id) {
            let entry = &mut row.entry;
            let code = closing.error_code;
            entry.ended_at = Some(closing.ended_at);
            entry.outcome = closing.outcome;
            entry.error_class = code.map(|code| code.class().as_str().to_owned());
            entry.error_code = code.map(|code| code.as_str().to_owned());
            entry.receipt.latency_ms = closing.latency_ms;
            entry.receipt.exchange = Exchange {
                attempts: closing.attempts,
                http_status: closing.http_status,
                bytes_out: closing.bytes_out,
                bytes_in: closing.bytes_in,
                ..Exchange::default()
            };
            let server = entry.hub.take().map(|facts| facts.server);
            entry.hub = Some(Box::new(HubFacts {
                server: server.unwrap_or_default(),
                ..closing.facts
            }));
        }
        Box::pin(ready(self.failure.clone().map_or(Ok(()), Err)))
    }
}

#[async_trait]
impl LedgerReader for MemoryLedger {
    async fn history(&self, query: HistoryQuery) -> Result<Vec<Entry>, Failure> {
        self.count_question();
        let words: Vec<String> = query
            .text
            .iter()
            .flat_map(|text| text.split_whitespace())
            .map(str::to_lowercase)
            .collect();
        let mut rows: Vec<Entry> = self
            .lock()
            .iter()
            // Rows are not sealed here, so none has a place in the chain.
            .filter(|row| query.places.is_none() && query.admits(&row.entry) && says(row, &words))
            .map(|row| row.entry.clone())
            .collect();
        rows.sort_by_key(|row| row.receipt.call_id);
        if query.order == Order::NewestFirst {
            rows.reverse();
        }
        if let Some(after) = query.after {
            rows.retain(|row| match query.order {
                Order::NewestFirst => row.receipt.call_id < after,
                Order::OldestFirst => row.receipt.call_id > after,
            });
        }
        rows.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
        Ok(rows)
    }

    async fn entry(&self, call_id: CallId) -> Result<Option<Entry>, Failure> {
        self.count_question();
        Ok(find(&mut self.lock(), call_id).map(|row| row.entry.clone()))
    }

    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, Failure> {
        self.count_question();
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        Ok(sums::report(&self.entries(), &query))
    }

    async fn usage_per(
        &self,
        per: UsageKey,
        query: UsageQuery,
    ) -> Result<Vec<PeriodUsage>, Failure> {
        self.count_question();
        Ok(sums::per(&self.entries(), per, &query))
    }

    async fn usage_over_time(&self, query: UsageQuery) -> Result<UsageOverTime, Failure> {
        self.count_question();
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let entries = self.entries();
        let (per, by) = query.split();
        let split = UsageQuery {
            by,
            ..query.clone()
        };
        Ok(UsageOverTime {
            report: sums::report(&entries, &query),
            periods: sums::per(&entries, per, &split),
        })
    }

    async fn standings(&self, at: Timestamp) -> Result<BTreeMap<String, LimitUsage>, Failure> {
        self.count_question();
        let carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = self.lock();
        let mut standings: BTreeMap<String, LimitUsage> = BTreeMap::new();
        for row in rows.iter().chain(carried.iter()) {
            let name = row.entry.receipt.connection.clone();
            let standing = standings.entry(name).or_default();
            let sums = match row.entry.outcome {
                Outcome::Open => &mut standing.set_aside,
                _ => &mut standing.spent,
            };
            sums::spend(sums, &row.entry, &row.reserved, at);
        }
        standings.retain(|_, standing| *standing != LimitUsage::default());
        Ok(standings)
    }

    async fn failures(&self, since: Timestamp) -> Result<Vec<FailureGroup>, Failure> {
        self.count_question();
        Ok(sums::failures(&self.entries(), since))
    }

    async fn outcomes(&self, query: HistoryQuery) -> Result<OutcomeCounts, Failure> {
        self.count_question();
        let rows = self.history(HistoryQuery {
            limit: u32::MAX,
            after: None,
            outcome: None,
            ..query
        });
        let mut counts = OutcomeCounts::default();
        for row in rows.await? {
            counts.add(row.outcome, 1);
        }
        Ok(counts)
    }

    async fn recorded(&self, call_id: CallId) -> Result<Option<RecordedEntry>, Failure> {
        self.count_question();
        Ok(find(&mut self.lock(), call_id).map(|row| RecordedEntry {
            entry: row.entry.clone(),
            text: row.text.clone(),
            seal: None,
        }))
    }

    async fn extent(&self) -> Result<Extent, Failure> {
        self.count_question();
        Ok(Extent::default())
    }

    async fn seals(&self, _places: Vec<u64>) -> Result<BTreeMap<u64, String>, Failure> {
        self.count_question();
        Ok(BTreeMap::new())
    }

    async fn texts(&self, calls: Vec<CallId>) -> Result<BTreeMap<CallId, RecordedText>, Failure> {
        self.count_question();
        let mut rows = self.lock();
        let texts = calls.into_iter().filter_map(|call_id| {
            let text = find(&mut rows, call_id)?.text.clone()?;
            Some((call_id, text))
        });
        Ok(texts.collect())
    }

    async fn text(&self, call_id: CallId) -> Result<Option<RecordedText>, Failure> {
        self.count_question();
        Ok(find(&mut self.lock(), call_id).and_then(|row| row.text.clone()))
    }

    async fn verify(&self) -> Result<Verification, Failure> {
        self.count_question();
        let rows = self.lock();
        let open = rows
            .iter()
            .filter(|row| row.entry.outcome == Outcome::Open)
            .count();
        Ok(Verification {
            rows: count(rows.len() - open),
            open: count(open),
            ..Verification::default()
        })
    }

    async fn examine(&self) -> Result<Examination, Failure> {
        self.count_question();
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(Examination {
                exists: true,
                rows: count(self.lock().len()),
                ..Examination::default()
            }),
        }
    }

    async fn dating(&self, _now: Timestamp) -> Result<Dating, Failure> {
        self.count_question();
        Ok(Dating::default())
    }
}

fn find(rows: &mut [MemoryRow], call_id: CallId) -> Option<&mut MemoryRow> {
    rows.iter_mut()
        .find(|row| row.entry.receipt.call_id == call_id)
}

fn says(row: &MemoryRow, words: &[String]) -> bool {
    words.is_empty()
        || row.text.as_ref().is_some_and(|text| {
            let reply = text.reply.as_deref().unwrap_or_default();
            let said = format!("{} {reply}", text.prompt).to_lowercase();
            words.iter().all(|word| said.contains(word))
        })
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
