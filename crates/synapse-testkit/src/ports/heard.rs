//! An observer that remembers what it heard.

use std::sync::{Mutex, PoisonError};

use synapse_core::ports::{CallEvent, CallObserver};

/// Remembers the events of calls, in order, as words: `began chat`, `ended ok`.
#[derive(Debug, Default)]
pub struct HeardCalls(Mutex<Vec<String>>);

impl HeardCalls {
    /// The events so far.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl CallObserver for HeardCalls {
    fn observe(&self, event: CallEvent<'_>) {
        let words = match event {
            CallEvent::Began(opening) => format!("began {}", opening.operation.as_str()),
            CallEvent::Ended(closing) => format!("ended {}", closing.outcome.as_str()),
            CallEvent::UpstreamBegan(opening) => format!("began {}", opening.kind.as_str()),
            CallEvent::UpstreamEnded(closing) => format!("ended {}", closing.outcome.as_str()),
            _ => "unknown".to_owned(),
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(words);
    }
}
