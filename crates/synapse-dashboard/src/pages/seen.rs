//! The data of the overview.

use synapse_core::error::Failure;
use synapse_core::ledger::Overview;
use synapse_core::ports::StoredConnection;
use synapse_core::time::Timestamp;

use crate::app::App;
use crate::hub::HubView;

/// The data. An unreadable part is a failure of that part only.
pub(super) struct OverviewData {
    pub(super) now: Timestamp,
    pub(super) connections: Result<Vec<StoredConnection>, Failure>,
    pub(super) ledger: Result<Overview, Failure>,
    pub(super) hub: Result<HubView, Failure>,
    pub(super) approvals: usize,
}

impl OverviewData {
    pub(super) async fn of(app: &App, connections: Result<Vec<StoredConnection>, Failure>) -> Self {
        let now = app.now();
        Self {
            now,
            connections,
            ledger: app.engine.ports().reader.overview(now).await,
            hub: app.program.hub().await,
            approvals: app.program.approvals().await.map_or(0, |all| all.len()),
        }
    }
}
