//! An in-memory token store with real locking semantics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use synapse_core::ports::{LoginClaim, StoredTokens, TokenStore, TokenTransaction};
use synapse_core::upstream::{RecordKey, TokenRecord, UpstreamName};
use synapse_core::{Code, Failure};
use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

#[derive(Debug, Default)]
pub(crate) struct MemoryTokens {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    records: Mutex<BTreeMap<RecordKey, TokenRecord>>,
    locks: Mutex<BTreeMap<RecordKey, Arc<Lock<()>>>>,
    /// Countdown to the failing call of `keep`.
    failing: Mutex<Option<usize>>,
}

impl MemoryTokens {
    pub(crate) fn all(&self) -> Vec<(RecordKey, TokenRecord)> {
        let records = self.shared.records.lock().unwrap();
        records
            .iter()
            .map(|(key, record)| (key.clone(), record.clone()))
            .collect()
    }

    /// Changes the only record without a lock, like another program.
    pub(crate) fn change(&self, change: impl FnOnce(&mut TokenRecord)) {
        let mut records = self.shared.records.lock().unwrap();
        change(records.values_mut().next().unwrap());
    }

    /// Lets the `number`th write from now on fail.
    pub(crate) fn fail_at(&self, number: usize) {
        *self.shared.failing.lock().unwrap() = Some(number);
    }
}

#[async_trait]
impl TokenStore for MemoryTokens {
    async fn load(&self, key: &RecordKey) -> Result<Option<TokenRecord>, Failure> {
        Ok(self.shared.records.lock().unwrap().get(key).cloned())
    }

    async fn list(&self, config: &str) -> Result<Vec<StoredTokens>, Failure> {
        let all = self.all().into_iter();
        Ok(all
            .filter(|(key, _)| key.config == config)
            .map(|(key, record)| StoredTokens {
                server: key.server.to_string(),
                record: Ok((key, record)),
            })
            .collect())
    }

    async fn of_server(
        &self,
        config: &str,
        server: &UpstreamName,
    ) -> Result<Vec<(RecordKey, TokenRecord)>, Failure> {
        let all = self.all().into_iter();
        Ok(all
            .filter(|(key, _)| key.config == config && key.server == *server)
            .collect())
    }

    async fn begin(&self, key: &RecordKey) -> Result<Box<dyn TokenTransaction>, Failure> {
        let lock = {
            let mut locks = self.shared.locks.lock().unwrap();
            locks.entry(key.clone()).or_default().clone()
        };
        Ok(Box::new(Transaction {
            _held: lock.lock_owned().await,
            shared: self.shared.clone(),
            key: key.clone(),
        }))
    }

    async fn claim_login(
        &self,
        _config: &str,
        _server: &UpstreamName,
    ) -> Result<Box<dyn LoginClaim>, Failure> {
        Ok(Box::new(Claim))
    }

    async fn forget(&self, config: &str, server: &UpstreamName) -> Result<usize, Failure> {
        let mut records = self.shared.records.lock().unwrap();
        let before = records.len();
        records.retain(|key, _| key.config != config || key.server != *server);
        Ok(before - records.len())
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }
}

impl Shared {
    /// Counts a write, which may be the one that fails.
    fn write(&self) -> Result<(), Failure> {
        let mut failing = self.failing.lock().unwrap();
        let Some(left) = failing.as_mut() else {
            return Ok(());
        };
        *left -= 1;
        if *left > 0 {
            return Ok(());
        }
        *failing = None;
        Err(Failure::new(Code::StorageDiskFull, "the disk is full"))
    }
}

#[derive(Debug)]
struct Claim;

impl LoginClaim for Claim {}

struct Transaction {
    _held: OwnedMutexGuard<()>,
    shared: Arc<Shared>,
    key: RecordKey,
}

#[async_trait]
impl TokenTransaction for Transaction {
    async fn load(&mut self) -> Result<Option<TokenRecord>, Failure> {
        Ok(self.shared.records.lock().unwrap().get(&self.key).cloned())
    }

    async fn reserve(&mut self) -> Result<(), Failure> {
        self.shared.write()
    }

    async fn keep(&mut self, expected: Option<u64>, record: &TokenRecord) -> Result<(), Failure> {
        self.shared.write()?;
        let mut records = self.shared.records.lock().unwrap();
        let stored = records.get(&self.key).map(|record| record.generation);
        if stored != expected || expected.is_some_and(|expected| record.generation < expected) {
            return Err(Failure::new(Code::ConfigChanged, "changed meanwhile"));
        }
        records.insert(self.key.clone(), record.clone());
        Ok(())
    }

    async fn remove(&mut self) -> Result<(), Failure> {
        self.shared.records.lock().unwrap().remove(&self.key);
        Ok(())
    }
}
