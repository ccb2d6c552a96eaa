//! Progress notifications of a long call: clients time out after a minute of silence, many of them
//! permanently.

use std::pin::pin;
use std::time::Duration;

use synapse_mcp::host::{Progress, ProgressReporter};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Runs `work`, and reports every [`BEAT`] to a client that requested progress. The value is the
/// number of elapsed seconds, which cannot be mistaken for a percentage: the duration of a model's
/// answer is unknown.
pub(super) async fn with_heartbeat<F: Future>(
    progress: Option<&ProgressReporter>,
    waiting_for: &str,
    work: F,
) -> F::Output {
    let Some(progress) = progress else {
        return work.await;
    };
    let mut work = pin!(work);
    let began = Instant::now();
    let mut beats = interval_at(began + BEAT, BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            output = &mut work => return output,
            now = beats.tick() => {
                let seconds = now.duration_since(began).as_secs();
                let message = format!("waiting for {waiting_for}, {seconds} s");
                // Far below 2^53, so the number is exact.
                #[expect(clippy::cast_precision_loss, reason = "the seconds of one call")]
                progress.report(Progress::new(seconds as f64).with_message(message));
            }
        }
    }
}

/// Well below the shortest client timeouts.
pub(super) const BEAT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;

    async fn reports(work: impl Future<Output = ()>) -> Vec<Value> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let reporter = ProgressReporter::new(json!("t"), move |params| {
            sink.lock().unwrap().push(json!(params));
        });
        with_heartbeat(Some(&reporter), "a model", work).await;
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_call_gives_signs_of_life_and_a_short_one_none() {
        assert_eq!(
            reports(tokio::time::sleep(Duration::from_secs(35))).await,
            [10.0, 20.0, 30.0].map(|seconds| json!({
                "progress": seconds,
                "message": format!("waiting for a model, {seconds} s"),
                "progressToken": "t",
            }))
        );
        assert!(reports(std::future::ready(())).await.is_empty());
    }
}
