//! Starts a check in the background.

use std::sync::{Arc, Mutex};

use synapse_core::connection::Draft;
use synapse_core::engine::{Engine, Naming, PreflightCall, Saved};
use synapse_core::error::{Code, Failure};
use synapse_core::preflight::Check;

use super::digest::digest;
use crate::app::{App, KeptResult};
use crate::running::{CheckEnd, CheckOrder, Purpose, RunningCheck};

/// Starts a check in the background; returns the id of its page.
///
/// # Errors
/// `internal.invariant` if the system provides no randomness.
pub(crate) fn start(app: &App, order: CheckOrder) -> Result<String, Failure> {
    let running = RunningCheck::new(order);
    let id = app.keep(KeptResult::Check(Arc::clone(&running)))?;
    let engine = app.engine.clone();
    let work = Arc::clone(&running);
    let task = tokio::spawn(async move {
        let ended = run(&engine, &work).await;
        work.end(ended);
    });
    running.done_by(task.abort_handle());
    Ok(id)
}

async fn run(engine: &Engine, running: &Arc<RunningCheck>) -> CheckEnd {
    let clock = Arc::clone(&engine.ports().clock);
    let last = Mutex::new(clock.monotonic());
    let mut observe = |check: &Check| {
        let now = clock.monotonic();
        let mut last = last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let took = now.saturating_sub(*last).as_millis();
        *last = now;
        running.tell(check, u64::try_from(took).unwrap_or(u64::MAX));
    };
    let order = &running.order;
    match &order.purpose {
        Purpose::Create => {
            let name = match order.name.parse() {
                Ok(name) => name,
                Err(failure) => return CheckEnd::Refused(failure),
            };
            let saved = engine
                .create_observed(name, order.draft.clone(), order.reach, &mut observe)
                .await;
            named(engine, &order.draft, saved).await.into()
        }
        Purpose::Edit(shown) => {
            let stored = match engine.stored(&order.name) {
                Ok(stored) => stored,
                Err(failure) => return CheckEnd::Refused(failure),
            };
            if digest(&stored.draft) != *shown {
                let said = format!("the connection `{}` was changed meanwhile", order.name);
                return CheckEnd::Refused(Failure::new(Code::ConfigChanged, said));
            }
            let draft = order.draft.clone();
            // The form displays both, so submitting it confirms them.
            let naming = Naming {
                base_url: true,
                proxy: true,
            };
            let saved = engine
                .edit_observed(
                    &stored,
                    |stored| *stored = draft,
                    naming,
                    order.reach,
                    &mut observe,
                )
                .await;
            named(engine, &order.draft, saved).await.into()
        }
        Purpose::Look => match engine.stored(&order.name) {
            Ok(stored) => {
                let call = PreflightCall::saved(stored, order.reach);
                let report = engine.preflight_observed(call, &mut observe).await;
                CheckEnd::Completed(Box::new(report), Ok(()))
            }
            Err(failure) => CheckEnd::Refused(failure),
        },
    }
}

/// The same result, naming the listed models nearest to one that does not exist.
async fn named(
    engine: &Engine,
    draft: &Draft,
    saved: Result<Saved, Failure>,
) -> Result<Saved, Failure> {
    let mut saved = saved?;
    if let Err(failure) = saved.result {
        saved.result = Err(engine.with_nearest(draft, failure).await);
    }
    Ok(saved)
}
