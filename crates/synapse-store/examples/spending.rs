//! Prints the cost per model from a home's ledger: `cargo run -p synapse-store --example spending
//! -- ~/.synapse`

#![expect(clippy::print_stdout, reason = "a program of its own: it prints")]

use std::error::Error;
use std::path::PathBuf;

use synapse_core::Failure;
use synapse_core::ledger::{UsageKey, UsageQuery};
use synapse_core::ports::LedgerReader as _;
use synapse_home::Home;
use synapse_store::SqliteLedger;

/// One line per model. A home without calls is left unchanged.
pub(crate) async fn spending(home: PathBuf) -> Result<Vec<String>, Failure> {
    let ledger = SqliteLedger::new(Home::new(home));
    let report = ledger.usage(UsageQuery::by(UsageKey::Model)).await?;
    let lines = report.lines.into_iter().map(|line| {
        format!(
            "{}: {} calls, {} nano-USD known, {} calls of unknown cost",
            line.key, line.calls, line.cost_nano_usd, line.unknown_cost
        )
    });
    Ok(lines.collect())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let home = std::env::args().nth(1).ok_or("usage: spending HOME")?;
    for line in spending(home.into()).await? {
        println!("{line}");
    }
    Ok(())
}
