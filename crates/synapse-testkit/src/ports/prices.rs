//! Prices in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use synapse_core::Failure;
use synapse_core::money::{PriceKey, PriceList, SeenPrice};
use synapse_core::ports::PriceStore;
use synapse_core::time::Timestamp;

/// An in-memory [`PriceStore`].
#[derive(Debug, Default)]
pub struct MemoryPrices {
    lists: Mutex<BTreeMap<PriceKey, PriceList>>,
    failure: Option<Failure>,
}

impl MemoryPrices {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store on which every operation fails, as with a damaged file.
    #[must_use]
    pub fn failing(failure: Failure) -> Self {
        Self {
            failure: Some(failure),
            ..Self::default()
        }
    }

    /// All stored prices.
    #[must_use]
    pub fn all(&self) -> BTreeMap<PriceKey, PriceList> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PriceKey, PriceList>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<(), Failure> {
        self.failure.clone().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl PriceStore for MemoryPrices {
    async fn keep(&self, stated_at: Timestamp, prices: Vec<SeenPrice>) -> Result<(), Failure> {
        self.check()?;
        let mut lists = self.lock();
        lists.retain(|kept, _| {
            !prices
                .iter()
                .any(|seen| (&seen.key.origin, &seen.key.model) == (&kept.origin, &kept.model))
        });
        for SeenPrice { key, rates } in prices {
            lists.insert(key, PriceList::flat(rates, stated_at));
        }
        Ok(())
    }

    async fn find(&self, key: &PriceKey) -> Result<Option<PriceList>, Failure> {
        self.check()?;
        Ok(self.lock().get(key).cloned())
    }
}
