//! Prices stated by routers, stored with the ledger because they explain its costs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};
use synapse_core::Failure;
use synapse_core::money::{Price, PriceKey, PriceList, Rates, SeenPrice};
use synapse_core::ports::PriceStore;
use synapse_core::time::Timestamp;
use synapse_home::Home;

use super::reader::Reader;
use super::{database, on_a_thread};
use crate::failure::sqlite;

/// The prices in the `ledger.db` of a [`Home`].
///
/// Creating one touches nothing. Storing a price creates the file; a lookup never does.
#[derive(Debug)]
pub struct SqlitePrices {
    reader: Arc<Reader>,
}

impl SqlitePrices {
    /// The prices of `home`. Touches nothing.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self {
            reader: Arc::new(Reader::with_patience(home, PATIENCE)),
        }
    }
}

#[async_trait]
impl PriceStore for SqlitePrices {
    async fn keep(&self, stated_at: Timestamp, prices: Vec<SeenPrice>) -> Result<(), Failure> {
        let home = self.reader.home();
        on_a_thread(home, move |home| keep(home, stated_at, &prices)).await
    }

    async fn find(&self, key: &PriceKey) -> Result<Option<PriceList>, Failure> {
        let key = key.clone();
        let reader = Arc::clone(&self.reader);
        on_a_thread(self.reader.home(), move |_| find(&reader, &key)).await
    }
}

fn keep(home: &Home, stated_at: Timestamp, prices: &[SeenPrice]) -> Result<(), Failure> {
    let _repair = database::no_repair(home)?;
    let mut database = database::open_to_write(home, database::PATIENCE)?;
    let written = replace(&mut database, stated_at, prices);
    written.map_err(|error| {
        database::abandon(database);
        sqlite(&home.ledger(), &error)
    })
}

fn replace(
    database: &mut Connection,
    stated_at: Timestamp,
    prices: &[SeenPrice],
) -> rusqlite::Result<()> {
    // Takes the write lock at once: upgrading a read transaction would fail instead of waiting.
    let change = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut forget = change.prepare("DELETE FROM prices WHERE origin = ? AND model = ?")?;
        for SeenPrice { key, .. } in prices {
            forget.execute(params![key.origin.as_str(), key.model])?;
        }
        let mut keep =
            change.prepare("INSERT OR REPLACE INTO prices VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
        for SeenPrice { key, rates } in prices {
            keep.execute(params![
                key.origin.as_str(),
                key.model,
                key.sub_provider,
                stated_at.as_millis(),
                integer(rates.input),
                integer(rates.output),
                integer(rates.cache_read),
                integer(rates.cache_write),
            ])?;
        }
    }
    change.commit()
}

fn find(reader: &Reader, key: &PriceKey) -> Result<Option<PriceList>, Failure> {
    let Some(reading) = reader.open()? else {
        return Ok(None);
    };
    // Leaves the log to writers.
    database::leave_log(&reading.database);
    let found = ask(&reading.database, key);
    reader.finish(reading, found)
}

fn ask(database: &Connection, key: &PriceKey) -> rusqlite::Result<Option<PriceList>> {
    // The ledger was last written by an older Synapse.
    if !database.table_exists(None, "prices")? {
        return Ok(None);
    }
    database
        .prepare_cached(
            "SELECT stated_at, input, output, cache_read, cache_write FROM prices
             WHERE origin = ? AND model = ? AND sub_provider = ?",
        )?
        .query_row(
            params![key.origin.as_str(), key.model, key.sub_provider],
            list,
        )
        .optional()
}

fn list(row: &Row<'_>) -> rusqlite::Result<PriceList> {
    let price = |column: &str| -> rusqlite::Result<Option<Price>> {
        let pico_usd: Option<i64> = row.get(column)?;
        Ok(pico_usd
            .and_then(|price| u64::try_from(price).ok())
            .map(Price::from_pico_usd))
    };
    let rates = Rates {
        input: price("input")?,
        output: price("output")?,
        cache_read: price("cache_read")?,
        cache_write: price("cache_write")?,
    };
    let stated_at = Timestamp::from_millis(row.get("stated_at")?);
    Ok(PriceList::flat(rates, stated_at))
}

/// A price too large for the column counts as unknown.
fn integer(price: Option<Price>) -> Option<i64> {
    price.and_then(|price| i64::try_from(price.pico_usd_per_token()).ok())
}

/// A call has waited for its row before; without a price its cost is unknown.
const PATIENCE: Duration = Duration::from_millis(500);
