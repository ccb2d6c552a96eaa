//! The prices that routers stated, kept beside the ledger because they explain its costs.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};
use synapse_core::Failure;
use synapse_core::ports::PriceStore;
use synapse_core::price::{Price, PriceKey, PriceList, Rates, SeenPrice};
use synapse_core::time::Timestamp;
use synapse_files::Home;

use super::database::{self, Opened};
use super::on_a_thread;
use crate::failure::sqlite;

/// The prices in the `ledger.db` of a [`Home`].
///
/// Making one touches nothing. ModeSupport a price creates the file; looking one up never does.
pub struct SqlitePrices {
    home: Home,
    /// The connection of the last look-up: opening one costs more than all the rest of a call.
    open: Arc<Mutex<Option<Open>>>,
}

/// A connection, and the file that it is to.
struct Open {
    database: Connection,
    file: FileId,
}

impl SqlitePrices {
    /// The prices of `home`. Touches nothing.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self {
            home,
            open: Arc::default(),
        }
    }
}

impl fmt::Debug for SqlitePrices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqlitePrices")
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl PriceStore for SqlitePrices {
    async fn keep(&self, stated_at: Timestamp, prices: Vec<SeenPrice>) -> Result<(), Failure> {
        on_a_thread(&self.home, move |home| keep(home, stated_at, &prices)).await
    }

    async fn find(&self, key: &PriceKey) -> Result<Option<PriceList>, Failure> {
        let key = key.clone();
        let open = Arc::clone(&self.open);
        on_a_thread(&self.home, move |home| {
            let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
            find(home, &key, &mut open)
        })
        .await
    }
}

fn keep(home: &Home, stated_at: Timestamp, prices: &[SeenPrice]) -> Result<(), Failure> {
    let _repair = database::no_repair(home)?;
    let mut database = database::open_to_write(home)?;
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
    // Takes the lock at once: a reader that becomes a writer would not wait for its turn.
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

/// Looks a price up over the open connection, as long as that is to the file that is there now.
fn find(
    home: &Home,
    key: &PriceKey,
    open: &mut Option<Open>,
) -> Result<Option<PriceList>, Failure> {
    let there = FileId::of(&home.ledger());
    if let Some(kept) = open.take()
        && there.is_some_and(|there| there == kept.file)
        && let Ok(found) = ask(&kept.database, key)
    {
        *open = Some(kept);
        return Ok(found);
    }
    let (database, ours) = match database::open_to_read(home)? {
        None => return Ok(None),
        Some(Opened::Ours(database)) => (database, true),
        Some(Opened::Newer(database, _)) => (database, false),
    };
    match ask(&database, key) {
        Ok(found) => {
            if let (true, Some(file)) = (ours, there) {
                // Others write; closing it leaves their log to them.
                database::leave_log(&database);
                *open = Some(Open { database, file });
            }
            Ok(found)
        }
        Err(error) => {
            database::abandon(database);
            Err(sqlite(&home.ledger(), &error))
        }
    }
}

/// Which file a path names, so that one that was put in its place is told from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId(u64, u64);

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        let found = std::fs::metadata(path).ok()?;
        Some(Self(found.dev(), found.ino()))
    }

    /// Where files have no number, each look-up opens the ledger.
    #[cfg(not(unix))]
    fn of(_path: &Path) -> Option<Self> {
        None
    }
}

fn ask(database: &Connection, key: &PriceKey) -> rusqlite::Result<Option<PriceList>> {
    // A ledger that nobody has written to since an older Synapse made it.
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

/// A price too large for the column is not known.
fn integer(price: Option<Price>) -> Option<i64> {
    price.and_then(|price| i64::try_from(price.pico_usd_per_token()).ok())
}
