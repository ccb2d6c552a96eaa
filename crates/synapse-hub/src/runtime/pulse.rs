//! Progress notifications for a call whose upstream is silent: clients time out after a minute of
//! silence.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use synapse_mcp::host::{Progress, ProgressReporter};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Routes the progress of one upstream call to the current request. A parked call is resumed by
/// another request with another token.
#[derive(Clone, Default)]
pub(super) struct Pulse(Arc<PulseState>);

#[derive(Default)]
struct PulseState {
    reporter: Mutex<Option<ProgressReporter>>,
    /// The upstream reports progress itself.
    has_voice: AtomicBool,
}

impl Pulse {
    pub(super) fn to(reporter: Option<ProgressReporter>) -> Self {
        let pulse = Self::default();
        pulse.turn_to(reporter);
        pulse
    }

    /// Routes further progress to `reporter`.
    pub(super) fn turn_to(&self, reporter: Option<ProgressReporter>) {
        *self
            .0
            .reporter
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = reporter;
    }

    /// The reporter for the upstream; `None` without a progress token.
    pub(super) fn reporter(&self) -> Option<ProgressReporter> {
        self.current()?;
        let state = Arc::clone(&self.0);
        Some(ProgressReporter::new(
            serde_json::Value::Null,
            move |report| {
                state.has_voice.store(true, Ordering::Relaxed);
                let reporter = state
                    .reporter
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                if let Some(reporter) = &*reporter {
                    // Replaces the token with the client's.
                    reporter.report(Progress::from_object(report));
                }
            },
        ))
    }

    fn current(&self) -> Option<ProgressReporter> {
        let reporter = self.0.reporter.lock();
        reporter.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs `work`, and reports every [`BEAT`] that it continues, until the upstream reports
    /// itself. The values are tiny, so that the upstream's values are an increase, as the protocol
    /// requires.
    pub(super) async fn around<F: Future>(&self, server: &str, work: F) -> F::Output {
        if self.current().is_none() {
            return work.await;
        }
        let mut work = pin!(work);
        let began = Instant::now();
        let mut beats = interval_at(began + BEAT, BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                biased;
                output = &mut work => return output,
                now = beats.tick() => {
                    if self.0.has_voice.load(Ordering::Relaxed) {
                        continue;
                    }
                    let seconds = now.duration_since(began).as_secs();
                    let message = format!("waiting for {server}, {seconds} s");
                    #[expect(clippy::cast_precision_loss, reason = "the seconds of one call")]
                    let value = seconds as f64 / 1_000_000.0;
                    if let Some(reporter) = self.current() {
                        reporter.report(Progress::new(value).with_message(message));
                    }
                }
            }
        }
    }
}

/// Well below the shortest client timeouts.
const BEAT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn recorded() -> (Arc<Mutex<Vec<Value>>>, ProgressReporter) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let reporter = ProgressReporter::new(json!("t"), move |params| {
            sink.lock().unwrap().push(Value::Object(params));
        });
        (seen, reporter)
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_call_gives_signs_of_life() {
        let (seen, reporter) = recorded();
        let pulse = Pulse::to(Some(reporter));
        pulse
            .around("files", tokio::time::sleep(Duration::from_secs(25)))
            .await;
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[1]["message"], "waiting for files, 20 s");
        assert_eq!(seen[1]["progressToken"], "t");
        assert!(seen[1]["progress"].as_f64().unwrap() > seen[0]["progress"].as_f64().unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn an_upstream_that_reports_is_not_talked_over() {
        let (seen, reporter) = recorded();
        let pulse = Pulse::to(Some(reporter));
        let upstream = pulse.reporter().unwrap();
        let report = json!({"progress": 1, "vendor": true, "progressToken": 7});
        upstream.report(Progress::from_object(report.as_object().unwrap().clone()));
        pulse
            .around("files", tokio::time::sleep(Duration::from_secs(25)))
            .await;
        let seen = seen.lock().unwrap();
        assert_eq!(
            *seen,
            [json!({"progress": 1, "vendor": true, "progressToken": "t"})]
        );
    }
}
